/** @file handle.h  A view as its holder sees it: the mapping, what is this process's own, and the retries of a reader */
#ifndef THA_VIEW_HANDLE_H
#define THA_VIEW_HANDLE_H

#include <stdbool.h>
#include <time.h>

#include "half.h"
#include "view.h"

/** Profiles whose balancing turns are counted apart from each other; more than these share counters. */
#define THA_VIEW_TURNS 1024U

/** How often a reader starts again before it takes what it has. */
#define THA_VIEW_TRIES 64U

struct trunkha_view {
    struct tha_mem mem;
    _Atomic uint32_t refs;
    struct tha_table *table;
    _Atomic uint32_t *turns; /**< of balancing, by profile: this process's own */

    /* The writer's own: */
    int fd;                    /**< of a named table, to make room in it; -1 = anonymous, or opened for reading */
    uint32_t room_for_events;  /**< records of the ring, from the first, that can be written without a SIGBUS */
    bool is_prepared;          /**< a half is written and waits for tha_view_publish() */
    uint64_t term;             /**< the one in which the table is ours */
    uint64_t release_after_ms; /**< when the memory of the half that nobody reads is given back; 0 = nothing to give */
};

/** Is the table still this writer's? A successor may have taken it over. */
static inline bool tha_view_is_writer(const trunkha_view *view)
{
    return atomic_load_explicit(&view->table->identity.term, memory_order_relaxed) == view->term;
}

/** A handle without a table yet; trunkha_view_unref() takes care of what is put into it. */
int tha_view_handle_new(const struct tha_mem *mem, trunkha_view **ret_view);

/** Maps the table in @p fd, or new anonymous memory for -1. NULL with errno set when that is not possible. */
struct tha_table *tha_view_map(int fd, bool is_writer);

/** The TRUNKHA_ERR_* for an errno. */
int tha_view_error(int system_error);

/** Makes sure that writing there raises no SIGBUS. @p fd -1: nothing to do. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_view_make_room(int fd, uint64_t offset, uint64_t bytes);

/** The ring of a writer: empty, or as the one before left it. */
void tha_view_init_ring(trunkha_view *view, uint32_t ring_size);

/** Gives the memory of a half back, unless it is a successor's; whoever reads there yet finds zeros, and then that the
 *  generation has changed. */
void tha_view_release_half(trunkha_view *view, uint32_t generation);

static inline uint64_t tha_view_clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** Milliseconds since the writer's last sign of life. The coarse clock is read without a system call. */
static inline uint64_t tha_view_age_ms(const struct tha_table *table)
{
    uint64_t heartbeat_ms = tha_get64(&table->identity.heartbeat_ms);
    uint64_t now_ms = tha_view_clock_ms(CLOCK_MONOTONIC_COARSE);

    return now_ms > heartbeat_ms ? now_ms - heartbeat_ms : 0; /* a coarse clock may lag behind */
}

/** Reading from one generation: `while (tha_view_try(&reading)) ...` repeats when it was replaced meanwhile. */
struct tha_view_reading {
    const struct tha_table *table;
    const struct tha_half *half; /**< NULL before the first try */
    uint32_t generation;
    uint32_t tries;
};

static inline bool tha_view_try(struct tha_view_reading *reading)
{
    uint32_t generation = tha_get32(&reading->table->generation);

    if (reading->half && (generation == reading->generation || reading->tries == THA_VIEW_TRIES))
        return false;

    reading->half = tha_table_half(reading->table, generation);
    reading->generation = generation;
    reading->tries++;

    return true;
}

#endif
