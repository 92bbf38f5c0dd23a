/** @file lint.h  Options of those who look at a configuration without loading it */
#ifndef THA_API_LINT_H
#define THA_API_LINT_H

#include "config/config.h"

/** Checks what a caller wants, NULL = nothing, and says it in our words. Returns 0 or TRUNKHA_ERR_INVALID. */
int tha_lint_read_options(const trunkha_lint_options *options, trunkha_lint_options *ret_options,
                          struct tha_config_wish *ret_wish);

#endif
