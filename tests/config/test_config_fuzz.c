/* The cases cut short and mutated: reading ends in a sound model or in findings, whatever comes. */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "hardship.h"

static struct cases cases;
static const char *cases_dir;

/** What means something in JSON or here. */
static const char *const pieces[] = {
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "-1",
    "1e99",
    "0.0001",
    "\\u0000",
    "\\ud83d",
    "\xc3",
    "${",
    "${HOME}",
    "\"id\":\"a\",",
    "\"x-a\":{},",
    "\"sipAddress\":\"192.0.2.1\",",
    "\"keepalive\":{\"interval\":2},",
    "\"keepalive\":{\"flapDamping\":{\"holdDown\":1000}},",
    "\"call\":{\"rerouteCodes\":[486,\"4xx\",503]},",
    "\"codecs\":[{\"type\":\"PCMA\"}],",
    "\"x-lint-ignore\":[\"TH028\",\"TH1\",{}],",
    "\"adminState\":\"disabled\",",
    "99999999999",
    "true",
    "\r\n",
    "",
    NULL,
};

static void check_trunk(const struct tha_model *model, uint32_t index, uint32_t group)
{
    const struct tha_trunk_model *trunk = &model->trunks[index];

    ck_assert(*trunk->id && *trunk->name && strlen(trunk->id) < TRUNKHA_ID_SIZE && strlen(trunk->name) < TRUNKHA_ID_SIZE);
    ck_assert(!strncmp(trunk->uri, "sip", 3) && strlen(trunk->uri) < TRUNKHA_URI_SIZE);
    if (trunk->dns_name)
        ck_assert(*trunk->dns_name->host && !trunk->addr.family && trunk->addr.port == 0);
    else
        ck_assert(trunk->addr.family && trunk->addr.port);
    ck_assert(trunk->reach ||
              (trunk->dns_name ? trunk->dns_name->has_transport : trunk->addr.transport == THA_TRANSPORT_UDP));
    if (trunk->reach)
        ck_assert(trunk->reach->tls && *trunk->reach->host);
    ck_assert(trunk->paired == THA_NONE || model->trunks[trunk->paired].paired == index);
    ck_assert(trunk->group == group && trunk->keepalive->interval_ms >= 1000);
    ck_assert(trunk->keepalive->damping.max_hold_down_ms >= trunk->keepalive->damping.hold_down_ms);
}

static void check_profile(const struct tha_model *model, const struct tha_profile_model *profile)
{
    const struct tha_call_settings *call = profile->call;

    ck_assert(*profile->id && profile->n_groups && profile->failback <= THA_FAILBACK_WHEN_IDLE);
    for (uint32_t i = 0; i < profile->n_groups; i++)
        ck_assert_uint_lt(profile->groups[i], model->n_groups);

    ck_assert(call->no_response_ms && call->no_ring_ms && call->total_ms && call->ring_ms);
    ck_assert(call->max_attempts && call->max_attempts <= THA_ATTEMPTS_MAX && call->retry_budget_percent <= 100);
    for (unsigned code = 100; code <= 699; code++) {
        if (code < 300 || code == 486 || code == 487 || code >= 600)
            ck_assert(!tha_codes_has(&call->reroute, code));
    }
}

static void check_model(const struct tha_model *model)
{
    uint32_t n_trunks = 0;

    ck_assert(model->n_groups && model->n_listen && model->n_profiles >= model->n_groups);
    for (uint32_t g = 0; g < model->n_groups; g++) {
        const struct tha_group_model *group = &model->groups[g];

        ck_assert(*group->id && group->n_trunks && group->first_trunk == n_trunks);
        ck_assert(group->failover == THA_NONE || group->failover < model->n_groups);
        for (uint32_t i = 0; i < group->n_trunks; i++)
            check_trunk(model, n_trunks++, g);
    }
    ck_assert_uint_eq(n_trunks, model->n_trunks);

    for (uint32_t p = 0; p < model->n_profiles; p++)
        check_profile(model, &model->profiles[p]);
}

/** The rules find fault with a sound model only, and never make more errors of it. */
static int read_and_lint(int index, const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb,
                         void *user_data)
{
    static const struct tha_config_wish wish = {.lints = true};
    struct tha_model *model = NULL;
    int err = tha_config_read(mem, json, len, NULL, NULL, &model);

    (void)index;
    ck_assert_int_eq(tha_config_read_as(mem, json, len, &wish, finding_cb, user_data, NULL), err);
    if (!err)
        check_model(model);
    tha_model_free(model);

    return err;
}

START_TEST(cut_files_end_in_findings)
{
    cases_find(&cases, cases_dir, "valid");
    hardship_cut(&cases, read_and_lint);
}
END_TEST

static unsigned mutate_all(const char *kind)
{
    cases_find(&cases, cases_dir, kind);

    return hardship_mutate(&cases, read_and_lint, pieces);
}

START_TEST(mutated_files_end_in_a_sound_model_or_in_findings)
{
    unsigned n_good = mutate_all("valid");

    ck_assert_uint_gt(n_good, 100);
    ck_assert_uint_lt(n_good, (unsigned)cases.count * HARDSHIP_MUTATIONS - 100);
    mutate_all("invalid");
}
END_TEST

START_TEST(mutated_files_with_much_to_lint_end_in_findings_too)
{
    mutate_all("lint/bad");
    mutate_all("lint/good");
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {cut_files_end_in_findings, mutated_files_end_in_a_sound_model_or_in_findings,
                                  mutated_files_with_much_to_lint_end_in_findings_too};

    if (argc < 2)
        return EXIT_FAILURE;

    cases_set_environment();
    cases_dir = argv[1];

    return run_suite("config fuzz", tests, sizeof(tests) / sizeof(tests[0]));
}
