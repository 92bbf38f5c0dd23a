/** @file loop.h  The engine's thread: a libre loop of its own, one timer, one doorbell
 *
 *  The thread blocks all signals and has its own libre loop, beside whatever loop the host runs. Deadlines are on
 *  CLOCK_MONOTONIC and come from one timerfd: a step of the wall clock changes nothing. */
#ifndef THA_ADAPTERS_LOOP_H
#define THA_ADAPTERS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/mem.h"

struct tha_loop;

/** Wake-ups are rounded up to a multiple of this, so that many probes share one: the core's pace window, so that each slot
 *  may send as much as the pace allows. */
#define THA_SLOT_MS 11U

struct tha_loop_handlers {
    /** On the new thread, before the loop turns; an error ends it. */
    int (*start)(struct tha_loop *loop, void *user_data);
    /** The time given to tha_loop_wake_at() has come. */
    void (*expiry)(uint64_t now_ms, void *user_data);
    /** tha_loop_ring() was called, once or more often. */
    void (*doorbell)(void *user_data);
    /** On the thread, after the loop: close what `start` opened. Not called when `start` has failed. */
    void (*end)(void *user_data);
    void *user_data;
};

/** Makes the thread and waits until `start` has returned on it; the handlers are copied. Errors: NOMEM, SYSTEM, or what
 *  `start` returned. */
int tha_loop_new(const struct tha_mem *mem, const struct tha_log *log, const struct tha_loop_handlers *handlers,
                 struct tha_loop **ret_loop);

/** Ends the thread and waits for it; on the loop's own thread it lets the thread end by itself after the running handler.
 *  NULL is fine; returns NULL. Any thread. */
struct tha_loop *tha_loop_free(struct tha_loop *loop);

/** Asks for one `expiry` call at @p when_ms, rounded up to a slot; a later call replaces it; THA_NEVER = none.
 *  Loop thread. */
void tha_loop_wake_at(struct tha_loop *loop, uint64_t when_ms);

/** Any thread, signal handlers too. */
void tha_loop_ring(struct tha_loop *loop);

bool tha_loop_is_own_thread(const struct tha_loop *loop);

/** Longest time so far that one handler kept the loop from its sockets, in microseconds. Any thread. */
uint64_t tha_loop_longest_stall_us(const struct tha_loop *loop);

/** CLOCK_MONOTONIC, and the wall clock. */
uint64_t tha_clock_ms(void);
uint64_t tha_clock_us(void);
int64_t tha_clock_unix_ms(void);

/** Fills @p buf with unpredictable bytes. */
void tha_random(void *buf, size_t size);

/** A descriptor watched by the loop; loop thread only. @p readable is called for errors on it too, and may unwatch itself.
 *  Errors: NOMEM, SYSTEM. What is still watched in the end is unwatched, not closed. */
typedef void (*tha_readable_cb)(void *user_data);
int tha_loop_watch(struct tha_loop *loop, int fd, tha_readable_cb readable, void *user_data);
void tha_loop_unwatch(struct tha_loop *loop, int fd);

/** A descriptor watched for both ways, by a handle of its own: for many, which come and go. */
struct tha_watch;
enum { THA_LOOP_READ = 1, THA_LOOP_WRITE = 2 };

/** @p what: THA_LOOP_* bits that have come; errors come as all that is watched for. May release or change the watch. */
typedef void (*tha_ready_cb)(unsigned what, void *user_data);
int tha_watch_new(struct tha_loop *loop, int fd, unsigned what, tha_ready_cb ready, void *user_data,
                  struct tha_watch **ret_watch);
int tha_watch_set(struct tha_watch *watch, unsigned what);
/** Before its descriptor is closed. NULL is fine; returns NULL. */
struct tha_watch *tha_watch_free(struct tha_watch *watch);

#endif
