#include "adapters/loop.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "adapters/re_compat.h"
#include "adapters/re_epoll.h"
#include "adapters/watches.h"
#include "base/heap.h"

#define TURN_MAX_US 5000U /* for watched descriptors, before timer and doorbell have theirs: some handshakes */

/** One of the few descriptors that libre watches for us. */
struct source {
    struct tha_loop *loop;
    void (*handle)(struct tha_loop *loop);
    int fd;
    struct re_fhs *fhs; /**< libre's handle of it */
};

/** What tha_loop_watch() made. */
struct reader {
    struct reader *next;
    struct tha_watch *watch;
    tha_readable_cb readable;
    void *user_data;
    int fd;
};

struct tha_loop {
    struct tha_mem mem;
    struct tha_log log;
    struct tha_loop_handlers handlers;
    struct source timer;
    struct source bell;
    struct source watched; /**< all others: the epoll of `watches` */
    struct tha_watches watches;
    struct reader *readers;
    struct re *re;
    uint64_t armed_ms; /**< what the timerfd is set to; THA_NEVER = not set */
    pthread_t thread;
    sem_t started;
    int start_error;
    bool is_detached; /**< released on its own thread, by its own thread */
    atomic_bool is_ending;
    _Atomic uint64_t longest_stall_us;
};

static void note_stall(struct tha_loop *loop, uint64_t us)
{
    if (us > atomic_load_explicit(&loop->longest_stall_us, memory_order_relaxed))
        atomic_store_explicit(&loop->longest_stall_us, us, memory_order_relaxed);
}

static void handle_fd(int flags, void *arg)
{
    const struct source *source = arg;
    struct tha_loop *loop = source->loop;
    uint64_t start;

    (void)flags;

    if (atomic_load(&loop->is_ending)) {
        re_cancel();
        return;
    }

    start = tha_clock_us();
    source->handle(loop);
    note_stall(loop, tha_clock_us() - start);
}

static void handle_timer(struct tha_loop *loop)
{
    uint64_t expirations;

    if (read(loop->timer.fd, &expirations, sizeof(expirations)) != sizeof(expirations))
        return; /* set anew since it fired */

    loop->armed_ms = THA_NEVER;
    loop->handlers.expiry(tha_clock_ms(), loop->handlers.user_data);
}

static void handle_bell(struct tha_loop *loop)
{
    uint64_t rings;

    if (read(loop->bell.fd, &rings, sizeof(rings)) == sizeof(rings))
        loop->handlers.doorbell(loop->handlers.user_data);
}

static void handle_watched(struct tha_loop *loop)
{
    uint64_t end_us = tha_clock_us() + TURN_MAX_US;

    tha_watches_collect(&loop->watches);
    while (!atomic_load(&loop->is_ending) && tha_watches_tell_next(&loop->watches) && tha_clock_us() < end_us)
        ;
}

static void close_loop(struct tha_loop *loop)
{
    while (loop->readers)
        tha_loop_unwatch(loop, loop->readers->fd);
    if (loop->watched.fd >= 0)
        tha_fd_close(&loop->watched.fhs, loop->watched.fd);
    tha_watches_done(&loop->watches);
    if (loop->timer.fd >= 0) {
        tha_fd_close(&loop->timer.fhs, loop->timer.fd);
        close(loop->timer.fd);
    }
    loop->watched.fd = loop->timer.fd = -1;
    tha_fd_close(&loop->bell.fhs, loop->bell.fd); /* it stays open until the loop is released: others may ring still */
    tha_re_close(loop->re);
}

static int make_sources(struct tha_loop *loop)
{
    int err = tha_watches_init(&loop->watches, &loop->mem);

    loop->watched.fd = loop->watches.epoll_fd;
    loop->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    return loop->timer.fd < 0 ? TRUNKHA_ERR_SYSTEM : err;
}

/** libre's table reaches up to the highest number of ours: 36 bytes for each. */
static int listen_sources(struct tha_loop *loop)
{
    struct source *const sources[] = {&loop->timer, &loop->bell, &loop->watched};
    int highest = 0, err;

    for (unsigned i = 0; i < 3; i++)
        highest = sources[i]->fd > highest ? sources[i]->fd : highest;
    err = fd_setsize(highest + 1);

    for (unsigned i = 0; i < 3 && !err; i++)
        err = tha_fd_listen(&sources[i]->fhs, sources[i]->fd, FD_READ, handle_fd, sources[i]);
    if (err)
        tha_log_print(&loop->log, TRUNKHA_LOG_ERROR, "the loop cannot watch its descriptors: %s", strerror(err));

    return err == ENOMEM ? TRUNKHA_ERR_NOMEM : err ? TRUNKHA_ERR_SYSTEM : 0;
}

static int open_loop(struct tha_loop *loop)
{
    int err;

    if (tha_re_open(&loop->re))
        return TRUNKHA_ERR_NOMEM;

    err = make_sources(loop);
    if (!err)
        err = listen_sources(loop);

    if (err)
        close_loop(loop);
    else if (!tha_epoll_set_close_on_exec(loop->bell.fd))
        tha_log_print(&loop->log, TRUNKHA_LOG_WARNING, "/proc is not readable: one epoll descriptor is inherited over exec");

    return err;
}

static struct tha_loop *release(struct tha_loop *loop)
{
    struct tha_mem mem = loop->mem;

    close(loop->bell.fd);
    sem_destroy(&loop->started);

    return tha_mem_free(&mem, loop);
}

static int start(struct tha_loop *loop)
{
    int err = open_loop(loop);

    if (err)
        return err;

    err = loop->handlers.start(loop, loop->handlers.user_data);
    if (err)
        close_loop(loop);

    return err;
}

static void *run(void *arg)
{
    struct tha_loop *loop = arg;
    int err;

    loop->thread = pthread_self();
    pthread_setname_np(loop->thread, "trunkha");
    err = loop->start_error = start(loop);
    sem_post(&loop->started);
    if (err)
        return NULL; /* released by tha_loop_new() */

    err = re_main(NULL);
    if (err)
        tha_log_print(&loop->log, TRUNKHA_LOG_ERROR, "the loop has ended: %s", strerror(err));
    loop->handlers.end(loop->handlers.user_data);
    close_loop(loop);
    if (loop->is_detached)
        release(loop);

    return NULL;
}

/** The thread inherits the mask, so that no signal can reach it even in its first moments. */
static int create_thread(struct tha_loop *loop, pthread_t *ret_thread)
{
    sigset_t all, before;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(ret_thread, NULL, run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    return err ? TRUNKHA_ERR_SYSTEM : 0;
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) && errno == EINTR)
        ;
}

int tha_loop_new(const struct tha_mem *mem, const struct tha_log *log, const struct tha_loop_handlers *handlers,
                 struct tha_loop **ret_loop)
{
    struct tha_loop *loop;
    pthread_t thread;
    int err;

    if (!tha_re_is_as_built()) {
        tha_log_print(log, TRUNKHA_LOG_ERROR, "libre %s was loaded, where this library was built for " LIBRE_VERSION,
                      sys_libre_version_get());
        return TRUNKHA_ERR_SYSTEM;
    }

    loop = tha_mem_zalloc(mem, 1, sizeof(*loop));
    if (!loop)
        return TRUNKHA_ERR_NOMEM;

    loop->mem = *mem;
    loop->log = *log;
    loop->handlers = *handlers;
    loop->armed_ms = THA_NEVER;
    loop->timer = (struct source){loop, handle_timer, -1, NULL};
    loop->bell = (struct source){loop, handle_bell, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), NULL};
    loop->watched = (struct source){loop, handle_watched, -1, NULL};
    sem_init(&loop->started, 0, 0);

    err = loop->bell.fd < 0 ? TRUNKHA_ERR_SYSTEM : create_thread(loop, &thread);
    if (!err) {
        wait_for(&loop->started);
        err = loop->start_error;
        if (err)
            pthread_join(thread, NULL);
    }

    if (err)
        release(loop);
    else
        *ret_loop = loop;

    return err;
}

struct tha_loop *tha_loop_free(struct tha_loop *loop)
{
    pthread_t thread;

    if (!loop)
        return NULL;

    thread = loop->thread;
    if (tha_loop_is_own_thread(loop)) {
        loop->is_detached = true;
        atomic_store(&loop->is_ending, true);
        pthread_detach(thread);
        re_cancel();
        return NULL;
    }

    atomic_store(&loop->is_ending, true);
    tha_loop_ring(loop);
    pthread_join(thread, NULL);

    return release(loop);
}

void tha_loop_wake_at(struct tha_loop *loop, uint64_t when_ms)
{
    uint64_t slot = when_ms > THA_NEVER - THA_SLOT_MS ? THA_NEVER : (when_ms + THA_SLOT_MS - 1) / THA_SLOT_MS * THA_SLOT_MS;
    struct itimerspec at = {.it_value = {0, 0}};

    if (slot == loop->armed_ms)
        return;

    loop->armed_ms = slot;
    if (slot != THA_NEVER) {
        at.it_value.tv_sec = (time_t)(slot / 1000);
        at.it_value.tv_nsec = slot ? (long)(slot % 1000) * 1000000 : 1; /* all zero would mean never */
    }
    timerfd_settime(loop->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void tha_loop_ring(struct tha_loop *loop)
{
    uint64_t one = 1;
    ssize_t n = write(loop->bell.fd, &one, sizeof(one));

    (void)n; /* a full counter rings as well */
}

bool tha_loop_is_own_thread(const struct tha_loop *loop)
{
    return pthread_equal(loop->thread, pthread_self());
}

uint64_t tha_loop_longest_stall_us(const struct tha_loop *loop)
{
    return atomic_load_explicit(&loop->longest_stall_us, memory_order_relaxed);
}

int tha_watch_new(struct tha_loop *loop, int fd, unsigned what, tha_ready_cb ready, void *user_data,
                  struct tha_watch **ret_watch)
{
    return tha_watches_add(&loop->watches, fd, what, ready, user_data, ret_watch);
}

static void read_for(unsigned what, void *user_data)
{
    const struct reader *reader = user_data;

    (void)what;
    reader->readable(reader->user_data); /* may unwatch itself */
}

int tha_loop_watch(struct tha_loop *loop, int fd, tha_readable_cb readable, void *user_data)
{
    struct reader *reader = tha_mem_zalloc(&loop->mem, 1, sizeof(*reader));
    int err;

    if (!reader)
        return TRUNKHA_ERR_NOMEM;

    *reader = (struct reader){loop->readers, NULL, readable, user_data, fd};
    err = tha_watch_new(loop, fd, THA_LOOP_READ, read_for, reader, &reader->watch);
    if (err)
        tha_mem_free(&loop->mem, reader);
    else
        loop->readers = reader;

    return err;
}

void tha_loop_unwatch(struct tha_loop *loop, int fd)
{
    for (struct reader **link = &loop->readers; *link; link = &(*link)->next) {
        struct reader *reader = *link;

        if (reader->fd != fd)
            continue;
        tha_watch_free(reader->watch);
        *link = reader->next;
        tha_mem_free(&loop->mem, reader);
        return;
    }
}
