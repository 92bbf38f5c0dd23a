/* What the rules cost beyond reading, for a configuration of 10,000 trunks: one that is good, and one where every trunk has
 * something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define GROUPS     5000 /* of two trunks each; every second one fails over to the next */
#define ROOM       ((size_t)8 * 1024 * 1024)
#define REPEATS    5 /* the best counts: others use this machine too */
#define GOAL_MS    1000
#define GOAL_RATIO 2

static const char good[] = "{\"id\": \"g%dt%d\", \"name\": \"Trunk %d\", \"sipAddress\": \"sip%d.carrier-%d.example\", "
                           "\"priority\": %d, \"codecs\": [{\"type\": \"G711A\"}, {\"type\": \"OPUS\"}]}";
static const char bad[] =
    "{\"id\": \"g%dt%d\", \"name\": \"Trunk %d\", \"sipAddress\": \"192.0.2.%d:%d\", \"weight\": %d, "
    "\"codecs\": [{\"type\": \"G729\"}], \"keepalive\": {\"interval\": 5}, \"mediaEncryption\": \"SRTP\", "
    "\"outboundAuthMethod\": \"DIGEST\", \"outboundAuth\": {\"username\": \"u\", \"password\": \"p\"}}";

/** New. */
static char *make(const char *trunk)
{
    char *json = malloc(ROOM);
    size_t len;

    if (!json)
        bench_die("out of memory");

    len = (size_t)snprintf(json, ROOM, "{\"trunkGroups\": [");
    for (int g = 0; g < GROUPS; g++) {
        len += (size_t)snprintf(json + len, ROOM - len, "%s\n{\"id\": \"g%d\", ", g ? "," : "", g);
        if (g % 2 == 0)
            len += (size_t)snprintf(json + len, ROOM - len, "\"failoverTrunkGroupId\": \"g%d\", ", g + 1);
        len += (size_t)snprintf(json + len, ROOM - len, "\"trunks\": [");
        for (int t = 0; t < 2; t++) {
            len += (size_t)snprintf(json + len, ROOM - len, "%s\n", t ? "," : "");
            len += (size_t)snprintf(json + len, ROOM - len, trunk, g, t, t, t + 1, g + 1, t);
        }
        len += (size_t)snprintf(json + len, ROOM - len, "]}");
    }
    snprintf(json + len, ROOM - len, "]}");

    return json;
}

static void count(const trunkha_finding *finding, void *user_data)
{
    (void)finding;
    ++*(unsigned *)user_data;
}

/** CPU time of the best of several, in milliseconds. */
static double best_of(const char *json, bool lints, unsigned *ret_findings)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < REPEATS; i++) {
        uint64_t begin = bench_cpu_us(), took;

        *ret_findings = 0;
        if (lints ? trunkha_config_lint(json, strlen(json), NULL, count, ret_findings)
                  : trunkha_config_check(json, strlen(json), count, ret_findings))
            bench_die("the configuration is not sound");
        took = bench_cpu_us() - begin;
        best = took < best ? took : best;
    }

    return (double)best / 1000;
}

static int measure(const char *kind, const char *trunk)
{
    char *json = make(trunk), name[80];
    unsigned n;
    double plain = best_of(json, false, &n), lint = best_of(json, true, &n);
    int missed;

    if ((n > 0) != (trunk == bad))
        bench_die("lint does not say what it should");
    snprintf(name, sizeof(name), "lint, 10,000 %s trunks", kind);
    missed = bench_at_most(name, lint, "ms", GOAL_MS);
    snprintf(name, sizeof(name), "lint, 10,000 %s trunks, to reading alone", kind);
    missed += bench_ratio(name, lint, "ms", plain, GOAL_RATIO);
    free(json);

    return missed;
}

int main(void)
{
    return measure("good", good) + measure("bad", bad) ? 1 : 0;
}
