/** @file health.h  The judge of one target: evidence in, health out
 *
 *  | state                       | input                                         | next      | reason                     |
 *  |-----------------------------|-----------------------------------------------|-----------|----------------------------|
 *  | UNKNOWN                     | a good answer                                 | AVAILABLE | STARTUP                    |
 *  | UNKNOWN AVAILABLE DEGRADED  | `maxFailedAttempts` failures in a row         | DOWN      | that of the last failure   |
 *  | AVAILABLE                   | loss or round trip beyond `degraded`          | DEGRADED  | DEGRADED_QUALITY           |
 *  | DEGRADED                    | a good answer, loss and round trip within it  | AVAILABLE | KEEPALIVE_RECOVERED        |
 *  | DOWN                        | `recoveryAttempts` good answers in a row      | AVAILABLE | KEEPALIVE_RECOVERED        |
 *  | DOWN after a local fault    | one good answer                               | AVAILABLE | KEEPALIVE_RECOVERED        |
 *  | UNKNOWN AVAILABLE DEGRADED  | failed calls that count 2 * `maxFailedAttempts` | DOWN    | CALL_FAILURE               |
 *  | UNKNOWN                     | a word of a call's user                       | AVAILABLE | STARTUP                    |
 *  | DOWN                        | an answered call                              | AVAILABLE | CALL_RECOVERED             |
 *  | UNKNOWN                     | a request from it (inbound trunks only)       | AVAILABLE | STARTUP                    |
 *  | DOWN                        | a request from it (inbound trunks only)       | AVAILABLE | KEEPALIVE_RECOVERED        |
 *
 *  A failed call counts 1 or 2, and counts on until a user's word; probes do not clear it, and what is DOWN with
 *  CALL_FAILURE no probe brings back. One that counts 2 is a failure of the row of probes as well. While calls are answered,
 *  that probes are rejected by a code is no failure. Nothing else changes a state; what the operator wants is not known
 *  here. */
#ifndef THA_CORE_HEALTH_H
#define THA_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/evidence.h"
#include "core/model.h"
#include "trunkha.h"

struct tha_health {
    uint64_t since_ms;        /**< of the last change of state */
    uint64_t last_success_ms; /**< 0 = none yet */
    uint64_t window;          /**< the last probes, newest in bit 0: 1 = failed */
    uint32_t failed;          /**< in a row */
    uint32_t succeeded;       /**< in a row while DOWN */
    uint32_t rtt_us;          /**< of the last answer */
    uint32_t smooth_rtt_us;   /**< mean with weight 1/8, as RFC 6298 section 2.3 */
    uint16_t last_response;   /**< 0 = silence */
    uint8_t results;          /**< how many of `window` are from probes, at most 64 */
    uint8_t state;            /**< enum trunkha_health */
    uint8_t reason;           /**< enum trunkha_reason */
    bool is_silent : 1;       /**< the last probe got nothing back: no answer, not even a refusal by the peer's host */
    uint8_t call_score;       /**< what the calls failed since the last word of a user count */
    bool rises_at_once : 1;   /**< DOWN by a fault at home: one good answer is enough */
    bool rejects_probes : 1;  /**< answers probes with a failing code, and yet completes calls */
    bool refuses_us : 1;      /**< our credentials, since the last good answer */
    bool completes_calls : 1; /**< one was answered since the last probe that was accepted, and none has failed hard */
};

/** Did nothing come back, not even a refusal by the peer's host? */
bool tha_health_is_silence(const struct tha_evidence *evidence);

/** Does @p evidence speak against the target? */
bool tha_health_is_failure(const struct tha_keepalive *keepalive, const struct tha_evidence *evidence);

/** Takes @p evidence into account. @p is_local_fault: everything fails, so a fall is blamed on the fault at home.
 *  Returns whether the state has changed. */
bool tha_health_judge(struct tha_health *health, const struct tha_keepalive *keepalive, const struct tha_evidence *evidence,
                      bool is_local_fault, uint64_t now_ms);

/** A call has failed there. @p weight: what it counts; @p evidence: what a probe would have seen. */
bool tha_health_judge_failed_call(struct tha_health *health, const struct tha_keepalive *keepalive, uint32_t weight,
                                  const struct tha_evidence *evidence, bool is_local_fault, uint64_t now_ms);

/** A call's user has spoken there: it rings, is busy, ... or has answered. */
bool tha_health_judge_user(struct tha_health *health, const struct tha_keepalive *keepalive, bool is_answer,
                           uint64_t now_ms);

/** A request has come from there: proof of an inbound trunk. Returns whether the state has changed. */
bool tha_health_judge_heard(struct tha_health *health, uint64_t now_ms);

/** Do failed calls keep it DOWN, whatever the probes say? */
static inline bool tha_health_is_call_failure(const struct tha_health *health)
{
    return health->state == TRUNKHA_HEALTH_DOWN && health->reason == TRUNKHA_REASON_CALL_FAILURE;
}

/** Back to UNKNOWN with a clean record, as after `enable`. */
void tha_health_reset(struct tha_health *health, uint64_t now_ms);

/** Is the next result awaited sooner than usual? */
bool tha_health_is_undecided(const struct tha_health *health);

/** Of the last `degraded.window` probes, or of those that there were. */
uint32_t tha_health_loss_permille(const struct tha_health *health, const struct tha_keepalive *keepalive);

#endif
