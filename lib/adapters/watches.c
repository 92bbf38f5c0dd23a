#include "adapters/watches.h"

#include <errno.h>
#include <unistd.h>

struct tha_watch {
    struct tha_watches *watches;
    tha_ready_cb ready;
    void *user_data;
    int fd;
    unsigned what;
};

int tha_watches_init(struct tha_watches *watches, const struct tha_mem *mem)
{
    watches->mem = *mem;
    watches->next = watches->n_events = 0;
    watches->epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    return watches->epoll_fd < 0 ? TRUNKHA_ERR_SYSTEM : 0;
}

void tha_watches_done(struct tha_watches *watches)
{
    if (watches->epoll_fd >= 0)
        close(watches->epoll_fd);
    watches->epoll_fd = -1;
    watches->n_events = 0;
}

static int control(struct tha_watch *watch, int operation, unsigned what)
{
    struct epoll_event event = {.data.ptr = watch};

    if (what & THA_LOOP_READ)
        event.events |= EPOLLIN;
    if (what & THA_LOOP_WRITE)
        event.events |= EPOLLOUT;
    if (epoll_ctl(watch->watches->epoll_fd, operation, watch->fd, &event))
        return errno == ENOMEM ? TRUNKHA_ERR_NOMEM : TRUNKHA_ERR_SYSTEM;

    watch->what = what;

    return 0;
}

int tha_watches_add(struct tha_watches *watches, int fd, unsigned what, tha_ready_cb ready, void *user_data,
                    struct tha_watch **ret_watch)
{
    struct tha_watch *watch = tha_mem_zalloc(&watches->mem, 1, sizeof(*watch));
    int err;

    if (!watch)
        return TRUNKHA_ERR_NOMEM;

    *watch = (struct tha_watch){watches, ready, user_data, fd, 0};
    err = tha_watch_set(watch, what);
    if (err)
        tha_mem_free(&watches->mem, watch);
    else
        *ret_watch = watch;

    return err;
}

/** One that watches for nothing is taken out: the system would go on telling of its errors. */
int tha_watch_set(struct tha_watch *watch, unsigned what)
{
    if (what == watch->what)
        return 0;

    return control(watch, !what ? EPOLL_CTL_DEL : watch->what ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, what);
}

struct tha_watch *tha_watch_free(struct tha_watch *watch)
{
    struct tha_watches *watches;

    if (!watch)
        return NULL;

    watches = watch->watches;
    tha_watch_set(watch, 0);
    for (unsigned i = watches->next; i < watches->n_events; i++) {
        if (watches->events[i].data.ptr == watch)
            watches->events[i].data.ptr = NULL;
    }

    return tha_mem_free(&watches->mem, watch);
}

void tha_watches_collect(struct tha_watches *watches)
{
    int n;

    if (watches->next < watches->n_events)
        return; /* asked again, the system would begin with the same ones as before */

    n = epoll_wait(watches->epoll_fd, watches->events, THA_WATCHES_TURN_MAX, 0);
    watches->next = 0;
    watches->n_events = n > 0 ? (unsigned)n : 0;
}

static unsigned what_of(uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP))
        return THA_LOOP_READ | THA_LOOP_WRITE;

    return (events & EPOLLIN ? THA_LOOP_READ : 0U) | (events & EPOLLOUT ? THA_LOOP_WRITE : 0U);
}

bool tha_watches_tell_next(struct tha_watches *watches)
{
    const struct epoll_event *event = &watches->events[watches->next];
    const struct tha_watch *watch;
    unsigned what;

    if (watches->next == watches->n_events)
        return false;

    watches->next++;
    watch = event->data.ptr;
    what = watch ? watch->what & what_of(event->events) : 0;
    if (what)
        watch->ready(what, watch->user_data); /* may release the watch */

    return true;
}
