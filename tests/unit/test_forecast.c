/* What each kind of fault would cost, in configurations that are small enough to be worked out by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"
#include "core/forecast.h"

#define FOR_EVER     UINT32_MAX
#define FORECAST_MAX 16

struct told {
    trunkha_forecast of[FORECAST_MAX];
    trunkha_forecast_peer peers[FORECAST_MAX];
    unsigned n, n_peers;
};

static void on_forecast(const trunkha_forecast *forecast, void *user_data)
{
    struct told *told = user_data;

    ck_assert_uint_lt(told->n, FORECAST_MAX);
    ck_assert_uint_eq(forecast->size, sizeof(*forecast));
    told->of[told->n++] = *forecast;
}

static void on_peer(const trunkha_forecast_peer *peer, void *user_data)
{
    struct told *told = user_data;

    ck_assert_uint_lt(told->n_peers, FORECAST_MAX);
    ck_assert_uint_eq(peer->size, sizeof(*peer));
    told->peers[told->n_peers++] = *peer;
}

/** Worlds are written with single quotes, to be legible in C. */
static char *double_quoted(const char *world)
{
    char *json = strdup(world);

    ck_assert_ptr_nonnull(json);
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return json;
}

static struct told told_with(const char *world, const char *const *settings, uint32_t n_settings)
{
    const trunkha_lint_options options = {sizeof(options), settings, n_settings, 0};
    char *json = double_quoted(world);
    struct told told = {.n = 0};

    ck_assert_int_eq(trunkha_config_forecast(json, strlen(json), &options, on_forecast, on_peer, &told), 0);
    free(json);

    return told;
}

static struct told told_of(const char *world)
{
    return told_with(world, NULL, 0);
}

/** Of the first profile. */
static trunkha_forecast forecast_of(const char *world)
{
    return told_of(world).of[0];
}

static trunkha_forecast_fault fault_of(const char *world, uint32_t fault)
{
    return forecast_of(world).faults[fault];
}

#define PROFILE(more)          "'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'a', 'secondaryTrunkGroup': 'b'" more "}],"
#define TRUNK(id, address)     "{'id': '" id "', 'sipAddress': '" address "'}"
#define GROUPS(a, b)           "'trunkGroups': [{'id': 'a', 'trunks': [" a "]}, {'id': 'b', 'trunks': [" b "]}]"
#define WORLD(more)            "{" more PROFILE("") GROUPS(TRUNK("a1", "192.0.2.1"), TRUNK("b1", "198.51.100.1")) "}"
#define WORLD_OF_PROFILE(more) "{" PROFILE(more) GROUPS(TRUNK("a1", "192.0.2.1"), TRUNK("b1", "198.51.100.1")) "}"

/* ---- Detection ---- */

START_TEST(the_defaults_find_silence_within_42_s)
{
    trunkha_forecast forecast = forecast_of(WORLD(""));

    ck_assert_str_eq(forecast.profile_id, "out");
    ck_assert_uint_eq(forecast.n_trunks, 2);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 33000 + 3000 + 2 * 3000);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].mean_detection_ms, 15000 + 50 + 3000 + 2 * 3000);
}
END_TEST

START_TEST(what_is_refused_or_answered_503_fails_at_once)
{
    trunkha_forecast forecast = forecast_of(WORLD(""));

    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REFUSED].worst_detection_ms, 33000 + 2 * 3000);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REJECTED].worst_detection_ms, 33000 + 2 * 3000);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REFUSED].mean_detection_ms, 15000 + 50 + 2 * 3000);
}
END_TEST

START_TEST(a_suspect_interval_below_the_timeout_waits_for_it)
{
    ck_assert_uint_eq(fault_of(WORLD("'keepalive': {'suspectInterval': 1},"), TRUNKHA_FAULT_SILENCE).worst_detection_ms,
                      33000 + 3 * 3000);
    ck_assert_uint_eq(fault_of(WORLD("'keepalive': {'suspectInterval': 1},"), TRUNKHA_FAULT_REFUSED).worst_detection_ms,
                      33000 + 2 * 1000);
}
END_TEST

START_TEST(a_503_that_counts_as_alive_is_never_found)
{
    trunkha_forecast forecast = forecast_of(WORLD("'keepalive': {'acceptedResponseCodes': [503]},"));

    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REJECTED].worst_detection_ms, FOR_EVER);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REJECTED].mean_detection_ms, FOR_EVER);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 42000);
}
END_TEST

START_TEST(without_keepalive_nothing_is_found_and_nothing_comes_back)
{
    trunkha_forecast forecast = forecast_of(WORLD("'keepalive': {'enabled': false},"));

    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, FOR_EVER);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_REFUSED].mean_detection_ms, FOR_EVER);
    ck_assert_uint_eq(forecast.failback_ms, FOR_EVER);
    ck_assert_uint_eq(told_of(WORLD("'keepalive': {'enabled': false},")).n_peers, 0);
}
END_TEST

/* A budget of 2 is one probe at a time and one a minute. */
START_TEST(a_budget_that_is_too_small_for_one_trunk_delays_every_probe)
{
    trunkha_forecast_fault fault =
        fault_of(WORLD("'keepalive': {'maxProbesPerMinute': 2, 'jitter': 0},"), TRUNKHA_FAULT_SILENCE);

    ck_assert_uint_eq(fault.worst_detection_ms, 3 * 60000 + 3000);
    ck_assert_uint_eq(fault.mean_detection_ms, 30000 + 2 * 60000 + 3000);
}
END_TEST

/* Two a minute, one after another: a2 first, then in turns; and one turn of both is added. */
START_TEST(a_budget_that_several_trunks_crowd_delays_by_their_turns)
{
    const char *world = "{'keepalive': {'maxProbesPerMinute': 4}," PROFILE("")
        GROUPS(TRUNK("a1", "192.0.2.1") "," TRUNK("a2", "192.0.2.1:5070"), TRUNK("b1", "198.51.100.1")) "}";
    trunkha_forecast_fault fault = fault_of(world, TRUNKHA_FAULT_SILENCE);

    ck_assert_uint_eq(fault.worst_detection_ms, 7 * 30000 + 3000 + 60000);
    ck_assert_uint_lt(fault.mean_detection_ms, fault.worst_detection_ms);
}
END_TEST

#define CROWD_SIZE 3000

/** So many that not all can be played: what is left is bounded, and takes no time. */
START_TEST(thousands_with_settings_of_their_own_at_one_address_are_forecast_all_the_same)
{
    char *json = malloc(CROWD_SIZE * 128);
    struct told told = {.n = 0};
    size_t len;

    ck_assert_ptr_nonnull(json);
    len = (size_t)sprintf(json, "{\"keepalive\": {\"maxProbesPerMinute\": 1}, \"trunkGroups\": [{\"id\": \"g\","
                                " \"strategy\": \"roundRobin\", \"trunks\": [");
    for (int i = 0; i < CROWD_SIZE; i++)
        len += (size_t)sprintf(json + len,
                               "%s{\"id\": \"t%d\", \"sipAddress\": \"192.0.2.1:%d\","
                               " \"keepalive\": {\"interval\": %d.%03d}}",
                               i ? "," : "", i, 5060 + i, 30 + i % 2, i % 1000);
    len += (size_t)sprintf(json + len, "]}]}");
    ck_assert_int_eq(trunkha_config_forecast(json, len, NULL, on_forecast, NULL, &told), 0);
    ck_assert_uint_ge(told.of[0].faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 3 * 60000 * CROWD_SIZE);
    free(json);
}
END_TEST

START_TEST(only_the_trunk_that_carries_the_calls_counts)
{
    const char *standby = "{" PROFILE("") GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'priority': 2},"
                                                 "{'id': 'a2', 'sipAddress': '192.0.2.2', 'priority': 1,"
                                                 " 'keepalive': {'interval': 10}}",
                                                 TRUNK("b1", "198.51.100.1")) "}";

    ck_assert_uint_eq(fault_of(standby, TRUNKHA_FAULT_SILENCE).worst_detection_ms, 11000 + 9000);
}
END_TEST

START_TEST(where_trunks_take_turns_the_worst_of_them_counts)
{
    const char *world = "{'trunkGroups': [{'id': 'a', 'strategy': 'roundRobin', 'trunks': ["
                        "{'id': 'a1', 'sipAddress': '192.0.2.1', 'keepalive': {'interval': 10}},"
                        "{'id': 'a2', 'sipAddress': '192.0.2.2'},"
                        "{'id': 'a3', 'sipAddress': '192.0.2.3', 'priority': 1, 'keepalive': {'interval': 60}},"
                        "{'id': 'a4', 'sipAddress': '192.0.2.4', 'direction': 'inbound', 'keepalive': {'interval': 60}}]}]}";
    trunkha_forecast forecast = forecast_of(world);

    ck_assert_uint_eq(forecast.is_group, 1);
    ck_assert_uint_eq(forecast.n_trunks, 3);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 42000);
}
END_TEST

START_TEST(a_group_that_takes_no_calls_leaves_them_to_the_next)
{
    const char *world =
        "{" PROFILE("") GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'adminState': 'disabled'}",
                               "{'id': 'b1', 'sipAddress': '198.51.100.1', 'keepalive': {'interval': 10}}") "}";
    trunkha_forecast forecast = forecast_of(world);

    ck_assert_uint_eq(forecast.n_trunks, 1);
    ck_assert_uint_eq(forecast.faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 11000 + 9000);
}
END_TEST

START_TEST(who_has_no_trunk_for_calls_is_told_nothing_of_faults)
{
    struct told told = told_of(
        "{'trunkGroups': [{'id': 'a', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.1', 'direction': 'inbound'}]}]}");
    trunkha_forecast forecast = told.of[0];

    ck_assert_uint_eq(forecast.n_trunks, 0);
    for (uint32_t i = 0; i < TRUNKHA_FAULTS; i++) {
        ck_assert_uint_eq(forecast.faults[i].worst_detection_ms, 0);
        ck_assert_uint_eq(forecast.faults[i].mean_detection_ms, 0);
        ck_assert_uint_eq(forecast.faults[i].worst_post_dial_ms, 0);
    }
    ck_assert_uint_eq(forecast.worst_no_ring_ms, 0);
    ck_assert_uint_eq(forecast.failback_ms, 0);
    ck_assert_uint_eq(told.n_peers, 1); /* it is probed all the same */
    ck_assert_uint_eq(told.peers[0].probes_per_minute, 2);
}
END_TEST

/* ---- Names ---- */

START_TEST(loss_of_the_dns_shows_at_the_next_look_up)
{
    const char *world = "{'dns': {'maxTtl': 100, 'timeout': 2}," PROFILE("")
        GROUPS(TRUNK("a1", "sip.carrier.example"), TRUNK("b1", "198.51.100.1")) "}";
    trunkha_forecast_fault fault = fault_of(world, TRUNKHA_FAULT_DNS);

    ck_assert_uint_eq(fault.worst_detection_ms, 92000 + 2000);
    ck_assert_uint_eq(fault.mean_detection_ms, 45000 + 2000);
    ck_assert_uint_eq(fault.worst_post_dial_ms, 0);
    ck_assert_str_eq(told_of(world).peers[0].peer, "sip.carrier.example");
}
END_TEST

START_TEST(the_dns_is_no_concern_of_an_address)
{
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_DNS).worst_detection_ms, 0);
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_DNS).mean_detection_ms, 0);
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_DNS).worst_post_dial_ms, 0);
}
END_TEST

/* ---- Calls ---- */

#define FOUR_TRUNKS(call)                                                                                                   \
    "{" PROFILE(", 'call': {" call "}") GROUPS(TRUNK("a1", "192.0.2.1") "," TRUNK("a2", "192.0.2.2"),                       \
                                               TRUNK("b1", "198.51.100.1") "," TRUNK("b2", "198.51.100.2")) "}"

START_TEST(a_caller_waits_for_each_trunk_but_the_last_that_may_be_tried)
{
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, 3000);
    ck_assert_uint_eq(fault_of(FOUR_TRUNKS("'maxAttempts': 3"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, 6000);
    ck_assert_uint_eq(fault_of(FOUR_TRUNKS("'maxAttempts': 9"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, 9000);
    ck_assert_uint_eq(forecast_of(FOUR_TRUNKS("'maxAttempts': 2")).worst_no_ring_ms, 10000);
}
END_TEST

START_TEST(nobody_waits_longer_than_the_total)
{
    ck_assert_uint_eq(fault_of(FOUR_TRUNKS("'totalTimeout': 5"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, 5000);
    ck_assert_uint_eq(forecast_of(FOUR_TRUNKS("'totalTimeout': 15")).worst_no_ring_ms, 15000);
}
END_TEST

START_TEST(a_fault_that_shows_at_once_costs_the_caller_nothing)
{
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_REFUSED).worst_post_dial_ms, 0);
    ck_assert_uint_eq(fault_of(WORLD(""), TRUNKHA_FAULT_REJECTED).worst_post_dial_ms, 0);
}
END_TEST

START_TEST(a_call_that_no_other_trunk_is_tried_for_waits_for_ever)
{
    const char *only = "{'trunkGroups': [{'id': 'a', 'trunks': [" TRUNK("a1", "192.0.2.1") "]}]}";
    const char *without_503 = FOUR_TRUNKS("'rerouteCodes': [500]");

    ck_assert_uint_eq(fault_of(only, TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, FOR_EVER);
    ck_assert_uint_eq(fault_of(only, TRUNKHA_FAULT_REFUSED).worst_post_dial_ms, FOR_EVER);
    ck_assert_uint_eq(forecast_of(only).worst_no_ring_ms, FOR_EVER);
    ck_assert_uint_eq(fault_of(WORLD_OF_PROFILE(", 'automaticFailover': false"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms,
                      FOR_EVER);
    ck_assert_uint_eq(fault_of(FOUR_TRUNKS("'maxAttempts': 1"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, FOR_EVER);
    ck_assert_uint_eq(fault_of(FOUR_TRUNKS("'totalTimeout': 2"), TRUNKHA_FAULT_SILENCE).worst_post_dial_ms, FOR_EVER);
    ck_assert_uint_eq(fault_of(without_503, TRUNKHA_FAULT_REJECTED).worst_post_dial_ms, FOR_EVER);
    ck_assert_uint_eq(fault_of(without_503, TRUNKHA_FAULT_REFUSED).worst_post_dial_ms, 0);
}
END_TEST

/* ---- Failback ---- */

START_TEST(failback_takes_the_good_probes_and_the_hold_down)
{
    ck_assert_uint_eq(forecast_of(WORLD("")).failback_ms, 2 * 16500 + 60000);
    ck_assert_uint_eq(forecast_of(WORLD_OF_PROFILE(", 'failback': {'holdDown': 0}")).failback_ms, 2 * 16500);
}
END_TEST

START_TEST(damping_holds_longer_what_may_not_even_fall_once)
{
    ck_assert_uint_eq(forecast_of(WORLD("'keepalive': {'flapDamping': {'maxTransitions': 1, 'holdDown': 90}},")).failback_ms,
                      2 * 16500 + 90000);
}
END_TEST

START_TEST(by_hand_is_for_ever_and_with_nowhere_to_go_calls_never_left)
{
    ck_assert_uint_eq(forecast_of(WORLD_OF_PROFILE(", 'failback': {'mode': 'manual'}")).failback_ms, FOR_EVER);
    ck_assert_uint_eq(forecast_of(WORLD_OF_PROFILE(", 'failback': {'mode': 'whenIdle'}")).failback_ms, 2 * 16500 + 60000);
    ck_assert_uint_eq(forecast_of(WORLD_OF_PROFILE(", 'automaticFailover': false")).failback_ms, 0);
}
END_TEST

/* ---- What a peer is asked ---- */

START_TEST(trunks_at_one_address_add_up_whatever_their_group)
{
    const char *world = "{" PROFILE("") GROUPS(TRUNK("a1", "192.0.2.1") "," TRUNK("a2", "192.0.2.2"),
                                               TRUNK("b1", "192.0.2.2:5070") "," TRUNK("b2", "192.0.2.2:5080")) "}";
    struct told told = told_of(world);

    ck_assert_uint_eq(told.n_peers, 2);
    ck_assert_str_eq(told.peers[0].peer, "192.0.2.1");
    ck_assert_uint_eq(told.peers[0].n_trunks, 1);
    ck_assert_uint_eq(told.peers[0].probes_per_minute, 2);
    ck_assert_uint_eq(told.peers[0].probe_burst, 2); /* the last look of a hold-down may follow on another probe */
    ck_assert_str_eq(told.peers[1].peer, "192.0.2.2");
    ck_assert_uint_eq(told.peers[1].n_trunks, 3);
    ck_assert_uint_eq(told.peers[1].probes_per_minute, 6);
    ck_assert_uint_eq(told.peers[1].probe_burst, 6);
}
END_TEST

START_TEST(the_budget_limits_rate_and_burst)
{
    const char *world = "{'keepalive': {'interval': 2, 'maxProbesPerMinute': 20}," PROFILE("")
        GROUPS(TRUNK("a1", "192.0.2.1") "," TRUNK("a2", "192.0.2.1:5070"), TRUNK("b1", "198.51.100.1")) "}";
    struct told told = told_of(world);

    ck_assert_uint_eq(told.peers[0].probes_per_minute, 15);
    ck_assert_uint_eq(told.peers[0].probe_burst, 4);

    world = "{'keepalive': {'maxProbesPerMinute': 8}," PROFILE("")
        GROUPS(TRUNK("a1", "192.0.2.1") "," TRUNK("a2", "192.0.2.1:5070"), TRUNK("b1", "198.51.100.1")) "}";
    ck_assert_uint_eq(told_of(world).peers[0].probe_burst, 3);
}
END_TEST

START_TEST(a_part_of_a_probe_a_minute_is_rounded_up)
{
    ck_assert_uint_eq(told_of(WORLD("'keepalive': {'interval': 45},")).peers[0].probes_per_minute, 2);
    ck_assert_uint_eq(told_of(WORLD("'keepalive': {'interval': 20},")).peers[0].probes_per_minute, 3);
}
END_TEST

START_TEST(who_is_not_probed_is_not_told)
{
    const char *world = "{" PROFILE("")
        GROUPS("{'id': 'a1', 'sipAddress': '192.0.2.1', 'keepalive': {'enabled': false}}", TRUNK("b1", "198.51.100.1")) "}";
    struct told told = told_of(world);

    ck_assert_uint_eq(told.n_peers, 1);
    ck_assert_str_eq(told.peers[0].peer, "198.51.100.1");
}
END_TEST

/* ---- The interface ---- */

START_TEST(profiles_of_the_file_come_first_and_then_the_groups)
{
    char *json = double_quoted(WORLD(""));
    struct told told = {.n = 0};

    ck_assert_int_eq(trunkha_config_forecast(json, strlen(json), NULL, on_forecast, NULL, &told), 0);
    ck_assert_uint_eq(told.n, 3);
    ck_assert_str_eq(told.of[0].profile_id, "out");
    ck_assert_str_eq(told.of[1].profile_id, "a");
    ck_assert_str_eq(told.of[2].profile_id, "b");
    ck_assert_uint_eq(told.of[0].is_group, 0);
    ck_assert_uint_eq(told.of[2].is_group, 1);
    free(json);
}
END_TEST

START_TEST(settings_are_tried_out)
{
    const char *settings[] = {"keepalive.interval=10", "keepalive.jitter=0"};

    ck_assert_uint_eq(told_with(WORLD(""), settings, 2).of[0].faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms, 19000);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_forecast)
{
    trunkha_lint_options wrong = {sizeof(wrong), NULL, 1, 0};
    struct told told = {.n = 0};

    ck_assert_int_eq(trunkha_config_forecast("{}", 2, NULL, on_forecast, NULL, &told), TRUNKHA_ERR_CONFIG);
    ck_assert_int_eq(trunkha_config_forecast(NULL, 0, NULL, on_forecast, NULL, &told), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_config_forecast("{}", 2, NULL, NULL, on_peer, &told), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_config_forecast("{}", 2, &wrong, on_forecast, on_peer, &told), TRUNKHA_ERR_INVALID);
    ck_assert_uint_eq(told.n, 0);
}
END_TEST

START_TEST(faults_have_names)
{
    ck_assert_str_eq(trunkha_fault_name(TRUNKHA_FAULT_SILENCE), "silence");
    ck_assert_str_eq(trunkha_fault_name(TRUNKHA_FAULT_REFUSED), "refused");
    ck_assert_str_eq(trunkha_fault_name(TRUNKHA_FAULT_REJECTED), "503");
    ck_assert_str_eq(trunkha_fault_name(TRUNKHA_FAULT_DNS), "dns");
    ck_assert_str_eq(trunkha_fault_name(TRUNKHA_FAULTS), "?");
}
END_TEST

/** Counts down to an allocation that fails; blocks in use are counted too. */
struct allocator {
    unsigned until_failure;
    int blocks;
};

static void *realloc_cb(void *ptr, size_t size, void *user_data)
{
    struct allocator *allocator = user_data;

    if (!size) {
        allocator->blocks -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (!--allocator->until_failure)
        return NULL;
    allocator->blocks += !ptr;

    return realloc(ptr, size);
}

START_TEST(want_of_memory_is_told_and_leaves_nothing_behind)
{
    char *json = double_quoted(WORLD(""));
    struct tha_model *model = NULL;
    struct tha_forecast *forecast = NULL;
    unsigned n = 0;
    int err;

    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), NULL, NULL, &model), 0);
    do {
        struct allocator allocator = {.until_failure = ++n};
        struct tha_mem mem = {realloc_cb, &allocator};

        err = tha_forecast_new(&mem, model, &forecast);
        ck_assert(err == 0 || err == TRUNKHA_ERR_NOMEM);
        if (!err)
            tha_forecast_free(forecast);
        ck_assert_int_eq(allocator.blocks, 0);
    } while (err);
    ck_assert_uint_gt(n, 5);
    tha_model_free(model);
    free(json);
}
END_TEST

SUITE("forecast", the_defaults_find_silence_within_42_s, what_is_refused_or_answered_503_fails_at_once,
      a_suspect_interval_below_the_timeout_waits_for_it, a_503_that_counts_as_alive_is_never_found,
      without_keepalive_nothing_is_found_and_nothing_comes_back, a_budget_that_is_too_small_for_one_trunk_delays_every_probe,
      a_budget_that_several_trunks_crowd_delays_by_their_turns,
      thousands_with_settings_of_their_own_at_one_address_are_forecast_all_the_same,
      only_the_trunk_that_carries_the_calls_counts, where_trunks_take_turns_the_worst_of_them_counts,
      a_group_that_takes_no_calls_leaves_them_to_the_next, who_has_no_trunk_for_calls_is_told_nothing_of_faults,
      loss_of_the_dns_shows_at_the_next_look_up, the_dns_is_no_concern_of_an_address,
      a_caller_waits_for_each_trunk_but_the_last_that_may_be_tried, nobody_waits_longer_than_the_total,
      a_fault_that_shows_at_once_costs_the_caller_nothing, a_call_that_no_other_trunk_is_tried_for_waits_for_ever,
      failback_takes_the_good_probes_and_the_hold_down, damping_holds_longer_what_may_not_even_fall_once,
      by_hand_is_for_ever_and_with_nowhere_to_go_calls_never_left, trunks_at_one_address_add_up_whatever_their_group,
      the_budget_limits_rate_and_burst, a_part_of_a_probe_a_minute_is_rounded_up, who_is_not_probed_is_not_told,
      profiles_of_the_file_come_first_and_then_the_groups, settings_are_tried_out, what_cannot_be_read_is_not_forecast,
      faults_have_names, want_of_memory_is_told_and_leaves_nothing_behind)
