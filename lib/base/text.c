#include "text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 48

static void cut_half_character(char *buf, size_t len)
{
    size_t start = len;

    while (start > 0 && len - start < 4) {
        unsigned char c = (unsigned char)buf[--start];

        if (c < 0x80)
            return;
        if (c >= 0xc0) {
            size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

            if (len - start < want)
                buf[start] = '\0';
            return;
        }
    }
}

bool tha_text_copy(char *buf, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    bool fits = len < size;

    if (!size)
        return false;
    if (!fits)
        len = size - 1;
    if (len)
        memcpy(buf, text, len);
    buf[len] = '\0';
    if (!fits)
        cut_half_character(buf, len);

    return fits;
}

bool tha_text_vprint(char *buf, size_t size, const char *format, va_list ap)
{
    int n = vsnprintf(buf, size, format, ap);

    if (n >= 0 && (size_t)n < size)
        return true;
    if (size)
        cut_half_character(buf, strlen(buf));

    return false;
}

bool tha_text_print(char *buf, size_t size, const char *format, ...)
{
    va_list ap;
    bool fits;

    va_start(ap, format);
    fits = tha_text_vprint(buf, size, format, ap);
    va_end(ap);

    return fits;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool tha_text_is_word(const char *word, const char *text, size_t len)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (lower(word[i]) != lower(text[i]))
            return false;
    }

    return true;
}

/** Bytes of the well-formed character at @p c; 0 = it is none. */
static size_t character_len(const unsigned char *c)
{
    static const uint32_t least_of[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = c[0] < 0x80 ? 1 : c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : c[0] >= 0xc2 ? 2 : 0;
    uint32_t code = len < 2 ? c[0] : c[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    if (len > 1 && (code < least_of[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)))
        return 0;

    return len;
}

bool tha_text_is_utf8(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c) {
        size_t len = character_len(c);

        if (!len)
            return false;
        c += len;
    }

    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/** Levenshtein distance, letters compared without case; words longer than WORD_MAX are never near. */
static size_t distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    size_t row[WORD_MAX + 1];

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;

    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t best = least(least(row[j], row[j - 1]) + 1, diagonal + !same);

            diagonal = row[j];
            row[j] = best;
        }
    }

    return row[b_len];
}

const char *tha_text_nearest(const char *word, const char *const *words, size_t count)
{
    size_t best = strlen(word) / 3 + 1; /* a third of the letters may be wrong */
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);

        if (d < best) {
            best = d;
            nearest = words[i];
        }
    }

    return nearest;
}
