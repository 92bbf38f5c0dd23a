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

/** How those who report in the writer's own process wake it. reports.c tells when. */
struct tha_view_doorbell {
    _Atomic int fd;             /**< -1 = none */
    _Atomic uint32_t pid;       /**< whose descriptor that is: not a forked child's */
    _Atomic uint32_t n_ringing; /**< threads that are about to use it */
    _Atomic uint32_t is_rung;   /**< and the writer has not found the reports empty since */
    _Atomic uint32_t is_awaited;
};

/** The writer's patience with reports that were begun and not finished. */
struct tha_view_patience {
    uint64_t until; /**< those before this place were begun when it was set */
    uint64_t since_ms;
};

/** Where the writer looks for calls to take from the list, and the last process it asked for. */
struct tha_view_reaper {
    uint32_t place;
    uint32_t pid; /**< 0 = none yet */
    bool is_dead;
    uint64_t asked_ms;
};

struct trunkha_view {
    struct tha_mem mem;
    _Atomic uint32_t refs;
    struct tha_table *table;
    _Atomic uint32_t *turns; /**< of balancing, by profile: this process's own */
    _Atomic uint32_t *pid;   /**< of this process; 0 = ask. fork() clears it. NULL = ask always */
    struct tha_calls *calls; /**< NULL = we may not write there */
    struct tha_view_doorbell doorbell;
    uint64_t made_up_ms; /**< the time, where it is not the machine's: in a simulation; 0 = it is */

    /* The writer's own: */
    int fd;                    /**< of a named table, to make room in it; -1 = anonymous, or opened for reading */
    uint32_t room_for_events;  /**< records of the ring, from the first, that can be written without a SIGBUS */
    bool is_prepared;          /**< a half is written and waits for tha_view_publish() */
    uint64_t term;             /**< the one in which the table is ours */
    uint64_t release_after_ms; /**< when the memory of the half that nobody reads is given back; 0 = nothing to give */
    struct tha_view_patience patience;
    struct tha_view_reaper reaper;
};

/** Is the table still this writer's? A successor may have taken it over. */
static inline bool tha_view_is_writer(const trunkha_view *view)
{
    return atomic_load_explicit(&view->table->identity.term, memory_order_relaxed) == view->term;
}

/** A handle without a table yet; trunkha_view_unref() takes care of what is put into it. */
int tha_view_handle_new(const struct tha_mem *mem, trunkha_view **ret_view);

/** What a mapping may be used for. */
enum tha_view_access { THA_VIEW_READ, THA_VIEW_READ_AND_CALL, THA_VIEW_WRITE };

/** Maps the table in @p fd, or new anonymous memory for -1. NULL with errno set when that is not possible. */
struct tha_table *tha_view_map(int fd, enum tha_view_access access);

/** The TRUNKHA_ERR_* for an errno. */
int tha_view_error(int system_error);

/** Makes room for reports and for the first running calls, of a named table. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_view_make_room_for_calls(int fd);

/** The list of running calls of a writer: as the one before left it, or with its first places. */
void tha_view_init_running(trunkha_view *view);

/** Doubles the places for running calls when half are taken. */
void tha_view_grow_running(trunkha_view *view);

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

/** The time that calls through this handle live in. */
static inline uint64_t tha_view_now_ms(const trunkha_view *view)
{
    return view->made_up_ms ? view->made_up_ms : tha_view_clock_ms(CLOCK_MONOTONIC);
}

/** The same for those who only read: some milliseconds late, but without a system call. */
static inline uint64_t tha_view_coarse_ms(const trunkha_view *view)
{
    return view->made_up_ms ? view->made_up_ms : tha_view_clock_ms(CLOCK_MONOTONIC_COARSE);
}

/** The same moment as tha_view_now_ms() in Unix time. */
static inline int64_t tha_view_unix_ms(const trunkha_view *view)
{
    int64_t offset_ms = atomic_load_explicit(&view->table->unix_offset_ms, memory_order_acquire);

    return view->made_up_ms ? (int64_t)view->made_up_ms + offset_ms : (int64_t)tha_view_clock_ms(CLOCK_REALTIME);
}

/** Milliseconds since the writer's last sign of life. */
static inline uint64_t tha_view_age_ms(const trunkha_view *view)
{
    uint64_t heartbeat_ms = tha_get64(&view->table->identity.heartbeat_ms);
    uint64_t now_ms = tha_view_coarse_ms(view);

    return now_ms > heartbeat_ms ? now_ms - heartbeat_ms : 0; /* a coarse clock may lag behind */
}

/** Reading from one generation: `while (tha_view_try(&reading)) ...` repeats when it was replaced meanwhile. */
struct tha_view_reading {
    const trunkha_view *view;
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
