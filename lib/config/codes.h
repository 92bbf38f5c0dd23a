/** @file codes.h  Lists of SIP response codes: single ones and classes, where a single one outranks a class */
#ifndef THA_CONFIG_CODES_H
#define THA_CONFIG_CODES_H

#include "reader.h"

struct tha_config_codes {
    struct tha_codes exact;
    uint8_t classes; /**< bit 1 = 1xx ... bit 6 = 6xx */
};

/** Checks one entry of a list, empty if it is neither a code nor a class. NULL, or what to say of it and what to write. */
typedef const char *(*tha_config_codes_check)(const struct tha_config_codes *entry);

/** Adds 100 to 699; false if @p code is none. */
bool tha_config_add_code(struct tha_config_codes *codes, long long code);

/** Adds "503", or a class: "5xx". False if @p text is neither. */
bool tha_config_add_code_text(struct tha_config_codes *codes, const char *text);

/** True unless empty. */
bool tha_config_has_codes(const struct tha_config_codes *codes);

/** What fails a probe: @p failure less @p accepted, an exact code before a class; where both say the same it is accepted. */
void tha_config_combine_codes(const struct tha_config_codes *failure, const struct tha_config_codes *accepted,
                              struct tha_codes *ret_failing);

/** Reads a list such as [403, 408, "5xx"] in place of what @p codes holds; entries that @p check objects to are left out. */
void tha_config_read_codes(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *list,
                           tha_config_codes_check check, struct tha_config_codes *codes);

#endif
