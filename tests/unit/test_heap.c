#include <stdlib.h>

#include "../suite.h"
#include "base/heap.h"

#define N 500

START_TEST(the_earliest_comes_first_whatever_was_set_moved_or_removed)
{
    struct tha_timer timers[N] = {{0}};
    struct tha_heap heap;
    uint64_t last = 0;
    unsigned left = 0;

    srand(1);
    tha_heap_init(&heap, &tha_mem_default);
    ck_assert_int_eq(tha_heap_reserve(&heap, N), 0);
    for (int i = 0; i < 20 * N; i++) {
        struct tha_timer *timer = &timers[rand() % N];

        if (rand() % 3)
            tha_heap_set(&heap, timer, (uint64_t)(rand() % 1000));
        else
            tha_heap_remove(&heap, timer);
    }
    for (int i = 0; i < N; i++)
        left += tha_timer_is_set(&timers[i]);
    ck_assert_uint_eq(left, heap.count);

    while (left--) {
        struct tha_timer *first = tha_heap_first(&heap);

        ck_assert_uint_ge(first->when, last);
        ck_assert_uint_eq(first->when, tha_heap_next(&heap));
        last = first->when;
        tha_heap_remove(&heap, first);
        ck_assert(!tha_timer_is_set(first));
    }
    ck_assert_ptr_null(tha_heap_first(&heap));
    ck_assert_uint_eq(tha_heap_next(&heap), THA_NEVER);
    tha_heap_done(&heap);
}
END_TEST

START_TEST(removing_what_does_not_wait_is_fine)
{
    struct tha_timer timer = {0};
    struct tha_heap heap;

    tha_heap_init(&heap, &tha_mem_default);
    tha_heap_remove(&heap, &timer);
    ck_assert_uint_eq(heap.count, 0);
    tha_heap_done(&heap);
}
END_TEST

SUITE("heap", the_earliest_comes_first_whatever_was_set_moved_or_removed, removing_what_does_not_wait_is_fine)
