/* Every folder below valid/ and invalid/ holds an input.json and, in `expect`, the exact outcome: findings, then the model.
 * Those below lint/ hold what lint finds: the folder's name begins with the code of the rule that it is about; in lint/bad
 * that code is among the findings, and in lint/good there are none, but for what is not supported yet.
 *
 * test_config_cases DIR            compares
 * test_config_cases DIR --accept   writes what came out as the expectation; to be read before it is committed */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "config/catalogue.h"
#include "config/finding.h"

static struct cases valid, invalid, good, bad;
static struct text input, expected, actual;

static int read_case(const struct cases *cases, int index)
{
    struct tha_model *model = NULL;
    int err;

    cases_read(cases, index, "input.json", &input);
    cases_read(cases, index, "expect", &expected);
    actual.len = 0;
    actual.bytes[0] = '\0';

    err = tha_config_read(&tha_mem_default, input.bytes, input.len, text_add_finding, &actual, &model);
    if (model)
        text_add_model(&actual, model);
    tha_model_free(model);

    return err;
}

/** The code that a folder below lint/ is about. */
#define CODE_LEN 5

static int lint_case(const struct cases *cases, int index)
{
    cases_read(cases, index, "input.json", &input);
    cases_read(cases, index, "expect", &expected);
    actual.len = 0;
    actual.bytes[0] = '\0';

    return cases_lint(cases, index, &tha_mem_default, &input, text_add_finding, &actual);
}

static void expect_findings(const struct cases *cases, int index)
{
    int err = lint_case(cases, index);

    ck_assert_int_eq(err, strstr(actual.bytes, " error ") ? TRUNKHA_ERR_CONFIG : 0);
    ck_assert_msg(!strcmp(actual.bytes, expected.bytes), "%s\n---- expected\n%s---- actual\n%s", cases->names[index],
                  expected.bytes, actual.bytes);
    ck_assert_msg(!strstr(actual.bytes, "hunter2"), "%s tells a secret", cases->names[index]);
}

static void expect_outcome(const struct cases *cases, int index, int wanted_err)
{
    int err = read_case(cases, index);

    ck_assert_msg(err == wanted_err, "%s: %d instead of %d\n%s", cases->names[index], err, wanted_err, actual.bytes);
    ck_assert_msg(actual.len > 0, "%s: nothing came out", cases->names[index]);
    ck_assert_msg(!strcmp(actual.bytes, expected.bytes), "%s\n---- expected\n%s---- actual\n%s", cases->names[index],
                  expected.bytes, actual.bytes);
    ck_assert_msg(!strstr(actual.bytes, "hunter2"), "%s tells a secret", cases->names[index]);
}

START_TEST(valid_file_makes_the_expected_model)
{
    expect_outcome(&valid, _i, 0);
}
END_TEST

START_TEST(invalid_file_gets_the_expected_diagnosis)
{
    expect_outcome(&invalid, _i, TRUNKHA_ERR_CONFIG);
}
END_TEST

START_TEST(bad_configuration_is_found_out)
{
    char wanted[CODE_LEN + 3];

    expect_findings(&bad, _i);
    snprintf(wanted, sizeof(wanted), " %.*s ", CODE_LEN, bad.names[_i]);
    ck_assert_msg(strstr(actual.bytes, wanted), "%s:\n%s", bad.names[_i], actual.bytes);
}
END_TEST

static unsigned count_lines_with(const char *text, const char *word)
{
    unsigned n = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        n++;

    return n;
}

START_TEST(good_configuration_is_left_alone)
{
    expect_findings(&good, _i);
    ck_assert_msg(!strstr(actual.bytes, " warning "), "%s:\n%s", good.names[_i], actual.bytes);
    ck_assert_msg(count_lines_with(actual.bytes, " error ") == count_lines_with(actual.bytes, " error TH012 "), "%s:\n%s",
                  good.names[_i], actual.bytes);
}
END_TEST

static bool has_case(const struct cases *cases, const char *code)
{
    for (int i = 0; i < cases->count; i++) {
        if (!strncmp(cases->names[i], code, CODE_LEN))
            return true;
    }

    return false;
}

START_TEST(every_rule_has_a_good_and_a_bad_configuration)
{
    const struct tha_config_rule *rule;
    unsigned n = 0;

    for (uint32_t code = THA_CODE_FIRST_OF_LINT; (rule = tha_config_get_rule(code)); code++) {
        ck_assert_msg(has_case(&good, rule->code) && has_case(&bad, rule->code), "%s", rule->code);
        n++;
    }
    ck_assert_uint_ge(n, 28);
}
END_TEST

static void accept_findings(const struct cases *cases)
{
    for (int i = 0; i < cases->count; i++) {
        lint_case(cases, i);
        cases_write(cases, i, "expect", &actual);
    }
}

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
    Suite *suite = suite_create("config cases");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, valid_file_makes_the_expected_model, 0, valid.count);
    tcase_add_loop_test(tcase, invalid_file_gets_the_expected_diagnosis, 0, invalid.count);
    tcase_add_loop_test(tcase, bad_configuration_is_found_out, 0, bad.count);
    tcase_add_loop_test(tcase, good_configuration_is_left_alone, 0, good.count);
    tcase_add_test(tcase, every_rule_has_a_good_and_a_bad_configuration);
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
    if (argc < 2)
        return EXIT_FAILURE;

    cases_set_environment();
    cases_find(&valid, argv[1], "valid");
    cases_find(&invalid, argv[1], "invalid");
    cases_find(&good, argv[1], "lint/good");
    cases_find(&bad, argv[1], "lint/bad");
    if (argc > 2 && !strcmp(argv[2], "--accept")) {
        accept_all(&valid);
        accept_all(&invalid);
        accept_findings(&good);
        accept_findings(&bad);
        return EXIT_SUCCESS;
    }

    return run();
}
