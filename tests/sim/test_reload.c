/* Another configuration while calls run: what stays keeps its health, what is new is probed, what is gone is gone. */
#include <string.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define GROUPS(a1, b1)                                                                                                      \
    "{'trunkGroups': [{'id': 'carrier-a', 'trunks': [" a1 "]}, {'id': 'carrier-b', 'trunks': [" b1 "]}],"                   \
    " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'carrier-a', 'secondaryTrunkGroup': 'carrier-b'}]," KEEPALIVE  \
    "}"

#define A1 "{'id': 'a1', 'sipAddress': '192.0.2.1'}"
#define B1 "{'id': 'b1', 'sipAddress': '198.51.100.1'}"

START_TEST(health_and_probe_times_are_kept)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 45000);
    sim_forget(sim);
    sim_reload(sim, GROUPS(A1, B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 3);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL, 0));
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out", 0));
    sim_run_to(sim, 51000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 51000);
    sim_run_to(sim, 60500);
    ck_assert_uint_eq(sim_last_probe(sim, "b1"), 60500);
    sim_free(sim);
}
END_TEST

START_TEST(a_probe_under_way_counts_after_the_reload)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 10);
    sim_reload(sim, GROUPS(A1, B1));
    sim_run_to(sim, 20);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_with_another_address_starts_unknown)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *event;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_reload(sim, GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.99'}", B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_CONFIG_CHANGE);
    sim_run_to(sim, 2100);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(trunks_come_and_go)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_reload(sim, GROUPS("{'id': 'a2', 'sipAddress': '192.0.2.2'}", B1));
    ck_assert_str_eq(sim_order(sim, "out"), "b1 a2");
    sim_run_to(sim, 3000);
    ck_assert_str_eq(sim_order(sim, "out"), "a2 b1");
    sim_reload(sim, GROUPS(A1 ", {'id': 'a3', 'sipAddress': '192.0.2.3'}", B1));
    sim_run_to(sim, 5000);
    ck_assert_str_eq(sim_order(sim, "out"), "a1 a3 b1");
    sim_free(sim);
}
END_TEST

START_TEST(the_operators_word_outlives_a_reload_unless_the_file_says_something_new)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, TRUNKHA_REASON_LICENSE_ISSUE, 60000);
    sim_reload(sim, GROUPS(A1, B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_DISABLED);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LICENSE_ISSUE);
    sim_run_to(sim, 60999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_DISABLED);
    sim_run_to(sim, 61000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_ENABLED);

    sim_reload(sim, GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'adminState': 'draining'}", B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_DRAINING);
    sim_free(sim);
}
END_TEST

START_TEST(a_hold_down_goes_on_over_a_reload)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 40000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 80000); /* AVAILABLE since 66,020 */
    sim_reload(sim, GROUPS(A1, B1));
    sim_run_to(sim, 126019);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_run_to(sim, 126020);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

START_TEST(a_chain_that_loses_its_active_trunk_says_so)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *change;

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 45000);
    ck_assert_str_eq(sim_active(sim, "carrier-a"), "b1");
    sim_forget(sim);
    sim_reload(sim, GROUPS(A1, B1)); /* carrier-a fails over to nobody any more */
    change = sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "carrier-a", 0);
    ck_assert_ptr_nonnull(change);
    ck_assert_str_eq(change->event.previous_trunk_id, "b1");
    ck_assert_str_eq(change->event.trunk_id, "");
    ck_assert_uint_eq(change->event.reason, TRUNKHA_REASON_CONFIG_CHANGE);
    sim_free(sim);
}
END_TEST

START_TEST(what_was_known_before_it_was_disabled_does_not_count_after)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_reload(sim, GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'adminState': 'disabled'}", B1));
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 3600000);
    sim_reload(sim, GROUPS(A1, B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_whose_probing_is_switched_off_is_unknown)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 45000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_reload(sim, GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'keepalive': {'enabled': false}}", B1));
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_CONFIG_CHANGE);
    sim_free(sim);
}
END_TEST

START_TEST(a_shorter_interval_takes_effect_at_once)
{
    struct sim *sim = sim_new("{'trunkGroups': [{'id': 'a', 'sipAddress': '192.0.2.1'}], 'keepalive': {'interval': 3600}}");

    sim_run_to(sim, 10000);
    sim_reload(sim, "{'trunkGroups': [{'id': 'a', 'sipAddress': '192.0.2.1'}], 'keepalive': {'interval': 5}}");
    sim_run_to(sim, 30000);
    ck_assert_uint_ge(sim_probes(sim, "a"), 4);
    sim_free(sim);
}
END_TEST

START_TEST(draining_by_the_file_is_told)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *event;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_reload(sim, GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'adminState': 'draining'}", B1));
    event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_ADMIN_DRAINING);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_enabled_by_the_file_is_probed)
{
    struct sim *sim = sim_new(GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'adminState': 'disabled'}", B1));

    sim_run_to(sim, 10000);
    ck_assert_uint_eq(sim_probes(sim, "a1"), 0);
    sim_reload(sim, GROUPS(A1, B1));
    sim_run_to(sim, 12000);
    ck_assert_uint_eq(sim_probes(sim, "a1"), 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

SUITE("sim: reload", health_and_probe_times_are_kept, a_probe_under_way_counts_after_the_reload,
      a_trunk_with_another_address_starts_unknown, trunks_come_and_go,
      the_operators_word_outlives_a_reload_unless_the_file_says_something_new, a_hold_down_goes_on_over_a_reload,
      a_chain_that_loses_its_active_trunk_says_so, what_was_known_before_it_was_disabled_does_not_count_after,
      a_trunk_whose_probing_is_switched_off_is_unknown, a_shorter_interval_takes_effect_at_once,
      draining_by_the_file_is_told, a_trunk_enabled_by_the_file_is_probed)
