/* What it costs to ask for the trunk of the next call: a profile of two groups with one trunk each, failover order kept,
 * both candidates wanted. One thread and two, the engine's own view and a named one. `select COUNT` only makes that many
 * selections, for selection.sh to count the instructions of. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define PROFILE    "RP-GENERAL"
#define ROUNDS     2000000U
#define REPEATS    9 /* the best counts: others use this machine too */
#define GOAL_NS    100.0
#define GOAL_RATIO 1.1 /* of what a selection costs when another thread selects too */

static const char config[] = "{\"trunkGroups\": ["
                             "  {\"id\": \"carrier-a\", \"name\": \"SIP-TRUNK-PRIMARY-CARRIER-A\", \"trunks\": ["
                             "    {\"id\": \"a1\", \"name\": \"Primary-PSTN-Trunk\", \"sipAddress\": \"sip:192.0.2.1\", "
                             "\"outboundRoute\": \"GW-A\"}]},"
                             "  {\"id\": \"carrier-b\", \"name\": \"SIP-TRUNK-SECONDARY-CARRIER-B\", \"trunks\": ["
                             "    {\"id\": \"b1\", \"name\": \"Other-PSTN-Trunk\", \"sipAddress\": \"sip:198.51.100.1\", "
                             "\"outboundRoute\": \"GW-B\"}]}],"
                             "\"routingProfiles\": [{\"id\": \"" PROFILE "\", \"name\": \"General\","
                             "  \"primaryTrunkGroup\": \"carrier-a\", \"secondaryTrunkGroup\": \"carrier-b\"}]}";

/** Loaded but not started: who selects does not care, and nothing else runs. */
static trunkha_engine *loaded_engine(const char *view_name)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_engine *engine = NULL;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    options.view_name = view_name;
    if (trunkha_engine_new(&options, &engine))
        bench_die("no engine");
    if (trunkha_engine_load(engine, config, strlen(config), &diag))
        bench_die(diag.message);

    return engine;
}

static void select_often(const trunkha_view *view, uint32_t rounds)
{
    trunkha_candidate to[2];

    for (uint32_t i = 0; i < rounds; i++) {
        size_t n = 2;

        if (trunkha_view_select(view, PROFILE, to, &n) || n != 2)
            bench_die("no two candidates");
    }
}

struct selector {
    pthread_t thread;
    const trunkha_view *view;
    double ns; /**< CPU time of a selection */
};

/** The thread's own CPU time: a cache line that moves between the threads shows in it, a neighbour on the machine less. */
static double thread_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);

    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *select_in_thread(void *arg)
{
    struct selector *selector = arg;
    double start_ns = thread_ns();

    select_often(selector->view, ROUNDS);
    selector->ns = (thread_ns() - start_ns) / ROUNDS;

    return NULL;
}

/** Nanoseconds of a selection while as many threads select. */
static double measure(trunkha_view *view, int n_threads)
{
    struct selector selectors[2];
    double most = 0;

    for (int i = 0; i < n_threads; i++) {
        selectors[i].view = view;
        if (pthread_create(&selectors[i].thread, NULL, select_in_thread, &selectors[i]))
            bench_die("no thread");
    }
    for (int i = 0; i < n_threads; i++) {
        pthread_join(selectors[i].thread, NULL);
        most = selectors[i].ns > most ? selectors[i].ns : most;
    }

    return most;
}

static double best_of(trunkha_view *view, int n_threads)
{
    double best = measure(view, n_threads);

    for (int i = 1; i < REPEATS; i++) {
        double ns = measure(view, n_threads);

        best = ns < best ? ns : best;
    }

    return best;
}

static int report(trunkha_view *view, const char *kind)
{
    char name[64];
    double one = best_of(view, 1);
    int missed;

    snprintf(name, sizeof(name), "selection, %s view", kind);
    missed = bench_at_most(name, one, "ns", GOAL_NS);
    snprintf(name, sizeof(name), "selection, %s view, each of two threads", kind);

    return missed + bench_ratio(name, best_of(view, 2), "ns", one, GOAL_RATIO);
}

int main(int argc, char **argv)
{
    char view_name[32];
    trunkha_engine *engine;
    trunkha_view *own, *named = NULL;
    int missed = 0;

    snprintf(view_name, sizeof(view_name), "bench-%ld", (long)getpid());
    engine = loaded_engine(view_name);
    own = trunkha_engine_view(engine);
    if (trunkha_view_open(view_name, &named))
        bench_die("no named view");

    if (argc > 1)
        select_often(named, (uint32_t)strtoul(argv[1], NULL, 10));
    else
        missed = report(own, "own") + report(named, "named");

    trunkha_view_unref(named);
    trunkha_view_unref(own);
    trunkha_engine_unref(engine);
    trunkha_view_remove(view_name);

    return missed ? 1 : 0;
}
