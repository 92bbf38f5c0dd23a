/* Trunks with names: addresses that come and go, resolvers that fail, orders by RFC 2782. */
#include <stdio.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define WORLD(dns)                                                                                                          \
    "{'trunkGroups': ["                                                                                                     \
    " {'id': 'a', 'failoverTrunkGroupId': 'b', 'trunks': [{'id': 'a1', 'sipAddress': 'sip.example:5060'}]},"                \
    " {'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}]," KEEPALIVE dns "}"

#define SRV_WORLD                                                                                                           \
    "{'trunkGroups': ["                                                                                                     \
    " {'id': 'a', 'failoverTrunkGroupId': 'b', 'trunks': [{'id': 'a1', 'sipAddress': 'sip:sip.example;transport=udp'}]},"   \
    " {'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}]," KEEPALIVE "}"

#define ONE   "sip.example A 30 192.0.2.1"
#define OTHER "sip.example A 30 192.0.2.9"

static const struct trunkha_event *address_change(const struct sim *sim, unsigned nth)
{
    const struct sim_event *told = sim_event(sim, TRUNKHA_EVENT_ADDRESS_CHANGE, "a1", nth);

    return told ? &told->event : NULL;
}

START_TEST(every_address_of_a_name_is_a_target)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE "\nsip.example A 30 192.0.2.2\nsip.example AAAA 60 2001:db8::1");

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1 192.0.2.2 [2001:db8::1]");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(address_change(sim, 0)->added, "udp:192.0.2.1:5060 udp:192.0.2.2:5060 udp:[2001:db8::1]:5060");
    ck_assert_str_eq(address_change(sim, 0)->removed, "");
    ck_assert_ptr_null(address_change(sim, 1));
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_is_unknown_until_its_name_was_looked_up)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), NULL);

    sim_run_to(sim, 2999);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_str_eq(sim_order(sim, "a"), "b1");
    sim_run_to(sim, 3000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    sim_set_zone(sim, ONE);
    sim_run_to(sim, 12000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1");
    sim_free(sim);
}
END_TEST

START_TEST(a_changed_address_is_in_use_within_its_ttl_and_a_second)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1");
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 2000 + 31000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.9");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_name_that_moves_moves_no_calls_to_the_standby)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_active(sim, "a"), "a1");
    sim_forget(sim);
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 120000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.9");
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, NULL), 0);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL), 0);
    ck_assert_str_eq(address_change(sim, 0)->added, "udp:192.0.2.9:5060");
    ck_assert_str_eq(address_change(sim, 0)->removed, "");
    ck_assert_str_eq(address_change(sim, 1)->added, "");
    ck_assert_str_eq(address_change(sim, 1)->removed, "udp:192.0.2.1:5060");
    sim_free(sim);
}
END_TEST

START_TEST(a_new_address_takes_no_calls_before_it_has_answered)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_behave_at(sim, "udp:192.0.2.9:5060", SIM_SILENT);
    sim_run_to(sim, 2000);
    sim_set_zone(sim, OTHER);
    sim_run_to(sim, 33000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1 192.0.2.9/unknown");
    sim_run_to(sim, 60000); /* by now the new one is judged, and what left is gone */
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.9/down");
    ck_assert_str_eq(sim_active(sim, "a"), "b1");
    sim_free(sim);
}
END_TEST

START_TEST(a_failing_resolver_keeps_the_last_addresses_and_is_told_of)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_run_to(sim, 2000);
    sim_forget(sim);
    sim_set_zone(sim, SIM_DNS_FAILS);
    sim_run_to(sim, 3600000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL), 0);
    ck_assert_uint_eq(address_change(sim, 0)->reason, TRUNKHA_REASON_DNS_FAILURE);
    ck_assert_ptr_null(address_change(sim, 1));
    sim_set_zone(sim, ONE);
    sim_run_to(sim, 3700000);
    ck_assert_str_eq(address_change(sim, 1)->detail, "its name can be looked up again");
    sim_free(sim);
}
END_TEST

START_TEST(a_silent_resolver_delays_no_probe_of_what_is_resolved)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);
    unsigned before;

    sim_run_to(sim, 2000);
    sim_set_zone(sim, NULL);
    before = sim_probes(sim, "a1");
    sim_run_to(sim, 2000 + 300000);
    ck_assert_uint_eq(sim_probes(sim, "a1") - before, 10);
    sim_free(sim);
}
END_TEST

START_TEST(without_keep_last_good_old_addresses_end_with_their_ttl)
{
    struct sim *sim = sim_new_with_zone(WORLD(", 'dns': {'keepLastGood': false}"), ONE);

    sim_run_to(sim, 2000);
    sim_set_zone(sim, SIM_DNS_FAILS);
    sim_run_to(sim, 35000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    sim_free(sim);
}
END_TEST

START_TEST(a_name_that_is_not_there_is_no_outage_of_the_carrier)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), "other.example A 30 192.0.2.1");

    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 0);
    ck_assert_str_eq(address_change(sim, 0)->detail, "no such name (NXDOMAIN)");
    sim_free(sim);
}
END_TEST

START_TEST(a_service_that_is_not_offered_loses_its_addresses)
{
    struct sim *sim =
        sim_new_with_zone(SRV_WORLD, "_sip._udp.sip.example SRV 30 0 0 5060 h.example\nh.example A 30 192.0.2.1");

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1");
    sim_set_zone(sim, "_sip._udp.sip.example SRV 30 0 0 0 .");
    sim_run_to(sim, 60000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, TRUNKHA_REASON_DNS_FAILURE);
    sim_free(sim);
}
END_TEST

#define FOUR                                                                                                                \
    "_sip._udp.sip.example SRV 30 20 0 5062 late.example\n"                                                                 \
    "_sip._udp.sip.example SRV 30 10 75 5060 big.example\n"                                                                 \
    "_sip._udp.sip.example SRV 30 10 25 5061 small.example\n"                                                               \
    "late.example A 30 192.0.2.3\nbig.example A 30 192.0.2.1\nsmall.example A 30 192.0.2.2\n"

START_TEST(addresses_stand_by_priority_and_share_by_weight)
{
    struct sim *sim = sim_new_with_zone(SRV_WORLD, FOUR);
    const struct tha_route_entry *entries;
    uint32_t n;

    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1 192.0.2.2 192.0.2.3");
    entries = sim_entries(sim, "a", &n);
    ck_assert_uint_eq(n, 4);
    ck_assert_uint_eq(entries[0].run, THA_RUN_WEIGHTED | THA_RUN_START);
    ck_assert_uint_eq(entries[0].weight, 750);
    ck_assert_uint_eq(entries[1].run, THA_RUN_WEIGHTED);
    ck_assert_uint_eq(entries[1].weight, 250);
    ck_assert_uint_eq(entries[2].run, THA_RUN_SINGLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_dead_address_is_tried_after_everything_that_is_well)
{
    struct sim *sim = sim_new_with_zone(SRV_WORLD, FOUR);

    sim_behave_at(sim, "udp:192.0.2.1:5060", SIM_SILENT);
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DEGRADED);
    ck_assert_str_eq(sim_order(sim, "a"), "b1 a1 a1 a1");
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.2 192.0.2.3 192.0.2.1/down");
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_with_many_addresses_takes_no_more_than_its_weight)
{
    struct sim *sim = sim_new_with_zone("{'trunkGroups': [{'id': 'g', 'strategy': 'weighted', 'trunks': ["
                                        "{'id': 'a1', 'sipAddress': 'sip:sip.example;transport=udp', 'weight': 60},"
                                        "{'id': 'b1', 'sipAddress': '198.51.100.1', 'weight': 40}]}]," KEEPALIVE "}",
                                        FOUR);
    const struct tha_route_entry *entries;
    uint32_t n;

    sim_run_to(sim, 2000);
    entries = sim_entries(sim, "g", &n);
    ck_assert_uint_eq(n, 4);
    ck_assert_str_eq(sim_order(sim, "g"), "a1 a1 b1 a1");
    ck_assert_uint_eq((entries[0].weight + entries[1].weight) * 40U, entries[2].weight * 60U);
    ck_assert_uint_eq(entries[0].weight, entries[1].weight * 3);
    ck_assert_uint_eq(entries[2].run, THA_RUN_WEIGHTED);
    ck_assert_uint_eq(entries[3].run, THA_RUN_SINGLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_reload_keeps_the_addresses_and_their_health)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);
    unsigned asked;

    sim_run_to(sim, 2000);
    asked = sim_questions(sim);
    sim_forget(sim);
    sim_reload(sim, WORLD(", 'instance': {'region': 'eu'}"));
    ck_assert_str_eq(sim_addresses(sim, "a", "a1"), "192.0.2.1");
    sim_run_to(sim, 20000);
    ck_assert_uint_eq(sim_questions(sim), asked);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, NULL), 0);
    sim_free(sim);
}
END_TEST

START_TEST(a_trunk_that_has_an_address_instead_of_its_name_tells_what_left)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), ONE);

    sim_run_to(sim, 2000);
    sim_forget(sim);
    sim_reload(sim, "{'trunkGroups': [{'id': 'a', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.7'}]}]," KEEPALIVE "}");
    ck_assert_ptr_nonnull(address_change(sim, 0));
    ck_assert_str_eq(address_change(sim, 0)->added, "udp:192.0.2.7:5060");
    ck_assert_str_eq(address_change(sim, 0)->removed, "udp:192.0.2.1:5060");
    sim_free(sim);
}
END_TEST

START_TEST(two_trunks_of_one_name_are_looked_up_once)
{
    struct sim *sim = sim_new_with_zone("{'trunkGroups': [{'id': 'g', 'trunks': ["
                                        "{'id': 'a1', 'sipAddress': 'sip.example:5060'},"
                                        "{'id': 'a2', 'sipAddress': 'SIP.example.:5060'}]}]," KEEPALIVE "}",
                                        ONE);

    sim_run_to(sim, 2000);
    ck_assert_uint_eq(sim_questions(sim), 2); /* A and AAAA */
    ck_assert_str_eq(sim_addresses(sim, "g", "a1"), "192.0.2.1");
    ck_assert_str_eq(sim_addresses(sim, "g", "a2"), "192.0.2.1");
    sim_free(sim);
}
END_TEST

START_TEST(a_change_too_long_for_one_event_is_told_by_several)
{
    struct sim *sim = sim_new_with_zone(WORLD(""), "sip.example A 30 192.0.2.101\nsip.example A 30 192.0.2.102\n"
                                                   "sip.example A 30 192.0.2.103\nsip.example A 30 192.0.2.104\n"
                                                   "sip.example A 30 192.0.2.105\nsip.example A 30 192.0.2.106\n"
                                                   "sip.example A 30 192.0.2.107\nsip.example A 30 192.0.2.108\n"
                                                   "sip.example A 30 192.0.2.109\nsip.example A 30 192.0.2.110\n"
                                                   "sip.example A 30 192.0.2.111\nsip.example A 30 192.0.2.112");

    sim_run_to(sim, 2000);
    ck_assert_ptr_nonnull(strstr(address_change(sim, 0)->added, "192.0.2.101"));
    ck_assert_ptr_nonnull(strstr(address_change(sim, 1)->added, "192.0.2.112"));
    ck_assert_ptr_null(address_change(sim, 2));
    sim_free(sim);
}
END_TEST

START_TEST(a_long_ttl_and_too_many_addresses_are_both_warned_of)
{
    char zone[4096] = "";
    struct sim *sim;

    for (size_t i = 0, len = 0; i < 22; i++)
        len +=
            (size_t)snprintf(zone + len, sizeof(zone) - len, "_sip._udp.sip.example SRV 600 1 1 %zu h.example\n", 5060 + i);
    strcat(zone, "h.example A 600 192.0.2.1\nh.example A 600 192.0.2.2\nh.example A 600 192.0.2.3");
    sim = sim_new_with_zone(SRV_WORLD, zone);
    sim_run_to(sim, 2000);
    ck_assert_str_eq(sim_warning(sim),
                     "sip.example comes to more than 64 addresses: the first ones are used; it has a TTL of 600 s: when its "
                     "addresses change, others than us keep the old ones that long");
    sim_free(sim);
}
END_TEST

SUITE("sim: names", every_address_of_a_name_is_a_target, a_trunk_is_unknown_until_its_name_was_looked_up,
      a_changed_address_is_in_use_within_its_ttl_and_a_second, a_name_that_moves_moves_no_calls_to_the_standby,
      a_new_address_takes_no_calls_before_it_has_answered, a_failing_resolver_keeps_the_last_addresses_and_is_told_of,
      a_silent_resolver_delays_no_probe_of_what_is_resolved, without_keep_last_good_old_addresses_end_with_their_ttl,
      a_name_that_is_not_there_is_no_outage_of_the_carrier, a_service_that_is_not_offered_loses_its_addresses,
      addresses_stand_by_priority_and_share_by_weight, a_dead_address_is_tried_after_everything_that_is_well,
      a_trunk_with_many_addresses_takes_no_more_than_its_weight, a_reload_keeps_the_addresses_and_their_health,
      a_trunk_that_has_an_address_instead_of_its_name_tells_what_left, two_trunks_of_one_name_are_looked_up_once,
      a_change_too_long_for_one_event_is_told_by_several, a_long_ttl_and_too_many_addresses_are_both_warned_of)
