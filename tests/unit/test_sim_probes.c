#include "sim/probes.h"

#include <string.h>

#include "../suite.h"
#include "config/config.h"

#define RTT     20U
#define TIMEOUT 3000U
#define NOW     UINT64_C(1000000)

static const char config[] = "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}";

static struct tha_model *model;
static struct tha_world *world;
static struct tha_probes *probes;
static struct tha_agenda agenda;
static struct tha_evidence evidence;

static void set_up(void)
{
    static const struct tha_scenario scenario = {.rtt_ms = RTT};
    struct tha_probes_target target = {.trunk = 0, .timeout_ms = TIMEOUT};

    ck_assert_int_eq(tha_config_read(&tha_mem_default, config, strlen(config), NULL, NULL, &model), 0);
    ck_assert_int_eq(tha_world_new(&tha_mem_default, &scenario, model, 1, &world), 0);
    ck_assert_int_eq(tha_probes_new(&tha_mem_default, world, &agenda, &probes), 0);
    tha_agenda_init(&agenda, NOW);
    ck_assert_int_eq(tha_probes_reserve(probes, 300), 0);
    target.addr = model->trunks[0].addr;
    tha_probes_set_target(probes, 299, &target);
}

static void tear_down(void)
{
    probes = tha_probes_free(probes);
    world = tha_world_free(world);
    model = tha_model_free(model);
}

static void behave(uint32_t conduct, uint64_t now_ms)
{
    static struct tha_scenario_step step;

    step = (struct tha_scenario_step){
        .kind = THA_STEP_MANNER, .of = THA_CONDUCT_OF_BOTH, .manner = {.conduct = conduct, .code = 503, .rtt_ms = RTT}};
    tha_world_take_step(world, &step, now_ms);
}

static void cut_line(bool is_cut)
{
    const struct tha_scenario_step step = {.kind = THA_STEP_HOME, .is_cut = is_cut};

    tha_world_take_step(world, &step, 0);
}

/** Lets time pass; true when the probe has come to its end by then. */
static bool run_to(uint64_t until_ms, uint64_t *ret_ms)
{
    uint32_t slot;

    while ((*ret_ms = tha_agenda_next_ms(&agenda)) <= until_ms) {
        struct tha_due *due = tha_agenda_first(&agenda, *ret_ms);

        if (due && tha_probes_take(probes, due, *ret_ms, &slot, &evidence)) {
            ck_assert_uint_eq(slot, 299);
            return true;
        }
    }

    return false;
}

START_TEST(answer_takes_a_round_trip)
{
    uint64_t at_ms;

    set_up();
    tha_probes_send(probes, 299, NOW);
    ck_assert(!run_to(NOW + RTT - 1, &at_ms));
    ck_assert(run_to(NOW + RTT, &at_ms));
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(evidence.code, 200);
    ck_assert_uint_eq(evidence.rtt_us, RTT * 1000);
    tear_down();
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
    uint64_t at_ms;

    set_up();
    behave(THA_CONDUCT_SILENT, NOW);
    tha_probes_send(probes, 299, NOW);
    ck_assert(!run_to(NOW + TIMEOUT - 1, &at_ms));
    ck_assert(run_to(NOW + TIMEOUT, &at_ms));
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_TIMED_OUT);
    tear_down();
}
END_TEST

START_TEST(second_sending_reaches_who_has_come_back)
{
    uint64_t at_ms;

    set_up();
    behave(THA_CONDUCT_SILENT, NOW);
    tha_probes_send(probes, 299, NOW);
    ck_assert(!run_to(NOW + 499, &at_ms));
    behave(THA_CONDUCT_WELL, NOW + 499);
    ck_assert(run_to(NOW + TIMEOUT, &at_ms));
    ck_assert_uint_eq(at_ms, NOW + 500 + RTT); /* timer E */
    ck_assert_uint_eq(evidence.rtt_us, (500 + RTT) * 1000);
    tear_down();
}
END_TEST

START_TEST(codes_and_refusals_come_as_they_are)
{
    uint64_t at_ms;

    set_up();
    behave(THA_CONDUCT_CODE, NOW);
    tha_probes_send(probes, 299, NOW);
    ck_assert(run_to(NOW + RTT, &at_ms));
    ck_assert_uint_eq(evidence.code, 503);
    behave(THA_CONDUCT_REFUSED, NOW);
    tha_probes_send(probes, 299, NOW + RTT);
    ck_assert(run_to(NOW + 2 * RTT, &at_ms));
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_REFUSED);
    tear_down();
}
END_TEST

START_TEST(answer_on_a_line_that_was_cut_meanwhile_is_lost)
{
    uint64_t at_ms;

    set_up();
    tha_probes_send(probes, 299, NOW);
    ck_assert(!run_to(NOW + RTT - 1, &at_ms));
    cut_line(true);
    ck_assert(!run_to(NOW + 499, &at_ms));
    cut_line(false);
    ck_assert(run_to(NOW + TIMEOUT, &at_ms));
    ck_assert_uint_eq(at_ms, NOW + 500 + RTT);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_ANSWERED);
    tear_down();
}
END_TEST

START_TEST(probe_to_somebody_who_has_moved_is_forgotten)
{
    struct tha_probes_target other = {.trunk = 0, .timeout_ms = TIMEOUT};
    uint64_t at_ms;

    set_up();
    tha_probes_send(probes, 299, NOW);
    other.addr = model->trunks[0].addr;
    tha_probes_set_target(probes, 299, &other);
    ck_assert_uint_eq(tha_agenda_next_ms(&agenda), NOW + RTT); /* he has not */
    other.addr.port++;
    tha_probes_set_target(probes, 299, &other);
    ck_assert(!run_to(NOW + 2 * TIMEOUT, &at_ms));
    tear_down();
}
END_TEST

SUITE("sim probes", answer_takes_a_round_trip, silence_ends_at_the_deadline, second_sending_reaches_who_has_come_back,
      codes_and_refusals_come_as_they_are, answer_on_a_line_that_was_cut_meanwhile_is_lost,
      probe_to_somebody_who_has_moved_is_forgotten)
