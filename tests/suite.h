/** @file suite.h  One test program: its tests in a list, no forks, the usual closing line of check */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int run_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    for (size_t i = 0; i < count; i++) {
        TCase *group = tcase_create(tests[i]->name);

        tcase_set_timeout(group, 120);
        tcase_add_test(group, tests[i]);
        suite_add_tcase(suite, group);
    }
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SUITE(name, ...)                                                                                                    \
    int main(void)                                                                                                          \
    {                                                                                                                       \
        const TTest *const tests[] = {__VA_ARGS__};                                                                         \
        return run_suite(name, tests, sizeof(tests) / sizeof(tests[0]));                                                    \
    }

#endif
