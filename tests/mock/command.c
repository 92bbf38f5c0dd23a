/* Standard input, a line each; every line is answered by one line on standard output:
 *
 *     set RANGE key=value ...   ok       keys: mode=answer|silent|provisional|wrongport code delay loss retryAfter
 *                                        diesAfter: silent that long (ms) after its next request; 0 = lives again
 *     count [RANGE]             count RECEIVED PROBES ANSWERED DROPPED   (dropped: by the kernel, of all targets)
 *     histogram [MS]            histogram MOST MEDIAN PROBES   probes in windows of MS, 10 without it
 *     gap                       gap LONGEST_US       between two probes of one target
 *     died TARGET               died UNIX_NS, 0 = lives
 *     request                   request LENGTH, and then as many bytes: the last request
 *     reset                     ok       counts and arrival stamps begin again
 *     quit
 *
 * RANGE is "all", a target from 0, or FIRST-LAST. Delays are milliseconds, loss is per mille, retryAfter seconds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier.h"

struct range {
    uint32_t first, last;
};

static bool parse_range(const struct carrier *carrier, const char *text, struct range *ret_range)
{
    struct range range = {0, carrier->n_targets - 1};

    if (text && strcmp(text, "all")) {
        int n = sscanf(text, "%" SCNu32 "-%" SCNu32, &range.first, &range.last);

        if (n < 1)
            return false;
        if (n == 1)
            range.last = range.first;
    }
    if (range.first > range.last || range.last >= carrier->n_targets)
        return false;

    *ret_range = range;

    return true;
}

static bool parse_mode(const char *text, enum mode *ret_mode)
{
    static const char *const names[] = {"answer", "silent", "provisional", "wrongport"};

    for (enum mode mode = MODE_ANSWER; mode <= MODE_WRONG_PORT; mode++) {
        if (!strcmp(text, names[mode])) {
            *ret_mode = mode;
            return true;
        }
    }

    return false;
}

static bool set_number(struct target *target, const char *key, uint32_t value)
{
    if (!strcmp(key, "diesAfter")) {
        target->dies_after_ms = value;
        target->dies_at_ns = 0;
        return true;
    }
    if (value > UINT16_MAX)
        return false;

    if (!strcmp(key, "code"))
        target->code = (uint16_t)value;
    else if (!strcmp(key, "delay"))
        target->delay_ms = (uint16_t)value;
    else if (!strcmp(key, "loss"))
        target->loss_permille = (uint16_t)value;
    else if (!strcmp(key, "retryAfter"))
        target->retry_after = (uint16_t)value;
    else
        return false;

    return true;
}

static bool set_one(struct target *target, const char *key, const char *value)
{
    if (!strcmp(key, "mode"))
        return parse_mode(value, &target->mode);

    return set_number(target, key, (uint32_t)strtoul(value, NULL, 10));
}

static bool set_range(struct carrier *carrier, struct range range, char *assignment)
{
    char *value = strchr(assignment, '=');

    if (!value)
        return false;

    *value++ = '\0';
    for (uint32_t i = range.first; i <= range.last; i++) {
        if (!set_one(&carrier->targets[i], assignment, value))
            return false;
    }

    return true;
}

static void run_set(struct carrier *carrier, char **rest)
{
    struct range range;
    char *assignment;

    if (!parse_range(carrier, strtok_r(NULL, " ", rest), &range)) {
        puts("error: no such target");
        return;
    }

    while ((assignment = strtok_r(NULL, " ", rest))) {
        if (!set_range(carrier, range, assignment)) {
            printf("error: cannot set %s\n", assignment);
            return;
        }
    }
    puts("ok");
}

static void run_count(struct carrier *carrier, char **rest)
{
    uint64_t received = 0;
    uint64_t probes = 0;
    uint64_t answered = 0;
    struct range range;

    if (!parse_range(carrier, strtok_r(NULL, " ", rest), &range)) {
        puts("error: no such target");
        return;
    }

    for (uint32_t i = range.first; i <= range.last; i++) {
        received += carrier->targets[i].received;
        probes += carrier->targets[i].probes;
        answered += carrier->targets[i].answered;
    }
    printf("count %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 "\n", received, probes, answered, carrier->kernel_drops);
}

static void run_histogram(struct carrier *carrier, char **rest)
{
    const char *text = strtok_r(NULL, " ", rest);
    int64_t window_ms = text ? atoi(text) : 10;
    struct density density;

    if (window_ms < 1 || carrier->stamps.left_out) {
        puts("error: no such window, or more stamps than are kept");
        return;
    }

    density = stamps_density(&carrier->stamps, window_ms * 1000000);
    printf("histogram %zu %zu %zu\n", density.most, density.median, carrier->stamps.count);
}

static void run_gap(const struct carrier *carrier)
{
    int64_t longest_ns = 0;

    for (uint32_t i = 0; i < carrier->n_targets; i++) {
        if (carrier->targets[i].longest_gap_ns > longest_ns)
            longest_ns = carrier->targets[i].longest_gap_ns;
    }
    printf("gap %" PRId64 "\n", longest_ns / 1000);
}

static void run_died(struct carrier *carrier, char **rest)
{
    struct range range;

    if (parse_range(carrier, strtok_r(NULL, " ", rest), &range))
        printf("died %" PRId64 "\n", carrier->targets[range.first].dies_at_ns);
    else
        puts("error: no such target");
}

static void run_request(const struct carrier *carrier)
{
    printf("request %" PRIu32 "\n", carrier->request_len);
    fwrite(carrier->request, 1, carrier->request_len, stdout);
}

static void run_reset(struct carrier *carrier)
{
    for (uint32_t i = 0; i < carrier->n_targets; i++) {
        struct target *target = &carrier->targets[i];

        target->received = target->probes = target->answered = 0;
        target->longest_gap_ns = 0;
    }
    stamps_reset(&carrier->stamps);
    puts("ok");
}

bool command_run(struct carrier *carrier, char *line)
{
    char *rest = NULL;
    const char *verb = strtok_r(line, " ", &rest);

    if (!verb)
        return true;
    if (!strcmp(verb, "quit"))
        return false;

    if (!strcmp(verb, "set"))
        run_set(carrier, &rest);
    else if (!strcmp(verb, "count"))
        run_count(carrier, &rest);
    else if (!strcmp(verb, "histogram"))
        run_histogram(carrier, &rest);
    else if (!strcmp(verb, "gap"))
        run_gap(carrier);
    else if (!strcmp(verb, "died"))
        run_died(carrier, &rest);
    else if (!strcmp(verb, "request"))
        run_request(carrier);
    else if (!strcmp(verb, "reset"))
        run_reset(carrier);
    else
        printf("error: no command %s\n", verb);

    fflush(stdout);

    return true;
}
