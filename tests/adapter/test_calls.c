/* Calls through the public header: steps, evidence, limits, records, lists; in this process and in others. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "world.h"

#define QUICK "'call': {'noResponseTimeout': 0.1, 'noRingTimeout': 0.2, 'totalTimeout': 5, 'ringDuration': 1}"

static const char *json_of(const struct world *world, const char *a_more, const char *profile_more)
{
    static char json[2048];

    snprintf(json, sizeof(json),
             "{'trunkGroups': [{'id': 'carrier-a', 'trunks': [{'id': 'a1', 'sipAddress': '%s', 'outboundRoute': 'GW-A'%s}]},"
             "{'id': 'carrier-b', 'trunks': [{'id': 'b1', 'sipAddress': '%s'}]}],"
             "'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'carrier-a', 'secondaryTrunkGroup': 'carrier-b',"
             "'failback': {'holdDown': 1}, %s}],"
             "'keepalive': {'interval': 1, 'suspectInterval': 0.5, 'downInterval': 0.5, 'timeout': 0.5},"
             "'instance': {'id': 'test'}}",
             world->a, a_more, world->b, profile_more);
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return json;
}

static void load(struct world *world, const char *a_more, const char *profile_more)
{
    const char *json = json_of(world, a_more, profile_more);
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    ck_assert_msg(!trunkha_engine_load(world->engine, json, strlen(json), &diag), "%u:%u: %s", diag.line, diag.column,
                  diag.message);
}

static void open_world(struct world *world, const trunkha_options *options, const char *a_more)
{
    world_open(world, options, NULL);
    load(world, a_more, QUICK);
    ck_assert_int_eq(trunkha_engine_start(world->engine), 0);
    ck_assert(world_wait_health(world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_health(world, "b1", TRUNKHA_HEALTH_AVAILABLE));
}

static trunkha_call *begin(trunkha_view *view, const char *call_id, trunkha_step *step)
{
    trunkha_call_options options = TRUNKHA_CALL_OPTIONS_INIT;
    trunkha_call *call = NULL;

    *step = (trunkha_step)TRUNKHA_STEP_INIT;
    options.call_id = call_id;
    ck_assert_int_eq(trunkha_call_begin(view, "out", &options, &call, step), 0);

    return call;
}

static void report(trunkha_call *call, uint32_t kind, uint32_t code, trunkha_step *step)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;

    report.kind = kind;
    report.code = code;
    *step = (trunkha_step)TRUNKHA_STEP_INIT;
    ck_assert_int_eq(trunkha_call_report(call, &report, step), 0);
}

static void respond(trunkha_call *call, uint32_t code, trunkha_step *step)
{
    report(call, TRUNKHA_REPORT_RESPONSE, code, step);
}

static trunkha_stats stats_of(const struct world *world)
{
    trunkha_stats stats = TRUNKHA_STATS_INIT;

    ck_assert_int_eq(trunkha_engine_stats(world->engine, &stats), 0);

    return stats;
}

/** Waits until the event has been told, and gives it. */
static trunkha_event wait_event(const struct world *world, uint32_t type, const char *entity_id)
{
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    trunkha_event event = TRUNKHA_EVENT_INIT;

    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        while (!trunkha_view_next_event(world->view, &cursor, &event)) {
            if (event.type == type && !strcmp(event.entity_id, entity_id))
                return event;
        }
    }
    ck_abort_msg("no event %s about %s", trunkha_event_type_name(type), entity_id);
}

static bool wait_calls_on(const struct world *world, const char *trunk_id, uint32_t count)
{
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        if (world_trunk(world, trunk_id).active_calls == count)
            return true;
    }

    return false;
}

/* ---- Steps ---- */

START_TEST(a_503_moves_the_call_and_an_answer_ends_the_search)
{
    struct world world;
    trunkha_step step;
    trunkha_call *call;
    char *json = NULL;

    open_world(&world, NULL, "");
    call = begin(world.view, "one@host", &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_TRY);
    ck_assert_uint_eq(step.attempt, 1);
    ck_assert_str_eq(step.to.trunk_id, "a1");
    ck_assert_uint_eq(step.to.why, TRUNKHA_WHY_PREFERRED);
    ck_assert_uint_le(step.wait_ms, 100);
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 1);

    respond(call, 503, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_TRY);
    ck_assert_uint_eq(step.attempt, 2);
    ck_assert_uint_eq(step.cancel, 0);
    ck_assert_str_eq(step.to.trunk_id, "b1");
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 0);
    ck_assert_uint_eq(world_trunk(&world, "b1").active_calls, 1);

    respond(call, 180, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_WAIT);
    respond(call, 200, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_WAIT);
    ck_assert_uint_eq(step.wait_ms, UINT32_MAX);

    ck_assert_int_eq(trunkha_call_json(call, &json), 0);
    ck_assert_ptr_nonnull(strstr(json, "\"callId\":\"one@host\""));
    ck_assert_ptr_nonnull(strstr(json, "\"outboundRoute\":\"GW-A\""));
    ck_assert_ptr_nonnull(strstr(json, "\"result\":\"answered\""));
    ck_assert_ptr_nonnull(strstr(json, "\"code\":503"));
    trunkha_free(json);
    ck_assert_ptr_null(trunkha_call_end(call));
    ck_assert_uint_eq(world_trunk(&world, "b1").active_calls, 0);
    world_close(&world);
}
END_TEST

START_TEST(silence_gives_the_attempt_up_and_a_late_answer_is_to_be_ended)
{
    struct world world;
    trunkha_report late = TRUNKHA_REPORT_INIT;
    trunkha_step step;
    trunkha_call *call;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    usleep((step.wait_ms + 1) * 1000);
    report(call, TRUNKHA_REPORT_TIME, 0, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_TRY);
    ck_assert_uint_eq(step.cancel, 1);
    ck_assert_uint_eq(step.attempt, 2);

    late.kind = TRUNKHA_REPORT_RESPONSE;
    late.attempt = 1;
    late.code = 200;
    ck_assert_int_eq(trunkha_call_report(call, &late, &step), 0);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_WAIT);
    ck_assert_uint_eq(step.cancel, 1);
    ck_assert_uint_eq(step.attempt, 2);

    respond(call, 486, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_uint_eq(step.code, 486);
    late.attempt = 2;
    ck_assert_int_eq(trunkha_call_report(call, &late, &step), 0);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_uint_eq(step.cancel, 2);
    trunkha_call_end(call);
    world_close(&world);
}
END_TEST

START_TEST(the_caller_s_cancel_stops_it_with_487)
{
    struct world world;
    trunkha_step step;
    trunkha_call *call;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    respond(call, 180, &step);
    report(call, TRUNKHA_REPORT_CANCELLED, 0, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_uint_eq(step.code, 487);
    ck_assert_uint_eq(step.cancel, 1);
    trunkha_call_end(call);
    ck_assert(wait_calls_on(&world, "a1", 0));
    world_close(&world);
}
END_TEST

START_TEST(when_nothing_is_left_the_call_stops_with_the_best_code)
{
    struct world world;
    trunkha_step step;
    trunkha_call *call;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    respond(call, 503, &step);
    respond(call, 503, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_uint_eq(step.code, 500);
    trunkha_call_end(call);

    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "a1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 0), 0);
    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_DRAINING, 0, NULL, 0), 0);
    call = begin(world.view, NULL, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_uint_eq(step.code, 503);
    ck_assert_uint_eq(step.attempt, 0);
    trunkha_call_end(call);
    ck_assert_uint_eq(wait_event(&world, TRUNKHA_EVENT_CALL_END, "test").result, TRUNKHA_CALL_REFUSED);
    world_close(&world);
}
END_TEST

START_TEST(wrong_use_is_told_and_harms_nothing)
{
    struct world world;
    trunkha_report bad = TRUNKHA_REPORT_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    trunkha_call *call = NULL;
    uint64_t token;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_call_begin(NULL, "out", NULL, &call, &step), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_call_begin(world.view, "nowhere", NULL, &call, &step), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_call_begin(world.view, "out", NULL, &call, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_null(call);
    ck_assert_int_eq(trunkha_call_begin(world.view, "out", NULL, &call, &step), 0);
    bad.kind = TRUNKHA_REPORT_RESPONSE;
    ck_assert_int_eq(trunkha_call_report(call, &bad, &step), TRUNKHA_ERR_INVALID);
    bad.code = 700;
    ck_assert_int_eq(trunkha_call_report(call, &bad, &step), TRUNKHA_ERR_INVALID);
    bad.code = 200;
    bad.attempt = 2;
    ck_assert_int_eq(trunkha_call_report(call, &bad, &step), TRUNKHA_ERR_INVALID);
    bad.kind = 99;
    ck_assert_int_eq(trunkha_call_report(call, &bad, &step), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_call_detach(call, &token), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_view_end_call(world.view, 12345678), TRUNKHA_ERR_NOTFOUND);
    trunkha_call_end(call);
    trunkha_call_end(NULL);
    world_close(&world);
}
END_TEST

/* ---- Evidence ---- */

START_TEST(a_carrier_that_answers_probes_and_fails_calls_is_left_and_tried_again_by_one_call)
{
    struct world world;
    trunkha_event down;
    trunkha_step step;
    trunkha_call *call;
    bool was_on_trial = false;

    open_world(&world, NULL, "");
    for (int i = 0; i < 3; i++) {
        call = begin(world.view, "sick@host", &step);
        ck_assert_str_eq(step.to.trunk_id, "a1");
        respond(call, 503, &step);
        respond(call, 200, &step);
        trunkha_call_end(call);
    }
    ck_assert(world_wait_active(&world, "b1"));
    down = wait_event(&world, TRUNKHA_EVENT_CALL_ATTEMPT, "a1");
    ck_assert_str_eq(down.call_id, "sick@host");
    ck_assert_uint_eq(down.last_response, 503);
    ck_assert_uint_eq(world_trunk(&world, "a1").reason, TRUNKHA_REASON_CALL_FAILURE);

    for (int i = 0; i < WORLD_NAPS && !was_on_trial; i++, world_nap()) {
        call = begin(world.view, NULL, &step);
        was_on_trial = step.to.why == TRUNKHA_WHY_TRIAL;
        ck_assert_str_eq(step.to.trunk_id, was_on_trial ? "a1" : "b1");
        respond(call, 200, &step);
        trunkha_call_end(call);
    }
    ck_assert(was_on_trial);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_uint_eq(world_trunk(&world, "a1").reason, TRUNKHA_REASON_CALL_RECOVERED);
    world_close(&world);
}
END_TEST

START_TEST(retry_after_passes_the_trunk_over)
{
    struct world world;
    trunkha_report report = TRUNKHA_REPORT_INIT;
    trunkha_step step;
    trunkha_call *call;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    report.kind = TRUNKHA_REPORT_RESPONSE;
    report.code = 503;
    report.retry_after = "1 (maintenance)";
    ck_assert_int_eq(trunkha_call_report(call, &report, &step), 0);
    ck_assert_str_eq(step.to.trunk_id, "b1");
    ck_assert(world_wait_active(&world, "b1"));
    ck_assert_uint_eq(world_trunk(&world, "a1").reason, TRUNKHA_REASON_OVERLOAD);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    trunkha_call_end(call);
    world_close(&world);
}
END_TEST

/* ---- Limits ---- */

START_TEST(a_full_trunk_is_passed_over_and_the_record_says_so)
{
    struct world world;
    trunkha_step step;
    trunkha_call *calls[3];
    char *json = NULL;

    open_world(&world, NULL, ", 'maxCalls': 2");
    calls[0] = begin(world.view, NULL, &step);
    calls[1] = begin(world.view, NULL, &step);
    ck_assert_str_eq(step.to.trunk_id, "a1");
    calls[2] = begin(world.view, NULL, &step);
    ck_assert_str_eq(step.to.trunk_id, "b1");
    ck_assert_int_eq(trunkha_call_json(calls[2], &json), 0);
    ck_assert_ptr_nonnull(strstr(json, "\"passedOver\":[{\"trunkId\":\"a1\""));
    trunkha_free(json);
    trunkha_call_end(calls[0]);
    calls[0] = begin(world.view, NULL, &step);
    ck_assert_str_eq(step.to.trunk_id, "a1");
    for (int i = 0; i < 3; i++)
        trunkha_call_end(calls[i]);
    world_close(&world);
}
END_TEST

START_TEST(no_second_sees_more_calls_than_allowed)
{
    struct world world;
    unsigned on_a = 0;

    open_world(&world, NULL, ", 'callsPerSecond': 5");
    for (int i = 0; i < 20; i++) {
        trunkha_step step;
        trunkha_call *call = begin(world.view, NULL, &step);

        on_a += !strcmp(step.to.trunk_id, "a1");
        respond(call, 200, &step);
        trunkha_call_end(call);
    }
    ck_assert_uint_ge(on_a, 5);
    ck_assert_uint_le(on_a, 10); /* more than 5 only when the loop took more than a second */
    world_close(&world);
}
END_TEST

/** How many of @p n calls whose first attempt ends like this are sent to a second trunk. */
static unsigned count_retries(const struct world *world, unsigned n, uint32_t kind, uint32_t code)
{
    unsigned retries = 0;

    for (unsigned i = 0; i < n; i++) {
        trunkha_step step;
        trunkha_call *call = begin(world->view, NULL, &step);

        report(call, kind, code, &step);
        retries += step.action == TRUNKHA_STEP_TRY;
        trunkha_call_end(call);
    }

    return retries;
}

START_TEST(retries_after_responses_have_a_budget_and_those_after_silence_have_none)
{
    struct world world;

    open_world(&world, NULL, "");
    load(&world, "", "'call': {'retryBudgetPercent': 0}");
    ck_assert_uint_eq(count_retries(&world, 40, TRUNKHA_REPORT_TRANSPORT_ERROR, 0), 40);
    ck_assert_uint_eq(count_retries(&world, 40, TRUNKHA_REPORT_NO_RESPONSE, 0), 40);
    ck_assert_uint_eq(count_retries(&world, 40, TRUNKHA_REPORT_RESPONSE, 500), 10);
    world_close(&world);
}
END_TEST

/* ---- The list, and other processes ---- */

START_TEST(running_calls_are_listed_and_detached_ones_ended_by_token)
{
    struct world world;
    trunkha_call_status status = TRUNKHA_CALL_STATUS_INIT;
    trunkha_step step;
    trunkha_call *call;
    uint32_t place = 0;
    uint64_t token = 0;

    open_world(&world, NULL, "");
    call = begin(world.view, "listed@host", &step);
    respond(call, 200, &step);
    ck_assert_int_eq(trunkha_call_detach(call, &token), 0);
    ck_assert_uint_ne(token, 0);

    ck_assert_int_eq(trunkha_view_next_call(world.view, "a1", &place, &status), 0);
    ck_assert_str_eq(status.call_id, "listed@host");
    ck_assert_str_eq(status.trunk_id, "a1");
    ck_assert_str_eq(status.profile_id, "out");
    ck_assert_uint_eq(status.token, token);
    ck_assert_uint_eq(status.pid, (uint32_t)getpid());
    ck_assert_int_ge(status.answered, status.begun);
    ck_assert_int_eq(trunkha_view_next_call(world.view, "a1", &place, &status), TRUNKHA_ERR_END);
    place = 0;
    ck_assert_int_eq(trunkha_view_next_call(world.view, "b1", &place, &status), TRUNKHA_ERR_END);

    ck_assert_int_eq(trunkha_view_end_call(world.view, token), 0);
    ck_assert_int_eq(trunkha_view_end_call(world.view, token), TRUNKHA_ERR_NOTFOUND);
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 0);
    ck_assert_uint_eq(wait_event(&world, TRUNKHA_EVENT_CALL_END, "a1").result, TRUNKHA_CALL_ANSWERED);
    world_close(&world);
}
END_TEST

static void fail_three_calls(const char *view_name)
{
    trunkha_view *view = NULL;

    if (trunkha_view_open(view_name, &view))
        _exit(1);
    for (int i = 0; i < 3; i++) {
        trunkha_step step;
        trunkha_call *call = begin(view, "elsewhere@host", &step);

        respond(call, 503, &step);
        respond(call, 200, &step);
        trunkha_call_end(call);
    }
    _exit(0);
}

START_TEST(a_detached_call_outlives_the_process_that_began_it)
{
    struct world world;
    trunkha_call_status status = TRUNKHA_CALL_STATUS_INIT;
    uint32_t place = 0;
    int tokens[2];
    uint64_t token = 0;
    pid_t child;

    open_world(&world, NULL, "");
    ck_assert_int_eq(pipe(tokens), 0);
    child = fork();
    if (!child) {
        trunkha_step step;
        trunkha_call *call = begin(world.view, "handed@over", &step);

        respond(call, 200, &step);
        if (trunkha_call_detach(call, &token) || write(tokens[1], &token, sizeof(token)) != sizeof(token))
            _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(read(tokens[0], &token, sizeof(token)), sizeof(token));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    for (int i = 0; i < 600; i++) /* more than a heartbeat */
        world_nap();
    ck_assert_int_eq(trunkha_view_next_call(world.view, "a1", &place, &status), 0);
    ck_assert_int_eq(trunkha_view_end_call(world.view, token), 0);
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 0);
    close(tokens[0]);
    close(tokens[1]);
    world_close(&world);
}
END_TEST

START_TEST(the_record_says_why_there_was_no_further_trunk)
{
    struct world world;
    trunkha_step step;
    trunkha_call *call;
    char *json = NULL;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    respond(call, 503, &step);
    respond(call, 500, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    ck_assert_int_eq(trunkha_call_json(call, &json), 0);
    ck_assert_ptr_nonnull(strstr(json, "\"attempt\":3")); /* the two that it has been to */
    trunkha_free(json);
    trunkha_call_end(call);
    world_close(&world);
}
END_TEST

START_TEST(another_process_s_calls_are_evidence_too)
{
    struct world world;
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    char name[64];
    int status;
    pid_t child;

    snprintf(name, sizeof(name), "test-calls-%d", (int)getpid());
    options.view_name = name;
    open_world(&world, &options, "");
    child = fork();
    if (!child)
        fail_three_calls(name);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(world_wait_active(&world, "b1"));
    ck_assert_str_eq(wait_event(&world, TRUNKHA_EVENT_CALL_ATTEMPT, "a1").call_id, "elsewhere@host");
    world_close(&world);
    ck_assert_int_eq(trunkha_view_remove(name), 0);
}
END_TEST

START_TEST(the_calls_of_a_process_that_died_are_ended_and_counted)
{
    struct world world;
    int ready[2];
    char byte;
    pid_t child;

    open_world(&world, NULL, "");
    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    if (!child) {
        trunkha_step step;

        begin(world.view, "orphan@host", &step);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 1);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);

    ck_assert(wait_calls_on(&world, "a1", 0));
    ck_assert_uint_eq(wait_event(&world, TRUNKHA_EVENT_CALL_END, "a1").result, TRUNKHA_CALL_FORGOTTEN);
    ck_assert_uint_eq(stats_of(&world).calls_forgotten, 1);
    close(ready[0]);
    close(ready[1]);
    world_close(&world);
}
END_TEST

START_TEST(calls_survive_a_reload_and_the_end_of_the_engine)
{
    struct world world;
    trunkha_step step;
    trunkha_call *call;

    open_world(&world, NULL, "");
    call = begin(world.view, NULL, &step);
    load(&world, ", 'weight': 7", QUICK);
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 1);
    respond(call, 503, &step);
    ck_assert_str_eq(step.to.trunk_id, "b1");
    ck_assert_uint_eq(world_trunk(&world, "a1").active_calls, 0);

    world.engine = trunkha_engine_unref(world.engine);
    respond(call, 503, &step);
    ck_assert_uint_eq(step.action, TRUNKHA_STEP_STOP);
    world.view = trunkha_view_unref(world.view);
    trunkha_call_end(call);
    world_close(&world);
}
END_TEST

SUITE("calls", a_503_moves_the_call_and_an_answer_ends_the_search,
      silence_gives_the_attempt_up_and_a_late_answer_is_to_be_ended, the_caller_s_cancel_stops_it_with_487,
      when_nothing_is_left_the_call_stops_with_the_best_code, wrong_use_is_told_and_harms_nothing,
      a_carrier_that_answers_probes_and_fails_calls_is_left_and_tried_again_by_one_call, retry_after_passes_the_trunk_over,
      a_full_trunk_is_passed_over_and_the_record_says_so, no_second_sees_more_calls_than_allowed,
      retries_after_responses_have_a_budget_and_those_after_silence_have_none,
      running_calls_are_listed_and_detached_ones_ended_by_token, a_detached_call_outlives_the_process_that_began_it,
      the_record_says_why_there_was_no_further_trunk, another_process_s_calls_are_evidence_too,
      the_calls_of_a_process_that_died_are_ended_and_counted, calls_survive_a_reload_and_the_end_of_the_engine)
