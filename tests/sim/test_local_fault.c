/* Everything falls silent at once: the fault is at home, and the carriers are not blamed. */
#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define SAME_PEER                                                                                                           \
    "{'trunkGroups': [{'id': 'g', 'trunks': [{'id': 'a', 'sipAddress': '192.0.2.1:5060'},"                                  \
    " {'id': 'b', 'sipAddress': '192.0.2.1:5070'}]}]," KEEPALIVE "}"

#define ONE_TRUNK "{'trunkGroups': [{'id': 'a', 'sipAddress': '192.0.2.1'}]," KEEPALIVE "}"

START_TEST(all_silent_within_one_interval_is_a_local_fault)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    const struct sim_event *fault;

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT); /* first failures at 33.0 s and 33.5 s */
    sim_run_to(sim, 33499);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_run_to(sim, 33500);
    fault = sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0);
    ck_assert_ptr_nonnull(fault);
    ck_assert_uint_eq(fault->at_ms, 33500);
    ck_assert_uint_eq(fault->event.reason, TRUNKHA_REASON_LOCAL_FAULT);

    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    sim_free(sim);
}
END_TEST

START_TEST(the_one_that_fell_first_is_not_blamed_after_all)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 20); /* a1 answered, b1 is asked at 500 ms, then at 30.5 s */
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 30600);
    sim_behave_all(sim, SIM_SILENT); /* b1's first failure comes at 63.5 s, 30.5 s after a1's */
    sim_run_to(sim, 63500);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);

    sim = sim_new(TWO_CARRIERS);
    sim_run_to(sim, 1000);
    sim_behave(sim, "b1", SIM_SILENT); /* first failure at 33.5 s, DOWN at 39.5 s */
    sim_run_to(sim, 30020);
    sim_behave_all(sim, SIM_SILENT); /* a1's first failure at 63.0 s: 29.5 s later */
    sim_run_to(sim, 62999);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_run_to(sim, 63000);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
    ck_assert_uint_eq(sim_target(sim, "b1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
    sim_free(sim);
}
END_TEST

START_TEST(an_answer_of_any_code_clears_the_suspicion)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_behave(sim, "b1", (struct sim_manner){503, 20});
    sim_run_to(sim, 120000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);
}
END_TEST

START_TEST(one_answer_brings_each_back_and_all_are_probed_at_once)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    uint64_t answered;

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 100000);
    sim_behave_all(sim, SIM_OK);
    sim_forget(sim);
    sim_run_to(sim, 111020); /* a1 is asked at 36 + 5 * 15 s */
    answered = sim_now(sim);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0)->event.health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    sim_run_to(sim, answered + 1000 + 20);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(who_stays_dead_after_the_fault_is_blamed_for_it)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 100000);
    sim_behave(sim, "a1", SIM_OK);
    sim_run_to(sim, 140000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_target(sim, "b1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_target(sim, "b1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(one_peer_or_one_trunk_alone_is_never_a_local_fault)
{
    struct sim *sim = sim_new(SAME_PEER);

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 120000);
    ck_assert_uint_eq(sim_trunk(sim, "a")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);

    sim = sim_new(ONE_TRUNK);
    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_REFUSED);
    sim_run_to(sim, 120000);
    ck_assert_uint_eq(sim_trunk(sim, "a")->reason, TRUNKHA_REASON_NETWORK_ERROR);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);
}
END_TEST

START_TEST(a_refusal_proves_the_way_to_the_peer)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_behave(sim, "b1", SIM_REFUSED);
    sim_run_to(sim, 120000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_NETWORK_ERROR);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);
}
END_TEST

START_TEST(a_refusal_ends_the_fault_and_is_their_own_doing)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 100000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_LOCAL_FAULT);
    sim_behave_all(sim, SIM_REFUSED);
    sim_run_to(sim, 140000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_NETWORK_ERROR);
    ck_assert_uint_eq(sim_trunk(sim, "b1")->reason, TRUNKHA_REASON_NETWORK_ERROR);
    sim_free(sim);
}
END_TEST

START_TEST(what_a_call_heard_before_the_silence_ends_no_fault)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    struct tha_news unrung = {.kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_NO_RING, .weight = THA_WEIGHT_SOFT};

    sim_run_to(sim, 1000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 34000); /* silent since 33.0 s and 33.5 s */
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);
    unrung.started_ms = sim_core_now(sim) - 10000; /* its 100 may have come at once */
    sim_call(sim, "a1", unrung, 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 1);

    sim_run_to(sim, 44000);
    unrung.started_ms = sim_core_now(sim) - 10000; /* its 100 came through the silence */
    sim_call(sim, "a1", unrung, 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 2);
    sim_free(sim);
}
END_TEST

START_TEST(a_disabled_trunk_has_no_vote)
{
    struct sim *sim = sim_new(TWO_CARRIERS);

    sim_run_to(sim, 1000);
    ck_assert_int_eq(sim_set_admin(sim, "b1", TRUNKHA_ADMIN_DISABLED, 0, 0), 0);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 120000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    ck_assert_ptr_null(sim_event(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL, 0));
    sim_free(sim);
}
END_TEST

SUITE("sim: local fault", all_silent_within_one_interval_is_a_local_fault, the_one_that_fell_first_is_not_blamed_after_all,
      an_answer_of_any_code_clears_the_suspicion, one_answer_brings_each_back_and_all_are_probed_at_once,
      who_stays_dead_after_the_fault_is_blamed_for_it, one_peer_or_one_trunk_alone_is_never_a_local_fault,
      a_refusal_proves_the_way_to_the_peer, a_refusal_ends_the_fault_and_is_their_own_doing,
      what_a_call_heard_before_the_silence_ends_no_fault, a_disabled_trunk_has_no_vote)
