/* A day of 1,000 targets and 50 calls a second, simulated on one core; beside it what the calls of that day cost a host that
 * does nothing but begin them, report that they ring and are answered, and end them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define GROUPS      500U /* of two trunks with one address each */
#define GOAL_S      10.0
#define TURN        500U /* calls between two looks whether the engine keeps up with their reports */
#define TURNS       200U
#define PATIENCE_MS 1000U

static const char scenario[] = "{\"duration\": 86400, \"seed\": 1, \"calls\": [{\"profile\": \"out\", \"perSecond\": 50}]}";

static const char group[] = "%s{\"id\": \"g%u\", \"trunks\": [{\"id\": \"a%u\", \"sipAddress\": \"192.0.%u.%u\"},"
                            " {\"id\": \"b%u\", \"sipAddress\": \"198.51.%u.%u\", \"priority\": 1}]}";

static const char profile[] = "], \"routingProfiles\": [{\"id\": \"out\", \"primaryTrunkGroup\": \"g0\","
                              " \"secondaryTrunkGroup\": \"g1\"}]}";

static char config[GROUPS * 160 + 256];

static void make_config(void)
{
    size_t len = (size_t)snprintf(config, sizeof(config), "{\"trunkGroups\": [");

    for (unsigned i = 0; i < GROUPS; i++)
        len += (size_t)snprintf(config + len, sizeof(config) - len, group, i ? "," : "", i, i, i / 250, i % 250 + 1, i,
                                i / 250, i % 250 + 1);
    snprintf(config + len, sizeof(config) - len, "%s", profile);
}

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);

    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- A day ---- */

static double simulate_day(trunkha_simulation_summary *summary)
{
    double start = cpu_s(), took;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_simulation *simulation;

    if (trunkha_simulation_new(config, strlen(config), scenario, strlen(scenario), NULL, &simulation, &diag))
        bench_die(diag.message);
    if (trunkha_simulation_run(simulation, UINT64_MAX))
        bench_die("the simulation does not come to its end");
    took = cpu_s() - start;
    trunkha_simulation_get_summary(simulation, summary);
    trunkha_simulation_free(simulation);

    return took;
}

/* ---- The calls alone ---- */

static trunkha_engine *running_engine(void)
{
    trunkha_engine *engine = NULL;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    static const char quiet[] = "{\"trunkGroups\": [{\"id\": \"out\", \"sipAddress\": \"192.0.2.1\"}],"
                                " \"keepalive\": {\"enabled\": false}}";

    if (trunkha_engine_new(NULL, &engine))
        bench_die("no engine");
    if (trunkha_engine_load(engine, quiet, strlen(quiet), &diag))
        bench_die(diag.message);
    if (trunkha_engine_start(engine))
        bench_die("the engine does not start");

    return engine;
}

static void place_call(trunkha_view *view)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    trunkha_report report = TRUNKHA_REPORT_INIT;
    trunkha_call *call;

    if (trunkha_call_begin(view, "out", NULL, &call, &step))
        bench_die("a call does not begin");
    report.kind = TRUNKHA_REPORT_RESPONSE;
    report.code = 180;
    trunkha_call_report(call, &report, &step);
    report.code = 200;
    trunkha_call_report(call, &report, &step);
    trunkha_call_end(call);
}

/** Seconds for each. */
static double measure_call(void)
{
    trunkha_engine *engine = running_engine();
    trunkha_view *view = trunkha_engine_view(engine);
    double total = 0;

    for (uint64_t turn = 1; turn <= TURNS; turn++) {
        double start = cpu_s();

        for (unsigned i = 0; i < TURN; i++)
            place_call(view);
        total += cpu_s() - start;
        for (uint32_t ms = 0; ms < PATIENCE_MS && bench_stats(engine).calls_begun < turn * TURN; ms++)
            bench_sleep_ms(1);
    }
    trunkha_view_unref(view);
    trunkha_engine_unref(engine);

    return total / (TURNS * TURN);
}

int main(void)
{
    trunkha_simulation_summary summary = TRUNKHA_SIMULATION_SUMMARY_INIT;
    double call_s, day_s;

    make_config();
    call_s = measure_call();
    day_s = simulate_day(&summary);
    bench_note("calls of a day", (double)summary.calls, "calls");
    bench_note("probes of a day", (double)summary.probes, "probes");
    bench_note("calls alone", call_s * (double)summary.calls, "s");
    bench_note("simulated day, in times of its calls alone", day_s / (call_s * (double)summary.calls), "times");

    return bench_at_most("simulated day", day_s, "s", GOAL_S);
}
