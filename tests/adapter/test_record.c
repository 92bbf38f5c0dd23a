/* What a real engine hears from real peers, recorded, makes the same transitions when it is played again: the same ones, in
 * the same order, at the same millisecond. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../suite.h"
#include "dns_server.h"
#include "player.h"
#include "stage.h"

#define TEXT_MAX   (1024 * 1024)
#define PLAYED_MAX 512
#define SECRET     "s3cret-of-the-carrier"
#define CALL_ID    "+4930123456@caller"

struct tape {
    char text[TEXT_MAX]; /* written by the engine's thread, read when that has ended */
    size_t len;
};

struct played {
    trunkha_event events[PLAYED_MAX];
    unsigned n_events;
    json_t *summary; /* trunkha_simulation_json() */
};

static struct tape tape;
static struct stage stage;
static struct played played;

static void on_line(const char *line, size_t len, void *user_data)
{
    struct tape *to = user_data;

    ck_assert_uint_gt(len, 0);
    ck_assert_int_eq(line[len - 1], '\n');
    ck_assert_ptr_eq(memchr(line, '\n', len), line + len - 1);
    ck_assert_uint_lt(to->len + len, TEXT_MAX);
    memcpy(to->text + to->len, line, len);
    to->len += len;
}

static void open_stage(void)
{
    memset(&tape, 0, sizeof(tape));
    stage_open_recorded(&stage, on_line, &tape);
}

/** Its events are still there. */
static void close_stage(void)
{
    ck_assert_int_eq(trunkha_engine_stop(stage.engine), 0);
    stage_close(&stage);
}

/* ---- Playing ---- */

static void on_played(const trunkha_event *event, void *user_data)
{
    struct played *to = user_data;

    ck_assert_uint_lt(to->n_events, PLAYED_MAX);
    to->events[to->n_events++] = *event;
}

static const char *config(const char *trunks, const char *keepalive, const char *more)
{
    static char json[8192];

    snprintf(json, sizeof(json),
             "{'trunkGroups': [{'id': 'g', 'trunks': [%s]}], 'instance': {'id': 'stage'},"
             "'keepalive': {'interval': 1, 'suspectInterval': 0.5, 'downInterval': 0.5, 'timeout': 0.5,"
             "'maxProbesPerMinute': 6000%s}%s}",
             trunks, keepalive, more);
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return json;
}

static void play(const char *json, const char *setting)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_simulation *simulation;
    char *summary;
    int err;

    json_decref(played.summary);
    memset(&played, 0, sizeof(played));
    options.replay = 1;
    options.event_cb = on_played;
    options.event_user_data = &played;
    options.settings = &setting;
    options.n_settings = setting != NULL;
    err = trunkha_simulation_new(json, strlen(json), tape.text, tape.len, &options, &simulation, &diag);
    ck_assert_msg(!err, "%s:%u: %s", diag.file, diag.line, diag.message);
    ck_assert_int_eq(trunkha_simulation_run(simulation, UINT64_MAX), 0);
    ck_assert_int_eq(trunkha_simulation_json(simulation, &summary), 0);
    played.summary = json_loads(summary, 0, NULL);
    trunkha_free(summary);
    trunkha_simulation_free(simulation);
}

static const json_t *told_of_replay(const char *key)
{
    return json_object_get(json_object_get(played.summary, "replay"), key);
}

/* ---- Comparing ---- */

static bool is_transition(const trunkha_event *event)
{
    return event->type == TRUNKHA_EVENT_TRUNK_STATE || event->type == TRUNKHA_EVENT_TARGET_STATE ||
           event->type == TRUNKHA_EVENT_ACTIVE_CHANGE || event->type == TRUNKHA_EVENT_LOCAL_FAULT;
}

static unsigned next_transition(const trunkha_event *events, unsigned n, unsigned i)
{
    while (i < n && !is_transition(&events[i]))
        i++;

    return i;
}

static const char *text_of(const trunkha_event *event)
{
    static char texts[2][256];
    static unsigned next;
    char *text = texts[next++ % 2];

    snprintf(text, sizeof(texts[0]), "%s %s %s from %s, %s, trunk %s", trunkha_event_type_name(event->type),
             event->entity_id, trunkha_health_name(event->health), trunkha_health_name(event->previous_health),
             trunkha_reason_name(event->reason), event->trunk_id);

    return text;
}

/** The list of what the engine has told its host, and that of the replay; by their clocks they are compared in the replay,
 *  with the times that the core went by. */
static void expect_same_transitions(unsigned at_least)
{
    unsigned n = 0, i = 0, j = 0;

    for (;; i++, j++, n++) {
        i = next_transition(stage.events, stage.n_events, i);
        j = next_transition(played.events, played.n_events, j);
        if (i == stage.n_events || j == played.n_events)
            break;
        ck_assert_str_eq(text_of(&stage.events[i]), text_of(&played.events[j]));
    }
    ck_assert_msg(i == stage.n_events, "the replay has no %s", text_of(&stage.events[i]));
    ck_assert_msg(j == played.n_events, "the engine has told of no %s", text_of(&played.events[j]));
    ck_assert_uint_ge(n, at_least);

    ck_assert_str_eq(json_string_value(told_of_replay("way")), "exact");
    ck_assert_int_eq(json_integer_value(told_of_replay("recordedTransitions")), n);
    ck_assert_int_eq(json_integer_value(told_of_replay("transitions")), n);
    ck_assert_msg(json_integer_value(told_of_replay("sameTransitions")) == n, "%d of %u at the same millisecond",
                  (int)json_integer_value(told_of_replay("sameTransitions")), n);
}

/* ---- What happens ---- */

static size_t busy(const char *request, char *buf, size_t size, void *user_data)
{
    (void)user_data;

    return player_answer(request, "503 Service Unavailable", "Retry-After: 1\r\n", buf, size);
}

static void report(trunkha_call *call, uint32_t code, const char *retry_after, trunkha_step *step)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;

    report.kind = code ? TRUNKHA_REPORT_RESPONSE : TRUNKHA_REPORT_NO_RESPONSE;
    report.code = code;
    report.retry_after = retry_after;
    ck_assert_int_eq(trunkha_call_report(call, &report, step), 0);
}

static trunkha_call *begin_call(trunkha_step *step)
{
    trunkha_call_options options = TRUNKHA_CALL_OPTIONS_INIT;
    trunkha_call *call;

    options.call_id = CALL_ID;
    ck_assert_int_eq(trunkha_call_begin(stage.view, "g", &options, &call, step), 0);

    return call;
}

/** One that its first trunk refuses, and its second answers. */
static void fail_over_a_call(const char *retry_after)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    trunkha_call *call = begin_call(&step);

    ck_assert_uint_eq(step.action, TRUNKHA_STEP_TRY);
    report(call, 503, retry_after, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_TRY);
    report(call, 180, NULL, &step);
    report(call, 200, NULL, &step);
    trunkha_call_end(call);
}

static void nap(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static const char *trunk_of(const char *id, const char *address, int priority)
{
    static char texts[4][256];
    static unsigned next;
    char *text = texts[next++ % 4];

    snprintf(text, sizeof(texts[0]), "{'id': '%s', 'sipAddress': '%s', 'priority': %d}", id, address, priority);

    return text;
}

static const char *both(const char *a, const char *b)
{
    static char text[600];

    snprintf(text, sizeof(text), "%s, %s", a, b);

    return text;
}

/** What is refused: a line of it would be one that no reader takes. */
static void misspeak(void)
{
    char nobody[256];

    memset(nobody, 'n', sizeof(nobody) - 1);
    nobody[sizeof(nobody) - 1] = '\0';
    ck_assert_int_eq(trunkha_trunk_set_admin(stage.engine, nobody, TRUNKHA_ADMIN_DISABLED, 0, NULL, 0),
                     TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_trunk_set_admin(stage.engine, "b1", 77, 0, NULL, 0), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_profile_failback(stage.engine, nobody), TRUNKHA_ERR_NOTFOUND);
}

/** A trunk falls silent, returns, is refused and reset, and returns; calls fail; the operator speaks. */
static void play_an_incident(const char *trunks, const char *more, struct player **a, struct player *b)
{
    const struct player_options again = {.port = player_port(*a)};
    unsigned n;

    stage_load(&stage, trunks, more);
    n = stage_await_health(&stage, 0, "b1", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, NULL);
    stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, NULL);
    for (int i = 0; i < 2; i++) {
        player_hush(*a, true);
        n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_KEEPALIVE_FAILURE, NULL);
        player_hush(*a, false);
        n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);
    }
    *a = player_stop(*a);
    n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, NULL);
    *a = player_start(&again);
    n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);

    player_hang_up(b, true);
    misspeak();
    ck_assert_int_eq(trunkha_profile_failback(stage.engine, "g"), 0);
    n = stage_await(&stage, n, TRUNKHA_EVENT_ACTIVE_CHANGE, "g", STAGE_ANY, NULL);
    fail_over_a_call("1");
    n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_OVERLOAD, NULL);
    n = stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_int_eq(trunkha_trunk_set_admin(stage.engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, CALL_ID, 300), 0);
    n = stage_await_health(&stage, n, "b1", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_ADMIN_DISABLED, NULL);
    n = stage_await_health(&stage, n, "b1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    for (int i = 0; i < 6; i++) {
        fail_over_a_call(NULL);
        nap(5);
    }
    stage_await(&stage, n, TRUNKHA_EVENT_CALL_END, NULL, STAGE_ANY, NULL);
}

static void record(char *trunks, size_t size)
{
    const struct player_options over_tcp = {.transport = "tcp"};
    struct player *a = player_start(NULL), *b = player_start(&over_tcp);

    snprintf(trunks, size,
             "{'id': 'a1', 'sipAddress': '%s', 'outboundAuthMethod': 'DIGEST', 'outboundAuth':"
             "{'username': 'u', 'password': '%s'}}, %s",
             player_uri(a), SECRET, trunk_of("b1", player_uri(b), 1));
    open_stage();
    play_an_incident(trunks, "", &a, b);
    close_stage();
    player_stop(a);
    player_stop(b);
}

/** Recorded once, and put on the tape; returns its trunks. */
static const char *record_an_incident(void)
{
    static struct tape kept;
    static char trunks[1024];

    if (!kept.len) {
        record(trunks, sizeof(trunks));
        kept = tape;
    }
    tape = kept;

    return trunks;
}

START_TEST(incident_is_played_again_to_the_millisecond)
{
    play(config(record_an_incident(), "", ""), NULL);
    expect_same_transitions(20);
}
END_TEST

static json_int_t count_on_tape(const char *words)
{
    json_int_t n = 0;

    for (const char *at = strstr(tape.text, words); at; at = strstr(at + 1, words))
        n++;

    return n;
}

static json_int_t number_of(const char *object, const char *key)
{
    const json_t *from = object ? json_object_get(played.summary, object) : played.summary;

    return json_integer_value(json_object_get(from, key));
}

START_TEST(calls_and_probes_of_the_incident_are_counted)
{
    play(config(record_an_incident(), "", ""), NULL);
    ck_assert_int_ge(number_of("calls", "calls"), 6);
    ck_assert_int_eq(number_of("calls", "calls"), count_on_tape("\"kind\":\"begun\""));
    ck_assert_int_eq(number_of("calls", "delayed"), count_on_tape("\"kind\":\"answered\",\"profile\""));
    ck_assert_int_eq(number_of("calls", "answered") + number_of("calls", "lost"), 0);
    ck_assert_int_eq(number_of(NULL, "attempts"), count_on_tape("\"kind\":\"begun\"") + count_on_tape("\"kind\":\"moved\""));
    ck_assert_int_eq(number_of(NULL, "probes"), count_on_tape("\"in\":\"probe\""));
}
END_TEST

START_TEST(recording_has_no_secrets_and_nothing_of_who_calls)
{
    record_an_incident();
    ck_assert_ptr_null(strstr(tape.text, SECRET));
    ck_assert_ptr_null(strstr(tape.text, "4930123456"));
    ck_assert_ptr_null(strstr(tape.text, "password"));
}
END_TEST

START_TEST(every_line_is_an_object_and_time_never_steps_back)
{
    json_int_t before = 0, n = 0;

    record_an_incident();
    for (char *line = strtok(tape.text, "\n"); line; line = strtok(NULL, "\n"), n++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        json_int_t at = json_integer_value(json_object_get(object, "at"));

        ck_assert_msg(json_is_object(object), "%s", line);
        ck_assert(n ? json_is_string(json_object_get(object, "in")) : json_is_string(json_object_get(object, "trunkha")));
        ck_assert_int_ge(at, before);
        before = at;
        json_decref(object);
    }
    ck_assert_int_gt(n, 50);
}
END_TEST

/** When the trunk went DOWN first, in the replay. */
static int64_t first_down_ms(const char *trunk_id)
{
    for (unsigned i = 0; i < played.n_events; i++) {
        const trunkha_event *event = &played.events[i];

        if (event->type == TRUNKHA_EVENT_TRUNK_STATE && event->health == TRUNKHA_HEALTH_DOWN &&
            !strcmp(event->entity_id, trunk_id))
            return event->timestamp;
    }
    ck_abort_msg("%s never went down", trunk_id);
}

START_TEST(other_thresholds_judge_the_same_evidence)
{
    const char *json = config(record_an_incident(), "", "");
    int64_t usual_ms, hasty_ms;

    play(json, NULL);
    usual_ms = first_down_ms("a1");
    play(json, "keepalive.maxFailedAttempts=2");
    ck_assert_str_eq(json_string_value(told_of_replay("way")), "rejudged");
    hasty_ms = first_down_ms("a1");
    ck_assert_int_lt(hasty_ms, usual_ms);
    ck_assert_int_lt(json_integer_value(told_of_replay("sameTransitions")),
                     json_integer_value(told_of_replay("recordedTransitions")));
}
END_TEST

START_TEST(other_intervals_ask_the_recording_at_their_own_times)
{
    play(config(record_an_incident(), "", ""), "keepalive.interval=2");
    ck_assert_str_eq(json_string_value(told_of_replay("way")), "resampled");
    ck_assert_int_gt(first_down_ms("a1"), 0);
    ck_assert_uint_gt(played.n_events, 10);
}
END_TEST

START_TEST(fault_at_home_is_played_again)
{
    const struct player_options other = {.ip = "127.0.0.2"}, options = {.reply = busy};
    struct player *a = player_start(NULL), *b = player_start(&other), *c = player_start(&options);
    const char *trunks = both(trunk_of("a1", player_uri(a), 0), trunk_of("b1", player_uri(b), 1));
    unsigned n;

    open_stage();
    stage_load(&stage, trunks, "");
    stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    n = stage_await_health(&stage, 0, "b1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    player_hush(a, true);
    player_hush(b, true);
    n = stage_await(&stage, n, TRUNKHA_EVENT_LOCAL_FAULT, NULL, STAGE_ANY, NULL);
    player_hush(a, false);
    player_hush(b, false);
    n = stage_await(&stage, n, TRUNKHA_EVENT_LOCAL_FAULT, NULL, STAGE_ANY, NULL);
    stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    close_stage();
    play(config(trunks, "", ""), NULL);
    expect_same_transitions(6);
    player_stop(a);
    player_stop(b);
    player_stop(c);
}
END_TEST

START_TEST(carrier_that_answers_503_is_played_again)
{
    const struct player_options options = {.reply = busy};
    struct player *a = player_start(&options), *b = player_start(NULL);
    const char *trunks = both(trunk_of("a1", player_uri(a), 0), trunk_of("b1", player_uri(b), 1));

    open_stage();
    stage_load(&stage, trunks, "");
    stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_DOWN, STAGE_ANY, NULL);
    stage_await_health(&stage, 0, "b1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    close_stage();
    play(config(trunks, "", ""), NULL);
    expect_same_transitions(4);
    player_stop(a);
    player_stop(b);
}
END_TEST

START_TEST(name_that_moves_is_played_again)
{
    const struct player_options other = {.ip = "127.0.0.2"};
    struct dns_server *dns = dns_server_start("127.0.0.1", 0);
    struct player *a = player_start(NULL),
                  *b = player_start(&(struct player_options){.ip = "127.0.0.2", .port = player_port(a)});
    char address[64], more[128];
    const char *trunks;
    unsigned n;

    (void)other;
    ck_assert_ptr_nonnull(dns);
    ck_assert_int_eq(dns_server_tell(dns, "add a.test 1 A 127.0.0.1"), 0);
    snprintf(address, sizeof(address), "sip:a.test:%u;transport=udp", player_port(a));
    snprintf(more, sizeof(more), ", 'dns': {'servers': ['127.0.0.1:%u'], 'minTtl': 1, 'timeout': 1}", dns_server_port(dns));
    trunks = trunk_of("a1", address, 0);
    open_stage();
    stage_load(&stage, trunks, more);
    n = stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_int_eq(dns_server_tell(dns, "remove a.test"), 0);
    ck_assert_int_eq(dns_server_tell(dns, "add a.test 1 A 127.0.0.2"), 0);
    n = stage_await(&stage, n, TRUNKHA_EVENT_ADDRESS_CHANGE, "a1", STAGE_ANY, NULL);
    n = stage_await(&stage, n, TRUNKHA_EVENT_TARGET_STATE, NULL, STAGE_ANY, NULL);
    player_hush(b, true);
    stage_await_health(&stage, n, "a1", TRUNKHA_HEALTH_DOWN, STAGE_ANY, NULL);
    close_stage();
    play(config(trunks, "", more), NULL);
    expect_same_transitions(4);
    player_stop(a);
    player_stop(b);
    dns_server_stop(dns);
}
END_TEST

START_TEST(reloads_and_trunks_that_are_no_more_are_counted)
{
    struct player *a = player_start(NULL), *b = player_start(NULL);
    const char *trunks = both(trunk_of("a1", player_uri(a), 0), trunk_of("b1", player_uri(b), 1));

    open_stage();
    stage_load(&stage, trunks, "");
    stage_await_health(&stage, 0, "a1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_await_health(&stage, 0, "b1", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_load(&stage, trunks, "");
    close_stage();
    play(config(trunk_of("a1", player_uri(a), 0), "", ""), NULL);
    ck_assert_str_eq(json_string_value(told_of_replay("way")), "rejudged");
    ck_assert_int_eq(json_integer_value(told_of_replay("reloads")), 1);
    ck_assert_int_eq(json_integer_value(told_of_replay("unknownTrunks")), 1);
    for (unsigned i = 0; i < played.n_events; i++)
        ck_assert_str_ne(played.events[i].entity_id, "b1");
    player_stop(a);
    player_stop(b);
}
END_TEST

SUITE("record", incident_is_played_again_to_the_millisecond, calls_and_probes_of_the_incident_are_counted,
      recording_has_no_secrets_and_nothing_of_who_calls, every_line_is_an_object_and_time_never_steps_back,
      other_thresholds_judge_the_same_evidence, other_intervals_ask_the_recording_at_their_own_times,
      fault_at_home_is_played_again, carrier_that_answers_503_is_played_again, name_that_moves_is_played_again,
      reloads_and_trunks_that_are_no_more_are_counted)
