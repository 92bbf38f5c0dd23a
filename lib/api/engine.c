/* The life of an engine: made, started, stopped, released. */
#include "engine.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/abi.h"

#define EVENTS_DEFAULT 4096U
#define EVENTS_MAX     65536U

/* ---- Making ---- */

static uint32_t ring_size(uint32_t wanted)
{
    uint32_t size = 16;

    if (!wanted)
        wanted = EVENTS_DEFAULT;
    while (size < wanted && size < EVENTS_MAX)
        size *= 2;

    return size;
}

static int set_instance_id(trunkha_engine *engine, const char *id)
{
    engine->has_own_instance_id = id != NULL;
    if (!id && gethostname(engine->instance_id, sizeof(engine->instance_id) - 1))
        id = "trunkha";
    if (!id)
        return 0;

    return tha_text_is_utf8(id) && tha_text_copy(engine->instance_id, sizeof(engine->instance_id), id) ? 0
                                                                                                       : TRUNKHA_ERR_INVALID;
}

static int set_up(trunkha_engine *engine, const trunkha_options *options)
{
    uint64_t seed;
    int err;

    tha_random(&seed, sizeof(seed));
    err = set_instance_id(engine, options->instance_id);
    if (err)
        return err;
    err = tha_core_new(&engine->mem, seed, &engine->core);
    if (err)
        return err;
    err = tha_record_init(&engine->record, &engine->mem, options, seed);
    if (err)
        return err;
    err = tha_view_new(&engine->mem, options->view_name, ring_size(options->event_queue_max), &engine->view);
    if (err)
        return err;

    engine->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (engine->event_fd < 0 || tha_engine_hang_doorbell(engine)) {
        tha_log_print(&engine->log, TRUNKHA_LOG_ERROR, "eventfd: %s", strerror(errno));
        return TRUNKHA_ERR_SYSTEM;
    }

    return 0;
}

static void release(trunkha_engine *engine)
{
    struct tha_mem mem = engine->mem;

    if (engine->event_fd >= 0)
        close(engine->event_fd);
    if (engine->view)
        tha_view_retire(engine->view); /* also when it was never started: the name is free again */
    tha_engine_take_doorbell_down(engine);
    trunkha_view_unref(engine->view);
    tha_core_free(engine->core);
    tha_record_done(&engine->record, &engine->mem);
    pthread_cond_destroy(&engine->done);
    pthread_mutex_destroy(&engine->queue);
    pthread_mutex_destroy(&engine->calls);
    tha_mem_free(&mem, engine);
}

int trunkha_engine_new(const trunkha_options *options, trunkha_engine **ret_engine)
{
    trunkha_options mine = TRUNKHA_OPTIONS_INIT;
    struct tha_mem mem = tha_mem_default;
    trunkha_engine *engine;
    int err;

    if (!ret_engine || (options && tha_abi_read(&mine, sizeof(mine), options)))
        return TRUNKHA_ERR_INVALID;
    if (mine.realloc_cb)
        mem = (struct tha_mem){mine.realloc_cb, mine.realloc_user_data};

    engine = tha_mem_zalloc(&mem, 1, sizeof(*engine));
    if (!engine)
        return TRUNKHA_ERR_NOMEM;

    atomic_init(&engine->refs, 1);
    engine->mem = mem;
    engine->log = (struct tha_log){mine.log_cb, mine.log_user_data};
    engine->pid = getpid();
    engine->event_cb = mine.event_cb;
    engine->event_user_data = mine.event_user_data;
    engine->events_on_engine_thread = mine.events_on_engine_thread != 0;
    engine->message_cb = mine.message_cb;
    engine->message_user_data = mine.message_user_data;
    engine->event_fd = engine->news_fd = -1;
    engine->final_stats.size = sizeof(engine->final_stats);
    pthread_mutex_init(&engine->calls, NULL);
    pthread_mutex_init(&engine->queue, NULL);
    pthread_cond_init(&engine->done, NULL);

    err = set_up(engine, &mine);
    if (err)
        release(engine);
    else
        *ret_engine = engine;

    return err;
}

trunkha_engine *trunkha_engine_ref(trunkha_engine *engine)
{
    if (engine)
        atomic_fetch_add(&engine->refs, 1);

    return engine;
}

void tha_engine_guard(trunkha_engine *engine)
{
    trunkha_engine_ref(engine);
    atomic_fetch_add(&engine->guards, 1);
}

void tha_engine_unguard(trunkha_engine *engine)
{
    atomic_fetch_sub(&engine->guards, 1);
    trunkha_engine_unref(engine);
}

bool tha_engine_is_given_up(const trunkha_engine *engine)
{
    return engine->is_released || atomic_load(&engine->refs) <= atomic_load(&engine->guards);
}

/* ---- On the loop's thread ---- */

static void on_news(void *user_data)
{
    trunkha_engine *engine = user_data;
    uint64_t rings;

    if (read(engine->news_fd, &rings, sizeof(rings)) == sizeof(rings))
        tha_engine_turn(engine);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    trunkha_engine *engine = user_data;
    const struct tha_prober_handlers handlers = tha_engine_prober_handlers(engine);
    char error[256] = "";
    uint64_t now_ms;
    int err;

    atomic_store(&engine->thread, (unsigned long)pthread_self());
    engine->loop = loop;
    err = tha_loop_watch(loop, engine->news_fd, on_news, engine);
    if (!err)
        err = tha_prober_new(engine->loop, &engine->mem, &engine->log, &handlers, &engine->prober);
    if (!err)
        err = tha_engine_start_dns(engine);
    if (!err)
        err = tha_engine_prepare_prober(engine, tha_core_table(engine->core), error, sizeof(error));
    if (err) {
        tha_log_print(&engine->log, TRUNKHA_LOG_ERROR, "cannot start: %s", error[0] ? error : trunkha_strerror(err));
        engine->dns = tha_dns_free(engine->dns);
        engine->prober = tha_prober_free(engine->prober);
        atomic_store(&engine->thread, 0);
        return err;
    }

    tha_engine_commit_prober(engine);
    tha_engine_tell_ready(engine);
    now_ms = tha_clock_ms();
    tha_record_start(engine, now_ms);
    tha_core_start(engine->core, now_ms);
    tha_engine_pump(engine);
    tha_loop_ring(loop); /* what has been told so far is delivered when the loop turns */

    return 0;
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    trunkha_engine *engine = user_data;

    tha_dns_handle_expiry(engine->dns, now_ms);
    tha_prober_handle_expiry(engine->prober, now_ms);
    tha_engine_turn(engine);
}

static void on_doorbell(void *user_data)
{
    trunkha_engine *engine = user_data;

    tha_engine_run_command(engine);
    tha_engine_turn(engine);
}

static void get_running_stats(const trunkha_engine *engine, trunkha_stats *stats)
{
    tha_prober_get_stats(engine->prober, stats);
    tha_engine_get_dns_stats(engine, stats);
}

static void on_end(void *user_data)
{
    trunkha_engine *engine = user_data;

    if (engine->events_on_engine_thread && !tha_engine_is_given_up(engine))
        tha_engine_deliver(engine); /* what a callback has caused last: there will be no other turn */
    if (engine->prober)
        get_running_stats(engine, &engine->final_stats);
    engine->dns = tha_dns_free(engine->dns);
    engine->prober = tha_prober_free(engine->prober);
    tha_loop_unwatch(engine->loop, engine->news_fd);
    tha_record_stop(engine);
    tha_core_stop(engine->core);
    tha_view_retire(engine->view);
    atomic_store(&engine->thread, 0);
    if (engine->is_released)
        release(engine);
}

/* ---- Starting and stopping ---- */

static int start(trunkha_engine *engine)
{
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, engine};
    struct tha_loop *loop;
    int err;

    if (!tha_core_table(engine->core) || engine->was_started)
        return TRUNKHA_ERR_STATE;

    engine->was_started = true;
    engine->started_unix_ms = tha_clock_unix_ms();

    err = tha_loop_new(&engine->mem, &engine->log, &handlers, &loop); /* engine->loop is set on its thread: on_start() */
    if (err)
        engine->loop = NULL;

    return err;
}

int trunkha_engine_start(trunkha_engine *engine)
{
    int err;

    if (!engine)
        return TRUNKHA_ERR_INVALID;
    if (tha_engine_is_forked(engine))
        return TRUNKHA_ERR_FORKED;
    if (tha_engine_is_own_thread(engine))
        return TRUNKHA_ERR_STATE;

    tha_engine_guard(engine);
    pthread_mutex_lock(&engine->calls);
    err = start(engine);
    if (err && err != TRUNKHA_ERR_STATE)
        engine->was_started = false;
    pthread_mutex_unlock(&engine->calls);
    tha_engine_unguard(engine);

    return err;
}

static void note_stall(trunkha_engine *engine)
{
    if (engine->loop)
        engine->final_stats.longest_stall_us = tha_loop_longest_stall_us(engine->loop);
}

int trunkha_engine_stop(trunkha_engine *engine)
{
    if (!engine)
        return TRUNKHA_ERR_INVALID;
    if (tha_engine_is_forked(engine))
        return TRUNKHA_ERR_FORKED;
    if (tha_engine_is_own_thread(engine))
        return TRUNKHA_ERR_STATE;

    pthread_mutex_lock(&engine->calls);
    note_stall(engine);
    engine->loop = tha_loop_free(engine->loop);
    pthread_mutex_unlock(&engine->calls);

    return 0;
}

trunkha_engine *trunkha_engine_unref(trunkha_engine *engine)
{
    if (!engine || atomic_fetch_sub(&engine->refs, 1) > 1)
        return NULL;
    if (tha_engine_is_forked(engine))
        return NULL; /* its thread and locks are the parent's: nothing here can be taken apart */

    if (tha_engine_is_own_thread(engine)) {
        engine->is_released = true; /* on_end() releases it */
        tha_loop_free(engine->loop);
    } else {
        trunkha_engine_stop(engine);
        release(engine);
    }

    return NULL;
}

/* ---- Looking ---- */

trunkha_view *trunkha_engine_view(const trunkha_engine *engine)
{
    return engine ? trunkha_view_ref(engine->view) : NULL;
}

int trunkha_route_select(const trunkha_engine *engine, const char *profile, trunkha_candidate *ret_candidates,
                         size_t *inout_count)
{
    return engine ? trunkha_view_select(engine->view, profile, ret_candidates, inout_count) : TRUNKHA_ERR_INVALID;
}

static int get_stats(trunkha_engine *engine, void *arg)
{
    trunkha_stats *stats = arg;

    *stats = engine->final_stats;
    if (engine->prober)
        get_running_stats(engine, stats);
    stats->messages_sent = engine->messages_sent;
    stats->messages_received = engine->messages_received;
    if (engine->loop)
        stats->longest_stall_us = tha_loop_longest_stall_us(engine->loop);
    stats->events = atomic_load(&engine->last_sequence);
    tha_engine_get_call_stats(engine, stats);

    return 0;
}

int trunkha_engine_stats(const trunkha_engine *engine, trunkha_stats *ret_stats)
{
    trunkha_stats stats = TRUNKHA_STATS_INIT;
    int err;

    if (!engine || !ret_stats)
        return TRUNKHA_ERR_INVALID;

    err = tha_engine_call((trunkha_engine *)engine, get_stats, &stats);

    return err ? err : tha_abi_write(ret_stats, &stats, sizeof(stats));
}
