/** @file replay.h  A recording as the source of a simulation: what was heard is heard again, at the same moments
 *
 *  Exact: nothing that decides when probes leave has changed. They leave and are answered as they were, and the core looks
 *  at what it is told when it looked then: the same transitions, at the same millisecond.
 *  Rejudged: the intervals are the same, but thresholds are not, or trunks have come or gone. Another judges the very same
 *  evidence, to the millisecond until the first state that differs; from there on the engine would have probed by another of
 *  the intervals.
 *  Resampled: the core probes at times of its own. What the recording knows of the target at that moment is the answer: the
 *  last probe that had left by then, or else the first one after it.
 *  In all, calls, requests, the operator and what was answered by the DNS come as they came. */
#ifndef THA_SIM_REPLAY_H
#define THA_SIM_REPLAY_H

#include "recording.h"
#include "simulation.h"

struct tha_replay;

enum tha_replay_way { THA_REPLAY_EXACT, THA_REPLAY_REJUDGED, THA_REPLAY_RESAMPLED };

struct tha_replay_summary {
    uint32_t way;              /**< enum tha_replay_way */
    bool is_cut;               /**< see tha_recording */
    uint32_t n_reloads;        /**< configurations that were loaded later, of which nothing is known */
    uint32_t n_trunks_unknown; /**< that the recording has, and the configuration has not */
    uint32_t n_recorded;       /**< transitions that the engine told */
    uint32_t n_told;           /**< that were told here, so far */
    uint32_t n_same;           /**< of both, at the same millisecond */
};

/** Who wants to know what goes on; any may be NULL. @p trunk: its index in the model; THA_NONE = one that is not there. */
struct tha_replay_listener {
    void (*shown)(const struct tha_action *action, uint64_t now_ms, void *user_data);
    void (*told)(const trunkha_event *event, void *user_data);
    void (*probed)(uint32_t trunk, void *user_data);
    void (*called)(uint32_t trunk, const struct tha_news *news, uint64_t now_ms, void *user_data);
    void *user_data;
};

/** @p sim: where it will be played, with tha_replay_source(), of recording->seed. @p recording and @p model are borrowed,
 * the model for this call only. Returns 0 or NOMEM. */
int tha_replay_new(const struct tha_mem *mem, const struct tha_recording *recording, const struct tha_model *model,
                   struct tha_sim *sim, const struct tha_replay_listener *listener, struct tha_replay **ret_replay);

/** NULL is fine; returns NULL. */
struct tha_replay *tha_replay_free(struct tha_replay *replay);

/** For tha_sim_init(); as long as the replay lives. */
const struct tha_sim_source *tha_replay_source(const struct tha_replay *replay);

/** Sets the clock of the simulation, after tha_sim_init(). To be followed by tha_sim_load(), but not by tha_sim_start(): the
 *  recording says when. */
void tha_replay_begin(struct tha_replay *replay);

/** When the recording ends, on the simulation's clock. */
uint64_t tha_replay_end_ms(const struct tha_replay *replay);

void tha_replay_get_summary(const struct tha_replay *replay, struct tha_replay_summary *ret_summary);

#endif
