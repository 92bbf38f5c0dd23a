#include "../suite.h"
#include "core/model.h"
#include "core/queue.h"

#define N 8U

/** Lets everybody go; what it was, in order, as decimal digits. */
static unsigned order_of(struct tha_queue *queue, struct tha_waiter *waiters)
{
    unsigned digits = 0;

    for (uint32_t first; (first = tha_queue_first(queue)) != THA_NONE;) {
        digits = digits * 10 + first;
        tha_queue_leave(queue, waiters, first);
        ck_assert(!tha_waiter_is_queued(&waiters[first]));
    }

    return digits;
}

static struct tha_queue queue_of(struct tha_waiter *waiters, uint32_t from, uint32_t to)
{
    struct tha_queue queue = {.first = 0};

    for (uint32_t i = from; i <= to; i++) {
        tha_queue_join(&queue, waiters, i);
        ck_assert(tha_waiter_is_queued(&waiters[i]));
    }

    return queue;
}

START_TEST(who_comes_first_goes_first)
{
    struct tha_waiter waiters[N] = {{.next = 0}};
    struct tha_queue queue = {.first = 0};

    ck_assert_uint_eq(tha_queue_first(&queue), THA_NONE);
    queue = queue_of(waiters, 1, 5);
    ck_assert_uint_eq(order_of(&queue, waiters), 12345);
    ck_assert_uint_eq(tha_queue_first(&queue), THA_NONE);
}
END_TEST

START_TEST(whoever_leaves_the_order_of_the_others_stays)
{
    static const unsigned rest[] = {0, 2345, 1345, 1245, 1235, 1234};

    for (uint32_t i = 1; i <= 5; i++) {
        struct tha_waiter waiters[N] = {{.next = 0}};
        struct tha_queue queue = queue_of(waiters, 1, 5);

        tha_queue_leave(&queue, waiters, i);
        ck_assert_uint_eq(order_of(&queue, waiters), rest[i]);
    }
}
END_TEST

START_TEST(who_comes_again_goes_to_the_end)
{
    struct tha_waiter waiters[N] = {{.next = 0}};
    struct tha_queue queue = queue_of(waiters, 1, 3);

    tha_queue_leave(&queue, waiters, 1);
    tha_queue_join(&queue, waiters, 1);
    ck_assert_uint_eq(order_of(&queue, waiters), 231);
}
END_TEST

START_TEST(two_queues_of_the_same_waiters_do_not_mix)
{
    struct tha_waiter waiters[N] = {{.next = 0}};
    struct tha_queue low = queue_of(waiters, 1, 3), high = queue_of(waiters, 4, 6);

    tha_queue_leave(&low, waiters, 2);
    tha_queue_join(&high, waiters, 2);
    ck_assert_uint_eq(order_of(&low, waiters), 13);
    ck_assert_uint_eq(order_of(&high, waiters), 4562);
}
END_TEST

SUITE("queue", who_comes_first_goes_first, whoever_leaves_the_order_of_the_others_stays, who_comes_again_goes_to_the_end,
      two_queues_of_the_same_waiters_do_not_mix)
