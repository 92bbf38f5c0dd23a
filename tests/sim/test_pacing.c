/* Never a burst: not after start, not after a reload, not when all fall silent and come back; and never more than a
 * peer allows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "sim.h"

/** @p n trunks, each with a peer address of its own, or all with one. */
static char *many_trunks(unsigned n, bool has_one_peer, const char *keepalive)
{
    size_t room = (size_t)n * 80 + 1024;
    char *json = malloc(room);
    size_t len;

    ck_assert_ptr_nonnull(json);
    len = (size_t)snprintf(json, room, "{'keepalive': {%s}, 'trunkGroups': [", keepalive);
    for (unsigned i = 0; i < n; i++) {
        unsigned host = has_one_peer ? 0 : i;

        len += (size_t)snprintf(json + len, room - len, "%s{'id': 't%u', 'sipAddress': '10.%u.%u.%u:%u'}", i ? "," : "", i,
                                host / 62500, host / 250 % 250, host % 250 + 1, has_one_peer ? 5060 + i : 5060);
    }
    snprintf(json + len, room - len, "]}");

    return json;
}

#define EVERY_5_S "'interval': 5, 'suspectInterval': 3, 'downInterval': 15, 'timeout': 3"

START_TEST(ten_thousand_targets_leave_at_most_twice_the_ideal_in_any_10_ms)
{
    char *json = many_trunks(10000, false, EVERY_5_S);
    struct sim *sim = sim_new(json);

    sim_run_to(sim, 20000);
    sim_reload(sim, json);
    sim_run_to(sim, 40000);
    ck_assert_uint_le(sim_most_probes(sim, NULL, 10), 40);
    ck_assert_uint_ge(sim_probes(sim, NULL), 70000);
    sim_free(sim);
    free(json);
}
END_TEST

START_TEST(all_silent_and_back_is_no_burst_either)
{
    char *json = many_trunks(2000, false, EVERY_5_S);
    struct sim *sim = sim_new(json);

    sim_run_to(sim, 10000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 60000);
    sim_behave_all(sim, SIM_OK);
    sim_run_to(sim, 100000); /* two answers, 15 s and jitter apart */
    for (unsigned i = 0; i < 2000; i += 100) {
        char id[16];

        snprintf(id, sizeof(id), "t%u", i);
        ck_assert_uint_eq(sim_trunk(sim, id)->health, TRUNKHA_HEALTH_AVAILABLE);
    }
    /* 2,000 every 3 s while in doubt would be 6.7 in 10 ms */
    ck_assert_uint_le(sim_most_probes(sim, NULL, 10), 14);
    sim_free(sim);
    free(json);
}
END_TEST

START_TEST(a_peer_address_is_never_asked_more_than_it_allows)
{
    char *json = many_trunks(20, true,
                             "'interval': 10, 'suspectInterval': 1, 'downInterval': 1, 'timeout': 1, "
                             "'maxProbesPerMinute': 60");
    struct sim *sim = sim_new(json);

    sim_run_to(sim, 120000);
    sim_behave_all(sim, SIM_REFUSED);
    sim_run_to(sim, 600000);
    ck_assert_uint_le(sim_most_probes(sim, NULL, 60000), 60);
    ck_assert_uint_ge(sim_probes(sim, NULL), 400); /* and most of what it allows is used */
    sim_free(sim);
    free(json);
}
END_TEST

START_TEST(who_is_in_doubt_is_asked_before_who_is_settled)
{
    char *json = many_trunks(10, true,
                             "'interval': 6, 'suspectInterval': 3, 'timeout': 3, 'jitter': 0, "
                             "'maxProbesPerMinute': 100");
    struct sim *sim = sim_new(json);
    uint64_t dead_at = 180000;

    sim_run_to(sim, dead_at);
    sim_behave(sim, "t3", SIM_SILENT);
    while (sim_trunk(sim, "t3")->health != TRUNKHA_HEALTH_DOWN && sim_now(sim) < dead_at + 60000)
        sim_run_to(sim, sim_now(sim) + 100);
    /* 6 s to the next probe and 9 s of failures, though the peer's budget is used up by the others */
    ck_assert_uint_le(sim_now(sim), dead_at + 18000);
    sim_free(sim);
    free(json);
}
END_TEST

START_TEST(the_derived_budget_never_slows_detection)
{
    char *json = many_trunks(3, true, "'interval': 30, 'jitter': 0");
    struct sim *sim = sim_new(json);

    sim_run_to(sim, 10000);
    sim_behave_all(sim, SIM_SILENT);
    sim_run_to(sim, 40000);
    ck_assert_uint_eq(sim_trunk(sim, "t0")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "t2")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
    free(json);
}
END_TEST

SUITE("sim: pacing", ten_thousand_targets_leave_at_most_twice_the_ideal_in_any_10_ms, all_silent_and_back_is_no_burst_either,
      a_peer_address_is_never_asked_more_than_it_allows, who_is_in_doubt_is_asked_before_who_is_settled,
      the_derived_budget_never_slows_detection)
