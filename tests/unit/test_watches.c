#include "adapters/watches.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"

/** One end of a pair of sockets, watched, and how often it was told. */
struct end {
    struct tha_watches *watches;
    struct tha_watch *watch;
    int fd, other;
    unsigned n_told, last;
    struct end *frees;  /**< released when this is told; NULL = none */
    struct end *quiets; /**< watched for nothing any more when this is told */
};

static void on_ready(unsigned what, void *user_data)
{
    struct end *end = user_data;

    end->n_told++;
    end->last = what;
    if (end->frees)
        end->frees->watch = tha_watch_free(end->frees->watch);
    if (end->quiets)
        ck_assert_int_eq(tha_watch_set(end->quiets->watch, 0), 0);
}

static void end_init(struct end *end, struct tha_watches *watches, unsigned what)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    *end = (struct end){.watches = watches, .fd = pair[0], .other = pair[1]};
    ck_assert_int_eq(tha_watches_add(watches, end->fd, what, on_ready, end, &end->watch), 0);
}

static void end_done(struct end *end)
{
    end->watch = tha_watch_free(end->watch);
    close(end->fd);
    close(end->other);
}

static void turn(struct tha_watches *watches)
{
    tha_watches_collect(watches);
    while (tha_watches_tell_next(watches))
        ;
}

static struct tha_watches new_watches(void)
{
    struct tha_watches watches;

    ck_assert_int_eq(tha_watches_init(&watches, &tha_mem_default), 0);

    return watches;
}

START_TEST(each_way_is_told_while_it_is_watched)
{
    struct tha_watches watches = new_watches();
    struct end end;

    end_init(&end, &watches, THA_LOOP_READ);
    turn(&watches);
    ck_assert_uint_eq(end.n_told, 0);

    ck_assert_int_eq(write(end.other, "x", 1), 1);
    turn(&watches);
    turn(&watches); /* again, until it is read */
    ck_assert_uint_eq(end.n_told, 2);
    ck_assert_uint_eq(end.last, THA_LOOP_READ);

    ck_assert_int_eq(tha_watch_set(end.watch, THA_LOOP_READ | THA_LOOP_WRITE), 0);
    turn(&watches);
    ck_assert_uint_eq(end.last, THA_LOOP_READ | THA_LOOP_WRITE);
    ck_assert_int_eq(tha_watch_set(end.watch, THA_LOOP_WRITE), 0);
    turn(&watches);
    ck_assert_uint_eq(end.last, THA_LOOP_WRITE);
    ck_assert_uint_eq(end.n_told, 4);

    ck_assert_int_eq(tha_watch_set(end.watch, 0), 0);
    turn(&watches);
    ck_assert_uint_eq(end.n_told, 4);
    ck_assert_int_eq(tha_watch_set(end.watch, THA_LOOP_READ), 0);
    turn(&watches);
    ck_assert_uint_eq(end.n_told, 5);
    end_done(&end);
    tha_watches_done(&watches);
}
END_TEST

START_TEST(hang_up_is_told_as_all_that_is_watched)
{
    struct tha_watches watches = new_watches();
    struct end end;

    end_init(&end, &watches, THA_LOOP_WRITE);
    shutdown(end.other, SHUT_RDWR);
    turn(&watches);
    ck_assert_uint_eq(end.last, THA_LOOP_WRITE);
    ck_assert_int_eq(tha_watch_set(end.watch, THA_LOOP_READ | THA_LOOP_WRITE), 0);
    turn(&watches);
    ck_assert_uint_eq(end.last, THA_LOOP_READ | THA_LOOP_WRITE);
    ck_assert_int_eq(tha_watch_set(end.watch, 0), 0);
    turn(&watches);
    ck_assert_uint_eq(end.n_told, 2);
    end_done(&end);
    tha_watches_done(&watches);
}
END_TEST

START_TEST(watch_that_another_releases_or_quiets_is_not_told)
{
    struct tha_watches watches = new_watches();
    struct end a, b;

    for (unsigned is_freed = 0; is_freed < 2; is_freed++) {
        end_init(&a, &watches, THA_LOOP_WRITE);
        end_init(&b, &watches, THA_LOOP_WRITE);
        a.frees = is_freed ? &b : NULL;
        b.frees = is_freed ? &a : NULL;
        a.quiets = is_freed ? NULL : &b;
        b.quiets = is_freed ? NULL : &a;
        turn(&watches);
        ck_assert_uint_eq(a.n_told + b.n_told, 1);
        end_done(&a);
        end_done(&b);
    }
    tha_watches_done(&watches);
}
END_TEST

START_TEST(watch_may_release_itself)
{
    struct tha_watches watches = new_watches();
    struct end end;

    end_init(&end, &watches, THA_LOOP_WRITE);
    end.frees = &end;
    turn(&watches);
    turn(&watches);
    ck_assert_uint_eq(end.n_told, 1);
    end_done(&end);
    ck_assert_ptr_null(tha_watch_free(NULL));
    tha_watches_done(&watches);
}
END_TEST

START_TEST(all_are_told_in_turn_however_many)
{
    enum { N = 5 * THA_WATCHES_TURN_MAX + 3 };
    struct tha_watches watches = new_watches();
    static struct end ends[N];

    for (unsigned i = 0; i < N; i++)
        end_init(&ends[i], &watches, THA_LOOP_WRITE);
    for (unsigned i = 0; i < 6; i++)
        turn(&watches);
    for (unsigned i = 0; i < N; i++) {
        ck_assert_uint_ge(ends[i].n_told, 1);
        ck_assert_uint_le(ends[i].n_told, 2);
        end_done(&ends[i]);
    }
    tha_watches_done(&watches);
}
END_TEST

START_TEST(what_one_turn_left_comes_first_in_the_next)
{
    enum { N = 3 };
    struct tha_watches watches = new_watches();
    struct end ends[N];

    for (unsigned i = 0; i < N; i++)
        end_init(&ends[i], &watches, THA_LOOP_WRITE);
    for (unsigned i = 0; i < 4 * N; i++) {
        tha_watches_collect(&watches);
        ck_assert(tha_watches_tell_next(&watches));
    }
    for (unsigned i = 0; i < N; i++) {
        ck_assert_uint_eq(ends[i].n_told, 4);
        end_done(&ends[i]);
    }
    tha_watches_done(&watches);
}
END_TEST

START_TEST(what_was_left_may_be_released_before_the_next_turn)
{
    struct tha_watches watches = new_watches();
    struct end a, b;

    end_init(&a, &watches, THA_LOOP_WRITE);
    end_init(&b, &watches, THA_LOOP_WRITE);
    tha_watches_collect(&watches);
    ck_assert(tha_watches_tell_next(&watches));
    end_done(a.n_told ? &b : &a);
    turn(&watches);
    turn(&watches);
    ck_assert_uint_eq(a.n_told + b.n_told, 2); /* once before, once after */
    end_done(a.n_told ? &a : &b);
    tha_watches_done(&watches);
}
END_TEST

static void *no_realloc(void *ptr, size_t size, void *user_data)
{
    (void)ptr;
    (void)size;
    (void)user_data;

    return NULL;
}

START_TEST(what_cannot_be_watched_is_an_error)
{
    struct tha_watches watches = new_watches();
    const struct tha_mem none = {no_realloc, NULL};
    struct tha_watch *watch = NULL;

    ck_assert_int_eq(tha_watches_add(&watches, -1, THA_LOOP_READ, on_ready, NULL, &watch), TRUNKHA_ERR_SYSTEM);
    watches.mem = none;
    ck_assert_int_eq(tha_watches_add(&watches, 0, THA_LOOP_READ, on_ready, NULL, &watch), TRUNKHA_ERR_NOMEM);
    ck_assert_ptr_null(watch);
    tha_watches_done(&watches);
    tha_watches_done(&watches);
}
END_TEST

SUITE("watches", each_way_is_told_while_it_is_watched, hang_up_is_told_as_all_that_is_watched,
      watch_that_another_releases_or_quiets_is_not_told, watch_may_release_itself, all_are_told_in_turn_however_many,
      what_one_turn_left_comes_first_in_the_next, what_was_left_may_be_released_before_the_next_turn,
      what_cannot_be_watched_is_an_error)
