/** @file catalogue.h  Everything that can be wrong with a configuration, by its permanent code */
#ifndef THA_CONFIG_CATALOGUE_H
#define THA_CONFIG_CATALOGUE_H

#include <stdint.h>

/** `bad` and `good` are members of a document that has the trunk groups carrier-a and carrier-b, unless they bring their
 *  own; of what is found in recordings, lines of one. */
struct tha_config_rule {
    const char *code; /**< "TH031" */
    const char *slug; /**< "same-domain" */
    uint32_t severity;
    const char *summary; /**< what it looks for */
    const char *why;     /**< why it hurts */
    const char *fix;     /**< what to write instead */
    const char *bad;
    const char *good;
};

/** @p code: enum tha_config_code. NULL = there is none of this number. */
const struct tha_config_rule *tha_config_get_rule(uint32_t code);

/** lint_catalogue.c: those from THA_CODE_FIRST_OF_LINT on. */
const struct tha_config_rule *tha_lint_get_rule(uint32_t code);

/** recording_catalogue.c: those from THA_CODE_FIRST_OF_RECORDINGS on. */
const struct tha_config_rule *tha_recording_get_rule(uint32_t code);

/** By code or slug, in any case; NULL = no such rule. */
const struct tha_config_rule *tha_config_find_rule(const char *name);

#endif
