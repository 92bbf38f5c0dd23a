/* A mock of many SIP carriers over TCP or TLS in one process, for benchmarks.
 *
 *     mock-streams --tcp N | --tls N [--seconds S]     N targets 127.1.0.1 onwards, one port
 *
 * It says "ready PORT", answers OPTIONS with 200, does as told on standard input (see streams_command.c), and ends by
 * "quit", by the end of its input, or after S seconds (120), whichever comes first. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "streams.h"

#define EVENTS_MAX  64
#define COMMAND_MAX 512

/* Standard input among the connections; the listener is NULL. */
static struct connection commands;

struct input {
    char line[COMMAND_MAX];
    size_t len;
};

/* Runs the whole lines that have come; a line that does not fit is the end. */
static bool run_commands(struct streams *streams, struct input *input)
{
    ssize_t n = read(STDIN_FILENO, input->line + input->len, sizeof(input->line) - input->len);
    char *feed;

    if (n <= 0)
        return false;

    input->len += (size_t)n;
    while ((feed = memchr(input->line, '\n', input->len))) {
        size_t taken = (size_t)(feed + 1 - input->line);

        *feed = '\0';
        if (!streams_command(streams, input->line))
            return false;
        input->len -= taken;
        memmove(input->line, feed + 1, input->len);
    }

    return input->len < sizeof(input->line);
}

/* A command may end connections that have events further down: it is looked at after them. */
static void run(struct streams *streams)
{
    struct epoll_event events[EVENTS_MAX];
    struct input input = {.len = 0};
    bool goes_on = true;

    while (goes_on) {
        bool has_command = false;
        int n = epoll_wait(streams->epoll, events, EVENTS_MAX, -1);

        for (int i = 0; i < n; i++) {
            struct connection *connection = events[i].data.ptr;

            if (connection == &commands)
                has_command = true;
            else if (connection)
                streams_serve(streams, connection);
            else
                streams_accept(streams);
        }
        if (has_command)
            goes_on = run_commands(streams, &input);
    }
}

static bool parse_options(int argc, char **argv, struct streams *streams, bool *ret_is_tls, unsigned *ret_seconds)
{
    static const struct option options[] = {
        {"tcp", required_argument, NULL, 'c'},
        {"tls", required_argument, NULL, 'l'},
        {"seconds", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;

        if (option == '?')
            return false;
        if (option == 's') {
            *ret_seconds = (unsigned)number;
        } else {
            streams->n_targets = (uint32_t)number;
            *ret_is_tls = option == 'l';
        }
    }

    return streams->n_targets;
}

static bool open_all(struct streams *streams, bool is_tls)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &commands};

    streams->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (is_tls) {
        streams->secure = secure_new();
        streams->context = streams->secure ? secure_context(streams->secure) : NULL;
    }

    return (!is_tls || streams->context) && !streams_listen(streams) &&
           !epoll_ctl(streams->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

static void close_all(struct streams *streams)
{
    while (streams->connections)
        streams_end(streams, streams->connections, true);
    streams_refuse(streams);
    SSL_CTX_free(streams->context);
    secure_free(streams->secure);
    stamps_done(&streams->stamps);
    close(streams->epoll);
}

static void raise_limits(void)
{
    struct rlimit limit;

    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
}

int main(int argc, char **argv)
{
    struct streams streams = {.listener = -1};
    unsigned seconds = 120;
    bool is_tls = false, is_open;

    if (!parse_options(argc, argv, &streams, &is_tls, &seconds)) {
        fprintf(stderr, "usage: mock-streams --tcp N | --tls N [--seconds S]\n");
        return 2;
    }

    raise_limits();
    is_open = open_all(&streams, is_tls);
    if (is_open) {
        alarm(seconds);
        printf("ready %u\n", (unsigned)streams.port);
        fflush(stdout);
        run(&streams);
    } else {
        fprintf(stderr, "mock-streams: no listening socket, or no TLS\n");
    }
    close_all(&streams);

    return is_open ? 0 : 1;
}
