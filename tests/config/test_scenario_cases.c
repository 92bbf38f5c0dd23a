/* Every folder below scenarios/valid and scenarios/invalid holds an input.json, which speaks of scenarios/trunks.json, and
 * in `expect` the exact outcome: findings, then the scenario.
 *
 * test_scenario_cases DIR            compares
 * test_scenario_cases DIR --accept   writes what came out as the expectation; to be read before it is committed */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_text.h"

static struct cases valid, invalid;
static struct text input, expected, actual;
static struct tha_model *model;

static int read_case(const struct cases *cases, int index)
{
    struct tha_scenario *scenario = NULL;
    int err;

    cases_read(cases, index, "input.json", &input);
    cases_read(cases, index, "expect", &expected);
    actual.len = 0;
    actual.bytes[0] = '\0';

    err = tha_config_read_scenario(&tha_mem_default, input.bytes, input.len, model, text_add_finding, &actual, &scenario);
    if (scenario)
        text_add_scenario(&actual, scenario);
    tha_scenario_free(scenario);

    return err;
}

static void expect_outcome(const struct cases *cases, int index, int wanted_err)
{
    int err = read_case(cases, index);

    ck_assert_msg(err == wanted_err, "%s: %d instead of %d\n%s", cases->names[index], err, wanted_err, actual.bytes);
    ck_assert_msg(actual.len > 0, "%s: nothing came out", cases->names[index]);
    ck_assert_msg(!strcmp(actual.bytes, expected.bytes), "%s\n---- expected\n%s---- actual\n%s", cases->names[index],
                  expected.bytes, actual.bytes);
}

START_TEST(valid_file_makes_the_expected_scenario)
{
    expect_outcome(&valid, _i, 0);
}
END_TEST

START_TEST(invalid_file_gets_the_expected_diagnosis)
{
    expect_outcome(&invalid, _i, TRUNKHA_ERR_CONFIG);
}
END_TEST

static void accept_all(const struct cases *cases)
{
    for (int i = 0; i < cases->count; i++) {
        read_case(cases, i);
        cases_write(cases, i, "expect", &actual);
    }
}

static int run(void)
{
    TCase *tcase = tcase_create("cases");
    Suite *suite = suite_create("scenario cases");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, valid_file_makes_the_expected_scenario, 0, valid.count);
    tcase_add_loop_test(tcase, invalid_file_gets_the_expected_diagnosis, 0, invalid.count);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;

    if (argc < 2)
        return EXIT_FAILURE;

    model = scenario_cases_find(argv[1], &valid, &invalid);
    if (argc > 2 && !strcmp(argv[2], "--accept")) {
        accept_all(&valid);
        accept_all(&invalid);
    } else {
        result = run();
    }
    tha_model_free(model);

    return result;
}
