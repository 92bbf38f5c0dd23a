/** @file core.h  The machine that decides: inputs in, actions out, time as an argument
 *
 *  It opens no socket, asks no clock, starts no thread and calls nobody back. After each input, and whenever
 *  tha_core_next_expiry() has come, call tha_core_next_action() until it has nothing left, and do what it says; then
 *  tha_core_next_probe() likewise. Time is in
 *  milliseconds on a clock that never steps back. Given the same inputs and seed it does the same things. */
#ifndef THA_CORE_CORE_H
#define THA_CORE_CORE_H

#include "core/evidence.h"
#include "core/model.h"
#include "core/news.h"
#include "core/state.h"
#include "core/table.h"

struct tha_core;

enum tha_action_kind {
    THA_ACTION_NONE,
    THA_ACTION_SHOW_TARGET, /**< its published state has changed */
    THA_ACTION_SHOW_TRUNK,  /**< its published state, and perhaps that of its group, have changed */
    THA_ACTION_SHOW_ROUTE,  /**< the order of a profile may have changed */
    THA_ACTION_READDRESS,   /**< names come to other addresses: prepare and commit the same model anew */
    THA_ACTION_WARN,        /**< a line for the log */
    THA_ACTION_TELL         /**< an event; sequence, times and instance are the caller's to fill in */
};

/** What is published of calls on trial. */
enum tha_trial {
    THA_TRIAL_AS_IT_WAS,
    THA_TRIAL_OFF,
    THA_TRIAL_ARMED /**< the next call for which the target would be first in line goes there */
};

struct tha_action {
    uint32_t kind;
    uint32_t index; /**< of the target, trunk or profile; TELL: of the trunk it is about, or THA_NONE */
    union {
        struct {
            struct tha_target_state state;
            struct tha_abilities abilities;
            uint32_t slot;
            uint32_t trial; /**< enum tha_trial */
        } target;
        struct {
            struct tha_trunk_state state;
            struct tha_lack lack;
            struct tha_name_state name; /**< without its locations; all zero for an IP address */
            bool has_name;
            uint32_t group;
            uint32_t group_health;
        } trunk;
        struct {
            const struct tha_route_entry *entries; /**< borrowed until the next call */
            uint32_t n_entries;
            uint32_t active_trunk; /**< or THA_NONE */
        } route;
        const char *warning;        /**< borrowed until the next call */
        const trunkha_event *event; /**< likewise */
    };
};

/** @p seed makes the jitter. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_core_new(const struct tha_mem *mem, uint64_t seed, struct tha_core **ret_core);

/** With its table and model. NULL is fine; returns NULL. */
struct tha_core *tha_core_free(struct tha_core *core);

/** First half of a load, which may fail (NOMEM): builds the table; nothing that runs is touched. Give it to
 *  tha_core_commit() or to tha_table_free(); until then @p model stays the caller's. NULL = the model that runs, with
 *  the addresses of now. */
int tha_core_prepare(struct tha_core *core, struct tha_model *model, uint64_t now_ms, struct tha_table **ret_table);

/** Second half: the table and its model run from now on; health, counters and timers of what stays are kept. */
void tha_core_commit(struct tha_core *core, struct tha_table *table, uint64_t now_ms);

/** NULL before the first load. */
const struct tha_table *tha_core_table(const struct tha_core *core);

/** From now on targets are probed. */
void tha_core_start(struct tha_core *core, uint64_t now_ms);

/** No target is probed from now on, and nothing is told; states stay as they are. */
void tha_core_stop(struct tha_core *core);

/** When to come back; THA_NEVER = not of its own accord. */
uint64_t tha_core_next_expiry(const struct tha_core *core);

/** When it next changes something that is not a probe of its own accord; THA_NEVER = not so. */
uint64_t tha_core_next_change(const struct tha_core *core);

/** For a replay: it asks for no probe from now on, but hears of each by tha_core_note_probe(). */
void tha_core_follow_probes(struct tha_core *core);

/** A probe has left, whether it was due or not. */
void tha_core_note_probe(struct tha_core *core, uint32_t slot, uint64_t now_ms);

/** What came of a probe. A slot without a probe under way is ignored: a late answer credits nothing. */
void tha_core_report(struct tha_core *core, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms);

/** What was reported of a call. @p active_calls: on its trunk now. */
void tha_core_take_news(struct tha_core *core, const struct tha_news *news, uint32_t active_calls, uint64_t now_ms);

/** A request has come from @p addr: it proves an inbound trunk. Of others it proves nothing, anybody can write it; but who
 *  is DOWN there is worth a probe. Returns whether a target has that address and was looked at. */
bool tha_core_note_request(struct tha_core *core, const struct tha_addr *addr, uint64_t now_ms);

/** The connection to a target has ended while no probe was under way: @p evidence of its fault, NULL = in order. It is probed
 *  at once. */
void tha_core_note_closed(struct tha_core *core, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms);

/** What a target has said that it can do. */
void tha_core_note_abilities(struct tha_core *core, uint32_t slot, const struct tha_abilities *abilities);

/** Something to be told of a target's trunk that changes no state: NAT_DETECTED, CERTIFICATE_EXPIRY. */
void tha_core_note_finding(struct tha_core *core, uint32_t slot, uint32_t event_type, uint32_t reason, const char *detail);

/* The DNS: ask what tha_core_next_question() says, whenever actions are asked for, and hand back what comes of it. */

bool tha_core_next_question(struct tha_core *core, uint64_t now_ms, uint64_t *ret_id, struct tha_dns_question *ret_question);
/** What was asked under @p id; false when no answer to it is awaited (any more). */
bool tha_core_get_question(const struct tha_core *core, uint64_t id, struct tha_dns_question *ret_question);
void tha_core_answer_question(struct tha_core *core, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms);
/** Other servers answer from now on. */
void tha_core_refresh_names(struct tha_core *core, uint64_t now_ms);

/** See trunkha_profile_failback(). Returns 0 or NOTFOUND. */
int tha_core_fail_back(struct tha_core *core, const char *profile_id, uint64_t now_ms);

/** The operator speaks; see trunkha_trunk_set_admin(). Returns 0, NOTFOUND, INVALID or NOMEM. */
int tha_core_set_admin(struct tha_core *core, const char *trunk_id, uint32_t admin, uint32_t reason, const char *text,
                       uint32_t for_ms, uint64_t now_ms);

/** From now on calls that go as they should are not told of: for who plays millions of them. */
void tha_core_spare_calls(struct tha_core *core);

/** Is every trunk draining or disabled? Then peers are told to go elsewhere. */
bool tha_core_is_draining(const struct tha_core *core);

/** The next thing to do; false when there is none. States come before the events that tell of them. */
bool tha_core_next_action(struct tha_core *core, uint64_t now_ms, struct tha_action *ret_action);

/** The slot to probe next; false when none is due, or no more may leave now. Give it the time of sending: what leaves in any
 *  10 ms is counted by it. */
bool tha_core_next_probe(struct tha_core *core, uint64_t now_ms, uint32_t *ret_slot);

/** The probes handed out just now have left at @p now_ms, perhaps later than they were asked for. */
void tha_core_note_sent(struct tha_core *core, uint64_t now_ms);

/** Events that could not be told for want of memory since the last call. */
uint32_t tha_core_take_lost(struct tha_core *core);

#endif
