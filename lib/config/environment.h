/** @file environment.h  ${NAME} in a string of the file, so that secrets need not stand in it */
#ifndef THA_CONFIG_ENVIRONMENT_H
#define THA_CONFIG_ENVIRONMENT_H

#include <stddef.h>

enum tha_config_expansion {
    THA_EXPANSION_DONE = 0,
    THA_EXPANSION_UNSET,     /**< the environment has no such name */
    THA_EXPANSION_MALFORMED, /**< no closing brace, or not a name between them */
    THA_EXPANSION_TOO_LONG,  /**< the result does not fit */
};

/** Copies @p raw with every ${NAME} replaced; what was put in is not looked at again. A dollar sign without a brace stands
 *  for itself. @p reterr_name: where in @p raw the name begins that was unset, and @p reterr_len its length. */
enum tha_config_expansion tha_config_expand(const char *raw, char *buf, size_t size, const char **reterr_name,
                                            size_t *reterr_len);

#endif
