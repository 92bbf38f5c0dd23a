/** @file agenda.h  Everything that a made-up world has in store, in the order of time
 *
 *  A wheel of wheels, for there are millions of entries: what is due within the same 1024 ms as now has a slot of one
 *  millisecond, what is due later one of 1024 ms, and so on; when the time of such a slot has come, what is in it moves down
 *  a wheel. No step depends on how many entries there are, and none needs memory. What is due at the same moment comes in
 *  an order that depends on nothing but the history of the agenda. */
#ifndef THA_SIM_AGENDA_H
#define THA_SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"

enum tha_due_kind {
    THA_DUE_FLIP,    /**< what a carrier does may change */
    THA_DUE_PROBE,   /**< a probe under way */
    THA_DUE_ANSWER,  /**< of the DNS */
    THA_DUE_ARRIVAL, /**< the next call of a load */
    THA_DUE_CALLER   /**< something happens to a call */
};

struct tha_link {
    struct tha_link *next, *previous; /**< NULL = in no list */
};

/** The first member of what is due. */
struct tha_due {
    struct tha_link link;
    uint64_t when_ms;
    uint32_t kind;  /**< enum tha_due_kind */
    uint16_t wheel; /**< where it is */
    uint16_t slot;
};

#define THA_WHEEL_BITS  10U
#define THA_WHEEL_SLOTS (1U << THA_WHEEL_BITS)
#define THA_WHEELS      4U /* more than thirty years */

struct tha_wheel {
    struct tha_link slots[THA_WHEEL_SLOTS];
    uint64_t filled[THA_WHEEL_SLOTS / 64];
};

struct tha_agenda {
    uint64_t now_ms; /**< nothing is due before */
    struct tha_wheel wheels[THA_WHEELS];
};

void tha_agenda_init(struct tha_agenda *agenda, uint64_t now_ms);

/** Enters @p due, or moves it. What is due in the past is due at once; THA_NEVER takes it off. */
void tha_agenda_set(struct tha_agenda *agenda, struct tha_due *due, uint64_t when_ms);

/** Takes it off. What is not on the agenda is fine. */
void tha_agenda_drop(struct tha_agenda *agenda, struct tha_due *due);

/** Nothing is due before that; THA_NEVER = nothing is due at all. */
uint64_t tha_agenda_next_ms(const struct tha_agenda *agenda);

/** The first of what is due by @p now_ms, which stays on the agenda; NULL = nothing is. */
struct tha_due *tha_agenda_first(struct tha_agenda *agenda, uint64_t now_ms);

#endif
