/* The cases read, and linted, in want of memory. */
#include "../suite.h"
#include "hardship.h"

static struct cases cases;
static const char *cases_dir;

static int read_it(int index, const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb,
                   void *user_data)
{
    struct tha_model *untouched = (struct tha_model *)(void *)&cases, *model = untouched;
    int err = tha_config_read(mem, json, len, finding_cb, user_data, &model);

    (void)index;
    if (err)
        ck_assert_ptr_eq(model, untouched);
    else
        tha_model_free(model);

    return err;
}

static int lint_it(int index, const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb,
                   void *user_data)
{
    return cases_lint(&cases, index, mem, json, len, finding_cb, user_data);
}

static void starve(const char *kind, hardship_reader read)
{
    cases_find(&cases, cases_dir, kind);
    hardship_starve(&cases, read);
}

START_TEST(reading_survives_any_failing_allocation)
{
    starve("valid", read_it);
    starve("invalid", read_it);
}
END_TEST

START_TEST(lint_survives_any_failing_allocation)
{
    starve("lint/good", lint_it);
    starve("lint/bad", lint_it);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {reading_survives_any_failing_allocation, lint_survives_any_failing_allocation};

    if (argc < 2)
        return EXIT_FAILURE;

    cases_set_environment();
    cases_dir = argv[1];

    return run_suite("config out of memory", tests, sizeof(tests) / sizeof(tests[0]));
}
