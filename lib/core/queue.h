/** @file queue.h  A line of those who wait, first come first: whoever is in it is known by an index
 *
 *  Who stands beside whom is kept in an array of waiters, by index; one that is all zero stands in no line, and nobody in
 *  two. Nothing here takes longer the longer the line is. */
#ifndef THA_CORE_QUEUE_H
#define THA_CORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/** A ring: the first one comes after the last. Indices count from 1 here. */
struct tha_waiter {
    uint32_t next;
    uint32_t previous;
};

struct tha_queue {
    uint32_t first; /**< likewise; 0 = nobody waits */
};

/** To the end of the line. */
void tha_queue_join(struct tha_queue *queue, struct tha_waiter *waiters, uint32_t index);

/** Of one who stands in it, wherever. */
void tha_queue_leave(struct tha_queue *queue, struct tha_waiter *waiters, uint32_t index);

/** The index, or THA_NONE. */
uint32_t tha_queue_first(const struct tha_queue *queue);

static inline bool tha_waiter_is_queued(const struct tha_waiter *waiter)
{
    return waiter->next != 0;
}

#endif
