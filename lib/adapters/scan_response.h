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
};

/** Reads status line, top Via, From, Call-ID and CSeq. False when the packet is no well-formed response: no such status
 *  line, one of the four missing or (but Via) there twice, no end of the headers, cut short (RFC 3261 section 18.3). */
bool tha_scan_response(const char *packet, size_t len, struct tha_response *ret_response);

#endif
