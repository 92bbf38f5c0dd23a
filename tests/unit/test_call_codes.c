#include "../suite.h"
#include "core/call.h"

#define NETWORK 34 /* no circuit */
#define USER    17 /* busy */

static struct tha_call_settings settings_with(const uint32_t *codes, size_t n)
{
    struct tha_call_settings settings = {0};

    for (size_t i = 0; i < n; i++)
        tha_codes_put(&settings.reroute, codes[i], true);

    return settings;
}

static struct tha_call_settings usual(void)
{
    static const uint32_t codes[] = {408, 500, 502, 503, 504};

    return settings_with(codes, 5);
}

static struct tha_call_settings all_listed(void)
{
    struct tha_call_settings settings = {0};

    for (uint32_t code = 300; code <= 699; code++)
        tha_codes_put(&settings.reroute, code, true);

    return settings;
}

static bool is_equal(struct tha_call_judgement a, struct tha_call_judgement b)
{
    return a.reroutes == b.reroutes && a.other_codecs == b.other_codecs && a.weight == b.weight && a.flags == b.flags &&
           a.cools == b.cools;
}

static bool judges(struct tha_call_settings settings, uint32_t code, uint32_t cause, struct tha_call_judgement expected)
{
    return is_equal(tha_call_judge(&settings, code, cause, false), expected);
}

/* What the rows of the table say. */
static const struct tha_call_judgement nothing = {0};
static const struct tha_call_judgement user = {.flags = THA_NEWS_USER};
static const struct tha_call_judgement soft = {.weight = THA_WEIGHT_SOFT};
static const struct tha_call_judgement reroute = {.reroutes = true};
static const struct tha_call_judgement reroute_soft = {.reroutes = true, .weight = THA_WEIGHT_SOFT};
static const struct tha_call_judgement reroute_hard = {.reroutes = true, .weight = THA_WEIGHT_HARD, .cools = true};
static const struct tha_call_judgement codecs = {.reroutes = true, .other_codecs = true};

START_TEST(a_503_reroutes_and_cools_and_counts_hard)
{
    ck_assert(judges(usual(), 503, 0, reroute_hard));
    ck_assert(judges(settings_with(NULL, 0), 503, 0, (struct tha_call_judgement){.weight = THA_WEIGHT_HARD, .cools = true}));
}
END_TEST

START_TEST(server_failures_and_408_reroute_if_listed_and_count_soft_anyhow)
{
    static const uint32_t row[] = {408, 500, 502, 504};

    for (size_t i = 0; i < 4; i++) {
        ck_assert(judges(usual(), row[i], 0, reroute_soft));
        ck_assert(judges(settings_with(NULL, 0), row[i], 0, soft));
    }
}
END_TEST

START_TEST(other_server_failures_count_only_where_the_operator_lists_them)
{
    static const uint32_t row[] = {501, 505, 513, 580, 599};

    for (size_t i = 0; i < 5; i++) {
        ck_assert(judges(usual(), row[i], 0, nothing));
        ck_assert(judges(all_listed(), row[i], 0, reroute_soft));
    }
}
END_TEST

START_TEST(a_403_counts_soft_and_reroutes_for_a_network_cause_only)
{
    ck_assert(judges(usual(), 403, 0, soft));
    ck_assert(judges(all_listed(), 403, 0, soft));
    ck_assert(judges(usual(), 403, NETWORK, reroute_soft));
    ck_assert(judges(usual(), 403, USER, user));
}
END_TEST

START_TEST(what_the_callee_says_is_no_fault_and_rerouted_only_where_listed)
{
    static const uint32_t row[] = {404, 410, 480, 484, 485};

    for (size_t i = 0; i < 5; i++) {
        ck_assert(judges(usual(), row[i], 0, user));
        ck_assert(judges(all_listed(), row[i], 0, (struct tha_call_judgement){.reroutes = true, .flags = THA_NEWS_USER}));
    }
}
END_TEST

START_TEST(busy_and_6xx_are_never_retried_even_if_listed)
{
    static const uint32_t row[] = {486, 600, 603, 604, 605, 607, 608, 699};

    for (size_t i = 0; i < 8; i++) {
        ck_assert(judges(usual(), row[i], 0, user));
        ck_assert(judges(all_listed(), row[i], 0, user));
    }
}
END_TEST

START_TEST(a_487_says_nothing_at_all)
{
    ck_assert(judges(usual(), 487, 0, nothing));
    ck_assert(judges(all_listed(), 487, 0, nothing));
    ck_assert(judges(all_listed(), 487, NETWORK, soft));
}
END_TEST

START_TEST(refused_media_go_where_the_codecs_differ)
{
    static const uint32_t row[] = {415, 488, 606};

    for (size_t i = 0; i < 3; i++) {
        ck_assert(judges(usual(), row[i], 0, codecs));
        ck_assert(judges(all_listed(), row[i], 0, codecs));
        ck_assert(judges(usual(), row[i], USER, user));
    }
    ck_assert(judges(usual(), 488, NETWORK, reroute_soft));
    ck_assert(judges(usual(), 606, NETWORK,
                     (struct tha_call_judgement){.reroutes = true, .other_codecs = true, .weight = THA_WEIGHT_SOFT}));
}
END_TEST

START_TEST(every_other_code_reroutes_only_if_listed_and_never_counts)
{
    static const uint32_t row[] = {300, 302, 399, 400, 401, 402, 405, 407, 409, 420, 421, 481, 482, 483, 489, 499};

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        ck_assert(judges(usual(), row[i], 0, nothing));
        ck_assert(judges(all_listed(), row[i], 0, reroute));
    }
}
END_TEST

START_TEST(a_user_cause_outranks_every_code)
{
    static const uint32_t causes[] = {1, 17, 18, 19, 21, 22, 28};

    for (size_t i = 0; i < 7; i++)
        for (uint32_t code = 300; code <= 699; code++)
            ck_assert(judges(all_listed(), code, causes[i], user));
}
END_TEST

START_TEST(a_network_cause_reroutes_every_code_but_487_and_6xx)
{
    static const uint32_t causes[] = {27, 34, 38, 41, 42, 47, 58};

    for (size_t i = 0; i < 7; i++) {
        for (uint32_t code = 300; code <= 599; code++)
            if (code != 487 && code != 503)
                ck_assert(judges(settings_with(NULL, 0), code, causes[i], reroute_soft));
        ck_assert(judges(settings_with(NULL, 0), 503, causes[i], reroute_hard));
        ck_assert(judges(all_listed(), 487, causes[i], soft));
        ck_assert(judges(all_listed(), 600, causes[i], soft));
        ck_assert(judges(all_listed(), 699, causes[i], soft));
    }
}
END_TEST

static bool is_known_cause(uint32_t cause)
{
    static const uint32_t known[] = {1, 17, 18, 19, 21, 22, 28, 27, 34, 38, 41, 42, 47, 58};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == cause)
            return true;

    return false;
}

START_TEST(other_causes_are_as_none)
{
    const struct tha_call_settings settings = usual();

    for (uint32_t cause = 0; cause <= 128; cause++)
        for (uint32_t code = 300; code <= 699 && !is_known_cause(cause); code++)
            ck_assert(judges(settings, code, cause, tha_call_judge(&settings, code, 0, false)));
}
END_TEST

START_TEST(after_ringing_nothing_reroutes_counts_or_cools)
{
    const struct tha_call_settings settings = all_listed();

    for (uint32_t code = 300; code <= 699; code++)
        for (uint32_t cause = 0; cause <= 127; cause++)
            ck_assert(is_equal(tha_call_judge(&settings, code, cause, true), user));
}
END_TEST

START_TEST(the_best_response_is_6xx_then_the_lowest_class)
{
    static const uint32_t best_first[] = {603, 302, 401, 404, 408, 500, 503, 0};
    size_t n = sizeof(best_first) / sizeof(best_first[0]);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            ck_assert_uint_eq(tha_call_better(best_first[i], best_first[j]), best_first[i]);
            ck_assert_uint_eq(tha_call_better(best_first[j], best_first[i]), best_first[i]);
        }
    }
}
END_TEST

START_TEST(responses_that_say_how_to_do_better_go_first_in_their_class)
{
    static const uint32_t helpful[] = {401, 407, 415, 420, 484};

    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(tha_call_better(helpful[i], 404), helpful[i]);
        ck_assert_uint_eq(tha_call_better(486, helpful[i]), helpful[i]);
        ck_assert_uint_eq(tha_call_better(helpful[i], 399), 399);
    }
}
END_TEST

START_TEST(of_equal_responses_the_later_one_is_passed_on)
{
    ck_assert_uint_eq(tha_call_better(404, 486), 486);
    ck_assert_uint_eq(tha_call_better(486, 404), 404);
    ck_assert_uint_eq(tha_call_better(500, 504), 504);
    ck_assert_uint_eq(tha_call_better(407, 401), 401);
    ck_assert_uint_eq(tha_call_better(600, 603), 603);
    ck_assert_uint_eq(tha_call_better(0, 0), 0);
}
END_TEST

SUITE("call_codes", a_503_reroutes_and_cools_and_counts_hard,
      server_failures_and_408_reroute_if_listed_and_count_soft_anyhow,
      other_server_failures_count_only_where_the_operator_lists_them,
      a_403_counts_soft_and_reroutes_for_a_network_cause_only,
      what_the_callee_says_is_no_fault_and_rerouted_only_where_listed, busy_and_6xx_are_never_retried_even_if_listed,
      a_487_says_nothing_at_all, refused_media_go_where_the_codecs_differ,
      every_other_code_reroutes_only_if_listed_and_never_counts, a_user_cause_outranks_every_code,
      a_network_cause_reroutes_every_code_but_487_and_6xx, other_causes_are_as_none,
      after_ringing_nothing_reroutes_counts_or_cools, the_best_response_is_6xx_then_the_lowest_class,
      responses_that_say_how_to_do_better_go_first_in_their_class, of_equal_responses_the_later_one_is_passed_on)
