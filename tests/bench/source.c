/* What it costs to ask whose address it is: 10,000 targets, asked for in an order that no cache foresees. Each with a host
 * of its own, as carriers have it, and all on one host, as nobody should. `source COUNT` only makes that many look-ups, for
 * selection.sh to count the instructions of. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define TARGETS 10000U
#define GROUP   100U
#define ROUNDS  1000000U
#define REPEATS 9 /* the best counts: others use this machine too */
#define GOAL_NS 200.0

/** Where a target is: a host of its own in 10.0.0.0/8, or a port of its own. */
struct place {
    uint32_t host;
    uint16_t port;
};

typedef struct place place_of(uint32_t target);

static struct place own_host(uint32_t target)
{
    return (struct place){0x0a000000 + target * 7, 5060};
}

static struct place own_port(uint32_t target)
{
    return (struct place){0x0a000001, (uint16_t)(10000 + target)};
}

static struct place unknown_host(uint32_t target)
{
    return (struct place){0x0b000000 + target * 7, 5060};
}

static void write_trunk(FILE *out, uint32_t target, struct place place)
{
    fprintf(out, "%s{\"id\": \"t%u\", \"name\": \"trunk %u\", \"sipAddress\": \"sip:%u.%u.%u.%u:%u\"}",
            target % GROUP ? "," : "", target, target, place.host >> 24, place.host >> 16 & 0xff, place.host >> 8 & 0xff,
            place.host & 0xff, place.port);
}

static char *new_config(place_of *place)
{
    char *json = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&json, &len);

    if (!out)
        bench_die("no memory");

    fprintf(out, "{\"trunkGroups\": [");
    for (uint32_t i = 0; i < TARGETS; i++) {
        if (i % GROUP == 0)
            fprintf(out, "%s{\"id\": \"g%u\", \"name\": \"group %u\", \"trunks\": [", i ? "]}," : "", i / GROUP, i / GROUP);
        write_trunk(out, i, place(i));
    }
    fprintf(out, "]}]}");
    if (fclose(out))
        bench_die("no memory");

    return json;
}

/** Loaded but not started: who asks does not care, and nothing else runs. */
static trunkha_engine *loaded_engine(place_of *place)
{
    trunkha_engine *engine = NULL;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    char *json = new_config(place);

    if (trunkha_engine_new(NULL, &engine))
        bench_die("no engine");
    if (trunkha_engine_load(engine, json, strlen(json), &diag))
        bench_die(diag.message);
    free(json);

    return engine;
}

static void look_up_often(const trunkha_view *view, place_of *place, uint32_t rounds, int expected)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    trunkha_source found = TRUNKHA_SOURCE_INIT;

    for (uint32_t i = 0; i < rounds; i++) {
        struct place from = place(i * 2654435761U % TARGETS);

        source.sin_addr.s_addr = htonl(from.host);
        source.sin_port = htons(from.port);
        if (trunkha_trunk_of_source(view, (const struct sockaddr *)&source, &found) != expected)
            bench_die("another answer than expected");
    }
}

static double measure(const trunkha_view *view, place_of *place, int expected)
{
    struct timespec start, end;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    look_up_often(view, place, ROUNDS, expected);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);

    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / ROUNDS;
}

static int report(const trunkha_view *view, const char *name, place_of *place, int expected)
{
    double best = measure(view, place, expected);

    for (int i = 1; i < REPEATS; i++) {
        double ns = measure(view, place, expected);

        best = ns < best ? ns : best;
    }

    return bench_at_most(name, best, "ns", GOAL_NS);
}

int main(int argc, char **argv)
{
    trunkha_engine *apart = loaded_engine(own_host);
    trunkha_view *view = trunkha_engine_view(apart);
    int missed = 0;

    if (argc > 1) {
        look_up_often(view, own_host, (uint32_t)strtoul(argv[1], NULL, 10), 0);
    } else {
        trunkha_engine *together = loaded_engine(own_port);
        trunkha_view *crowded = trunkha_engine_view(together);

        missed += report(view, "source, 10,000 hosts", own_host, 0);
        missed += report(view, "source, nobody's", unknown_host, TRUNKHA_ERR_NOTFOUND);
        missed += report(crowded, "source, 10,000 ports of one host", own_port, 0);
        trunkha_view_unref(crowded);
        trunkha_engine_unref(together);
    }

    trunkha_view_unref(view);
    trunkha_engine_unref(apart);

    return missed ? 1 : 0;
}
