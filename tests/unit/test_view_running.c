#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "test_view.h"
#include "view/handle.h"

#define NOW     UINT64_C(1000000)
#define LATER   (NOW + 60000)
#define THREADS 8
#define ROUNDS  20000

static trunkha_view *new_view(void)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);

    return view;
}

/** A call whose parts all say which one it is. */
static struct tha_view_call call_of(uint32_t number)
{
    struct tha_view_call call = {
        .begun_ms = number, .expires_ms = LATER, .trunk_slot = number, .attempts = number, .pid = (uint32_t)getpid()};

    snprintf(call.call_id, sizeof(call.call_id), "call-%u", number);
    snprintf(call.trunk_id, sizeof(call.trunk_id), "t%u", number);
    snprintf(call.detail, sizeof(call.detail), "%u", number);

    return call;
}

static bool is_whole(const struct tha_view_call *call)
{
    struct tha_view_call expected = call_of(call->trunk_slot);

    expected.pid = call->pid;
    expected.expires_ms = call->expires_ms;

    return !memcmp(call, &expected, THA_VIEW_CALL_HEAD) && !strcmp(call->call_id, expected.call_id) &&
           !strcmp(call->profile_id, expected.profile_id) && !strcmp(call->trunk_id, expected.trunk_id) &&
           !strcmp(call->target, expected.target) && !strcmp(call->detail, expected.detail);
}

static uint64_t enter(trunkha_view *view, uint32_t number)
{
    struct tha_view_call call = call_of(number);

    return tha_view_enter_call(view, &call);
}

static uint32_t count(const trunkha_view *view)
{
    struct tha_view_call call;
    uint32_t place = 0, n = 0;
    uint64_t token;

    while (tha_view_next_running(view, &place, &token, &call))
        n++;

    return n;
}

START_TEST(a_call_is_listed_as_it_was_entered_and_ends_once)
{
    trunkha_view *view = new_view();
    uint64_t token = enter(view, 7), listed;
    struct tha_view_call call;
    uint32_t place = 0;

    ck_assert_uint_ne(token, 0);
    ck_assert(tha_view_next_running(view, &place, &listed, &call));
    ck_assert_uint_eq(listed, token);
    ck_assert(is_whole(&call));
    ck_assert(!tha_view_next_running(view, &place, &listed, &call));

    memset(&call, 0, sizeof(call));
    ck_assert(tha_view_remove_call(view, token, &call));
    ck_assert(is_whole(&call));
    ck_assert(!tha_view_remove_call(view, token, &call));
    ck_assert_uint_eq(count(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_is_kept_of_a_call_can_be_rewritten)
{
    trunkha_view *view = new_view();
    uint64_t token = enter(view, 1);
    struct tha_view_call call = call_of(2);

    for (int i = 0; i < 1000; i++)
        ck_assert(tha_view_update_call(view, token, &call));
    memset(&call, 0, sizeof(call));
    ck_assert(tha_view_remove_call(view, token, &call));
    ck_assert_uint_eq(call.trunk_slot, 2);
    ck_assert(is_whole(&call));
    ck_assert(!tha_view_update_call(view, token, &call));
    ck_assert_uint_eq(count(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_stale_token_ends_no_other_call)
{
    trunkha_view *view = new_view();
    uint64_t stale = enter(view, 1), token;
    struct tha_view_call call = call_of(3);

    ck_assert(tha_view_remove_call(view, stale, NULL));
    token = enter(view, 2);
    ck_assert_uint_eq(token & 0xffff, stale & 0xffff); /* the same place */
    ck_assert(!tha_view_remove_call(view, stale, NULL));
    ck_assert(!tha_view_update_call(view, stale, &call));
    ck_assert(!tha_view_remove_call(view, 0, NULL));
    ck_assert(!tha_view_remove_call(view, UINT64_MAX, NULL));
    ck_assert(!tha_view_remove_call(view, token + 1, NULL));
    ck_assert(tha_view_remove_call(view, token, &call));
    ck_assert_uint_eq(call.trunk_slot, 2);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_full_list_takes_no_more_until_a_call_ends)
{
    trunkha_view *view = new_view();
    static uint64_t tokens[THA_RUNNING_MAX];

    for (uint32_t i = 0; i < THA_RUNNING_MAX; i++) {
        tokens[i] = enter(view, i);
        ck_assert_uint_ne(tokens[i], 0);
    }
    ck_assert_uint_eq(enter(view, 0), 0);
    ck_assert_uint_eq(count(view), THA_RUNNING_MAX);
    ck_assert(tha_view_remove_call(view, tokens[40000], NULL));
    ck_assert_uint_ne(enter(view, 0), 0);
    ck_assert_uint_eq(enter(view, 0), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_named_list_grows_as_it_fills)
{
    const char *name = fixture_name();
    trunkha_view *view = NULL, *other = NULL;
    uint32_t n = 0;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, 16, &view), 0);
    ck_assert_int_eq(trunkha_view_open(name, &other), 0);
    while (enter(other, n))
        n++;
    ck_assert_uint_eq(n, THA_RUNNING_FIRST);
    tha_view_beat(view, NOW, 0);
    while (enter(other, n))
        n++;
    ck_assert_uint_eq(n, 2 * THA_RUNNING_FIRST);

    tha_view_retire(view);
    trunkha_view_unref(view);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, 16, &view), 0);
    ck_assert_uint_eq(count(view), n); /* the next writer finds them all */
    trunkha_view_unref(other);
    fixture_done(view, name);
}
END_TEST

static bool reap(trunkha_view *view, uint64_t now_ms, struct tha_view_call *call)
{
    return tha_view_reap_call(view, THA_RUNNING_MAX, now_ms, call);
}

START_TEST(a_call_is_forgotten_when_its_time_is_over_and_not_before)
{
    trunkha_view *view = new_view();
    uint64_t token = enter(view, 5);
    struct tha_view_call call;

    ck_assert(!reap(view, LATER - 1, &call));
    ck_assert_uint_eq(count(view), 1);
    ck_assert(reap(view, LATER, &call));
    ck_assert(is_whole(&call));
    ck_assert(!reap(view, LATER, &call));
    ck_assert(!tha_view_remove_call(view, token, NULL));
    fixture_done(view, NULL);
}
END_TEST

START_TEST(reaping_goes_on_where_it_was_and_looks_at_no_more_than_told)
{
    trunkha_view *view = new_view();
    struct tha_view_call call;
    uint32_t n = 0;

    for (uint32_t i = 0; i < 300; i++) {
        call = call_of(i);
        if (i % 3 == 0)
            call.expires_ms = NOW;
        tha_view_enter_call(view, &call);
    }
    ck_assert(tha_view_reap_call(view, 1, NOW, &call));
    ck_assert_uint_eq(call.trunk_slot, 0);
    ck_assert(!tha_view_reap_call(view, 2, NOW, &call));
    ck_assert(tha_view_reap_call(view, 1, NOW, &call));
    ck_assert_uint_eq(call.trunk_slot, 3);
    while (reap(view, NOW, &call))
        n++;
    ck_assert_uint_eq(n, 98);
    ck_assert_uint_eq(count(view), 200);
    fixture_done(view, NULL);
}
END_TEST

/** More calls than these are not kept by who makes them until he is killed, however late that is: others find room. */
#define KEPT_MAX 4000U

/** A process that makes calls until it is killed, or ends by itself after @p n. */
static pid_t start_caller(trunkha_view *view, uint32_t n)
{
    pid_t pid = fork();

    if (!pid) {
        struct tha_view_call call = call_of(1);

        for (uint32_t i = 0; !n || i < n; i++) {
            uint64_t token = tha_view_enter_call(view, &call);

            tha_view_update_call(view, token, &call);
            if (!n && (i % 4 || i / 4 >= KEPT_MAX))
                tha_view_remove_call(view, token, NULL);
        }
        _exit(0);
    }

    return pid;
}

START_TEST(the_calls_of_a_process_that_died_are_taken_from_the_list)
{
    trunkha_view *view = new_view();
    uint64_t token = enter(view, 9);
    struct tha_view_call call;
    pid_t pid = start_caller(view, 5);
    uint32_t n = 0;

    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_uint_eq(count(view), 6);
    for (; reap(view, NOW, &call); n++)
        ck_assert_uint_eq(call.pid, (uint32_t)pid);
    ck_assert_uint_eq(n, 5);
    ck_assert(tha_view_remove_call(view, token, &call));
    fixture_done(view, NULL);
}
END_TEST

/** Places that are not free, whether the list shows them or not. */
static uint32_t count_places(const trunkha_view *view)
{
    const struct tha_running_record *records = (const void *)((const char *)view->table + THA_RUNNING_OFFSET);
    uint32_t n = 0;

    for (uint32_t i = 0; i < THA_RUNNING_MAX; i++)
        n += (tha_get64(&records[i].state) & 3) != 0;

    return n;
}

START_TEST(a_process_killed_at_any_moment_leaves_no_place_behind)
{
    trunkha_view *view = new_view();
    uint64_t now_ms = NOW;
    struct tha_view_call call;

    for (int i = 0; i < 100; i++) {
        const struct timespec pause = {0, 100000 + rand() % 1000000};
        pid_t pid = start_caller(view, 0);

        while (!count(view))
            nanosleep(&pause, NULL);
        nanosleep(&pause, NULL);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);

        ck_assert(tha_view_remove_call(view, enter(view, 1), NULL)); /* finds the place that was claimed and not shown */
        now_ms += 10;
        while (reap(view, now_ms, &call))
            ;
        ck_assert_uint_eq(count(view), 0);
        ck_assert_uint_eq(count_places(view), 0);
    }
    fixture_done(view, NULL);
}
END_TEST

/* ---- many at a time ---- */

struct crowd {
    trunkha_view *view;
    uint64_t token;
    _Atomic uint32_t removed;
    _Atomic bool is_over;
    _Atomic bool has_failed;
};

static void *enter_and_remove(void *arg)
{
    struct crowd *crowd = arg;

    for (uint32_t i = 1; i <= ROUNDS; i++) {
        uint64_t token = enter(crowd->view, i);
        struct tha_view_call call = call_of(i + 1);

        if (!token || !tha_view_update_call(crowd->view, token, &call) || !tha_view_remove_call(crowd->view, token, &call) ||
            call.trunk_slot != i + 1 || !is_whole(&call))
            crowd->has_failed = true;
    }

    return NULL;
}

static void *list_often(void *arg)
{
    struct crowd *crowd = arg;

    while (!crowd->is_over) {
        struct tha_view_call call;
        uint32_t place = 0;
        uint64_t token;

        while (tha_view_next_running(crowd->view, &place, &token, &call)) {
            if (!is_whole(&call))
                crowd->has_failed = true;
        }
    }

    return NULL;
}

static void run_crowd(struct crowd *crowd, void *(*start)(void *))
{
    pthread_t threads[THREADS], reader;

    ck_assert_int_eq(pthread_create(&reader, NULL, list_often, crowd), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, start, crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    crowd->is_over = true;
    pthread_join(reader, NULL);
    ck_assert(!crowd->has_failed);
}

START_TEST(threads_keep_their_calls_apart_and_readers_find_them_whole)
{
    struct crowd crowd = {.view = new_view()};

    run_crowd(&crowd, enter_and_remove);
    ck_assert_uint_eq(count(crowd.view), 0);
    fixture_done(crowd.view, NULL);
}
END_TEST

static void *remove_one(void *arg)
{
    struct crowd *crowd = arg;

    crowd->removed += tha_view_remove_call(crowd->view, crowd->token, NULL);

    return NULL;
}

START_TEST(of_many_who_end_a_call_one_does)
{
    struct crowd crowd = {.view = new_view()};

    for (int i = 0; i < 50; i++) {
        crowd.token = enter(crowd.view, 1);
        crowd.removed = 0;
        crowd.is_over = false;
        run_crowd(&crowd, remove_one);
        ck_assert_uint_eq(crowd.removed, 1);
    }
    fixture_done(crowd.view, NULL);
}
END_TEST

START_TEST(the_public_list_tells_of_each_call_and_of_those_of_one_trunk)
{
    trunkha_call_status status = TRUNKHA_CALL_STATUS_INIT;
    trunkha_view *view = new_view();
    struct tha_view_call between = call_of(4);
    uint64_t token;
    uint32_t place = 0;

    tha_view_beat(view, NOW, (int64_t)NOW + 5000);
    enter(view, 2);
    token = enter(view, 3);
    between.trunk_slot = THA_NONE;
    tha_view_enter_call(view, &between);

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(trunkha_view_next_call(view, NULL, &place, &status), 0);
    ck_assert_str_eq(status.call_id, "call-4");
    ck_assert_int_eq(trunkha_view_next_call(view, NULL, &place, &status), TRUNKHA_ERR_END);

    place = 0;
    ck_assert_int_eq(trunkha_view_next_call(view, "t3", &place, &status), 0);
    ck_assert_uint_eq(status.token, token);
    ck_assert_int_eq(status.begun, 5003);
    ck_assert_int_eq(status.answered, 0);
    ck_assert_uint_eq(status.attempts, 3);
    ck_assert_uint_eq(status.pid, (uint32_t)getpid());
    ck_assert_str_eq(status.trunk_id, "t3");
    ck_assert_int_eq(trunkha_view_next_call(view, "t3", &place, &status), TRUNKHA_ERR_END);
    place = 0;
    ck_assert_int_eq(trunkha_view_next_call(view, "t4", &place, &status), TRUNKHA_ERR_END); /* it is on none now */
    ck_assert_int_eq(trunkha_view_next_call(NULL, NULL, &place, &status), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_next_call(view, NULL, NULL, &status), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_next_call(view, NULL, &place, NULL), TRUNKHA_ERR_INVALID);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(random_bytes_in_the_list_crash_nobody)
{
    trunkha_view *view = new_view();
    uint8_t *header = (uint8_t *)view->calls;
    uint8_t *records = (uint8_t *)view->table + THA_RUNNING_OFFSET;
    trunkha_call_status status = TRUNKHA_CALL_STATUS_INIT;
    struct tha_view_call call;
    uint64_t tokens[20];

    srand(5);
    for (int i = 0; i < 3000; i++) {
        uint32_t place = (uint32_t)rand() % 3 ? 0 : (uint32_t)rand();

        for (uint32_t j = 0; j < 20; j++)
            tokens[j] = enter(view, j);
        for (int j = 0; j < 40; j++)
            records[(size_t)rand() % (32 * sizeof(struct tha_running_record))] = (uint8_t)rand();
        header[offsetof(struct tha_calls, n_running) + (size_t)rand() % 4] = (uint8_t)rand();
        header[offsetof(struct tha_calls, first_free) + (size_t)rand() % 4] = (uint8_t)rand();
        header[offsetof(struct tha_calls, taken) + (size_t)rand() % 8192] = (uint8_t)rand();
        for (int j = 0; j < 40 && !trunkha_view_next_call(view, NULL, &place, &status); j++) {
            ck_assert_uint_lt(strnlen(status.call_id, TRUNKHA_ID_SIZE), TRUNKHA_ID_SIZE);
            ck_assert_uint_lt(strnlen(status.target, TRUNKHA_ID_SIZE), TRUNKHA_ID_SIZE);
        }
        for (uint32_t j = 0; j < 20; j++) {
            call = call_of(j);
            tha_view_update_call(view, tokens[j], &call);
            tha_view_remove_call(view, tokens[j], &call);
        }
        tha_view_reap_call(view, 100, LATER, &call);
    }
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_running", a_call_is_listed_as_it_was_entered_and_ends_once, what_is_kept_of_a_call_can_be_rewritten,
      a_stale_token_ends_no_other_call, a_full_list_takes_no_more_until_a_call_ends, a_named_list_grows_as_it_fills,
      a_call_is_forgotten_when_its_time_is_over_and_not_before, reaping_goes_on_where_it_was_and_looks_at_no_more_than_told,
      the_calls_of_a_process_that_died_are_taken_from_the_list, a_process_killed_at_any_moment_leaves_no_place_behind,
      threads_keep_their_calls_apart_and_readers_find_them_whole, of_many_who_end_a_call_one_does,
      the_public_list_tells_of_each_call_and_of_those_of_one_trunk, random_bytes_in_the_list_crash_nobody)
