#include "line.h"

#include <string.h>

#include "base/text.h"

#define DIGITS_MAX 20 /* of 64 bits */

static void put(struct tha_json_line *line, const char *text, size_t len)
{
    if (len > tha_json_line_room(line)) {
        line->is_cut = true;
        return;
    }

    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_byte(struct tha_json_line *line, char byte)
{
    put(line, &byte, 1);
}

static void put_number(struct tha_json_line *line, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put(line, digits + at, sizeof(digits) - at);
}

static void put_escape(struct tha_json_line *line, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

    put(line, escape, sizeof(escape));
}

static bool is_plain(unsigned char byte, bool is_utf8)
{
    return byte >= ' ' && byte != '"' && byte != '\\' && byte != 0x7f && (byte < 0x80 || is_utf8);
}

static void put_text(struct tha_json_line *line, const char *text)
{
    bool is_utf8 = tha_text_is_utf8(text);
    const char *begin = text;

    for (; *text; text++) {
        if (is_plain((unsigned char)*text, is_utf8))
            continue;
        put(line, begin, (size_t)(text - begin));
        put_escape(line, (unsigned char)*text);
        begin = text + 1;
    }
    put(line, begin, (size_t)(text - begin));
}

/** The comma before the member, too. */
static void put_key(struct tha_json_line *line, const char *key)
{
    if (line->len && line->text[line->len - 1] != '{')
        put_byte(line, ',');
    put_byte(line, '"');
    put(line, key, strlen(key));
    put(line, "\":", 2);
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
    put_byte(line, '"');
    put(line, word, strlen(word));
    put_byte(line, '"');
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

    put(line, transport, strlen(transport));
    for (unsigned i = 0; i < 4; i++) {
        put_byte(line, i ? '.' : ':');
        put_number(line, addr->ip[i]);
    }
    put_byte(line, ':');
    put_number(line, addr->port);
}

void tha_json_line_addr(struct tha_json_line *line, const char *key, const struct tha_addr *addr)
{
    char text[THA_ADDR_TEXT_SIZE];

    put_key(line, key);
    put_byte(line, '"');
    if (addr->family == 4)
        put_ipv4(line, addr);
    else
        put_text(line, tha_addr_text(addr, text, sizeof(text)));
    put_byte(line, '"');
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
