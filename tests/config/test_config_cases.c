/* Every folder below valid/ and invalid/ holds an input.json and, in `expect`, the exact outcome: findings, then the model.
 * Those below lint/ hold what lint finds: the folder's name begins with the code of the rule that it is about; in lint/bad
 * that code is among the findings, and in lint/good there are none, but for what is not supported yet.
 *
 * test_config_cases DIR            compares
 * test_config_cases DIR --accept   writes what came out as the expectation; to be read before it is committed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/catalogue.h"
#include "config/finding.h"
#include "outcome.h"

/** The code that a folder below lint/ is about. */
#define CODE_LEN 5

static struct cases valid, invalid, good, bad;

static int read_it(const struct cases *cases, int index, const struct text *input, struct text *ret_text)
{
    struct tha_model *model = NULL;
    int err = tha_config_read(&tha_mem_default, input->bytes, input->len, text_add_finding, ret_text, &model);

    (void)cases, (void)index;
    if (model)
        text_add_model(ret_text, model);
    tha_model_free(model);

    return err;
}

static int lint_it(const struct cases *cases, int index, const struct text *input, struct text *ret_text)
{
    return cases_lint(cases, index, &tha_mem_default, input->bytes, input->len, text_add_finding, ret_text);
}

/** Returns them. */
static const char *expect_findings(const struct cases *cases, int index)
{
    const char *text;
    int err = outcome_expect(cases, index, lint_it, &text);

    ck_assert_int_eq(err, strstr(text, " error ") ? TRUNKHA_ERR_CONFIG : 0);

    return text;
}

START_TEST(valid_file_makes_the_expected_model)
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

START_TEST(bad_configuration_is_found_out)
{
    const char *text = expect_findings(&bad, _i);
    char wanted[CODE_LEN + 3];

    snprintf(wanted, sizeof(wanted), " %.*s ", CODE_LEN, bad.names[_i]);
    ck_assert_msg(strstr(text, wanted), "%s:\n%s", bad.names[_i], text);
}
END_TEST

static unsigned count_lines_with(const char *text, const char *word)
{
    unsigned n = 0;

    while ((text = strstr(text, word))) {
        text++;
        n++;
    }

    return n;
}

START_TEST(good_configuration_is_left_alone)
{
    const char *text = expect_findings(&good, _i);

    ck_assert_msg(!strstr(text, " warning "), "%s:\n%s", good.names[_i], text);
    ck_assert_msg(count_lines_with(text, " error ") == count_lines_with(text, " error TH012 "), "%s:\n%s", good.names[_i],
                  text);
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

    for (uint32_t code = THA_CODE_FIRST_OF_LINT; (rule = tha_lint_get_rule(code)); code++) {
        ck_assert_msg(has_case(&good, rule->code) && has_case(&bad, rule->code), "%s", rule->code);
        n++;
    }
    ck_assert_uint_ge(n, 28);
}
END_TEST

static int run(void)
{
    TCase *tcase = tcase_create("cases");

    tcase_add_loop_test(tcase, valid_file_makes_the_expected_model, 0, valid.count);
    tcase_add_loop_test(tcase, invalid_file_gets_the_expected_diagnosis, 0, invalid.count);
    tcase_add_loop_test(tcase, bad_configuration_is_found_out, 0, bad.count);
    tcase_add_loop_test(tcase, good_configuration_is_left_alone, 0, good.count);
    tcase_add_test(tcase, every_rule_has_a_good_and_a_bad_configuration);

    return outcome_run("config cases", tcase);
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
        outcome_accept(&valid, read_it);
        outcome_accept(&invalid, read_it);
        outcome_accept(&good, lint_it);
        outcome_accept(&bad, lint_it);
        return EXIT_SUCCESS;
    }

    return run();
}
