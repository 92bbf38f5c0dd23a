#include "mock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct mock {
    FILE *commands;
    FILE *answers;
    pid_t pid;
    bool is_by_address;
    uint16_t port;
};

/* The build says where the programs are; the environment outranks it. */
static const char *program(const char *variable, const char *built)
{
    const char *path = getenv(variable);

    return path ? path : built;
}

static void become(const char *path, int commands, int answers, const char *kind, const char *n, const char *seconds)
{
    dup2(commands, STDIN_FILENO);
    dup2(answers, STDOUT_FILENO);
    execl(path, "carrier", kind, n, "--seconds", seconds, (char *)NULL);
    perror(path);
    _exit(127);
}

static pid_t spawn(const char *path, int commands[2], int answers[2], const char *kind, uint32_t n, uint32_t seconds)
{
    char n_text[16];
    char seconds_text[16];
    pid_t pid;

    snprintf(n_text, sizeof(n_text), "%" PRIu32, n);
    snprintf(seconds_text, sizeof(seconds_text), "%" PRIu32, seconds);
    pid = fork();
    if (!pid)
        become(path, commands[0], answers[1], kind, n_text, seconds_text);
    close(commands[0]);
    close(answers[1]);

    return pid;
}

static bool is_ready(struct mock *mock)
{
    char line[64];

    return mock->commands && mock->answers && fgets(line, sizeof(line), mock->answers) &&
           sscanf(line, "ready %" SCNu16, &mock->port) == 1;
}

static struct mock *start(const char *path, const char *kind, bool is_by_address, uint32_t n, uint32_t seconds)
{
    struct mock *mock = calloc(1, sizeof(*mock));
    int commands[2];
    int answers[2];

    if (!mock || pipe2(commands, O_CLOEXEC) || pipe2(answers, O_CLOEXEC)) {
        free(mock);
        return NULL;
    }

    signal(SIGPIPE, SIG_IGN);
    mock->is_by_address = is_by_address;
    mock->pid = spawn(path, commands, answers, kind, n, seconds);
    mock->commands = fdopen(commands[1], "w");
    mock->answers = fdopen(answers[0], "r");

    return is_ready(mock) ? mock : mock_stop(mock);
}

struct mock *mock_start(uint32_t n, uint32_t seconds)
{
    return start(program("MOCK_CARRIER", MOCK_CARRIER_PATH), "--addresses", true, n, seconds);
}

struct mock *mock_start_ports(uint32_t n, uint32_t seconds)
{
    return start(program("MOCK_CARRIER", MOCK_CARRIER_PATH), "--ports", false, n, seconds);
}

struct mock *mock_start_streams(bool is_tls, uint32_t n, uint32_t seconds)
{
    return start(program("MOCK_STREAMS", MOCK_STREAMS_PATH), is_tls ? "--tls" : "--tcp", true, n, seconds);
}

struct mock *mock_stop(struct mock *mock)
{
    if (!mock)
        return NULL;

    if (mock->commands)
        fclose(mock->commands); /* the end of its input is its end */
    if (mock->answers)
        fclose(mock->answers);
    if (mock->pid > 0)
        waitpid(mock->pid, NULL, 0);
    free(mock);

    return NULL;
}

uint16_t mock_port(const struct mock *mock)
{
    return mock->port;
}

int mock_pid(const struct mock *mock)
{
    return mock->pid;
}

void mock_address(const struct mock *mock, uint32_t target, char *buf, size_t size)
{
    uint32_t ip = 0x7f010001U + target;

    if (mock->is_by_address)
        snprintf(buf, size, "%u.%u.%u.%u:%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, mock->port);
    else
        snprintf(buf, size, "127.0.0.1:%u", mock->port + target);
}

static int ask(struct mock *mock, char *answer, size_t size, const char *fmt, va_list ap)
{
    vfprintf(mock->commands, fmt, ap);
    fputc('\n', mock->commands);
    if (fflush(mock->commands) || !fgets(answer, (int)size, mock->answers))
        return -1;

    return 0;
}

static int __attribute__((format(printf, 4, 5))) ask_for(struct mock *mock, char *answer, size_t size, const char *fmt, ...)
{
    va_list ap;
    int err;

    va_start(ap, fmt);
    err = ask(mock, answer, size, fmt, ap);
    va_end(ap);

    return err;
}

int mock_tell(struct mock *mock, const char *fmt, ...)
{
    char answer[128];
    va_list ap;
    int err;

    va_start(ap, fmt);
    err = ask(mock, answer, sizeof(answer), fmt, ap);
    va_end(ap);

    return err || strcmp(answer, "ok\n") ? -1 : 0;
}

int mock_count(struct mock *mock, const char *range, struct mock_counts *ret_counts)
{
    char answer[128];
    struct mock_counts counts;

    if (ask_for(mock, answer, sizeof(answer), "count %s", range) ||
        sscanf(answer, "count %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &counts.received, &counts.probes,
               &counts.answered, &counts.dropped) != 4)
        return -1;

    *ret_counts = counts;

    return 0;
}

int mock_density(struct mock *mock, uint32_t window_ms, struct mock_density *ret_density)
{
    char answer[128];
    struct mock_density density;

    if (ask_for(mock, answer, sizeof(answer), "histogram %" PRIu32, window_ms) ||
        sscanf(answer, "histogram %" SCNu64 " %" SCNu64 " %" SCNu64, &density.most, &density.median, &density.probes) != 3)
        return -1;

    *ret_density = density;

    return 0;
}

int mock_died(struct mock *mock, uint32_t target, int64_t *ret_unix_ns)
{
    char answer[128];

    if (ask_for(mock, answer, sizeof(answer), "died %" PRIu32, target))
        return -1;

    return sscanf(answer, "died %" SCNd64, ret_unix_ns) == 1 ? 0 : -1;
}

int mock_break(struct mock *mock, const char *which, int64_t *ret_monotonic_ns)
{
    char answer[128];
    int n;

    if (ask_for(mock, answer, sizeof(answer), "break %s", which) ||
        sscanf(answer, "broken %" SCNd64 " %d", ret_monotonic_ns, &n) != 2)
        return -1;

    return n;
}

int mock_longest_gap(struct mock *mock, uint32_t *ret_us)
{
    char answer[128];

    if (ask_for(mock, answer, sizeof(answer), "gap"))
        return -1;

    return sscanf(answer, "gap %" SCNu32, ret_us) == 1 ? 0 : -1;
}

int mock_request(struct mock *mock, char *buf, size_t size, size_t *ret_len)
{
    char answer[128];
    size_t len;

    if (ask_for(mock, answer, sizeof(answer), "request") || sscanf(answer, "request %zu", &len) != 1 || len > size)
        return -1;

    *ret_len = fread(buf, 1, len, mock->answers);

    return *ret_len == len ? 0 : -1;
}
