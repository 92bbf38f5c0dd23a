/* CPU time of an answered probe on kept connections: 1,000 trunks over UDP, TCP and TLS, at the same rate in the same run.
 *
 * Goal: over TLS at most 3 times what it costs over UDP. UDP is measured before and after, as the machine's speed changes
 * under the feet; its mean counts. No connection is made while it is measured. */
#include <stdio.h>

#include "peer.h"

#define TRUNKS     1000U
#define INTERVAL_S 2U
#define SECONDS    16U
#define LIFE_S     120U

/* In microseconds. */
static double measure(enum peer_kind kind)
{
    trunkha_stats before, after;
    trunkha_engine *engine;
    struct peer peer;
    uint64_t cpu_us;

    peer_start(&peer, kind, TRUNKS, LIFE_S);
    peer.plan.trunks = TRUNKS;
    peer.plan.keepalive = "\"interval\": 2, \"jitter\": 0.1";
    engine = bench_engine(peer.mock, &peer.plan);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, TRUNKS, 30))
        bench_die("not all trunks came up");
    bench_sleep_ms(2 * INTERVAL_S * 1000);

    before = bench_stats(engine);
    cpu_us = bench_cpu_us();
    bench_sleep_ms(SECONDS * 1000);
    cpu_us = bench_cpu_us() - cpu_us;
    after = bench_stats(engine);
    if (after.connections_opened != before.connections_opened || after.probes_answered == before.probes_answered)
        bench_die("the connections were not kept");
    trunkha_engine_unref(engine);
    peer_stop(&peer);

    return (double)cpu_us / (double)(after.probes_answered - before.probes_answered);
}

int main(void)
{
    double before, tcp, tls, after;
    int missed;

    bench_raise_descriptors();
    before = measure(PEER_UDP);
    tcp = measure(PEER_TCP);
    tls = measure(PEER_TLS);
    after = measure(PEER_UDP);
    bench_note("CPU per answered probe over UDP, before", before, "us");
    bench_note("CPU per answered probe over UDP, after", after, "us");
    missed = bench_ratio("CPU per answered probe over TCP, to UDP", tcp, "us", (before + after) / 2, 3);
    missed += bench_ratio("CPU per answered probe over TLS, to UDP", tls, "us", (before + after) / 2, 3);

    return missed ? 1 : 0;
}
