#include "adapters/frame.h"

#include <string.h>

#include "adapters/sip_scan.h"

/** Is it the first byte of a method or of "SIP/2.0"? What speaks TLS or nonsense is found out by it at once. */
static bool is_token_start(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-.!%*_+`'~", c));
}

/** RFC 5626 section 4.4.1; empty lines ahead of a message are to be ignored anyhow (RFC 3261 section 7.5). */
static enum tha_frame_kind look_at_line_ends(const char *data, size_t len, size_t *ret_len)
{
    static const char ping[] = "\r\n\r\n";
    size_t same = 0;

    while (same < len && same < 4 && data[same] == ping[same])
        same++;
    if (same < 2)
        return same == len ? THA_FRAME_MORE : THA_FRAME_MALFORMED;
    if (same == 3 && len == 3)
        return THA_FRAME_MORE;
    *ret_len = same == 4 ? 4 : 2;

    return same == 4 ? THA_FRAME_PING : THA_FRAME_PONG;
}

/** Bytes up to the end of the empty line behind the headers; 0 = it has not come yet. */
static size_t find_end_of_headers(struct tha_frame *frame, const char *data, size_t len)
{
    while (frame->seen < len) {
        const char *feed = memchr(data + frame->seen, '\n', len - frame->seen);
        size_t next = feed ? (size_t)(feed + 1 - data) : len;

        if (feed && next < len && data[next] == '\r')
            next++;
        if (feed && next < len && data[next] == '\n')
            return next + 1;
        if (feed && next == len)
            break; /* to be looked at again from this line feed on */
        frame->seen = feed ? (size_t)(feed + 1 - data) : len;
    }

    return 0;
}

/** Reads Content-Length; several must say the same. */
static bool read_content_length(struct tha_frame *frame, const char *data, size_t max)
{
    const char *first_line_end = memchr(data, '\n', frame->header_len);
    struct tha_sip_cursor cursor = {first_line_end + 1, data + frame->header_len, THA_SIP_LINES_MAX};
    struct tha_sip_header header;
    enum tha_sip_step step;
    bool is_given = false;
    uint32_t number;

    while ((step = tha_sip_next_header(&cursor, &header)) == THA_SIP_HEADER) {
        if (header.kind != THA_SIP_CONTENT_LENGTH)
            continue;
        if (!tha_sip_read_number(header.value, (uint32_t)(max - frame->header_len), &number))
            return false;
        if (is_given && number != frame->content_len)
            return false;
        frame->content_len = number;
        is_given = true;
    }

    return step == THA_SIP_BODY;
}

enum tha_frame_kind tha_frame_look(struct tha_frame *frame, const char *data, size_t len, size_t max, size_t *ret_len)
{
    size_t header_max = max < THA_FRAME_HEADER_MAX ? max : THA_FRAME_HEADER_MAX;

    if (!len)
        return THA_FRAME_MORE;
    if (data[0] == '\r')
        return look_at_line_ends(data, len, ret_len);
    if (!is_token_start(data[0]))
        return THA_FRAME_MALFORMED;

    if (!frame->header_len) {
        frame->header_len = find_end_of_headers(frame, data, len);
        if (frame->header_len > header_max || (!frame->header_len && len >= header_max))
            return THA_FRAME_MALFORMED;
        if (frame->header_len && !read_content_length(frame, data, max))
            return THA_FRAME_MALFORMED;
    }
    if (!frame->header_len || len - frame->header_len < frame->content_len)
        return THA_FRAME_MORE;
    *ret_len = frame->header_len + frame->content_len;

    return THA_FRAME_MESSAGE;
}
