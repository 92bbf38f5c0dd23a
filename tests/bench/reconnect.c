/* All connections of 1,000 trunks are reset at once, the peers refuse for ten seconds and have forgotten every TLS session
 * when they are back.
 *
 * Goals: connections are made anew one after another, at most twice the 500 a second that are meant, in any 100 ms; the
 * loop never takes 50 ms to come back to its sockets. */
#include <stdio.h>

#include "peer.h"

#define TRUNKS    1000U
#define OUTAGE_MS 10000U
#define WINDOW_MS 100U
#define PACED     50.0 /* connections in a window */
#define STALL_MS  50.0
#define LIFE_S    180U

static double seconds_since(uint64_t us)
{
    return (double)(bench_now_us() - us) / 1000000;
}

static int report_pace(const struct peer *peer, const char *when)
{
    struct mock_density density;
    char name[96];

    if (mock_density(peer->mock, WINDOW_MS, &density))
        bench_die("the mock carrier does not answer");
    snprintf(name, sizeof(name), "most %s connections in 100 ms, %s", peer->name, when);

    return bench_ratio(name, (double)density.most, "connections", PACED, 2);
}

static int report_stall(const struct peer *peer, const trunkha_engine *engine, const char *when)
{
    char name[96];

    snprintf(name, sizeof(name), "longest loop stall, 1,000 %s trunks, %s", peer->name, when);

    return bench_at_most(name, (double)bench_stats(engine).longest_stall_us / 1000, "ms", STALL_MS);
}

static void wait_for_all(const struct peer *peer, const trunkha_engine *engine, const char *when)
{
    uint64_t begun_us = bench_now_us();
    char name[96];

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, TRUNKS, 60))
        bench_die("not all trunks came up");
    snprintf(name, sizeof(name), "until all 1,000 %s trunks are AVAILABLE, %s", peer->name, when);
    bench_note(name, seconds_since(begun_us), "s");
}

static void note_failed_tries(const struct peer *peer, uint64_t tries)
{
    char name[96];

    snprintf(name, sizeof(name), "%s connections tried in vain during the outage", peer->name);
    bench_note(name, (double)tries, "connections");
}

static int measure(enum peer_kind kind)
{
    trunkha_engine *engine;
    struct peer peer;
    int64_t broken_ns;
    uint64_t lost;
    int missed;

    peer_start(&peer, kind, TRUNKS, LIFE_S);
    peer.plan.trunks = TRUNKS;
    peer.plan.keepalive = "";
    engine = bench_engine(peer.mock, &peer.plan);
    wait_for_all(&peer, engine, "after start");
    missed = report_pace(&peer, "after start");
    missed += report_stall(&peer, engine, "after start");

    bench_tell(peer.mock, "refuse");
    bench_tell(peer.mock, "reset");
    if (kind == PEER_TLS)
        bench_tell(peer.mock, "forget");
    if (mock_break(peer.mock, "all", &broken_ns) != (int)TRUNKS)
        bench_die("not all connections were there");
    bench_sleep_ms(OUTAGE_MS);
    missed += report_stall(&peer, engine, "all reset");
    lost = bench_stats(engine).connections_lost;

    bench_tell(peer.mock, "accept");
    wait_for_all(&peer, engine, "after an outage");
    missed += report_pace(&peer, "after an outage");
    missed += report_stall(&peer, engine, "after an outage");
    note_failed_tries(&peer, lost - TRUNKS);
    trunkha_engine_unref(engine);
    peer_stop(&peer);

    return missed;
}

int main(void)
{
    int missed;

    bench_raise_descriptors();
    missed = measure(PEER_TCP);
    missed += measure(PEER_TLS);

    return missed ? 1 : 0;
}
