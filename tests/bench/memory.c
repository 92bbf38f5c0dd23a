/* Memory of a target that is probed: PSS with 10,000 less PSS with 1, each in a process of its own, divided by 9,999.
 * Goal: 1.5 KiB. And what an engine with one trunk and the default intervals does all day: goal 0.1 ms CPU a second. */
#include "bench.h"

#define TARGETS 10000U
#define IDLE_S  20U
#define LIFE_S  120U

/* Two intervals and a bit: every target has been probed, answered and probed again. */
static double measure_pss(uint32_t targets)
{
    struct bench_plan plan = {.trunks = targets, .keepalive = "\"interval\": 5, \"jitter\": 0.1"};
    struct mock *mock = bench_mock(targets, LIFE_S);
    trunkha_engine *engine = bench_engine(mock, &plan);
    double kib;

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, targets, 30))
        bench_die("not all targets came up");
    bench_sleep_ms(12000);
    kib = bench_pss_kib();
    trunkha_engine_unref(engine);
    mock_stop(mock);

    return kib;
}

/* In CPU milliseconds a second. */
static double measure_idle(uint32_t targets)
{
    struct bench_plan plan = {.trunks = targets, .keepalive = ""};
    struct mock *mock = bench_mock(targets, LIFE_S);
    trunkha_engine *engine = bench_engine(mock, &plan);
    uint64_t cpu_us;

    bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, targets, 30);
    bench_sleep_ms(2000);
    cpu_us = bench_cpu_us();
    bench_sleep_ms(IDLE_S * 1000);
    cpu_us = bench_cpu_us() - cpu_us;
    trunkha_engine_unref(engine);
    mock_stop(mock);

    return (double)cpu_us / 1000 / IDLE_S;
}

int main(void)
{
    double many = bench_in_child(measure_pss, TARGETS);
    double one = bench_in_child(measure_pss, 1);
    double idle = bench_in_child(measure_idle, 1);
    int missed = 0;

    bench_note("PSS with one target", one, "KiB");
    bench_note("PSS with 10,000 targets", many, "KiB");
    missed += bench_at_most("memory per target", (many - one) / (TARGETS - 1), "KiB", 1.5);
    missed += bench_at_most("idle engine, CPU per second", idle, "ms", 0.1);

    return missed ? 1 : 0;
}
