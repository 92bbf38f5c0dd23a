#include "stage.h"

#include <stdio.h>
#include <time.h>

#define PATIENCE_S 40

static void on_event(const trunkha_event *event, void *user_data)
{
    struct stage *stage = user_data;

    pthread_mutex_lock(&stage->mutex);
    if (stage->n_events < STAGE_EVENTS_MAX)
        stage->events[stage->n_events++] = *event;
    pthread_cond_broadcast(&stage->told);
    pthread_mutex_unlock(&stage->mutex);
}

static void on_log(int level, const char *message, void *user_data)
{
    struct stage *stage = user_data;
    size_t used;

    pthread_mutex_lock(&stage->mutex);
    used = strlen(stage->log);
    snprintf(stage->log + used, sizeof(stage->log) - used, "%d %s\n", level, message);
    pthread_cond_broadcast(&stage->told);
    pthread_mutex_unlock(&stage->mutex);
}

static void on_message(const trunkha_message *message, void *user_data)
{
    struct stage *stage = user_data;
    struct stage_message *kept;

    pthread_mutex_lock(&stage->mutex);
    if (stage->n_messages < STAGE_MESSAGES_MAX) {
        kept = &stage->messages[stage->n_messages++];
        snprintf(kept->data, sizeof(kept->data), "%.*s", (int)message->len, message->data);
        kept->len = message->len;
        memcpy(kept->trunk_id, message->trunk_id, sizeof(kept->trunk_id));
        memcpy(kept->source, message->source, sizeof(kept->source));
        kept->has_come_back = message->has_come_back;
    }
    pthread_cond_broadcast(&stage->told);
    pthread_mutex_unlock(&stage->mutex);
}

static void open_with(struct stage *stage, trunkha_options options)
{
    memset(stage, 0, sizeof(*stage));
    pthread_mutex_init(&stage->mutex, NULL);
    pthread_cond_init(&stage->told, NULL);
    options.events_on_engine_thread = 1;
    options.event_cb = on_event;
    options.log_cb = on_log;
    options.event_user_data = options.log_user_data = options.message_user_data = stage;
    ck_assert_int_eq(trunkha_engine_new(&options, &stage->engine), 0);
    stage->view = trunkha_engine_view(stage->engine);
}

void stage_open(struct stage *stage, bool wants_messages)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;

    options.message_cb = wants_messages ? on_message : NULL;
    open_with(stage, options);
}

void stage_open_recorded(struct stage *stage, trunkha_record_cb record_cb, void *user_data)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;

    options.record_cb = record_cb;
    options.record_user_data = user_data;
    open_with(stage, options);
}

void stage_close(struct stage *stage)
{
    stage->view = trunkha_view_unref(stage->view);
    stage->engine = trunkha_engine_unref(stage->engine);
    pthread_cond_destroy(&stage->told);
    pthread_mutex_destroy(&stage->mutex);
}

static int load(struct stage *stage, const char *trunks, const char *more, trunkha_diag *diag)
{
    char json[8192];
    int len = snprintf(json, sizeof(json),
                       "{'trunkGroups': [{'id': 'g', 'trunks': [%s]}], 'instance': {'id': 'stage'},"
                       "'keepalive': {'interval': 1, 'suspectInterval': 0.5, 'downInterval': 0.5, 'timeout': 0.5,"
                       "'maxProbesPerMinute': 6000}%s%s}",
                       trunks, strstr(more, "'sip'") ? "" : ", 'sip': {'listen': ['udp:127.0.0.1:0']}", more);

    ck_assert_int_lt(len, (int)sizeof(json));
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return trunkha_engine_load(stage->engine, json, strlen(json), diag);
}

void stage_load(struct stage *stage, const char *trunks, const char *more)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err = load(stage, trunks, more, &diag);

    ck_assert_msg(!err, "%u:%u: %s", diag.line, diag.column, diag.message);
    if (!stage->is_started)
        ck_assert_int_eq(trunkha_engine_start(stage->engine), 0);
    stage->is_started = true;
}

void stage_refuse(struct stage *stage, const char *trunks, const char *more, int error)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    ck_assert_int_eq(load(stage, trunks, more, &diag), error);
    ck_assert_uint_gt(strlen(diag.message), 0);
}

static bool wait(struct stage *stage, const struct timespec *until)
{
    return !pthread_cond_timedwait(&stage->told, &stage->mutex, until);
}

static struct timespec patience(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;

    return until;
}

struct wish {
    uint32_t type, reason, health;
    const char *entity_id;
};

static bool is_wanted(const trunkha_event *event, const struct wish *wish)
{
    return event->type == wish->type && (wish->reason == STAGE_ANY || event->reason == wish->reason) &&
           (wish->health == STAGE_ANY || event->health == wish->health) &&
           (!wish->entity_id || !strcmp(event->entity_id, wish->entity_id));
}

static unsigned await(struct stage *stage, unsigned after, const struct wish *wish, trunkha_event *ret_event)
{
    const struct timespec until = patience();
    unsigned i = after;

    pthread_mutex_lock(&stage->mutex);
    while (i == stage->n_events || !is_wanted(&stage->events[i++], wish)) {
        while (i == stage->n_events) {
            if (!wait(stage, &until)) {
                pthread_mutex_unlock(&stage->mutex);
                ck_abort_msg("no %s of %s, reason %s, health %u; the log:\n%s", trunkha_event_type_name(wish->type),
                             wish->entity_id ? wish->entity_id : "anybody", trunkha_reason_name(wish->reason), wish->health,
                             stage->log);
            }
        }
    }
    if (ret_event)
        *ret_event = stage->events[i - 1];
    pthread_mutex_unlock(&stage->mutex);

    return i;
}

unsigned stage_await(struct stage *stage, unsigned after, uint32_t type, const char *entity_id, uint32_t reason,
                     trunkha_event *ret_event)
{
    return await(stage, after, &(struct wish){type, reason, STAGE_ANY, entity_id}, ret_event);
}

unsigned stage_await_health(struct stage *stage, unsigned after, const char *trunk_id, uint32_t health, uint32_t reason,
                            trunkha_event *ret_event)
{
    return await(stage, after, &(struct wish){TRUNKHA_EVENT_TRUNK_STATE, reason, health, trunk_id}, ret_event);
}

unsigned stage_n_events(struct stage *stage)
{
    unsigned n;

    pthread_mutex_lock(&stage->mutex);
    n = stage->n_events;
    pthread_mutex_unlock(&stage->mutex);

    return n;
}

unsigned stage_count(struct stage *stage, uint32_t type)
{
    unsigned n = 0;

    pthread_mutex_lock(&stage->mutex);
    for (unsigned i = 0; i < stage->n_events; i++)
        n += stage->events[i].type == type;
    pthread_mutex_unlock(&stage->mutex);

    return n;
}

unsigned stage_count_log(struct stage *stage, const char *words)
{
    unsigned n = 0;

    pthread_mutex_lock(&stage->mutex);
    for (const char *at = stage->log; (at = strstr(at, words)); at++)
        n++;
    pthread_mutex_unlock(&stage->mutex);

    return n;
}

void stage_await_log(struct stage *stage, const char *words)
{
    const struct timespec until = patience();
    bool is_there;

    pthread_mutex_lock(&stage->mutex);
    while (!(is_there = strstr(stage->log, words)) && wait(stage, &until))
        ;
    pthread_mutex_unlock(&stage->mutex);
    ck_assert_msg(is_there, "\"%s\" is not in the log:\n%s", words, stage->log);
}

struct stage_message stage_await_message(struct stage *stage, unsigned nth)
{
    const struct timespec until = patience();
    struct stage_message message = {.len = 0};
    bool is_there;

    pthread_mutex_lock(&stage->mutex);
    while (!(is_there = stage->n_messages >= nth) && wait(stage, &until))
        ;
    if (is_there)
        message = stage->messages[nth - 1];
    pthread_mutex_unlock(&stage->mutex);
    ck_assert_msg(is_there, "message %u has not come", nth);

    return message;
}

unsigned stage_n_messages(struct stage *stage)
{
    unsigned n;

    pthread_mutex_lock(&stage->mutex);
    n = stage->n_messages;
    pthread_mutex_unlock(&stage->mutex);

    return n;
}

trunkha_trunk_status stage_trunk(const struct stage *stage, const char *trunk_id)
{
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;

    for (uint32_t i = 0; !trunkha_view_get_trunk(stage->view, i, &status); i++) {
        if (!strcmp(status.id, trunk_id))
            return status;
    }
    ck_abort_msg("no trunk %s", trunk_id);
}

trunkha_target_status stage_target(const struct stage *stage, uint32_t index)
{
    trunkha_target_status status = TRUNKHA_TARGET_STATUS_INIT;

    ck_assert_int_eq(trunkha_view_get_target(stage->view, index, &status), 0);

    return status;
}

trunkha_stats stage_stats(const struct stage *stage)
{
    trunkha_stats stats = TRUNKHA_STATS_INIT;

    ck_assert_int_eq(trunkha_engine_stats(stage->engine, &stats), 0);

    return stats;
}
