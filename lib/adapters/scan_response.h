/** @file scan_response.h  What a response says of the request it answers */
#ifndef THA_ADAPTERS_SCAN_RESPONSE_H
#define THA_ADAPTERS_SCAN_RESPONSE_H

#include "adapters/sip_scan.h"
#include "adapters/token.h"

struct tha_response {
    uint32_t code;    /**< 100 to 699 */
    bool is_to_probe; /**< everything has the form that we give it; slot and token say which probe */
    uint32_t slot;
    struct tha_token token;
    struct tha_span via;    /**< the top one, and perhaps others behind it */
    struct tha_span branch; /**< its parameter */
};

/** Reads status line, top Via, From, Call-ID and CSeq. False when the packet is no well-formed response: no such status
 *  line, one of the four missing or (but Via) there twice, no end of the headers, cut short (RFC 3261 section 18.3). */
bool tha_scan_response(const char *packet, size_t len, struct tha_response *ret_response);

/** What a response repeats of its request. */
struct tha_echo {
    struct tha_span via; /**< the top one, and perhaps others behind it */
    struct tha_span from;
    struct tha_span to;
    struct tha_span call_id;
    struct tha_span content_length; /**< p is NULL: none */
    size_t body_len;                /**< bytes that came behind the headers */
};

/** For a closer look; what is not there, or not to be read, has p NULL. */
void tha_scan_echo(const char *packet, size_t len, struct tha_echo *ret_echo);

#endif
