/** @file parse.h  JSON text -> a document, or a finding that says where it is no JSON */
#ifndef THA_CONFIG_PARSE_H
#define THA_CONFIG_PARSE_H

#include <jansson.h>

#include "finding.h"

/** Parses the text of @p report. New: tha_config_wipe(); NULL after a finding, or when out of memory. */
json_t *tha_config_parse(struct tha_config_report *report);

#endif
