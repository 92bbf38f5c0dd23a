/* Going back to the preferred trunk: by itself, by hand, when nobody is talking, and later and later when it flaps. */
#include <string.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define WORLD(failback, keepalive)                                                                                          \
    "{'trunkGroups': [{'id': 'a', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.1'}]},"                                    \
    " {'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}],"                                                \
    " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'a', 'secondaryTrunkGroup': 'b', 'failback': " failback "}],"  \
    " 'keepalive': {'interval': 30, 'suspectInterval': 3, 'downInterval': 15, 'timeout': 3, 'jitter': 0,"                   \
    " 'maxFailedAttempts': 1, 'recoveryAttempts': 1" keepalive "}}"

/** a1 falls and is AVAILABLE again at the time returned. */
static uint64_t fall_and_rise(struct sim *sim)
{
    uint64_t at;

    sim_behave(sim, "a1", SIM_REFUSED);
    for (at = sim_now(sim); sim_trunk(sim, "a1")->health != TRUNKHA_HEALTH_DOWN; at++)
        sim_run_to(sim, at);
    sim_behave(sim, "a1", SIM_OK);
    for (; sim_trunk(sim, "a1")->health != TRUNKHA_HEALTH_AVAILABLE; at++)
        sim_run_to(sim, at);

    return sim_now(sim);
}

START_TEST(by_hand_means_not_before_the_word)
{
    struct sim *sim = sim_new(WORLD("{'mode': 'manual', 'holdDown': 10}", ""));

    sim_run_to(sim, 1000);
    fall_and_rise(sim);
    sim_run_to(sim, 86400000);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_int_eq(sim_fail_back(sim, "out"), 0);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");

    fall_and_rise(sim); /* the word was for that time only */
    sim_run_to(sim, 2 * 86400000);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_int_eq(sim_fail_back(sim, "nowhere"), TRUNKHA_ERR_NOTFOUND);
    sim_free(sim);
}
END_TEST

START_TEST(the_word_ends_a_hold_down_and_a_reload_remembers_it)
{
    struct sim *sim = sim_new(WORLD("{'holdDown': 3600}", ""));

    sim_run_to(sim, 1000);
    fall_and_rise(sim);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_fail_back(sim, "out");
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_reload(sim, WORLD("{'holdDown': 3600}", ""));
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(when_idle_waits_for_the_last_call_and_for_the_hold_down)
{
    struct sim *sim = sim_new(WORLD("{'mode': 'whenIdle', 'holdDown': 10}", ""));
    uint64_t up;

    sim_run_to(sim, 1000);
    up = fall_and_rise(sim);
    sim_call(sim, "b1", SIM_BEGUN, 2);
    sim_run_to(sim, up + 600000);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_call(sim, "b1", SIM_ENDED, 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_call(sim, "b1", SIM_ENDED, 0);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");

    up = fall_and_rise(sim);
    sim_run_to(sim, up + 9999);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_run_to(sim, up + 10000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

#define DAMPED ", 'flapDamping': {'maxTransitions': 4, 'window': 600, 'holdDown': 60, 'maxHoldDown': 200}"

START_TEST(each_flap_too_many_doubles_the_hold_down_up_to_the_longest)
{
    /* Two transitions a time, and one leaks out in 150 s: 2.0, 3.7, 5.4, 6.7, 7.6; so 0, 0, 1, 2, 3 too many. */
    const uint64_t expected[] = {5000, 5000, 60000, 120000, 200000, 200000};
    struct sim *sim = sim_new(WORLD("{'holdDown': 5}", DAMPED));

    sim_run_to(sim, 1000);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        uint64_t up = fall_and_rise(sim);

        ck_assert_str_eq(sim_active(sim, "out"), "b1");
        sim_run_to(sim, up + expected[i] - 1);
        ck_assert_str_eq(sim_active(sim, "out"), "b1");
        sim_run_to(sim, up + expected[i]);
        ck_assert_msg(!strcmp(sim_active(sim, "out"), "a1"), "flap %zu", i);
    }
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_that_has_kept_quiet_is_trusted_again)
{
    struct sim *sim = sim_new(WORLD("{'holdDown': 5}", DAMPED));
    uint64_t up = 0;

    sim_run_to(sim, 1000);
    for (int i = 0; i < 6; i++)
        up = fall_and_rise(sim);
    sim_run_to(sim, up + 3600000);
    up = fall_and_rise(sim);
    sim_run_to(sim, up + 5000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(the_state_shown_is_what_was_measured)
{
    struct sim *sim = sim_new(WORLD("{'holdDown': 5}", DAMPED));

    sim_run_to(sim, 1000);
    for (int i = 0; i < 6; i++)
        fall_and_rise(sim);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");
    sim_free(sim);
}
END_TEST

START_TEST(a_fault_at_home_is_no_flap)
{
    struct sim *sim = sim_new(WORLD("{'holdDown': 5}", DAMPED));
    uint64_t up = 0;

    sim_run_to(sim, 1000);
    for (int i = 0; i < 6; i++) {
        sim_behave_all(sim, SIM_SILENT);
        sim_run_to(sim, sim_now(sim) + 40000);
        ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
        sim_behave_all(sim, SIM_OK);
        sim_run_to(sim, sim_now(sim) + 40000);
        ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    }
    up = fall_and_rise(sim);
    sim_run_to(sim, up + 5000);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

SUITE("sim: failback", by_hand_means_not_before_the_word, the_word_ends_a_hold_down_and_a_reload_remembers_it,
      when_idle_waits_for_the_last_call_and_for_the_hold_down, each_flap_too_many_doubles_the_hold_down_up_to_the_longest,
      a_trunk_that_has_kept_quiet_is_trusted_again, the_state_shown_is_what_was_measured, a_fault_at_home_is_no_flap)
