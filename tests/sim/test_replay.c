/* Recordings written by hand, played again. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"
#include "sim/recording.h"

#define STARTED    INT64_C(1678902451230)
#define EVENTS_MAX 256

#define TWO                                                                                                                 \
    "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": \"192.0.2.1\"},"                      \
    "{\"id\": \"b1\", \"sipAddress\": \"192.0.2.2\", \"priority\": 1}]}], \"keepalive\": {\"jitter\": 0}}"
#define NAMED                                                                                                               \
    "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": "                                     \
    "\"a.example:5060;transport=udp\"}]}],"                                                                                 \
    "\"keepalive\": {\"jitter\": 0}, \"dns\": {\"servers\": [\"192.0.2.53\"]}}"

#define A1      "\"trunk\":\"a1\",\"target\":\"udp:192.0.2.1:5060\""
#define B1      "\"trunk\":\"b1\",\"target\":\"udp:192.0.2.2:5060\""
#define PROBE   "\"in\":\"probe\","
#define OK      "\"in\":\"evidence\",\"kind\":\"answered\",\"code\":200,\"rtt\":10000,"
#define SILENCE "\"in\":\"evidence\",\"kind\":\"timedOut\","

static char tape[65536];
static struct trunkha_event events[EVENTS_MAX];
static unsigned n_events;
static struct trunkha_simulation *simulation;

/* ---- Recording ---- */

static void write_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void write_line(const char *fmt, ...)
{
    size_t used = strlen(tape);
    va_list ap;

    va_start(ap, fmt);
    ck_assert_int_lt(vsnprintf(tape + used, sizeof(tape) - used, fmt, ap), (int)(sizeof(tape) - used) - 1);
    va_end(ap);
    strcat(tape, "\n");
}

/** Something that happens at @p at. */
static void hear(unsigned at, const char *what)
{
    write_line("{\"at\":%u,%s}", at, what);
}

/** The header, and @p json loaded and started. */
static void begin(const char *json)
{
    struct tha_model *model;

    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), NULL, NULL, &model), 0);
    tape[0] = '\0';
    write_line("{\"trunkha\":\"0.4.0\",\"format\":1,\"started\":%lld,\"seed\":\"00c0ffee12345678\"}", (long long)STARTED);
    write_line("{\"at\":0,\"in\":\"load\",\"trunks\":%u}", model->n_trunks);
    for (uint32_t i = 0; i < model->n_trunks; i++)
        write_line("{\"at\":0,\"in\":\"trunk\",\"joined\":true,\"trunk\":\"%s\",\"schedule\":\"%016llx\","
                   "\"judging\":\"%016llx\"}",
                   model->trunks[i].id, (unsigned long long)tha_recording_schedule(&model->trunks[i]),
                   (unsigned long long)tha_recording_judging(model, i));
    tha_model_free(model);
    hear(0, "\"in\":\"start\"");
}

/* ---- Playing ---- */

static void on_event(const trunkha_event *event, void *user_data)
{
    (void)user_data;
    ck_assert_uint_lt(n_events, EVENTS_MAX);
    events[n_events++] = *event;
}

static trunkha_simulation_options options_of(const char *const *setting)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;

    options.replay = 1;
    options.event_cb = on_event;
    options.settings = setting;
    options.n_settings = *setting != NULL;

    return options;
}

static void play(const char *json, const char *setting)
{
    const trunkha_simulation_options options = options_of(&setting);
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err;

    n_events = 0;
    simulation = trunkha_simulation_free(simulation);
    err = trunkha_simulation_new(json, strlen(json), tape, strlen(tape), &options, &simulation, &diag);
    ck_assert_msg(!err, "%s:%u: %s", diag.file, diag.line, diag.message);
    ck_assert_int_eq(trunkha_simulation_run(simulation, UINT64_MAX), 0);
}

/** When the trunk went to that state for the @p nth time, from 0, since the start of the recording; -1 = not. */
static int64_t when(const char *trunk_id, uint32_t health, unsigned nth)
{
    for (unsigned i = 0; i < n_events; i++) {
        if (events[i].type == TRUNKHA_EVENT_TRUNK_STATE && events[i].health == health &&
            !strcmp(events[i].entity_id, trunk_id) && !nth--)
            return events[i].timestamp - STARTED;
    }

    return -1;
}

static bool says(const char *words)
{
    bool has_words;
    char *json;

    ck_assert_int_eq(trunkha_simulation_json(simulation, &json), 0);
    has_words = strstr(json, words) != NULL;
    trunkha_free(json);

    return has_words;
}

/* ---- Exact ---- */

/** Answered once, then silent: the third time-out comes at 42013. */
static void fall_silent(const char *json)
{
    static const unsigned sent[] = {33000, 36003, 39006, 54010};

    begin(json);
    hear(0, PROBE A1);
    hear(10, OK A1);
    hear(500, PROBE B1);
    hear(510, OK B1);
    for (unsigned i = 0; i < 4; i++) {
        hear(sent[i], PROBE A1);
        hear(sent[i] + 3000 + i, SILENCE A1);
    }
}

START_TEST(evidence_comes_when_it_came)
{
    fall_silent(TWO);
    play(TWO, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 10);
    ck_assert_int_eq(when("b1", TRUNKHA_HEALTH_AVAILABLE, 0), 510);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 42008);
    ck_assert(says("\"way\":\"exact\""));
}
END_TEST

START_TEST(what_is_only_of_calls_leaves_it_exact)
{
    fall_silent(TWO);
    play(TWO, "trunkGroups.g.trunks.b1.maxCalls=5");
    ck_assert(says("\"way\":\"exact\""));
}
END_TEST

/* ---- Rejudged ---- */

START_TEST(another_threshold_judges_the_same_evidence)
{
    fall_silent(TWO);
    play(TWO, "keepalive.maxFailedAttempts=2");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 39004);
    ck_assert(says("\"way\":\"rejudged\"")); /* DOWN it is probed by another interval, which the recording has not */
    play(TWO, "keepalive.maxFailedAttempts=4");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 57013);
    ck_assert(says("\"way\":\"rejudged\""));
    play(TWO, "keepalive.maxFailedAttempts=5");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), -1);
}
END_TEST

START_TEST(hold_downs_are_looked_at_by_another_interval)
{
    fall_silent(TWO);
    play(TWO, "keepalive.flapDamping.holdDown=120");
    ck_assert(says("\"way\":\"rejudged\""));
}
END_TEST

START_TEST(evidence_without_a_probe_credits_nothing)
{
    begin(TWO);
    hear(10, OK A1);
    play(TWO, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), -1);
}
END_TEST

START_TEST(what_is_due_is_seen_to_when_the_engine_saw_to_it)
{
    begin(TWO);
    hear(0, PROBE A1);
    hear(10, OK A1);
    hear(100, "\"in\":\"admin\",\"trunk\":\"a1\",\"admin\":\"disabled\",\"for\":1000");
    hear(1107, "\"in\":\"turn\",\"due\":1100");
    hear(5000, "\"in\":\"stop\"");
    play(TWO, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 100);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_UNKNOWN, 0), 1107);
}
END_TEST

START_TEST(without_word_of_a_delay_it_is_seen_to_at_once)
{
    begin(TWO);
    hear(0, PROBE A1);
    hear(10, OK A1);
    hear(100, "\"in\":\"admin\",\"trunk\":\"a1\",\"admin\":\"disabled\",\"for\":1000");
    hear(1207, "\"in\":\"turn\",\"due\":1200");
    hear(5000, "\"in\":\"stop\"");
    play(TWO, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_UNKNOWN, 0), 1100);
}
END_TEST

START_TEST(inputs_of_one_turn_make_one_change)
{
    unsigned n_moves = 0;

    begin(TWO);
    hear(0, PROBE A1);
    hear(0, PROBE B1);
    hear(10, OK A1);
    hear(10, "\"joined\":true," OK B1);
    hear(12, "\"in\":\"turn\",\"joined\":true");
    play(TWO, NULL);
    for (unsigned i = 0; i < n_events; i++)
        n_moves += events[i].type == TRUNKHA_EVENT_ACTIVE_CHANGE;
    ck_assert_uint_eq(n_moves, 0); /* from a1, which was tried first anyway, to a1 */
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 12);
    ck_assert_int_eq(when("b1", TRUNKHA_HEALTH_AVAILABLE, 0), 12);
}
END_TEST

START_TEST(calls_that_failed_fail_again)
{
    fall_silent(TWO);
    for (unsigned i = 0; i < 3; i++)
        hear(60000 + i, "\"in\":\"call\"," B1 ",\"kind\":\"failed\",\"profile\":\"g\",\"result\":\"noResponse\",\"flags\":2,"
                        "\"weight\":2,\"age\":3000");
    play(TWO, NULL);
    ck_assert_int_eq(when("b1", TRUNKHA_HEALTH_DOWN, 0), 60002);
}
END_TEST

/* ---- What is counted ---- */

static trunkha_simulation_summary summary(void)
{
    trunkha_simulation_summary got = TRUNKHA_SIMULATION_SUMMARY_INIT;

    ck_assert_int_eq(trunkha_simulation_get_summary(simulation, &got), 0);

    return got;
}

static trunkha_simulation_trunk trunk(uint32_t index)
{
    trunkha_simulation_trunk got = TRUNKHA_SIMULATION_TRUNK_INIT;

    ck_assert_int_eq(trunkha_simulation_get_trunk(simulation, index, &got), 0);

    return got;
}

START_TEST(probes_are_counted_by_trunk_as_they_left)
{
    fall_silent(TWO);
    play(TWO, NULL);
    ck_assert_uint_eq(trunk(0).probes, 5);
    ck_assert_uint_eq(trunk(1).probes, 1);
    ck_assert_uint_eq(summary().probes, 6);
}
END_TEST

START_TEST(probes_of_other_settings_are_counted_as_they_would_have_left)
{
    fall_silent(TWO);
    hear(70000, "\"in\":\"stop\"");
    play(TWO, "keepalive.interval=10");
    ck_assert_uint_gt(trunk(0).probes, 5);
    ck_assert_uint_eq(trunk(1).probes + trunk(0).probes, summary().probes);
}
END_TEST

#define CALL(where, kind) "\"in\":\"call\"," where ",\"kind\":\"" kind "\""
#define OF_G              ",\"profile\":\"g\""

/** One answered at once, one by the second trunk, one that nobody answers, one that both trunks fail, one without a trunk,
 *  one that still rings. */
static void hear_calls(void)
{
    hear(100, CALL(A1, "begun") ",\"attempt\":1");
    hear(2000, CALL(A1, "answered") OF_G ",\"result\":\"answered\",\"flags\":1,\"attempt\":1,\"code\":200,\"age\":1900");
    hear(3000, CALL(A1, "begun") ",\"attempt\":1");
    hear(6000, CALL(A1, "failed") OF_G ",\"result\":\"noResponse\",\"flags\":2,\"weight\":2,\"attempt\":1,\"age\":3000");
    hear(6000, CALL(B1, "moved") ",\"attempt\":2");
    hear(8000, CALL(B1, "answered") OF_G ",\"result\":\"answered\",\"flags\":1,\"attempt\":2,\"code\":200,\"age\":2000");
    hear(9000, CALL(B1, "begun") ",\"attempt\":1");
    hear(9500, CALL(B1, "failed") OF_G ",\"result\":\"failed\",\"flags\":1,\"attempt\":1,\"code\":486,\"age\":500");
    hear(9500, CALL(B1, "ended") OF_G ",\"result\":\"failed\",\"attempt\":1,\"code\":486,\"age\":500");
    hear(10000, CALL(A1, "begun") ",\"attempt\":1");
    hear(10100, CALL(A1, "failed") OF_G ",\"result\":\"failed\",\"weight\":2,\"attempt\":1,\"code\":503,\"age\":100");
    hear(10100, CALL(B1, "moved") ",\"attempt\":2");
    hear(10200, CALL(B1, "failed") OF_G ",\"result\":\"failed\",\"weight\":2,\"attempt\":2,\"code\":503,\"age\":100");
    hear(10200, CALL(B1, "ended") OF_G ",\"result\":\"failed\",\"attempt\":2,\"code\":500,\"age\":200");
    hear(11000, "\"in\":\"call\",\"kind\":\"ended\"" OF_G ",\"result\":\"refused\",\"code\":503");
    hear(12000,
         CALL(A1, "ended") OF_G ",\"result\":\"answered\",\"attempt\":1,\"code\":200,\"age\":11900,\"duration\":10000");
    hear(13000, CALL(A1, "begun") ",\"attempt\":1");
    hear(14000, CALL(A1, "ringing") ",\"flags\":1,\"attempt\":1,\"age\":1000");
}

START_TEST(calls_are_counted_by_what_became_of_them)
{
    trunkha_simulation_summary sum;

    begin(TWO);
    hear_calls();
    play(TWO, NULL);
    sum = summary();
    ck_assert_uint_eq(sum.calls, 6);
    ck_assert_uint_eq(sum.calls_answered, 1);
    ck_assert_uint_eq(sum.calls_delayed, 1);
    ck_assert_uint_eq(sum.calls_unanswered, 1);
    ck_assert_uint_eq(sum.calls_lost, 2);
    ck_assert_uint_eq(sum.calls_under_way, 1);
    ck_assert_uint_eq(sum.attempts, 7);
    ck_assert(says("\"calls\":6,\"answered\":1,\"delayed\":1,\"lost\":2,\"unanswered\":1,\"underWay\":1}"));
}
END_TEST

START_TEST(attempts_are_counted_by_trunk_and_in_its_samples)
{
    trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;
    uint32_t attempts = 0, answered = 0, failed = 0;

    begin(TWO);
    hear_calls();
    play(TWO, NULL);
    ck_assert_uint_eq(trunk(0).attempts, 4);
    ck_assert_uint_eq(trunk(0).answered, 1);
    ck_assert_uint_eq(trunk(0).failed, 2);
    ck_assert_uint_eq(trunk(1).attempts, 3);
    ck_assert_uint_eq(trunk(1).answered, 1);
    ck_assert_uint_eq(trunk(1).failed, 1);
    for (uint32_t i = 0; !trunkha_simulation_get_sample(simulation, 0, i, &sample); i++) {
        attempts += sample.attempts;
        answered += sample.answered;
        failed += sample.failed;
    }
    ck_assert_uint_eq(attempts, 4);
    ck_assert_uint_eq(answered, 1);
    ck_assert_uint_eq(failed, 2);
}
END_TEST

START_TEST(losses_are_counted_where_the_last_attempt_was)
{
    begin(TWO);
    hear_calls();
    play(TWO, NULL);
    ck_assert_uint_eq(trunk(0).calls_lost, 0);
    ck_assert_uint_eq(trunk(1).calls_lost, 1);    /* the other one found no trunk */
    ck_assert_uint_eq(trunk(0).calls_delayed, 0); /* nobody knows where it was first */
    ck_assert(!says("\"delayed\":0"));
    ck_assert(says("\"id\":\"b1\",\"attempts\":3,\"answered\":1,\"failed\":1,\"lost\":1,"));
}
END_TEST

#define WITH_PROFILE                                                                                                        \
    "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": \"192.0.2.1\"},"                      \
    "{\"id\": \"b1\", \"sipAddress\": \"192.0.2.2\", \"priority\": 1}]}],"                                                  \
    "\"routingProfiles\": [{\"id\": \"rp\", \"primaryTrunkGroup\": \"g\"}], \"keepalive\": {\"jitter\": 0}}"

START_TEST(changes_of_groups_count_where_calls_name_them)
{
    fall_silent(TWO); /* where there is no profile, they are those of the group */
    play(TWO, NULL);
    ck_assert_uint_eq(summary().active_changes, 1);
    fall_silent(WITH_PROFILE);
    play(WITH_PROFILE, NULL);
    ck_assert_uint_eq(summary().active_changes, 1);
    hear(60000, CALL(B1, "ended") OF_G ",\"result\":\"answered\",\"attempt\":1,\"code\":200,\"age\":200");
    play(WITH_PROFILE, NULL);
    ck_assert_uint_eq(summary().active_changes, 2);
}
END_TEST

START_TEST(what_no_recording_knows_is_not_told)
{
    static const char *const unknown[] = {"cut", "delayMaxMs", "faultyMs", "falseAlarms", "missed", "isFaulty"};

    fall_silent(TWO);
    play(TWO, NULL);
    ck_assert_uint_eq(trunk(0).falls, 1);
    ck_assert_uint_eq(trunk(0).false_alarms, 0);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ck_assert_msg(!says(unknown[i]), "%s", unknown[i]);
}
END_TEST

START_TEST(calls_of_before_leave_nothing_under_way)
{
    begin(TWO);
    hear(100, CALL(A1, "answered") OF_G ",\"result\":\"answered\",\"flags\":1,\"attempt\":1,\"code\":200,\"age\":4000000");
    hear(200, CALL(A1, "ended") OF_G ",\"result\":\"forgotten\",\"attempt\":1,\"code\":200,\"age\":4000100");
    play(TWO, NULL);
    ck_assert_uint_eq(summary().calls, 0);
    ck_assert_uint_eq(summary().calls_answered, 1);
    ck_assert_uint_eq(summary().calls_unanswered, 0);
    ck_assert_uint_eq(summary().calls_under_way, 0);
}
END_TEST

/* ---- What was told ---- */

START_TEST(what_the_engine_told_is_compared)
{
    fall_silent(TWO);
    hear(57014, "\"in\":\"stop\"");
    play(TWO, NULL);
    ck_assert(says("\"recordedTransitions\":0"));

    begin(TWO);
    hear(0, PROBE A1);
    hear(10, OK A1);
    hear(10, "\"in\":\"told\",\"event\":\"telephony.targets.stateChange\",\"entity\":\"udp:192.0.2.1:5060\",\"state\":"
             "\"AVAILABLE\","
             "\"previous\":\"UNKNOWN\",\"reason\":\"STARTUP\"");
    hear(11, "\"in\":\"told\",\"event\":\"telephony.trunks.stateChange\",\"entity\":\"a1\",\"state\":\"AVAILABLE\","
             "\"previous\":\"UNKNOWN\",\"reason\":\"STARTUP\""); /* a millisecond late */
    play(TWO, NULL);
    ck_assert(says("\"recordedTransitions\":2"));
    ck_assert(says("\"sameTransitions\":1"));
}
END_TEST

/* ---- Resampled ---- */

START_TEST(another_interval_finds_what_was_known_at_that_moment)
{
    fall_silent(TWO);
    hear(70000, "\"in\":\"stop\"");
    play(TWO, "keepalive.interval=10");
    ck_assert(says("\"way\":\"resampled\""));
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 10);
    /* Its own probes leave at 0, 10, 20 and 30 s, and the first at which the recording knows of silence at 40 s. */
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 40000 + 3000 + 2 * 3000);
}
END_TEST

START_TEST(before_the_first_probe_its_answer_is_known_already)
{
    begin(TWO);
    hear(400, PROBE A1);
    hear(425, OK A1);
    hear(5000, "\"in\":\"stop\"");
    play(TWO, "keepalive.interval=10");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 25);
    ck_assert_int_eq(when("b1", TRUNKHA_HEALTH_AVAILABLE, 0), -1); /* nothing is known of it */
}
END_TEST

START_TEST(an_answer_later_than_the_time_out_of_now_is_silence)
{
    begin(TWO);
    hear(0, PROBE A1);
    hear(1500, OK A1);
    hear(30000, "\"in\":\"stop\"");
    play(TWO, "keepalive.timeout=2");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 1500);
    play(TWO, "keepalive.timeout=1");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), -1);
    ck_assert_int_gt(when("a1", TRUNKHA_HEALTH_DOWN, 0), 1000);
}
END_TEST

/* ---- Names ---- */

#define A_ANSWER "\"in\":\"answer\",\"type\":\"A\",\"name\":\"a.example\",\"outcome\":\"answered\","
#define NO_AAAA  "\"in\":\"answer\",\"type\":\"AAAA\",\"name\":\"a.example\",\"outcome\":\"answered\""

START_TEST(questions_are_answered_when_they_were_answered)
{
    begin(NAMED);
    hear(20, A_ANSWER "\"records\":[{\"ttl\":300,\"address\":\"udp:192.0.2.1:0\"}]");
    hear(30, NO_AAAA);
    hear(31, PROBE A1);
    hear(41, OK A1);
    hear(5000, "\"in\":\"stop\"");
    play(NAMED, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_AVAILABLE, 0), 41);
    ck_assert(says("\"way\":\"exact\""));
}
END_TEST

START_TEST(a_question_that_nobody_had_asked_is_not_answered)
{
    begin(NAMED);
    hear(60000, "\"in\":\"stop\"");
    play(NAMED, NULL);
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 3000);
}
END_TEST

START_TEST(a_question_at_another_time_is_answered_by_what_was_known)
{
    begin(NAMED);
    hear(20, A_ANSWER "\"records\":[{\"ttl\":300,\"address\":\"udp:192.0.2.1:0\"}]");
    hear(30, NO_AAAA);
    hear(31, PROBE A1);
    hear(41, OK A1);
    hear(200000, PROBE A1);
    hear(200010, OK A1);
    play(NAMED, "dns.maxTtl=60"); /* asks again every minute */
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), -1);
    for (unsigned i = 0; i < n_events; i++)
        ck_assert_uint_ne(events[i].reason, TRUNKHA_REASON_DNS_FAILURE);
}
END_TEST

/* ---- The whole ---- */

START_TEST(trunks_that_are_no_more_are_left_out_and_counted)
{
    static const char one[] =
        "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": \"192.0.2.1\"}]}],"
        "\"keepalive\": {\"jitter\": 0}}";

    fall_silent(TWO);
    hear(60000, "\"in\":\"admin\",\"trunk\":\"b1\",\"admin\":\"disabled\"");
    hear(60001, "\"in\":\"call\"," B1 ",\"kind\":\"begun\",\"calls\":1");
    hear(60002, "\"in\":\"closed\"," B1);
    play(one, NULL);
    ck_assert(says("\"way\":\"rejudged\"")); /* fewer trunks, another comb */
    ck_assert(says("\"unknownTrunks\":1"));
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 42008);
}
END_TEST

START_TEST(trunks_that_are_new_are_no_exact_replay)
{
    static const char three[] =
        "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": \"192.0.2.1\"},"
        "{\"id\": \"b1\", \"sipAddress\": \"192.0.2.2\", \"priority\": 1},"
        "{\"id\": \"c1\", \"sipAddress\": \"192.0.2.3\", \"priority\": 2}]}], \"keepalive\": {\"jitter\": 0}}";

    fall_silent(TWO);
    play(three, NULL);
    ck_assert(says("\"way\":\"rejudged\""));
    ck_assert(says("\"unknownTrunks\":0"));
}
END_TEST

START_TEST(cut_recording_is_played_as_far_as_it_goes)
{
    fall_silent(TWO);
    strcat(tape, "{\"at\":60000,\"in\":");
    play(TWO, NULL);
    ck_assert(says("\"isCut\":true"));
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 42008);
}
END_TEST

START_TEST(engine_that_was_never_started_has_nothing_to_show)
{
    begin(TWO);
    *strstr(tape, "{\"at\":0,\"in\":\"start\"") = '\0';
    play(TWO, NULL);
    ck_assert_uint_eq(n_events, 0);
}
END_TEST

START_TEST(bad_recording_is_named_with_its_line)
{
    const char *none = NULL;
    trunkha_simulation_options options = options_of(&none);
    trunkha_simulation *untouched = simulation;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    begin(TWO);
    hear(10, "\"in\":\"nonsense\"");
    options.scenario_name = "incident.jsonl";
    ck_assert_int_eq(trunkha_simulation_new(TWO, strlen(TWO), tape, strlen(tape), &options, &simulation, &diag),
                     TRUNKHA_ERR_CONFIG);
    ck_assert_ptr_eq(simulation, untouched);
    ck_assert_str_eq(diag.file, "incident.jsonl");
    ck_assert_uint_eq(diag.line, 6);
}
END_TEST

/* ---- Out of memory ---- */

static long until_failure, alive;

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    (void)user_data;
    if (!size) {
        alive -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (!until_failure--)
        return NULL;
    alive += ptr == NULL;

    return realloc(ptr, size);
}

START_TEST(replay_survives_any_failing_allocation)
{
    const char *none = NULL;
    trunkha_simulation_options options = options_of(&none);
    long n = 0;
    int err;

    begin(NAMED);
    hear(20, A_ANSWER "\"records\":[{\"ttl\":300,\"address\":\"udp:192.0.2.1:0\"}]");
    hear(30, NO_AAAA);
    hear(31, PROBE A1);
    hear(41, OK A1);
    hear(50, "\"in\":\"admin\",\"trunk\":\"a1\",\"admin\":\"draining\",\"for\":1000");
    hear(9000, "\"in\":\"stop\"");
    options.realloc_cb = failing_realloc;
    do {
        trunkha_simulation *mine = NULL;

        n_events = 0;
        until_failure = n;
        err = trunkha_simulation_new(NAMED, strlen(NAMED), tape, strlen(tape), &options, &mine, NULL);
        if (!err)
            err = trunkha_simulation_run(mine, UINT64_MAX);
        ck_assert(!err || err == TRUNKHA_ERR_NOMEM);
        trunkha_simulation_free(mine);
        ck_assert_int_eq(alive, 0);
    } while (until_failure < 0 && ++n < 2000);
    ck_assert_int_gt(n, 40);
    ck_assert_int_eq(err, 0);
}
END_TEST

/* ---- Damage ---- */

/** One line of every kind, about trunks that are there. */
static void hear_everything(void)
{
    fall_silent(TWO);
    hear(58000, "\"in\":\"evidence\"," A1 ",\"kind\":\"refused\",\"error\":\"ECONNREFUSED\",\"detail\":\"no\"");
    hear(58001, "\"in\":\"closed\"," A1 ",\"kind\":\"tlsFailed\",\"detail\":\"certificate has expired\"");
    hear(58002, CALL(B1, "begun") ",\"attempt\":1,\"calls\":1");
    hear(58003,
         CALL(B1, "failed") OF_G ",\"result\":\"failed\",\"flags\":4,\"weight\":2,\"why\":1,\"attempt\":1,\"code\":503,"
                                 "\"cause\":34,\"cool\":5000,\"age\":120,\"duration\":110,\"postDial\":3,\"calls\":7");
    hear(58004, CALL(B1, "ended") OF_G ",\"result\":\"failed\",\"attempt\":1,\"code\":503,\"age\":121");
    hear(58005, "\"in\":\"request\",\"from\":\"udp:192.0.2.2:5060\"");
    hear(58006, "\"in\":\"abilities\"," A1 ",\"methods\":3,\"options\":32768,\"codecs\":5");
    hear(58007, "\"in\":\"finding\"," A1 ",\"event\":\"telephony.trunks.natDetected\",\"detail\":\"seen elsewhere\"");
    hear(58008, "\"in\":\"answer\",\"type\":\"A\",\"name\":\"a.example\",\"outcome\":\"answered\",\"records\":[{\"ttl\":60,"
                "\"address\":\"udp:192.0.2.1:0\"}]");
    hear(58009, "\"in\":\"refresh\"");
    hear(58010, "\"in\":\"admin\",\"trunk\":\"a1\",\"admin\":\"disabled\",\"reason\":\"LICENSE_ISSUE\",\"for\":600");
    hear(58011, "\"in\":\"failback\",\"profile\":\"g\"");
    hear(58012, "\"in\":\"told\",\"event\":\"telephony.trunks.stateChange\",\"entity\":\"a1\",\"state\":\"DOWN\","
                "\"previous\":\"AVAILABLE\",\"reason\":\"KEEPALIVE_FAILURE\"");
    hear(60000, "\"in\":\"turn\",\"due\":59000");
    hear(60001, "\"in\":\"stop\"");
}

static uint32_t random_below(uint32_t limit)
{
    static uint32_t x = 2463534242U;

    x ^= x << 13; /* Marsaglia, xorshift32 */
    x ^= x >> 17;
    x ^= x << 5;

    return x % limit;
}

/** Digits become others, and a byte anything: reading has tests of its own for more. */
static void damage(size_t len)
{
    for (uint32_t n = 1 + random_below(6); n; n--) {
        char *at = tape + random_below((uint32_t)len);

        if (*at >= '0' && *at <= '9')
            *at = (char)('0' + random_below(10));
        else if (!random_below(16))
            *at = (char)(1 + random_below(255));
    }
}

START_TEST(damaged_recording_is_played_to_its_end_or_refused)
{
    static char whole[sizeof(tape)];
    const char *none = NULL;
    trunkha_simulation_options options = options_of(&none);
    unsigned n_played = 0, n_refused = 0;
    size_t len;

    hear_everything();
    len = strlen(tape);
    memcpy(whole, tape, sizeof(whole));
    for (int i = 0; i < 3000; i++) {
        trunkha_simulation *mine = NULL;

        memcpy(tape, whole, sizeof(whole));
        damage(len);
        n_events = 0;
        if (trunkha_simulation_new(TWO, strlen(TWO), tape, len, &options, &mine, NULL)) {
            n_refused++;
            continue;
        }
        ck_assert_int_eq(trunkha_simulation_run(mine, UINT64_MAX), 0);
        trunkha_simulation_free(mine);
        n_played++;
    }
    ck_assert_uint_gt(n_played, 300);
    ck_assert_uint_gt(n_refused, 300);
}
END_TEST

START_TEST(last_one_is_released)
{
    simulation = trunkha_simulation_free(simulation);
}
END_TEST

SUITE("replay", evidence_comes_when_it_came, evidence_without_a_probe_credits_nothing,
      what_is_due_is_seen_to_when_the_engine_saw_to_it, without_word_of_a_delay_it_is_seen_to_at_once,
      inputs_of_one_turn_make_one_change, calls_that_failed_fail_again, probes_are_counted_by_trunk_as_they_left,
      probes_of_other_settings_are_counted_as_they_would_have_left, calls_are_counted_by_what_became_of_them,
      attempts_are_counted_by_trunk_and_in_its_samples, what_no_recording_knows_is_not_told,
      calls_of_before_leave_nothing_under_way, what_the_engine_told_is_compared,
      another_interval_finds_what_was_known_at_that_moment, another_threshold_judges_the_same_evidence,
      hold_downs_are_looked_at_by_another_interval, what_is_only_of_calls_leaves_it_exact,
      trunks_that_are_new_are_no_exact_replay, losses_are_counted_where_the_last_attempt_was,
      changes_of_groups_count_where_calls_name_them, before_the_first_probe_its_answer_is_known_already,
      an_answer_later_than_the_time_out_of_now_is_silence, questions_are_answered_when_they_were_answered,
      a_question_that_nobody_had_asked_is_not_answered, a_question_at_another_time_is_answered_by_what_was_known,
      trunks_that_are_no_more_are_left_out_and_counted, cut_recording_is_played_as_far_as_it_goes,
      engine_that_was_never_started_has_nothing_to_show, bad_recording_is_named_with_its_line,
      replay_survives_any_failing_allocation, damaged_recording_is_played_to_its_end_or_refused, last_one_is_released)
