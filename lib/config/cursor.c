#include "cursor.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_symbol(char c)
{
    return c && strchr("{}[],:\"", c);
}

void tha_config_skip_space(struct tha_config_cursor *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

bool tha_config_skip_symbol(struct tha_config_cursor *c, char symbol)
{
    if (!tha_config_is_at(c, symbol))
        return false;

    c->at++;
    tha_config_skip_space(c);

    return true;
}

static void skip_string(struct tha_config_cursor *c)
{
    for (c->at++; c->at < c->end && *c->at != '"'; c->at++) {
        if (*c->at == '\\' && c->end - c->at > 1)
            c->at++;
    }

    if (c->at < c->end)
        c->at++;
}

static void skip_word(struct tha_config_cursor *c)
{
    while (c->at < c->end && !is_symbol(*c->at) && !is_space(*c->at))
        c->at++;
}

void tha_config_skip_token(struct tha_config_cursor *c)
{
    if (c->at >= c->end)
        return;

    if (*c->at == '"')
        skip_string(c);
    else if (is_symbol(*c->at))
        c->at++;
    else
        skip_word(c);
}

void tha_config_skip_value(struct tha_config_cursor *c)
{
    size_t depth = 0;

    while (c->at < c->end) {
        if (*c->at == '{' || *c->at == '[')
            depth++;
        else if (depth && (*c->at == '}' || *c->at == ']'))
            depth--;

        tha_config_skip_token(c);
        tha_config_skip_space(c);
        if (!depth)
            return;
    }
}

static unsigned read_hex(const char *digits)
{
    unsigned number = 0;

    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20U) - 'a' + 10U;

        number = number << 4 | (digit & 0xfU);
    }

    return number;
}

static size_t write_utf8(unsigned code, char *buf)
{
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned tail = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

    buf[0] = (char)(lead[tail] | code >> 6 * tail);
    for (unsigned i = 1; i <= tail; i++)
        buf[i] = (char)(0x80U | (code >> 6 * (tail - i) & 0x3fU));

    return tail + 1;
}

/** \uXXXX, and the second half of a surrogate pair with it. */
static size_t read_unicode_escape(struct tha_config_cursor *c, char *buf)
{
    unsigned code;

    if (c->end - c->at < 5) {
        c->at = c->end;
        return 0;
    }

    code = read_hex(c->at + 1);
    c->at += 5;
    if (code >= 0xd800 && code < 0xdc00 && c->end - c->at >= 6) {
        code = 0x10000 + ((code & 0x3ffU) << 10) + (read_hex(c->at + 2) & 0x3ffU);
        c->at += 6;
    }

    return write_utf8(code, buf);
}

/** Behind a backslash. Returns how many bytes it wrote to @p buf, at most four. */
static size_t read_escape(struct tha_config_cursor *c, char *buf)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *letter = *c->at ? strchr(letters, *c->at) : NULL;

    if (*c->at == 'u')
        return read_unicode_escape(c, buf);

    buf[0] = letter ? meanings[letter - letters] : *c->at;
    c->at++;

    return 1;
}

void tha_config_read_string(struct tha_config_cursor *c, char *buf, size_t size)
{
    size_t len = 0;

    c->at++;
    while (c->at < c->end && *c->at != '"') {
        char bytes[4] = {*c->at++};
        size_t n = 1;

        if (bytes[0] == '\\' && c->at < c->end)
            n = read_escape(c, bytes);
        if (n < size - len) {
            memcpy(buf + len, bytes, n);
            len += n;
        }
    }

    buf[len] = '\0';
    if (c->at < c->end)
        c->at++;
}
