#include "../suite.h"
#include "core/call.h"

#define START 1000000

static struct tha_call_settings usual(void)
{
    static const uint32_t codes[] = {408, 500, 502, 503, 504};
    struct tha_call_settings settings = {
        .no_response_ms = 3000,
        .no_ring_ms = 10000,
        .total_ms = 20000,
        .ring_ms = 45000,
        .max_attempts = 3,
        .max_retry_after_ms = 300000,
    };

    for (size_t i = 0; i < 5; i++)
        tha_codes_put(&settings.reroute, codes[i], true);

    return settings;
}

/** A call with its first attempt at START. */
static struct tha_call begin(const struct tha_call_settings *settings)
{
    struct tha_call call;

    tha_call_init(&call, settings);
    tha_call_start_attempt(&call, START);

    return call;
}

static struct tha_call_verdict hear(struct tha_call *call, uint64_t now_ms, struct tha_call_heard heard)
{
    struct tha_call_verdict verdict;

    tha_call_hear(call, &heard, now_ms, &verdict);

    return verdict;
}

static struct tha_call_verdict hear_code(struct tha_call *call, uint64_t now_ms, uint32_t code)
{
    return hear(call, now_ms, (struct tha_call_heard){.kind = TRUNKHA_REPORT_RESPONSE, .code = code});
}

static struct tha_call_verdict hear_kind(struct tha_call *call, uint64_t now_ms, uint32_t kind)
{
    return hear(call, now_ms, (struct tha_call_heard){.kind = kind});
}

static bool is_equal(struct tha_call_verdict a, struct tha_call_verdict b)
{
    return a.next == b.next && a.code == b.code && a.gives_up == b.gives_up && a.is_news == b.is_news &&
           a.other_codecs == b.other_codecs && a.result == b.result && a.weight == b.weight && a.flags == b.flags &&
           a.cool_ms == b.cool_ms;
}

static const struct tha_call_verdict nothing = {.next = THA_CALL_WAIT};
static const struct tha_call_verdict rings = {.is_news = true, .result = TRUNKHA_CALL_UNDER_WAY, .flags = THA_NEWS_USER};
static const struct tha_call_verdict answered = {.is_news = true, .result = TRUNKHA_CALL_ANSWERED, .flags = THA_NEWS_USER};
static const struct tha_call_verdict next_for_silence = {.next = THA_CALL_NEXT,
                                                         .gives_up = true,
                                                         .is_news = true,
                                                         .result = TRUNKHA_CALL_NO_RESPONSE,
                                                         .weight = THA_WEIGHT_HARD,
                                                         .flags = THA_NEWS_SILENT};
static const struct tha_call_verdict next_for_no_ring = {
    .next = THA_CALL_NEXT, .gives_up = true, .is_news = true, .result = TRUNKHA_CALL_NO_RING, .weight = THA_WEIGHT_SOFT};
static const struct tha_call_verdict stop_for_time = {
    .next = THA_CALL_STOP, .code = 408, .gives_up = true, .is_news = true, .result = TRUNKHA_CALL_TIMED_OUT};

/** Nothing happens a millisecond before @p when_ms, exactly one thing at it. */
static void expect_at(struct tha_call *call, uint64_t when_ms, struct tha_call_verdict expected)
{
    ck_assert_uint_eq(tha_call_deadline(call), when_ms);
    ck_assert(is_equal(hear_kind(call, when_ms - 1, TRUNKHA_REPORT_TIME), nothing));
    ck_assert_uint_eq(tha_call_deadline(call), when_ms);
    ck_assert(is_equal(hear_kind(call, when_ms, TRUNKHA_REPORT_TIME), expected));
    ck_assert(is_equal(hear_kind(call, when_ms, TRUNKHA_REPORT_TIME), nothing));
    ck_assert_uint_eq(tha_call_deadline(call), UINT64_MAX);
}

START_TEST(a_silent_trunk_is_left_after_no_response_ms)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    expect_at(&call, START + 3000, next_for_silence);
    ck_assert_uint_eq(call.phase, THA_CALL_IDLE);
    tha_call_start_attempt(&call, START + 5000);
    expect_at(&call, START + 8000, next_for_silence);
}
END_TEST

START_TEST(a_trunk_that_only_tries_is_left_after_no_ring_ms_from_the_start_of_its_attempt)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    hear_kind(&call, START + 3000, TRUNKHA_REPORT_TIME);
    tha_call_start_attempt(&call, START + 3500);
    ck_assert(is_equal(hear_code(&call, START + 6499, 100), nothing));
    ck_assert_uint_eq(call.phase, THA_CALL_PROCEEDING);
    ck_assert(is_equal(hear_code(&call, START + 7000, 100), nothing));
    expect_at(&call, START + 13500, next_for_no_ring);
}
END_TEST

START_TEST(the_total_runs_from_the_first_attempt_and_counts_against_nobody)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    hear_code(&call, START + 1000, 100);
    hear_code(&call, START + 9000, 503);
    tha_call_start_attempt(&call, START + 9000);
    hear_code(&call, START + 9001, 100);
    ck_assert(is_equal(hear_kind(&call, START + 18999, TRUNKHA_REPORT_TIME), nothing));
    hear_code(&call, START + 18999, 503);
    tha_call_start_attempt(&call, START + 18999);
    expect_at(&call, START + 20000, stop_for_time);
    ck_assert_uint_eq(call.phase, THA_CALL_OVER);
}
END_TEST

START_TEST(a_trunk_that_rings_has_ring_ms_and_no_other_deadline)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_code(&call, START + 2999, 183), rings));
    ck_assert_uint_eq(call.phase, THA_CALL_RINGING);
    expect_at(&call, START + 2999 + 45000, stop_for_time);
}
END_TEST

START_TEST(the_total_outranks_other_deadlines_at_the_same_time)
{
    struct tha_call_settings settings = usual();
    struct tha_call call;

    settings.total_ms = settings.no_ring_ms = settings.no_response_ms;
    call = begin(&settings);
    expect_at(&call, START + 3000, stop_for_time);
}
END_TEST

START_TEST(silence_outranks_no_ring_at_the_same_time)
{
    struct tha_call_settings settings = usual();
    struct tha_call call;

    settings.no_ring_ms = settings.no_response_ms;
    call = begin(&settings);
    expect_at(&call, START + 3000, next_for_silence);
}
END_TEST

START_TEST(of_several_deadlines_that_have_passed_the_earliest_counts)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_kind(&call, START + 19999, TRUNKHA_REPORT_TIME), next_for_silence));
}
END_TEST

START_TEST(no_attempt_follows_when_the_total_is_used_up)
{
    struct tha_call_settings settings = usual();
    struct tha_call_verdict stop_for_silence = next_for_silence;
    struct tha_call call = begin(&settings);

    stop_for_silence.next = THA_CALL_STOP;
    stop_for_silence.code = 408;
    ck_assert(is_equal(hear_kind(&call, START + 20000, TRUNKHA_REPORT_TIME), stop_for_silence));

    call = begin(&settings);
    ck_assert_uint_eq(hear_code(&call, START + 19999, 500).next, THA_CALL_NEXT);
    call = begin(&settings);
    ck_assert_uint_eq(hear_code(&call, START + 20000, 500).next, THA_CALL_STOP);
}
END_TEST

START_TEST(a_deadline_goes_before_a_1xx_that_is_late_but_not_before_a_final_response)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_code(&call, START + 3000, 180), next_for_silence));
    call = begin(&settings);
    ck_assert(is_equal(hear_code(&call, START + 3000, 200), answered));
    call = begin(&settings);
    ck_assert_uint_eq(hear_code(&call, START + 3000, 486).result, TRUNKHA_CALL_FAILED);
    call = begin(&settings);
    hear_code(&call, START, 180);
    ck_assert(is_equal(hear_code(&call, START + 45000, 183), stop_for_time));
}
END_TEST

START_TEST(a_1xx_repeated_is_no_news_and_moves_no_deadline)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_code(&call, START + 1, 100), nothing));
    ck_assert(is_equal(hear_code(&call, START + 2, 101), rings));
    ck_assert(is_equal(hear_code(&call, START + 3, 199), nothing));
    ck_assert(is_equal(hear_code(&call, START + 4, 100), nothing));
    ck_assert_uint_eq(call.phase, THA_CALL_RINGING);
    ck_assert_uint_eq(tha_call_deadline(&call), START + 2 + 45000);
}
END_TEST

START_TEST(a_2xx_answers_in_every_phase_of_an_attempt_and_nothing_follows_it)
{
    struct tha_call_settings settings = usual();
    static const uint32_t before[] = {0, 100, 180};

    for (size_t i = 0; i < 3; i++) {
        struct tha_call call = begin(&settings);

        if (before[i])
            hear_code(&call, START + 1, before[i]);
        ck_assert(is_equal(hear_code(&call, START + 2, i == 0 ? 202 : 200), answered));
        ck_assert_uint_eq(tha_call_deadline(&call), UINT64_MAX);
        ck_assert(is_equal(hear_kind(&call, START + 3, TRUNKHA_REPORT_CANCELLED), nothing));
        ck_assert(is_equal(hear_kind(&call, START + 3, TRUNKHA_REPORT_TRANSPORT_ERROR), nothing));
        ck_assert(is_equal(hear_code(&call, START + 3, 503), nothing));
        ck_assert_uint_eq(call.phase, THA_CALL_ANSWERED);
    }
}
END_TEST

START_TEST(a_503_leads_to_the_next_trunk_and_cools_this_one_at_most_so_long)
{
    struct tha_call_settings settings = usual();
    struct tha_call_heard busy = {TRUNKHA_REPORT_RESPONSE, 503, 0, 5000};
    struct tha_call_verdict expected = {
        .next = THA_CALL_NEXT, .is_news = true, .result = TRUNKHA_CALL_FAILED, .weight = THA_WEIGHT_HARD, .cool_ms = 5000};
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear(&call, START, busy), expected));
    call = begin(&settings);
    busy.retry_after_ms = UINT32_MAX;
    expected.cool_ms = 300000;
    ck_assert(is_equal(hear(&call, START, busy), expected));
}
END_TEST

START_TEST(retry_after_cools_for_503_alone_and_not_for_a_busy_user_or_after_ringing)
{
    struct tha_call_settings settings = usual();
    static const struct tha_call_heard not_ours[] = {
        {TRUNKHA_REPORT_RESPONSE, 500, 0, 5000}, {TRUNKHA_REPORT_RESPONSE, 404, 0, 5000},
        {TRUNKHA_REPORT_RESPONSE, 480, 0, 5000}, {TRUNKHA_REPORT_RESPONSE, 486, 0, 5000},
        {TRUNKHA_REPORT_RESPONSE, 600, 0, 5000}, {TRUNKHA_REPORT_RESPONSE, 503, 17, 5000},
    };
    struct tha_call call;

    for (size_t i = 0; i < sizeof(not_ours) / sizeof(not_ours[0]); i++) {
        call = begin(&settings);
        ck_assert_uint_eq(hear(&call, START, not_ours[i]).cool_ms, 0);
    }
    call = begin(&settings);
    hear_code(&call, START, 180);
    ck_assert_uint_eq(hear(&call, START, (struct tha_call_heard){TRUNKHA_REPORT_RESPONSE, 503, 0, 5000}).cool_ms, 0);
}
END_TEST

START_TEST(refused_media_ask_for_other_codecs_unless_the_call_stops)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);
    struct tha_call_verdict verdict = hear_code(&call, START, 488);

    ck_assert_uint_eq(verdict.next, THA_CALL_NEXT);
    ck_assert(verdict.other_codecs);
    ck_assert_uint_eq(verdict.weight, 0);

    settings.max_attempts = 1;
    call = begin(&settings);
    verdict = hear_code(&call, START, 488);
    ck_assert_uint_eq(verdict.next, THA_CALL_STOP);
    ck_assert(!verdict.other_codecs);
    ck_assert_uint_eq(verdict.code, 488);
}
END_TEST

START_TEST(nothing_is_retried_after_ringing)
{
    struct tha_call_settings settings = usual();
    const struct tha_call_verdict failed = {
        .next = THA_CALL_STOP, .code = 500, .is_news = true, .result = TRUNKHA_CALL_FAILED, .flags = THA_NEWS_USER};
    const struct tha_call_verdict lost = {
        .next = THA_CALL_STOP, .code = 500, .is_news = true, .result = TRUNKHA_CALL_TRANSPORT_ERROR};
    struct tha_call call = begin(&settings);

    hear_code(&call, START, 180);
    ck_assert(is_equal(hear_code(&call, START, 503), failed));
    call = begin(&settings);
    hear_code(&call, START, 180);
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_TRANSPORT_ERROR), lost));
    call = begin(&settings);
    hear_code(&call, START, 180);
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_NO_RESPONSE), stop_for_time));
}
END_TEST

START_TEST(a_transport_error_is_hard_but_not_silent)
{
    struct tha_call_settings settings = usual();
    struct tha_call_verdict expected = {
        .next = THA_CALL_NEXT, .is_news = true, .result = TRUNKHA_CALL_TRANSPORT_ERROR, .weight = THA_WEIGHT_HARD};
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_TRANSPORT_ERROR), expected));
    tha_call_start_attempt(&call, START);
    hear_code(&call, START, 100);
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_TRANSPORT_ERROR), expected));
    tha_call_start_attempt(&call, START);
    expected.next = THA_CALL_STOP;
    expected.code = 500;
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_TRANSPORT_ERROR), expected));
}
END_TEST

START_TEST(a_transaction_that_timed_out_is_as_the_deadline_of_its_phase)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_NO_RESPONSE), next_for_silence));
    tha_call_start_attempt(&call, START);
    hear_code(&call, START, 100);
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_NO_RESPONSE), next_for_no_ring));
}
END_TEST

START_TEST(the_last_attempt_allowed_stops_the_call)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert_uint_eq(hear_code(&call, START, 503).next, THA_CALL_NEXT);
    tha_call_start_attempt(&call, START);
    ck_assert_uint_eq(hear_code(&call, START, 503).next, THA_CALL_NEXT);
    tha_call_start_attempt(&call, START);
    ck_assert_uint_eq(hear_code(&call, START, 503).next, THA_CALL_STOP);
    ck_assert_uint_eq(call.n_attempts, 3);
}
END_TEST

START_TEST(the_caller_may_give_up_at_any_time)
{
    struct tha_call_settings settings = usual();
    static const uint32_t before[] = {0, 100, 180};
    const struct tha_call_verdict expected = {
        .next = THA_CALL_STOP, .code = 487, .gives_up = true, .is_news = true, .result = TRUNKHA_CALL_CANCELLED};

    for (size_t i = 0; i < 3; i++) {
        struct tha_call call = begin(&settings);

        if (before[i])
            hear_code(&call, START + 1, before[i]);
        ck_assert(is_equal(hear_kind(&call, START + 90000, TRUNKHA_REPORT_CANCELLED), expected));
        ck_assert(is_equal(hear_kind(&call, START + 90000, TRUNKHA_REPORT_CANCELLED), nothing));
        ck_assert_uint_eq(tha_call_deadline(&call), UINT64_MAX);
    }
}
END_TEST

START_TEST(between_attempts_only_the_caller_is_heard)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);
    const struct tha_call_verdict expected = {.next = THA_CALL_STOP, .code = 487, .result = TRUNKHA_CALL_CANCELLED};

    hear_code(&call, START, 503);
    ck_assert(is_equal(hear_code(&call, START + 90000, 200), nothing));
    ck_assert(is_equal(hear_kind(&call, START + 90000, TRUNKHA_REPORT_TIME), nothing));
    ck_assert(is_equal(hear_kind(&call, START, TRUNKHA_REPORT_CANCELLED), expected));
    ck_assert_uint_eq(call.phase, THA_CALL_OVER);
}
END_TEST

static uint32_t stop_after(const uint32_t *codes, size_t n)
{
    struct tha_call_settings settings = usual();
    struct tha_call call;

    tha_call_init(&call, &settings);
    for (size_t i = 0; i < n; i++) {
        tha_call_start_attempt(&call, START);
        if (codes[i])
            hear_code(&call, START, codes[i]);
        else
            hear_kind(&call, START + 3000, TRUNKHA_REPORT_TIME);
    }

    return tha_call_stop(&call);
}

START_TEST(the_code_for_the_caller_is_the_best_of_all_attempts)
{
    ck_assert_uint_eq(stop_after(NULL, 0), 503);
    ck_assert_uint_eq(stop_after((uint32_t[]){503}, 1), 500);
    ck_assert_uint_eq(stop_after((uint32_t[]){0}, 1), 408);
    ck_assert_uint_eq(stop_after((uint32_t[]){503, 504}, 2), 504);
    ck_assert_uint_eq(stop_after((uint32_t[]){504, 503}, 2), 504);
    ck_assert_uint_eq(stop_after((uint32_t[]){0, 503}, 2), 408);
    ck_assert_uint_eq(stop_after((uint32_t[]){503, 0}, 2), 408);
    ck_assert_uint_eq(stop_after((uint32_t[]){0, 486}, 2), 486);
    ck_assert_uint_eq(stop_after((uint32_t[]){500, 488, 503}, 3), 488);
    ck_assert_uint_eq(stop_after((uint32_t[]){488, 603}, 2), 603);
}
END_TEST

START_TEST(a_call_stopped_in_its_first_attempt_has_nothing_better_to_say_than_408)
{
    struct tha_call_settings settings = usual();
    struct tha_call call = begin(&settings);

    ck_assert_uint_eq(tha_call_stop(&call), 408);
    ck_assert_uint_eq(call.phase, THA_CALL_OVER);
    ck_assert(is_equal(hear_code(&call, START, 200), nothing));
}
END_TEST

SUITE("call", a_silent_trunk_is_left_after_no_response_ms,
      a_trunk_that_only_tries_is_left_after_no_ring_ms_from_the_start_of_its_attempt,
      the_total_runs_from_the_first_attempt_and_counts_against_nobody, a_trunk_that_rings_has_ring_ms_and_no_other_deadline,
      the_total_outranks_other_deadlines_at_the_same_time, silence_outranks_no_ring_at_the_same_time,
      of_several_deadlines_that_have_passed_the_earliest_counts, no_attempt_follows_when_the_total_is_used_up,
      a_deadline_goes_before_a_1xx_that_is_late_but_not_before_a_final_response,
      a_1xx_repeated_is_no_news_and_moves_no_deadline, a_2xx_answers_in_every_phase_of_an_attempt_and_nothing_follows_it,
      a_503_leads_to_the_next_trunk_and_cools_this_one_at_most_so_long,
      retry_after_cools_for_503_alone_and_not_for_a_busy_user_or_after_ringing,
      refused_media_ask_for_other_codecs_unless_the_call_stops, nothing_is_retried_after_ringing,
      a_transport_error_is_hard_but_not_silent, a_transaction_that_timed_out_is_as_the_deadline_of_its_phase,
      the_last_attempt_allowed_stops_the_call, the_caller_may_give_up_at_any_time, between_attempts_only_the_caller_is_heard,
      the_code_for_the_caller_is_the_best_of_all_attempts,
      a_call_stopped_in_its_first_attempt_has_nothing_better_to_say_than_408)
