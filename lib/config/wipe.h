/** @file wipe.h  Releases a document so that no secret of it stays behind in memory */
#ifndef THA_CONFIG_WIPE_H
#define THA_CONFIG_WIPE_H

#include <jansson.h>

/** Overwrites every string in @p root, whatever its key, and gives the reference back. NULL is fine. */
void tha_config_wipe(json_t *root);

#endif
