#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 256

/** IEEE Std 1003.1 section 3.231: letters, digits and underscores, no digit first. */
static size_t name_length(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return strspn(text, letters) ? strspn(text, more) : 0;
}

static const char *look_up(const char *name, size_t len)
{
    char text[NAME_SIZE];

    if (len >= sizeof(text))
        return NULL;
    memcpy(text, name, len);
    text[len] = '\0';

    return getenv(text);
}

static bool append(char *buf, size_t size, size_t *inout_len, const char *text, size_t len)
{
    if (len >= size - *inout_len)
        return false;

    memcpy(buf + *inout_len, text, len);
    *inout_len += len;
    buf[*inout_len] = '\0';

    return true;
}

enum tha_config_expansion tha_config_expand(const char *raw, char *buf, size_t size, const char **reterr_name,
                                            size_t *reterr_len)
{
    size_t len = 0;
    const char *name;

    while ((name = strstr(raw, "${"))) {
        size_t name_len = name_length(name + 2);
        const char *value;

        if (!append(buf, size, &len, raw, (size_t)(name - raw)))
            return THA_EXPANSION_TOO_LONG;

        name += 2;
        if (!name_len || name[name_len] != '}')
            return THA_EXPANSION_MALFORMED;

        value = look_up(name, name_len);
        if (!value) {
            *reterr_name = name;
            *reterr_len = name_len;
            return THA_EXPANSION_UNSET;
        }
        if (!append(buf, size, &len, value, strlen(value)))
            return THA_EXPANSION_TOO_LONG;
        raw = name + name_len + 1;
    }

    return append(buf, size, &len, raw, strlen(raw)) ? THA_EXPANSION_DONE : THA_EXPANSION_TOO_LONG;
}
