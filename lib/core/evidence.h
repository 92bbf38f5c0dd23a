/** @file evidence.h  What is known of a target after a probe: the only thing that may move its health */
#ifndef THA_CORE_EVIDENCE_H
#define THA_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

enum tha_evidence_kind {
    THA_EVIDENCE_ANSWERED,    /**< a final answer, `code` */
    THA_EVIDENCE_TIMED_OUT,   /**< no final answer in time */
    THA_EVIDENCE_REFUSED,     /**< ICMP or a reset: nobody there, `system_error` */
    THA_EVIDENCE_SEND_FAILED, /**< the packet never left: no route, no buffer, `system_error` */
};

struct tha_evidence {
    uint32_t kind;
    uint32_t code;    /**< SIP response code; ANSWERED only */
    uint32_t rtt_us;  /**< ANSWERED only */
    int system_error; /**< errno; 0 = none */
};

#endif
