#include "hardship.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATIONS_MAX 5000
#define CUTS            64  /* of each file */
#define ROOM            256 /* that mutations may add to a file, in bytes */

static struct text input;

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

/** Returns what reading returned when the allocation after @p n_good failed: then nothing is told, and nothing is left. */
static int read_with(hardship_reader read, int index, long n_good)
{
    struct hook hook = {n_good, 0};
    struct tha_mem mem = {counting_realloc, &hook};
    unsigned n_findings = 0;
    int err = read(index, &mem, input.bytes, input.len, count_finding, &n_findings);

    ck_assert(err != TRUNKHA_ERR_NOMEM || !n_findings);
    ck_assert_int_eq(hook.alive, 0);

    return err;
}

void hardship_starve(const struct cases *cases, hardship_reader read)
{
    for (int i = 0; i < cases->count; i++) {
        long n = 0;
        int wanted_err, err;

        cases_read(cases, i, "input.json", &input);
        wanted_err = read_with(read, i, ALLOCATIONS_MAX);
        for (err = read_with(read, i, n); err == TRUNKHA_ERR_NOMEM && n < ALLOCATIONS_MAX; err = read_with(read, i, n))
            n++;
        ck_assert_msg(err == wanted_err, "%s: %d after %ld allocations", cases->names[i], err, n);
        ck_assert_int_gt(n, 0);
    }
}

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

/** From a block of exactly @p len bytes, so that a sanitizer sees a byte too far. */
static int read_exactly(hardship_reader read, int index, const char *json, size_t len)
{
    struct told told = {.len = len};
    char *copy = malloc(len ? len : 1);
    int err;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, json, len);
    err = read(index, &tha_mem_default, copy, len, check_finding, &told);
    free(copy);
    ck_assert_int_eq(err, told.n_errors ? TRUNKHA_ERR_CONFIG : 0);

    return err;
}

void hardship_cut(const struct cases *cases, hardship_reader read)
{
    for (int i = 0; i < cases->count; i++) {
        cases_read(cases, i, "input.json", &input);
        while (input.len && input.bytes[input.len - 1] == '\n')
            input.len--;
        for (size_t cut = 0; cut < CUTS; cut++)
            ck_assert_int_eq(read_exactly(read, i, input.bytes, input.len * cut / CUTS), TRUNKHA_ERR_CONFIG);
        ck_assert_int_eq(read_exactly(read, i, input.bytes, input.len), 0);
    }
}

static size_t replace(char *json, size_t len, size_t at, size_t n_old, const char *text, size_t n_new)
{
    memmove(json + at + n_new, json + at + n_old, len - at - n_old);
    memcpy(json + at, text, n_new);

    return len - n_old + n_new;
}

/** Changes a byte, takes some away, repeats some, or puts a piece in. */
static size_t mutate(char *json, size_t len, const char *piece)
{
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

static uint32_t count_pieces(const char *const *pieces)
{
    uint32_t n = 0;

    while (pieces[n])
        n++;

    return n;
}

unsigned hardship_mutate(const struct cases *cases, hardship_reader read, const char *const *pieces)
{
    static char json[TEXT_SIZE + ROOM];
    uint32_t n_pieces = count_pieces(pieces);
    unsigned n_good = 0;

    for (int i = 0; i < cases->count; i++) {
        cases_read(cases, i, "input.json", &input);
        seed = 2463534242U + (uint32_t)i;
        for (int m = 0; m < HARDSHIP_MUTATIONS; m++) {
            size_t len = input.len;

            memcpy(json, input.bytes, len);
            for (uint32_t n = next_random() % 3 + 1; n; n--)
                len = mutate(json, len, pieces[next_random() % n_pieces]);
            n_good += !read_exactly(read, i, json, len);
        }
    }

    return n_good;
}
