/* The primary falls silent and comes back: detection, failover, recovery, failback, each to the millisecond. */
#include <string.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

/* First probes: a1 at 0, b1 at 500; then every 30 s. The carrier dies right after it answered at 20 ms. */

START_TEST(trunk_goes_down_on_third_failure_at_the_worst_case_of_the_formula)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *down;
    uint64_t formula = 30000 + 3000 + 2 * 3000;

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, formula - 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 2);

    sim_run_to(sim, formula);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");

    down = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 1);
    ck_assert_ptr_nonnull(down);
    ck_assert_uint_eq(down->at_ms, formula);
    ck_assert_uint_eq(down->event.health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(down->event.previous_health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(down->event.reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_uint_eq(down->event.failed_attempts, 3);
    ck_assert_uint_eq(down->event.last_response, 0);
    ck_assert_str_eq(down->event.trunk_group_id, "carrier-a");
    ck_assert_str_eq(down->event.target, "udp:192.0.2.1:5060");
    ck_assert_str_eq(down->event.detail, "no answer to 3 probes");
    sim_free(sim);
}
END_TEST

START_TEST(first_failure_switches_to_the_suspect_interval_and_down_to_the_down_interval)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 30000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 30000);
    sim_run_to(sim, 33000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 33000);
    sim_run_to(sim, 36000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 36000);
    sim_run_to(sim, 50999);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 36000);
    sim_run_to(sim, 51000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 51000);
    sim_free(sim);
}
END_TEST

START_TEST(one_lost_packet_changes_nothing)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 32999);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 600000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL), 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, NULL), 0);
    sim_free(sim);
}
END_TEST

/* a1 is DOWN at 39,000 and probed at 51,000, 66,000, 81,000 ... */

START_TEST(two_answers_in_a_row_bring_it_back)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *up;

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 66019);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, 66020);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    up = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 2);
    ck_assert_ptr_nonnull(up);
    ck_assert_uint_eq(up->event.reason, TRUNKHA_REASON_KEEPALIVE_RECOVERED);
    sim_free(sim);
}
END_TEST

START_TEST(failback_waits_for_the_hold_down_and_not_a_millisecond_longer)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    uint64_t back = 66020 + 60000;
    uint32_t n;

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, back - 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[1].why, TRUNKHA_WHY_HOLD_DOWN);

    sim_run_to(sim, back);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    ck_assert_str_eq(sim_order(sim, "out"), "a1 b1");
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[0].why, TRUNKHA_WHY_PREFERRED);
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[1].why, TRUNKHA_WHY_STANDBY);
    sim_free(sim);
}
END_TEST

START_TEST(a_failure_within_the_hold_down_begins_it_anew)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK); /* AVAILABLE at 66,020, asked again at 96,000 */
    sim_run_to(sim, 90000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 98000);
    sim_behave(sim, "a1", SIM_OK); /* one failure, at 99,000 */
    sim_run_to(sim, 99000 + 60000 - 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_run_to(sim, 99000 + 60000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(a_held_down_trunk_is_watched_as_closely_as_one_that_is_down)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK); /* AVAILABLE at 66,020, held down until 126,020 */
    sim_run_to(sim, 70000);
    sim_call(sim, "a1", SIM_ANSWERED, 1); /* postpones nothing now */
    sim_run_to(sim, 81000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 81000);
    sim_run_to(sim, 111000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 111000);
    sim_run_to(sim, 122920); /* the time-out and 0.1 s before its end */
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 122920);
    sim_run_to(sim, 137919);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 122920);
    sim_run_to(sim, 167920);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 167920);
    sim_free(sim);
}
END_TEST

START_TEST(no_calls_go_back_to_a_trunk_that_is_dead_when_the_hold_down_ends)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 112000); /* the last probe but one is at 111,000 */
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 200000);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out"), 1);
    sim_free(sim);
}
END_TEST

START_TEST(a_held_down_trunk_is_used_at_once_when_the_other_dies)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 66020);
    sim_behave(sim, "b1", SIM_REFUSED);
    sim_run_to(sim, 100000);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(both_back_from_an_outage_do_not_swap_twice)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", (struct sim_manner){503, 20});
    sim_behave(sim, "b1", (struct sim_manner){503, 20});
    sim_run_to(sim, 120000);
    ck_assert_str_eq(sim_active(sim, "out"), "");
    ck_assert_str_eq(sim_order(sim, "out"), "a1 b1");
    sim_forget(sim);

    sim_behave(sim, "b1", SIM_OK);
    sim_run_to(sim, 150600);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 190000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_run_to(sim, 300000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out"), 2);
    sim_free(sim);
}
END_TEST

START_TEST(nothing_usable_still_offers_the_least_bad)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    uint32_t n;

    sim_run_to(sim, 1000);
    sim_behave_all(sim, (struct sim_manner){503, 20});
    sim_run_to(sim, 60000);
    ck_assert_str_eq(sim_order(sim, "out"), "a1 b1");
    ck_assert_uint_eq(sim_entries(sim, "out", &n)[0].why, TRUNKHA_WHY_LAST_RESORT);
    ck_assert_uint_eq(n, 2);
    sim_free(sim);
}
END_TEST

START_TEST(an_hour_of_health_makes_no_event_and_no_extra_probe)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_run_to(sim, 3600000);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL, 0));
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_TARGET_STATE, NULL, 0));
    ck_assert_uint_eq(sim_probes(sim, "a1"), 121);
    ck_assert_uint_eq(sim_probes(sim, "b1"), 120);
    sim_free(sim);
}
END_TEST

START_TEST(a_result_nobody_waits_for_credits_nothing)
{
    const struct tha_evidence answered = {.kind = THA_EVIDENCE_ANSWERED, .code = 200};
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000); /* DOWN, no probe under way */
    sim_report(sim, "a1", &answered);
    sim_report(sim, "a1", &answered);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

SUITE("sim: silent carrier", trunk_goes_down_on_third_failure_at_the_worst_case_of_the_formula,
      first_failure_switches_to_the_suspect_interval_and_down_to_the_down_interval, one_lost_packet_changes_nothing,
      two_answers_in_a_row_bring_it_back, failback_waits_for_the_hold_down_and_not_a_millisecond_longer,
      a_failure_within_the_hold_down_begins_it_anew, a_held_down_trunk_is_watched_as_closely_as_one_that_is_down,
      no_calls_go_back_to_a_trunk_that_is_dead_when_the_hold_down_ends,
      a_held_down_trunk_is_used_at_once_when_the_other_dies,
      both_back_from_an_outage_do_not_swap_twice, nothing_usable_still_offers_the_least_bad,
      an_hour_of_health_makes_no_event_and_no_extra_probe, a_result_nobody_waits_for_credits_nothing)
