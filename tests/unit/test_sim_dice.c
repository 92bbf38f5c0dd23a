#include "sim/dice.h"

#include "../suite.h"

#define ROLLS 200000
#define MEAN  1000000U

START_TEST(same_seed_gives_the_same_numbers_for_ever)
{
    struct tha_dice dice;

    tha_dice_init(&dice, 1, 0);
    ck_assert_uint_eq(tha_dice_roll(&dice), UINT64_C(132316291454871238));
    ck_assert_uint_eq(tha_dice_exponential(&dice, MEAN), 1938644);
    ck_assert_uint_eq(tha_dice_exponential(&dice, MEAN), 972564);
    ck_assert_uint_eq(tha_dice_below(&dice, 1000), 992);
}
END_TEST

START_TEST(dice_of_other_numbers_are_others)
{
    struct tha_dice a, b;

    tha_dice_init(&a, 7, 0);
    tha_dice_init(&b, 7, 1);
    ck_assert_uint_ne(tha_dice_roll(&a), tha_dice_roll(&b));
}
END_TEST

static double share_above(uint64_t limit)
{
    struct tha_dice dice;
    unsigned n = 0;

    tha_dice_init(&dice, 3, 0);
    for (unsigned i = 0; i < ROLLS; i++)
        n += tha_dice_exponential(&dice, MEAN) > limit;

    return (double)n / ROLLS;
}

START_TEST(exponential_times_are_exponential)
{
    ck_assert_double_eq_tol(share_above(MEAN / 10), 0.904837, 0.005); /* e^-0.1 */
    ck_assert_double_eq_tol(share_above(MEAN), 0.367879, 0.005);
    ck_assert_double_eq_tol(share_above(MEAN * 3), 0.049787, 0.003);
    ck_assert_double_eq_tol(share_above(MEAN * 6), 0.002479, 0.001);
}
END_TEST

START_TEST(long_times_do_not_overflow)
{
    struct tha_dice dice;
    uint64_t month_ns = UINT64_C(31) * 86400 * 1000000000;

    tha_dice_init(&dice, 3, 0);
    for (unsigned i = 0; i < ROLLS; i++)
        ck_assert_uint_le(tha_dice_exponential(&dice, month_ns), 64 * month_ns);
}
END_TEST

START_TEST(no_number_reaches_its_limit)
{
    struct tha_dice dice;
    unsigned seen = 0;

    tha_dice_init(&dice, 5, 0);
    for (unsigned i = 0; i < ROLLS; i++) {
        uint32_t number = tha_dice_below(&dice, 3);

        ck_assert_uint_lt(number, 3);
        seen |= 1U << number;
    }
    ck_assert_uint_eq(seen, 7);
}
END_TEST

SUITE("sim dice", same_seed_gives_the_same_numbers_for_ever, dice_of_other_numbers_are_others,
      exponential_times_are_exponential, long_times_do_not_overflow, no_number_reaches_its_limit)
