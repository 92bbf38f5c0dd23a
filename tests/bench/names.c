/* Trunks by name.
 *
 *   change     50 names with TTLs of 2 to 5 s come to other addresses: until calls go there. Goal: TTL + 1 s.
 *   dead       50 trunks that are resolved, probed every second: how late the latest probe is with a name server, and with
 *              one that is silent while every name is due. Goal: no later than two turns of the loop's timer, 22 ms.
 *   many       10,000 names at the start: until all are resolved and answer, the loop's longest stall, how often the table
 *              was made anew, memory. Goal: no more than 5 s behind the first probes, 500 a second; 50 ms. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "dns_server.h"
#include "pool.h"

#define NAMES     50U
#define MANY      10000U
#define WATCH_S   20U
#define LATE_MS   22.0
#define STALL_MS  50.0
#define SECOND_US UINT64_C(1000000)
#define LIFE_S    180U

static trunkha_engine *start_named(const struct mock *mock, struct bench_plan *plan, uint16_t dns_port)
{
    char more[128];

    snprintf(more, sizeof(more), ", \"dns\": {\"servers\": [\"127.0.0.1:%u\"], \"minTtl\": 1}", (unsigned)dns_port);
    plan->uri_more = ";transport=udp";
    plan->more = more;

    return bench_engine(mock, plan);
}

/* ---- change, dead */

static uint32_t ttl_of(uint32_t name)
{
    return 2 + name % 4;
}

/* Name @p name comes to the address of @p target. */
static void point(struct dns_server *dns, const struct mock *mock, uint32_t name, uint32_t target)
{
    char address[64];

    mock_address(mock, target, address, sizeof(address));
    *strchr(address, ':') = '\0';
    dns_server_tell(dns, "remove t%u.sip.example", name);
    if (dns_server_tell(dns, "add t%u.sip.example %u A %s", name, ttl_of(name), address))
        bench_die("the name server does not obey");
}

static struct dns_server *start_dns(const struct mock *mock)
{
    struct dns_server *dns = dns_server_start("127.0.0.1", 0);

    if (!dns)
        bench_die("the name server does not start");
    for (uint32_t i = 0; i < NAMES; i++)
        point(dns, mock, i, i);

    return dns;
}

/* Would a call go to @p address by trunk @p name? */
static bool is_in_use(const trunkha_view *view, uint32_t name, const char *address)
{
    trunkha_candidate to[4];
    char group[16], id[16];
    size_t n = 4;

    snprintf(group, sizeof(group), "g%u", name / 2);
    snprintf(id, sizeof(id), "t%u", name);
    if (trunkha_view_select(view, group, to, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(to[i].trunk_id, id) && !strcmp(to[i].target + strlen("udp:"), address))
            return true;
    }

    return false;
}

/* In seconds: how long after their TTL the slowest of all names was in use. */
static double wait_for_changes(const trunkha_view *view, const struct mock *mock, const uint64_t *changed_us)
{
    bool is_changed[NAMES] = {false};
    double worst = -1e9;

    for (uint32_t left = NAMES; left; bench_sleep_ms(2)) {
        for (uint32_t i = 0; i < NAMES; i++) {
            uint64_t gone_us = bench_now_us() - changed_us[i];
            double over = (double)gone_us / SECOND_US - ttl_of(i);
            char address[64];

            mock_address(mock, NAMES + i, address, sizeof(address));
            if (is_changed[i] || !is_in_use(view, i, address)) {
                if (gone_us > 60 * SECOND_US)
                    bench_die("a changed address is not in use");
                continue;
            }
            is_changed[i] = true;
            left--;
            worst = over > worst ? over : worst;
        }
    }

    return worst;
}

static double measure_change(void)
{
    struct bench_plan plan = {.trunks = NAMES, .keepalive = "\"interval\": 5", .domain = "sip.example"};
    struct mock *mock = bench_mock(2 * NAMES, LIFE_S);
    struct dns_server *dns = start_dns(mock);
    trunkha_engine *engine = start_named(mock, &plan, dns_server_port(dns));
    trunkha_view *view = trunkha_engine_view(engine);
    uint64_t changed_us[NAMES];
    double worst;

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, NAMES, 30))
        bench_die("not all trunks came up");
    bench_sleep_ms(10000); /* so that they are refreshed at different times */
    for (uint32_t i = 0; i < NAMES; i++) {
        point(dns, mock, i, NAMES + i);
        changed_us[i] = bench_now_us();
    }
    worst = wait_for_changes(view, mock, changed_us);
    trunkha_view_unref(view);
    trunkha_engine_unref(engine);
    dns_server_stop(dns);
    mock_stop(mock);

    return worst;
}

/* In milliseconds, of probes that are due every second. */
static double watch_lateness(struct mock *mock)
{
    uint32_t gap_us;

    bench_tell(mock, "reset");
    bench_sleep_ms(WATCH_S * 1000);
    if (mock_longest_gap(mock, &gap_us))
        bench_die("the mock carrier does not answer");

    return ((double)gap_us - SECOND_US) / 1000;
}

static int measure_dead(void)
{
    struct bench_plan plan = {
        .trunks = NAMES, .keepalive = "\"interval\": 1, \"jitter\": 0, \"timeout\": 1", .domain = "sip.example"};
    struct mock *mock = bench_mock(NAMES, LIFE_S);
    struct dns_server *dns = start_dns(mock);
    trunkha_engine *engine = start_named(mock, &plan, dns_server_port(dns));
    double late_alive, late_dead;

    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, NAMES, 30))
        bench_die("not all trunks came up");
    late_alive = watch_lateness(mock);
    dns_server_tell(dns, "how * silent");
    bench_sleep_ms(6000); /* no name is good any more */
    late_dead = watch_lateness(mock);
    if (bench_count_health(engine, TRUNKHA_HEALTH_AVAILABLE) != NAMES)
        bench_die("a dead name server took a trunk away");
    trunkha_engine_unref(engine);
    dns_server_stop(dns);
    mock_stop(mock);

    bench_note("worst lateness of a probe, name server alive", late_alive, "ms");

    return bench_at_most("worst lateness of a probe, name server dead", late_dead, "ms", LATE_MS);
}

/* ---- many */

struct outcome {
    double resolved_s, available_s, stall_ms;
    uint32_t rebuilds;
    double pss_kib;
};

static bool is_resolved(const trunkha_view *view)
{
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;

    for (uint32_t i = 0; !trunkha_view_get_trunk(view, i, &status); i++) {
        if (!status.resolved)
            return false;
    }

    return true;
}

static double wait_until_resolved(const trunkha_view *view, uint64_t begun_us)
{
    while (!is_resolved(view)) {
        if (bench_now_us() - begun_us > 120 * SECOND_US)
            bench_die("not all names were resolved");
        bench_sleep_ms(20);
    }

    return (double)(bench_now_us() - begun_us) / SECOND_US;
}

static struct outcome start_many(uint32_t names)
{
    struct bench_plan plan = {.trunks = names, .keepalive = "", .domain = POOL_DOMAIN};
    struct mock *mock = bench_mock(names, LIFE_S);
    struct pool *pool = pool_start(names, 300, LIFE_S);
    trunkha_engine *engine = start_named(mock, &plan, pool_port(pool));
    trunkha_view *view = trunkha_engine_view(engine);
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    uint64_t begun_us = bench_now_us();
    struct outcome outcome;

    outcome.resolved_s = wait_until_resolved(view, begun_us);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, names, 120))
        bench_die("not all trunks came up");
    outcome.available_s = (double)(bench_now_us() - begun_us) / SECOND_US;
    bench_sleep_ms(5000);
    trunkha_view_get_info(view, &info);
    outcome.rebuilds = info.generation - 1;
    outcome.stall_ms = (double)bench_stats(engine).longest_stall_us / 1000;
    outcome.pss_kib = bench_pss_kib();
    trunkha_view_unref(view);
    trunkha_engine_unref(engine);
    pool_stop(pool);
    mock_stop(mock);

    return outcome;
}

static double measure_pss(uint32_t names)
{
    return start_many(names).pss_kib;
}

static int measure_many(void)
{
    double one = bench_in_child(measure_pss, 1);
    struct outcome outcome = start_many(MANY);
    int missed = bench_at_most("until 10,000 trunks with names are AVAILABLE", outcome.available_s, "s", MANY / 500.0 + 5);

    bench_note("until their names are resolved", outcome.resolved_s, "s");
    bench_note("tables made anew meanwhile", outcome.rebuilds, "tables");
    missed += bench_at_most("longest loop stall, 10,000 names resolved", outcome.stall_ms, "ms", STALL_MS);
    bench_note("memory per trunk with a name", (outcome.pss_kib - one) / (MANY - 1), "KiB");

    return missed;
}

int main(void)
{
    int missed = measure_many(); /* first: its memory is the process's own */

    missed += bench_at_most("changed address in use, worst of 50, beyond its TTL", measure_change(), "s", 1);
    missed += measure_dead();

    return missed ? 1 : 0;
}
