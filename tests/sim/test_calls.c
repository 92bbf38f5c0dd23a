/* What calls tell of their trunks, beside what the probes tell. In these worlds a1 is probed at 0, b1 at 500 ms, and both
 * every 30 s from there. */
#include <string.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

/** a1 goes DOWN now, for the sake of its calls. */
static void fail_calls(struct sim *sim, const char *trunk_id)
{
    for (int i = 0; i < 3; i++)
        sim_call(sim, trunk_id, SIM_UNAVAILABLE, 1);
    ck_assert_uint_eq(sim_trunk(sim, trunk_id)->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, trunk_id)->reason, TRUNKHA_REASON_CALL_FAILURE);
}

/* ---- What failures count ---- */

START_TEST(three_hard_failures_bring_a_trunk_down_that_answers_its_probes)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    const struct sim_event *down;

    for (int i = 0; i < 2; i++)
        sim_call(sim, "a1", SIM_UNAVAILABLE, 5);
    sim_run_to(sim, 11000); /* the probe that the first one caused was answered */
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_forget(sim);
    sim_call(sim, "a1", SIM_UNAVAILABLE, 5);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");

    down = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_ptr_nonnull(down);
    ck_assert_uint_eq(down->event.reason, TRUNKHA_REASON_CALL_FAILURE);
    ck_assert_uint_eq(down->event.active_calls, 5);
    ck_assert_str_eq(down->event.detail, "calls fail, the last with 503");
    sim_free(sim);
}
END_TEST

START_TEST(six_soft_failures_bring_it_down_and_five_do_not)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(a_busy_callee_clears_the_score_and_so_does_one_that_rings)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    sim_call(sim, "a1", SIM_BUSY, 1);
    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    sim_call(sim, "a1", SIM_RINGING, 1);
    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(good_probes_do_not_clear_the_score)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    sim_run_to(sim, 3600000);
    sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(the_first_unanswered_call_has_the_trunk_probed_at_once)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_call(sim, "a1", SIM_UNANSWERED, 1);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 10000);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 1);

    sim_run_to(sim, 10500);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 0);
    sim_call(sim, "a1", SIM_UNANSWERED, 1); /* not more often than every 3 s */
    sim_run_to(sim, 12999);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 10000);
    sim_run_to(sim, 13000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 13000);
    sim_free(sim);
}
END_TEST

START_TEST(a_soft_failure_causes_no_probe)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_call(sim, "a1", SIM_SERVER_ERROR, 1);
    sim_run_to(sim, 29999);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 0);
    sim_free(sim);
}
END_TEST

START_TEST(an_unanswered_call_counts_as_a_failed_probe)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_behave(sim, "a1", SIM_SILENT);
    sim_call(sim, "a1", SIM_UNANSWERED, 1); /* and probes at 10,000 and 13,000 */
    sim_run_to(sim, 15999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_run_to(sim, 16000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

/* ---- On trial ---- */

START_TEST(one_call_is_let_through_after_a_down_interval)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 24999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 25000);
    ck_assert(sim_is_armed(sim, "a1"));
    ck_assert(sim_takes_trials(sim, "out", "a1"));
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");
    sim_free(sim);
}
END_TEST

START_TEST(each_trial_that_fails_doubles_the_wait_up_to_the_longest)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    uint64_t at = 25000;
    uint32_t period = 15000;

    fail_calls(sim, "a1");
    for (int i = 0; i < 9; i++) {
        sim_run_to(sim, at - 1);
        ck_assert(!sim_is_armed(sim, "a1"));
        sim_run_to(sim, at);
        ck_assert(sim_is_armed(sim, "a1"));
        sim_trial_call(sim, "a1", SIM_UNAVAILABLE);
        period = period * 2 < 900000 ? period * 2 : 900000;
        at += period;
    }
    ck_assert_uint_eq(period, 900000);
    sim_free(sim);
}
END_TEST

START_TEST(an_answered_trial_restores_the_trunk_and_the_hold_down_begins)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    const struct sim_event *up;

    fail_calls(sim, "a1");
    sim_run_to(sim, 26000);
    sim_forget(sim);
    sim_trial_call(sim, "a1", SIM_BEGUN);
    sim_trial_call(sim, "a1", SIM_RINGING);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_trial_call(sim, "a1", SIM_ANSWERED);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    up = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_ptr_nonnull(up);
    ck_assert_uint_eq(up->event.reason, TRUNKHA_REASON_CALL_RECOVERED);

    sim_run_to(sim, 26000 + 60000 - 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 26000 + 60000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(a_trial_whose_callee_was_busy_is_followed_by_another_at_once)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 26000);
    sim_trial_call(sim, "a1", SIM_BUSY);
    ck_assert(sim_is_armed(sim, "a1"));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(a_trial_of_which_nothing_is_heard_is_repeated_after_a_period)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 25000);
    sim_trial_call(sim, "a1", SIM_BEGUN);
    sim_run_to(sim, 39999);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 40000);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_free(sim);
}
END_TEST

START_TEST(no_call_is_wasted_on_a_trunk_that_fails_its_probes_too)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_behave(sim, "a1", SIM_SILENT);
    fail_calls(sim, "a1"); /* probed every 15 s from 10,000 */
    sim_run_to(sim, 80000);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 85019);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 85020);
    ck_assert(sim_is_armed(sim, "a1"));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(a_standby_is_not_tried_on_calls_that_the_active_trunk_can_take)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "b1");
    sim_run_to(sim, 60000);
    ck_assert(sim_is_armed(sim, "b1"));
    ck_assert(!sim_takes_trials(sim, "out", "b1"));
    sim_free(sim);
}
END_TEST

START_TEST(enabling_by_the_operator_ends_a_trial)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 26000);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_ENABLED, 0, 0);
    sim_run_to(sim, 27000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 600000);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_free(sim);
}
END_TEST

START_TEST(a_reload_keeps_score_trial_and_pause)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news pause = SIM_UNAVAILABLE;

    pause.cool_ms = 30000;
    fail_calls(sim, "a1");
    sim_call(sim, "b1", pause, 1);
    sim_call(sim, "b1", SIM_UNAVAILABLE, 1);
    sim_reload(sim, TWO_CARRIERS);
    sim_run_to(sim, 25000);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_run_to(sim, 39999);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, 40000);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_call(sim, "b1", SIM_UNAVAILABLE, 1);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

/* ---- A pause that was asked for ---- */

START_TEST(a_pause_passes_the_trunk_over_for_exactly_that_time_whatever_the_probes_say)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news news = SIM_UNAVAILABLE;
    uint32_t n;

    news.cool_ms = 45000;
    sim_forget(sim);
    sim_call(sim, "a1", news, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_OVERLOAD);
    ck_assert_uint_eq(sim_target(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 | a1");
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[1].why, TRUNKHA_WHY_COOLING);
    ck_assert_uint_ne(sim_target(sim, "a1")->cooldown_until_ms, 0);

    sim_run_to(sim, 54999);
    ck_assert_uint_gt(sim_last_probe(sim, "a1"), 10000); /* good probes meanwhile */
    ck_assert_str_eq(sim_order(sim, "out"), "b1 | a1");
    sim_run_to(sim, 55000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");
    ck_assert_uint_eq(sim_target(sim, "a1")->cooldown_until_ms, 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1"), 2);
    sim_free(sim);
}
END_TEST

START_TEST(a_shorter_pause_does_not_shorten_a_longer_one)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news news = SIM_UNAVAILABLE;

    news.cool_ms = 10000;
    sim_call(sim, "a1", news, 1);
    news.cool_ms = 1000;
    sim_call(sim, "a1", news, 1);
    sim_run_to(sim, 19999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_OVERLOAD);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, 20000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(when_all_ask_for_a_pause_the_call_is_still_tried)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news news = SIM_UNAVAILABLE;
    uint32_t n;

    news.cool_ms = 10000;
    sim_call(sim, "a1", news, 1);
    sim_call(sim, "b1", news, 1);
    ck_assert_str_eq(sim_order(sim, "out"), "a1 b1");
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[0].why, TRUNKHA_WHY_LAST_RESORT);
    sim_free(sim);
}
END_TEST

/* ---- Calls that are answered ---- */

START_TEST(an_answered_call_postpones_the_probe)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 20000);

    sim_call(sim, "a1", SIM_ANSWERED, 1);
    sim_run_to(sim, 49999);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 0);
    sim_run_to(sim, 50000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 50000);
    sim_free(sim);
}
END_TEST

START_TEST(an_answered_call_postpones_nothing_where_that_is_not_wanted)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'a1', 'sipAddress': '192.0.2.1'}],"
                              " 'keepalive': {'interval': 30, 'jitter': 0, 'onlyWhenIdle': false}}");

    sim_run_to(sim, 20000);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    sim_run_to(sim, 30000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 30000);
    sim_free(sim);
}
END_TEST

START_TEST(an_answered_call_ends_a_suspicion)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 20);

    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 36500); /* two have failed, the third is under way */
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 2);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    sim_run_to(sim, 39000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 1);
    sim_free(sim);
}
END_TEST

START_TEST(an_answered_call_proves_a_trunk_that_no_probe_has_reached)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'a1', 'sipAddress': '192.0.2.1', 'keepalive': {'enabled': false}}]}");

    sim_run_to(sim, 1000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    for (int i = 0; i < 3; i++)
        sim_call(sim, "a1", SIM_UNANSWERED, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, 1000 + 15000 - 1);
    ck_assert(!sim_is_armed(sim, "a1"));
    sim_run_to(sim, 1000 + 15000);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_free(sim);
}
END_TEST

START_TEST(a_carrier_that_rejects_options_but_completes_calls_stays_selectable)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 100);
    const struct sim_event *event;

    sim_behave(sim, "a1", (struct sim_manner){403, 20});
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    event = sim_event(sim, TRUNKHA_EVENT_PROBE_REJECTED, "a1", 0);
    ck_assert_ptr_nonnull(event);
    ck_assert_ptr_nonnull(strstr(event->event.detail, "add 403 to keepalive.acceptedResponseCodes"));

    sim_run_to(sim, 3600000);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_PROBE_REJECTED, NULL), 1);

    sim_call(sim, "a1", SIM_UNANSWERED, 1); /* from here on its probes count again */
    sim_run_to(sim, 3610000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

/* ---- Others ---- */

START_TEST(a_request_of_a_peer_that_is_down_has_it_probed_at_once_and_proves_nothing)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 20);

    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 60000); /* DOWN at 39,000; probed at 51,000, 66,000 */
    sim_knock(sim, "a1");
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, 64000);
    sim_knock(sim, "b1");
    sim_run_to(sim, 64010);
    ck_assert_uint_eq(sim_last_probe(sim, "b1"), 60500);
    sim_free(sim);
}
END_TEST

START_TEST(a_draining_trunk_says_when_the_last_call_has_gone)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_call(sim, "a1", SIM_BEGUN, 2);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DRAINING, 0, 0);
    sim_forget(sim);
    sim_call(sim, "a1", SIM_ENDED, 1);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1"), 0);
    sim_call(sim, "a1", SIM_ENDED, 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1"), 1);
    ck_assert_str_eq(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0)->event.detail, "drained: the last call has gone");
    sim_free(sim);
}
END_TEST

START_TEST(calls_that_nobody_answers_on_any_trunk_are_a_fault_at_home)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_behave_all(sim, SIM_SILENT);
    for (int i = 0; i < 3; i++)
        sim_call(sim, "a1", SIM_UNANSWERED, 1);
    for (int i = 0; i < 3; i++)
        sim_call(sim, "b1", SIM_UNANSWERED, 1);
    sim_run_to(sim, 12999); /* the probes that make sure are under way */
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 0);
    sim_run_to(sim, 13000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LOCAL_FAULT);

    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, 40000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(one_call_that_no_carrier_answers_is_no_fault_at_home)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_call(sim, "a1", SIM_UNANSWERED, 1);
    sim_call(sim, "b1", SIM_UNANSWERED, 1);
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 0);
    sim_free(sim);
}
END_TEST

START_TEST(news_of_a_disabled_trunk_or_of_none_change_nothing)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news nowhere = SIM_UNAVAILABLE;

    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0);
    for (int i = 0; i < 5; i++)
        sim_call(sim, "a1", SIM_UNAVAILABLE, 1);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_ENABLED, 0, 0);
    sim_run_to(sim, 11000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);

    nowhere.trunk_slot = nowhere.target_slot = 77;
    tha_core_take_news((struct tha_core *)sim_core(sim), &nowhere, 0, 0);
    nowhere.trunk_slot = nowhere.target_slot = THA_NONE;
    tha_core_take_news((struct tha_core *)sim_core(sim), &nowhere, 0, 0);
    sim_run_to(sim, 12000);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(every_attempt_and_every_call_is_an_event)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news news = SIM_ANSWERED;
    const struct sim_event *told;

    news.attempt = 2;
    news.why = TRUNKHA_WHY_PREFERRED;
    strcpy(news.call_id, "abc@host");
    strcpy(news.profile_id, "out");
    sim_call(sim, "a1", news, 3);
    told = sim_event(sim, TRUNKHA_EVENT_CALL_ATTEMPT, "a1", 0);
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->event.call_id, "abc@host");
    ck_assert_str_eq(told->event.profile_id, "out");
    ck_assert_str_eq(told->event.target, "udp:192.0.2.1:5060");
    ck_assert_str_eq(told->event.trunk_group_id, "carrier-a");
    ck_assert_uint_eq(told->event.attempt, 2);
    ck_assert_uint_eq(told->event.result, TRUNKHA_CALL_ANSWERED);
    ck_assert_uint_eq(told->event.last_response, 200);
    sim_call(sim, "a1", SIM_BEGUN, 3);
    sim_call(sim, "a1", SIM_RINGING, 3);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_CALL_ATTEMPT, NULL), 1);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_CALL_END, NULL), 0);
    sim_call(sim, "a1", SIM_ENDED, 2);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_CALL_END, "a1"), 1);
    sim_free(sim);
}
END_TEST

SUITE("sim: calls", three_hard_failures_bring_a_trunk_down_that_answers_its_probes,
      six_soft_failures_bring_it_down_and_five_do_not, a_busy_callee_clears_the_score_and_so_does_one_that_rings,
      good_probes_do_not_clear_the_score, the_first_unanswered_call_has_the_trunk_probed_at_once,
      a_soft_failure_causes_no_probe, an_unanswered_call_counts_as_a_failed_probe,
      one_call_is_let_through_after_a_down_interval, each_trial_that_fails_doubles_the_wait_up_to_the_longest,
      an_answered_trial_restores_the_trunk_and_the_hold_down_begins,
      a_trial_whose_callee_was_busy_is_followed_by_another_at_once,
      a_trial_of_which_nothing_is_heard_is_repeated_after_a_period, no_call_is_wasted_on_a_trunk_that_fails_its_probes_too,
      a_standby_is_not_tried_on_calls_that_the_active_trunk_can_take, enabling_by_the_operator_ends_a_trial,
      a_reload_keeps_score_trial_and_pause, a_pause_passes_the_trunk_over_for_exactly_that_time_whatever_the_probes_say,
      a_shorter_pause_does_not_shorten_a_longer_one, when_all_ask_for_a_pause_the_call_is_still_tried,
      an_answered_call_postpones_the_probe, an_answered_call_postpones_nothing_where_that_is_not_wanted,
      an_answered_call_ends_a_suspicion, an_answered_call_proves_a_trunk_that_no_probe_has_reached,
      a_carrier_that_rejects_options_but_completes_calls_stays_selectable,
      a_request_of_a_peer_that_is_down_has_it_probed_at_once_and_proves_nothing,
      a_draining_trunk_says_when_the_last_call_has_gone, calls_that_nobody_answers_on_any_trunk_are_a_fault_at_home,
      one_call_that_no_carrier_answers_is_no_fault_at_home, news_of_a_disabled_trunk_or_of_none_change_nothing,
      every_attempt_and_every_call_is_an_event)
