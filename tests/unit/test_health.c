#include <errno.h>

#include "../suite.h"
#include "core/health.h"
#include "trunkha.h"

static const struct tha_evidence good = {.kind = THA_EVIDENCE_ANSWERED, .code = 200, .rtt_us = 20000};
static const struct tha_evidence silence = {.kind = THA_EVIDENCE_TIMED_OUT};
static const struct tha_evidence refused = {.kind = THA_EVIDENCE_REFUSED};

static struct tha_keepalive usual(void)
{
    return (struct tha_keepalive){
        .max_failed_attempts = 3,
        .recovery_attempts = 2,
        .degraded_loss_percent = 20,
        .degraded_rtt_ms = 800,
        .degraded_window = 20,
    };
}

static bool judge(struct tha_health *health, const struct tha_evidence *evidence, uint64_t now_ms)
{
    const struct tha_keepalive keepalive = usual();

    return tha_health_judge(health, &keepalive, evidence, false, now_ms);
}

START_TEST(unknown_becomes_available_on_the_first_answer)
{
    struct tha_health health = {0};

    ck_assert(judge(&health, &good, 5));
    ck_assert_uint_eq(health.state, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(health.reason, TRUNKHA_REASON_STARTUP);
    ck_assert_uint_eq(health.since_ms, 5);
    ck_assert_uint_eq(health.last_success_ms, 5);
}
END_TEST

START_TEST(goes_down_on_the_third_failure_in_a_row_only)
{
    struct tha_health health = {.state = TRUNKHA_HEALTH_AVAILABLE};

    ck_assert(!judge(&health, &silence, 1));
    ck_assert(!judge(&health, &silence, 2));
    ck_assert(!judge(&health, &good, 3));
    health.window = 0; /* or four losses would degrade it */
    ck_assert(!judge(&health, &silence, 4));
    ck_assert(!judge(&health, &silence, 5));
    ck_assert(judge(&health, &silence, 6));
    ck_assert_uint_eq(health.state, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(health.failed, 3);
    ck_assert(!judge(&health, &silence, 7));
}
END_TEST

START_TEST(a_failure_while_down_starts_the_recovery_anew)
{
    struct tha_health health = {.state = TRUNKHA_HEALTH_DOWN};

    ck_assert(!judge(&health, &good, 1));
    ck_assert(tha_health_is_undecided(&health));
    ck_assert(!judge(&health, &silence, 2));
    ck_assert(!judge(&health, &good, 3));
    ck_assert(judge(&health, &good, 4));
    ck_assert_uint_eq(health.state, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(health.window, 0);
}
END_TEST

START_TEST(the_losses_before_an_outage_do_not_degrade_the_trunk_after_it)
{
    struct tha_health health = {.state = TRUNKHA_HEALTH_AVAILABLE};

    for (int i = 0; i < 30; i++)
        judge(&health, &silence, 1);
    judge(&health, &good, 2);
    judge(&health, &good, 3);
    ck_assert_uint_eq(health.state, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert(!judge(&health, &good, 4));
}
END_TEST

START_TEST(refused_is_a_network_error)
{
    struct tha_health health = {.state = TRUNKHA_HEALTH_AVAILABLE};

    judge(&health, &silence, 1);
    judge(&health, &silence, 2);
    judge(&health, &refused, 3);
    ck_assert_uint_eq(health.reason, TRUNKHA_REASON_NETWORK_ERROR);
    ck_assert_uint_eq(health.last_response, 0);
}
END_TEST

START_TEST(after_a_fault_at_home_one_answer_is_enough_but_only_then)
{
    const struct tha_keepalive keepalive = usual();
    struct tha_health health = {.state = TRUNKHA_HEALTH_AVAILABLE};

    for (int i = 0; i < 3; i++)
        tha_health_judge(&health, &keepalive, &silence, true, 1);
    ck_assert_uint_eq(health.reason, TRUNKHA_REASON_LOCAL_FAULT);
    ck_assert(tha_health_judge(&health, &keepalive, &good, false, 2));
    ck_assert_uint_eq(health.state, TRUNKHA_HEALTH_AVAILABLE);

    for (int i = 0; i < 3; i++)
        tha_health_judge(&health, &keepalive, &silence, true, 3);
    tha_health_judge(&health, &keepalive, &silence, false, 4);
    ck_assert_uint_eq(health.reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert(!tha_health_judge(&health, &keepalive, &good, false, 5));
    ck_assert(tha_health_judge(&health, &keepalive, &good, false, 6));
}
END_TEST

START_TEST(loss_is_counted_over_the_window)
{
    struct tha_health health = {.window = 0xfff00001, .results = 64};
    struct tha_keepalive keepalive = usual();

    ck_assert_uint_eq(tha_health_loss_permille(&health, &keepalive), 50);
    keepalive.degraded_window = 64;
    health.window = UINT64_MAX;
    ck_assert_uint_eq(tha_health_loss_permille(&health, &keepalive), 1000);
    health = (struct tha_health){.window = 1, .results = 4};
    ck_assert_uint_eq(tha_health_loss_permille(&health, &keepalive), 250);
    health.results = 0;
    ck_assert_uint_eq(tha_health_loss_permille(&health, &keepalive), 0);
}
END_TEST

START_TEST(a_peer_that_turns_us_away_is_there)
{
    static const int errors[] = {ECONNREFUSED, ECONNRESET, EPIPE};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        const struct tha_evidence turned_away = {.kind = THA_EVIDENCE_REFUSED, .system_error = errors[i]};

        ck_assert(!tha_health_is_silence(&turned_away));
    }
    ck_assert(tha_health_is_silence(&(struct tha_evidence){.kind = THA_EVIDENCE_REFUSED, .system_error = EHOSTUNREACH}));
}
END_TEST

START_TEST(refused_credentials_are_remembered_until_a_good_answer)
{
    static const struct tha_evidence challenge = {.kind = THA_EVIDENCE_AUTH_FAILED, .code = 401};
    struct tha_health health = {0};

    judge(&health, &silence, 1);
    ck_assert(!health.refuses_us);
    judge(&health, &challenge, 2);
    ck_assert(health.refuses_us);
    judge(&health, &silence, 3);
    ck_assert(health.refuses_us);
    judge(&health, &good, 4);
    ck_assert(!health.refuses_us);
}
END_TEST

SUITE("health", unknown_becomes_available_on_the_first_answer, goes_down_on_the_third_failure_in_a_row_only,
      a_failure_while_down_starts_the_recovery_anew, the_losses_before_an_outage_do_not_degrade_the_trunk_after_it,
      refused_is_a_network_error, after_a_fault_at_home_one_answer_is_enough_but_only_then, loss_is_counted_over_the_window,
      a_peer_that_turns_us_away_is_there, refused_credentials_are_remembered_until_a_good_answer)
