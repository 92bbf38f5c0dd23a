/* Calls, probes, pauses, faults at home and reloads where they meet. In these worlds a1 is probed at 0, b1 at 500 ms, and
 * both every 30 s from there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define SIM_UNDELIVERED                                                                                                     \
    ((struct tha_news){.kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_TRANSPORT_ERROR, .weight = THA_WEIGHT_HARD})

#define WORLD_OF(a1)                                                                                                        \
    "{'trunkGroups': [{'id': 'carrier-a', 'trunks': [" a1 "]},"                                                             \
    " {'id': 'carrier-b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}],"                                        \
    " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'carrier-a', 'secondaryTrunkGroup': 'carrier-b'}]," KEEPALIVE  \
    "}"

static void fail_calls(struct sim *sim, const char *trunk_id)
{
    for (int i = 0; i < 3; i++)
        sim_call(sim, trunk_id, SIM_UNAVAILABLE, 1);
}

static void assert_state(const struct sim *sim, const char *trunk_id, uint32_t health, uint32_t reason)
{
    ck_assert_str_eq(trunkha_health_name(sim_trunk(sim, trunk_id)->health), trunkha_health_name(health));
    ck_assert_str_eq(trunkha_reason_name(sim_trunk(sim, trunk_id)->reason), trunkha_reason_name(reason));
}

/* ---- Trials ---- */

START_TEST(many_trials_that_wait_for_their_probes_are_all_let_through_when_those_return)
{
    char *world = malloc(16384), id[8];
    size_t len = (size_t)sprintf(world, "{'trunkGroups': [{'id': 'g', 'trunks': [");
    struct sim *sim;

    for (int i = 0; i < 60; i++)
        len += (size_t)sprintf(world + len, "%s{'id': 't%d', 'sipAddress': '192.0.%d.1'}", i ? "," : "", i, i);
    sprintf(world + len, "]}]," KEEPALIVE "}");
    sim = sim_new(world);
    sim_run_to(sim, 10000);
    sim_behave_all(sim, (struct sim_manner){503, 20});
    for (int i = 0; i < 60; i++) {
        sprintf(id, "t%d", i);
        fail_calls(sim, id);
        sim_run_to(sim, sim_now(sim) + 20000);
    }
    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, sim_now(sim) + 60000);
    for (int i = 0; i < 60; i++) {
        sprintf(id, "t%d", i);
        ck_assert_msg(sim_is_armed(sim, id), "%s", id);
    }
    sim_free(sim);
    free(world);
}
END_TEST

START_TEST(a_call_that_brings_a_trunk_down_changes_its_interval_too)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'a1', 'sipAddress': '192.0.2.1'}],"
                              " 'keepalive': {'interval': 3600, 'downInterval': 15, 'jitter': 0, 'maxFailedAttempts': 1}}");

    sim_run_to(sim, 10000);
    sim_call(sim, "a1", SIM_UNAVAILABLE, 1);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_CALL_FAILURE);
    sim_run_to(sim, 25020);
    ck_assert_uint_gt(sim_last_probe(sim, "a1"), 0);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_free(sim);
}
END_TEST

/* ---- Pauses ---- */

START_TEST(after_a_pause_the_reason_is_what_keeps_the_trunk_down)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news pause = SIM_UNAVAILABLE;

    pause.cool_ms = 60000;
    sim_call(sim, "a1", pause, 1);
    sim_call(sim, "a1", SIM_UNAVAILABLE, 1);
    sim_call(sim, "a1", SIM_UNAVAILABLE, 1);
    sim_run_to(sim, 75000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_CALL_FAILURE);
    sim_free(sim);

    sim = sim_new_at(TWO_CARRIERS, 10000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_call(sim, "a1", pause, 1);
    sim_run_to(sim, 600000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_whose_probes_return_during_its_pause_is_overloaded)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    struct tha_news pause = SIM_UNAVAILABLE;

    sim_behave(sim, "a1", SIM_REFUSED);
    sim_run_to(sim, 60000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR);
    sim_behave(sim, "a1", SIM_OK);
    pause.cool_ms = 200000;
    sim_call(sim, "a1", pause, 1);
    sim_run_to(sim, 160000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_OVERLOAD);
    sim_free(sim);
}
END_TEST

/* ---- Faults at home ---- */

START_TEST(an_unprobed_trunk_is_not_blamed_for_the_fault_at_home_without_a_way_back)
{
    struct sim *sim = sim_new(
        "{'trunkGroups': [{'id': 'ga', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.1',"
        " 'keepalive': {'enabled': false}}]}, {'id': 'gb', 'trunks': ["
        " {'id': 'b1', 'sipAddress': '198.51.100.1'}, {'id': 'b2', 'sipAddress': '203.0.113.1'}]}],"
        " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'ga', 'secondaryTrunkGroup': 'gb'}]," KEEPALIVE "}");

    sim_run_to(sim, 10000);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 60000);
    assert_state(sim, "b1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_LOCAL_FAULT);
    for (int i = 0; i < 3; i++)
        sim_call(sim, "a1", SIM_UNANSWERED, 1);
    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, 120000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_CALL_FAILURE);
    ck_assert(sim_is_armed(sim, "a1"));
    ck_assert(sim_takes_trials(sim, "out", "a1"));
    sim_free(sim);
}
END_TEST

START_TEST(calls_that_cannot_be_delivered_do_not_end_a_fault_at_home)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    for (int i = 0; i < 50; i++) {
        sim_call(sim, "a1", SIM_UNDELIVERED, 1);
        sim_call(sim, "b1", SIM_UNDELIVERED, 1);
        sim_run_to(sim, sim_now(sim) + 4000);
    }
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, sim_now(sim) + 30000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_fault_at_home_does_not_wash_away_what_calls_told_long_before)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 300000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 350000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, 380000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_CALL_FAILURE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

/* ---- Reloads ---- */

START_TEST(calls_of_a_trunk_that_is_gone_say_nothing_of_the_one_in_its_place)
{
    static const char *const worlds[] = {WORLD_OF("{'id': 'a1', 'sipAddress': '192.0.2.99'}"),
                                         WORLD_OF("{'id': 'x1', 'sipAddress': '192.0.2.99'}")};

    for (int i = 0; i < 2; i++) {
        struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
        struct tha_news late = SIM_UNANSWERED;

        late.started_ms = sim_core_now(sim);
        sim_reload(sim, worlds[i]);
        sim_run_to(sim, 12000);
        for (int call = 0; call < 3; call++)
            tha_core_take_news((struct tha_core *)sim_core(sim), &late, 0, sim_core_now(sim));
        sim_run_to(sim, 12001);
        ck_assert_uint_eq(sim_trunk(sim, i ? "x1" : "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
        sim_free(sim);
    }
}
END_TEST

START_TEST(a_trial_does_not_outlive_its_target)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    fail_calls(sim, "a1");
    sim_run_to(sim, 26000);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_reload(sim, WORLD_OF("{'id': 'x1', 'sipAddress': '192.0.2.99'}"));
    sim_run_to(sim, 30000);
    ck_assert(!sim_is_armed(sim, "x1"));
    fail_calls(sim, "x1");
    ck_assert(!sim_is_armed(sim, "x1"));
    sim_free(sim);
}
END_TEST

/* ---- Others ---- */

START_TEST(few_calls_are_enough_to_keep_a_carrier_in_use_that_rejects_options)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 5000);

    sim_behave(sim, "a1", (struct sim_manner){403, 20});
    for (int i = 0; i < 10; i++) {
        sim_call(sim, "a1", SIM_ANSWERED, 1);
        sim_run_to(sim, sim_now(sim) + 60000);
        ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    }
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_PROBE_REJECTED, "a1"), 1);
    sim_free(sim);
}
END_TEST

START_TEST(a_carrier_that_begins_to_answer_options_with_503_is_left_although_it_completed_a_call_just_before)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 20000);

    sim_call(sim, "a1", SIM_ANSWERED, 1);
    sim_behave(sim, "a1", (struct sim_manner){503, 20});
    sim_run_to(sim, 60000);
    assert_state(sim, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(the_end_of_the_only_call_says_that_none_is_left)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);

    sim_call(sim, "a1", SIM_BEGUN, 1);
    sim_call(sim, "a1", SIM_ANSWERED, 1);
    ck_assert_uint_eq(sim_event(sim, TRUNKHA_EVENT_CALL_ATTEMPT, "a1", 0)->event.active_calls, 1);
    sim_call(sim, "a1", SIM_ENDED, 0);
    ck_assert_uint_eq(sim_event(sim, TRUNKHA_EVENT_CALL_END, "a1", 0)->event.active_calls, 0);
    sim_free(sim);
}
END_TEST

SUITE("sim: call corners", many_trials_that_wait_for_their_probes_are_all_let_through_when_those_return,
      a_call_that_brings_a_trunk_down_changes_its_interval_too, after_a_pause_the_reason_is_what_keeps_the_trunk_down,
      a_trunk_whose_probes_return_during_its_pause_is_overloaded,
      an_unprobed_trunk_is_not_blamed_for_the_fault_at_home_without_a_way_back,
      calls_that_cannot_be_delivered_do_not_end_a_fault_at_home,
      a_fault_at_home_does_not_wash_away_what_calls_told_long_before,
      calls_of_a_trunk_that_is_gone_say_nothing_of_the_one_in_its_place, a_trial_does_not_outlive_its_target,
      few_calls_are_enough_to_keep_a_carrier_in_use_that_rejects_options,
      a_carrier_that_begins_to_answer_options_with_503_is_left_although_it_completed_a_call_just_before,
      the_end_of_the_only_call_says_that_none_is_left)
