/* The ready scenarios of examples/scenarios, each with what it is meant to show. */
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "trunkha.h"

#define FILE_SIZE   ((size_t)64 * 1024)
#define NOTES_MAX   20000
#define MINUTE      60000
#define TRUNKS      3    /* of examples/trunks.json */
#define NO_RESPONSE 2000 /* ms: its `noResponseTimeout` */
#define RING_AFTER  1000
#define FEW_CALLS   2 /* the seed whose dice have less to do */

enum { A1, A2, B1 };

/** What one event has said, as far as it matters here. */
struct note {
    uint32_t type;
    uint32_t health;
    uint32_t post_dial_ms;
    int64_t at_ms;
    int64_t call_started_ms;
    char entity_id[TRUNKHA_ID_SIZE];
    char trunk_id[TRUNKHA_ID_SIZE];
};

static struct note notes[NOTES_MAX];
static unsigned n_notes;
static trunkha_simulation *simulation;
static trunkha_simulation_summary summary;
static trunkha_simulation_trunk trunks[TRUNKS];

/* ---- Playing */

static size_t read_file(const char *name, char *buf)
{
    char path[512];
    FILE *stream;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", EXAMPLES, name);
    stream = fopen(path, "r");
    ck_assert_msg(stream != NULL, "%s", path);
    len = fread(buf, 1, FILE_SIZE, stream);
    fclose(stream);

    return len;
}

static void take_note(const trunkha_event *event, void *user_data)
{
    struct note *note = &notes[n_notes];

    (void)user_data;
    if (event->type == TRUNKHA_EVENT_CALL_ATTEMPT)
        return;
    ck_assert_uint_lt(n_notes++, NOTES_MAX);

    *note = (struct note){event->type, event->health, event->post_dial_ms, event->timestamp, event->call_started, "", ""};
    memcpy(note->entity_id, event->entity_id, sizeof(note->entity_id));
    memcpy(note->trunk_id, event->trunk_id, sizeof(note->trunk_id));
}

/** Calls take nearly all of the time: leaves a third of them. */
static void thin_out(char *scenario, size_t len)
{
    char *rate = memmem(scenario, len, "\"perSecond\": 30", strlen("\"perSecond\": 30"));

    ck_assert_ptr_nonnull(rate);
    memcpy(rate, "\"perSecond\": 10", strlen("\"perSecond\": 10"));
}

/** Begins @p scenario with dice of their own. */
static void begin(const char *config, const char *scenario, uint64_t seed)
{
    static char config_json[FILE_SIZE], scenario_json[FILE_SIZE];
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    size_t config_len = read_file(config, config_json), scenario_len = read_file(scenario, scenario_json);
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err;

    if (seed == FEW_CALLS)
        thin_out(scenario_json, scenario_len);
    n_notes = 0;
    options.event_cb = take_note;
    options.seed = seed;
    err = trunkha_simulation_new(config_json, config_len, scenario_json, scenario_len, &options, &simulation, &diag);
    ck_assert_msg(!err, "%s: %s", scenario, diag.message);
}

/** What became of it until then is in `notes`, `summary` and `trunks`. */
static void run_to(uint64_t at_ms)
{
    summary = (trunkha_simulation_summary)TRUNKHA_SIMULATION_SUMMARY_INIT;
    ck_assert_int_eq(trunkha_simulation_get_summary(simulation, &summary), 0);
    ck_assert_int_ge(trunkha_simulation_run(simulation, at_ms - summary.elapsed_ms), 0);
    ck_assert_int_eq(trunkha_simulation_get_summary(simulation, &summary), 0);
    ck_assert_uint_eq(summary.elapsed_ms, at_ms);

    for (uint32_t i = 0; i < TRUNKS; i++) {
        trunks[i] = (trunkha_simulation_trunk)TRUNKHA_SIMULATION_TRUNK_INIT;
        if (trunkha_simulation_get_trunk(simulation, i, &trunks[i]))
            break;
    }
}

static void end(void)
{
    simulation = trunkha_simulation_free(simulation);
}

/* ---- What was told */

static unsigned count(uint32_t type, const char *id, int64_t from_ms, int64_t until_ms)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_notes; i++)
        n += notes[i].type == type && notes[i].at_ms >= from_ms && notes[i].at_ms < until_ms &&
             (!*id || !strcmp(notes[i].entity_id, id));

    return n;
}

/** The first change of @p trunk to @p health from @p from_ms on. */
static int64_t change_at(const char *trunk, uint32_t health, int64_t from_ms)
{
    for (unsigned i = 0; i < n_notes; i++) {
        if (notes[i].type == TRUNKHA_EVENT_TRUNK_STATE && notes[i].health == health && notes[i].at_ms >= from_ms &&
            !strcmp(notes[i].entity_id, trunk))
            return notes[i].at_ms;
    }
    ck_abort_msg("%s never was %s", trunk, trunkha_health_name(health));
}

/** Calls that were tried more than once, or lost, and began in that time. */
static unsigned count_troubled(int64_t from_ms, int64_t until_ms)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_notes; i++)
        n += notes[i].type == TRUNKHA_EVENT_CALL_END && notes[i].call_started_ms >= from_ms &&
             notes[i].call_started_ms < until_ms;

    return n;
}

/** What a caller waited at most for his first tone, of those who began in that time. */
static uint32_t longest_wait(int64_t from_ms, int64_t until_ms)
{
    uint32_t longest = 0;

    for (unsigned i = 0; i < n_notes; i++) {
        if (notes[i].type == TRUNKHA_EVENT_CALL_END && notes[i].call_started_ms >= from_ms &&
            notes[i].call_started_ms < until_ms && notes[i].post_dial_ms > longest)
            longest = notes[i].post_dial_ms;
    }

    return longest;
}

/** The trunk that carries the calls of RP-GENERAL at that moment. */
static const char *active_at(int64_t at_ms)
{
    const char *trunk = "a1";

    for (unsigned i = 0; i < n_notes && notes[i].at_ms <= at_ms; i++) {
        if (notes[i].type == TRUNKHA_EVENT_ACTIVE_CHANGE && !strcmp(notes[i].entity_id, "RP-GENERAL"))
            trunk = notes[i].trunk_id;
    }

    return trunk;
}

/* ---- The scenarios, each with the dice of several seeds */

#define EACH_SEED(seed) for (uint64_t seed = 1; seed <= FEW_CALLS; seed++)

START_TEST(blackout_delays_callers_until_it_is_noticed_and_loses_none_of_them)
{
    EACH_SEED(seed)
    {
        int64_t down_ms;
        uint64_t lost;

        begin("trunks.json", "scenarios/blackout.json", seed);
        run_to(10 * MINUTE);
        ck_assert_uint_eq(summary.calls_lost + summary.calls_delayed, 0);
        run_to(12 * MINUTE);
        lost = summary.calls_lost; /* they were ringing when it came: nobody can save those */
        run_to(60 * MINUTE);
        down_ms = change_at("a2", TRUNKHA_HEALTH_DOWN, 0);

        ck_assert_uint_eq(trunks[A1].falls, 1);
        ck_assert_uint_eq(trunks[A2].falls, 1);
        ck_assert_uint_eq(trunks[B1].falls + trunks[B1].failed, 0);
        ck_assert_int_le(down_ms, 10 * MINUTE + 3 * NO_RESPONSE);
        ck_assert_uint_eq(summary.calls_lost, lost);
        ck_assert_uint_lt(lost, 30 * 15);
        ck_assert_uint_gt(count_troubled(10 * MINUTE, down_ms), 0);
        ck_assert_uint_eq(count_troubled(down_ms, 60 * MINUTE), 0);
        ck_assert_uint_le(longest_wait(10 * MINUTE, 60 * MINUTE), 2 * NO_RESPONSE + RING_AFTER + 100);
        ck_assert_str_eq(active_at(20 * MINUTE), "b1");
        ck_assert_str_eq(active_at(60 * MINUTE), "a1");
        end();
    }
}
END_TEST

START_TEST(brownout_is_seen_as_degraded_first_and_loses_nobody)
{
    for (uint64_t seed = 1; seed <= 3; seed += 2) /* of few calls three in a row may fail before that */
    {
        int64_t degraded_ms;

        begin("trunks.json", "scenarios/brownout.json", seed);
        run_to(60 * MINUTE);
        degraded_ms = change_at("a1", TRUNKHA_HEALTH_DEGRADED, 0);

        ck_assert_int_gt(degraded_ms, 10 * MINUTE);
        ck_assert_int_lt(degraded_ms, 30 * MINUTE);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_TRUNK_STATE, "a1", MINUTE, degraded_ms), 0);
        ck_assert_uint_eq(summary.calls_lost + summary.calls_cut, 0);
        ck_assert_uint_le(summary.delay_max_ms, 3 * NO_RESPONSE);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_LOCAL_FAULT, "", 0, 60 * MINUTE), 0);
        ck_assert_str_eq(active_at(25 * MINUTE), "b1");
        ck_assert_str_eq(active_at(60 * MINUTE), "a1");
        end();
    }
}
END_TEST

START_TEST(storm_of_503_is_given_its_pauses_and_hardly_noticed)
{
    EACH_SEED(seed)
    {
        begin("trunks.json", "scenarios/503-storm.json", seed);
        run_to(60 * MINUTE);

        ck_assert_uint_eq(summary.calls_lost + summary.calls_cut, 0);
        ck_assert_uint_le(summary.delay_max_ms, 500);
        ck_assert_uint_gt(trunks[A1].failed, 0);
        ck_assert_uint_lt(trunks[A1].failed + trunks[A2].failed, 60); /* of 36,000 calls in that time */
        ck_assert_uint_eq(trunks[B1].falls, 0);
        ck_assert_str_eq(active_at(25 * MINUTE), "b1");
        ck_assert_str_eq(active_at(60 * MINUTE), "a1");
        end();
    }
}
END_TEST

START_TEST(flapping_link_is_left_alone_after_a_while)
{
    EACH_SEED(seed)
    {
        begin("trunks.json", "scenarios/flapping-link.json", seed);
        run_to(60 * MINUTE);

        ck_assert_uint_gt(count(TRUNKHA_EVENT_ACTIVE_CHANGE, "RP-GENERAL", 5 * MINUTE, 15 * MINUTE), 2);
        ck_assert_uint_gt(count(TRUNKHA_EVENT_TRUNK_STATE, "a1", 17 * MINUTE, 35 * MINUTE), 10);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_ACTIVE_CHANGE, "RP-GENERAL", 17 * MINUTE, 40 * MINUTE), 0);
        ck_assert_str_eq(active_at(17 * MINUTE), "b1");
        ck_assert_uint_eq(count_troubled(17 * MINUTE, 60 * MINUTE), 0);
        ck_assert_str_eq(active_at(60 * MINUTE), "a1");
        end();
    }
}
END_TEST

START_TEST(local_fault_is_told_once_and_held_against_nobody)
{
    EACH_SEED(seed)
    {
        begin("trunks.json", "scenarios/local-fault.json", seed);
        run_to(60 * MINUTE);

        ck_assert_uint_eq(count(TRUNKHA_EVENT_LOCAL_FAULT, "", 10 * MINUTE, 11 * MINUTE), 1);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_LOCAL_FAULT, "", 15 * MINUTE, 15 * MINUTE + 15000), 1); /* its end */
        ck_assert_uint_eq(count(TRUNKHA_EVENT_LOCAL_FAULT, "", 0, 60 * MINUTE), 2);
        for (unsigned i = 0; i < TRUNKS; i++)
            ck_assert_uint_eq(trunks[i].falls, 1);
        ck_assert_str_eq(active_at(15 * MINUTE + 15000), "a1"); /* no hold-down */
        ck_assert_uint_eq(count_troubled(15 * MINUTE + 15000, 60 * MINUTE), 0);
        end();
    }
}
END_TEST

START_TEST(maintenance_cuts_no_call)
{
    EACH_SEED(seed)
    {
        begin("trunks.json", "scenarios/maintenance.json", seed);
        run_to(60 * MINUTE);

        ck_assert_uint_eq(summary.calls_cut + summary.calls_lost + summary.calls_delayed, 0);
        ck_assert_uint_eq(summary.attempts, summary.calls);
        ck_assert_str_eq(active_at(10 * MINUTE), "b1");
        ck_assert_str_eq(active_at(60 * MINUTE), "a1");
        end();
    }
}
END_TEST

START_TEST(dns_move_is_noticed_by_no_caller)
{
    EACH_SEED(seed)
    {
        begin("scenarios/dns-move-trunks.json", "scenarios/dns-move.json", seed);
        run_to(60 * MINUTE);

        ck_assert_uint_eq(summary.calls_cut + summary.calls_lost + summary.calls_delayed, 0);
        ck_assert_uint_eq(trunks[0].falls, 0);
        ck_assert_uint_gt(count(TRUNKHA_EVENT_ADDRESS_CHANGE, "carrier-a", 10 * MINUTE, 12 * MINUTE), 0);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_ADDRESS_CHANGE, "carrier-a", 12 * MINUTE, 34 * MINUTE), 0);
        ck_assert_uint_eq(count(TRUNKHA_EVENT_ADDRESS_CHANGE, "carrier-a", 35 * MINUTE, 60 * MINUTE), 2); /* and back */
        end();
    }
}
END_TEST

SUITE("scenarios", blackout_delays_callers_until_it_is_noticed_and_loses_none_of_them,
      brownout_is_seen_as_degraded_first_and_loses_nobody, storm_of_503_is_given_its_pauses_and_hardly_noticed,
      flapping_link_is_left_alone_after_a_while, local_fault_is_told_once_and_held_against_nobody, maintenance_cuts_no_call,
      dns_move_is_noticed_by_no_caller)
