/* What counts as an answer: codes, slow ones, refused ones, and the quality of a line that loses packets. */
#include <stdio.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

static uint32_t health_after(int code)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    uint32_t health;

    sim_behave(sim, "a1", (struct sim_manner){code, 20});
    sim_run_to(sim, 60000);
    health = sim_trunk(sim, "a1")->health;
    sim_free(sim);

    return health;
}

START_TEST(codes_that_prove_a_live_peer_keep_it_up)
{
    static const int alive[] = {200, 202, 302, 401, 404, 405, 407, 420, 480, 483, 486, 501, 600, 603};

    for (size_t i = 0; i < sizeof(alive) / sizeof(alive[0]); i++)
        ck_assert_msg(health_after(alive[i]) == TRUNKHA_HEALTH_AVAILABLE, "%d", alive[i]);
}
END_TEST

START_TEST(codes_that_are_listed_as_failures_bring_it_down)
{
    static const int failing[] = {403, 408, 500, 502, 503, 504, 513, 580};

    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++)
        ck_assert_msg(health_after(failing[i]) == TRUNKHA_HEALTH_DOWN, "%d", failing[i]);
}
END_TEST

START_TEST(a_failing_code_is_told_as_the_last_response)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *down;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_behave(sim, "a1", (struct sim_manner){503, 20});
    sim_run_to(sim, 60000);
    down = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_uint_eq(down->event.last_response, 503);
    ck_assert_uint_eq(down->event.reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_str_eq(down->event.detail, "503 to 3 probes");
    ck_assert_uint_eq(down->at_ms, 30000 + 2 * 3000 + 20);
    sim_free(sim);
}
END_TEST

START_TEST(a_refused_port_fails_the_probe_at_once)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *down;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_behave(sim, "a1", SIM_REFUSED);
    sim_run_to(sim, 60000);
    down = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_uint_eq(down->at_ms, 30000 + 2 * 3000);
    ck_assert_uint_eq(down->event.reason, TRUNKHA_REASON_NETWORK_ERROR);
    sim_free(sim);
}
END_TEST

START_TEST(the_reason_of_down_is_that_of_the_last_failure)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_REFUSED);
    sim_run_to(sim, 33500);
    sim_behave(sim, "a1", (struct sim_manner){500, 20});
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(slow_within_the_time_out_is_degraded_and_beyond_it_silent)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_behave(sim, "a1", (struct sim_manner){200, 799});
    sim_run_to(sim, 600000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_behave(sim, "a1", (struct sim_manner){200, 2999});
    sim_run_to(sim, 660000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DEGRADED);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DEGRADED_QUALITY);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a1");
    sim_behave(sim, "a1", (struct sim_manner){200, 3000});
    sim_run_to(sim, 720000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

/** Loses every fifth probe: 4 of 20 are the 20 % of `degraded.lossPercent`. */
START_TEST(a_fifth_lost_is_degraded_and_fewer_is_not)
{
    for (unsigned every = 5; every <= 6; every++) {
        struct sim *sim = sim_new(TWO_CARRIERS);
        unsigned seen = 0;

        sim_run_to(sim, 1000);
        for (uint64_t ms = 1000; ms < 1800000; ms += 10) {
            unsigned sent = sim_probes(sim, "a1");

            if (sent != seen)
                sim_behave(sim, "a1", sent % every == every - 1 ? SIM_SILENT : SIM_OK);
            seen = sent;
            sim_run_to(sim, ms);
        }
        ck_assert_uint_eq(sim_trunk(sim, "a1")->health, every == 5 ? TRUNKHA_HEALTH_DEGRADED : TRUNKHA_HEALTH_AVAILABLE);
        sim_free(sim);
    }
}
END_TEST

START_TEST(degraded_becomes_available_again_when_the_losses_are_past)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", (struct sim_manner){200, 2000});
    sim_run_to(sim, 200000); /* the mean follows by an eighth at a time */
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DEGRADED);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 600000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(a_flapping_carrier_is_kept_from_calls_by_the_hold_down)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_forget(sim);
    for (int i = 0; i < 18; i++) { /* a minute silent, 40 s well, for half an hour */
        sim_behave(sim, "a1", SIM_SILENT);
        sim_run_to(sim, sim_now(sim) + 60000);
        sim_behave(sim, "a1", SIM_OK);
        sim_run_to(sim, sim_now(sim) + 40000);
    }
    ck_assert_uint_gt(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1"), 10);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out"), 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_free(sim);
}
END_TEST

START_TEST(a_probe_of_which_nothing_is_ever_heard_does_not_stop_probing)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_behave(sim, "a1", (struct sim_manner){200, 20});
    sim_run_to(sim, 1000);
    sim_lose_results(sim, true);
    sim_run_to(sim, 200000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_gt(sim_probes(sim, "a1"), 5);
    sim_lose_results(sim, false);
    sim_run_to(sim, 300000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

SUITE("sim: answers", codes_that_prove_a_live_peer_keep_it_up, codes_that_are_listed_as_failures_bring_it_down,
      a_failing_code_is_told_as_the_last_response, a_refused_port_fails_the_probe_at_once,
      the_reason_of_down_is_that_of_the_last_failure, slow_within_the_time_out_is_degraded_and_beyond_it_silent,
      a_fifth_lost_is_degraded_and_fewer_is_not, degraded_becomes_available_again_when_the_losses_are_past,
      a_flapping_carrier_is_kept_from_calls_by_the_hold_down, a_probe_of_which_nothing_is_ever_heard_does_not_stop_probing)
