/* How long a dead carrier goes unnoticed: 50 deaths at all phases of the probe interval, against the contract's formula
 * interval*(1+jitter) + timeout + (maxFailedAttempts-1)*max(suspectInterval, timeout).
 *
 * The intervals are short so that it is over soon. Death n comes n/50 of an interval after the carrier's last answered
 * probe; the carrier says when that was. Ten carriers live on, so that nobody takes it for a fault at home. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define DEATHS      50U
#define SURVIVORS   10U
#define INTERVAL_MS 2000U
#define FORMULA_MS  (2000 * 1.1 + 500 + 2 * 500)
/* Six deadlines (three probes, three timeouts) are each rounded up to a slot of 10 ms; the rest is for a busy machine. */
#define ALLOWANCE_MS (6 * 10 + 40)
#define LIFE_S       60U

static const char keepalive[] = "\"interval\": 2, \"jitter\": 0.1, \"suspectInterval\": 0.5, \"timeout\": 0.5, "
                                "\"maxFailedAttempts\": 3, \"maxProbesPerMinute\": 600";

struct watch {
    pthread_mutex_t lock;
    int64_t down_ms[DEATHS]; /* Unix; 0 = not told */
    uint32_t told;
    uint32_t wrong; /* survivors that were told dead */
};

/* Trunk n of the configuration has the id "tn". */
static void on_event(const trunkha_event *event, void *user_data)
{
    struct watch *watch = user_data;
    unsigned trunk;

    if (event->type != TRUNKHA_EVENT_TRUNK_STATE || event->health != TRUNKHA_HEALTH_DOWN ||
        sscanf(event->entity_id, "t%u", &trunk) != 1)
        return;

    pthread_mutex_lock(&watch->lock);
    if (trunk >= DEATHS) {
        watch->wrong++;
    } else if (!watch->down_ms[trunk]) {
        watch->down_ms[trunk] = event->timestamp;
        watch->told++;
    }
    pthread_mutex_unlock(&watch->lock);
}

static uint32_t told(struct watch *watch)
{
    uint32_t count;

    pthread_mutex_lock(&watch->lock);
    count = watch->told;
    pthread_mutex_unlock(&watch->lock);

    return count;
}

static void kill_all(struct mock *mock)
{
    for (uint32_t i = 0; i < DEATHS; i++) {
        if (mock_tell(mock, "set %u diesAfter=%u", i, 1 + i * INTERVAL_MS / DEATHS))
            bench_die("the mock carrier does not obey");
    }
}

static double delay_ms(struct mock *mock, const struct watch *watch, uint32_t trunk)
{
    int64_t died_ns;

    if (mock_died(mock, trunk, &died_ns) || !died_ns)
        bench_die("a carrier did not die");

    return (double)watch->down_ms[trunk] - (double)died_ns / 1e6;
}

static int report(struct mock *mock, const struct watch *watch)
{
    double worst = 0;
    double sum = 0;
    int missed;

    for (uint32_t i = 0; i < DEATHS; i++) {
        double delay = delay_ms(mock, watch, i);

        sum += delay;
        if (delay > worst)
            worst = delay;
    }
    missed = bench_at_most("worst detection of 50 deaths", worst, "ms", FORMULA_MS + ALLOWANCE_MS);
    bench_note("detection by the formula, worst case", FORMULA_MS, "ms");
    bench_note("mean detection of 50 deaths", sum / DEATHS, "ms");
    missed += bench_at_most("living carriers told dead", watch->wrong, "carriers", 0);

    return missed;
}

int main(void)
{
    struct watch watch = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct bench_plan plan = {
        .trunks = DEATHS + SURVIVORS, .keepalive = keepalive, .event_cb = on_event, .user_data = &watch};
    struct mock *mock = bench_mock(plan.trunks, LIFE_S);
    trunkha_engine *engine = bench_engine(mock, &plan);
    int missed;

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, plan.trunks, 20))
        bench_die("not all carriers came up");
    kill_all(mock);
    for (uint32_t i = 0; i < 200 && told(&watch) < DEATHS; i++)
        bench_sleep_ms(100);
    trunkha_engine_unref(engine);
    if (watch.told < DEATHS)
        bench_die("not every death was told");

    missed = report(mock, &watch);
    mock_stop(mock);

    return missed ? 1 : 0;
}
