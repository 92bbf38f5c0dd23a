/* A guest in somebody's process: signals, descriptors, forks, a second engine. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "world.h"

static void handler(int sig)
{
    (void)sig;
}

START_TEST(no_signal_handler_of_the_host_is_touched)
{
    struct sigaction mine = {.sa_handler = handler}, found;
    struct world world;
    sigset_t mask;

    world_open(&world, NULL, NULL); /* and with it the mock, which has its own way with SIGPIPE */
    for (int sig = 1; sig < 32; sig++) {
        if (sig != SIGKILL && sig != SIGSTOP && sig != SIGSEGV && sig != SIGABRT && sig != SIGBUS && sig != SIGFPE &&
            sig != SIGILL)
            sigaction(sig, &mine, NULL);
    }
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    for (int sig = 1; sig < 32; sig++) {
        if (sig == SIGKILL || sig == SIGSTOP || sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGFPE ||
            sig == SIGILL)
            continue;
        sigaction(sig, NULL, &found);
        ck_assert_msg(found.sa_handler == handler, "signal %d", sig);
    }
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    ck_assert(!sigismember(&mask, SIGTERM));
    world_close(&world);
    for (int sig = 1; sig < 32; sig++)
        signal(sig, SIG_DFL);
}
END_TEST

static unsigned count_inheritable(void)
{
    unsigned n = 0;

    for (int fd = 3; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);

        n += flags >= 0 && !(flags & FD_CLOEXEC);
    }

    return n;
}

START_TEST(every_descriptor_is_close_on_exec_and_closed_in_the_end)
{
    unsigned before = count_inheritable();
    struct world world;
    int next, after;

    next = dup(0);
    close(next);
    world_open(&world, NULL, NULL);
    ck_assert_uint_eq(count_inheritable(), before);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_uint_eq(count_inheritable(), before);
    world_close(&world);
    after = dup(0);
    close(after);
    ck_assert_int_eq(after, next);
}
END_TEST

static int in_the_child(const struct world *world)
{
    trunkha_candidate to[2];
    trunkha_stats stats = TRUNKHA_STATS_INIT;
    size_t count = 2;
    const char *json = world_config(world, NULL, NULL, NULL);

    if (trunkha_view_select(world->view, "out", to, &count) || strcmp(to[0].trunk_id, "a1"))
        return 1;
    if (trunkha_route_select(world->engine, "out", to, &count))
        return 2;
    if (trunkha_engine_load(world->engine, json, strlen(json), NULL) != TRUNKHA_ERR_FORKED)
        return 3;
    if (trunkha_engine_stop(world->engine) != TRUNKHA_ERR_FORKED ||
        trunkha_engine_start(world->engine) != TRUNKHA_ERR_FORKED)
        return 4;
    if (trunkha_engine_dispatch(world->engine) != TRUNKHA_ERR_FORKED)
        return 5;
    if (trunkha_engine_stats(world->engine, &stats) != TRUNKHA_ERR_FORKED)
        return 6;
    if (trunkha_trunk_set_admin(world->engine, "a1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 0) != TRUNKHA_ERR_FORKED)
        return 7;
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) { /* the parent's prober goes on, and the child sees it */
        count = 2;
        if (!trunkha_view_select(world->view, "out", to, &count) && !strcmp(to[0].trunk_id, "b1"))
            break;
        if (i == WORLD_NAPS - 1)
            return 8;
    }
    trunkha_engine_unref(world->engine);

    return 0;
}

START_TEST(after_a_fork_views_answer_and_the_rest_says_forked)
{
    struct world world;
    int status;
    pid_t child;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_health(&world, "b1", TRUNKHA_HEALTH_AVAILABLE));
    child = fork();
    if (!child)
        _exit(in_the_child(&world));
    world_nap();
    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=silent"), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_DOWN));
    world_close(&world);
}
END_TEST

START_TEST(two_engines_live_in_one_process)
{
    struct world one, two;

    world_open(&one, NULL, NULL);
    world_open(&two, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(one.engine), 0);
    ck_assert_int_eq(trunkha_engine_start(two.engine), 0);
    ck_assert(world_wait_health(&one, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_health(&two, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(mock_tell(one.carriers, "set 0 mode=silent"), 0);
    ck_assert(world_wait_health(&one, "a1", TRUNKHA_HEALTH_DOWN));
    ck_assert_uint_eq(world_trunk(&two, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    world_close(&one);
    ck_assert_int_eq(mock_tell(two.carriers, "set 0 mode=silent"), 0);
    ck_assert(world_wait_health(&two, "a1", TRUNKHA_HEALTH_DOWN));
    world_close(&two);
}
END_TEST

START_TEST(another_process_selects_through_a_named_view)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_engine *rival = NULL;
    trunkha_view *view = NULL;
    struct world world;
    char name[64];
    int status;
    pid_t child;

    snprintf(name, sizeof(name), "test-host-%d", (int)getpid());
    options.view_name = name;
    world_open(&world, &options, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_engine_new(&options, &rival), TRUNKHA_ERR_BUSY);
    ck_assert_int_eq(trunkha_view_remove(name), TRUNKHA_ERR_BUSY);
    child = fork();
    if (!child) {
        trunkha_candidate to[2];
        size_t count = 2;
        int err = trunkha_view_open(name, &view);

        if (!err)
            err = trunkha_view_select(view, "out", to, &count);
        _exit(err ? 1 : strcmp(to[0].trunk_id, "a1") != 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    world_close(&world);
    ck_assert_int_eq(trunkha_view_remove(name), 0);
    ck_assert_int_eq(trunkha_view_open(name, &view), TRUNKHA_ERR_NOTFOUND);
}
END_TEST

SUITE("host", no_signal_handler_of_the_host_is_touched, every_descriptor_is_close_on_exec_and_closed_in_the_end,
      after_a_fork_views_answer_and_the_rest_says_forked, two_engines_live_in_one_process,
      another_process_selects_through_a_named_view)
