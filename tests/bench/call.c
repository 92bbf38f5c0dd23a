/* What the library costs a host for each call: begin, one report that it was answered, end. The engine runs and takes what
 * is told, but probes nothing. One thread and two: all write to the same gauges, list of calls and queue of reports. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define PROFILE     "RP-GENERAL"
#define RUNNING     500U /* calls of a thread at any time */
#define TURN        20U  /* calls that end, and as many that begin and are answered, between two looks at the clock */
#define TURNS       2000U
#define PATIENCE_MS 1000U  /* for the engine to take the reports of a turn */
#define GOAL_NS     1000.0 /* begin and one report together */
#define THREADS_MAX 2U

static const char config[] =
    "{\"trunkGroups\": ["
    "  {\"id\": \"carrier-a\", \"trunks\": [{\"id\": \"a1\", \"sipAddress\": \"sip:192.0.2.1\"}]},"
    "  {\"id\": \"carrier-b\", \"trunks\": [{\"id\": \"b1\", \"sipAddress\": \"sip:198.51.100.1\"}]}],"
    "\"routingProfiles\": [{\"id\": \"" PROFILE "\", \"primaryTrunkGroup\": \"carrier-a\","
    "  \"secondaryTrunkGroup\": \"carrier-b\"}],"
    "\"keepalive\": {\"enabled\": false}}";

static trunkha_engine *running_engine(void)
{
    trunkha_engine *engine = NULL;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    if (trunkha_engine_new(NULL, &engine))
        bench_die("no engine");
    if (trunkha_engine_load(engine, config, strlen(config), &diag))
        bench_die(diag.message);
    if (trunkha_engine_start(engine))
        bench_die("the engine does not start");

    return engine;
}

/** Nanoseconds of CPU time for each part of a call. */
struct cost {
    double begin, report, end;
};

struct caller {
    pthread_t thread;
    const trunkha_engine *engine;
    trunkha_view *view;
    pthread_barrier_t *barrier;
    uint64_t begun_before; /* calls */
    unsigned n_threads;
    trunkha_call *calls[RUNNING];
    struct cost turns[TURNS];
};

/** The thread's own CPU time: a cache line that moves between the threads shows in it, a neighbour on the machine less. */
static double thread_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);

    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void begin_some(struct caller *caller, trunkha_call **calls)
{
    static const trunkha_call_options options = {sizeof(options), "a84b4c76e66710@pc33.example.com"};
    trunkha_step step = TRUNKHA_STEP_INIT;

    for (uint32_t i = 0; i < TURN; i++) {
        if (trunkha_call_begin(caller->view, PROFILE, &options, &calls[i], &step) || step.action != TRUNKHA_STEP_TRY)
            bench_die("a call has no trunk");
    }
}

static void answer_some(trunkha_call *const *calls)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    trunkha_report answered = TRUNKHA_REPORT_INIT;

    answered.kind = TRUNKHA_REPORT_RESPONSE;
    answered.code = 200;
    for (uint32_t i = 0; i < TURN; i++) {
        if (trunkha_call_report(calls[i], &answered, &step) || step.action != TRUNKHA_STEP_WAIT)
            bench_die("a call is not answered");
    }
}

static void end_some(trunkha_call **calls)
{
    for (uint32_t i = 0; i < TURN; i++)
        calls[i] = trunkha_call_end(calls[i]);
}

static struct cost take_turn(struct caller *caller, trunkha_call **calls)
{
    double start = thread_ns(), ended, begun;

    end_some(calls);
    ended = thread_ns();
    begin_some(caller, calls);
    begun = thread_ns();
    answer_some(calls);

    return (struct cost){(begun - ended) / TURN, (thread_ns() - begun) / TURN, (ended - start) / TURN};
}

/** Waits until the engine knows of @p begun calls: then there is room for more reports. */
static void wait_begun(const trunkha_engine *engine, uint64_t begun)
{
    for (uint32_t ms = 0; ms < PATIENCE_MS && bench_stats(engine).calls_begun < begun; ms++)
        bench_sleep_ms(1);
}

static void *place_calls(void *arg)
{
    struct caller *caller = arg;

    for (uint32_t i = 0; i < TURNS; i++) {
        pthread_barrier_wait(caller->barrier);
        caller->turns[i] = take_turn(caller, &caller->calls[i * TURN % RUNNING]);
        wait_begun(caller->engine, caller->begun_before + (uint64_t)(i + 1) * TURN * caller->n_threads);
    }
    for (uint32_t i = 0; i < RUNNING; i += TURN)
        end_some(&caller->calls[i]);

    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/** The median of one part of the cost, which lies @p offset bytes into it. */
static double median(const struct caller *caller, size_t offset)
{
    double values[TURNS];

    for (uint32_t i = 0; i < TURNS; i++)
        memcpy(&values[i], (const char *)&caller->turns[i] + offset, sizeof(values[i]));
    qsort(values, TURNS, sizeof(values[0]), compare);

    return values[TURNS / 2];
}

static void start(struct caller *caller)
{
    if (pthread_create(&caller->thread, NULL, place_calls, caller))
        bench_die("no thread");
}

/** The mean of the threads. */
static struct cost measure(const trunkha_engine *engine, trunkha_view *view, unsigned n_threads)
{
    static struct caller callers[THREADS_MAX];
    pthread_barrier_t barrier;
    struct cost mean = {0, 0, 0};

    pthread_barrier_init(&barrier, NULL, n_threads);
    for (unsigned i = 0; i < n_threads; i++)
        callers[i] = (struct caller){.engine = engine,
                                     .view = view,
                                     .barrier = &barrier,
                                     .begun_before = bench_stats(engine).calls_begun,
                                     .n_threads = n_threads};
    for (unsigned i = 0; i < n_threads; i++)
        start(&callers[i]);
    for (unsigned i = 0; i < n_threads; i++) {
        pthread_join(callers[i].thread, NULL);
        mean.begin += median(&callers[i], offsetof(struct cost, begin)) / n_threads;
        mean.report += median(&callers[i], offsetof(struct cost, report)) / n_threads;
        mean.end += median(&callers[i], offsetof(struct cost, end)) / n_threads;
    }
    pthread_barrier_destroy(&barrier);

    return mean;
}

static int report(const trunkha_engine *engine, trunkha_view *view, unsigned n_threads)
{
    struct cost cost = measure(engine, view, n_threads);
    const char *who = n_threads > 1 ? ", each of two threads" : "";
    char name[64];

    snprintf(name, sizeof(name), "call begin%s", who);
    bench_note(name, cost.begin, "ns");
    snprintf(name, sizeof(name), "call report%s", who);
    bench_note(name, cost.report, "ns");
    snprintf(name, sizeof(name), "call end%s", who);
    bench_note(name, cost.end, "ns");
    if (n_threads > 1)
        return 0; /* what two pay for the cache lines that they share is for information */

    return bench_at_most("call begin and report", cost.begin + cost.report, "ns", GOAL_NS);
}

int main(void)
{
    trunkha_engine *engine = running_engine();
    trunkha_view *view = trunkha_engine_view(engine);
    int missed = 0;

    for (unsigned n = 1; n <= THREADS_MAX; n++)
        missed += report(engine, view, n);
    missed += bench_at_most("reports of calls that were lost", (double)bench_stats(engine).call_reports_lost, "reports", 0);

    trunkha_view_unref(view);
    trunkha_engine_unref(engine);

    return missed ? 1 : 0;
}
