#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/** Bytes of the printable character at @p c, 0 if there is none. See RFC 3629 section 4. */
static size_t character_len(const unsigned char *c)
{
    size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;

    if (c[0] < 0x20 || c[0] == 0x7f)
        return 0;
    if (c[0] == 0xc2 && c[1] < 0xa0) /* C1 control characters */
        return 0;
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
        (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;

    return len;
}

void text_clean(char *text)
{
    while (*text) {
        size_t len = character_len((const unsigned char *)text);

        if (!len)
            *text = '?';
        text += len ? len : 1;
    }
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;

    return width;
}

void text_print(FILE *out, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return;
    text_clean(copy);
    fputs(copy, out);
    free(copy);
}

json_t *text_json(const char *text)
{
    json_t *string = json_string(text);
    char *copy = string ? NULL : strdup(text);

    if (copy) {
        text_clean(copy);
        string = json_string(copy);
    }
    free(copy);

    return string;
}

int text_print_json(json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    int is_printed = line && puts(line) >= 0 && !fflush(stdout);

    free(line);
    json_decref(object);

    return is_printed;
}

char *text_span(char *buf, size_t size, uint64_t ms)
{
    if (ms < 1000)
        snprintf(buf, size, "%" PRIu64 " ms", ms);
    else if (ms < MINUTE_MS)
        snprintf(buf, size, "%" PRIu64 " s", ms / 1000);
    else if (ms < HOUR_MS)
        snprintf(buf, size, "%" PRIu64 " min", ms / MINUTE_MS);
    else if (ms < DAY_MS)
        snprintf(buf, size, "%" PRIu64 " h %" PRIu64 " min", ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
    else
        snprintf(buf, size, "%" PRIu64 " d", ms / DAY_MS);

    return buf;
}

char *text_seconds(char *buf, size_t size, uint64_t ms)
{
    uint64_t unit_ms = ms < 1000 ? 10 : ms < 10 * MINUTE_MS ? 100 : 1000;

    snprintf(buf, size, "%.10g s", (double)((ms + unit_ms / 2) / unit_ms * unit_ms) / 1000);

    return buf;
}
