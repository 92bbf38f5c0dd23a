#include "call_model.h"

#include <stdlib.h>

bool is_among(unsigned long number, const char *numbers)
{
    while (*numbers) {
        char *end;

        if (strtoul(numbers, &end, 10) == number)
            return true;
        numbers = end;
    }

    return false;
}

/** What has happened before a step. */
struct past {
    uint64_t first_start, last_start, rang_at;
    unsigned attempts;
    bool is_under_way, has_heard, has_rung, is_done;
    uint32_t best;
};

static uint32_t counts_as(const struct step *step)
{
    switch (step->verdict.result) {
    case TRUNKHA_CALL_FAILED:
        return step->heard.code;
    case TRUNKHA_CALL_TRANSPORT_ERROR:
        return 503;
    default:
        return 408;
    }
}

/** The lower the better. */
static unsigned badness(uint32_t code)
{
    unsigned hundred = code >= 600 ? 0 : code / 100;

    return hundred * 10 + (is_among(code, "401 407 415 420 484") ? 0 : is_among(code, "408 503") ? 2 : 1);
}

static void add_ending(struct past *past, const struct step *step)
{
    uint32_t code = counts_as(step);

    if (!past->best || badness(code) <= badness(past->best))
        past->best = code;
    past->is_under_way = false;
}

static struct past look_back(const struct history *history, unsigned n)
{
    struct past past = {0};

    for (const struct step *step = history->steps; step < history->steps + n; step++) {
        if (step->is_start) {
            past.first_start = past.attempts++ ? past.first_start : step->at;
            past.last_start = step->at;
            past.is_under_way = true;
            past.has_heard = past.has_rung = false;
        } else if (step->verdict.next != THA_CALL_WAIT || step->verdict.result == TRUNKHA_CALL_ANSWERED) {
            add_ending(&past, step);
            past.is_done |= step->verdict.next != THA_CALL_NEXT;
        } else if (past.is_under_way && step->heard.kind == TRUNKHA_REPORT_RESPONSE) {
            past.has_heard = true;
            if (step->heard.code > 100 && !past.has_rung) {
                past.has_rung = true;
                past.rang_at = step->at;
            }
        }
    }

    return past;
}

/** The deadlines that matter, the weightier of two at the same time first; 0 = it does not run. */
static uint64_t first_due(const struct history *history, const struct past *past, uint32_t *ret_result)
{
    const struct tha_call_settings *settings = &history->settings;
    bool waits = past->is_under_way && !past->has_rung;
    const struct {
        uint64_t when;
        uint32_t result;
    } due[] = {
        {waits ? past->first_start + settings->total_ms : 0, TRUNKHA_CALL_TIMED_OUT},
        {past->is_under_way && past->has_rung ? past->rang_at + settings->ring_ms : 0, TRUNKHA_CALL_TIMED_OUT},
        {waits && !past->has_heard ? past->last_start + settings->no_response_ms : 0, TRUNKHA_CALL_NO_RESPONSE},
        {waits ? past->last_start + settings->no_ring_ms : 0, TRUNKHA_CALL_NO_RING},
    };
    uint64_t first = UINT64_MAX;

    for (size_t i = 4; i-- > 0;) {
        if (due[i].when && due[i].when <= first) {
            first = due[i].when;
            *ret_result = due[i].result;
        }
    }

    return past->is_done ? UINT64_MAX : first;
}

/** How the step ends the attempt; UNDER_WAY = not at all. */
static uint32_t ending_of(const struct history *history, const struct past *past, const struct step *step)
{
    uint32_t late = TRUNKHA_CALL_UNDER_WAY;

    switch (step->heard.kind) {
    case TRUNKHA_REPORT_CANCELLED:
        return TRUNKHA_CALL_CANCELLED;
    case TRUNKHA_REPORT_TRANSPORT_ERROR:
        return TRUNKHA_CALL_TRANSPORT_ERROR;
    case TRUNKHA_REPORT_NO_RESPONSE:
        return past->has_rung ? TRUNKHA_CALL_TIMED_OUT : past->has_heard ? TRUNKHA_CALL_NO_RING : TRUNKHA_CALL_NO_RESPONSE;
    case TRUNKHA_REPORT_RESPONSE:
        if (step->heard.code >= 200)
            return step->heard.code < 300 ? TRUNKHA_CALL_ANSWERED : TRUNKHA_CALL_FAILED;
        break;
    default:
        break;
    }

    return first_due(history, past, &late) <= step->at ? late : TRUNKHA_CALL_UNDER_WAY;
}

static void model_failure(const struct history *history, const struct past *past, const struct tha_call_heard *heard,
                          struct tha_call_verdict *verdict)
{
    uint32_t code = heard->code;
    bool is_user = past->has_rung || is_among(heard->q850_cause, "1 17 18 19 21 22 28");
    bool is_network = is_among(heard->q850_cause, "27 34 38 41 42 47 58");
    bool is_listed = tha_codes_has(&history->settings.reroute, code) && code < 600;
    bool is_free = code < 600 && code != 487; /* to be retried */

    if (is_user) {
        verdict->flags = THA_NEWS_USER;
        return;
    }

    verdict->other_codecs = is_among(code, "415 488 606") && !(is_network && is_free);
    if (verdict->other_codecs || (is_network && is_free) || (is_listed && !is_among(code, "403 486 487")))
        verdict->next = THA_CALL_NEXT;
    if (code == 503)
        verdict->weight = THA_WEIGHT_HARD;
    else if (is_network || is_among(code, "403 408 500 502 504") || (is_listed && code >= 500))
        verdict->weight = THA_WEIGHT_SOFT;
    if (!is_network && (is_among(code, "404 410 480 484 485 486") || (code >= 600 && code != 606)))
        verdict->flags = THA_NEWS_USER;
    if (code == 503)
        verdict->cool_ms = heard->retry_after_ms < history->settings.max_retry_after_ms
                               ? heard->retry_after_ms
                               : history->settings.max_retry_after_ms;
}

/** What an attempt alone would have: whether to go on, and what is told of it. */
static struct tha_call_verdict model_ending(const struct history *history, const struct past *past, const struct step *step,
                                            uint32_t result)
{
    struct tha_call_verdict verdict = {.next = THA_CALL_STOP, .is_news = true, .result = (uint8_t)result};

    switch (result) {
    case TRUNKHA_CALL_FAILED:
        model_failure(history, past, &step->heard, &verdict);
        break;
    case TRUNKHA_CALL_TRANSPORT_ERROR:
        verdict.next = THA_CALL_NEXT;
        verdict.weight = past->has_rung ? 0 : THA_WEIGHT_HARD;
        break;
    case TRUNKHA_CALL_NO_RESPONSE:
        verdict.next = THA_CALL_NEXT;
        verdict.weight = THA_WEIGHT_HARD;
        verdict.flags = THA_NEWS_SILENT;
        verdict.gives_up = true;
        break;
    case TRUNKHA_CALL_NO_RING:
        verdict.next = THA_CALL_NEXT;
        verdict.weight = THA_WEIGHT_SOFT;
        verdict.gives_up = true;
        break;
    default:
        verdict.gives_up = true;
        break;
    }

    return verdict;
}

static struct tha_call_verdict stop_or_next(const struct history *history, struct past *past, const struct step *step,
                                            struct tha_call_verdict verdict)
{
    const struct tha_call_settings *settings = &history->settings;
    struct step ended = *step;

    if (verdict.next == THA_CALL_NEXT && !past->has_rung && past->attempts < settings->max_attempts &&
        step->at - past->first_start < settings->total_ms)
        return verdict;

    ended.verdict = verdict;
    add_ending(past, &ended);
    verdict.next = THA_CALL_STOP;
    verdict.other_codecs = false;
    verdict.code = past->best == 503 ? 500 : past->best;

    return verdict;
}

struct tha_call_verdict model_verdict(const struct history *history, unsigned n)
{
    const struct step *step = &history->steps[n];
    struct past past = look_back(history, n);
    uint32_t result = ending_of(history, &past, step);
    bool is_ringing = step->heard.kind == TRUNKHA_REPORT_RESPONSE && step->heard.code > 100 && !past.has_rung;

    if (past.is_done || (!past.is_under_way && result != TRUNKHA_CALL_CANCELLED))
        return (struct tha_call_verdict){.next = THA_CALL_WAIT};
    if (result == TRUNKHA_CALL_CANCELLED)
        return (struct tha_call_verdict){THA_CALL_STOP, 487, past.is_under_way, past.is_under_way,
                                         .result = (uint8_t)result};
    if (result == TRUNKHA_CALL_ANSWERED)
        return (struct tha_call_verdict){.is_news = true, .result = (uint8_t)result, .flags = THA_NEWS_USER};
    if (result == TRUNKHA_CALL_UNDER_WAY)
        return (struct tha_call_verdict){.is_news = is_ringing, .flags = is_ringing ? THA_NEWS_USER : 0};

    return stop_or_next(history, &past, step, model_ending(history, &past, step, result));
}

uint64_t model_deadline(const struct history *history)
{
    struct past past = look_back(history, history->n);
    uint32_t result;

    return first_due(history, &past, &result);
}
