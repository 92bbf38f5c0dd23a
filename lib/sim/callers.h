/** @file callers.h  Who calls when: arrivals of every kind of calls, and room for those who are calling */
#ifndef THA_SIM_CALLERS_H
#define THA_SIM_CALLERS_H

#include "caller.h"
#include "dice.h"

/** The next call of one kind. */
struct tha_arrival {
    struct tha_due due;
    const struct tha_call_load *load;
    struct tha_dice dice;
    uint64_t mean_gap_ns;
    uint64_t next_ns;           /**< since the start */
    struct tha_caller *waiting; /**< he has come, but his call could not begin for want of memory */
};

struct tha_callers;

/** The scenario and @p agenda are borrowed; @p start_ms: when it begins. Returns 0 or NOMEM. */
int tha_callers_new(const struct tha_mem *mem, const struct tha_scenario *scenario, uint64_t seed, uint64_t start_ms,
                    struct tha_agenda *agenda, struct tha_callers **ret_callers);

/** NULL is fine; returns NULL. Calls that still run are the business of who began them: tha_callers_each(). */
struct tha_callers *tha_callers_free(struct tha_callers *callers);

/** Lets @p visit see everybody who is calling. */
void tha_callers_each(struct tha_callers *callers, void (*visit)(struct tha_caller *caller, void *user_data),
                      void *user_data);

/** Who comes with the arrival that is @p due; NULL when there is no memory. To be followed by tha_callers_move_on(), or else
 *  the same one comes again. */
struct tha_caller *tha_callers_get(struct tha_callers *callers, struct tha_due *due, uint64_t now_ms);

/** He has begun his call: the next one of the kind is awaited. */
void tha_callers_move_on(struct tha_callers *callers, struct tha_due *due);

/** Something has been heard: the next thing is awaited. */
void tha_callers_resume(struct tha_callers *callers, struct tha_caller *caller);

/** He is done with. */
void tha_callers_dismiss(struct tha_callers *callers, struct tha_caller *caller);

#endif
