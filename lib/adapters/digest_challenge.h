/** @file digest_challenge.h  Reads WWW-Authenticate and Proxy-Authenticate (RFC 7616 section 3.3), in one pass, whatever is
 * in it */
#ifndef THA_ADAPTERS_DIGEST_CHALLENGE_H
#define THA_ADAPTERS_DIGEST_CHALLENGE_H

#include "adapters/sip_scan.h"

/** Values stand between their quotes, with their backslashes; one that is not there has a NULL. */
struct tha_challenge {
    struct tha_span realm, nonce, opaque, algorithm, qop, stale;
    bool is_digest;
    bool is_malformed; /**< a value of one of these cannot be read, or has control characters */
};

/** Takes the next challenge from @p inout_rest, of a header that may have several; false = there are no more. */
bool tha_challenge_next(struct tha_span *inout_rest, struct tha_challenge *ret_challenge);

/** Is @p word, in any case, among the words of the list @p list with commas? */
bool tha_challenge_lists(struct tha_span list, const char *word);

/** In any case. */
bool tha_challenge_is_word(struct tha_span span, const char *word);

#endif
