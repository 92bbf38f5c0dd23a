/* The order of a profile: chains, priorities, balancing runs, classes. */
#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define TRUNK(id, n, more) "{'id': '" id "', 'sipAddress': '192.0.2." #n "'" more "}"

#define CHAIN                                                                                                               \
    "{'trunkGroups': ["                                                                                                     \
    " {'id': 'a', 'failoverTrunkGroupId': 'c', 'trunks': [" TRUNK("a2", 2, ", 'priority': 2") ", " TRUNK(                   \
        "a1", 1, ", 'priority': 1") "]},"                                                                                   \
                                    " {'id': 'b', 'trunks': [" TRUNK(                                                       \
                                        "b1", 3,                                                                            \
                                        "") "]},"                                                                           \
                                            " {'id': 'c', 'failoverTrunkGroupId': 'b', 'trunks': [" TRUNK(                  \
                                                "c1", 4,                                                                    \
                                                "") "]}],"                                                                  \
                                                    " 'routingProfiles': [{'id': 'p', 'primaryTrunkGroup': 'a', "           \
                                                    "'secondaryTrunkGroup': 'b'},"                                          \
                                                    " {'id': 'only', 'primaryTrunkGroup': 'a', 'secondaryTrunkGroup': "     \
                                                    "'b', 'automaticFailover': false}]," KEEPALIVE "}"

START_TEST(a_chain_is_primary_secondary_then_failover_groups_each_once)
{
    struct sim *sim = sim_new(CHAIN);

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_order(sim, "p"), "a1 a2 b1 c1");
    ck_assert_str_eq(sim_order(sim, "only"), "a1 a2");
    ck_assert_str_eq(sim_order(sim, "a"), "a1 a2 c1 b1");
    ck_assert_str_eq(sim_order(sim, "b"), "b1");
    sim_free(sim);
}
END_TEST

START_TEST(available_goes_before_degraded_before_unknown_before_down)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'g', 'trunks': [" TRUNK("down", 1, "") "," TRUNK(
        "unknown", 2, ", 'keepalive': {'enabled': false}") "," TRUNK("slow", 3, "") "," TRUNK("well", 4, "") "]}]," KEEPALIVE
                                                                                                             "}");

    sim_behave(sim, "down", SIM_SILENT);
    sim_behave(sim, "slow", (struct sim_manner){200, 1500});
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "slow")->health, TRUNKHA_HEALTH_DEGRADED);
    ck_assert_uint_eq(sim_probes(sim, "unknown"), 0);
    ck_assert_str_eq(sim_order(sim, "g"), "well slow unknown down");
    sim_free(sim);
}
END_TEST

START_TEST(trunks_of_one_priority_and_class_make_a_run)
{
    struct sim *sim =
        sim_new("{'trunkGroups': [{'id': 'g', 'strategy': 'weighted', 'trunks': [" TRUNK("x", 1, ", 'weight': 70") "," TRUNK(
            "y", 2, ", 'weight': 30") "," TRUNK("z", 3,
                                                ", 'priority': 1") "]},"
                                                                   "{'id': 'r', 'strategy': 'roundRobin', 'trunks': [" TRUNK(
                                                                       "u", 4, "") "," TRUNK("v", 5, "") "]}]," KEEPALIVE
                                                                                                         "}");
    const struct tha_route_entry *entries;
    uint32_t n;

    sim_run_to(sim, 2000);
    entries = sim_entries(sim, "g", &n);
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(entries[0].run, THA_RUN_WEIGHTED | THA_RUN_START);
    ck_assert_uint_eq(entries[0].weight, 70);
    ck_assert_uint_eq(entries[1].run, THA_RUN_WEIGHTED);
    ck_assert_uint_eq(entries[1].weight, 30);
    ck_assert_uint_eq(entries[2].run, THA_RUN_WEIGHTED | THA_RUN_START);
    ck_assert_uint_eq(entries[0].why, TRUNKHA_WHY_PREFERRED);
    ck_assert_uint_eq(entries[1].why, TRUNKHA_WHY_PREFERRED);
    ck_assert_uint_eq(entries[2].why, TRUNKHA_WHY_STANDBY);
    entries = sim_entries(sim, "r", &n);
    ck_assert_uint_eq(entries[0].run, THA_RUN_ROUND_ROBIN | THA_RUN_START);
    ck_assert_uint_eq(entries[1].run, THA_RUN_ROUND_ROBIN);

    sim_behave(sim, "x", SIM_REFUSED);
    sim_run_to(sim, 60000);
    entries = sim_entries(sim, "g", &n);
    ck_assert_str_eq(sim_order(sim, "g"), "y z x");
    ck_assert_uint_eq(entries[2].run, THA_RUN_SINGLE);
    sim_free(sim);
}
END_TEST

START_TEST(only_enabled_trunks_are_in_the_order_and_the_others_behind_it)
{
    struct sim *sim = sim_new(CHAIN);
    uint32_t n;

    sim_run_to(sim, 2000);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0);
    sim_set_admin(sim, "b1", TRUNKHA_ADMIN_DRAINING, 0, 0);
    ck_assert_str_eq(sim_order(sim, "p"), "a2 c1 | a1 b1");
    ck_assert_uint_eq(sim_entries(sim, "p", &n)[2].why, TRUNKHA_WHY_DISABLED);
    ck_assert_uint_eq(sim_entries(sim, "p", &n)[3].why, TRUNKHA_WHY_DRAINING);
    sim_free(sim);
}
END_TEST

START_TEST(an_active_change_names_both_trunks)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *change;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 60000);
    change = sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out", 0);
    ck_assert_ptr_nonnull(change);
    ck_assert_str_eq(change->event.trunk_id, "b1");
    ck_assert_str_eq(change->event.previous_trunk_id, "a1");
    ck_assert_str_eq(change->event.trunk_group_id, "carrier-b");
    ck_assert_uint_eq(change->event.reason, TRUNKHA_REASON_KEEPALIVE_FAILURE); /* what befell a1 */
    ck_assert_ptr_nonnull(sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "carrier-a", 0));
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "carrier-b", 0));
    sim_free(sim);
}
END_TEST

SUITE("sim: order", a_chain_is_primary_secondary_then_failover_groups_each_once,
      available_goes_before_degraded_before_unknown_before_down, trunks_of_one_priority_and_class_make_a_run,
      only_enabled_trunks_are_in_the_order_and_the_others_behind_it, an_active_change_names_both_trunks)
