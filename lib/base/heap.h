/** @file heap.h  Deadlines, earliest first: an intrusive 4-ary heap
 *
 *  A timer is embedded in what waits for it and knows its place, so that it can be moved or removed without a search.
 *  tha_heap_reserve() makes room beforehand; after that nothing here can fail. */
#ifndef THA_BASE_HEAP_H
#define THA_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

struct tha_timer {
    uint64_t when;  /**< milliseconds on the owner's clock */
    uint32_t place; /**< in the heap, from 1; 0 = not waiting */
};

struct tha_heap {
    struct tha_mem mem;
    struct tha_timer **timers; /**< [1] is the earliest */
    uint32_t count;
    uint32_t capacity;
};

#define THA_NEVER UINT64_MAX

void tha_heap_init(struct tha_heap *heap, const struct tha_mem *mem);
void tha_heap_done(struct tha_heap *heap);

/** Makes room for @p count timers in all. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_heap_reserve(struct tha_heap *heap, uint32_t count);

/** Starts @p timer, or moves it when it waits already. */
void tha_heap_set(struct tha_heap *heap, struct tha_timer *timer, uint64_t when);

/** A timer that does not wait is fine. */
void tha_heap_remove(struct tha_heap *heap, struct tha_timer *timer);

/** The earliest timer, borrowed; NULL when none waits. */
struct tha_timer *tha_heap_first(const struct tha_heap *heap);

/** When the earliest timer is due; THA_NEVER when none waits. */
uint64_t tha_heap_next(const struct tha_heap *heap);

static inline bool tha_timer_is_set(const struct tha_timer *timer)
{
    return timer->place != 0;
}

#endif
