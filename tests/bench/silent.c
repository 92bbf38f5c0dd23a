/* All targets silent at once, 10,000 and then 50,000 of them, and back again.
 *
 * Goals: the loop never takes 20 ms to come back to its sockets; a probe of 50,000 costs what one of 10,000 costs (CPU is
 * linear in their number; a quarter more is allowed for caches); when the targets return all come up again, and of the
 * answers that were sent none is lost in the receive buffer. */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

#define INTERVAL_S 5U
#define SILENCE_S  25U
#define LIFE_S     240U
#define STALL_MS   20.0

struct outcome {
    double stall_ms;
    double cpu_us; /* per probe of the silence, its retransmissions included */
    uint32_t missing;
    int64_t lost;
};

/* Everything that came in and could be an answer, whatever was thought of it. */
static uint64_t answers_seen(const trunkha_engine *engine)
{
    trunkha_stats stats = bench_stats(engine);

    return stats.probes_answered + stats.provisional_answers + stats.late_answers + stats.duplicate_answers +
           stats.malformed_packets + stats.unknown_answers + stats.foreign_answers;
}

static void tell(struct mock *mock, const char *mode)
{
    if (mock_tell(mock, "set all mode=%s", mode))
        bench_die("the mock carrier does not obey");
}

static double cpu_of_silence(const trunkha_engine *engine)
{
    uint64_t probes = bench_stats(engine).probes_sent;
    uint64_t cpu_us = bench_cpu_us();

    bench_sleep_ms(SILENCE_S * 1000);
    cpu_us = bench_cpu_us() - cpu_us;
    probes = bench_stats(engine).probes_sent - probes;

    return probes ? (double)cpu_us / (double)probes : -1;
}

static struct outcome measure(uint32_t targets)
{
    struct bench_plan plan = {.trunks = targets, .keepalive = "\"interval\": 5, \"jitter\": 0.1"};
    struct mock *mock = bench_mock(targets, LIFE_S);
    trunkha_engine *engine = bench_engine(mock, &plan);
    struct outcome outcome = {.stall_ms = 0};

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, targets, 60))
        bench_die("not all targets came up");
    bench_sleep_ms(INTERVAL_S * 1000);

    tell(mock, "silent");
    outcome.cpu_us = cpu_of_silence(engine);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_DOWN, targets, 60))
        bench_die("not all targets went down");

    tell(mock, "answer");
    bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, targets, 60);
    outcome.missing = targets - bench_count_health(engine, TRUNKHA_HEALTH_AVAILABLE);

    tell(mock, "silent"); /* so that both can be counted with nothing on the way */
    bench_sleep_ms(500);
    outcome.lost = (int64_t)bench_counts(mock).answered - (int64_t)answers_seen(engine);
    outcome.stall_ms = (double)bench_stats(engine).longest_stall_us / 1000;

    trunkha_engine_unref(engine);
    mock_stop(mock);

    return outcome;
}

static int report(const char *targets, const struct outcome *outcome)
{
    char name[96];
    int missed = 0;

    snprintf(name, sizeof(name), "longest loop stall, %s targets silent at once", targets);
    missed += bench_at_most(name, outcome->stall_ms, "ms", STALL_MS);
    snprintf(name, sizeof(name), "targets not back, of %s", targets);
    missed += bench_at_most(name, outcome->missing, "targets", 0);
    snprintf(name, sizeof(name), "answers lost, %s targets", targets);
    missed += bench_at_most(name, (double)outcome->lost, "answers", 0);
    snprintf(name, sizeof(name), "CPU per unanswered probe, %s targets", targets);
    bench_note(name, outcome->cpu_us, "us");

    return missed;
}

int main(void)
{
    struct outcome small = measure(10000);
    struct outcome large;
    int missed = report("10,000", &small);

    large = measure(50000);
    missed += report("50,000", &large);
    missed += bench_ratio("CPU per unanswered probe, 50,000 to 10,000", large.cpu_us, "us", small.cpu_us, 1.25);

    return missed ? 1 : 0;
}
