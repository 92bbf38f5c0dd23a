#include <pthread.h>
#include <string.h>

#include "../suite.h"
#include "view/window.h"

#define WIDTH 100U

static struct tha_window window;

/** Any time: buckets and turns do not begin anew there. */
#define NOW UINT64_C(123456700)

static void add(uint64_t now_ms, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        ck_assert(tha_window_add(&window, THA_WINDOW_FIRST, now_ms, WIDTH));
}

static uint32_t sum(uint64_t now_ms)
{
    return tha_window_sum(&window, THA_WINDOW_FIRST, now_ms, WIDTH);
}

START_TEST(what_was_counted_stays_for_ten_widths_and_is_gone_after_eleven)
{
    memset(&window, 0, sizeof(window));
    add(NOW, 3);
    ck_assert_uint_eq(sum(NOW), 3);
    ck_assert_uint_eq(sum(NOW + 10 * WIDTH), 3);
    ck_assert_uint_eq(sum(NOW + 11 * WIDTH - 1), 3);
    ck_assert_uint_eq(sum(NOW + 11 * WIDTH), 0);
}
END_TEST

START_TEST(what_was_counted_last_in_a_bucket_stays_for_ten_whole_widths)
{
    memset(&window, 0, sizeof(window));
    add(NOW + WIDTH - 1, 1);
    ck_assert_uint_eq(sum(NOW + WIDTH - 1 + 10 * WIDTH), 1);
    ck_assert_uint_eq(sum(NOW + WIDTH - 1 + 10 * WIDTH + 1), 0);
}
END_TEST

START_TEST(a_bucket_whose_turn_is_over_begins_anew)
{
    memset(&window, 0, sizeof(window));
    add(NOW, 5);
    add(NOW + 11 * WIDTH, 2);
    ck_assert_uint_eq(sum(NOW + 11 * WIDTH), 2);
    add(NOW + 50 * WIDTH, 1);
    ck_assert_uint_eq(sum(NOW + 50 * WIDTH), 1);
}
END_TEST

START_TEST(buckets_add_up)
{
    memset(&window, 0, sizeof(window));
    for (uint32_t i = 0; i < 30; i++)
        add(NOW + i * WIDTH, i);
    ck_assert_uint_eq(sum(NOW + 29 * WIDTH), 19 + 20 + 21 + 22 + 23 + 24 + 25 + 26 + 27 + 28 + 29);
}
END_TEST

START_TEST(the_two_counts_are_apart)
{
    memset(&window, 0, sizeof(window));
    add(NOW, 2);
    ck_assert(tha_window_add(&window, THA_WINDOW_SECOND, NOW, WIDTH));
    ck_assert_uint_eq(sum(NOW), 2);
    ck_assert_uint_eq(tha_window_sum(&window, THA_WINDOW_SECOND, NOW, WIDTH), 1);
    tha_window_take_back(&window, THA_WINDOW_SECOND, NOW, WIDTH);
    ck_assert_uint_eq(sum(NOW), 2);
    ck_assert_uint_eq(tha_window_sum(&window, THA_WINDOW_SECOND, NOW, WIDTH), 0);
}
END_TEST

START_TEST(nothing_is_taken_back_that_is_not_there)
{
    memset(&window, 0, sizeof(window));
    tha_window_take_back(&window, THA_WINDOW_FIRST, NOW, WIDTH);
    ck_assert_uint_eq(sum(NOW), 0);
    add(NOW, 1);
    tha_window_take_back(&window, THA_WINDOW_FIRST, NOW + 11 * WIDTH, WIDTH);
    ck_assert_uint_eq(sum(NOW), 1);
    tha_window_take_back(&window, THA_WINDOW_FIRST, NOW, WIDTH);
    tha_window_take_back(&window, THA_WINDOW_FIRST, NOW, WIDTH);
    ck_assert_uint_eq(sum(NOW), 0);
}
END_TEST

START_TEST(a_clock_read_too_early_counts_all_the_same)
{
    memset(&window, 0, sizeof(window));
    add(NOW, 1);
    ck_assert_uint_eq(sum(NOW - 3 * WIDTH), 1);
    add(NOW - 3 * WIDTH, 1);
    add(NOW - 11 * WIDTH, 1); /* into the bucket of NOW, which must not go back */
    ck_assert_uint_eq(sum(NOW), 3);
    ck_assert_uint_eq(sum(NOW + 8 * WIDTH), 2);
}
END_TEST

START_TEST(a_full_bucket_refuses_and_spoils_no_other_count)
{
    memset(&window, 0, sizeof(window));
    ck_assert(tha_window_add(&window, THA_WINDOW_SECOND, NOW, WIDTH));
    add(NOW, THA_WINDOW_MAX);
    ck_assert(!tha_window_add(&window, THA_WINDOW_FIRST, NOW, WIDTH));
    ck_assert_uint_eq(sum(NOW), THA_WINDOW_MAX);
    ck_assert_uint_eq(tha_window_sum(&window, THA_WINDOW_SECOND, NOW, WIDTH), 1);
    ck_assert_uint_eq(sum(NOW + 11 * WIDTH), 0);
}
END_TEST

START_TEST(a_turn_that_needs_more_bits_than_there_are_goes_on)
{
    const uint64_t over = (UINT64_C(1) << 28) * WIDTH; /* the turn is cut to zero here */

    memset(&window, 0, sizeof(window));
    add(over - WIDTH, 1);
    add(over, 1);
    ck_assert_uint_eq(sum(over), 2);
    ck_assert_uint_eq(sum(over + 9 * WIDTH), 2);
    ck_assert_uint_eq(sum(over + 10 * WIDTH), 1);
    ck_assert_uint_eq(sum(over + 11 * WIDTH), 0);
}
END_TEST

static void *add_often(void *arg)
{
    uint32_t *counted = arg;

    for (uint32_t i = 0; i < 20000; i++)
        *counted += tha_window_add(&window, THA_WINDOW_FIRST, NOW + i % 3, WIDTH);

    return NULL;
}

START_TEST(threads_count_together)
{
    pthread_t threads[4];
    uint32_t counted[4] = {0}, all = 0;

    memset(&window, 0, sizeof(window));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_often, &counted[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        all += counted[i];
    }
    ck_assert_uint_gt(all, 0);
    ck_assert_uint_eq(sum(NOW), all);
}
END_TEST

SUITE("view_window", what_was_counted_stays_for_ten_widths_and_is_gone_after_eleven,
      what_was_counted_last_in_a_bucket_stays_for_ten_whole_widths, a_bucket_whose_turn_is_over_begins_anew, buckets_add_up,
      the_two_counts_are_apart, nothing_is_taken_back_that_is_not_there, a_clock_read_too_early_counts_all_the_same,
      a_full_bucket_refuses_and_spoils_no_other_count, a_turn_that_needs_more_bits_than_there_are_goes_on,
      threads_count_together)
