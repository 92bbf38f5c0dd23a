#include "line.h"

#include <string.h>

#include "base/text.h"

#define DIGITS_MAX 20 /* of 64 bits */

/** Room for @p len bytes, which are the line's from now on; NULL = there is none. */
static char *extend(struct tha_json_line *line, size_t len)
{
    char *at = line->text + line->len;

    if (len > tha_json_line_room(line)) {
        line->is_cut = true;
        return NULL;
    }
    line->len += len;

    return at;
}

static void put(struct tha_json_line *line, const char *text, size_t len)
{
    char *at = extend(line, len);

    if (at)
        memcpy(at, text, len);
}

static void put_byte(struct tha_json_line *line, char byte)
{
    char *at = extend(line, 1);

    if (at)
        *at = byte;
}

/** Ends at @p end; returns where it begins. */
static char *print_number(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number);

    return end;
}

static void put_number(struct tha_json_line *line, uint64_t number)
{
    char digits[DIGITS_MAX], *end = digits + sizeof(digits), *begin = print_number(end, number);

    put(line, begin, (size_t)(end - begin));
}

static void put_escape(struct tha_json_line *line, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

    put(line, escape, sizeof(escape));
}

static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte != '"' && byte != '\\' && byte < 0x7f;
}

/** Bytes that are plain at the beginning of @p text: mostly all of them. */
static size_t count_plain(const char *text)
{
    const char *at = text;

    while (is_plain((unsigned char)*at))
        at++;

    return (size_t)(at - text);
}

static void put_text(struct tha_json_line *line, const char *text)
{
    size_t n_plain = count_plain(text);
    bool is_utf8 = !text[n_plain] || tha_text_is_utf8(text + n_plain);

    for (; text[n_plain]; n_plain = count_plain(text)) {
        unsigned char byte = (unsigned char)text[n_plain];

        put(line, text, n_plain);
        if (byte >= 0x80 && is_utf8)
            put_byte(line, (char)byte);
        else
            put_escape(line, byte);
        text += n_plain + 1;
    }
    put(line, text, n_plain);
}

/** The comma before the member, too. */
static void put_key(struct tha_json_line *line, const char *key)
{
    bool is_first = !line->len || line->text[line->len - 1] == '{';
    size_t len = strlen(key);
    char *at = extend(line, len + 3 + !is_first);

    if (!at)
        return;
    if (!is_first)
        *at++ = ',';
    *at++ = '"';
    memcpy(at, key, len);
    memcpy(at + len, "\":", 2);
}

static void put_quoted(struct tha_json_line *line, const char *text, size_t len)
{
    char *at = extend(line, len + 2);

    if (!at)
        return;
    at[0] = '"';
    memcpy(at + 1, text, len);
    at[len + 1] = '"';
}

void tha_json_line_begin(struct tha_json_line *line)
{
    line->len = 0;
    line->is_cut = false;
    put_byte(line, '{');
}

void tha_json_line_end(struct tha_json_line *line)
{
    put(line, "}\n", 2);
}

void tha_json_line_number(struct tha_json_line *line, const char *key, uint64_t number)
{
    put_key(line, key);
    put_number(line, number);
}

void tha_json_line_text(struct tha_json_line *line, const char *key, const char *text)
{
    put_key(line, key);
    put_byte(line, '"');
    put_text(line, text);
    put_byte(line, '"');
}

void tha_json_line_word(struct tha_json_line *line, const char *key, const char *word)
{
    put_key(line, key);
    put_quoted(line, word, strlen(word));
}

void tha_json_line_hex(struct tha_json_line *line, const char *key, uint64_t number)
{
    char text[17];

    for (unsigned i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    text[16] = '\0';
    tha_json_line_word(line, key, text);
}

void tha_json_line_true(struct tha_json_line *line, const char *key)
{
    put_key(line, key);
    put(line, "true", 4);
}

/** What tha_addr_text() does, in a tenth of its time. */
static void put_ipv4(struct tha_json_line *line, const struct tha_addr *addr)
{
    const char *transport = tha_transport_name(addr->transport);
    char text[THA_ADDR_TEXT_SIZE], *end = text + sizeof(text), *at = print_number(end, addr->port);
    size_t len = strlen(transport);

    for (unsigned i = 4; i--;) {
        *--at = i == 3 ? ':' : '.';
        at = print_number(at, addr->ip[i]);
    }
    *--at = ':';
    at -= len;
    memcpy(at, transport, len);
    put_quoted(line, at, (size_t)(end - at));
}

void tha_json_line_addr(struct tha_json_line *line, const char *key, const struct tha_addr *addr)
{
    char text[THA_ADDR_TEXT_SIZE];

    put_key(line, key);
    if (addr->family == 4) {
        put_ipv4(line, addr);
    } else {
        tha_addr_text(addr, text, sizeof(text));
        put_quoted(line, text, strlen(text));
    }
}

void tha_json_line_open_list(struct tha_json_line *line, const char *key)
{
    put_key(line, key);
    put_byte(line, '[');
}

void tha_json_line_open_object(struct tha_json_line *line)
{
    if (line->len && line->text[line->len - 1] == '}')
        put_byte(line, ',');
    put_byte(line, '{');
}

void tha_json_line_close_object(struct tha_json_line *line)
{
    put_byte(line, '}');
}

void tha_json_line_close_list(struct tha_json_line *line)
{
    put_byte(line, ']');
}
