/* The cases starved of memory, cut short and mutated: reading ends in a sound scenario or in findings, whatever comes. */
#include <stdlib.h>

#include "../suite.h"
#include "hardship.h"
#include "scenario_text.h"

static struct cases valid, invalid;
static struct tha_model *model;

/** What means something in JSON or here. */
static const char *const pieces[] = {
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "-1",
    "1e99",
    "0.0004",
    "\\ud83d",
    "\xc3",
    "${",
    "${HOME}",
    "9999999999",
    "true",
    "\"10m\"",
    "\"1d99999h\"",
    "\"who\":\"all\",",
    "\"who\":[\"secondary\"],",
    "\"at\":\"1h\",",
    "{\"at\":1,\"do\":\"homeCut\"},",
    "\"do\":\"flapping\",\"up\":1,\"down\":2,",
    "\"as\":\"code\",",
    "\"code\":503,",
    NULL,
};

static void check_load(const struct tha_scenario *scenario, const struct tha_call_load *load)
{
    ck_assert(*load->profile && load->per_second > 0 && load->per_second <= 1000);
    ck_assert(load->from_ms < load->until_ms && load->until_ms <= scenario->duration_ms);
    ck_assert(load->duration_ms && load->patience_ms && load->busy_permille + load->no_answer_permille <= 1000);
}

static void check_step(const struct tha_scenario_step *step)
{
    for (uint32_t i = 0; i < step->n_whom; i++)
        ck_assert(*step->whom[i]);
    for (uint32_t i = 0; i < step->n_addresses; i++)
        ck_assert(step->addresses[i].family);

    switch (step->kind) {
    case THA_STEP_MANNER:
        ck_assert(step->of && step->of <= THA_CONDUCT_OF_BOTH && step->manner.conduct <= THA_CONDUCT_MUTE);
        ck_assert(step->manner.conduct != THA_CONDUCT_CODE || (step->manner.code >= 300 && step->manner.code <= 699));
        ck_assert(step->manner.loss_permille <= 1000 && !step->manner.up_ms == !step->manner.down_ms);
        break;
    case THA_STEP_ADDRESS:
    case THA_STEP_FAILBACK:
        ck_assert(*step->name);
        break;
    default:
        ck_assert(step->kind == THA_STEP_ADMIN || step->kind == THA_STEP_HOME || step->kind == THA_STEP_DNS);
    }
}

static void check_scenario(const struct tha_scenario *scenario)
{
    ck_assert(*scenario->name && scenario->about && scenario->duration_ms);
    for (uint32_t i = 0; i < scenario->n_loads; i++)
        check_load(scenario, &scenario->loads[i]);
    for (uint32_t i = 0; i < scenario->n_steps; i++) {
        check_step(&scenario->steps[i]);
        ck_assert(!i || scenario->steps[i].at_ms >= scenario->steps[i - 1].at_ms);
    }
}

static int read_it(int index, const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb,
                   void *user_data)
{
    struct tha_scenario *untouched = (struct tha_scenario *)(void *)&valid, *scenario = untouched;
    int err = tha_config_read_scenario(mem, json, len, model, finding_cb, user_data, &scenario);

    (void)index;
    if (err) {
        ck_assert_ptr_eq(scenario, untouched);
    } else {
        check_scenario(scenario);
        tha_scenario_free(scenario);
    }

    return err;
}

START_TEST(any_file_survives_any_failing_allocation)
{
    hardship_starve(&valid, read_it);
    hardship_starve(&invalid, read_it);
}
END_TEST

START_TEST(cut_files_end_in_findings)
{
    hardship_cut(&valid, read_it);
}
END_TEST

START_TEST(mutated_files_end_in_a_sound_scenario_or_in_findings)
{
    unsigned n_good = hardship_mutate(&valid, read_it, pieces);

    ck_assert_uint_gt(n_good, 50);
    ck_assert_uint_lt(n_good, (unsigned)valid.count * HARDSHIP_MUTATIONS - 50);
    hardship_mutate(&invalid, read_it, pieces);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {any_file_survives_any_failing_allocation, cut_files_end_in_findings,
                                  mutated_files_end_in_a_sound_scenario_or_in_findings};
    int result;

    if (argc < 2)
        return EXIT_FAILURE;

    model = scenario_cases_find(argv[1], &valid, &invalid);
    result = run_suite("scenario hardship", tests, sizeof(tests) / sizeof(tests[0]));
    tha_model_free(model);

    return result;
}
