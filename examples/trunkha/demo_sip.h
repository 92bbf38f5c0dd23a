/** @file demo_sip.h  What a carrier of the demo says: answers to SIP requests, as a plain user agent server gives them */
#ifndef TRUNKHA_DEMO_SIP_H
#define TRUNKHA_DEMO_SIP_H

#include <netinet/in.h>
#include <stddef.h>

/** Answers @p request: OPTIONS with 200, ACK not at all, other methods with 405; a retransmission gets the same again.
 *  @p from: where it came from; @p tag: of the To header. Returns the bytes in @p answer, 0 = nothing is to be sent.
 *  See RFC 3261 sections 8.2.6 and 11.2, RFC 3581 section 4. */
size_t demo_sip_answer(const char *request, size_t len, const struct sockaddr_in *from, const char *tag, char *answer,
                       size_t size);

#endif
