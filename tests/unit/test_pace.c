#include "../suite.h"
#include "core/pace.h"

START_TEST(at_most_the_limit_leaves_in_any_ten_milliseconds)
{
    struct tha_pace pace = {0};

    ck_assert(tha_pace_take(&pace, 2, 1000));
    ck_assert(tha_pace_take(&pace, 2, 1005));
    ck_assert(!tha_pace_take(&pace, 2, 1005));
    ck_assert_uint_eq(tha_pace_opens(&pace, 2), 1011);
    ck_assert(!tha_pace_take(&pace, 2, 1010));
    ck_assert(tha_pace_take(&pace, 2, 1011));
    ck_assert(!tha_pace_take(&pace, 2, 1015));
    ck_assert(tha_pace_take(&pace, 2, 1016));
}
END_TEST

START_TEST(a_long_pause_forgets_everything)
{
    struct tha_pace pace = {0};

    for (int i = 0; i < 5; i++)
        ck_assert(tha_pace_take(&pace, 5, 50));
    ck_assert(!tha_pace_take(&pace, 5, 50));
    for (int i = 0; i < 5; i++)
        ck_assert(tha_pace_take(&pace, 5, 1000000));
    ck_assert(!tha_pace_take(&pace, 5, 1000000));
}
END_TEST

START_TEST(who_was_held_up_is_counted_when_he_left)
{
    struct tha_pace pace = {0};

    ck_assert(tha_pace_take(&pace, 2, 100));
    ck_assert(tha_pace_take(&pace, 2, 100));
    tha_pace_defer(&pace, 108);
    ck_assert(!tha_pace_take(&pace, 2, 111));
    ck_assert_uint_eq(tha_pace_opens(&pace, 2), 119);
    ck_assert(!tha_pace_take(&pace, 2, 118));
    ck_assert(tha_pace_take(&pace, 2, 119));
    tha_pace_defer(&pace, 500);
    ck_assert(tha_pace_take(&pace, 2, 500));
    ck_assert(!tha_pace_take(&pace, 2, 510));
}
END_TEST

START_TEST(an_open_pace_opens_now)
{
    struct tha_pace pace = {0};

    ck_assert_uint_eq(tha_pace_opens(&pace, 1), 0);
    ck_assert(tha_pace_take(&pace, 3, 70));
    ck_assert_uint_eq(tha_pace_opens(&pace, 3), 70);
    ck_assert_uint_eq(tha_pace_opens(&pace, 1), 81);
}
END_TEST

SUITE("pace", at_most_the_limit_leaves_in_any_ten_milliseconds, a_long_pause_forgets_everything,
      who_was_held_up_is_counted_when_he_left, an_open_pace_opens_now)
