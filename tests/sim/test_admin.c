/* The operator speaks: disable, enable, drain, for a while, for want of a licence. */
#include "../suite.h"
#include "sim.h"
#include "worlds.h"

START_TEST(a_disabled_trunk_reads_down_and_is_neither_probed_nor_tried)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    unsigned probes;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0), 0);
    probes = sim_probes(sim, "a1");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_ADMIN_DISABLED);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_DISABLED);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 | a1");
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    ck_assert_str_eq(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0)->event.detail, "by test");
    sim_run_to(sim, 3600000);
    ck_assert_uint_eq(sim_probes(sim, "a1"), probes);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

START_TEST(no_answer_that_was_under_way_undoes_the_operator)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 10); /* a1 has been asked and has not answered yet */
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0), 0);
    sim_run_to(sim, 1000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_target(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    sim_free(sim);
}
END_TEST

START_TEST(enabling_makes_it_unknown_and_probes_at_once)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *event;

    sim_run_to(sim, 1000);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0);
    sim_run_to(sim, 100000);
    sim_forget(sim);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_ENABLED, 0, 0);
    event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0);
    ck_assert_uint_eq(event->event.health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_ADMIN_ENABLED);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 100000);
    sim_run_to(sim, 100020);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_active(sim, "out"), "a1"); /* the operator's word needs no hold-down */
    sim_free(sim);
}
END_TEST

START_TEST(a_draining_trunk_is_probed_and_takes_no_new_calls)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    unsigned probes;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    probes = sim_probes(sim, "a1");
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DRAINING, 0, 0);
    ck_assert_str_eq(sim_order(sim, "out"), "b1 | a1");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_ADMIN_DRAINING);
    ck_assert_uint_eq(sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", 0)->event.reason, TRUNKHA_REASON_ADMIN_DRAINING);
    sim_run_to(sim, 61000);
    ck_assert_uint_eq(sim_probes(sim, "a1"), probes + 2);
    ck_assert(!tha_core_is_draining(sim_core(sim)));
    sim_set_admin(sim, "b1", TRUNKHA_ADMIN_DRAINING, 0, 0);
    ck_assert(tha_core_is_draining(sim_core(sim)));
    sim_free(sim);
}
END_TEST

START_TEST(disabled_for_a_while_ends_by_itself)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 3600000);
    sim_run_to(sim, 3600999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_DISABLED);
    sim_run_to(sim, 3601000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->admin, TRUNKHA_ADMIN_ENABLED);
    sim_free(sim);
}
END_TEST

START_TEST(want_of_a_licence_is_a_reason_of_its_own)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, TRUNKHA_REASON_LICENSE_ISSUE, 0), 0);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LICENSE_ISSUE);
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, 0, 0), 0); /* now for another reason: news */
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_ADMIN_DISABLED);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1"), 3);
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_ENABLED, TRUNKHA_REASON_LICENSE_ISSUE, 0), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(sim_set_admin(sim, "a1", TRUNKHA_ADMIN_DISABLED, TRUNKHA_REASON_STARTUP, 0), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(sim_set_admin(sim, "a1", 3, 0, 0), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(sim_set_admin(sim, "nobody", TRUNKHA_ADMIN_ENABLED, 0, 0), TRUNKHA_ERR_NOTFOUND);
    sim_free(sim);
}
END_TEST

SUITE("sim: admin", a_disabled_trunk_reads_down_and_is_neither_probed_nor_tried,
      no_answer_that_was_under_way_undoes_the_operator, enabling_makes_it_unknown_and_probes_at_once,
      a_draining_trunk_is_probed_and_takes_no_new_calls, disabled_for_a_while_ends_by_itself,
      want_of_a_licence_is_a_reason_of_its_own)
