/* The first seconds: an even comb, UNKNOWN to AVAILABLE, and what is wrong from the start. */
#include <stdio.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

START_TEST(unknown_to_available_is_an_event_with_reason_startup)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *event;

    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_str_eq(sim_order(sim, "out"), "a1 b1");
    sim_run_to(sim, 19);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0));
    sim_run_to(sim, 20);
    event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->event.previous_health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_uint_eq(event->event.health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_STARTUP);
    ck_assert_ptr_nonnull(sim_event(sim, TRUNKHA_EVENT_TARGET_STATE, "udp:192.0.2.1:5060", 0));
    sim_free(sim);
}
END_TEST

START_TEST(first_probes_are_spread_evenly_over_the_first_second)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 0);
    ck_assert_uint_eq(sim_probes(sim, "a1"), 1);
    sim_run_to(sim, 499);
    ck_assert_uint_eq(sim_probes(sim, "b1"), 0);
    sim_run_to(sim, 500);
    ck_assert_uint_eq(sim_probes(sim, "b1"), 1);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_that_never_answers_goes_down_from_unknown)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_behave(sim, "b1", SIM_SILENT);
    sim_run_to(sim, 500 + 3000 + 6000 - 1);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_UNKNOWN);
    sim_run_to(sim, 500 + 3000 + 6000);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_disabled_by_the_file_is_told_and_not_probed)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'g', 'trunks': [{'id': 'a', 'sipAddress': '192.0.2.1',"
                              " 'adminState': 'disabled'}, {'id': 'b', 'sipAddress': '192.0.2.2'}]}]," KEEPALIVE "}");
    const struct sim_event *event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a", 0);

    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->event.health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_ADMIN_DISABLED);
    sim_run_to(sim, 600000);
    ck_assert_uint_eq(sim_probes(sim, "a"), 0);
    ck_assert_str_eq(sim_order(sim, "g"), "b | a");
    sim_free(sim);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_life)
{
    static const char world[] = "{'trunkGroups': [{'id': 'a', 'sipAddress': '192.0.2.1'}], 'keepalive': {'jitter': 0.1}}";
    struct sim *one = sim_new_with_seed(world, 7), *same = sim_new_with_seed(world, 7), *other = sim_new_with_seed(world, 8);

    sim_run_to(one, 3600000);
    sim_run_to(same, 3600000);
    sim_run_to(other, 3600000);
    ck_assert_uint_eq(sim_last_probe(one, "a"), sim_last_probe(same, "a"));
    ck_assert_uint_ne(sim_last_probe(one, "a"), sim_last_probe(other, "a"));
    sim_free(one);
    sim_free(same);
    sim_free(other);
}
END_TEST

START_TEST(jitter_stays_within_its_share_of_the_interval)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'a', 'sipAddress': '192.0.2.1'}], 'keepalive': {'jitter': 0.1}}");
    uint64_t last = 0, least = UINT64_MAX, most = 0;

    sim_run_to(sim, 0);
    for (int i = 0; i < 500; i++) {
        unsigned before = sim_probes(sim, "a");

        while (sim_probes(sim, "a") == before)
            sim_run_to(sim, sim_now(sim) + 100);
        if (sim_last_probe(sim, "a") - last < least)
            least = sim_last_probe(sim, "a") - last;
        if (sim_last_probe(sim, "a") - last > most)
            most = sim_last_probe(sim, "a") - last;
        last = sim_last_probe(sim, "a");
    }
    ck_assert_uint_ge(least, 27000);
    ck_assert_uint_le(most, 33000);
    ck_assert_uint_lt(least, 27500);
    ck_assert_uint_gt(most, 32500);
    sim_free(sim);
}
END_TEST

SUITE("sim: startup", unknown_to_available_is_an_event_with_reason_startup,
      first_probes_are_spread_evenly_over_the_first_second, a_trunk_that_never_answers_goes_down_from_unknown,
      a_trunk_disabled_by_the_file_is_told_and_not_probed, the_same_seed_gives_the_same_life,
      jitter_stays_within_its_share_of_the_interval)
