#include "sim/tally.h"

#include "../suite.h"

#define HOUR    3600000U
#define SAMPLES 60U
#define MINUTE  60000U

static struct tha_tally *tally;

static void set_up(void)
{
    ck_assert_int_eq(tha_tally_new(&tha_mem_default, 2, HOUR, SAMPLES, &tally), 0);
    tha_tally_set_patience(tally, 0, 3000);
}

static void tear_down(void)
{
    tally = tha_tally_free(tally);
}

static void show(uint32_t health, uint64_t at_ms)
{
    tha_tally_note_health(tally, 0, health, false, at_ms);
}

static trunkha_simulation_trunk trunk_at(uint64_t now_ms)
{
    trunkha_simulation_trunk trunk;

    tha_tally_get_trunk(tally, 0, now_ms, &trunk);

    return trunk;
}

static trunkha_simulation_sample sample_at(uint32_t number, uint64_t now_ms)
{
    trunkha_simulation_sample sample;

    ck_assert(tha_tally_get_sample(tally, 0, number, now_ms, &sample));

    return sample;
}

START_TEST(fault_that_is_found_counts_from_its_beginning)
{
    set_up();
    show(TRUNKHA_HEALTH_AVAILABLE, 20);
    tha_tally_note_fault(tally, 0, true, 100000);
    show(TRUNKHA_HEALTH_DOWN, 142000);
    tha_tally_note_fault(tally, 0, false, 200000);
    show(TRUNKHA_HEALTH_AVAILABLE, 230000);

    ck_assert_uint_eq(trunk_at(HOUR).worst_detection_ms, 42000);
    ck_assert_uint_eq(trunk_at(HOUR).falls, 1);
    ck_assert_uint_eq(trunk_at(HOUR).false_alarms, 0);
    ck_assert_uint_eq(trunk_at(HOUR).missed, 0);
    ck_assert_uint_eq(trunk_at(HOUR).down_ms, 88000);
    ck_assert_uint_eq(trunk_at(HOUR).faulty_ms, 100000);
    tear_down();
}
END_TEST

START_TEST(what_lasts_counts_until_now)
{
    set_up();
    tha_tally_note_fault(tally, 0, true, 1000);
    show(TRUNKHA_HEALTH_DOWN, 3000);
    ck_assert_uint_eq(trunk_at(10000).down_ms, 7000);
    ck_assert_uint_eq(trunk_at(10000).faulty_ms, 9000);
    tear_down();
}
END_TEST

START_TEST(fall_without_a_fault_is_a_false_alarm)
{
    set_up();
    show(TRUNKHA_HEALTH_DOWN, 5000);
    ck_assert_uint_eq(trunk_at(HOUR).false_alarms, 1);
    ck_assert_uint_eq(trunk_at(HOUR).worst_detection_ms, 0);
    tear_down();
}
END_TEST

START_TEST(fault_that_ends_unseen_is_missed)
{
    set_up();
    tha_tally_note_fault(tally, 0, true, 1000);
    tha_tally_note_fault(tally, 0, false, 2000);
    ck_assert_uint_eq(trunk_at(HOUR).missed, 1);
    tear_down();
}
END_TEST

START_TEST(fall_by_what_was_sent_in_the_fault_is_its_doing)
{
    set_up();
    tha_tally_note_fault(tally, 0, true, 1000);
    tha_tally_note_fault(tally, 0, false, 2000);
    show(TRUNKHA_HEALTH_DOWN, 5000);
    ck_assert_uint_eq(trunk_at(HOUR).missed, 0);
    ck_assert_uint_eq(trunk_at(HOUR).false_alarms, 0);
    ck_assert_uint_eq(trunk_at(HOUR).worst_detection_ms, 4000);
    tear_down();

    set_up();
    tha_tally_note_fault(tally, 0, true, 1000);
    tha_tally_note_fault(tally, 0, false, 2000);
    show(TRUNKHA_HEALTH_DOWN, 5001);
    ck_assert_uint_eq(trunk_at(HOUR).missed, 1);
    ck_assert_uint_eq(trunk_at(HOUR).false_alarms, 1);
    tear_down();
}
END_TEST

START_TEST(disabled_trunk_has_not_fallen)
{
    set_up();
    tha_tally_note_health(tally, 0, TRUNKHA_HEALTH_DOWN, true, 5000);
    ck_assert_uint_eq(trunk_at(HOUR).falls, 0);
    ck_assert_uint_eq(trunk_at(HOUR).down_ms, 0);
    ck_assert_uint_eq(sample_at(0, HOUR).health, TRUNKHA_HEALTH_DOWN);
    tear_down();
}
END_TEST

START_TEST(sample_has_the_worst_state_of_its_time)
{
    set_up();
    show(TRUNKHA_HEALTH_AVAILABLE, 20);
    show(TRUNKHA_HEALTH_DOWN, 5 * MINUTE + 10);
    show(TRUNKHA_HEALTH_AVAILABLE, 7 * MINUTE);

    ck_assert_uint_eq(sample_at(4, HOUR).health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sample_at(5, HOUR).health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sample_at(6, HOUR).health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sample_at(7, HOUR).health, TRUNKHA_HEALTH_DOWN); /* what it began with */
    ck_assert_uint_eq(sample_at(8, HOUR).health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(sample_at(59, HOUR).health, TRUNKHA_HEALTH_AVAILABLE);
    tear_down();
}
END_TEST

START_TEST(sample_of_the_future_knows_nothing)
{
    set_up();
    show(TRUNKHA_HEALTH_DOWN, 20);
    tha_tally_note_fault(tally, 0, true, 30);
    ck_assert_uint_eq(sample_at(10, 10 * MINUTE).health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(sample_at(10, 10 * MINUTE).is_faulty, 1);
    ck_assert_uint_eq(sample_at(10, 10 * MINUTE - 1).health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_uint_eq(sample_at(10, 10 * MINUTE - 1).is_faulty, 0);
    tear_down();
}
END_TEST

START_TEST(samples_share_the_time_without_a_gap)
{
    trunkha_simulation_sample sample;

    ck_assert_int_eq(tha_tally_new(&tha_mem_default, 1, 1000, 7, &tally), 0);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(sample_at(i, 1000).end_ms, sample_at(i + 1, 1000).begin_ms);
    ck_assert_uint_eq(sample_at(0, 1000).begin_ms, 0);
    ck_assert_uint_eq(sample_at(6, 1000).end_ms, 1000);
    for (uint32_t at_ms = 0; at_ms < 1000; at_ms++)
        tha_tally_note_attempt(tally, 0, at_ms);
    for (uint32_t i = 0; i < 7; i++)
        ck_assert_uint_eq(sample_at(i, 1000).attempts, sample_at(i, 1000).end_ms - sample_at(i, 1000).begin_ms);
    ck_assert(!tha_tally_get_sample(tally, 0, 7, 1000, &sample));
    tear_down();
}
END_TEST

START_TEST(outcome_counts_where_the_attempt_began)
{
    set_up();
    tha_tally_note_attempt(tally, 0, MINUTE - 1);
    tha_tally_note_outcome(tally, 0, MINUTE - 1, true);
    tha_tally_note_delay(tally, 0, MINUTE - 1, 3000);
    ck_assert_uint_eq(sample_at(0, HOUR).answered, 1);
    ck_assert_uint_eq(sample_at(0, HOUR).delay_max_ms, 3000);
    ck_assert_uint_eq(sample_at(1, HOUR).answered, 0);
    ck_assert_uint_eq(tha_tally_summary(tally)->delay_total_ms, 3000);
    tear_down();
}
END_TEST

START_TEST(delay_is_of_the_trunk_that_was_first)
{
    set_up();
    tha_tally_note_delay(tally, 0, 1000, 3000);
    tha_tally_note_delay(tally, 0, 2000, 7000);
    tha_tally_note_delay(tally, 0, 3000, 2000);
    ck_assert_uint_eq(trunk_at(HOUR).calls_delayed, 3);
    ck_assert_uint_eq(trunk_at(HOUR).delay_total_ms, 12000);
    ck_assert_uint_eq(trunk_at(HOUR).delay_max_ms, 7000);
    ck_assert_uint_eq(tha_tally_summary(tally)->calls_delayed, 3);
    ck_assert_uint_eq(tha_tally_summary(tally)->delay_max_ms, 7000);
    tear_down();
}
END_TEST

START_TEST(call_that_found_no_trunk_is_lost_by_none)
{
    set_up();
    tha_tally_note_loss(tally, THA_NONE);
    tha_tally_note_loss(tally, 1);
    ck_assert_uint_eq(trunk_at(HOUR).calls_lost, 0);
    tha_tally_note_loss(tally, 0);
    ck_assert_uint_eq(trunk_at(HOUR).calls_lost, 1);
    ck_assert_uint_eq(tha_tally_summary(tally)->calls_lost, 3);
    tear_down();
}
END_TEST

START_TEST(call_is_cut_where_it_was_answered)
{
    set_up();
    tha_tally_note_cut(tally, 0);
    ck_assert_uint_eq(trunk_at(HOUR).calls_cut, 1);
    ck_assert_uint_eq(tha_tally_summary(tally)->calls_cut, 1);
    tear_down();
}
END_TEST

SUITE("sim tally", fault_that_is_found_counts_from_its_beginning, what_lasts_counts_until_now,
      fall_without_a_fault_is_a_false_alarm, fault_that_ends_unseen_is_missed,
      fall_by_what_was_sent_in_the_fault_is_its_doing, disabled_trunk_has_not_fallen, sample_has_the_worst_state_of_its_time,
      sample_of_the_future_knows_nothing, samples_share_the_time_without_a_gap, outcome_counts_where_the_attempt_began,
      delay_is_of_the_trunk_that_was_first, call_that_found_no_trunk_is_lost_by_none, call_is_cut_where_it_was_answered)
