/* A mock of many SIP carriers in one process, for tests and benchmarks.
 *
 *     carrier --addresses N [--port P] [--seconds S]   N targets 127.1.0.1 onwards, one port, one socket
 *     carrier --ports N [--port P] [--seconds S]       N targets 127.0.0.1:P onwards, a socket each
 *
 * It says "ready PORT", answers OPTIONS as told on standard input (see command.c), and ends by "quit", by the end of its
 * input, or after S seconds (120), whichever comes first. */
#include "carrier.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"
#include "traffic.h"

#define TARGETS_MAX 200000U
#define COMMAND_MAX 256
#define COMMANDS    UINT32_MAX /* standard input among the numbers of the sockets */
#define LONGEST_NAP 1000       /* ms */

struct input {
    char line[COMMAND_MAX];
    size_t len;
};

uint64_t carrier_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool parse_options(int argc, char **argv, struct carrier *carrier, uint32_t *ret_seconds)
{
    static const struct option options[] = {
        {"addresses", required_argument, NULL, 'a'},
        {"ports", required_argument, NULL, 'n'},
        {"port", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

        if (option == '?')
            return false;
        if (option == 'p')
            carrier->port = (uint16_t)number;
        else if (option == 's')
            *ret_seconds = (uint32_t)number;
        else
            carrier->n_targets = number <= TARGETS_MAX ? (uint32_t)number : 0;
        if (option == 'a')
            carrier->is_by_address = true;
    }

    return carrier->n_targets && (carrier->is_by_address || carrier->n_targets < 20000);
}

static int make_targets(struct carrier *carrier)
{
    carrier->targets = calloc(carrier->n_targets, sizeof(*carrier->targets));
    if (!carrier->targets)
        return -ENOMEM;

    for (uint32_t i = 0; i < carrier->n_targets; i++)
        carrier->targets[i].code = 200;

    return 0;
}

static int watch(int epoll, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int watch_all(const struct carrier *carrier, int epoll)
{
    int err = watch(epoll, STDIN_FILENO, COMMANDS);

    for (uint32_t i = 0; !err && i < carrier->n_sockets; i++)
        err = watch(epoll, carrier->sockets[i], i);

    return err;
}

/* Runs the whole lines that have come; a line that does not fit is the end. */
static bool run_commands(struct carrier *carrier, struct input *input)
{
    ssize_t n = read(STDIN_FILENO, input->line + input->len, sizeof(input->line) - input->len);
    char *feed;

    if (n <= 0)
        return false;

    input->len += (size_t)n;
    while ((feed = memchr(input->line, '\n', input->len))) {
        size_t taken = (size_t)(feed + 1 - input->line);

        *feed = '\0';
        if (!command_run(carrier, input->line))
            return false;
        input->len -= taken;
        memmove(input->line, feed + 1, input->len);
    }

    return input->len < sizeof(input->line);
}

static int nap_ms(const struct carrier *carrier, uint64_t now_ms, uint64_t ends_ms)
{
    if (carrier->delay.count)
        return 1;

    return ends_ms - now_ms < LONGEST_NAP ? (int)(ends_ms - now_ms) : LONGEST_NAP;
}

static void run(struct carrier *carrier, struct traffic *traffic, int epoll, uint64_t ends_ms)
{
    struct epoll_event events[64];
    struct input input = {.len = 0};
    uint64_t now_ms;

    while ((now_ms = carrier_now_ms()) < ends_ms) {
        int n = epoll_wait(epoll, events, 64, nap_ms(carrier, now_ms, ends_ms));

        for (int i = 0; i < n; i++) {
            if (events[i].data.u32 != COMMANDS)
                traffic_serve(traffic, events[i].data.u32);
            else if (!run_commands(carrier, &input))
                return;
        }
        traffic_send_due(traffic, carrier_now_ms());
    }
}

int main(int argc, char **argv)
{
    struct carrier carrier = {.wrong_socket = -1};
    struct traffic *traffic = traffic_new(&carrier);
    uint32_t seconds = 120;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int err;

    if (!parse_options(argc, argv, &carrier, &seconds)) {
        fprintf(stderr, "usage: carrier --addresses N | --ports N [--port P] [--seconds S]\n");
        return 2;
    }

    srandom((unsigned)getpid());
    err = traffic ? make_targets(&carrier) : -ENOMEM;
    if (!err)
        err = sockets_open(&carrier);
    if (!err)
        err = watch_all(&carrier, epoll);
    if (!err) {
        printf("ready %u\n", (unsigned)carrier.port);
        fflush(stdout);
        run(&carrier, traffic, epoll, carrier_now_ms() + seconds * (uint64_t)1000);
    } else {
        fprintf(stderr, "carrier: %s\n", strerror(-err));
    }

    delay_done(&carrier.delay);
    stamps_done(&carrier.stamps);
    sockets_close(&carrier);
    traffic_free(traffic);
    free(carrier.targets);
    close(epoll);

    return err ? 1 : 0;
}
