#include "codes.h"

#include <string.h>
#include <strings.h>

bool tha_config_add_code(struct tha_config_codes *codes, long long code)
{
    if (code < 100 || code > 699)
        return false;

    tha_codes_put(&codes->exact, (unsigned)code, true);

    return true;
}

bool tha_config_add_code_text(struct tha_config_codes *codes, const char *text)
{
    static const char digits[] = "0123456789";

    if (strlen(text) != 3)
        return false;
    if (strspn(text, digits) == 3)
        return tha_config_add_code(codes, (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
    if (text[0] < '1' || text[0] > '6' || strcasecmp(text + 1, "xx"))
        return false;

    codes->classes = (uint8_t)(codes->classes | 1U << (text[0] - '0'));

    return true;
}

bool tha_config_has_codes(const struct tha_config_codes *codes)
{
    static const struct tha_config_codes none;

    return memcmp(codes, &none, sizeof(none)) != 0;
}

/** 2 = named itself, 1 = by its class, 0 = not in the list. */
static int rank(const struct tha_config_codes *codes, unsigned code)
{
    if (tha_codes_has(&codes->exact, code))
        return 2;

    return codes->classes >> code / 100 & 1;
}

void tha_config_combine_codes(const struct tha_config_codes *failure, const struct tha_config_codes *accepted,
                              struct tha_codes *ret_failing)
{
    for (unsigned code = 100; code <= 699; code++)
        tha_codes_put(ret_failing, code, rank(failure, code) > rank(accepted, code));
}

/* ---- Lists in the file */

/** False when a finding was added. */
static bool read_entry(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *value,
                       struct tha_config_codes *entry)
{
    static const struct tha_config_field code_text = {NULL, THA_KIND_TEXT, .max = 16};
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text;

    if (json_is_integer(value))
        tha_config_add_code(entry, json_integer_value(value));
    if (!json_is_string(value))
        return true;

    text = tha_config_get_text(reader, path, &code_text, value, buf);
    if (text)
        tha_config_add_code_text(entry, text);

    return text != NULL;
}

static void add_entry(struct tha_config_codes *codes, const struct tha_config_codes *entry)
{
    for (size_t i = 0; i < sizeof(codes->exact.bits); i++)
        codes->exact.bits[i] |= entry->exact.bits[i];
    codes->classes |= entry->classes;
}

void tha_config_read_codes(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *list,
                           tha_config_codes_check check, struct tha_config_codes *codes)
{
    *codes = (struct tha_config_codes){.classes = 0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct tha_config_path item = {path, NULL, i};
        struct tha_config_codes entry = {.classes = 0};
        const char *problem;

        if (!read_entry(reader, &item, json_array_get(list, i), &entry))
            continue;
        problem = check(&entry);
        if (problem)
            tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, &item, NULL, "%s", problem);
        else
            add_entry(codes, &entry);
    }
}
