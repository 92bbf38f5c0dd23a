#include "outcome.h"

#include <stdlib.h>
#include <string.h>

static struct text input, expected, actual;

static int read_case(const struct cases *cases, int index, outcome_of outcome)
{
    cases_read(cases, index, "input.json", &input);
    actual.len = 0;
    actual.bytes[0] = '\0';

    return outcome(cases, index, &input, &actual);
}

int outcome_expect(const struct cases *cases, int index, outcome_of outcome, const char **ret_text)
{
    int err = read_case(cases, index, outcome);

    cases_read(cases, index, "expect", &expected);
    ck_assert_msg(!strcmp(actual.bytes, expected.bytes), "%s\n---- expected\n%s---- actual\n%s", cases->names[index],
                  expected.bytes, actual.bytes);
    ck_assert_msg(!strstr(actual.bytes, "hunter2"), "%s tells a secret", cases->names[index]);
    if (ret_text)
        *ret_text = actual.bytes;

    return err;
}

void outcome_accept(const struct cases *cases, outcome_of outcome)
{
    for (int i = 0; i < cases->count; i++) {
        read_case(cases, i, outcome);
        cases_write(cases, i, "expect", &actual);
    }
}

int outcome_run(const char *name, TCase *tcase)
{
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
