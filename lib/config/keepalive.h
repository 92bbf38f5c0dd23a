/** @file keepalive.h  How trunks are probed: the top-level block, and what single trunks override of it */
#ifndef THA_CONFIG_KEEPALIVE_H
#define THA_CONFIG_KEEPALIVE_H

#include "codes.h"

struct tha_config_keepalive {
    struct tha_keepalive model;
    struct tha_config_codes failure;
    struct tha_config_codes accepted;
};

void tha_config_init_keepalive(struct tha_config_keepalive *keepalive);

/** Reads a `keepalive` block over what @p inout_keepalive holds already, and keeps the result in the model: NULL when out of
 *  memory. */
const struct tha_keepalive *tha_config_read_keepalive(struct tha_config_reader *reader, const struct tha_config_path *path,
                                                      json_t *block, struct tha_config_keepalive *inout_keepalive);

#endif
