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
 *
 *  Nothing else changes a state; what the operator wants is not known here. */
#ifndef THA_CORE_HEALTH_H
#define THA_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/evidence.h"
#include "core/model.h"

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
    bool is_silent;           /**< the last probe got nothing back: no answer, not even a refusal by the peer's host */
    bool rises_at_once;       /**< DOWN by a fault at home: one good answer is enough */
};

/** Did nothing come back, not even a refusal by the peer's host? */
bool tha_health_is_silence(const struct tha_evidence *evidence);

/** Does @p evidence speak against the target? */
bool tha_health_is_failure(const struct tha_keepalive *keepalive, const struct tha_evidence *evidence);

/** Takes @p evidence into account. @p is_local_fault: everything fails, so a fall is blamed on the fault at home.
 *  Returns whether the state has changed. */
bool tha_health_judge(struct tha_health *health, const struct tha_keepalive *keepalive, const struct tha_evidence *evidence,
                      bool is_local_fault, uint64_t now_ms);

/** Back to UNKNOWN with a clean record, as after `enable`. */
void tha_health_reset(struct tha_health *health, uint64_t now_ms);

/** Is the next result awaited sooner than usual? */
bool tha_health_is_undecided(const struct tha_health *health);

/** Of the last `degraded.window` probes, or of those that there were. */
uint32_t tha_health_loss_permille(const struct tha_health *health, const struct tha_keepalive *keepalive);

#endif
