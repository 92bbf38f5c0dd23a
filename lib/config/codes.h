/** @file codes.h  Lists of SIP response codes: single ones and classes, where a single one outranks a class */
#ifndef THA_CONFIG_CODES_H
#define THA_CONFIG_CODES_H

#include "core/model.h"

struct tha_config_codes {
    struct tha_codes exact;
    uint8_t classes; /**< bit 1 = 1xx ... bit 6 = 6xx */
};

/** Adds 100 to 699; false if @p code is none. */
bool tha_config_add_code(struct tha_config_codes *codes, long long code);

/** Adds "503", or a class: "5xx". False if @p text is neither. */
bool tha_config_add_code_text(struct tha_config_codes *codes, const char *text);

/** What fails a probe: @p failure less @p accepted, an exact code before a class; where both say the same it is accepted. */
void tha_config_combine_codes(const struct tha_config_codes *failure, const struct tha_config_codes *accepted,
                              struct tha_codes *ret_failing);

#endif
