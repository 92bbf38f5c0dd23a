/** @file settings.h  "keepalive.interval=10": single values written into a document before it is read */
#ifndef THA_CONFIG_SETTINGS_H
#define THA_CONFIG_SETTINGS_H

#include <jansson.h>

#include "finding.h"

/** Makes each of @p settings in @p root; one that cannot be made is a finding without a place, and what is found
 *  wrong with what was made says which setting it was. The value is JSON, or a text
 *  without quotes. Entries of lists are named by their id (or name, if they have none), or by their number. */
void tha_config_apply_settings(struct tha_config_report *report, json_t *root, const char *const *settings,
                               uint32_t n_settings);

#endif
