/* CPU time of an answered probe: 10,000 targets every 5 s, paced. Beside it in the same run the floor (the same bytes in
 * the same slots by plain system calls) and Kamailio's dispatcher on the same targets.
 *
 * Goals: at most 2.5 times the floor, and less than Kamailio; and none of the probes that the interval asks for is left
 * out (2 % for the ends of the measurement). The floor is measured before and after, as the machine's speed changes under
 * the feet; its mean counts. */
#include <stdio.h>

#include "bench.h"
#include "floor.h"
#include "kamailio.h"

#define TARGETS    10000U
#define INTERVAL_S 5U
#define SECONDS    20U
#define LIFE_S     180U

static const struct bench_plan plan = {.trunks = TARGETS, .keepalive = "\"interval\": 5, \"jitter\": 0.1"};

struct sample {
    char request[2048];
    size_t len;
    uint64_t answered;
};

/* CPU of this process in microseconds an answer, with an engine that has settled. Leaves the last request for the floor. */
static double measure_engine(struct mock *mock, struct sample *sample)
{
    trunkha_engine *engine = bench_engine(mock, &plan);
    uint64_t answered;
    uint64_t cpu_us;

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, TARGETS, 4 * INTERVAL_S))
        bench_die("not all targets came up");
    bench_sleep_ms(INTERVAL_S * 1000);

    answered = bench_stats(engine).probes_answered;
    cpu_us = bench_cpu_us();
    bench_sleep_ms(SECONDS * 1000);
    cpu_us = bench_cpu_us() - cpu_us;
    answered = bench_stats(engine).probes_answered - answered;

    if (mock_request(mock, sample->request, sizeof(sample->request), &sample->len))
        bench_die("no request to copy");
    trunkha_engine_unref(engine);
    sample->answered = answered;

    return answered ? (double)cpu_us / (double)answered : -1;
}

static double measure_floor(const struct mock *mock, const struct sample *sample)
{
    return floor_run(mock, TARGETS, INTERVAL_S * 1000, SECONDS / 2, sample->request, sample->len);
}

static int report_left_out(const struct sample *sample)
{
    double planned = (double)TARGETS * SECONDS / INTERVAL_S;

    return bench_at_most("probes left out at 2,000 a second", 100 * (1 - (double)sample->answered / planned), "%", 2);
}

/* Kamailio sends all its probes at once: begin and end in the silence between. */
static bool wait_for_silence(struct mock *mock)
{
    uint64_t before = bench_counts(mock).received;
    uint64_t last = before;
    uint32_t quiet = 0;

    for (uint32_t i = 0; i < 40 * INTERVAL_S && quiet < 10; i++) {
        uint64_t now;

        bench_sleep_ms(100);
        now = bench_counts(mock).received;
        quiet = now == last && now > before ? quiet + 1 : 0;
        last = now;
    }

    return quiet == 10;
}

static double measure_kamailio(struct mock *mock)
{
    struct kamailio *kamailio = kamailio_start(mock, TARGETS, INTERVAL_S);
    uint64_t probes = 0;
    uint64_t cpu_us = 0;

    if (!kamailio)
        return -1;

    if (wait_for_silence(mock) && wait_for_silence(mock)) {
        probes = bench_counts(mock).received;
        cpu_us = kamailio_cpu_us(kamailio);
        bench_sleep_ms(SECONDS * 1000);
        cpu_us = kamailio_cpu_us(kamailio) - cpu_us;
        probes = bench_counts(mock).received - probes;
    }
    kamailio_stop(kamailio);

    return probes ? (double)cpu_us / (double)probes : -1;
}

int main(void)
{
    struct mock *mock = bench_mock(TARGETS, LIFE_S);
    struct sample sample = {.len = 0};
    double engine = measure_engine(mock, &sample);
    double floor_before = measure_floor(mock, &sample);
    double kamailio = measure_kamailio(mock);
    double floor_after = measure_floor(mock, &sample);
    double floor_mean = (floor_before + floor_after) / 2;
    int missed = 0;

    mock_stop(mock);
    missed += report_left_out(&sample);
    bench_note("floor CPU per probe, before", floor_before, "us");
    bench_note("floor CPU per probe, after", floor_after, "us");
    missed += bench_ratio("CPU per answered probe, to the floor", engine, "us", floor_mean, 2.5);
    if (kamailio > 0) {
        bench_note("Kamailio dispatcher CPU per probe", kamailio, "us");
        missed += bench_ratio("CPU per answered probe, to Kamailio", engine, "us", kamailio, 1);
    } else {
        printf("Kamailio: skipped, not installed or it does not probe\n");
    }

    return missed ? 1 : 0;
}
