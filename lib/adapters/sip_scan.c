#include "adapters/sip_scan.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX 32 /* bytes; the longest known one has 9 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline struct tha_span trim(const char *p, const char *end)
{
    while (p < end && tha_sip_is_blank(*p))
        p++;
    while (p < end && tha_sip_is_blank(end[-1]))
        end--;

    return (struct tha_span){p, (size_t)(end - p)};
}

bool tha_span_is(struct tha_span span, const char *text)
{
    return span.len == strlen(text) && !memcmp(span.p, text, span.len);
}

bool tha_span_is_word(struct tha_span span, const char *word)
{
    return span.len == strlen(word) && !strncasecmp(span.p, word, span.len);
}

/** Is it @p word, in any case? Mostly it is written as the standard does, and then nothing is compared letter by letter. */
static inline bool is_word(struct tha_span span, const char *word)
{
    return span.len == strlen(word) && (!memcmp(span.p, word, strlen(word)) || !strncasecmp(span.p, word, span.len));
}

bool tha_sip_read_number(struct tha_span text, uint32_t max, uint32_t *ret_number)
{
    uint64_t number = 0;

    if (!text.len || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.p[i]))
            return false;
        number = number * 10 + (uint64_t)(text.p[i] - '0');
    }
    if (number > max)
        return false;
    *ret_number = (uint32_t)number;

    return true;
}

static struct tha_sip_cursor headers_after(const char *line_feed, const char *end)
{
    return (struct tha_sip_cursor){line_feed + 1, end, THA_SIP_LINES_MAX};
}

bool tha_sip_read_status_line(const char *packet, size_t len, uint32_t *ret_code, struct tha_sip_cursor *ret_cursor)
{
    static const char version[] = "SIP/2.0 ";
    const char *code = packet + sizeof(version) - 1;
    const char *lf;

    if (len < sizeof(version) + 3 || memcmp(packet, version, sizeof(version) - 1))
        return false;
    if (code[0] < '1' || code[0] > '6' || !is_digit(code[1]) || !is_digit(code[2]) || !tha_sip_is_blank(code[3]))
        return false;
    lf = memchr(code + 3, '\n', len - sizeof(version) - 2);
    if (!lf)
        return false;

    *ret_code = (uint32_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    *ret_cursor = headers_after(lf, packet + len);

    return true;
}

static bool is_token_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || (c && strchr("-.!%*_+`'~", c));
}

bool tha_sip_read_request_line(const char *packet, size_t len, struct tha_span *ret_method,
                               struct tha_sip_cursor *ret_cursor)
{
    const char *lf = memchr(packet, '\n', len);
    size_t method_len = 0;
    struct tha_span uri;

    while (lf && method_len < METHOD_MAX && is_token_char(packet[method_len]))
        method_len++;
    if (!method_len || packet[method_len] != ' ')
        return false;

    uri.p = packet + method_len + 1;
    uri.len = strcspn(uri.p, " \t\r\n"); /* the line feed is there */
    if (!uri.len || !tha_span_is(trim(uri.p + uri.len, lf), "SIP/2.0"))
        return false;

    *ret_method = (struct tha_span){packet, method_len};
    *ret_cursor = headers_after(lf, packet + len);

    return true;
}

/** The end of the header at the cursor, past folded lines (RFC 3261 section 7.3.1); NULL when there is none. */
static inline __attribute__((always_inline)) const char *find_line_feed(struct tha_sip_cursor *cursor)
{
    const char *from = cursor->p;
    const char *lf;

    do {
        if (from == cursor->end || !cursor->lines_left--)
            return NULL;
        lf = memchr(from, '\n', (size_t)(cursor->end - from));
        from = lf ? lf + 1 : cursor->end;
    } while (from < cursor->end && (*from == ' ' || *from == '\t'));

    return lf;
}

static enum tha_sip_kind find_kind(struct tha_span name)
{
    switch (name.len) {
    case 1:
        switch (name.p[0] | 0x20) {
        case 'v':
            return THA_SIP_VIA;
        case 'f':
            return THA_SIP_FROM;
        case 't':
            return THA_SIP_TO;
        case 'i':
            return THA_SIP_CALL_ID;
        case 'l':
            return THA_SIP_CONTENT_LENGTH;
        default:
            return THA_SIP_OTHER;
        }
    case 2:
        return is_word(name, "To") ? THA_SIP_TO : THA_SIP_OTHER;
    case 3:
        return is_word(name, "Via") ? THA_SIP_VIA : THA_SIP_OTHER;
    case 4:
        return is_word(name, "From") ? THA_SIP_FROM : is_word(name, "CSeq") ? THA_SIP_CSEQ : THA_SIP_OTHER;
    case 7:
        return is_word(name, "Call-ID") ? THA_SIP_CALL_ID : THA_SIP_OTHER;
    case 14:
        return is_word(name, "Content-Length") ? THA_SIP_CONTENT_LENGTH : THA_SIP_OTHER;
    default:
        return THA_SIP_OTHER;
    }
}

/** Steps over the empty line that ends the headers. */
static bool skip_empty_line(struct tha_sip_cursor *cursor)
{
    const char *p = cursor->p;

    if (p < cursor->end && *p == '\r')
        p++;
    if (p == cursor->end || *p != '\n')
        return false;
    cursor->p = p + 1;

    return true;
}

static struct tha_span name_of(const char *start, const char *colon)
{
    return tha_sip_is_blank(colon[-1]) ? trim(start, colon) : (struct tha_span){start, (size_t)(colon - start)};
}

enum tha_sip_step tha_sip_next_header(struct tha_sip_cursor *cursor, struct tha_sip_header *ret_header)
{
    static const bool may_be_known[256] = {
        ['V'] = true, ['v'] = true, ['F'] = true, ['f'] = true, ['T'] = true, ['t'] = true,
        ['C'] = true, ['c'] = true, ['I'] = true, ['i'] = true, ['L'] = true, ['l'] = true};
    const char *start = cursor->p;
    const char *lf, *colon;

    if (skip_empty_line(cursor))
        return THA_SIP_BODY;
    lf = find_line_feed(cursor);
    if (!lf || tha_sip_is_blank(*start))
        return THA_SIP_MALFORMED;

    cursor->p = lf + 1;
    ret_header->kind = THA_SIP_OTHER;
    if (!may_be_known[(uint8_t)*start])
        return THA_SIP_HEADER;

    colon = memchr(start, ':', (size_t)(lf - start));
    if (!colon)
        return THA_SIP_MALFORMED;
    ret_header->kind = find_kind(name_of(start, colon));
    if (ret_header->kind != THA_SIP_OTHER)
        ret_header->value = trim(colon + 1, lf);

    return THA_SIP_HEADER;
}

enum tha_sip_step tha_sip_next_field(struct tha_sip_cursor *cursor, struct tha_span *ret_name, struct tha_span *ret_value)
{
    const char *start = cursor->p;
    const char *lf, *colon;

    if (skip_empty_line(cursor))
        return THA_SIP_BODY;
    lf = find_line_feed(cursor);
    colon = lf ? memchr(start, ':', (size_t)(lf - start)) : NULL;
    if (!colon)
        return THA_SIP_MALFORMED;

    cursor->p = lf + 1;
    *ret_name = trim(start, colon);
    *ret_value = trim(colon + 1, lf);

    return THA_SIP_HEADER;
}

/** From an opening quote to the closing one, or to the last byte. */
static const char *skip_quoted(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
    }

    return p < end ? p : end - 1;
}

static const char *skip_bracketed(const char *p, const char *end)
{
    const char *close = memchr(p, '>', (size_t)(end - p));

    return close ? close : end - 1;
}

/** The next semicolon or comma outside quotes and angle brackets, or @p end. */
static const char *find_separator(const char *p, const char *end)
{
    static const bool is_special[256] = {[';'] = true, [','] = true, ['"'] = true, ['<'] = true};

    for (; p < end; p++) {
        if (!is_special[(uint8_t)*p])
            continue;
        if (*p == '"')
            p = skip_quoted(p, end);
        else if (*p == '<')
            p = skip_bracketed(p, end);
        else
            return p;
    }

    return end;
}

struct tha_span tha_sip_first_value(struct tha_span value)
{
    const char *end = value.p + value.len;
    const char *p = find_separator(value.p, end);

    while (p < end && *p == ';')
        p = find_separator(p + 1, end);

    return trim(value.p, p);
}

bool tha_sip_next_value(struct tha_span *inout_rest, struct tha_span *ret_value)
{
    const char *end = inout_rest->p + inout_rest->len;

    if (!inout_rest->len)
        return false;
    *ret_value = tha_sip_first_value(*inout_rest);
    inout_rest->p = memchr(ret_value->p + ret_value->len, ',', (size_t)(end - ret_value->p - (ptrdiff_t)ret_value->len));
    inout_rest->p = inout_rest->p ? inout_rest->p + 1 : end;
    inout_rest->len = (size_t)(end - inout_rest->p);

    return true;
}

static bool read_param(const char *p, const char *end, const char *name, struct tha_span *ret_value)
{
    const char *equals = memchr(p, '=', (size_t)(end - p));
    struct tha_span found = trim(p, equals ? equals : end);

    if (!is_word(found, name))
        return false;
    *ret_value = equals ? trim(equals + 1, end) : (struct tha_span){found.p + found.len, 0};

    return true;
}

bool tha_sip_find_param(struct tha_span value, const char *name, struct tha_span *ret_value)
{
    const char *end = value.p + value.len;
    const char *p = find_separator(value.p, end);

    while (p < end && *p == ';') {
        const char *next = find_separator(p + 1, end);

        if (read_param(p + 1, next, name, ret_value))
            return true;
        p = next;
    }

    return false;
}

bool tha_sip_read_cseq(struct tha_span value, uint32_t *ret_number, struct tha_span *ret_method)
{
    const char *end = value.p + value.len;
    const char *p = value.p;

    while (p < end && is_digit(*p))
        p++;
    *ret_method = trim(p, end);

    return ret_method->len && ret_method->p > p &&
           tha_sip_read_number((struct tha_span){value.p, (size_t)(p - value.p)}, UINT32_MAX, ret_number);
}
