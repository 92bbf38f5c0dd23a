/* Lint through the public functions. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/catalogue.h"
#include "config/finding.h"

static const char config[] = "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}],"
                             "\"keepalive\": {\"interval\": 5}}";

static void count(const trunkha_finding *finding, void *user_data)
{
    ck_assert_uint_eq(finding->severity, TRUNKHA_SEVERITY_WARNING);
    ck_assert_str_eq(finding->code, "TH022");
    ++*(unsigned *)user_data;
}

START_TEST(rules_run_in_lint_and_not_in_check)
{
    unsigned n = 0;

    ck_assert_int_eq(trunkha_config_check(config, strlen(config), count, &n), 0);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), NULL, count, &n), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(settings_are_made_before_the_rules_run)
{
    const char *setting = "keepalive.interval=20";
    trunkha_lint_options options = TRUNKHA_LINT_OPTIONS_INIT;
    unsigned n = 0;

    options.settings = &setting;
    options.n_settings = 1;
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), &options, count, &n), 0);
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    const char *nothing = NULL;
    trunkha_lint_options options = TRUNKHA_LINT_OPTIONS_INIT;

    ck_assert_int_eq(trunkha_config_lint(NULL, 0, NULL, NULL, NULL), TRUNKHA_ERR_INVALID);
    options.n_settings = 1;
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), &options, NULL, NULL), TRUNKHA_ERR_INVALID);
    options.settings = &nothing;
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), &options, NULL, NULL), TRUNKHA_ERR_INVALID);
    options.size = 0;
    ck_assert_int_eq(trunkha_config_lint(config, strlen(config), &options, NULL, NULL), TRUNKHA_ERR_INVALID);
}
END_TEST

START_TEST(rules_are_told_one_by_one)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT;
    uint32_t n = 0;

    while (!trunkha_rule_get(n, &rule)) {
        ck_assert_uint_eq(strlen(rule.code), 5);
        n++;
    }
    ck_assert_uint_eq(n, THA_CODES - 1);
    ck_assert_str_eq(rule.slug, tha_config_get_rule(n)->slug);
    ck_assert_int_eq(trunkha_rule_get(n, &rule), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_rule_get(UINT32_MAX, &rule), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_rule_get(0, NULL), TRUNKHA_ERR_INVALID);
    rule.size = 0;
    ck_assert_int_eq(trunkha_rule_get(0, &rule), TRUNKHA_ERR_INVALID);
}
END_TEST

/* ---- Groups that many others fail over to ---- */

#define MANY 3000

static size_t asked_for;

static void *count_bytes(void *ptr, size_t size, void *user_data)
{
    (void)user_data;
    asked_for += size;
    if (size)
        return realloc(ptr, size);
    free(ptr);

    return NULL;
}

/** MANY groups, and one of MANY trunks, which all of them fail over to if it @p is_shared. New. */
static char *make_groups(bool is_shared)
{
    char *json = malloc(2 * MANY * 128), *at = json + sprintf(json, "{\"trunkGroups\": [{\"id\": \"last\", \"trunks\": [");

    for (unsigned i = 0; i < MANY; i++)
        at += sprintf(at, "%s{\"id\": \"t%u\", \"sipAddress\": \"t%u.example\", \"priority\": %u}", i ? "," : "", i, i, i);
    at += sprintf(at, "]}");
    for (unsigned i = 0; i < MANY; i++)
        at += sprintf(at, ",{\"id\": \"g%u\", \"sipAddress\": \"g%u.example\"%s}", i, i,
                      is_shared ? ", \"failoverTrunkGroupId\": \"last\"" : "");
    sprintf(at, "]}");

    return json;
}

static size_t lint_bytes(bool is_shared)
{
    const struct tha_mem mem = {count_bytes, NULL};
    const struct tha_config_wish wish = {.lints = true};
    char *json = make_groups(is_shared);

    asked_for = 0;
    ck_assert_int_eq(tha_config_read_as(&mem, json, strlen(json), &wish, NULL, NULL, NULL), 0);
    free(json);

    return asked_for;
}

/** All of these chains are nine million trunks, for which rules would ask for a gigabyte, bit by bit. */
START_TEST(group_that_all_fail_over_to_does_not_count_for_each_of_them)
{
    ck_assert_uint_lt(lint_bytes(true), lint_bytes(false) + 128 * 1024 * 1024);
}
END_TEST

SUITE("lint", rules_run_in_lint_and_not_in_check, settings_are_made_before_the_rules_run, bad_arguments_are_refused,
      rules_are_told_one_by_one, group_that_all_fail_over_to_does_not_count_for_each_of_them)
