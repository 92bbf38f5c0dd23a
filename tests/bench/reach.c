/* How soon a lost peer is known: from the moment it resets a connection, or from the order to probe one that refuses, to the
 * event that says that its trunk is DOWN. 50 trunks each, one after another; one more stays well, so that the fault is never
 * at home. Goal: 10 ms, the worst too. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "peer.h"

#define TRUNKS  51U
#define LOST    (TRUNKS - 1) /* all but the first */
#define GOAL_MS 10.0
#define LIFE_S  120U

/* What the engine's thread has told. */
struct told {
    sem_t is_down;
    _Atomic int64_t when_ns;
};

struct span {
    double mean_ms, worst_ms;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_event(const trunkha_event *event, void *user_data)
{
    struct told *told = user_data;

    if (event->type != TRUNKHA_EVENT_TRUNK_STATE || event->health != TRUNKHA_HEALTH_DOWN ||
        event->reason != TRUNKHA_REASON_NETWORK_ERROR)
        return;
    told->when_ns = now_ns();
    sem_post(&told->is_down);
}

/* Until the trunk that was lost at @p lost_ns is DOWN, in milliseconds. */
static double wait_for_event(struct told *told, int64_t lost_ns)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    if (sem_timedwait(&told->is_down, &until))
        bench_die("a lost peer was not noticed");

    return (double)(told->when_ns - lost_ns) / 1e6;
}

static trunkha_engine *start(struct peer *peer, struct told *told)
{
    sem_init(&told->is_down, 0, 0);
    peer->plan.trunks = TRUNKS;
    peer->plan.keepalive = "\"maxFailedAttempts\": 1";
    peer->plan.event_cb = on_event;
    peer->plan.user_data = told;

    return bench_engine(peer->mock, &peer->plan);
}

static void add(struct span *span, double ms)
{
    span->mean_ms += ms / LOST;
    if (ms > span->worst_ms)
        span->worst_ms = ms;
}

/* Nobody is there any more when the connection is to be made anew. */
static struct span measure_reset(enum peer_kind kind)
{
    struct span span = {.worst_ms = 0};
    trunkha_engine *engine;
    struct told told;
    struct peer peer;

    peer_start(&peer, kind, TRUNKS, LIFE_S);
    engine = start(&peer, &told);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, TRUNKS, 30))
        bench_die("not all trunks came up");
    bench_tell(peer.mock, "refuse");

    for (uint32_t i = 1; i < TRUNKS; i++) {
        char which[16];
        int64_t broken_ns;

        snprintf(which, sizeof(which), "%u", i);
        if (mock_break(peer.mock, which, &broken_ns) != 1)
            bench_die("no connection to break");
        add(&span, wait_for_event(&told, broken_ns));
        bench_sleep_ms(7); /* in every phase of the loop's timer */
    }
    trunkha_engine_unref(engine);
    peer_stop(&peer);

    return span;
}

static void set_admin(trunkha_engine *engine, uint32_t trunk, uint32_t admin)
{
    char id[16];

    snprintf(id, sizeof(id), "t%u", trunk);
    if (trunkha_trunk_set_admin(engine, id, admin, TRUNKHA_REASON_NONE, NULL, 0))
        bench_die("no such trunk");
}

/* What was told before is of no interest. */
static void forget(struct told *told)
{
    while (!sem_trywait(&told->is_down))
        ;
}

/* Somebody answers for the first trunk only. */
static void start_refusing(struct peer *peer, enum peer_kind kind)
{
    peer_start(peer, kind, TRUNKS, LIFE_S);
    if (kind != PEER_UDP)
        return;
    mock_stop(peer->mock);
    peer->mock = mock_start_ports(1, LIFE_S);
    if (!peer->mock)
        bench_die("the mock carrier does not start");
}

/* A trunk that is enabled is probed at once: the moment that can be known from here. */
static struct span measure_refused(enum peer_kind kind)
{
    struct span span = {.worst_ms = 0};
    trunkha_engine *engine;
    struct told told;
    struct peer peer;

    start_refusing(&peer, kind);
    engine = start(&peer, &told);
    for (uint32_t i = 1; i < TRUNKS; i++)
        set_admin(engine, i, TRUNKHA_ADMIN_DISABLED);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, 1, 30))
        bench_die("the first trunk did not come up");
    bench_sleep_ms(1500); /* all first probes have left */
    if (kind != PEER_UDP)
        bench_tell(peer.mock, "refuse");
    forget(&told);

    for (uint32_t i = 1; i < TRUNKS; i++) {
        int64_t enabled_ns = now_ns();

        set_admin(engine, i, TRUNKHA_ADMIN_ENABLED);
        add(&span, wait_for_event(&told, enabled_ns));
        bench_sleep_ms(7);
    }
    trunkha_engine_unref(engine);
    peer_stop(&peer);

    return span;
}

static int report(const char *what, struct span span)
{
    char name[96];
    int missed;

    snprintf(name, sizeof(name), "%s until DOWN, mean of 50", what);
    missed = bench_at_most(name, span.mean_ms, "ms", GOAL_MS);
    snprintf(name, sizeof(name), "%s until DOWN, worst of 50", what);

    return missed + bench_at_most(name, span.worst_ms, "ms", GOAL_MS);
}

int main(void)
{
    int missed = report("TCP connection reset", measure_reset(PEER_TCP));

    missed += report("TLS connection reset", measure_reset(PEER_TLS));
    missed += report("UDP port refused", measure_refused(PEER_UDP));
    missed += report("TCP port refused", measure_refused(PEER_TCP));
    missed += report("TLS port refused", measure_refused(PEER_TLS));

    return missed ? 1 : 0;
}
