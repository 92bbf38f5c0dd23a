/** @file evidence.h  What is known of a target after a probe: the only thing that may move its health */
#ifndef THA_CORE_EVIDENCE_H
#define THA_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

enum tha_evidence_kind {
    THA_EVIDENCE_ANSWERED,    /**< a final answer, `code` */
    THA_EVIDENCE_TIMED_OUT,   /**< no final answer in time */
    THA_EVIDENCE_REFUSED,     /**< ICMP, or a connection refused, reset or closed: `system_error` */
    THA_EVIDENCE_SEND_FAILED, /**< the packet never left: no route, no buffer, `system_error` */
    THA_EVIDENCE_NO_CONNECTION, /**< no TCP connection in time: silence, but the network's */
    THA_EVIDENCE_TLS_FAILED,    /**< handshake or certificate, `detail` */
    THA_EVIDENCE_AUTH_FAILED,   /**< challenged again after our credentials, or by nothing that we can do; `code` */
    THA_EVIDENCE_HEARD,         /**< a request has come from its address: proof of an inbound trunk, of no other */
};

struct tha_evidence {
    uint32_t kind;
    uint32_t code;    /**< SIP response code; ANSWERED only */
    uint32_t rtt_us;  /**< ANSWERED only */
    int system_error; /**< errno; 0 = none */
    const char *detail; /**< for people, borrowed for the call; NULL = none */
};

#endif
