#include "adapters/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <re.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "base/heap.h"

static const struct tha_log silent;

/** A loop whose handlers count and post. */
struct rig {
    struct tha_loop *loop;
    sem_t happened; /**< posted by every handler */
    sem_t ended;
    atomic_int expiries, doorbells, ends, readables;
    _Atomic uint64_t expired_at_ms;
    int start_result;
    int watched_fd; /**< -1 = none */
    bool wakes;
    uint64_t wake_at_ms;
    bool frees_itself;
    bool is_on_own_thread;
    bool unwatches_itself;
    unsigned sleep_us; /**< in the doorbell */
    char thread_name[32];
    sigset_t mask;
};

static void on_readable(void *user_data)
{
    struct rig *rig = user_data;
    uint64_t count;

    ck_assert_int_eq(read(rig->watched_fd, &count, sizeof(count)), sizeof(count));
    if (rig->unwatches_itself)
        tha_loop_unwatch(rig->loop, rig->watched_fd);
    atomic_fetch_add(&rig->readables, 1);
    sem_post(&rig->happened);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    struct rig *rig = user_data;

    rig->loop = loop;
    rig->is_on_own_thread = tha_loop_is_own_thread(loop);
    pthread_getname_np(pthread_self(), rig->thread_name, sizeof(rig->thread_name));
    pthread_sigmask(SIG_SETMASK, NULL, &rig->mask);
    if (rig->watched_fd >= 0)
        ck_assert_int_eq(tha_loop_watch(loop, rig->watched_fd, on_readable, rig), 0);
    if (rig->wakes)
        tha_loop_wake_at(loop, rig->wake_at_ms);

    return rig->start_result;
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    struct rig *rig = user_data;

    atomic_store(&rig->expired_at_ms, now_ms);
    atomic_fetch_add(&rig->expiries, 1);
    sem_post(&rig->happened);
}

static void on_doorbell(void *user_data)
{
    struct rig *rig = user_data;

    atomic_fetch_add(&rig->doorbells, 1);
    usleep(rig->sleep_us);
    if (rig->frees_itself)
        tha_loop_free(rig->loop);
    sem_post(&rig->happened);
}

static void on_end(void *user_data)
{
    struct rig *rig = user_data;

    atomic_fetch_add(&rig->ends, 1);
    sem_post(&rig->ended);
}

static int rig_start(struct rig *rig)
{
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, rig};
    struct tha_loop *loop = NULL;
    int err;

    sem_init(&rig->happened, 0, 0);
    sem_init(&rig->ended, 0, 0);
    err = tha_loop_new(&tha_mem_default, &silent, &handlers, &loop);
    ck_assert(err ? loop == NULL : loop == rig->loop);

    return err;
}

static void rig_wait(struct rig *rig)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    ck_assert_int_eq(sem_timedwait(&rig->happened, &until), 0);
}

START_TEST(loop_starts_rings_and_ends)
{
    struct rig rig = {.watched_fd = -1};

    ck_assert_int_eq(rig_start(&rig), 0);
    ck_assert(rig.is_on_own_thread);
    ck_assert(!tha_loop_is_own_thread(rig.loop));
    ck_assert_str_eq(rig.thread_name, "trunkha");

    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    ck_assert_int_eq(rig.doorbells, 2);
    ck_assert_int_eq(rig.ends, 0);

    ck_assert_ptr_null(tha_loop_free(rig.loop));
    ck_assert_int_eq(rig.ends, 1);
    ck_assert_ptr_null(tha_loop_free(NULL));
}
END_TEST

START_TEST(error_of_start_is_returned_and_nothing_is_left)
{
    struct rig rig = {.watched_fd = eventfd(0, EFD_CLOEXEC), .start_result = TRUNKHA_ERR_BUSY};
    int free_fd = dup(0);

    close(free_fd);
    ck_assert_int_eq(rig_start(&rig), TRUNKHA_ERR_BUSY);
    ck_assert_int_eq(rig.ends, 0);
    ck_assert_int_eq(dup(0), free_fd);
    close(free_fd);
    close(rig.watched_fd);
}
END_TEST

START_TEST(loop_freed_on_its_own_thread_ends_by_itself)
{
    struct rig rig = {.watched_fd = -1, .frees_itself = true};

    ck_assert_int_eq(rig_start(&rig), 0);
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    while (sem_wait(&rig.ended))
        ;
    ck_assert_int_eq(rig.doorbells, 1);
    ck_assert_int_eq(rig.ends, 1);
}
END_TEST

START_TEST(expiry_comes_at_the_slot_and_never_before)
{
    struct rig rig = {.watched_fd = -1, .wakes = true, .wake_at_ms = tha_clock_ms() + 33};
    uint64_t slot_ms = (rig.wake_at_ms + THA_SLOT_MS - 1) / THA_SLOT_MS * THA_SLOT_MS;

    ck_assert_int_eq(rig_start(&rig), 0);
    rig_wait(&rig);
    ck_assert_uint_ge(rig.expired_at_ms, slot_ms);
    tha_loop_free(rig.loop);
    ck_assert_int_eq(rig.expiries, 1);
}
END_TEST

START_TEST(time_that_has_passed_expires_at_once_even_the_very_first)
{
    for (uint64_t when_ms = 0; when_ms < 3; when_ms++) {
        struct rig rig = {.watched_fd = -1, .wakes = true, .wake_at_ms = when_ms};

        ck_assert_int_eq(rig_start(&rig), 0);
        rig_wait(&rig);
        tha_loop_free(rig.loop);
        ck_assert_int_eq(rig.expiries, 1);
    }
}
END_TEST

static int start_and_forget(struct tha_loop *loop, void *user_data)
{
    int err = on_start(loop, user_data);

    tha_loop_wake_at(loop, 0);
    tha_loop_wake_at(loop, THA_NEVER);

    return err;
}

START_TEST(wake_up_that_was_replaced_by_never_does_not_come)
{
    struct rig rig = {.watched_fd = -1};
    const struct tha_loop_handlers handlers = {start_and_forget, on_expiry, on_doorbell, on_end, &rig};

    sem_init(&rig.happened, 0, 0);
    sem_init(&rig.ended, 0, 0);
    ck_assert_int_eq(tha_loop_new(&tha_mem_default, &silent, &handlers, &rig.loop), 0);
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    tha_loop_free(rig.loop);
    ck_assert_int_eq(rig.expiries, 0);
}
END_TEST

START_TEST(watched_descriptor_is_told_until_it_is_unwatched)
{
    struct rig rig = {.watched_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .unwatches_itself = true};
    uint64_t one = 1;

    ck_assert_int_eq(rig_start(&rig), 0);
    ck_assert_int_eq(write(rig.watched_fd, &one, sizeof(one)), sizeof(one));
    rig_wait(&rig);
    ck_assert_int_eq(rig.readables, 1);

    ck_assert_int_eq(write(rig.watched_fd, &one, sizeof(one)), sizeof(one));
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    tha_loop_free(rig.loop);
    ck_assert_int_eq(rig.readables, 1);
    close(rig.watched_fd);
}
END_TEST

START_TEST(descriptor_may_have_any_number)
{
    struct rig rig = {.unwatches_itself = true};
    struct rlimit limit;
    uint64_t one = 1;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    getrlimit(RLIMIT_NOFILE, &limit);
    rig.watched_fd = fcntl(fd, F_DUPFD_CLOEXEC, (int)(limit.rlim_cur < 100000 ? limit.rlim_cur : 100000) - 1);
    ck_assert_int_ge(rig.watched_fd, 0);
    ck_assert_int_eq(rig_start(&rig), 0);
    ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
    rig_wait(&rig);
    ck_assert_int_eq(rig.readables, 1);
    tha_loop_free(rig.loop);
    close(rig.watched_fd);
    close(fd);
}
END_TEST

START_TEST(longest_stall_is_that_of_the_slowest_handler)
{
    struct rig rig = {.watched_fd = -1, .sleep_us = 30000};

    ck_assert_int_eq(rig_start(&rig), 0);
    ck_assert_uint_lt(tha_loop_longest_stall_us(rig.loop), 30000);
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    tha_loop_ring(rig.loop); /* the second comes only after the first was measured */
    rig_wait(&rig);
    ck_assert_uint_ge(tha_loop_longest_stall_us(rig.loop), 30000);
    tha_loop_free(rig.loop);
}
END_TEST

START_TEST(two_loops_turn_beside_each_other)
{
    struct rig a = {.watched_fd = -1}, b = {.watched_fd = -1};

    ck_assert_int_eq(rig_start(&a), 0);
    ck_assert_int_eq(rig_start(&b), 0);
    for (int i = 0; i < 100; i++) {
        tha_loop_ring(a.loop);
        tha_loop_ring(b.loop);
        rig_wait(&a);
        rig_wait(&b);
    }
    tha_loop_free(a.loop);
    tha_loop_ring(b.loop);
    rig_wait(&b);
    tha_loop_free(b.loop);
    ck_assert_int_eq(a.doorbells, 100);
    ck_assert_int_eq(b.doorbells, 101);
}
END_TEST

#define SLOW_COUNT 8

/** Watched descriptors whose handlers take longer than a turn may; the first that is told rings the bell. */
struct slow {
    struct tha_loop *loop;
    int fds[SLOW_COUNT];
    unsigned n_told[SLOW_COUNT];
    unsigned n_all, n_at_the_bell;
    sem_t is_done;
};

static void note_slow(struct slow *slow, unsigned i)
{
    const struct timespec six_ms = {0, 6000000};

    if (!slow->n_all++)
        tha_loop_ring(slow->loop);
    nanosleep(&six_ms, NULL);
    slow->n_told[i]++;
    if (slow->n_all == 3 * SLOW_COUNT) {
        for (unsigned k = 0; k < SLOW_COUNT; k++)
            tha_loop_unwatch(slow->loop, slow->fds[k]);
        sem_post(&slow->is_done);
    }
}

struct slow_arg {
    struct slow *slow;
    unsigned index;
};

static struct slow_arg slow_args[SLOW_COUNT];

static void on_slow(void *user_data)
{
    const struct slow_arg *arg = user_data;

    note_slow(arg->slow, arg->index); /* it stays readable */
}

static int start_slow(struct tha_loop *loop, void *user_data)
{
    struct slow *slow = user_data;

    slow->loop = loop;
    for (unsigned i = 0; i < SLOW_COUNT; i++) {
        slow->fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        slow_args[i] = (struct slow_arg){slow, i};
        ck_assert_int_eq(tha_loop_watch(loop, slow->fds[i], on_slow, &slow_args[i]), 0);
    }

    return 0;
}

static void ring_slow(void *user_data)
{
    struct slow *slow = user_data;

    slow->n_at_the_bell = slow->n_all;
}

static void end_slow(void *user_data)
{
    struct slow *slow = user_data;

    for (unsigned i = 0; i < SLOW_COUNT; i++)
        close(slow->fds[i]);
}

START_TEST(slow_descriptors_let_the_bell_have_its_turn_and_have_theirs_one_after_another)
{
    struct slow slow = {.n_all = 0};
    const struct tha_loop_handlers handlers = {start_slow, on_expiry, ring_slow, end_slow, &slow};
    struct tha_loop *loop = NULL;

    sem_init(&slow.is_done, 0, 0);
    ck_assert_int_eq(tha_loop_new(&tha_mem_default, &silent, &handlers, &loop), 0);
    while (sem_wait(&slow.is_done))
        ;
    tha_loop_free(loop);
    ck_assert_uint_ge(slow.n_at_the_bell, 1);
    ck_assert_uint_le(slow.n_at_the_bell, 2);
    for (unsigned i = 0; i < SLOW_COUNT; i++)
        ck_assert_uint_eq(slow.n_told[i], 3);
}
END_TEST

struct host {
    struct rig rig;
    struct tmr timer;
    int rounds;
};

static void host_timer(void *arg)
{
    struct host *host = arg;

    tha_loop_ring(host->rig.loop);
    rig_wait(&host->rig);
    if (++host->rounds == 10) {
        ck_assert_ptr_null(tha_loop_free(host->rig.loop)); /* must not cancel the host's loop ... */
        ck_assert_int_eq(host->rig.ends, 1);
    }
    if (host->rounds == 10)
        re_cancel(); /* ... this does */
    else
        tmr_start(&host->timer, 1, host_timer, host);
}

START_TEST(host_with_a_libre_loop_of_its_own_is_left_alone)
{
    static struct host host = {.rig = {.watched_fd = -1}};

    ck_assert_int_eq(rig_start(&host.rig), 0);
#ifdef LIBRE_HAS_RE_ALLOC /* before, there is a loop for threads that made none */
    ck_assert_int_eq(re_main(NULL), EINVAL);
    ck_assert_int_eq(re_thread_init(), 0);
#endif
    tmr_init(&host.timer);
    tmr_start(&host.timer, 1, host_timer, &host);
    ck_assert_int_eq(re_main(NULL), 0);
    ck_assert_int_eq(host.rounds, 10);
    fd_setsize(0);
    re_thread_close();
}
END_TEST

START_TEST(signals_are_blocked_on_the_thread_and_untouched_elsewhere)
{
    struct rig rig = {.watched_fd = -1};
    struct sigaction before[32], after;
    sigset_t mask_before, mask_after;

    pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
    for (int sig = 1; sig < 32; sig++)
        sigaction(sig, NULL, &before[sig]);

    ck_assert_int_eq(rig_start(&rig), 0);
    tha_loop_ring(rig.loop);
    rig_wait(&rig);
    tha_loop_free(rig.loop);

    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    for (int sig = 1; sig < 32; sig++) {
        sigaction(sig, NULL, &after);
        ck_assert_msg(after.sa_handler == before[sig].sa_handler, "signal %d", sig);
        ck_assert_int_eq(sigismember(&mask_after, sig), sigismember(&mask_before, sig));
        if (sig != SIGKILL && sig != SIGSTOP)
            ck_assert_msg(sigismember(&rig.mask, sig) == 1, "signal %d", sig);
    }
}
END_TEST

static unsigned count_fds(bool inherited_only)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd != dirfd(dir))
            n += !inherited_only || !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    closedir(dir);

    return n;
}

START_TEST(every_descriptor_is_close_on_exec_and_closed_in_the_end)
{
    unsigned all = count_fds(false), inherited = count_fds(true);
    struct rig a = {.watched_fd = -1}, b = {.watched_fd = -1};

    ck_assert_int_eq(rig_start(&a), 0);
    ck_assert_int_eq(rig_start(&b), 0);
    ck_assert_uint_eq(count_fds(false), all + 8); /* a timer, a doorbell, two epolls each */
    ck_assert_uint_eq(count_fds(true), inherited);
    tha_loop_free(a.loop);
    tha_loop_free(b.loop);
    ck_assert_uint_eq(count_fds(false), all);
}
END_TEST

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    int *left = user_data;

    if (size && !(*left)--)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(loop_without_memory_is_no_loop)
{
    int left = 0;
    const struct tha_mem mem = {failing_realloc, &left};
    struct rig rig = {.watched_fd = -1};
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, &rig};
    struct tha_loop *loop = NULL;

    ck_assert_int_eq(tha_loop_new(&mem, &silent, &handlers, &loop), TRUNKHA_ERR_NOMEM);
    ck_assert_ptr_null(loop);
}
END_TEST

SUITE("re_loop", loop_starts_rings_and_ends, error_of_start_is_returned_and_nothing_is_left,
      loop_freed_on_its_own_thread_ends_by_itself, expiry_comes_at_the_slot_and_never_before,
      time_that_has_passed_expires_at_once_even_the_very_first, wake_up_that_was_replaced_by_never_does_not_come,
      watched_descriptor_is_told_until_it_is_unwatched, descriptor_may_have_any_number,
      longest_stall_is_that_of_the_slowest_handler,
      slow_descriptors_let_the_bell_have_its_turn_and_have_theirs_one_after_another, two_loops_turn_beside_each_other,
      host_with_a_libre_loop_of_its_own_is_left_alone, signals_are_blocked_on_the_thread_and_untouched_elsewhere,
      every_descriptor_is_close_on_exec_and_closed_in_the_end, loop_without_memory_is_no_loop)
