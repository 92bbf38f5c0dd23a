#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "test_view.h"
#include "view/handle.h"

/* Run it under the thread sanitizer too. */

#define NOW       UINT64_C(1000000)
#define PRODUCERS 8U
#define EACH      100000U
#define ROUNDS    200

static trunkha_view *new_view(void)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);

    return view;
}

/** A report whose every part says whose it is and which one. */
static struct tha_news news_of(uint32_t producer, uint32_t number)
{
    struct tha_news news = {.kind = THA_NEWS_FAILED, .trunk_slot = producer, .duration_ms = number};

    snprintf(news.call_id, sizeof(news.call_id), "%u/%u", producer, number);
    snprintf(news.detail, sizeof(news.detail), "%u/%u", producer, number);

    return news;
}

static bool is_whole(const struct tha_news *news)
{
    struct tha_news expected = news_of(news->trunk_slot, news->duration_ms);

    return !memcmp(news, &expected, THA_NEWS_HEAD) && !strcmp(news->call_id, expected.call_id) &&
           !strcmp(news->profile_id, expected.profile_id) && !strcmp(news->trunk_id, expected.trunk_id) &&
           !strcmp(news->detail, expected.detail);
}

static void post(trunkha_view *view, uint32_t number)
{
    struct tha_news news = news_of(0, number);

    tha_view_post_news(view, &news, false);
}

static void assert_takes(trunkha_view *view, uint32_t number, uint64_t now_ms)
{
    struct tha_news news;

    ck_assert(tha_view_take_news(view, now_ms, &news));
    ck_assert(is_whole(&news));
    ck_assert_uint_eq(news.duration_ms, number);
}

static void assert_empty(trunkha_view *view, uint64_t now_ms)
{
    struct tha_news news;

    ck_assert(!tha_view_take_news(view, now_ms, &news));
}

START_TEST(news_are_taken_in_order_and_once)
{
    trunkha_view *view = new_view();

    assert_empty(view, NOW);
    for (uint32_t i = 0; i < 3 * THA_REPORTS_MAX; i++) {
        post(view, 2 * i);
        post(view, 2 * i + 1);
        assert_takes(view, 2 * i, NOW);
        assert_takes(view, 2 * i + 1, NOW);
        assert_empty(view, NOW);
    }
    ck_assert_uint_eq(tha_view_lost_news(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_finds_no_room_is_counted)
{
    trunkha_view *view = new_view();

    for (uint32_t i = 0; i < THA_REPORTS_MAX; i++)
        post(view, i);
    ck_assert_uint_eq(tha_view_lost_news(view), 0);
    post(view, 0);
    post(view, 0);
    ck_assert_uint_eq(tha_view_lost_news(view), 2);
    assert_takes(view, 0, NOW);
    post(view, THA_REPORTS_MAX);
    for (uint32_t i = 1; i <= THA_REPORTS_MAX; i++)
        assert_takes(view, i, NOW);
    assert_empty(view, NOW);
    ck_assert_uint_eq(tha_view_lost_news(view), 2);
    fixture_done(view, NULL);
}
END_TEST

/** As somebody does who is killed right after he has taken a place. */
static uint64_t begin_and_die(trunkha_view *view)
{
    return atomic_fetch_add(&view->calls->head, 1);
}

START_TEST(what_was_not_finished_is_passed_over_after_a_second)
{
    trunkha_view *view = new_view();

    begin_and_die(view);
    post(view, 1);
    assert_empty(view, NOW);
    assert_empty(view, NOW + 999);
    assert_takes(view, 1, NOW + 1000);
    ck_assert_uint_eq(tha_view_lost_news(view), 1);
    assert_empty(view, NOW + 1000);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(those_begun_before_the_first_was_found_wait_no_longer_than_that)
{
    trunkha_view *view = new_view();

    begin_and_die(view);
    post(view, 1);
    begin_and_die(view);
    assert_empty(view, NOW);
    begin_and_die(view); /* a new one */
    post(view, 2);
    assert_takes(view, 1, NOW + 1000);
    assert_empty(view, NOW + 1000);
    assert_empty(view, NOW + 1999);
    assert_takes(view, 2, NOW + 2000);
    ck_assert_uint_eq(tha_view_lost_news(view), 3);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_writer_that_takes_over_is_patient_too)
{
    trunkha_view *view = new_view();

    for (uint32_t i = 0; i < 2 * THA_REPORTS_MAX; i++) {
        post(view, i);
        assert_takes(view, i, NOW);
    }
    view->patience = (struct tha_view_patience){0}; /* as that of a new one is */
    begin_and_die(view);
    post(view, 1);
    assert_empty(view, NOW);
    assert_takes(view, 1, NOW + 1000);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(one_that_was_passed_over_cannot_make_its_report_visible)
{
    trunkha_view *view = new_view();
    struct tha_report_record *record = (void *)((char *)view->table + THA_REPORTS_OFFSET);
    uint64_t place = begin_and_die(view), state = 0;

    assert_empty(view, NOW);
    assert_empty(view, NOW + 1000);
    ck_assert_uint_eq(place, 0);
    ck_assert(!atomic_compare_exchange_strong(&record->state, &state, 1)); /* as it would do now */
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_report_that_another_wrote_into_is_lost_and_not_believed)
{
    trunkha_view *view = new_view();
    struct tha_report_record *record = (void *)((char *)view->table + THA_REPORTS_OFFSET);

    post(view, 1);
    post(view, 2);
    tha_put64(&record->words[5], 12345);
    assert_takes(view, 2, NOW);
    ck_assert_uint_eq(tha_view_lost_news(view), 1);
    fixture_done(view, NULL);
}
END_TEST

/* ---- eight at a time ---- */

struct producer {
    pthread_t thread;
    trunkha_view *view;
    uint32_t number;
};

static void *post_often(void *arg)
{
    struct producer *producer = arg;

    for (uint32_t i = 0; i < EACH; i++) {
        struct tha_news news = news_of(producer->number, i);

        tha_view_post_news(producer->view, &news, i % 16 == 0);
        if (i % 64 == 0)
            sched_yield();
    }

    return NULL;
}

/** Takes all there is. False when one came twice, out of order, or not as it was posted. */
static bool take_all(trunkha_view *view, uint32_t *next, uint32_t *taken)
{
    struct tha_news news;

    while (tha_view_take_news(view, NOW, &news)) {
        if (news.trunk_slot >= PRODUCERS || !is_whole(&news) || news.duration_ms < next[news.trunk_slot])
            return false;
        next[news.trunk_slot] = news.duration_ms + 1;
        (*taken)++;
    }

    return true;
}

START_TEST(of_many_producers_nothing_is_lost_or_doubled_but_what_is_counted)
{
    trunkha_view *view = new_view();
    struct producer producers[PRODUCERS];
    uint32_t next[PRODUCERS] = {0}, taken = 0;

    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.view = view, .number = i};
        ck_assert_int_eq(pthread_create(&producers[i].thread, NULL, post_often, &producers[i]), 0);
    }
    while (taken + tha_view_lost_news(view) < PRODUCERS * EACH)
        ck_assert(take_all(view, next, &taken));
    for (uint32_t i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i].thread, NULL);
    ck_assert(take_all(view, next, &taken));
    ck_assert_uint_eq(taken + tha_view_lost_news(view), PRODUCERS * EACH);
    ck_assert_uint_gt(taken, THA_REPORTS_MAX);
    fixture_done(view, NULL);
}
END_TEST

static uint32_t drain(trunkha_view *view, uint64_t now_ms)
{
    struct tha_news news;
    uint32_t n = 0;

    for (; tha_view_take_news(view, now_ms, &news); n++)
        ck_assert(is_whole(&news));

    return n;
}

/** A process that reports until it is killed. */
static pid_t start_reporter(trunkha_view *view)
{
    pid_t pid = fork();

    if (!pid) {
        for (uint32_t i = 0;; i++)
            post(view, i);
    }

    return pid;
}

START_TEST(a_process_killed_at_any_moment_blocks_nobody)
{
    trunkha_view *view = new_view();
    uint64_t now_ms = NOW;
    struct tha_news news;

    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = start_reporter(view);
        int taken = 0;

        for (int n = 1000 + rand() % 1000; taken < n; taken += tha_view_take_news(view, now_ms, &news))
            ;
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);

        drain(view, now_ms);
        now_ms += 2000;
        drain(view, now_ms);
        ck_assert_uint_eq(view->calls->head, view->calls->tail);
        news = news_of(1, 1);
        tha_view_post_news(view, &news, false);
        ck_assert_uint_eq(drain(view, now_ms), 1);
    }
    fixture_done(view, NULL);
}
END_TEST

/* ---- the doorbell ---- */

static int hang_doorbell(trunkha_view *view)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    tha_view_set_doorbell(view, fd);

    return fd;
}

static void take_doorbell_down(trunkha_view *view, int fd)
{
    tha_view_set_doorbell(view, -1);
    close(fd);
}

/** How often it rang since it was asked last. */
static uint64_t rings(int fd)
{
    uint64_t n = 0;

    return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

START_TEST(an_urgent_report_rings_once_until_all_were_taken)
{
    trunkha_view *view = new_view();
    struct tha_news news = news_of(0, 0);
    int fd = hang_doorbell(view);

    tha_view_post_news(view, &news, false);
    ck_assert_uint_eq(rings(fd), 0);
    tha_view_post_news(view, &news, true);
    tha_view_post_news(view, &news, true);
    ck_assert_uint_eq(rings(fd), 1);
    ck_assert(tha_view_take_news(view, NOW, &news));
    news = news_of(0, 0);
    tha_view_post_news(view, &news, true);
    ck_assert_uint_eq(rings(fd), 0);
    ck_assert_uint_eq(drain(view, NOW), 3);
    tha_view_post_news(view, &news, true);
    ck_assert_uint_eq(rings(fd), 1);
    take_doorbell_down(view, fd);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(any_report_rings_when_it_is_awaited)
{
    trunkha_view *view = new_view();
    int fd = hang_doorbell(view);

    ck_assert(tha_view_await_news(view));
    post(view, 0);
    post(view, 0);
    ck_assert_uint_eq(rings(fd), 1);
    ck_assert(!tha_view_await_news(view));
    ck_assert_uint_eq(drain(view, NOW), 2);
    post(view, 0);
    ck_assert_uint_eq(rings(fd), 0);
    drain(view, NOW);
    ck_assert(tha_view_await_news(view));
    post(view, 0);
    ck_assert_uint_eq(rings(fd), 1);
    take_doorbell_down(view, fd);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(half_full_rings_and_not_before)
{
    trunkha_view *view = new_view();
    int fd = hang_doorbell(view);

    for (uint32_t i = 0; i < THA_REPORTS_MAX / 2; i++)
        post(view, i);
    ck_assert_uint_eq(rings(fd), 0);
    post(view, 0);
    ck_assert_uint_eq(rings(fd), 1);
    take_doorbell_down(view, fd);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(nobody_rings_from_another_process_or_at_a_doorbell_that_was_taken_down)
{
    trunkha_view *view = new_view();
    struct tha_news news = news_of(0, 0);
    int fd = hang_doorbell(view);
    pid_t pid = fork();

    if (!pid) {
        tha_view_post_news(view, &news, true);
        tha_view_set_doorbell(view, -1); /* not the child's to take down, and it comes back */
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_uint_eq(rings(fd), 0);
    ck_assert_uint_eq(drain(view, NOW), 1);
    tha_view_post_news(view, &news, true);
    ck_assert_uint_eq(rings(fd), 1);
    tha_view_set_doorbell(view, -1);
    drain(view, NOW);
    tha_view_post_news(view, &news, true);
    ck_assert_uint_eq(rings(fd), 0);
    close(fd);
    fixture_done(view, NULL);
}
END_TEST

/** A writer that sleeps between rings never misses one. */
START_TEST(who_waits_for_the_doorbell_gets_everything)
{
    trunkha_view *view = new_view();
    struct producer producer = {.view = view};
    uint32_t next[PRODUCERS] = {0}, taken = 0;
    int fd = hang_doorbell(view);
    struct pollfd doorbell = {.fd = fd, .events = POLLIN};

    ck_assert_int_eq(pthread_create(&producer.thread, NULL, post_often, &producer), 0);
    while (taken + tha_view_lost_news(view) < EACH) {
        if (tha_view_await_news(view))
            ck_assert_int_eq(poll(&doorbell, 1, 60000), 1);
        rings(fd);
        ck_assert(take_all(view, next, &taken));
    }
    pthread_join(producer.thread, NULL);
    take_doorbell_down(view, fd);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(random_bytes_among_the_reports_crash_nobody_and_are_overcome)
{
    trunkha_view *view = new_view();
    uint8_t *header = (uint8_t *)view->calls;
    uint8_t *records = (uint8_t *)view->table + THA_REPORTS_OFFSET;
    uint64_t now_ms = NOW;
    struct tha_news news;

    srand(4);
    for (int i = 0; i < 300; i++) {
        for (int j = 0; j < 20; j++)
            records[(size_t)rand() % (64 * sizeof(struct tha_report_record))] = (uint8_t)rand();
        header[offsetof(struct tha_calls, head) + (size_t)rand() % 8] = (uint8_t)rand();
        header[offsetof(struct tha_calls, tail) + (size_t)rand() % 8] = (uint8_t)rand();
        for (uint32_t j = 0; j < 50; j++) {
            post(view, j);
            while (tha_view_take_news(view, now_ms, &news))
                ck_assert_uint_lt(strnlen(news.call_id, sizeof(news.call_id)), sizeof(news.call_id));
            now_ms += 1000;
        }
    }
    for (uint32_t i = 0; i < 2 * THA_REPORTS_MAX; i++) {
        post(view, i);
        while (tha_view_take_news(view, now_ms, &news))
            ;
        now_ms += 1000;
    }
    post(view, 77);
    assert_takes(view, 77, now_ms);
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_reports", news_are_taken_in_order_and_once, what_finds_no_room_is_counted,
      what_was_not_finished_is_passed_over_after_a_second, those_begun_before_the_first_was_found_wait_no_longer_than_that,
      a_writer_that_takes_over_is_patient_too, one_that_was_passed_over_cannot_make_its_report_visible,
      a_report_that_another_wrote_into_is_lost_and_not_believed,
      of_many_producers_nothing_is_lost_or_doubled_but_what_is_counted, a_process_killed_at_any_moment_blocks_nobody,
      an_urgent_report_rings_once_until_all_were_taken, any_report_rings_when_it_is_awaited, half_full_rings_and_not_before,
      nobody_rings_from_another_process_or_at_a_doorbell_that_was_taken_down, who_waits_for_the_doorbell_gets_everything,
      random_bytes_among_the_reports_crash_nobody_and_are_overcome)
