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

#include <re.h>

#include "adapters/re_epoll.h"
#include "base/heap.h"

/* libre indexes its table by descriptor number: 36 bytes for each number up to this. */
#define FDS_MIN   4096
#define FDS_SPARE 1024 /* above our own first descriptor, when the host has thousands open */

struct watch {
    struct watch *next;
    struct tha_loop *loop;
    tha_readable_cb readable;
    void *user_data;
    int fd;
};

struct tha_loop {
    struct tha_mem mem;
    struct tha_log log;
    struct tha_loop_handlers handlers;
    struct watch timer;
    struct watch bell;
    struct watch *watches;
    uint64_t armed_ms; /**< what the timerfd is set to; THA_NEVER = not set */
    pthread_t thread;
    sem_t started;
    int start_error;
    int max_fds;
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
    const struct watch *watch = arg;
    struct tha_loop *loop = watch->loop;
    uint64_t start;

    (void)flags;

    if (atomic_load(&loop->is_ending)) {
        re_cancel();
        return;
    }

    start = tha_clock_us();
    watch->readable(watch->user_data); /* may release the watch */
    note_stall(loop, tha_clock_us() - start);
}

/** libre would print a warning about a descriptor beyond its table: it never gets one. */
static int listen_fd(struct watch *watch)
{
    int err = watch->fd < watch->loop->max_fds ? fd_listen(watch->fd, FD_READ, handle_fd, watch) : EMFILE;

    if (err)
        tha_log_print(&watch->loop->log, TRUNKHA_LOG_ERROR, "descriptor %d cannot be watched: %s", watch->fd, strerror(err));

    return err == ENOMEM ? TRUNKHA_ERR_NOMEM : err ? TRUNKHA_ERR_SYSTEM : 0;
}

static void handle_timer(void *user_data)
{
    struct tha_loop *loop = user_data;
    uint64_t expirations;

    if (read(loop->timer.fd, &expirations, sizeof(expirations)) != sizeof(expirations))
        return; /* set anew since it fired */

    loop->armed_ms = THA_NEVER;
    loop->handlers.expiry(tha_clock_ms(), loop->handlers.user_data);
}

static void handle_bell(void *user_data)
{
    struct tha_loop *loop = user_data;
    uint64_t rings;

    if (read(loop->bell.fd, &rings, sizeof(rings)) == sizeof(rings))
        loop->handlers.doorbell(loop->handlers.user_data);
}

static void close_fd(struct watch *watch)
{
    if (watch->fd < 0)
        return;
    fd_close(watch->fd);
    close(watch->fd);
}

static void close_loop(struct tha_loop *loop)
{
    while (loop->watches)
        tha_loop_unwatch(loop, loop->watches->fd);
    close_fd(&loop->timer);
    loop->timer.fd = -1;
    fd_close(loop->bell.fd); /* it stays open until the loop is released: others may ring still */
    re_thread_close();
}

static int open_loop(struct tha_loop *loop)
{
    int err;

    if (re_thread_init())
        return TRUNKHA_ERR_NOMEM;

    loop->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->max_fds = loop->timer.fd + FDS_SPARE > FDS_MIN ? loop->timer.fd + FDS_SPARE : FDS_MIN;
    if (loop->timer.fd < 0)
        err = TRUNKHA_ERR_SYSTEM;
    else if (fd_setsize(loop->max_fds))
        err = TRUNKHA_ERR_NOMEM;
    else
        err = listen_fd(&loop->timer);
    if (!err)
        err = listen_fd(&loop->bell);

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
    struct tha_loop *loop = tha_mem_zalloc(mem, 1, sizeof(*loop));
    pthread_t thread;
    int err;

    if (!loop)
        return TRUNKHA_ERR_NOMEM;

    loop->mem = *mem;
    loop->log = *log;
    loop->handlers = *handlers;
    loop->armed_ms = THA_NEVER;
    loop->timer = (struct watch){NULL, loop, handle_timer, loop, -1};
    loop->bell = (struct watch){NULL, loop, handle_bell, loop, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
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

int tha_loop_watch(struct tha_loop *loop, int fd, tha_readable_cb readable, void *user_data)
{
    struct watch *watch = tha_mem_zalloc(&loop->mem, 1, sizeof(*watch));
    int err;

    if (!watch)
        return TRUNKHA_ERR_NOMEM;

    *watch = (struct watch){loop->watches, loop, readable, user_data, fd};
    err = listen_fd(watch);
    if (err)
        tha_mem_free(&loop->mem, watch);
    else
        loop->watches = watch;

    return err;
}

void tha_loop_unwatch(struct tha_loop *loop, int fd)
{
    for (struct watch **link = &loop->watches; *link; link = &(*link)->next) {
        struct watch *watch = *link;

        if (watch->fd != fd)
            continue;
        fd_close(fd);
        *link = watch->next;
        tha_mem_free(&loop->mem, watch);
        return;
    }
}
