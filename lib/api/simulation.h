/** @file simulation.h  A simulation: the machine, where its inputs come from, and what is noted of it
 *
 *  The source of a scenario is simulation_world.c, with simulation_calls.c for its callers; of a recording, sim/replay.c
 * with simulation_replay.c for what it notes. */
#ifndef THA_API_SIMULATION_H
#define THA_API_SIMULATION_H

#include "base/map.h"
#include "sim/callers.h"
#include "sim/probes.h"
#include "sim/replay.h"
#include "sim/resolver.h"
#include "sim/simulation.h"
#include "sim/tally.h"

/** When what a trunk does may change by itself. */
struct tha_flip {
    struct tha_due due;
    uint32_t trunk;
};

struct trunkha_simulation {
    struct tha_mem mem;
    struct tha_sim machine;
    struct tha_sim_source source;
    struct tha_tally *tally;
    uint64_t duration_ms;
    uint32_t n_samples;
    struct tha_map watched; /**< profiles whose changes of trunk count, by id */
    trunkha_event_cb event_cb;
    void *event_user_data;
    bool is_started, is_running;
    bool is_given_up; /**< released in its own callback */

    /* The world of a scenario: */
    struct tha_scenario *scenario;
    struct tha_agenda agenda;
    struct tha_world *world;
    struct tha_resolver *resolver;
    struct tha_probes *probes;
    struct tha_callers *callers;
    struct tha_flip *flips; /**< by trunk */
    uint32_t next_step;

    /* Or a recording: */
    struct tha_recording *recording;
    struct tha_replay *replay;
};

/** Room for one, and in it what the options say of any. NULL when out of memory. */
trunkha_simulation *tha_simulation_alloc(const struct tha_mem *mem, const trunkha_simulation_options *options);

/** Whatever is in it by now. */
void tha_simulation_release(trunkha_simulation *simulation);

/** Makes the tally and the machine with @p model, which runs @p duration_ms; `source` must be there. On success the model is
 *  the machine's. Returns 0 or NOMEM. */
int tha_simulation_set_up(trunkha_simulation *simulation, struct tha_model *model, uint64_t seed, uint64_t duration_ms);

/** simulation_new() of what was read already; takes both on success. @p options: complete. Returns 0 or NOMEM. */
int tha_simulation_make(const struct tha_mem *mem, struct tha_model *model, struct tha_scenario *scenario,
                        const trunkha_simulation_options *options, trunkha_simulation **ret_simulation);

/** simulation_watch.c: finds the profiles whose changes of trunk count. Groups are profiles too, but what happens to both is to
 *  count once: those of the file, and what calls ask for by name. Returns 0 or NOMEM. */
int tha_simulation_watch(trunkha_simulation *simulation, const struct tha_model *model);

/** simulation_replay.c: the same of a recording. */
int tha_simulation_make_replay(const struct tha_mem *mem, struct tha_model *model, struct tha_recording *recording,
                               const trunkha_simulation_options *options, trunkha_simulation **ret_simulation);

/** Milliseconds since the start. */
static inline uint64_t tha_simulation_elapsed_ms(const trunkha_simulation *simulation)
{
    return simulation->machine.now_ms - THA_SIM_START_MS;
}

/* For the source of any simulation: what is shown and told goes to the tally and to the host. */
void tha_simulation_note_shown(const struct tha_action *action, uint64_t now_ms, void *user_data);
void tha_simulation_note_told(const trunkha_event *event, void *user_data);

/* ---- simulation_world.c ---- */

/** Makes the world of `scenario`, and `source`. Returns 0 or NOMEM. */
int tha_simulation_make_world(trunkha_simulation *simulation, const struct tha_model *model, uint64_t seed);
void tha_simulation_free_world(trunkha_simulation *simulation);

/** What the scenario says of the very beginning. Returns 0 or NOMEM. */
int tha_simulation_begin_world(trunkha_simulation *simulation);

/** When the next step of the scenario is to be taken; THA_NEVER = there are no more. */
uint64_t tha_simulation_step_ms(const trunkha_simulation *simulation);

/* ---- simulation_calls.c ---- */

/** The next call of a kind begins. Returns 0, or what trunkha_call_begin() says: then it will be tried again. */
int tha_simulation_take_arrival(trunkha_simulation *simulation, struct tha_due *due);

/** Something happens to a call. Returns 0 or an error. */
int tha_simulation_take_caller(trunkha_simulation *simulation, struct tha_due *due);

/** Ends what still runs. */
void tha_simulation_end_calls(trunkha_simulation *simulation);

#endif
