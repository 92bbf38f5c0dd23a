/* What a change of addresses must leave alone: those that others still need, calls on trial, the blame. */
#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define TRUNK_A(more)                                                                                                       \
    " {'id': 'a', 'failoverTrunkGroupId': 'b', 'trunks': [{'id': 'a1', 'sipAddress': 'sip.example:5060'" more "}]}"
#define TRUNK_B       " {'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}"
#define TRUNK_C(more) " {'id': 'c', 'trunks': [{'id': 'c1', 'sipAddress': 'sip.example:5060'" more "}]}"

#define WORLD(more)      "{'trunkGroups': [" TRUNK_A("") "," TRUNK_B "]," KEEPALIVE more "}"
#define SHARED(of_other) "{'trunkGroups': [" TRUNK_A("") "," TRUNK_B "," TRUNK_C(of_other) "]," KEEPALIVE "}"

#define ONE   "sip.example A 30 192.0.2.1"
#define OTHER "sip.example A 30 192.0.2.9"

static const struct sim_event *address_change(const struct sim *sim, unsigned nth)
{
    return sim_event(sim, TRUNKHA_EVENT_ADDRESS_CHANGE, "a1", nth);
}

/* ---- Names that several trunks have ---- */

static void move_to_a_silent_address(const char *world)
{
    struct sim *sim = sim_new_with_zone(world, ONE);

    sim_behave_at(sim, "udp:192.0.2.9:5060", SIM_SILENT);
    sim_run_to(sim, 2000);
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 33000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1 192.0.2.9/unknown");
    ck_assert_str_eq(sim_active(sim, "a"), "a1");
    sim_free(sim);
}

START_TEST(a_disabled_trunk_takes_no_address_from_another_of_its_name)
{
    move_to_a_silent_address(SHARED(", 'adminState': 'disabled'"));
}
END_TEST

START_TEST(a_trunk_that_is_not_probed_takes_no_address_from_another_of_its_name)
{
    move_to_a_silent_address(SHARED(", 'keepalive': {'enabled': false}"));
}
END_TEST

#define TRUNK(port) "{'id': 'c" port "', 'sipAddress': 'sip.example:" port "'}"
#define FOUR(tens)  TRUNK(tens "1") "," TRUNK(tens "2") "," TRUNK(tens "3") "," TRUNK(tens "4")

/** Names that change with a1's, so that the table is made anew as often as may be. */
#define NEIGHBOURS " {'id': 'c', 'trunks': [" FOUR("507") "," FOUR("508") "," FOUR("509") "]}"
#define BUSY       "{'trunkGroups': [" TRUNK_A("") "," TRUNK_B "," NEIGHBOURS "]," KEEPALIVE ", 'dns': {'minTtl': 1}}"

START_TEST(a_name_that_moves_on_before_its_new_address_has_answered_moves_no_calls)
{
    static const char *const zones[] = {"sip.example A 2 192.0.2.1", "sip.example A 2 192.0.2.2",
                                        "sip.example A 2 192.0.2.3"};

    for (uint32_t delay_ms = 1750; delay_ms < 1950; delay_ms++) {
        struct sim *sim = sim_new_with_zone(BUSY, zones[0]);

        sim_behave_at(sim, "udp:192.0.2.2:5060", (struct sim_manner){200, delay_ms});
        sim_behave_at(sim, "udp:192.0.2.3:5060", (struct sim_manner){200, 500});
        sim_run_to(sim, 2500);
        sim_forget(sim);
        sim_set_zone(sim, zones[1]);
        while (!address_change(sim, 0))
            sim_run_to(sim, sim_now(sim) + 1);
        sim_set_zone(sim, zones[2]);
        sim_run_to(sim, 10000);
        ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.3");
        ck_assert_msg(!sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "a"), "after %u ms", delay_ms);
        sim_free(sim);
    }
}
END_TEST

/* ---- Calls on trial ---- */

static struct sim *lose_the_second_address(uint64_t fail_ms, uint64_t *ret_lost_ms)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE "\nsip.example A 30 192.0.2.2");

    sim_behave_at(sim, "udp:192.0.2.3:5060", (struct sim_manner){200, 10});
    sim_run_to(sim, 2000);
    sim_forget(sim);
    sim_set_zone(sim, ONE "\nsip.example A 30 192.0.2.3");
    for (uint64_t ms = 2001; !address_change(sim, 1); ms++) {
        sim_run_to(sim, ms);
        for (int i = 0; ms == fail_ms && i < 3; i++)
            sim_call(sim, "a1", SIM_UNAVAILABLE, 0);
    }
    ck_assert_str_eq(address_change(sim, 1)->event.removed, "udp:192.0.2.2:5060");
    *ret_lost_ms = address_change(sim, 1)->at_ms;

    return sim;
}

START_TEST(a_call_on_trial_is_let_through_while_addresses_change)
{
    uint64_t lost_ms, again_ms;
    struct sim *sim = lose_the_second_address(0, &lost_ms);

    sim_free(sim);
    sim = lose_the_second_address(lost_ms - 15000, &again_ms); /* downInterval: the trial is due at that very moment */
    ck_assert_uint_eq(again_ms, lost_ms);
    ck_assert(sim_is_armed(sim, "a1"));
    sim_free(sim);
}
END_TEST

/* ---- The blame ---- */

START_TEST(a_trunk_whose_new_address_is_dead_is_down_for_that)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_behave_at(sim, "udp:192.0.2.9:5060", SIM_SILENT);
    sim_run_to(sim, 2000);
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_loaded_with_a_name_that_is_not_there_is_down_for_the_dns)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), "other.example A 30 192.0.2.1");

    sim_run_to(sim, 5000);
    sim_reload(sim, SHARED(""));
    ck_assert_uint_eq(sim_trunk(sim, "c1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "c1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(a_dead_trunk_that_loses_its_last_address_is_down_for_the_dns)
{
    struct sim *sim = sim_new_with_zone(WORLD(", 'dns': {'keepLastGood': false}"), ONE);

    sim_behave_at(sim, "udp:192.0.2.1:5060", SIM_SILENT);
    sim_run_to(sim, 20000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);
    sim_set_zone(sim, SIM_DNS_FAILS);
    sim_run_to(sim, 60000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(an_event_counts_the_addresses_that_stay)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_run_to(sim, 2000);
    sim_forget(sim);
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 60000);
    ck_assert_str_eq(address_change(sim, 0)->event.added, "udp:192.0.2.9:5060");
    ck_assert_str_eq(address_change(sim, 0)->event.detail, "its name comes to 1 address now");
    sim_free(sim);
}
END_TEST

/* ---- Requests from one of several addresses ---- */

START_TEST(a_request_proves_no_other_address_of_its_trunk)
{
    struct sim *sim = sim_new_with_zone("{'trunkGroups': [{'id': 'g', 'trunks': [{'id': 'a1', 'direction': 'inbound', "
                                        "'sipAddress': 'sip.example:5060'}]}]," KEEPALIVE "}",
                                        ONE "\nsip.example A 30 192.0.2.2");

    sim_behave_at(sim, "udp:192.0.2.2:5060", SIM_SILENT);
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DEGRADED);
    sim_call(sim, "a1", (struct tha_news){.kind = THA_NEWS_HEARD}, 0); /* from the first */
    ck_assert_str_eq(sim_addresses(sim, "g", "a1"), "192.0.2.1 192.0.2.2/down");
    sim_free(sim);
}
END_TEST

SUITE("sim: addresses", a_disabled_trunk_takes_no_address_from_another_of_its_name,
      a_trunk_that_is_not_probed_takes_no_address_from_another_of_its_name,
      a_name_that_moves_on_before_its_new_address_has_answered_moves_no_calls,
      a_call_on_trial_is_let_through_while_addresses_change, a_trunk_whose_new_address_is_dead_is_down_for_that,
      a_trunk_loaded_with_a_name_that_is_not_there_is_down_for_the_dns,
      a_dead_trunk_that_loses_its_last_address_is_down_for_the_dns, an_event_counts_the_addresses_that_stay,
      a_request_proves_no_other_address_of_its_trunk)
