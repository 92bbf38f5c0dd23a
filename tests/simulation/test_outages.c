/* Outages of a made-up world, as callers live them: through the public header, on a virtual clock. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "trunkha.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define NOTED  4096

/** Two carriers, no jitter; calls ring after a second. */
#define KEEPALIVE "\"keepalive\": {\"jitter\": 0}"
#define CARRIERS                                                                                                            \
    "\"trunkGroups\": [{\"id\": \"ga\", \"trunks\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]},"                     \
    " {\"id\": \"gb\", \"trunks\": [{\"id\": \"b\", \"sipAddress\": \"198.51.100.1\"}]}],"                                  \
    " \"routingProfiles\": [{\"id\": \"out\", \"primaryTrunkGroup\": \"ga\", \"secondaryTrunkGroup\": \"gb\"}]"
#define CONFIG "{" CARRIERS ", " KEEPALIVE "}"
#define HASTY  "{" CARRIERS ", \"keepalive\": {\"jitter\": 0, \"interval\": 5, \"suspectInterval\": 1, \"downInterval\": 5}}"
#define NAMED                                                                                                               \
    "{\"trunkGroups\": [{\"id\": \"ga\", \"trunks\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"}]},"                    \
    " {\"id\": \"gb\", \"trunks\": [{\"id\": \"b\", \"sipAddress\": \"198.51.100.1\"}]}],"                                  \
    " \"routingProfiles\": [{\"id\": \"out\", \"primaryTrunkGroup\": \"ga\", \"secondaryTrunkGroup\": \"gb\"}], " KEEPALIVE \
    "}"

#define LOAD            "\"calls\": [{\"perSecond\": 20, \"duration\": 60}]"
#define SCENARIO(steps) "{\"duration\": 3600, \"seed\": 5, " LOAD ", \"steps\": [" steps "]}"
#define IDLE(steps)     "{\"duration\": 3600, \"seed\": 5, \"steps\": [" steps "]}"

enum { A, B };

static trunkha_simulation *simulation;
static trunkha_event noted[NOTED];
static unsigned n_noted;

static void note(const trunkha_event *event, void *user_data)
{
    (void)user_data;
    if (n_noted < NOTED)
        noted[n_noted] = *event;
    n_noted++;
}

static void make(const char *config, const char *scenario)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err;

    options.event_cb = note;
    n_noted = 0;
    err = trunkha_simulation_new(config, strlen(config), scenario, strlen(scenario), &options, &simulation, &diag);
    ck_assert_msg(!err, "%s:%u: %s", diag.file, diag.line, diag.message);
}

static void end(void)
{
    simulation = trunkha_simulation_free(simulation);
}

static void run_to(uint64_t at_ms)
{
    trunkha_simulation_summary summary = TRUNKHA_SIMULATION_SUMMARY_INIT;

    trunkha_simulation_get_summary(simulation, &summary);
    ck_assert_int_ge(trunkha_simulation_run(simulation, at_ms - summary.elapsed_ms), 0);
}

static trunkha_simulation_trunk trunk(uint32_t index)
{
    trunkha_simulation_trunk got = TRUNKHA_SIMULATION_TRUNK_INIT;

    ck_assert_int_eq(trunkha_simulation_get_trunk(simulation, index, &got), 0);

    return got;
}

/** Each call that went wrong did so at one trunk, or found none. */
static void check_shares(const trunkha_simulation_summary *summary)
{
    trunkha_simulation_trunk got = TRUNKHA_SIMULATION_TRUNK_INIT;
    uint64_t delayed = 0, total_ms = 0, lost = 0, cut = 0;
    uint32_t max_ms = 0;

    for (uint32_t i = 0; !trunkha_simulation_get_trunk(simulation, i, &got); i++) {
        delayed += got.calls_delayed;
        total_ms += got.delay_total_ms;
        max_ms = got.delay_max_ms > max_ms ? got.delay_max_ms : max_ms;
        lost += got.calls_lost;
        cut += got.calls_cut;
    }
    ck_assert_uint_eq(delayed, summary->calls_delayed);
    ck_assert_uint_eq(total_ms, summary->delay_total_ms);
    ck_assert_uint_eq(max_ms, summary->delay_max_ms);
    ck_assert_uint_le(lost, summary->calls_lost);
    ck_assert_uint_eq(cut, summary->calls_cut);
}

static trunkha_simulation_summary play(const char *config, const char *scenario)
{
    trunkha_simulation_summary summary = TRUNKHA_SIMULATION_SUMMARY_INIT;

    make(config, scenario);
    ck_assert_int_eq(trunkha_simulation_run(simulation, UINT64_MAX), 0);
    ck_assert_int_eq(trunkha_simulation_get_summary(simulation, &summary), 0);
    ck_assert_uint_eq(summary.elapsed_ms, summary.duration_ms);
    ck_assert_uint_eq(summary.calls, summary.calls_answered + summary.calls_delayed + summary.calls_lost +
                                         summary.calls_unanswered + summary.calls_under_way);
    check_shares(&summary);

    return summary;
}

static trunkha_trunk_status status(uint32_t index)
{
    trunkha_trunk_status got = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_view *view = trunkha_simulation_view(simulation);

    ck_assert_int_eq(trunkha_view_get_trunk(view, index, &got), 0);
    trunkha_view_unref(view);

    return got;
}

/** The first event of @p type about @p entity_id since @p since_ms; NULL = there was none. */
static const trunkha_event *event(uint32_t type, const char *entity_id, uint64_t since_ms)
{
    for (unsigned i = 0; i < n_noted && i < NOTED; i++) {
        if (noted[i].type == type && noted[i].timestamp >= (int64_t)since_ms &&
            (!entity_id || !strcmp(noted[i].entity_id, entity_id)))
            return &noted[i];
    }

    return NULL;
}

/** The last one before @p until_ms. */
static const trunkha_event *event_before(uint32_t type, const char *entity_id, uint64_t until_ms)
{
    const trunkha_event *last = NULL;

    for (unsigned i = 0; i < n_noted && i < NOTED && noted[i].timestamp < (int64_t)until_ms; i++) {
        if (noted[i].type == type && !strcmp(noted[i].entity_id, entity_id))
            last = &noted[i];
    }
    ck_assert_ptr_nonnull(last);

    return last;
}

/* ---- Calm ---- */

START_TEST(calm_hour_loses_nobody_and_tells_little)
{
    trunkha_simulation_summary summary = play(CONFIG, SCENARIO(""));

    ck_assert_uint_gt(summary.calls, 70000);
    ck_assert_uint_eq(summary.calls_lost + summary.calls_delayed + summary.calls_cut, 0);
    ck_assert_uint_eq(summary.attempts, summary.calls);
    ck_assert_uint_eq(trunk(A).attempts, summary.calls);
    ck_assert_uint_eq(trunk(A).answered, summary.calls_answered);
    ck_assert_uint_eq(trunk(A).falls + trunk(B).falls, 0);
    ck_assert_uint_eq(summary.probes, trunk(A).probes + trunk(B).probes);
    ck_assert_ptr_null(event(TRUNKHA_EVENT_CALL_ATTEMPT, NULL, 0));
    ck_assert_ptr_null(event(TRUNKHA_EVENT_CALL_END, NULL, 0));
    end();
}
END_TEST

START_TEST(busy_and_absent_callees_are_unanswered)
{
    trunkha_simulation_summary summary =
        play(CONFIG, "{\"duration\": 3600, \"calls\": [{\"perSecond\": 10, \"busyPercent\": 30, \"noAnswerPercent\": 20}]}");
    double share = (double)summary.calls_unanswered / (double)summary.calls;

    ck_assert_double_eq_tol(share, 0.5, 0.02);
    ck_assert_uint_eq(summary.calls_lost, 0);
    end();
}
END_TEST

START_TEST(events_count_from_one_and_time_from_the_start)
{
    make(CONFIG, SCENARIO(""));
    run_to(MINUTE);
    ck_assert_uint_eq(noted[0].type, TRUNKHA_EVENT_READY);
    ck_assert_int_eq(noted[0].timestamp, 0);
    for (unsigned i = 0; i < n_noted; i++)
        ck_assert_uint_eq(noted[i].sequence, i + 1);
    ck_assert_int_eq(event(TRUNKHA_EVENT_TRUNK_STATE, "a", 0)->timestamp, 20); /* a round trip */
    end();
}
END_TEST

/* ---- Carriers ---- */

START_TEST(blackout_under_load_delays_calls_until_it_is_found)
{
    trunkha_simulation_summary summary = play(
        CONFIG,
        SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"silent\"}, {\"at\": 1200, \"who\": \"a\", \"do\": \"well\"}"));

    ck_assert_uint_eq(trunk(A).falls, 1);
    ck_assert_uint_eq(trunk(A).missed, 0);
    ck_assert_uint_eq(trunk(A).faulty_ms, 600 * SECOND);
    ck_assert_uint_le(trunk(A).worst_detection_ms, 6 * SECOND); /* calls see it long before 42 s are over */
    ck_assert_uint_gt(summary.calls_delayed, 20);
    ck_assert_uint_le(summary.delay_max_ms, 10 * SECOND); /* noRingTimeout, of those that had their 100 */
    ck_assert_uint_ge(summary.delay_max_ms, 3 * SECOND);  /* noResponseTimeout */
    ck_assert_uint_lt(summary.calls_lost, 300);           /* those that rang: about 20 a second for 8 s */
    ck_assert_uint_gt(summary.calls_cut, 100);            /* those that talked */
    ck_assert_uint_eq(trunk(B).false_alarms, 0);
    end();
}
END_TEST

START_TEST(idle_carrier_is_found_dead_within_the_worst_case)
{
    play(CONFIG, IDLE("{\"at\": 600, \"who\": \"a\", \"do\": \"silent\"}"));
    ck_assert_uint_eq(trunk(A).falls, 1);
    ck_assert_uint_ge(trunk(A).worst_detection_ms, 3 * 3 * SECOND);
    ck_assert_uint_le(trunk(A).worst_detection_ms, 42 * SECOND);
    end();
}
END_TEST

START_TEST(storm_of_503_moves_calls_at_once)
{
    trunkha_simulation_summary summary =
        play(CONFIG, SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"code\", \"code\": 503, \"retryAfter\": 30}"));

    ck_assert_uint_eq(summary.calls_lost, 0);
    ck_assert_uint_gt(summary.calls_delayed, 0);
    ck_assert_uint_le(summary.delay_max_ms, 100);
    ck_assert_uint_eq(summary.calls_cut, 0); /* what was established goes on */
    ck_assert_uint_eq(status(A).health, TRUNKHA_HEALTH_DOWN);
    end();
}
END_TEST

START_TEST(closed_port_is_found_by_three_refusals)
{
    trunkha_simulation_summary summary = play(CONFIG, SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"refused\"}"));

    ck_assert_uint_lt(summary.calls_lost, 300); /* those that rang */
    ck_assert_uint_le(trunk(A).worst_detection_ms, SECOND);
    ck_assert_ptr_nonnull(event(TRUNKHA_EVENT_CALL_END, "b", 600 * SECOND));
    end();
}
END_TEST

START_TEST(mute_carrier_is_found_by_calls_alone)
{
    trunkha_simulation_summary summary = play(CONFIG, SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"mute\"}"));
    const trunkha_event *fall;

    fall = event(TRUNKHA_EVENT_TRUNK_STATE, "a", 600 * SECOND);
    ck_assert_ptr_nonnull(fall);
    ck_assert_uint_eq(fall->reason, TRUNKHA_REASON_CALL_FAILURE);
    ck_assert_uint_eq(summary.delay_max_ms, 10 * SECOND);       /* noRingTimeout */
    ck_assert_uint_ge(trunk(A).worst_detection_ms, 9 * SECOND); /* of those that were to ring just then */
    ck_assert_uint_le(trunk(A).worst_detection_ms, 11 * SECOND);
    end();
}
END_TEST

/** Ten trunks, each with a carrier of its own, and a day of @p percent loss; no calls. */
static void play_lossy_day(unsigned percent)
{
    char config[2048] = "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [", scenario[256];
    size_t len = strlen(config);

    for (unsigned i = 0; i < 10; i++)
        len += (size_t)snprintf(config + len, sizeof(config) - len,
                                "%s{\"id\": \"t%u\", \"sipAddress\": \"192.0.2.%u\", \"priority\": %u}", i ? ", " : "", i,
                                i + 1, i);
    snprintf(config + len, sizeof(config) - len, "]}]}");
    snprintf(scenario, sizeof(scenario),
             "{\"duration\": \"1d\", \"seed\": 3, \"steps\": [{\"at\": 0, \"who\": \"all\", \"do\": \"loss\","
             " \"lossPercent\": %u}]}",
             percent);
    play(config, scenario);
}

/** What examples/scenarios/KEEPALIVE.md says of 30 seconds and three attempts; at 30 % one in twenty trunks falls on a day.
 */
START_TEST(defaults_raise_no_false_alarm_in_a_lossy_day)
{
    static const struct {
        unsigned percent;
        double probes;
        uint32_t falls_max;
    } days[] = {{10, 2883, 0}, {20, 2901, 0}, {30, 2945, 2}};

    for (size_t day = 0; day < sizeof(days) / sizeof(days[0]); day++) {
        uint32_t falls = 0;

        play_lossy_day(days[day].percent);
        for (uint32_t i = 0; i < 10; i++) {
            ck_assert_double_eq_tol((double)trunk(i).probes, days[day].probes, 30);
            ck_assert_uint_eq(trunk(i).faulty_ms, 0);
            ck_assert_uint_eq(trunk(i).false_alarms, trunk(i).falls);
            falls += trunk(i).falls;
        }
        ck_assert_uint_le(falls, days[day].falls_max);
        end();
    }
}
END_TEST

START_TEST(loss_of_everything_is_a_fault)
{
    play(CONFIG, IDLE("{\"at\": 600, \"who\": \"a\", \"do\": \"loss\", \"lossPercent\": 100}"));
    ck_assert_uint_eq(trunk(A).falls, 1);
    ck_assert_uint_eq(trunk(A).false_alarms, 0);
    ck_assert_uint_eq(trunk(A).faulty_ms, 3000 * SECOND);
    end();
}
END_TEST

START_TEST(flapping_trunk_is_held_down_longer_and_longer)
{
    trunkha_simulation_summary summary =
        play(CONFIG, SCENARIO("{\"at\": 60, \"who\": \"a\", \"do\": \"flapping\", \"down\": 60, \"up\": 120}"));

    ck_assert_uint_ge(trunk(A).falls, 5);
    ck_assert_uint_eq(trunk(A).false_alarms, 0);
    ck_assert_uint_lt(summary.active_changes, 4 * trunk(A).falls); /* profile and group, there and back: not each time */
    ck_assert_uint_lt(trunk(A).attempts, trunk(B).attempts);
    end();
}
END_TEST

/** How long the calls stay away from `a` after it has come back for good from @p n outages of 30 s, one in 90 s. */
static uint64_t hold_after_flaps(unsigned n)
{
    char scenario[256];
    uint64_t back_ms = 60 * SECOND + n * 90 * SECOND;
    const trunkha_event *back, *failback;

    snprintf(scenario, sizeof(scenario),
             "{\"duration\": 7200, \"steps\": [{\"at\": 60, \"who\": \"a\", \"do\": \"flapping\", \"down\": 30, \"up\": 60},"
             " {\"at\": %llu, \"who\": \"a\", \"do\": \"well\"}]}",
             (unsigned long long)(back_ms / SECOND));
    play(HASTY, scenario);
    back = event_before(TRUNKHA_EVENT_TRUNK_STATE, "a", back_ms);
    failback = event_before(TRUNKHA_EVENT_ACTIVE_CHANGE, "out", 7200 * SECOND);
    ck_assert_uint_eq(back->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_str_eq(failback->trunk_id, "a");
    ck_assert_uint_eq(trunk(A).falls, n);
    end();

    return (uint64_t)(failback->timestamp - back->timestamp);
}

START_TEST(hold_down_doubles_with_each_flap_too_many)
{
    static const uint64_t holds_s[] = {60, 60, 60, 120, 240, 480, 900, 900}; /* two are bad luck; at most maxHoldDown */

    for (unsigned n = 0; n < sizeof(holds_s) / sizeof(holds_s[0]); n++)
        ck_assert_uint_eq(hold_after_flaps(n + 1), holds_s[n] * SECOND);
}
END_TEST

START_TEST(flap_shorter_than_the_interval_is_missed_by_an_idle_engine)
{
    play(CONFIG, IDLE("{\"at\": 605, \"who\": \"a\", \"do\": \"silent\"}, {\"at\": 608, \"who\": \"a\", \"do\": \"well\"}"));
    ck_assert_uint_eq(trunk(A).falls, 0);
    ck_assert_uint_eq(trunk(A).missed, 1);
    end();
}
END_TEST

/* ---- Names ---- */

START_TEST(address_that_is_new_is_probed_before_it_takes_calls)
{
    trunkha_simulation_summary summary =
        play(NAMED, SCENARIO("{\"at\": 600, \"do\": \"dns\", \"name\": \"a.example\", \"addresses\": [\"203.0.113.7\"]}"));
    const trunkha_event *came = event(TRUNKHA_EVENT_TARGET_STATE, "udp:203.0.113.7:5060", 600 * SECOND);

    ck_assert_ptr_nonnull(came);
    ck_assert_uint_eq(came->health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_int_le(came->timestamp, 665 * (int64_t)SECOND); /* a TTL of a minute, and a probe */
    ck_assert_uint_eq(summary.calls_lost + summary.calls_delayed, 0);
    ck_assert_uint_lt(trunk(B).attempts, 5); /* before the name was known for the first time */
    end();
}
END_TEST

START_TEST(dns_outage_keeps_the_last_good_addresses)
{
    trunkha_simulation_summary summary = play(NAMED, SCENARIO("{\"at\": 600, \"do\": \"dnsSilent\"}"));
    const trunkha_event *told = event(TRUNKHA_EVENT_ADDRESS_CHANGE, "a", 600 * SECOND);

    ck_assert_ptr_nonnull(told);
    ck_assert_uint_eq(told->reason, TRUNKHA_REASON_DNS_FAILURE);
    ck_assert_uint_eq(summary.calls_lost + summary.calls_delayed, 0);
    ck_assert_uint_eq(trunk(A).falls, 0);
    ck_assert_uint_eq(trunk(A).faulty_ms, 0);
    end();
}
END_TEST

/* ---- At home ---- */

START_TEST(line_cut_at_home_is_our_own_fault)
{
    play(CONFIG, IDLE("{\"at\": 600, \"do\": \"homeCut\"}, {\"at\": 900, \"do\": \"homeMended\"}"));
    ck_assert_ptr_nonnull(event(TRUNKHA_EVENT_LOCAL_FAULT, NULL, 600 * SECOND));
    ck_assert_ptr_nonnull(event(TRUNKHA_EVENT_LOCAL_FAULT, NULL, 900 * SECOND));
    ck_assert_uint_eq(trunk(A).faulty_ms, 300 * SECOND);
    ck_assert_uint_eq(trunk(A).falls + trunk(B).falls, 2);
    ck_assert_uint_eq(trunk(A).false_alarms + trunk(B).false_alarms, 0);
    ck_assert_uint_eq(event(TRUNKHA_EVENT_TRUNK_STATE, "a", 600 * SECOND)->reason, TRUNKHA_REASON_LOCAL_FAULT);
    end();
}
END_TEST

START_TEST(line_cut_at_home_loses_every_call_that_begins)
{
    trunkha_simulation_summary summary =
        play(CONFIG, SCENARIO("{\"at\": 600, \"do\": \"homeCut\"}, {\"at\": 660, \"do\": \"homeMended\"}"));

    ck_assert_uint_gt(summary.calls_lost, 900); /* 20 a second */
    ck_assert_uint_gt(summary.calls_cut, 0);
    end();
}
END_TEST

START_TEST(drained_trunk_finishes_its_calls)
{
    trunkha_simulation_summary summary = play(
        CONFIG,
        SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"drain\"}, {\"at\": 1800, \"who\": \"a\", \"do\": \"enable\"}"));

    ck_assert_uint_eq(summary.calls_lost + summary.calls_delayed + summary.calls_cut, 0);
    ck_assert_uint_gt(trunk(B).attempts, 20000);
    ck_assert_uint_eq(trunk(A).falls, 0);
    end();
}
END_TEST

START_TEST(trunk_disabled_for_a_while_comes_back_and_has_not_fallen)
{
    make(CONFIG, IDLE("{\"at\": 60, \"who\": \"ga\", \"do\": \"disable\", \"for\": 60}"));
    run_to(60 * SECOND - 1);
    ck_assert_uint_eq(status(A).admin, TRUNKHA_ADMIN_ENABLED);
    run_to(60 * SECOND);
    ck_assert_uint_eq(status(A).admin, TRUNKHA_ADMIN_DISABLED);
    run_to(120 * SECOND - 1);
    ck_assert_uint_eq(status(A).admin, TRUNKHA_ADMIN_DISABLED);
    run_to(121 * SECOND);
    ck_assert_uint_eq(status(A).health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(trunk(A).falls, 0);
    end();
}
END_TEST

/* ---- The machine itself ---- */

static char *json_of(const char *scenario, uint64_t piece_ms)
{
    char *json = NULL;
    int more;

    make(CONFIG, scenario);
    do {
        more = trunkha_simulation_run(simulation, piece_ms);
        ck_assert_int_ge(more, 0);
    } while (more);
    ck_assert_int_eq(trunkha_simulation_json(simulation, &json), 0);
    end();

    return json;
}

#define STORMY                                                                                                              \
    SCENARIO("{\"at\": 300, \"who\": \"all\", \"do\": \"loss\", \"lossPercent\": 30},"                                      \
             "{\"at\": 900, \"who\": \"a\", \"do\": \"flapping\", \"down\": 7, \"up\": 31}")

START_TEST(callers_see_which_trunk_has_cost_them_what)
{
    trunkha_simulation_summary summary = play(CONFIG, SCENARIO("{\"at\": 600, \"who\": \"a\", \"do\": \"silent\"}"));

    ck_assert_uint_gt(trunk(A).calls_delayed, 0);
    ck_assert_uint_eq(trunk(A).calls_delayed, summary.calls_delayed);
    ck_assert_uint_ge(trunk(A).delay_max_ms, 3000); /* noResponseTimeout, or noRingTimeout of those that got a 100 */
    ck_assert_uint_eq(trunk(A).calls_lost, summary.calls_lost); /* those that rang there */
    ck_assert_uint_gt(trunk(A).calls_lost, 0);
    ck_assert_uint_gt(trunk(A).calls_cut, 0);
    ck_assert_uint_eq(trunk(B).calls_delayed + trunk(B).calls_lost + trunk(B).calls_cut, 0);
    end();
}
END_TEST

START_TEST(call_without_a_trunk_is_lost_by_none)
{
    trunkha_simulation_summary summary = play(CONFIG, SCENARIO("{\"at\": 600, \"who\": \"all\", \"do\": \"disable\"}"));

    ck_assert_uint_gt(summary.calls_lost, 50000);
    ck_assert_uint_eq(trunk(A).calls_lost + trunk(B).calls_lost, 0);
    end();
}
END_TEST

static unsigned count_moves(const char *profile_id)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_noted && i < NOTED; i++)
        n += noted[i].type == TRUNKHA_EVENT_ACTIVE_CHANGE && !strcmp(noted[i].entity_id, profile_id);

    return n;
}

START_TEST(moves_of_groups_count_where_calls_name_them)
{
    static const char steps[] = "\"steps\": [{\"at\": 600, \"who\": \"a\", \"do\": \"silent\"}]}";
    char scenario[512];

    ck_assert_uint_eq(play(CONFIG, IDLE("{\"at\": 600, \"who\": \"a\", \"do\": \"silent\"}")).active_changes,
                      count_moves("out"));
    ck_assert_uint_gt(count_moves("ga"), 0);
    end();
    snprintf(scenario, sizeof(scenario), "{\"duration\": 3600, \"calls\": [{\"perSecond\": 1, \"profile\": \"ga\"}], %s",
             steps);
    ck_assert_uint_eq(play(CONFIG, scenario).active_changes, count_moves("out") + count_moves("ga"));
    end();
}
END_TEST

START_TEST(same_seed_gives_the_same_story_however_it_is_cut)
{
    char *whole = json_of(STORMY, UINT64_MAX), *again = json_of(STORMY, UINT64_MAX), *pieces = json_of(STORMY, 777);

    ck_assert_str_eq(whole, again);
    ck_assert_str_eq(whole, pieces);
    trunkha_free(whole);
    trunkha_free(again);
    trunkha_free(pieces);
}
END_TEST

START_TEST(other_settings_meet_the_same_callers)
{
    static const char *const settings[] = {"keepalive.interval=15"};
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    trunkha_simulation_summary usual = play(CONFIG, SCENARIO("")), other = TRUNKHA_SIMULATION_SUMMARY_INIT;
    const char scenario[] = SCENARIO("");

    end();
    options.settings = settings;
    options.n_settings = 1;
    ck_assert_int_eq(trunkha_simulation_new(CONFIG, strlen(CONFIG), scenario, strlen(scenario), &options, &simulation, NULL),
                     0);
    ck_assert_int_eq(trunkha_simulation_run(simulation, UINT64_MAX), 0);
    trunkha_simulation_get_summary(simulation, &other);
    ck_assert_uint_gt(other.probes, usual.probes);
    ck_assert_uint_eq(other.calls, usual.calls);
    ck_assert_uint_eq(other.calls_unanswered, usual.calls_unanswered);
    end();
}
END_TEST

START_TEST(samples_add_up_to_the_trunk)
{
    trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;
    uint64_t attempts = 0, answered = 0, failed = 0;
    uint32_t n = 0;

    play(CONFIG, STORMY);
    for (; !trunkha_simulation_get_sample(simulation, A, n, &sample); n++) {
        attempts += sample.attempts;
        answered += sample.answered;
        failed += sample.failed;
    }
    ck_assert_uint_eq(n, 240);
    ck_assert_uint_eq(attempts, trunk(A).attempts);
    ck_assert_uint_eq(answered, trunk(A).answered);
    ck_assert_uint_eq(failed, trunk(A).failed);
    ck_assert_int_eq(trunkha_simulation_get_sample(simulation, 2, 0, &sample), TRUNKHA_ERR_END);
    end();
}
END_TEST

START_TEST(view_lives_in_the_time_of_the_simulation_and_outlives_it)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_candidate to[2];
    size_t n = 2;
    trunkha_view *view;

    make(CONFIG, IDLE(""));
    view = trunkha_simulation_view(simulation);
    run_to(30 * MINUTE);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_lt(info.age_ms, 5000);
    ck_assert_uint_eq(info.is_live, 1);
    ck_assert_int_eq(trunkha_view_select(view, "out", to, &n), 0);
    ck_assert_str_eq(to[0].trunk_id, "a");
    ck_assert_uint_eq(to[0].why, TRUNKHA_WHY_PREFERRED);
    end();
    ck_assert_int_eq(trunkha_view_select(view, "out", to, &n), 0);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 0);
    trunkha_view_unref(view);
}
END_TEST

static int run_result;

static void run_inside(const trunkha_event *told, void *user_data)
{
    (void)told;
    run_result = trunkha_simulation_run(*(trunkha_simulation **)user_data, 1);
    *(trunkha_simulation **)user_data = trunkha_simulation_free(*(trunkha_simulation **)user_data);
}

START_TEST(callback_cannot_run_it_but_may_release_it)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    const char scenario[] = SCENARIO("");
    trunkha_simulation *running;

    options.event_cb = run_inside;
    options.event_user_data = &simulation;
    ck_assert_int_eq(trunkha_simulation_new(CONFIG, strlen(CONFIG), scenario, strlen(scenario), &options, &simulation, NULL),
                     0);
    running = simulation;
    trunkha_simulation_run(running, MINUTE);
    ck_assert_int_eq(run_result, TRUNKHA_ERR_STATE);
    ck_assert_ptr_null(simulation);
}
END_TEST

START_TEST(mistakes_are_told_with_their_place)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    const char bad[] = "{\"duration\": 60, \"steps\": [{\"at\": 1, \"who\": \"nobody\", \"do\": \"silent\"}]}";

    ck_assert_int_eq(trunkha_simulation_new("{", 1, "{}", 2, NULL, &simulation, &diag), TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(diag.file, "configuration");
    ck_assert_int_eq(trunkha_simulation_new(CONFIG, strlen(CONFIG), bad, strlen(bad), NULL, &simulation, &diag),
                     TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(diag.file, "scenario");
    ck_assert_str_eq(diag.pointer, "/steps/0/who");
    ck_assert_int_eq(trunkha_simulation_new(NULL, 0, "{}", 2, NULL, &simulation, &diag), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_simulation_run(NULL, 1), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_null(trunkha_simulation_free(NULL));
}
END_TEST

/* ---- Want of memory ---- */

static unsigned allocations, failing;

static void *fail_one(void *ptr, size_t size, void *user_data)
{
    (void)user_data;
    if (!size) {
        free(ptr);
        return NULL;
    }

    return ++allocations == failing ? NULL : realloc(ptr, size);
}

static trunkha_simulation_options failing_options(unsigned number)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;

    options.realloc_cb = fail_one;
    allocations = 0;
    failing = number;

    return options;
}

/** Runs to the end; what a want of memory has stopped goes on. Returns how often that happened. */
static unsigned run_on(void)
{
    unsigned stops = 0;
    int result;

    while ((result = trunkha_simulation_run(simulation, UINT64_MAX))) {
        ck_assert_int_eq(result, TRUNKHA_ERR_NOMEM);
        stops++;
    }

    return stops;
}

START_TEST(want_of_memory_is_survived_wherever_it_strikes)
{
    const char scenario[] =
        "{\"duration\": 20, \"seed\": 5, \"calls\": [{\"perSecond\": 4}], \"steps\": ["
        "{\"at\": 5, \"who\": \"a\", \"do\": \"silent\"}, {\"at\": 9, \"who\": \"b\", \"do\": \"drain\"},"
        "{\"at\": 8, \"do\": \"dns\", \"name\": \"a.example\", \"addresses\": [\"203.0.113.7:5070\"]}]}";
    unsigned refused = 0, stopped = 0;
    bool is_over = false;

    for (unsigned n = 1; !is_over; n++) {
        trunkha_simulation_options options = failing_options(n);
        trunkha_simulation_summary summary = TRUNKHA_SIMULATION_SUMMARY_INIT;
        int err = trunkha_simulation_new(NAMED, strlen(NAMED), scenario, strlen(scenario), &options, &simulation, NULL);

        if (err) {
            ck_assert_int_eq(err, TRUNKHA_ERR_NOMEM);
            refused++;
            continue;
        }
        stopped += run_on();
        trunkha_simulation_get_summary(simulation, &summary);
        ck_assert_uint_gt(summary.calls, 50);
        end();
        is_over = allocations < n;
    }
    ck_assert_uint_gt(refused, 20);
    ck_assert_uint_gt(stopped, 20);
}
END_TEST

SUITE("outages", calm_hour_loses_nobody_and_tells_little, busy_and_absent_callees_are_unanswered,
      events_count_from_one_and_time_from_the_start, blackout_under_load_delays_calls_until_it_is_found,
      idle_carrier_is_found_dead_within_the_worst_case, storm_of_503_moves_calls_at_once,
      closed_port_is_found_by_three_refusals, mute_carrier_is_found_by_calls_alone,
      defaults_raise_no_false_alarm_in_a_lossy_day, loss_of_everything_is_a_fault,
      flapping_trunk_is_held_down_longer_and_longer, hold_down_doubles_with_each_flap_too_many,
      flap_shorter_than_the_interval_is_missed_by_an_idle_engine, address_that_is_new_is_probed_before_it_takes_calls,
      dns_outage_keeps_the_last_good_addresses, line_cut_at_home_is_our_own_fault,
      line_cut_at_home_loses_every_call_that_begins, drained_trunk_finishes_its_calls,
      trunk_disabled_for_a_while_comes_back_and_has_not_fallen, same_seed_gives_the_same_story_however_it_is_cut,
      callers_see_which_trunk_has_cost_them_what, call_without_a_trunk_is_lost_by_none,
      moves_of_groups_count_where_calls_name_them, other_settings_meet_the_same_callers, samples_add_up_to_the_trunk,
      view_lives_in_the_time_of_the_simulation_and_outlives_it, callback_cannot_run_it_but_may_release_it,
      mistakes_are_told_with_their_place, want_of_memory_is_survived_wherever_it_strikes)
