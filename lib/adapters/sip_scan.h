/** @file sip_scan.h  Finds its way through a SIP message from the network, without copying and without allocating
 *
 *  Tolerant where RFC 3261 says so (compact names, any case, blanks, folded lines), bounded everywhere. */
#ifndef THA_ADAPTERS_SIP_SCAN_H
#define THA_ADAPTERS_SIP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Header lines of a message, folded ones counted each; with more than that it is refused. */
#define THA_SIP_LINES_MAX 128

/** A piece of a packet; no zero at the end. */
struct tha_span {
    const char *p;
    size_t len;
};

enum tha_sip_kind {
    THA_SIP_OTHER,
    THA_SIP_VIA,
    THA_SIP_FROM,
    THA_SIP_TO,
    THA_SIP_CALL_ID,
    THA_SIP_CSEQ,
    THA_SIP_CONTENT_LENGTH,
};

struct tha_sip_header {
    enum tha_sip_kind kind;
    struct tha_span value; /**< without blanks around it; a folded one has its line ends inside; not set for OTHER */
};

/** Where in a message we are. */
struct tha_sip_cursor {
    const char *p;
    const char *end;
    unsigned lines_left;
};

enum tha_sip_step { THA_SIP_HEADER, THA_SIP_BODY, THA_SIP_MALFORMED };

/** A status line of SIP/2.0 with a code of 100 to 699; leaves @p ret_cursor at the first header. */
bool tha_sip_read_status_line(const char *packet, size_t len, uint32_t *ret_code, struct tha_sip_cursor *ret_cursor);

/** "METHOD URI SIP/2.0"; leaves @p ret_cursor at the first header. */
bool tha_sip_read_request_line(const char *packet, size_t len, struct tha_span *ret_method,
                               struct tha_sip_cursor *ret_cursor);

/** Reads the next header; BODY after the last one. What is none of those that we know may be anything at all (RFC 3261
 *  section 8.2.2). */
enum tha_sip_step tha_sip_next_header(struct tha_sip_cursor *cursor, struct tha_sip_header *ret_header);

/** The same for any header at all, with its name: for those who look for others. */
enum tha_sip_step tha_sip_next_field(struct tha_sip_cursor *cursor, struct tha_span *ret_name, struct tha_span *ret_value);

/** The first of the comma-separated values of @p value: the top Via of a line that has several. */
struct tha_span tha_sip_first_value(struct tha_span value);

/** The next of the comma-separated values of @p inout_rest, which is shortened by it; false = there are no more. It may be
 *  empty. */
bool tha_sip_next_value(struct tha_span *inout_rest, struct tha_span *ret_value);

/** Finds a parameter of the first value, past quotes and angle brackets. One without "=" has a length of 0 and points behind
 *  its name. */
bool tha_sip_find_param(struct tha_span value, const char *name, struct tha_span *ret_value);

/** "314159 OPTIONS" */
bool tha_sip_read_cseq(struct tha_span value, uint32_t *ret_number, struct tha_span *ret_method);

/** A decimal number of at most @p max and nothing else. */
bool tha_sip_read_number(struct tha_span text, uint32_t max, uint32_t *ret_number);

bool tha_span_is(struct tha_span span, const char *text);

/** In any case of letters. */
bool tha_span_is_word(struct tha_span span, const char *word);

/** A line end is one where a header is folded. */
static inline bool tha_sip_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

#endif
