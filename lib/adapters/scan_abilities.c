#include "adapters/scan_abilities.h"

#include <string.h>

#include "adapters/sip_scan.h"

#define VALUES_MAX    256 /* of one header, or payload types of one line */
#define SDP_LINES_MAX 512

struct scan {
    struct tha_abilities abilities;
    struct tha_span content_length; /**< p is NULL until it was seen */
    bool has_sdp;
};

/* ---- Headers ---- */

static void add_methods(struct scan *scan, struct tha_span values)
{
    struct tha_span value;

    for (unsigned n = 0; n < VALUES_MAX && tha_sip_next_value(&values, &value); n++)
        scan->abilities.methods |= tha_method_bit(value.p, value.len);
}

static void add_options(struct scan *scan, struct tha_span values)
{
    struct tha_span value;

    scan->abilities.options |= THA_OPTIONS_SAID;
    for (unsigned n = 0; n < VALUES_MAX && tha_sip_next_value(&values, &value); n++)
        scan->abilities.options |= tha_option_bit(value.p, value.len);
}

static bool is_sdp(struct tha_span content_type)
{
    static const char sdp[] = "application/sdp";
    struct tha_span type = {content_type.p, sizeof(sdp) - 1};
    char next = content_type.len > type.len ? content_type.p[type.len] : ';';

    return content_type.len >= type.len && tha_span_is_word(type, sdp) && (next == ';' || tha_sip_is_blank(next));
}

static void take_header(struct scan *scan, struct tha_span name, struct tha_span value)
{
    if (tha_span_is_word(name, "Allow"))
        add_methods(scan, value);
    else if (tha_span_is_word(name, "Supported") || tha_span_is_word(name, "k"))
        add_options(scan, value);
    else if (tha_span_is_word(name, "Content-Type") || tha_span_is_word(name, "c"))
        scan->has_sdp = is_sdp(value);
    else if (tha_span_is_word(name, "Content-Length") || tha_span_is_word(name, "l"))
        scan->content_length = value;
}

/* ---- The body (RFC 8866) ---- */

/** The next word of @p inout_rest; an empty one is the end. */
static struct tha_span next_word(struct tha_span *inout_rest)
{
    const char *end = inout_rest->p + inout_rest->len, *start = inout_rest->p, *p;

    while (start < end && tha_sip_is_blank(*start))
        start++;
    for (p = start; p < end && !tha_sip_is_blank(*p); p++)
        ;
    *inout_rest = (struct tha_span){p, (size_t)(end - p)};

    return (struct tha_span){start, (size_t)(p - start)};
}

/** "49170 RTP/AVP 0 8 97", behind "m=audio". */
static void add_payload_types(struct scan *scan, struct tha_span rest)
{
    struct tha_span word;
    uint32_t type;

    next_word(&rest);
    next_word(&rest);
    for (unsigned n = 0; n < VALUES_MAX && (word = next_word(&rest)).len; n++) {
        if (tha_sip_read_number(word, 127, &type))
            scan->abilities.codecs |= tha_codec_bit_of_payload(type);
    }
}

/** "97 iLBC/8000", behind "a=rtpmap:". */
static void add_mapped_type(struct scan *scan, struct tha_span rest)
{
    struct tha_span name;
    const char *slash;

    next_word(&rest);
    name = next_word(&rest);
    slash = memchr(name.p, '/', name.len);
    scan->abilities.codecs |= tha_codec_bit(name.p, slash ? (size_t)(slash - name.p) : name.len);
}

static bool has_prefix(struct tha_span line, const char *prefix, struct tha_span *ret_rest)
{
    size_t len = strlen(prefix);

    if (line.len < len || memcmp(line.p, prefix, len))
        return false;
    *ret_rest = (struct tha_span){line.p + len, line.len - len};

    return true;
}

static void scan_body(struct scan *scan, const char *p, const char *end)
{
    bool is_audio = false;

    for (unsigned n = 0; n < SDP_LINES_MAX && p < end; n++) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct tha_span line = {p, (size_t)((lf ? lf : end) - p)}, rest;

        if (has_prefix(line, "m=audio ", &rest)) {
            is_audio = true;
            add_payload_types(scan, rest);
        } else if (has_prefix(line, "m=", &rest)) {
            is_audio = false;
        } else if (is_audio && has_prefix(line, "a=rtpmap:", &rest)) {
            add_mapped_type(scan, rest);
        }
        p = lf ? lf + 1 : end;
    }
}

void tha_scan_abilities(const char *packet, size_t len, struct tha_abilities *ret_abilities)
{
    struct scan scan = {.has_sdp = false};
    struct tha_sip_cursor cursor;
    struct tha_span name, value;
    enum tha_sip_step step = THA_SIP_MALFORMED;
    uint32_t code, body_len;

    if (tha_sip_read_status_line(packet, len, &code, &cursor)) {
        while ((step = tha_sip_next_field(&cursor, &name, &value)) == THA_SIP_HEADER)
            take_header(&scan, name, value);
    }
    if (step == THA_SIP_BODY && scan.has_sdp) {
        body_len = (uint32_t)(cursor.end - cursor.p);
        if (scan.content_length.p)
            tha_sip_read_number(scan.content_length, body_len, &body_len); /* what follows it is none of it */
        scan_body(&scan, cursor.p, cursor.p + body_len);
    }
    *ret_abilities = scan.abilities;
}
