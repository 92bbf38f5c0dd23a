#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static void write_trunk(FILE *out, const struct mock *mock, const struct bench_plan *plan, uint32_t i)
{
    char address[64];

    mock_address(mock, i, address, sizeof(address));
    fprintf(out, "{\"id\": \"t%u\", \"name\": \"trunk %u\", \"priority\": %u, \"sipAddress\": \"sip:", i, i, i % 2);
    if (plan->domain)
        fprintf(out, "t%u.%s:%u", i, plan->domain, mock_port(mock));
    else
        fprintf(out, "%s", address);
    fprintf(out, "%s\"%s}", or_nothing(plan->uri_more), or_nothing(plan->trunk_more));
}

static void write_group(FILE *out, const struct mock *mock, const struct bench_plan *plan, uint32_t first)
{
    fprintf(out, "%s{\"id\": \"g%u\", \"name\": \"group %u\", \"trunks\": [", first ? ",\n" : "", first / 2, first / 2);
    for (uint32_t i = first; i < first + 2 && i < plan->trunks; i++) {
        fprintf(out, "%s", i > first ? ", " : "");
        write_trunk(out, mock, plan, i);
    }
    fprintf(out, "]}");
}

char *bench_config(const struct mock *mock, const struct bench_plan *plan)
{
    char *json = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&json, &len);

    if (!out)
        bench_die("no memory");

    fprintf(out, "{\"trunkGroups\": [");
    for (uint32_t first = 0; first < plan->trunks; first += 2)
        write_group(out, mock, plan, first);
    fprintf(out, "],\n\"keepalive\": {%s}%s}\n", plan->keepalive, or_nothing(plan->more));
    if (fclose(out))
        bench_die("no memory");

    return json;
}

void bench_load(trunkha_engine *engine, const struct mock *mock, const struct bench_plan *plan)
{
    char *json = bench_config(mock, plan);
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err = trunkha_engine_load(engine, json, strlen(json), &diag);

    free(json);
    if (err)
        bench_die(err == TRUNKHA_ERR_CONFIG ? diag.message : trunkha_strerror(err));
}

trunkha_engine *bench_engine(const struct mock *mock, const struct bench_plan *plan)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_engine *engine = NULL;
    int err;

    options.instance_id = "bench";
    options.events_on_engine_thread = 1;
    options.event_cb = plan->event_cb;
    options.event_user_data = plan->user_data;
    err = trunkha_engine_new(&options, &engine);
    if (err)
        bench_die(trunkha_strerror(err));

    bench_load(engine, mock, plan);
    err = trunkha_engine_start(engine);
    if (err)
        bench_die(trunkha_strerror(err));

    return engine;
}

struct mock *bench_mock(uint32_t targets, uint32_t seconds)
{
    struct mock *mock = mock_start(targets, seconds);

    if (!mock)
        bench_die("the mock carrier does not start");

    return mock;
}

trunkha_stats bench_stats(const trunkha_engine *engine)
{
    trunkha_stats stats = TRUNKHA_STATS_INIT;

    if (trunkha_engine_stats(engine, &stats))
        bench_die("no statistics");

    return stats;
}

struct mock_counts bench_counts(struct mock *mock)
{
    struct mock_counts counts;

    if (mock_count(mock, "all", &counts))
        bench_die("the mock carrier does not answer");

    return counts;
}

uint32_t bench_count_health(const trunkha_engine *engine, uint32_t health)
{
    trunkha_view *view = trunkha_engine_view(engine);
    trunkha_target_status status = TRUNKHA_TARGET_STATUS_INIT;
    uint32_t count = 0;

    for (uint32_t i = 0; !trunkha_view_get_target(view, i, &status); i++)
        count += status.health == health;
    trunkha_view_unref(view);

    return count;
}

bool bench_wait_health(const trunkha_engine *engine, uint32_t health, uint32_t wanted, uint32_t seconds)
{
    uint64_t until_us = bench_now_us() + seconds * (uint64_t)1000000;

    while (bench_count_health(engine, health) < wanted) {
        if (bench_now_us() > until_us)
            return false;
        bench_sleep_ms(200);
    }

    return true;
}

void bench_sleep_ms(uint32_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&time, &time))
        ;
}

uint64_t bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t in_us(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

uint64_t bench_cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);

    return in_us(usage.ru_utime) + in_us(usage.ru_stime);
}

double bench_pss_kib(void)
{
    FILE *in = fopen("/proc/self/smaps_rollup", "r");
    double kib = -1;
    char line[256];

    while (in && kib < 0 && fgets(line, sizeof(line), in))
        sscanf(line, "Pss: %lf kB", &kib);
    if (in)
        fclose(in);
    if (kib < 0)
        bench_die("no /proc/self/smaps_rollup");

    return kib;
}

double bench_in_child(double (*measure)(uint32_t), uint32_t argument)
{
    double value = -1;
    int fds[2];
    pid_t pid;

    if (pipe(fds))
        bench_die("no pipe");

    pid = fork();
    if (!pid) {
        value = measure(argument);
        _exit(write(fds[1], &value, sizeof(value)) == sizeof(value) ? 0 : 1);
    }
    close(fds[1]);
    if (read(fds[0], &value, sizeof(value)) != sizeof(value))
        bench_die("a measurement failed");
    close(fds[0]);
    waitpid(pid, NULL, 0);

    return value;
}

void bench_raise_descriptors(void)
{
    struct rlimit limit;

    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void bench_tell(struct mock *mock, const char *line)
{
    if (mock_tell(mock, "%s", line))
        bench_die("the mock carrier does not obey");
}

static void print_value(const char *name, double value, const char *unit)
{
    printf("%s: %.*f %s", name, value < 1000 ? 2 : 0, value, unit);
}

static int report(const char *name, double value, const char *unit, double ratio, double goal, bool is_met)
{
    print_value(name, value, unit);
    printf(" (ratio %.2f, goal %g) %s\n", ratio, goal, is_met ? "ok" : "MISSED");
    fflush(stdout);

    return !is_met;
}

int bench_at_most(const char *name, double value, const char *unit, double goal)
{
    return report(name, value, unit, goal > 0 ? value / goal : value, goal, value <= goal);
}

int bench_ratio(const char *name, double value, const char *unit, double base, double goal)
{
    double ratio = base > 0 ? value / base : 0;

    return report(name, value, unit, ratio, goal, base > 0 && ratio <= goal);
}

void bench_note(const char *name, double value, const char *unit)
{
    print_value(name, value, unit);
    putchar('\n');
    fflush(stdout);
}
