#include "sim/caller.h"

#include <string.h>

#include "../suite.h"
#include "config/config.h"

#define RTT  20U
#define NOW  UINT64_C(1000000)
#define RING 1000U

static const char config[] = "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}";

static struct tha_model *model;
static struct tha_world *world;
static struct tha_caller caller;
static trunkha_report report;
static uint64_t now_ms;

static void behave(uint32_t conduct)
{
    static struct tha_scenario_step step;

    step = (struct tha_scenario_step){.kind = THA_STEP_MANNER,
                                      .of = THA_CONDUCT_OF_BOTH,
                                      .manner = {.conduct = conduct, .code = 503, .retry_after_s = 30, .rtt_ms = RTT}};
    tha_world_take_step(world, &step, now_ms);
}

static void set_up(uint32_t conduct)
{
    static const struct tha_scenario scenario = {.rtt_ms = RTT};

    ck_assert_int_eq(tha_config_read(&tha_mem_default, config, strlen(config), NULL, NULL, &model), 0);
    ck_assert_int_eq(tha_world_new(&tha_mem_default, &scenario, model, 1, &world), 0);
    caller = (struct tha_caller){
        .patience_ms = NOW + 60000, .ring_after_ms = RING, .answer_after_ms = 8000, .duration_ms = 60000};
    now_ms = NOW;
    behave(conduct);
    tha_caller_dial(&caller, world, 0, &model->trunks[0].addr, now_ms);
    tha_caller_expect(&caller, 3000, now_ms);
}

static void tear_down(void)
{
    world = tha_world_free(world);
    model = tha_model_free(model);
}

/** What he hears next that is something, and when. */
static uint32_t hear(void)
{
    uint32_t heard;

    do {
        now_ms = tha_caller_next_ms(&caller);
        heard = tha_caller_hear(&caller, world, now_ms, &report);
    } while (heard == THA_HEARD_NOTHING);

    return heard;
}

static void expect_code(uint32_t code, uint64_t at_ms)
{
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_RESPONSE);
    ck_assert_uint_eq(report.code, code);
    ck_assert_uint_eq(now_ms, at_ms);
}

START_TEST(call_that_goes_well_is_heard_step_by_step)
{
    set_up(THA_CONDUCT_WELL);
    expect_code(100, NOW + RTT);
    tha_caller_expect(&caller, UINT32_MAX, now_ms);
    expect_code(180, NOW + RTT + RING);
    expect_code(200, NOW + RTT + RING + 8000);
    ck_assert_uint_eq(hear(), THA_HEARD_END);
    ck_assert_uint_eq(now_ms, NOW + RTT + RING + 68000);
    tear_down();
}
END_TEST

START_TEST(nobody_hears_a_100_that_changes_nothing)
{
    set_up(THA_CONDUCT_WELL);
    tha_caller_make_haste(&caller, NOW + RTT + RING); /* something happens just then */
    ck_assert_uint_eq(tha_caller_next_ms(&caller), NOW + RTT);
    tha_caller_make_haste(&caller, NOW + RTT + RING + 1);
    expect_code(180, NOW + RTT + RING);
    tear_down();
}
END_TEST

START_TEST(busy_callee_is_to_blame_and_so_is_an_absent_one)
{
    set_up(THA_CONDUCT_WELL);
    caller.is_busy = true;
    expect_code(100, NOW + RTT);
    tha_caller_expect(&caller, UINT32_MAX, now_ms);
    expect_code(486, NOW + RTT + RING);
    ck_assert(tha_caller_is_to_blame(&caller));
    tear_down();

    set_up(THA_CONDUCT_WELL);
    caller.is_nobody_there = true;
    expect_code(100, NOW + RTT);
    tha_caller_expect(&caller, UINT32_MAX, now_ms);
    expect_code(180, NOW + RTT + RING);
    tha_caller_expect(&caller, 45000, now_ms);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_TIME);
    ck_assert(tha_caller_is_to_blame(&caller));
    tear_down();
}
END_TEST

START_TEST(silence_is_heard_as_time_and_is_nobodys_own_doing)
{
    set_up(THA_CONDUCT_SILENT);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_TIME);
    ck_assert_uint_eq(now_ms, NOW + 3000);
    ck_assert(!tha_caller_is_to_blame(&caller));
    tear_down();
}
END_TEST

START_TEST(invite_is_sent_again_after_half_a_second)
{
    set_up(THA_CONDUCT_SILENT);
    ck_assert_uint_eq(tha_caller_next_ms(&caller), NOW + 500);
    behave(THA_CONDUCT_WELL);
    expect_code(100, NOW + 500 + RTT);
    tear_down();
}
END_TEST

START_TEST(code_comes_with_its_retry_after)
{
    set_up(THA_CONDUCT_CODE);
    expect_code(503, NOW + RTT);
    ck_assert_str_eq(report.retry_after, "30");
    tear_down();
}
END_TEST

START_TEST(closed_port_is_a_transport_error)
{
    set_up(THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_TRANSPORT_ERROR);
    ck_assert_uint_eq(now_ms, NOW + RTT);
    tear_down();
}
END_TEST

START_TEST(carrier_that_dies_passes_nothing_on)
{
    set_up(THA_CONDUCT_WELL);
    expect_code(100, NOW + RTT);
    behave(THA_CONDUCT_SILENT);
    tha_caller_expect(&caller, 10000, now_ms);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_TIME);
    ck_assert(!tha_caller_is_to_blame(&caller));
    tear_down();
}
END_TEST

START_TEST(who_talks_when_it_ends_in_a_fault_was_cut)
{
    set_up(THA_CONDUCT_WELL);
    expect_code(100, NOW + RTT);
    tha_caller_expect(&caller, UINT32_MAX, now_ms);
    expect_code(180, NOW + RTT + RING);
    expect_code(200, NOW + RTT + RING + 8000);
    behave(THA_CONDUCT_SILENT);
    ck_assert_uint_eq(hear(), THA_HEARD_CUT);
    tear_down();
}
END_TEST

START_TEST(patience_ends_before_it_rings_only)
{
    set_up(THA_CONDUCT_MUTE);
    caller.patience_ms = NOW + 2000;
    expect_code(100, NOW + RTT);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_CANCELLED);
    ck_assert_uint_eq(now_ms, NOW + 2000);
    ck_assert(!tha_caller_is_to_blame(&caller)); /* the carrier has kept him waiting */
    tear_down();

    set_up(THA_CONDUCT_WELL);
    caller.patience_ms = NOW + 500;
    expect_code(100, NOW + RTT);
    ck_assert_uint_eq(hear(), THA_HEARD_REPORT);
    ck_assert_uint_eq(report.kind, TRUNKHA_REPORT_CANCELLED);
    ck_assert(tha_caller_is_to_blame(&caller));
    tear_down();
}
END_TEST

SUITE("sim caller", call_that_goes_well_is_heard_step_by_step, nobody_hears_a_100_that_changes_nothing,
      busy_callee_is_to_blame_and_so_is_an_absent_one, silence_is_heard_as_time_and_is_nobodys_own_doing,
      invite_is_sent_again_after_half_a_second, code_comes_with_its_retry_after, closed_port_is_a_transport_error,
      carrier_that_dies_passes_nothing_on, who_talks_when_it_ends_in_a_fault_was_cut, patience_ends_before_it_rings_only)
