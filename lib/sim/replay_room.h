/** @file replay_room.h  The inside of a replay, shared by its own files only */
#ifndef THA_SIM_REPLAY_ROOM_H
#define THA_SIM_REPLAY_ROOM_H

#include "base/map.h"
#include "replay.h"

/* ---- replay_places.c: which of the recorded targets is which of the running ones */

struct tha_replay_place {
    uint32_t slot;       /**< THA_NONE = no such target now */
    uint32_t trunk_slot; /**< likewise */
};

struct tha_replay_places {
    struct tha_mem mem;
    const struct tha_recording *recording;
    struct tha_map trunks;       /**< by id: the first recorded target of that trunk, and one */
    uint32_t *next;              /**< for each the next of its trunk, or THA_NONE */
    struct tha_replay_place *of; /**< by recorded target */
    uint32_t *of_slot;           /**< the recorded target, or THA_NONE */
    uint32_t n_slots;
    struct tha_replay_place *prepared_of;
    uint32_t *prepared_of_slot;
    uint32_t n_prepared_slots;
};

int tha_replay_places_init(struct tha_replay_places *places, const struct tha_mem *mem,
                           const struct tha_recording *recording);
void tha_replay_places_done(struct tha_replay_places *places);
/** Works them out for a table that is going to run. Returns 0 or NOMEM. */
int tha_replay_places_prepare(struct tha_replay_places *places, const struct tha_table *table);
void tha_replay_places_commit(struct tha_replay_places *places);

/** The recorded target of a slot, or THA_NONE. */
static inline uint32_t tha_replay_places_target(const struct tha_replay_places *places, uint32_t slot)
{
    return slot < places->n_slots ? places->of_slot[slot] : THA_NONE;
}

/* ---- replay_samples.c: what the recording knows of a target at any moment */

struct tha_replay_sample {
    uint64_t sent_ms;
    const struct tha_recorded_input *input; /**< its evidence */
};

struct tha_replay_samples {
    struct tha_replay_sample *samples; /**< target by target, in the order of time */
    uint32_t *first;                   /**< by recorded target, and one past the last */
    uint32_t *at;                      /**< by recorded target: where the last question has led to */
};

int tha_replay_samples_init(struct tha_replay_samples *samples, const struct tha_mem *mem,
                            const struct tha_recording *recording);
void tha_replay_samples_done(struct tha_replay_samples *samples, const struct tha_mem *mem);
/** NULL = nothing is known. @p at_ms never steps back. */
const struct tha_replay_sample *tha_replay_samples_find(struct tha_replay_samples *samples, uint32_t target, uint64_t at_ms);

/* ---- replay_answers.c: questions to the DNS */

/** An answer that waits for its moment. */
struct tha_replay_awaited {
    uint64_t id;
    uint64_t due_ms;
    const struct tha_recorded_input *promised; /**< comes when that does; NULL = at `due_ms` */
    const struct tha_dns_answer *answer;
};

#define THA_REPLAY_AWAITED_MAX 4672U /* THA_NAMES_ASKING_MAX * THA_LOOKUP_QUESTIONS_MAX */

struct tha_replay_answers {
    const struct tha_recording *recording;
    uint32_t *by_name;                         /**< questions in order */
    const struct tha_recorded_input **answers; /**< question by question, in the order of time */
    uint32_t *first;                           /**< by question, and one past the last */
    uint32_t *next;                            /**< by question: the first that nobody was promised yet */
    struct tha_replay_awaited *awaited;
    uint32_t n_awaited;
};

int tha_replay_answers_init(struct tha_replay_answers *answers, const struct tha_mem *mem,
                            const struct tha_recording *recording);
void tha_replay_answers_done(struct tha_replay_answers *answers, const struct tha_mem *mem);
/** @p at_ms and what else is time: from the first line of the recording. */
void tha_replay_answers_ask(struct tha_replay_answers *answers, uint64_t id, const struct tha_dns_question *question,
                            uint32_t timeout_ms, uint64_t at_ms);
/** The next that is due without a line of the recording; THA_NEVER = none. */
uint64_t tha_replay_answers_next_ms(const struct tha_replay_answers *answers);
/** Takes one that is due, or (@p input) was promised to come with that line. */
bool tha_replay_answers_take(struct tha_replay_answers *answers, const struct tha_recorded_input *input, uint64_t at_ms,
                             struct tha_replay_awaited *ret_awaited);

/* ---- The whole */

/** A probe that the core has sent of its own accord, and what will come of it. */
struct tha_replay_flight {
    struct tha_timer timer; /**< waits = under way */
    struct tha_evidence evidence;
};

/** Lines that the engine has taken in before it asked its core what it wants. */
struct tha_replay_turn {
    uint32_t first, end; /**< inputs */
    uint64_t at_ms;      /**< when it asked */
    uint64_t since_ms;   /**< whatever came due from then on was seen to in this turn */
};

struct tha_replay {
    struct tha_mem mem;
    const struct tha_recording *recording;
    struct tha_sim *sim;
    struct tha_replay_listener listener;
    struct tha_sim_source source;
    struct tha_replay_turn turn; /**< the next one; first == end: there is none */
    uint32_t next;               /**< input */
    struct tha_replay_places places;
    struct tha_replay_samples samples;
    struct tha_replay_answers answers;
    struct tha_heap flights_due;
    struct tha_replay_flight *flights; /**< by slot */
    struct tha_replay_flight *prepared_flights;
    uint32_t n_flights, n_prepared_flights;
    uint32_t told_at; /**< input: all before it were compared */
    struct tha_replay_summary summary;
};

/** From the time of a line to the core's clock, and back. */
static inline uint64_t tha_replay_core_ms(uint64_t at_ms)
{
    return THA_SIM_START_MS + at_ms;
}

static inline uint64_t tha_replay_at_ms(uint64_t now_ms)
{
    return now_ms - THA_SIM_START_MS;
}

/** Or what the engine has told? */
static inline bool tha_replay_is_input(const struct tha_recorded_input *input)
{
    return input->kind != THA_INPUT_TOLD;
}

/** Do probes leave as they were recorded? */
static inline bool tha_replay_follows(const struct tha_replay *replay)
{
    return replay->summary.way != THA_REPLAY_RESAMPLED;
}

/** Tells who listens that a probe leaves. */
void tha_replay_note_probe(const struct tha_replay *replay, uint32_t slot);

/* ---- replay_input.c: one line after the other */

/** Returns 0 or NOMEM: then the line is to be taken again. */
int tha_replay_take_input(struct tha_replay *replay, const struct tha_recorded_input *input);

/* ---- replay_told.c: is it what the engine has told? */

/** Counts the event, if it is a transition, and whether the engine has told the same at that moment. */
void tha_replay_compare(struct tha_replay *replay, const trunkha_event *event);
/** The transitions that the engine has told. */
uint32_t tha_replay_count_told(const struct tha_recording *recording);

#endif
