/* Every case again with the first, the second, the third ... allocation failing, until none fails any more. Only what goes
 * through the hook can fail: jansson has its own. */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "cases.h"

#define ALLOCATIONS_MAX 5000

struct hook {
    long until_failure; /* allocations that still succeed */
    long alive;
};

static struct cases cases;
static struct text input;
static unsigned n_findings;
static const char *cases_dir;

static void *counting_realloc(void *ptr, size_t size, void *user_data)
{
    struct hook *hook = user_data;

    if (!size) {
        hook->alive -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (hook->until_failure-- <= 0)
        return NULL;
    hook->alive += ptr == NULL;

    return realloc(ptr, size);
}

static void count_finding(const trunkha_finding *finding, void *user_data)
{
    (void)finding, (void)user_data;
    n_findings++;
}

/** Returns what reading returned when the allocation after @p n_good failed. */
static int read_with(long n_good)
{
    struct tha_model *untouched = (struct tha_model *)(void *)&input, *model = untouched;
    struct hook hook = {n_good, 0};
    struct tha_mem mem = {counting_realloc, &hook};
    int err;

    n_findings = 0;
    err = tha_config_read(&mem, input.bytes, input.len, count_finding, NULL, &model);
    if (err)
        ck_assert_ptr_eq(model, untouched);
    else
        tha_model_free(model);
    ck_assert_int_eq(hook.alive, 0);

    return err;
}

static void fail_each_allocation(int index, int wanted_err)
{
    long n = 0;
    int err;

    cases_read(&cases, index, "input.json", &input);
    for (err = read_with(n); err == TRUNKHA_ERR_NOMEM && n < ALLOCATIONS_MAX; err = read_with(++n))
        ck_assert_uint_eq(n_findings, 0);

    ck_assert_msg(err == wanted_err, "%s: %d after %ld allocations", cases.names[index], err, n);
    ck_assert_int_gt(n, 0);
}

/* ---- The rules of lint */

static int lint_with(int index, long n_good)
{
    struct hook hook = {n_good, 0};
    struct tha_mem mem = {counting_realloc, &hook};
    int err;

    n_findings = 0;
    err = cases_lint(&cases, index, &mem, &input, count_finding, NULL);
    ck_assert_int_eq(hook.alive, 0);

    return err;
}

static void lint_with_each_allocation_failing(const char *kind)
{
    cases_find(&cases, cases_dir, kind);
    for (int i = 0; i < cases.count; i++) {
        int wanted_err, err;
        long n = 0;

        cases_read(&cases, i, "input.json", &input);
        wanted_err = lint_with(i, ALLOCATIONS_MAX);
        for (err = lint_with(i, n); err == TRUNKHA_ERR_NOMEM && n < ALLOCATIONS_MAX; err = lint_with(i, ++n))
            ck_assert_uint_eq(n_findings, 0);
        ck_assert_msg(err == wanted_err, "%s: %d after %ld allocations", cases.names[i], err, n);
        ck_assert_int_gt(n, 0);
    }
}

START_TEST(lint_survives_any_failing_allocation)
{
    lint_with_each_allocation_failing("lint/good");
    lint_with_each_allocation_failing("lint/bad");
}
END_TEST

START_TEST(valid_file_survives_any_failing_allocation)
{
    cases_find(&cases, cases_dir, "valid");
    for (int i = 0; i < cases.count; i++)
        fail_each_allocation(i, 0);
}
END_TEST

START_TEST(invalid_file_survives_any_failing_allocation)
{
    cases_find(&cases, cases_dir, "invalid");
    for (int i = 0; i < cases.count; i++)
        fail_each_allocation(i, TRUNKHA_ERR_CONFIG);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {valid_file_survives_any_failing_allocation, invalid_file_survives_any_failing_allocation,
                                  lint_survives_any_failing_allocation};

    if (argc < 2)
        return EXIT_FAILURE;

    cases_set_environment();
    cases_dir = argv[1];

    return run_suite("config out of memory", tests, sizeof(tests) / sizeof(tests[0]));
}
