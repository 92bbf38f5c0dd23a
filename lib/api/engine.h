/** @file engine.h  The engine: core, view, loop and prober under one handle; shared by the files of lib/api only
 *
 *  The core belongs to the loop's thread as soon as there is one; before that, and after it, to whoever holds `calls`. A
 *  call from another thread goes to the loop's as a command and waits for its end (tha_engine_call). */
#ifndef THA_API_ENGINE_H
#define THA_API_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "adapters/dns.h"
#include "adapters/loop.h"
#include "adapters/prober.h"
#include "base/log.h"
#include "core/core.h"
#include "record.h"
#include "view/view.h"

struct command;

struct trunkha_engine {
    atomic_uint refs;
    atomic_uint guards; /**< references that calls in progress hold for themselves */
    struct tha_mem mem;
    struct tha_log log;
    pid_t pid; /**< of the process that made it: a child after fork() has no thread to talk to */

    trunkha_event_cb event_cb;
    void *event_user_data;
    bool events_on_engine_thread;
    trunkha_message_cb message_cb;
    void *message_user_data;
    int event_fd;
    atomic_uint_fast64_t last_sequence;
    trunkha_cursor delivered; /**< the last event given to the callback */
    int64_t started_unix_ms;
    char instance_id[TRUNKHA_ID_SIZE];
    bool has_own_instance_id; /**< given by the options: outranks the file */

    pthread_mutex_t calls; /**< one API call at a time ... */
    pthread_mutex_t queue; /**< ... hands its command over under this */
    pthread_cond_t done;
    struct command *command;

    struct tha_record record;
    struct tha_core *core;
    trunkha_view *view;
    struct tha_loop *loop; /**< NULL before start and after stop */
    atomic_ulong thread;   /**< the loop's own, as pthread_self() says; 0 = none */
    struct tha_prober *prober;
    struct tha_dns *dns;       /**< NULL while there is no loop */
    trunkha_stats final_stats; /**< of the prober and the rest that are gone */
    uint64_t messages_sent, messages_received;
    trunkha_stats call_stats;  /**< what calls reported */
    int news_fd;               /**< rung when they report */
    uint64_t next_news_ms;     /**< when to look for reports; THA_NEVER = when rung, or with the next heartbeat */
    uint64_t last_news_ms;
    uint64_t next_warning_ms;
    uint64_t next_beat_ms;
    bool was_started;
    bool is_prepared; /**< states go to a half of the view that is not read yet */
    bool is_released; /**< the last reference was given back on the loop's own thread */
};

/** Keeps the engine alive while a call of the host's is in progress, even when a callback gives the host's last reference
 *  back meanwhile: the end of the call releases it then. */
void tha_engine_guard(trunkha_engine *engine);
void tha_engine_unguard(trunkha_engine *engine);

/** Has the host given its last reference back? Then nothing more is for it. */
bool tha_engine_is_given_up(const trunkha_engine *engine);

/** Runs @p run where it may touch the core, and waits for it. Returns what it returned, or FORKED. */
int tha_engine_call(trunkha_engine *engine, int (*run)(trunkha_engine *engine, void *arg), void *arg);

/** Runs the command that waits, if any. On the loop's thread. */
void tha_engine_run_command(trunkha_engine *engine);

/** Carries out whatever the core wants, and sleeps until it wants more. Where the core may be touched. */
void tha_engine_pump(trunkha_engine *engine);

/** tha_engine_pump(), and the events for a callback on this thread. Only from the loop's own handlers. */
void tha_engine_turn(trunkha_engine *engine);

/** Load: replaces what runs by @p model and takes it over, or fails and leaves it; NULL = the same model, with the addresses
 *  that its names come to now. To be followed by tha_engine_pump(). Where the core may be touched. */
int tha_engine_apply(trunkha_engine *engine, struct tha_model *model, char *error_buf, size_t error_size);

/** trunkha_engine_load() of a text that came from @p file, "" = from none. */
int tha_engine_load_named(trunkha_engine *engine, const char *file, const char *json, size_t len, trunkha_diag *reterr_diag);

/** Prepares the prober for @p table, and takes it over. On the loop's thread. */
int tha_engine_prepare_prober(trunkha_engine *engine, const struct tha_table *table, char *error_buf, size_t error_size);
void tha_engine_commit_prober(trunkha_engine *engine);

/** Appends @p event with sequence, times and instance filled in, and wakes who waits for it. */
void tha_engine_tell(trunkha_engine *engine, const trunkha_event *event);

/** news.c: what calls report. */
int tha_engine_hang_doorbell(trunkha_engine *engine);
void tha_engine_take_doorbell_down(trunkha_engine *engine);
void tha_engine_take_news(trunkha_engine *engine);
void tha_engine_end_forgotten_calls(trunkha_engine *engine, uint64_t now_ms);
void tha_engine_get_call_stats(const trunkha_engine *engine, trunkha_stats *stats);

/** names.c: questions out, answers in. */
int tha_engine_start_dns(trunkha_engine *engine);
void tha_engine_set_name_servers(trunkha_engine *engine);
/** At the time of the turn, for a replay asks then. */
void tha_engine_ask(trunkha_engine *engine, uint64_t now_ms);
void tha_engine_get_dns_stats(const trunkha_engine *engine, trunkha_stats *stats);

/** message.c: the host's messages in and out. */
bool tha_engine_take_message(uint32_t slot, const struct tha_addr *from, const char *message, size_t len, void *user_data);
void tha_engine_take_returned(uint32_t slot, const struct tha_addr *to, const char *message, size_t len, void *user_data);

void tha_engine_tell_ready(trunkha_engine *engine);

/** evidence.c: what the prober says. */
struct tha_prober_handlers tha_engine_prober_handlers(trunkha_engine *engine);

/** Gives every event not yet given to the callback, on this thread. Returns how many. */
int tha_engine_deliver(trunkha_engine *engine);

static inline bool tha_engine_is_own_thread(const trunkha_engine *engine)
{
    return atomic_load(&engine->thread) == (unsigned long)pthread_self();
}

static inline bool tha_engine_is_forked(const trunkha_engine *engine)
{
    return engine->pid != getpid();
}

#endif
