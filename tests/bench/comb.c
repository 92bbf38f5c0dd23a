/* How evenly probes leave: the most in any 10 ms, wherever those begin, as the peers see it, at 10,000 targets every 5 s.
 * Ideal is 20; goal is at most 40: after the start, in steady state, after a reload that changes every trunk, and when
 * all targets come back after all were silent. */
#include "bench.h"

#define TARGETS  10000U
#define PHASE_MS 12000U
#define WINDOW   10U /* ms */
#define GOAL     40.0
#define LIFE_S   180U

static const struct bench_plan plan = {.trunks = TARGETS, .keepalive = "\"interval\": 5, \"jitter\": 0.1"};
static const struct bench_plan reloaded = {
    .trunks = TARGETS,
    .keepalive = "\"interval\": 5, \"jitter\": 0.1, \"timeout\": 2",
};

/* Watches from now on, for as long as two intervals take and a bit. */
static int watch(struct mock *mock, const char *name)
{
    struct mock_density density;

    bench_sleep_ms(PHASE_MS);
    if (mock_density(mock, WINDOW, &density))
        bench_die("the mock carrier does not answer");
    bench_tell(mock, "reset");

    return bench_at_most(name, (double)density.most, "probes", GOAL);
}

int main(void)
{
    struct mock *mock = bench_mock(TARGETS, LIFE_S);
    trunkha_engine *engine = bench_engine(mock, &plan);
    int missed = watch(mock, "most probes in 10 ms after start");

    missed += watch(mock, "most probes in 10 ms, steady");

    bench_load(engine, mock, &reloaded);
    missed += watch(mock, "most probes in 10 ms after reload");

    bench_tell(mock, "set all mode=silent");
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_DOWN, TARGETS, 60))
        bench_die("not all targets went down");
    bench_tell(mock, "reset");
    bench_tell(mock, "set all mode=answer");
    missed += watch(mock, "most probes in 10 ms after an outage of all");

    trunkha_engine_unref(engine);
    mock_stop(mock);

    return missed ? 1 : 0;
}
