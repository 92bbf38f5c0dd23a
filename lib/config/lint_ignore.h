/** @file lint_ignore.h  `"x-lint-ignore": ["TH031", "same-domain"]`: warnings that somebody has decided to live with */
#ifndef THA_CONFIG_LINT_IGNORE_H
#define THA_CONFIG_LINT_IGNORE_H

#include <jansson.h>
#include <stdbool.h>

#include "catalogue.h"
#include "path.h"

#define THA_LINT_IGNORE "x-lint-ignore"

/** Are findings of @p rule silenced at @p path, by the object there or one around it? */
bool tha_lint_is_ignored(const json_t *root, const struct tha_config_path *path, const struct tha_config_rule *rule);

#endif
