/* Paths in both directions, connections that end, and what peers can do. */
#include <errno.h>

#include "../suite.h"
#include "sim.h"
#include "worlds.h"

#define PAIR(more)                                                                                                          \
    "{'trunkGroups': ["                                                                                                     \
    " {'id': 'a', 'failoverTrunkGroupId': 'b', 'trunks': ["                                                                 \
    "  {'id': 'a1', 'sipAddress': '192.0.2.1', 'direction': 'outbound', 'pairedTrunkId': 'a1-in'},"                         \
    "  {'id': 'a1-in', 'sipAddress': '192.0.2.2', 'direction': 'inbound'" more "}]},"                                       \
    " {'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}]," KEEPALIVE "}"

#define UNPROBED ", 'keepalive': {'enabled': false}"

START_TEST(an_inbound_trunk_is_never_selected)
{
    struct sim *sim = sim_new_at(PAIR(""), 2000);

    ck_assert_str_eq(sim_order(sim, "a"), "a1 b1 | a1-in");
    sim_behave_all(sim, SIM_SILENT);
    sim_behave(sim, "a1-in", SIM_OK);
    sim_run_to(sim, 120000);
    ck_assert_str_eq(sim_order(sim, "a"), "a1 b1 | a1-in");
    sim_free(sim);
}
END_TEST

START_TEST(a_request_proves_an_inbound_trunk_that_nobody_probes)
{
    struct sim *sim = sim_new_at(PAIR(UNPROBED), 2000);

    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_UNKNOWN);
    sim_knock(sim, "a1-in");
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_probes(sim, "a1-in"), 0);
    sim_free(sim);
}
END_TEST

START_TEST(an_inbound_trunk_not_heard_of_for_long_is_unknown_again)
{
    struct sim *sim = sim_new_at(PAIR(UNPROBED), 2000);
    uint64_t patience = 30000 * 4; /* interval * (maxFailedAttempts + 1) */

    sim_knock(sim, "a1-in");
    sim_run_to(sim, 2000 + patience - 1);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_reload(sim, PAIR(UNPROBED ", 'region': 'eu'"));
    sim_run_to(sim, 2000 + patience);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_uint_eq(sim_probes(sim, "a1-in"), 0);
    sim_free(sim);
}
END_TEST

START_TEST(an_inbound_trunk_that_loses_its_probes_is_not_judged_by_the_last_of_them)
{
    struct sim *sim = sim_new(PAIR(""));

    sim_lose_results(sim, true);
    sim_run_to(sim, 2000);
    sim_reload(sim, PAIR(", 'keepalive': {'enabled': false, 'maxFailedAttempts': 1}"));
    sim_run_to(sim, 60000);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1-in"), 0);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_UNKNOWN);
    sim_free(sim);
}
END_TEST

START_TEST(a_call_that_a_host_heard_proves_an_inbound_trunk)
{
    struct sim *sim = sim_new_at(PAIR(UNPROBED), 2000);

    sim_call(sim, "a1-in", (struct tha_news){.kind = THA_NEWS_HEARD}, 0);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_request_brings_a_probed_inbound_trunk_back_at_once)
{
    struct sim *sim = sim_new_at(PAIR(""), 2000);

    sim_behave(sim, "a1-in", SIM_SILENT);
    sim_run_to(sim, 100000);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_DOWN);
    sim_knock(sim, "a1-in");
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sim_trunk(sim, "a1-in")->reason, TRUNKHA_REASON_KEEPALIVE_RECOVERED);
    sim_free(sim);
}
END_TEST

START_TEST(a_request_proves_no_other_trunk)
{
    struct sim *sim = sim_new_at(PAIR(""), 2000);

    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 100000);
    sim_knock(sim, "a1");
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    sim_free(sim);
}
END_TEST

/* ---- Connections ---- */

static const struct tha_evidence reset = {.kind = THA_EVIDENCE_REFUSED, .system_error = ECONNRESET, .detail = "reset"};

START_TEST(a_connection_that_is_reset_is_a_failure_and_probed_at_once)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    unsigned before = sim_probes(sim, "a1");

    sim_close(sim, "a1", &reset);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 1);
    ck_assert_uint_eq(sim_probes(sim, "a1"), before + 1);
    sim_run_to(sim, 11000);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 0);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
    sim_free(sim);
}
END_TEST

START_TEST(a_connection_closed_in_order_is_no_failure_but_looked_after)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    unsigned before = sim_probes(sim, "a1");

    sim_close(sim, "a1", NULL);
    ck_assert_uint_eq(sim_target(sim, "a1")->failed_attempts, 0);
    ck_assert_uint_eq(sim_probes(sim, "a1"), before + 1);
    sim_free(sim);
}
END_TEST

START_TEST(a_peer_that_closes_every_time_is_not_probed_in_a_circle)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 10000);
    unsigned before = sim_probes(sim, "a1");

    for (int i = 0; i < 300; i++) {
        sim_close(sim, "a1", NULL);
        sim_run_to(sim, sim_now(sim) + 100);
    }
    ck_assert_uint_le(sim_probes(sim, "a1") - before, 12); /* one each suspectInterval of 3 s */
    sim_free(sim);
}
END_TEST

static void run_down(struct sim *sim, uint32_t kind, uint32_t reason, bool is_local)
{
    const struct tha_evidence evidence = {.kind = kind, .code = kind == THA_EVIDENCE_AUTH_FAILED ? 401 : 0};

    sim_lose_results(sim, true);
    for (int i = 1; i <= 200 && sim_target(sim, "a1")->health != TRUNKHA_HEALTH_DOWN; i++) {
        sim_report(sim, "a1", &evidence);
        if (is_local)
            sim_report(sim, "b1", &evidence);
        sim_run_to(sim, sim_now(sim) + 1000);
    }
    ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sim_trunk(sim, "a1")->reason, reason);
}

START_TEST(each_failure_has_its_own_reason)
{
    static const struct {
        uint32_t kind, reason;
    } rows[] = {
        {THA_EVIDENCE_TIMED_OUT, TRUNKHA_REASON_KEEPALIVE_FAILURE},
        {THA_EVIDENCE_REFUSED, TRUNKHA_REASON_NETWORK_ERROR},
        {THA_EVIDENCE_SEND_FAILED, TRUNKHA_REASON_NETWORK_ERROR},
        {THA_EVIDENCE_NO_CONNECTION, TRUNKHA_REASON_NETWORK_ERROR},
        {THA_EVIDENCE_TLS_FAILED, TRUNKHA_REASON_TLS_FAILURE},
        {THA_EVIDENCE_AUTH_FAILED, TRUNKHA_REASON_AUTH_FAILURE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sim *sim = sim_new_at(TWO_CARRIERS, 2000);

        run_down(sim, rows[i].kind, rows[i].reason, false);
        ck_assert_uint_eq(sim_target(sim, "a1")->last_response, rows[i].kind == THA_EVIDENCE_AUTH_FAILED ? 401 : 0);
        sim_free(sim);
    }
}
END_TEST

START_TEST(bad_certificates_everywhere_are_no_fault_at_home)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 2000);

    run_down(sim, THA_EVIDENCE_TLS_FAILED, TRUNKHA_REASON_TLS_FAILURE, true);
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_LOCAL_FAULT, NULL), 0);
    sim_free(sim);
}
END_TEST

/* ---- Abilities ---- */

static struct tha_abilities can(const char *methods, const char *codec)
{
    struct tha_abilities abilities = {.codecs = tha_codec_bit(codec, strlen(codec))};

    for (const char *name = methods; *name; name += strcspn(name, " "), name += *name == ' ')
        abilities.methods |= tha_method_bit(name, strcspn(name, " "));

    return abilities;
}

START_TEST(a_standby_that_can_less_than_the_active_is_told_of_once)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 2000);
    const struct sim_event *told;

    sim_say_abilities(sim, "a1", 0, can("INVITE BYE PRACK", "PCMA"));
    sim_say_abilities(sim, "b1", 0, can("INVITE BYE", "PCMA"));
    sim_say_abilities(sim, "b1", 0, can("INVITE BYE", "PCMA"));
    told = sim_event(sim, TRUNKHA_EVENT_CAPABILITY_MISMATCH, "b1", 0);
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->event.detail, "lacks PRACK that a1 has");
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_CAPABILITY_MISMATCH, NULL), 1);
    sim_say_abilities(sim, "b1", 0, can("INVITE BYE PRACK", "OPUS"));
    ck_assert_str_eq(sim_event(sim, TRUNKHA_EVENT_CAPABILITY_MISMATCH, "b1", 1)->event.detail, "lacks PCMA that a1 has");
    sim_free(sim);
}
END_TEST

START_TEST(a_peer_that_can_less_than_is_configured_is_told_of)
{
    struct sim *sim = sim_new_at("{'trunkGroups': [{'id': 'g', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.1', 'allow': "
                                 "['INVITE', 'UPDATE'], 'codecs': [{'type': 'G711A'}]}]}]," KEEPALIVE "}",
                                 2000);

    sim_say_abilities(sim, "a1", 0, can("INVITE", "PCMA"));
    ck_assert_str_eq(sim_event(sim, TRUNKHA_EVENT_CAPABILITY_MISMATCH, "a1", 0)->event.detail,
                     "lacks UPDATE that its configuration has");
    sim_free(sim);
}
END_TEST

START_TEST(what_a_peer_does_not_say_it_does_not_lack)
{
    struct sim *sim = sim_new_at(TWO_CARRIERS, 2000);

    sim_say_abilities(sim, "a1", 0, can("INVITE BYE PRACK", "PCMA"));
    sim_say_abilities(sim, "b1", 0, (struct tha_abilities){.methods = 0});
    ck_assert_uint_eq(sim_count_events(sim, TRUNKHA_EVENT_CAPABILITY_MISMATCH, NULL), 0);
    sim_free(sim);
}
END_TEST

SUITE("sim: paths", an_inbound_trunk_is_never_selected, a_request_proves_an_inbound_trunk_that_nobody_probes,
      an_inbound_trunk_not_heard_of_for_long_is_unknown_again,
      an_inbound_trunk_that_loses_its_probes_is_not_judged_by_the_last_of_them,
      a_call_that_a_host_heard_proves_an_inbound_trunk, a_request_brings_a_probed_inbound_trunk_back_at_once,
      a_request_proves_no_other_trunk, a_connection_that_is_reset_is_a_failure_and_probed_at_once,
      a_connection_closed_in_order_is_no_failure_but_looked_after, a_peer_that_closes_every_time_is_not_probed_in_a_circle,
      each_failure_has_its_own_reason, bad_certificates_everywhere_are_no_fault_at_home,
      a_standby_that_can_less_than_the_active_is_told_of_once, a_peer_that_can_less_than_is_configured_is_told_of,
      what_a_peer_does_not_say_it_does_not_lack)
