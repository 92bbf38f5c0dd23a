/* The cases cut short and mutated, always in the same way: reading ends in a sound model or in findings, whatever comes. */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "cases.h"

#define CUTS      64  /* of each file */
#define MUTATIONS 256 /* of each file */
#define ROOM      256 /* that a mutation may add to a file, in bytes */

static struct cases cases;
static struct text input;
static const char *cases_dir;
static uint32_t seed;

static uint32_t next_random(void)
{
    seed ^= seed << 13; /* Marsaglia, xorshift32 */
    seed ^= seed >> 17;
    seed ^= seed << 5;

    return seed;
}

struct told {
    size_t len;
    unsigned n_errors;
    uint32_t line, column;
};

static void check_finding(const trunkha_finding *finding, void *user_data)
{
    struct told *told = user_data;

    ck_assert(finding->line && finding->column && finding->column <= told->len + 1);
    ck_assert(finding->line > told->line || (finding->line == told->line && finding->column >= told->column));
    ck_assert(*finding->message && *finding->why && *finding->fix && *finding->slug);
    ck_assert(!strncmp(finding->code, "TH", 2));
    told->line = finding->line;
    told->column = finding->column;
    told->n_errors += finding->severity == TRUNKHA_SEVERITY_ERROR;
}

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
static void lint_exactly(const char *json, size_t len, int wanted_err)
{
    static const struct tha_config_wish wish = {.lints = true};
    struct told told = {.len = len};
    int err = tha_config_read_as(&tha_mem_default, json, len, &wish, check_finding, &told, NULL);

    ck_assert_int_eq(err, wanted_err);
    ck_assert_int_eq(told.n_errors > 0, err == TRUNKHA_ERR_CONFIG);
}

/** From a block of exactly @p len bytes, so that a sanitizer sees a byte too far. */
static int read_exactly(const char *json, size_t len)
{
    struct told told = {.len = len};
    struct tha_model *model = NULL;
    char *copy = malloc(len ? len : 1);
    int err;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, json, len);
    err = tha_config_read(&tha_mem_default, copy, len, check_finding, &told, &model);
    lint_exactly(copy, len, err);
    free(copy); /* nothing in the model may point into it */

    if (err) {
        ck_assert_int_eq(err, TRUNKHA_ERR_CONFIG);
        ck_assert_uint_gt(told.n_errors, 0);
    } else {
        ck_assert_uint_eq(told.n_errors, 0);
        check_model(model);
    }
    tha_model_free(model);

    return err;
}

static size_t replace(char *json, size_t len, size_t at, size_t n_old, const char *text, size_t n_new)
{
    memmove(json + at + n_new, json + at + n_old, len - at - n_old);
    memcpy(json + at, text, n_new);

    return len - n_old + n_new;
}

/** Changes a byte, takes some away, repeats some, or puts something in that means something in JSON or here. */
static size_t mutate(char *json, size_t len)
{
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
    };
    size_t at = next_random() % (len + 1), n = next_random() % 8;
    const char *piece = pieces[next_random() % (sizeof(pieces) / sizeof(pieces[0]))];
    char bytes[8];

    n = n < len - at ? n : len - at;
    memcpy(bytes, json + at, n);
    switch (next_random() % 4) {
    case 0:
        bytes[0] = (char)next_random();
        return replace(json, len, at, at < len, bytes, 1);
    case 1:
        return replace(json, len, at, n, "", 0);
    case 2:
        return replace(json, len, next_random() % (len + 1), 0, bytes, n);
    default:
        return replace(json, len, at, 0, piece, strlen(piece));
    }
}

static unsigned mutate_file(void)
{
    char *json = malloc(input.len + ROOM);
    unsigned n_good = 0;

    ck_assert_ptr_nonnull(json);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t len = input.len;

        memcpy(json, input.bytes, len);
        for (uint32_t n = next_random() % 3 + 1; n; n--)
            len = mutate(json, len);
        n_good += !read_exactly(json, len);
    }
    free(json);

    return n_good;
}

START_TEST(cut_files_end_in_findings)
{
    cases_find(&cases, cases_dir, "valid");
    for (int i = 0; i < cases.count; i++) {
        cases_read(&cases, i, "input.json", &input);
        while (input.len && input.bytes[input.len - 1] == '\n')
            input.len--;
        for (size_t cut = 0; cut < CUTS; cut++)
            ck_assert_int_eq(read_exactly(input.bytes, input.len * cut / CUTS), TRUNKHA_ERR_CONFIG);
        ck_assert_int_eq(read_exactly(input.bytes, input.len), 0);
    }
}
END_TEST

static unsigned mutate_all(const char *kind)
{
    unsigned n_good = 0;

    cases_find(&cases, cases_dir, kind);
    for (int i = 0; i < cases.count; i++) {
        cases_read(&cases, i, "input.json", &input);
        seed = 2463534242U + (uint32_t)i;
        n_good += mutate_file();
    }

    return n_good;
}

START_TEST(mutated_files_end_in_a_sound_model_or_in_findings)
{
    unsigned n_good = mutate_all("valid");

    ck_assert_uint_gt(n_good, 100);
    ck_assert_uint_lt(n_good, (unsigned)cases.count * MUTATIONS - 100);
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
