/* Times as people write them. */
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "reader.h"

#define DIGITS_MAX 9

struct unit {
    const char *name;
    double seconds;
};

static const struct unit units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001}};

/** Steps over digits. Returns how many they were. */
static size_t read_digits(const char **inout_at, double *ret_number)
{
    const char *start = *inout_at;
    double number = 0;

    for (; **inout_at >= '0' && **inout_at <= '9'; (*inout_at)++)
        number = number * 10 + (**inout_at - '0');
    *ret_number = number;

    return (size_t)(*inout_at - start);
}

/** Not strtod(): a locale may have another decimal point. */
static bool read_decimal(const char **inout_at, double *ret_number)
{
    double fraction = 0;
    size_t n = read_digits(inout_at, ret_number), n_fraction = 0;

    if (n && **inout_at == '.') {
        (*inout_at)++;
        n_fraction = read_digits(inout_at, &fraction);
        if (!n_fraction)
            return false;
    }
    for (size_t i = 0; i < n_fraction && i <= DIGITS_MAX; i++)
        fraction /= 10;
    *ret_number += fraction;

    return n && n <= DIGITS_MAX && n_fraction <= DIGITS_MAX;
}

static const struct unit *read_unit(const char **inout_at)
{
    size_t len = strspn(*inout_at, "dhms");

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (tha_text_is_word(units[i].name, *inout_at, len)) {
            *inout_at += len;
            return &units[i];
        }
    }

    return NULL;
}

bool tha_config_parse_time(const char *text, double *ret_seconds)
{
    const struct unit *last = NULL;
    double seconds = 0, number;

    do {
        const struct unit *unit = read_decimal(&text, &number) ? read_unit(&text) : NULL;

        if (!unit || (last && unit <= last)) /* each unit once, the larger first */
            return false;
        seconds += number * unit->seconds;
        last = unit;
    } while (*text);

    *ret_seconds = seconds;

    return true;
}
