#include "sim/agenda.h"

#include <stdlib.h>

#include "../suite.h"
#include "sim/dice.h"

#define START 1000000U
#define MANY  2000

static struct tha_agenda agenda;

static struct tha_due *take(uint64_t now_ms)
{
    struct tha_due *due = tha_agenda_first(&agenda, now_ms);

    if (due)
        tha_agenda_drop(&agenda, due);

    return due;
}

START_TEST(what_is_due_comes_at_its_millisecond_and_not_before)
{
    static const uint64_t distances[] = {0, 1, 1023, 1024, 1025, 1048575, 1048576, 86400000, UINT64_C(31) * 86400000};

    for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
        struct tha_due due = {.kind = THA_DUE_PROBE};

        tha_agenda_init(&agenda, START);
        tha_agenda_set(&agenda, &due, START + distances[i]);
        ck_assert_uint_le(tha_agenda_next_ms(&agenda), START + distances[i]);
        if (distances[i])
            ck_assert_ptr_null(tha_agenda_first(&agenda, START + distances[i] - 1));
        ck_assert_ptr_eq(tha_agenda_first(&agenda, START + distances[i]), &due);
        tha_agenda_drop(&agenda, &due);
        ck_assert_uint_eq(tha_agenda_next_ms(&agenda), THA_NEVER);
    }
}
END_TEST

START_TEST(entries_of_one_moment_come_in_the_order_they_were_made)
{
    struct tha_due dues[3] = {{.kind = 1}, {.kind = 2}, {.kind = 3}};

    tha_agenda_init(&agenda, START);
    for (unsigned i = 0; i < 3; i++)
        tha_agenda_set(&agenda, &dues[i], START + 5000);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_ptr_eq(take(START + 5000), &dues[i]);
    ck_assert_ptr_null(take(START + 5000));
}
END_TEST

START_TEST(an_entry_can_be_moved_dropped_and_dropped_again)
{
    struct tha_due due = {.kind = THA_DUE_CALLER};

    tha_agenda_init(&agenda, START);
    tha_agenda_set(&agenda, &due, START + 10);
    tha_agenda_set(&agenda, &due, START + 2000);
    ck_assert_ptr_null(tha_agenda_first(&agenda, START + 10));
    tha_agenda_drop(&agenda, &due);
    tha_agenda_drop(&agenda, &due);
    ck_assert_ptr_null(tha_agenda_first(&agenda, START + 100000));
}
END_TEST

START_TEST(never_takes_an_entry_off)
{
    struct tha_due due = {.kind = THA_DUE_CALLER};

    tha_agenda_init(&agenda, START);
    tha_agenda_set(&agenda, &due, START + 10);
    tha_agenda_set(&agenda, &due, THA_NEVER);
    ck_assert_uint_eq(tha_agenda_next_ms(&agenda), THA_NEVER);
}
END_TEST

START_TEST(the_past_is_due_at_once)
{
    struct tha_due due = {.kind = THA_DUE_CALLER};

    tha_agenda_init(&agenda, START);
    tha_agenda_set(&agenda, &due, START - 500);
    ck_assert_ptr_eq(tha_agenda_first(&agenda, START), &due);
}
END_TEST

/** The plain way: look through all. */
static uint64_t least(const uint64_t *times, unsigned n)
{
    uint64_t least_ms = THA_NEVER;

    for (unsigned i = 0; i < n; i++)
        least_ms = times[i] < least_ms ? times[i] : least_ms;

    return least_ms;
}

START_TEST(many_entries_come_in_the_order_of_time)
{
    static struct tha_due dues[MANY];
    static uint64_t times[MANY];
    struct tha_dice dice;
    struct tha_due *due;
    uint64_t now_ms, before_ms = START;
    unsigned n_taken = 0;

    tha_dice_init(&dice, 11, 0);
    tha_agenda_init(&agenda, START);
    for (unsigned i = 0; i < MANY; i++) {
        times[i] = START + tha_dice_exponential(&dice, i % 2 ? 300 : 3000000);
        tha_agenda_set(&agenda, &dues[i], times[i]);
    }

    while ((now_ms = tha_agenda_next_ms(&agenda)) != THA_NEVER) {
        ck_assert_uint_ge(now_ms, before_ms);
        ck_assert_uint_le(now_ms, least(times, MANY));
        before_ms = now_ms;
        while ((due = tha_agenda_first(&agenda, now_ms))) {
            ck_assert_uint_eq(times[due - dues], now_ms);
            times[due - dues] = n_taken++ < MANY ? now_ms + tha_dice_exponential(&dice, 40000) : THA_NEVER;
            tha_agenda_set(&agenda, due, times[due - dues]);
        }
    }
    ck_assert_uint_eq(n_taken, 2 * MANY);
}
END_TEST

SUITE("sim agenda", what_is_due_comes_at_its_millisecond_and_not_before,
      entries_of_one_moment_come_in_the_order_they_were_made, an_entry_can_be_moved_dropped_and_dropped_again,
      never_takes_an_entry_off, the_past_is_due_at_once, many_entries_come_in_the_order_of_time)
