/** @file answer.h  Answers the requests of peers: OPTIONS with 200 or, while draining, 503 (RFC 3261 section 11.2) */
#ifndef THA_ADAPTERS_ANSWER_H
#define THA_ADAPTERS_ANSWER_H

#include "adapters/udp.h"

enum tha_answer_kind {
    THA_ANSWER_MALFORMED, /**< no answer */
    THA_ANSWER_NONE,      /**< no answer to this method: ACK */
    THA_ANSWER_GIVEN,     /**< to OPTIONS */
    THA_ANSWER_REJECTED,  /**< another method: 405 */
};

/** Who answers. */
struct tha_answerer {
    bool is_draining;
    bool takes_calls; /**< there is a host behind us for other requests: they are allowed */
    uint64_t secret;  /**< makes our To tags unlike those of others */
};

/** Writes the answer to @p request. @p ret_len bytes at @p buf go to @p ret_to (over TCP and TLS: back on the same
 *  connection): GIVEN and REJECTED only. */
enum tha_answer_kind tha_answer_write(const struct tha_udp_packet *request, const struct tha_answerer *answerer, char *buf,
                                      size_t size, size_t *ret_len, struct tha_addr *ret_to);

#endif
