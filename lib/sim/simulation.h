/** @file simulation.h  An engine without its loop: core and view on a clock that is moved by hand
 *
 *  The machine does what the engine's loop does: takes what has come in, hears of calls, carries out what the core wants,
 *  sends what it wants sent. What comes in, and what becomes of what goes out, is the business of its *source*: a world that
 *  is made up, or a recording. Nothing here asks a clock or waits; the same inputs at the same times give the same outputs.
 *
 *  A source may touch `core` and `view` in take(): tha_core_report(), tha_core_answer_question(), tha_core_set_admin(),
 *  tha_core_take_news(), calls on the view, ... The core is asked what follows from that when take() has returned. */
#ifndef THA_SIM_SIMULATION_H
#define THA_SIM_SIMULATION_H

#include "core/core.h"
#include "view/view.h"

/** All times are the core's; they begin here, so that 0 can go on meaning "never" and what was before can be told. */
#define THA_SIM_START_MS UINT64_C(1000000)

#define THA_SIM_QUIET 1

struct tha_sim_source {
    /** When it has something to be taken next; THA_NEVER = nothing any more. */
    uint64_t (*next_ms)(void *user_data);

    /** When the core is to see to what it would do of its own accord at @p due_ms; NULL = then. */
    uint64_t (*defer)(uint64_t due_ms, void *user_data);

    /** Takes all that is due at @p now_ms. Returns 0; THA_SIM_QUIET if nothing of it was for the core, which then is not
     *  asked what follows; or an error, which ends this run: what could not be taken stays due. That calls have reported
     *  something, tell with tha_sim_ring(). */
    int (*take)(uint64_t now_ms, void *user_data);

    /** A probe goes to the target in @p slot: sooner or later the core gets tha_core_report(). */
    void (*probe)(uint32_t slot, uint64_t now_ms, void *user_data);

    /** The probe under way to that slot, if any, is of no interest any more. */
    void (*cancel)(uint32_t slot, void *user_data);

    /** A question to the DNS: sooner or later the core gets tha_core_answer_question(). @p question: borrowed. */
    void (*ask)(uint64_t id, const struct tha_dns_question *question, uint64_t now_ms, void *user_data);

    /** A table is going to run: makes room for its slots. Returns 0 or NOMEM. */
    int (*prepare)(const struct tha_table *table, void *user_data);

    /** It runs: slots may have other addresses now. */
    void (*commit)(const struct tha_table *table, void *user_data);

    /** Something is shown in the view, or told (then complete: sequence, times, instance). For who keeps statistics. */
    void (*shown)(const struct tha_action *action, uint64_t now_ms, void *user_data);
    void (*told)(const trunkha_event *event, void *user_data);

    void *user_data;
};

struct tha_sim {
    struct tha_mem mem;
    struct tha_core *core;
    trunkha_view *view;
    const struct tha_sim_source *source;
    uint64_t now_ms;
    int64_t unix_offset_ms; /**< Unix time less the core's; of a made-up world such that it begins at 0 */
    uint64_t sequence;      /**< of the last event */
    uint64_t next_core_ms;  /**< when the core wants something of itself */
    uint64_t next_news_ms;  /**< when to look for reports of calls; THA_NEVER = there are none */
    uint64_t next_beat_ms;
    uint64_t probes; /**< sent */
    char instance_id[TRUNKHA_ID_SIZE];
    bool is_prepared; /**< states go to a half of the view that is not read yet */
};

/** Makes core and view; zero @p sim before. @p source must live as long as @p sim. @p seed makes the core's jitter.
 *  Returns 0 or NOMEM; tha_sim_done() is to be called in either case. */
int tha_sim_init(struct tha_sim *sim, const struct tha_mem *mem, uint64_t seed, const struct tha_sim_source *source);
void tha_sim_done(struct tha_sim *sim);

/** Loads: as tha_engine_apply(). Takes @p model on success; NULL = the same model with the addresses of now. May be called
 *  again, from take() too. Returns 0 or NOMEM. */
int tha_sim_load(struct tha_sim *sim, struct tha_model *model);

/** The core begins to probe, READY is told: at `now_ms`, which may be set before. Once, after the first load. */
void tha_sim_start(struct tha_sim *sim);

/** Carries out what the core wants now: what a load has changed is shown then. */
void tha_sim_pump(struct tha_sim *sim);

/** Lets time pass up to @p until_ms, what is due then included. Returns 0, or what take() has returned: `now_ms` is then the
 *  time of that. */
int tha_sim_run(struct tha_sim *sim, uint64_t until_ms);

/** Calls have reported something: it is looked for in this turn (@p at_once), or when the engine would look by itself. */
void tha_sim_ring(struct tha_sim *sim, bool at_once);

#endif
