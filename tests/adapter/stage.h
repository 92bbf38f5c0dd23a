/** @file stage.h  An engine that keeps what it tells: events, log lines, messages */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <trunkha.h>

#define STAGE_EVENTS_MAX   1024
#define STAGE_MESSAGES_MAX 32
#define STAGE_ANY          UINT32_MAX

struct stage_message {
    char data[2048];
    size_t len;
    char trunk_id[TRUNKHA_ID_SIZE];
    char source[TRUNKHA_ID_SIZE];
    bool has_come_back;
};

struct stage {
    trunkha_engine *engine;
    trunkha_view *view;
    bool is_started;
    pthread_mutex_t mutex; /* whatever follows */
    pthread_cond_t told;
    trunkha_event events[STAGE_EVENTS_MAX];
    unsigned n_events;
    struct stage_message messages[STAGE_MESSAGES_MAX];
    unsigned n_messages;
    char log[65536];
};

/** @p wants_messages: the engine has a message_cb. */
void stage_open(struct stage *stage, bool wants_messages);
/** One that records, too. */
void stage_open_recorded(struct stage *stage, trunkha_record_cb record_cb, void *user_data);
void stage_close(struct stage *stage);

/** Loads a configuration written with ' for ": probes in a hurry (an interval of a second, three failures), "%s" for the
 *  trunks of group "g" and "%s" for more keys at the top level (", 'dns': {}"), "" = none. Starts the engine the first
 *  time. */
void stage_load(struct stage *stage, const char *trunks, const char *more);

/** As stage_load(), expecting this error. */
void stage_refuse(struct stage *stage, const char *trunks, const char *more, int error);

/** Waits for an event behind the first @p after of that type and, unless STAGE_ANY, reason; @p entity_id NULL = any. Returns
 *  how many events there were up to it, so as to wait for one behind it. */
unsigned stage_await(struct stage *stage, unsigned after, uint32_t type, const char *entity_id, uint32_t reason,
                     trunkha_event *ret_event);

/** Waits until the trunk has that health for that reason (STAGE_ANY = any), by an event behind the first @p after. */
unsigned stage_await_health(struct stage *stage, unsigned after, const char *trunk_id, uint32_t health, uint32_t reason,
                            trunkha_event *ret_event);

/** How many there were of that type. */
unsigned stage_count(struct stage *stage, uint32_t type);
unsigned stage_n_events(struct stage *stage);

/** Waits until the log has these words. */
void stage_await_log(struct stage *stage, const char *words);

/** How often the log has these words. */
unsigned stage_count_log(struct stage *stage, const char *words);

/** Waits for the @p nth message, from 1. */
struct stage_message stage_await_message(struct stage *stage, unsigned nth);
unsigned stage_n_messages(struct stage *stage);

trunkha_trunk_status stage_trunk(const struct stage *stage, const char *trunk_id);
trunkha_target_status stage_target(const struct stage *stage, uint32_t index);
trunkha_stats stage_stats(const struct stage *stage);

#endif
