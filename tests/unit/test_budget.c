#include "../suite.h"
#include "core/budget.h"

static struct tha_budget budget_of(uint32_t max)
{
    struct tha_budget budget;

    tha_budget_init(&budget, max, 1000);

    return budget;
}

static bool take(struct tha_budget *budget, bool is_undecided, uint64_t now_ms)
{
    bool has = tha_budget_has(budget, is_undecided, now_ms);

    if (has)
        tha_budget_take(budget, is_undecided);

    return has;
}

START_TEST(no_minute_sees_more_than_the_maximum)
{
    for (uint32_t max = 2; max <= 60; max++) {
        struct tha_budget budget = budget_of(max);
        uint64_t sent[4000];
        unsigned n = 0, first = 0;

        for (uint64_t now = 1000; now < 400000; now += 10) {
            if (!take(&budget, true, now))
                continue;
            sent[n++] = now;
            while (sent[first] + 60000 <= now)
                first++;
            ck_assert_uint_le(n - first, max);
        }
        ck_assert_uint_ge(n, max / 2 * 6); /* and most of it is used: the least where it is 2 */
    }
}
END_TEST

START_TEST(it_says_to_the_millisecond_when_it_opens)
{
    struct tha_budget budget = budget_of(2);

    ck_assert(take(&budget, true, 1000));
    ck_assert(!take(&budget, true, 1000));
    ck_assert_uint_eq(tha_budget_opens(&budget, true), 61000);
    ck_assert(!take(&budget, true, 60999));
    ck_assert(take(&budget, true, 61000));
}
END_TEST

START_TEST(settled_targets_leave_room_for_those_in_doubt)
{
    struct tha_budget budget = budget_of(20); /* five at once */

    budget.undecided = 2;
    for (int i = 0; i < 3; i++)
        ck_assert(take(&budget, false, 1000));
    ck_assert(!take(&budget, false, 1000));
    ck_assert(take(&budget, true, 1000));
    ck_assert(take(&budget, true, 1000));
    ck_assert(!take(&budget, true, 1000));
}
END_TEST

START_TEST(settled_targets_are_never_shut_out_for_good)
{
    struct tha_budget budget = budget_of(10);

    budget.undecided = 1000;
    ck_assert(take(&budget, false, 1000));
    ck_assert(!take(&budget, false, 1000));
    ck_assert(take(&budget, false, tha_budget_opens(&budget, false)));
}
END_TEST

/** One settled target waits. */
static void let_one_wait(struct tha_budget *budget, struct tha_waiter *waiters)
{
    budget->undecided = 5;
    tha_queue_join(&budget->queues[false], waiters, 0);
}

START_TEST(those_in_doubt_and_settled_ones_take_turns_where_both_wait)
{
    struct tha_budget budget = budget_of(40); /* ten at once, then one in 2 s */
    struct tha_waiter waiters[1] = {{.next = 0}};

    let_one_wait(&budget, waiters);
    ck_assert(take(&budget, true, 1000));
    for (int i = 0; i < 8; i++)
        ck_assert(take(&budget, true, 1000));
    ck_assert(!take(&budget, true, 1000)); /* the last one is for the settled target */
    ck_assert(take(&budget, false, 1000));
    ck_assert(!take(&budget, true, 1000));
    ck_assert_uint_eq(tha_budget_opens(&budget, true), 3000);
    ck_assert(take(&budget, true, 3000));
    ck_assert(!take(&budget, true, 5000));
    ck_assert(take(&budget, false, 5000));
}
END_TEST

START_TEST(a_bucket_of_one_is_not_locked_by_whose_turn_it_is)
{
    struct tha_budget budget = budget_of(2);
    struct tha_waiter waiters[1] = {{.next = 0}};

    let_one_wait(&budget, waiters);
    ck_assert(take(&budget, true, 1000));
    ck_assert(!take(&budget, true, 61000));
    ck_assert(take(&budget, false, 61000));
    ck_assert(take(&budget, true, 121000));
    tha_queue_leave(&budget.queues[false], waiters, 0);
    ck_assert(take(&budget, true, 181000));

    tha_queue_join(&budget.queues[true], waiters, 0);
    ck_assert(!take(&budget, false, 241000));
    ck_assert(take(&budget, true, 241000));
    tha_queue_leave(&budget.queues[true], waiters, 0);
    ck_assert(take(&budget, false, 301000));
}
END_TEST

SUITE("budget", no_minute_sees_more_than_the_maximum, it_says_to_the_millisecond_when_it_opens,
      settled_targets_leave_room_for_those_in_doubt, settled_targets_are_never_shut_out_for_good,
      those_in_doubt_and_settled_ones_take_turns_where_both_wait, a_bucket_of_one_is_not_locked_by_whose_turn_it_is)
