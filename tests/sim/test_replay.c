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
        write_line("{\"at\":0,\"in\":\"trunk\",\"joined\":true,\"trunk\":\"%s\",\"schedule\":\"%016llx\"}",
                   model->trunks[i].id, (unsigned long long)tha_recording_schedule(&model->trunks[i]));
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

START_TEST(another_threshold_judges_the_same_evidence)
{
    fall_silent(TWO);
    play(TWO, "keepalive.maxFailedAttempts=2");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 39004);
    ck_assert(says("\"way\":\"exact\""));
    play(TWO, "keepalive.maxFailedAttempts=4");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 57013);
    play(TWO, "keepalive.maxFailedAttempts=5");
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), -1);
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
    ck_assert(says("\"way\":\"exact\""));
    ck_assert(says("\"unknownTrunks\":1"));
    ck_assert_int_eq(when("a1", TRUNKHA_HEALTH_DOWN, 0), 42008);
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

START_TEST(last_one_is_released)
{
    simulation = trunkha_simulation_free(simulation);
}
END_TEST

SUITE("replay", evidence_comes_when_it_came, another_threshold_judges_the_same_evidence,
      evidence_without_a_probe_credits_nothing, what_is_due_is_seen_to_when_the_engine_saw_to_it,
      without_word_of_a_delay_it_is_seen_to_at_once, inputs_of_one_turn_make_one_change, calls_that_failed_fail_again,
      what_the_engine_told_is_compared, another_interval_finds_what_was_known_at_that_moment,
      before_the_first_probe_its_answer_is_known_already, an_answer_later_than_the_time_out_of_now_is_silence,
      questions_are_answered_when_they_were_answered, a_question_that_nobody_had_asked_is_not_answered,
      a_question_at_another_time_is_answered_by_what_was_known, trunks_that_are_no_more_are_left_out_and_counted,
      cut_recording_is_played_as_far_as_it_goes, engine_that_was_never_started_has_nothing_to_show,
      bad_recording_is_named_with_its_line, replay_survives_any_failing_allocation, last_one_is_released)
