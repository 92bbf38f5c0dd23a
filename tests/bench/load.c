/* An engine that probes, and nothing else, for instructions.sh to count by: load TARGETS INTERVAL SECONDS.
 * Prints "answered N" when it has been up for SECONDS. The mock carrier runs in its own process and is not counted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define START_S 300U /* callgrind is slow at reading a configuration */

static uint32_t number(const char *text, uint32_t most)
{
    unsigned long value = strtoul(text, NULL, 10);

    if (!value || value > most)
        bench_die("usage: load TARGETS INTERVAL SECONDS");

    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    char keepalive[64];
    struct bench_plan plan = {.keepalive = keepalive};
    trunkha_engine *engine;
    struct mock *mock;
    uint32_t seconds;

    if (argc != 4)
        bench_die("usage: load TARGETS INTERVAL SECONDS");

    plan.trunks = number(argv[1], 50000);
    snprintf(keepalive, sizeof(keepalive), "\"interval\": %" PRIu32 ", \"jitter\": 0.1", number(argv[2], 3600));
    seconds = number(argv[3], 600);

    mock = bench_mock(plan.trunks, seconds + START_S);
    engine = bench_engine(mock, &plan);
    bench_sleep_ms(seconds * 1000);
    printf("answered %" PRIu64 "\n", bench_stats(engine).probes_answered);
    trunkha_engine_unref(engine);
    mock_stop(mock);

    return 0;
}
