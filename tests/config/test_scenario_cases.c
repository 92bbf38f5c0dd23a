/* Every folder below scenarios/valid and scenarios/invalid holds an input.json, which speaks of scenarios/trunks.json, and
 * in `expect` the exact outcome: findings, then the scenario.
 *
 * test_scenario_cases DIR            compares
 * test_scenario_cases DIR --accept   writes what came out as the expectation; to be read before it is committed */
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "scenario_text.h"

static struct cases valid, invalid;
static struct tha_model *model;

static int read_it(const struct cases *cases, int index, const struct text *input, struct text *ret_text)
{
    struct tha_scenario *scenario = NULL;
    int err =
        tha_config_read_scenario(&tha_mem_default, input->bytes, input->len, model, text_add_finding, ret_text, &scenario);

    (void)cases, (void)index;
    if (scenario)
        text_add_scenario(ret_text, scenario);
    tha_scenario_free(scenario);

    return err;
}

START_TEST(valid_file_makes_the_expected_scenario)
{
    const char *text;

    ck_assert_int_eq(outcome_expect(&valid, _i, read_it, &text), 0);
    ck_assert(*text);
}
END_TEST

START_TEST(invalid_file_gets_the_expected_diagnosis)
{
    ck_assert_int_eq(outcome_expect(&invalid, _i, read_it, NULL), TRUNKHA_ERR_CONFIG);
}
END_TEST

static int run(void)
{
    TCase *tcase = tcase_create("cases");

    tcase_add_loop_test(tcase, valid_file_makes_the_expected_scenario, 0, valid.count);
    tcase_add_loop_test(tcase, invalid_file_gets_the_expected_diagnosis, 0, invalid.count);

    return outcome_run("scenario cases", tcase);
}

int main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;

    if (argc < 2)
        return EXIT_FAILURE;

    model = scenario_cases_find(argv[1], &valid, &invalid);
    if (argc > 2 && !strcmp(argv[2], "--accept")) {
        outcome_accept(&valid, read_it);
        outcome_accept(&invalid, read_it);
    } else {
        result = run();
    }
    tha_model_free(model);

    return result;
}
