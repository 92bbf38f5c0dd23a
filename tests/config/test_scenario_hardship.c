/* The cases starved of memory, cut short and mutated: reading ends in a sound scenario or in findings, whatever comes. */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "scenario_text.h"

#define ALLOCATIONS_MAX 500
#define CUTS            64  /* of each file */
#define MUTATIONS       400 /* of each file */
#define ROOM            256 /* that a mutation may add to a file, in bytes */

static struct cases valid, invalid;
static struct text input;
static struct tha_model *model;

/* ---- Want of memory */

struct hook {
    long until_failure; /* allocations that still succeed */
    long alive;
};

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
    (void)finding;
    ++*(unsigned *)user_data;
}

/** Returns what reading returned when the allocation after @p n_good failed. */
static int read_with(long n_good)
{
    struct tha_scenario *untouched = (struct tha_scenario *)(void *)&input, *scenario = untouched;
    struct hook hook = {n_good, 0};
    struct tha_mem mem = {counting_realloc, &hook};
    unsigned n_findings = 0;
    int err = tha_config_read_scenario(&mem, input.bytes, input.len, model, count_finding, &n_findings, &scenario);

    if (err)
        ck_assert_ptr_eq(scenario, untouched);
    else
        tha_scenario_free(scenario);
    ck_assert(err != TRUNKHA_ERR_NOMEM || !n_findings);
    ck_assert_int_eq(hook.alive, 0);

    return err;
}

static void fail_each_allocation(const struct cases *cases, int wanted_err)
{
    for (int i = 0; i < cases->count; i++) {
        long n = 0;
        int err;

        cases_read(cases, i, "input.json", &input);
        for (err = read_with(n); err == TRUNKHA_ERR_NOMEM && n < ALLOCATIONS_MAX;)
            err = read_with(++n);
        ck_assert_msg(err == wanted_err, "%s: %d after %ld allocations", cases->names[i], err, n);
        ck_assert_int_gt(n, 1);
    }
}

START_TEST(any_file_survives_any_failing_allocation)
{
    fail_each_allocation(&valid, 0);
    fail_each_allocation(&invalid, TRUNKHA_ERR_CONFIG);
}
END_TEST

/* ---- Nonsense */

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
};

static void check_finding(const trunkha_finding *finding, void *user_data)
{
    struct told *told = user_data;

    ck_assert(finding->line && finding->column && finding->column <= told->len + 1);
    ck_assert(*finding->message && *finding->why && *finding->fix && !strncmp(finding->code, "TH", 2));
    told->n_errors += finding->severity == TRUNKHA_SEVERITY_ERROR;
}

static void check_load(const struct tha_scenario *scenario, const struct tha_call_load *load)
{
    ck_assert(*load->profile && load->per_second > 0 && load->per_second <= 1000);
    ck_assert(load->from_ms < load->until_ms && load->until_ms <= scenario->duration_ms);
    ck_assert(load->duration_ms && load->patience_ms && load->busy_permille + load->no_answer_permille <= 1000);
}

static void check_step(const struct tha_scenario_step *step)
{
    for (uint32_t i = 0; i < step->n_whom; i++)
        ck_assert(*step->whom[i]);
    for (uint32_t i = 0; i < step->n_addresses; i++)
        ck_assert(step->addresses[i].family);

    switch (step->kind) {
    case THA_STEP_MANNER:
        ck_assert(step->of && step->of <= THA_CONDUCT_OF_BOTH && step->manner.conduct <= THA_CONDUCT_MUTE);
        ck_assert(step->manner.conduct != THA_CONDUCT_CODE || (step->manner.code >= 300 && step->manner.code <= 699));
        ck_assert(step->manner.loss_permille <= 1000 && !step->manner.up_ms == !step->manner.down_ms);
        break;
    case THA_STEP_ADDRESS:
    case THA_STEP_FAILBACK:
        ck_assert(*step->name);
        break;
    default:
        ck_assert(step->kind == THA_STEP_ADMIN || step->kind == THA_STEP_HOME || step->kind == THA_STEP_DNS);
    }
}

static void check_scenario(const struct tha_scenario *scenario)
{
    ck_assert(*scenario->name && scenario->about && scenario->duration_ms);
    for (uint32_t i = 0; i < scenario->n_loads; i++)
        check_load(scenario, &scenario->loads[i]);
    for (uint32_t i = 0; i < scenario->n_steps; i++) {
        check_step(&scenario->steps[i]);
        ck_assert(!i || scenario->steps[i].at_ms >= scenario->steps[i - 1].at_ms);
    }
}

/** From a block of exactly @p len bytes, so that a sanitizer sees a byte too far. */
static int read_exactly(const char *json, size_t len)
{
    struct told told = {.len = len};
    struct tha_scenario *scenario = NULL;
    char *copy = malloc(len ? len : 1);
    int err;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, json, len);
    err = tha_config_read_scenario(&tha_mem_default, copy, len, model, check_finding, &told, &scenario);
    free(copy); /* nothing in the scenario may point into it */

    ck_assert_int_eq(err, told.n_errors ? TRUNKHA_ERR_CONFIG : 0);
    if (!err)
        check_scenario(scenario);
    tha_scenario_free(scenario);

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
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "-1",
        "1e99",
        "0.0004",
        "\\ud83d",
        "\xc3",
        "${",
        "${HOME}",
        "9999999999",
        "true",
        "\"10m\"",
        "\"1d99999h\"",
        "\"who\":\"all\",",
        "\"who\":[\"secondary\"],",
        "\"at\":\"1h\",",
        "{\"at\":1,\"do\":\"homeCut\"},",
        "\"do\":\"flapping\",\"up\":1,\"down\":2,",
        "\"as\":\"code\",",
        "\"code\":503,",
    };
    const char *piece = pieces[next_random() % (sizeof(pieces) / sizeof(pieces[0]))];
    size_t at = next_random() % (len + 1), n = next_random() % 8;
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

static unsigned mutate_all(const struct cases *cases)
{
    static char json[TEXT_SIZE + ROOM];
    unsigned n_good = 0;

    for (int i = 0; i < cases->count; i++) {
        cases_read(cases, i, "input.json", &input);
        seed = 2463534242U + (uint32_t)i;
        for (int m = 0; m < MUTATIONS; m++) {
            size_t len = input.len;

            memcpy(json, input.bytes, len);
            for (uint32_t n = next_random() % 3 + 1; n; n--)
                len = mutate(json, len);
            n_good += !read_exactly(json, len);
        }
    }

    return n_good;
}

START_TEST(cut_files_end_in_findings)
{
    for (int i = 0; i < valid.count; i++) {
        cases_read(&valid, i, "input.json", &input);
        while (input.len && input.bytes[input.len - 1] == '\n')
            input.len--;
        for (size_t cut = 0; cut < CUTS; cut++)
            ck_assert_int_eq(read_exactly(input.bytes, input.len * cut / CUTS), TRUNKHA_ERR_CONFIG);
        ck_assert_int_eq(read_exactly(input.bytes, input.len), 0);
    }
}
END_TEST

START_TEST(mutated_files_end_in_a_sound_scenario_or_in_findings)
{
    unsigned n_good = mutate_all(&valid);

    ck_assert_uint_gt(n_good, 50);
    ck_assert_uint_lt(n_good, (unsigned)valid.count * MUTATIONS - 50);
    mutate_all(&invalid);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {any_file_survives_any_failing_allocation, cut_files_end_in_findings,
                                  mutated_files_end_in_a_sound_scenario_or_in_findings};
    int result;

    if (argc < 2)
        return EXIT_FAILURE;

    model = scenario_cases_find(argv[1], &valid, &invalid);
    result = run_suite("scenario hardship", tests, sizeof(tests) / sizeof(tests[0]));
    tha_model_free(model);

    return result;
}
