/* Random call histories: each verdict as the model of its own says, and what must be true of every history as a whole. */
#include <stdio.h>

#include "../suite.h"
#include "call_model.h"

#define HISTORIES 200000

/* ---- Chance ---- */

static uint32_t random_state;

static uint32_t chance(uint32_t below)
{
    random_state ^= random_state << 13; /* Marsaglia, xorshift32 */
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;

    return random_state % below;
}

static const uint32_t codes[] = {302, 401, 403, 404, 407, 408, 415, 480, 484, 486, 487,
                                 488, 500, 501, 502, 503, 503, 504, 580, 600, 603, 606};
static const uint32_t causes[] = {1, 17, 18, 19, 21, 22, 28, 27, 34, 38, 41, 42, 47, 58, 16, 127};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/** Short times, so that deadlines often fall together. */
static void choose_settings(struct tha_call_settings *settings)
{
    static const uint32_t usual[] = {408, 500, 502, 503, 504};
    bool is_usual = chance(2);

    *settings = (struct tha_call_settings){
        .no_response_ms = 1 + chance(16),
        .no_ring_ms = 1 + chance(24),
        .total_ms = 1 + chance(64),
        .ring_ms = 1 + chance(16),
        .max_attempts = 1 + chance(5),
        .max_retry_after_ms = chance(50),
    };
    for (uint32_t i = 0; i < COUNT(usual) && is_usual; i++)
        tha_codes_put(&settings->reroute, usual[i], true);
    for (uint32_t code = 300; code <= 699 && !is_usual; code++)
        tha_codes_put(&settings->reroute, code, chance(2));
}

static uint32_t choose_code(void)
{
    switch (chance(8)) {
    case 0:
        return 100;
    case 1:
    case 2:
        return chance(4) ? 180 : 101 + chance(99);
    case 3:
        return chance(4) ? 503 : 200 + chance(100);
    case 4:
        return 300 + chance(400);
    default:
        return codes[chance(COUNT(codes))];
    }
}

static struct tha_call_heard choose_heard(void)
{
    struct tha_call_heard heard = {.kind = TRUNKHA_REPORT_RESPONSE, .code = choose_code()};

    if (!chance(3))
        return (struct tha_call_heard){.kind = TRUNKHA_REPORT_TIME};
    if (!chance(12))
        return (struct tha_call_heard){.kind = TRUNKHA_REPORT_NO_RESPONSE + chance(3)};
    if (!chance(4))
        heard.q850_cause = causes[chance(COUNT(causes))];
    if (!chance(2))
        heard.retry_after_ms = chance(100);

    return heard;
}

/** Mostly around the deadline. */
static uint64_t choose_time(uint64_t now_ms, uint64_t deadline_ms)
{
    if (deadline_ms != UINT64_MAX && deadline_ms > now_ms && chance(2))
        return deadline_ms - chance(2);
    if (deadline_ms != UINT64_MAX && deadline_ms > now_ms && !chance(4))
        return deadline_ms + chance(12);

    return now_ms + chance(4);
}

/* ---- A history ---- */

static void print_history(const struct history *history)
{
    const struct tha_call_settings *settings = &history->settings;

    printf("seed %u: no response %u, no ring %u, total %u, ring %u, attempts %u\n", history->seed, settings->no_response_ms,
           settings->no_ring_ms, settings->total_ms, settings->ring_ms, settings->max_attempts);
    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        const struct tha_call_heard *heard = &step->heard;
        const struct tha_call_verdict *verdict = &step->verdict;

        if (step->is_start)
            printf("  %4u start\n", (unsigned)step->at);
        else
            printf("  %4u heard %u code %u%s cause %u: next %u code %u %s, weight %u flags %u cool %u%s%s%s\n",
                   (unsigned)step->at, heard->kind, heard->code,
                   tha_codes_has(&settings->reroute, heard->code) ? " (listed)" : "", heard->q850_cause, verdict->next,
                   verdict->code, trunkha_call_result_name(verdict->result), verdict->weight, verdict->flags,
                   verdict->cool_ms, verdict->gives_up ? " gives up" : "", verdict->is_news ? " news" : "",
                   verdict->other_codecs ? " other codecs" : "");
    }
}

static void check(const struct history *history, bool is_true, const char *claim)
{
    if (!is_true) {
        print_history(history);
        ck_abort_msg("seed %u, step %u: %s", history->seed, history->n, claim);
    }
}

static void check_verdict(const struct history *history, unsigned n)
{
    struct tha_call_verdict a = history->steps[n].verdict, b = model_verdict(history, n);

    check(history, a.next == b.next, "the model says otherwise: next");
    check(history, a.code == b.code, "the model says otherwise: code");
    check(history, a.result == b.result && a.is_news == b.is_news, "the model says otherwise: result");
    check(history, a.gives_up == b.gives_up, "the model says otherwise: gives up");
    check(history, a.other_codecs == b.other_codecs, "the model says otherwise: codecs");
    check(history, a.weight == b.weight && a.flags == b.flags, "the model says otherwise: weight or flags");
    check(history, a.cool_ms == b.cool_ms, "the model says otherwise: cool-down");
}

static struct step *add_step(struct history *history, const struct tha_call *call, uint64_t now_ms)
{
    struct step *step = &history->steps[history->n++];

    *step = (struct step){.at = now_ms, .deadline_before = tha_call_deadline(call)};

    return step;
}

static bool is_done(const struct tha_call *call)
{
    return call->phase == THA_CALL_ANSWERED || call->phase == THA_CALL_OVER;
}

static void make_history(struct history *history)
{
    struct tha_call call;
    uint64_t now_ms = 1 + chance(100);

    choose_settings(&history->settings);
    tha_call_init(&call, &history->settings);
    for (unsigned after_end = 0; history->n < STEPS_MAX && after_end < 3; after_end += is_done(&call)) {
        struct step *step;

        now_ms = choose_time(now_ms, tha_call_deadline(&call));
        step = add_step(history, &call, now_ms);
        if (call.phase == THA_CALL_IDLE && chance(8)) {
            step->is_start = true;
            tha_call_start_attempt(&call, now_ms);
        } else {
            step->heard = choose_heard();
            tha_call_hear(&call, &step->heard, now_ms, &step->verdict);
            check_verdict(history, history->n - 1);
        }
        step->deadline_after = tha_call_deadline(&call);
        check(history, step->deadline_after == model_deadline(history), "the model says otherwise: deadline");
    }
}

/* ---- What must be true of every history ---- */

static void next_is_never_said_in_vain(const struct history *history)
{
    uint64_t begun = 0;
    unsigned starts = 0;
    bool has_rung = false;

    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        bool is_failure = step->verdict.result == TRUNKHA_CALL_FAILED;

        begun = step->is_start && !starts ? step->at : begun;
        starts += step->is_start;
        has_rung |= step->verdict.is_news && step->verdict.result == TRUNKHA_CALL_UNDER_WAY;
        check(history, starts <= history->settings.max_attempts, "more attempts than allowed");
        if (step->verdict.next != THA_CALL_NEXT)
            continue;
        check(history, !has_rung, "retried after ringing");
        check(history, starts < history->settings.max_attempts, "NEXT after the last attempt");
        check(history, step->at < begun + history->settings.total_ms, "NEXT after the total");
        check(history, !is_failure || step->heard.code < 600 || step->heard.code == 606, "retried after 6xx");
        check(history, !is_failure || step->heard.code != 487, "retried after 487");
        check(history, !is_failure || step->heard.code != 486 || step->heard.q850_cause > 22, "a busy user called again");
        check(history, !is_failure || step->heard.q850_cause != 17, "a busy user called again");
    }
}

/** Each attempt ends once at most, and what it weighs is told with its end. */
static void attempts_end_once(const struct history *history)
{
    unsigned starts = 0, ends = 0, weight = 0;

    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        const struct tha_call_verdict *verdict = &step->verdict;

        starts += step->is_start;
        ends += verdict->is_news && verdict->result != TRUNKHA_CALL_UNDER_WAY;
        weight += verdict->weight;
        check(history, ends <= starts && (!step->is_start || ends == starts - 1), "an attempt ended twice, or not");
        check(history, verdict->is_news || !(verdict->weight || verdict->flags || verdict->cool_ms), "weight without news");
        check(history, !verdict->weight || !(verdict->flags & THA_NEWS_USER), "the callee's answer is no failure");
        check(history, !verdict->cool_ms || step->heard.code == 503, "cools without a 503");
    }
    check(history, weight <= ends * THA_WEIGHT_HARD, "more weight than attempts");
}

static bool has_received(const struct history *history, uint32_t code)
{
    for (const struct step *step = history->steps; step < history->steps + history->n; step++)
        if (step->heard.kind == TRUNKHA_REPORT_RESPONSE && step->heard.code == code)
            return true;

    return false;
}

static void nothing_follows_the_end(const struct history *history)
{
    bool has_ended = false;

    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        const struct tha_call_verdict *verdict = &step->verdict;

        check(history, !has_ended || (!step->is_start && verdict->next == THA_CALL_WAIT && !verdict->is_news),
              "something follows the end");
        has_ended |= verdict->next == THA_CALL_STOP || verdict->result == TRUNKHA_CALL_ANSWERED;
        check(history, !has_ended || step->deadline_after == UINT64_MAX, "a deadline after the end");
        if (verdict->next == THA_CALL_STOP)
            check(history,
                  is_among(verdict->code, "408 500 487") ||
                      (verdict->code != 503 && verdict->code >= 300 && has_received(history, verdict->code)),
                  "the caller is told a code that nobody sent");
    }
}

/** No time-out before its deadline, none missed. */
static void deadlines_are_kept(const struct history *history)
{
    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        bool is_time = step->heard.kind == TRUNKHA_REPORT_TIME;

        if (!step->is_start && is_time)
            check(history, (step->verdict.next != THA_CALL_WAIT) == (step->at >= step->deadline_before),
                  "too early, or too late");
        check(history, !is_time || step->is_start || step->deadline_after > step->at, "a deadline left behind");
    }
}

/** Enough of everything must have happened, or the histories show nothing. */
struct tally {
    unsigned answered, stopped, retried, rung, of_result[TRUNKHA_CALL_FORGOTTEN + 1];
};

static void count(struct tally *tally, const struct history *history)
{
    for (const struct step *step = history->steps; step < history->steps + history->n; step++) {
        tally->answered += step->verdict.result == TRUNKHA_CALL_ANSWERED;
        tally->stopped += step->verdict.next == THA_CALL_STOP;
        tally->retried += step->verdict.next == THA_CALL_NEXT;
        tally->rung += step->verdict.is_news && step->verdict.result == TRUNKHA_CALL_UNDER_WAY;
        tally->of_result[step->verdict.result]++;
    }
}

START_TEST(two_hundred_thousand_histories_are_as_the_model_says)
{
    struct tally tally = {0};

    for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
        struct history history = {.seed = seed};

        random_state = seed * 2654435761U; /* Knuth's multiplier: neighbours begin far apart, none at 0 */
        make_history(&history);
        next_is_never_said_in_vain(&history);
        attempts_end_once(&history);
        nothing_follows_the_end(&history);
        deadlines_are_kept(&history);
        count(&tally, &history);
    }

    ck_assert_uint_gt(tally.answered, HISTORIES / 100);
    ck_assert_uint_gt(tally.stopped, HISTORIES / 4);
    ck_assert_uint_gt(tally.retried, HISTORIES / 4);
    ck_assert_uint_gt(tally.rung, HISTORIES / 10);
    for (uint32_t result = TRUNKHA_CALL_ANSWERED; result <= TRUNKHA_CALL_TIMED_OUT; result++)
        ck_assert_msg(tally.of_result[result] > HISTORIES / 100, "too few: %s", trunkha_call_result_name(result));
}
END_TEST

SUITE("call_histories", two_hundred_thousand_histories_are_as_the_model_says)
