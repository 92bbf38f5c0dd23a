#include "call.h"

/** An instant, and what has become of the attempt if nothing better came before. */
struct deadline {
    uint64_t when_ms;
    uint8_t result; /**< enum trunkha_call_result */
};

void tha_call_init(struct tha_call *call, const struct tha_call_settings *settings)
{
    *call = (struct tha_call){.settings = settings};
}

void tha_call_start_attempt(struct tha_call *call, uint64_t now_ms)
{
    if (!call->n_attempts++)
        call->begun_ms = now_ms;
    call->attempt_ms = now_ms;
    call->phase = THA_CALL_TRYING;
}

static void take_earlier(struct deadline *deadline, uint64_t when_ms, uint8_t result)
{
    if (when_ms < deadline->when_ms)
        *deadline = (struct deadline){when_ms, result};
}

/** The earliest that runs; of two at once, the one that is asked for first here. */
static struct deadline next_deadline(const struct tha_call *call)
{
    const struct tha_call_settings *settings = call->settings;
    struct deadline deadline = {UINT64_MAX, TRUNKHA_CALL_UNDER_WAY};

    switch (call->phase) {
    case THA_CALL_TRYING:
    case THA_CALL_PROCEEDING:
        take_earlier(&deadline, call->begun_ms + settings->total_ms, TRUNKHA_CALL_TIMED_OUT);
        if (call->phase == THA_CALL_TRYING)
            take_earlier(&deadline, call->attempt_ms + settings->no_response_ms, TRUNKHA_CALL_NO_RESPONSE);
        take_earlier(&deadline, call->attempt_ms + settings->no_ring_ms, TRUNKHA_CALL_NO_RING);
        break;
    case THA_CALL_RINGING:
        take_earlier(&deadline, call->ringing_ms + settings->ring_ms, TRUNKHA_CALL_TIMED_OUT);
        break;
    default:
        break;
    }

    return deadline;
}

uint64_t tha_call_deadline(const struct tha_call *call)
{
    return next_deadline(call).when_ms;
}

uint32_t tha_call_stop(struct tha_call *call)
{
    call->phase = THA_CALL_OVER;
    if (!call->n_attempts)
        return 503;
    if (!call->best_code)
        return 408;

    return call->best_code == 503 ? 500 : call->best_code; /* a lone 503 would speak of us: RFC 3261 section 16.7 step 6 */
}

/** May there be another attempt at all? One that starts when the total is used up would be given up at once. */
static bool may_go_on(const struct tha_call *call, uint64_t now_ms)
{
    const struct tha_call_settings *settings = call->settings;

    return call->phase != THA_CALL_RINGING && call->n_attempts < settings->max_attempts &&
           now_ms < call->begun_ms + settings->total_ms;
}

/** The attempt is over. @p verdict: as it would be if there were nothing but this attempt; `code`: what it counts as. */
static void end_attempt(struct tha_call *call, struct tha_call_verdict *verdict, uint64_t now_ms)
{
    call->best_code = tha_call_better(call->best_code, verdict->code);
    verdict->is_news = true;

    if (verdict->next == THA_CALL_NEXT && may_go_on(call, now_ms)) {
        call->phase = THA_CALL_IDLE;
        verdict->code = 0;
    } else {
        verdict->next = THA_CALL_STOP;
        verdict->other_codecs = false;
        verdict->code = tha_call_stop(call);
    }
}

/** Nothing came in time; it counts as 408 (RFC 3261 section 16.8). */
static void time_out(struct tha_call *call, uint8_t result, uint64_t now_ms, struct tha_call_verdict *verdict)
{
    verdict->result = result;
    verdict->code = 408;
    verdict->gives_up = true;

    switch (result) {
    case TRUNKHA_CALL_NO_RESPONSE:
        verdict->next = THA_CALL_NEXT;
        verdict->weight = THA_WEIGHT_HARD;
        verdict->flags = THA_NEWS_SILENT;
        break;
    case TRUNKHA_CALL_NO_RING:
        verdict->next = THA_CALL_NEXT;
        verdict->weight = THA_WEIGHT_SOFT;
        break;
    default:
        verdict->next = THA_CALL_STOP;
        break;
    }
    end_attempt(call, verdict, now_ms);
}

/** Returns whether a deadline has passed. */
static bool hear_time(struct tha_call *call, uint64_t now_ms, struct tha_call_verdict *verdict)
{
    struct deadline deadline = next_deadline(call);

    if (now_ms < deadline.when_ms)
        return false;
    time_out(call, deadline.result, now_ms, verdict);

    return true;
}

/** The host has given up waiting before our deadline did. */
static void hear_no_response(struct tha_call *call, uint64_t now_ms, struct tha_call_verdict *verdict)
{
    switch (call->phase) {
    case THA_CALL_TRYING:
        time_out(call, TRUNKHA_CALL_NO_RESPONSE, now_ms, verdict);
        break;
    case THA_CALL_PROCEEDING:
        time_out(call, TRUNKHA_CALL_NO_RING, now_ms, verdict);
        break;
    default:
        time_out(call, TRUNKHA_CALL_TIMED_OUT, now_ms, verdict);
        break;
    }
}

static void hear_provisional(struct tha_call *call, uint32_t code, uint64_t now_ms, struct tha_call_verdict *verdict)
{
    if (hear_time(call, now_ms, verdict) || call->phase == THA_CALL_RINGING)
        return;
    if (code == 100) {
        call->phase = THA_CALL_PROCEEDING;
        return;
    }

    call->phase = THA_CALL_RINGING;
    call->ringing_ms = now_ms;
    verdict->is_news = true;
    verdict->flags = THA_NEWS_USER;
}

static void hear_answer(struct tha_call *call, struct tha_call_verdict *verdict)
{
    call->phase = THA_CALL_ANSWERED;
    verdict->is_news = true;
    verdict->result = TRUNKHA_CALL_ANSWERED;
    verdict->flags = THA_NEWS_USER;
}

static void hear_failure(struct tha_call *call, const struct tha_call_heard *heard, uint64_t now_ms,
                         struct tha_call_verdict *verdict)
{
    const struct tha_call_settings *settings = call->settings;
    struct tha_call_judgement judgement =
        tha_call_judge(settings, heard->code, heard->q850_cause, call->phase == THA_CALL_RINGING);

    *verdict = (struct tha_call_verdict){
        .next = judgement.reroutes ? THA_CALL_NEXT : THA_CALL_STOP,
        .code = heard->code,
        .other_codecs = judgement.other_codecs,
        .result = TRUNKHA_CALL_FAILED,
        .weight = judgement.weight,
        .flags = judgement.flags,
    };
    if (judgement.cools)
        verdict->cool_ms =
            heard->retry_after_ms < settings->max_retry_after_ms ? heard->retry_after_ms : settings->max_retry_after_ms;
    end_attempt(call, verdict, now_ms);
}

static void hear_response(struct tha_call *call, const struct tha_call_heard *heard, uint64_t now_ms,
                          struct tha_call_verdict *verdict)
{
    if (heard->code < 200)
        hear_provisional(call, heard->code, now_ms, verdict);
    else if (heard->code < 300)
        hear_answer(call, verdict);
    else
        hear_failure(call, heard, now_ms, verdict);
}

/** As if a 503 had come: RFC 3261 section 16.9. */
static void hear_transport_error(struct tha_call *call, uint64_t now_ms, struct tha_call_verdict *verdict)
{
    *verdict = (struct tha_call_verdict){
        .next = THA_CALL_NEXT,
        .code = 503,
        .result = TRUNKHA_CALL_TRANSPORT_ERROR,
        .weight = call->phase == THA_CALL_RINGING ? 0 : THA_WEIGHT_HARD,
    };
    end_attempt(call, verdict, now_ms);
}

/** Whatever the trunks have said: nobody waits for it any more. */
static void hear_cancelled(struct tha_call *call, struct tha_call_verdict *verdict)
{
    bool is_under_way = call->phase != THA_CALL_IDLE;

    *verdict = (struct tha_call_verdict){
        .next = THA_CALL_STOP,
        .code = 487,
        .gives_up = is_under_way,
        .is_news = is_under_way,
        .result = TRUNKHA_CALL_CANCELLED,
    };
    call->phase = THA_CALL_OVER;
}

void tha_call_hear(struct tha_call *call, const struct tha_call_heard *heard, uint64_t now_ms,
                   struct tha_call_verdict *ret_verdict)
{
    bool is_caller = heard->kind == TRUNKHA_REPORT_CANCELLED;

    *ret_verdict = (struct tha_call_verdict){.next = THA_CALL_WAIT};
    if (call->phase == THA_CALL_ANSWERED || call->phase == THA_CALL_OVER || (call->phase == THA_CALL_IDLE && !is_caller))
        return;

    switch (heard->kind) {
    case TRUNKHA_REPORT_RESPONSE:
        hear_response(call, heard, now_ms, ret_verdict);
        break;
    case TRUNKHA_REPORT_NO_RESPONSE:
        hear_no_response(call, now_ms, ret_verdict);
        break;
    case TRUNKHA_REPORT_TRANSPORT_ERROR:
        hear_transport_error(call, now_ms, ret_verdict);
        break;
    case TRUNKHA_REPORT_CANCELLED:
        hear_cancelled(call, ret_verdict);
        break;
    default:
        hear_time(call, now_ms, ret_verdict);
        break;
    }
}
