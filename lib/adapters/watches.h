/** @file watches.h  The descriptors that a loop watches: in an epoll of our own, which is all of them that libre sees
 *
 *  libre up to 3.5 indexes a table by descriptor number, whose size is fixed when the loop begins, and hands an event of a
 *  descriptor that was closed to the next one of the same number. Here neither happens, and a watch costs no table. */
#ifndef THA_ADAPTERS_WATCHES_H
#define THA_ADAPTERS_WATCHES_H

#include <sys/epoll.h>

#include "adapters/loop.h"

#define THA_WATCHES_TURN_MAX 16 /* events taken before timer and doorbell have their turn */

struct tha_watches {
    struct tha_mem mem;
    int epoll_fd;
    unsigned next, n_events;
    struct epoll_event events[THA_WATCHES_TURN_MAX]; /**< data.ptr: the watch; NULL = released since */
};

/** Returns 0 or SYSTEM. */
int tha_watches_init(struct tha_watches *watches, const struct tha_mem *mem);
void tha_watches_done(struct tha_watches *watches);

/** tha_watch_new() of loop.h. */
int tha_watches_add(struct tha_watches *watches, int fd, unsigned what, tha_ready_cb ready, void *user_data,
                    struct tha_watch **ret_watch);

/** Asks the system what has happened, once all that it said before was told. */
void tha_watches_collect(struct tha_watches *watches);

/** Tells the next watch of what was collected; false = all were told. */
bool tha_watches_tell_next(struct tha_watches *watches);

#endif
