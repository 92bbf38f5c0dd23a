#include "health.h"

#include <errno.h>

#include "core/news.h"

/** A refusal comes from the peer's host: the way there is whole. What does not even get there is silence. */
bool tha_health_is_silence(const struct tha_evidence *evidence)
{
    switch (evidence->kind) {
    case THA_EVIDENCE_TIMED_OUT:
    case THA_EVIDENCE_SEND_FAILED:
    case THA_EVIDENCE_NO_CONNECTION:
        return true;
    case THA_EVIDENCE_REFUSED:
        return evidence->system_error != ECONNREFUSED && evidence->system_error != ECONNRESET &&
               evidence->system_error != EPIPE;
    default:
        return false;
    }
}

static void change(struct tha_health *health, uint8_t state, uint8_t reason, uint64_t now_ms)
{
    health->state = state;
    health->reason = reason;
    health->since_ms = now_ms;
}

bool tha_health_is_failure(const struct tha_keepalive *keepalive, const struct tha_evidence *evidence)
{
    return evidence->kind != THA_EVIDENCE_ANSWERED || tha_codes_has(&keepalive->failing, evidence->code);
}

static uint8_t failure_reason(const struct tha_evidence *evidence)
{
    switch (evidence->kind) {
    case THA_EVIDENCE_REFUSED:
    case THA_EVIDENCE_SEND_FAILED:
    case THA_EVIDENCE_NO_CONNECTION:
        return TRUNKHA_REASON_NETWORK_ERROR;
    case THA_EVIDENCE_TLS_FAILED:
        return TRUNKHA_REASON_TLS_FAILURE;
    case THA_EVIDENCE_AUTH_FAILED:
        return TRUNKHA_REASON_AUTH_FAILURE;
    default:
        return TRUNKHA_REASON_KEEPALIVE_FAILURE;
    }
}

static void push_result(struct tha_health *health, unsigned is_lost)
{
    health->window = health->window << 1 | is_lost;
    if (health->results < 64)
        health->results++;
}

static bool is_worn_out(const struct tha_health *health, const struct tha_keepalive *keepalive)
{
    return health->call_score >= 2 * keepalive->max_failed_attempts;
}

static bool judge_failure(struct tha_health *health, const struct tha_keepalive *keepalive,
                          const struct tha_evidence *evidence, bool is_local_fault, uint64_t now_ms)
{
    health->failed++;
    health->succeeded = 0;

    if (health->state == TRUNKHA_HEALTH_DOWN && health->rises_at_once && !is_local_fault) {
        health->rises_at_once = false; /* we are well again, and it still fails: it is them */
        health->reason = failure_reason(evidence);
    }
    if (health->state == TRUNKHA_HEALTH_DOWN || health->failed < keepalive->max_failed_attempts)
        return false;

    change(health, TRUNKHA_HEALTH_DOWN, is_local_fault ? TRUNKHA_REASON_LOCAL_FAULT : failure_reason(evidence), now_ms);
    health->rises_at_once = is_local_fault;

    return true;
}

static void note_success(struct tha_health *health, const struct tha_evidence *evidence, uint64_t now_ms)
{
    health->failed = 0;
    health->refuses_us = false;
    push_result(health, 0);
    health->last_success_ms = now_ms;
    health->smooth_rtt_us = health->smooth_rtt_us ? (7 * health->smooth_rtt_us + evidence->rtt_us) / 8 : evidence->rtt_us;
}

static bool judge_success(struct tha_health *health, const struct tha_keepalive *keepalive, uint64_t now_ms)
{
    switch (health->state) {
    case TRUNKHA_HEALTH_UNKNOWN:
        change(health, TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, now_ms);
        return true;

    case TRUNKHA_HEALTH_DOWN:
        if (tha_health_is_call_failure(health) ||
            (++health->succeeded < keepalive->recovery_attempts && !health->rises_at_once))
            return false;
        if (is_worn_out(health, keepalive)) {
            health->reason = TRUNKHA_REASON_CALL_FAILURE; /* from here on it is up to the calls */
            return false;
        }
        health->rises_at_once = false;
        health->window = health->results = 0; /* the losses of the outage say nothing of the quality after it */
        change(health, TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, now_ms);
        return true;

    default:
        return false;
    }
}

static uint32_t count_lost(const struct tha_health *health, uint32_t window)
{
    uint64_t newest = window < 64 ? (UINT64_C(1) << window) - 1 : UINT64_MAX;

    return (uint32_t)__builtin_popcountll(health->window & newest);
}

/** The loss of a whole window: one lost packet of the first three is no line that loses a third. */
static bool has_bad_quality(const struct tha_health *health, const struct tha_keepalive *keepalive)
{
    uint32_t window = keepalive->degraded_window;
    uint32_t loss = keepalive->degraded_loss_percent;
    uint32_t rtt = keepalive->degraded_rtt_ms;

    return (loss && count_lost(health, window) * 100 >= loss * window) || (rtt && health->smooth_rtt_us / 1000 >= rtt);
}

static bool judge_quality(struct tha_health *health, const struct tha_keepalive *keepalive, bool is_failure, uint64_t now_ms)
{
    bool is_bad = has_bad_quality(health, keepalive);

    if (health->state == TRUNKHA_HEALTH_AVAILABLE && is_bad) {
        change(health, TRUNKHA_HEALTH_DEGRADED, TRUNKHA_REASON_DEGRADED_QUALITY, now_ms);
        return true;
    }
    if (health->state == TRUNKHA_HEALTH_DEGRADED && !is_bad && !is_failure) {
        change(health, TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, now_ms);
        return true;
    }

    return false;
}

/** Do calls prove that it is well, whatever it says to probes? A 5xx is believed until a call was answered after it. */
static bool completes_calls_yet(const struct tha_health *health, uint32_t code)
{
    return health->rejects_probes || (health->completes_calls && code < 500);
}

bool tha_health_judge(struct tha_health *health, const struct tha_keepalive *keepalive, const struct tha_evidence *evidence,
                      bool is_local_fault, uint64_t now_ms)
{
    bool is_answered = evidence->kind == THA_EVIDENCE_ANSWERED;
    bool is_failure = tha_health_is_failure(keepalive, evidence);
    bool has_changed;

    if (is_answered && is_failure && completes_calls_yet(health, evidence->code)) {
        health->rejects_probes = true;
        is_failure = false;
    } else if (!is_failure) {
        health->rejects_probes = health->completes_calls = false;
    }

    health->is_silent = tha_health_is_silence(evidence);
    health->refuses_us |= evidence->kind == THA_EVIDENCE_AUTH_FAILED;
    health->last_response = (uint16_t)evidence->code;
    if (is_answered)
        health->rtt_us = evidence->rtt_us;

    if (is_failure) {
        push_result(health, 1);
        has_changed = judge_failure(health, keepalive, evidence, is_local_fault, now_ms);
    } else {
        note_success(health, evidence, now_ms);
        has_changed = judge_success(health, keepalive, now_ms);
    }

    return has_changed || judge_quality(health, keepalive, is_failure, now_ms);
}

bool tha_health_judge_failed_call(struct tha_health *health, const struct tha_keepalive *keepalive, uint32_t weight,
                                  const struct tha_evidence *evidence, bool is_local_fault, uint64_t now_ms)
{
    bool is_hard = weight >= THA_WEIGHT_HARD;

    if ((!is_local_fault || !keepalive->enabled) && health->call_score <= UINT8_MAX - weight)
        health->call_score = (uint8_t)(health->call_score + weight);
    if (is_hard) {
        health->rejects_probes = health->completes_calls = false;
        if (evidence->kind == THA_EVIDENCE_ANSWERED)
            health->is_silent = false; /* of silence the probe that follows at once makes sure */
    }

    if (health->state != TRUNKHA_HEALTH_DOWN && is_worn_out(health, keepalive)) {
        health->failed += is_hard;
        change(health, TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_CALL_FAILURE, now_ms);
        return true;
    }

    return is_hard && keepalive->enabled && judge_failure(health, keepalive, evidence, is_local_fault, now_ms);
}

bool tha_health_judge_user(struct tha_health *health, const struct tha_keepalive *keepalive, bool is_answer, uint64_t now_ms)
{
    bool was_rejected = health->last_response && tha_codes_has(&keepalive->failing, health->last_response);

    health->call_score = 0;
    health->is_silent = false;
    if (is_answer) {
        health->completes_calls = true;
        health->rejects_probes |= was_rejected;
    }

    if (health->state == TRUNKHA_HEALTH_DOWN) {
        if (!is_answer)
            return false;
        health->failed = health->succeeded = 0;
        health->rises_at_once = false;
        health->window = health->results = 0;
        change(health, TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_CALL_RECOVERED, now_ms);
        return true;
    }

    health->failed = 0;
    if (health->state != TRUNKHA_HEALTH_UNKNOWN)
        return false;
    change(health, TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, now_ms);

    return true;
}

bool tha_health_judge_heard(struct tha_health *health, uint64_t now_ms)
{
    bool was_down = health->state == TRUNKHA_HEALTH_DOWN;

    health->last_success_ms = now_ms;
    health->failed = health->succeeded = 0;
    health->is_silent = false;
    if (!was_down && health->state != TRUNKHA_HEALTH_UNKNOWN)
        return false;

    health->rises_at_once = false;
    health->window = health->results = 0;
    change(health, TRUNKHA_HEALTH_AVAILABLE, was_down ? TRUNKHA_REASON_KEEPALIVE_RECOVERED : TRUNKHA_REASON_STARTUP, now_ms);

    return true;
}

void tha_health_reset(struct tha_health *health, uint64_t now_ms)
{
    *health = (struct tha_health){.last_success_ms = health->last_success_ms, .since_ms = now_ms};
}

bool tha_health_is_undecided(const struct tha_health *health)
{
    if (health->state == TRUNKHA_HEALTH_DOWN)
        return health->succeeded > 0;

    return health->failed > 0 || health->state == TRUNKHA_HEALTH_UNKNOWN;
}

uint32_t tha_health_loss_permille(const struct tha_health *health, const struct tha_keepalive *keepalive)
{
    uint32_t window = health->results < keepalive->degraded_window ? health->results : keepalive->degraded_window;

    return window ? count_lost(health, window) * 1000 / window : 0;
}
