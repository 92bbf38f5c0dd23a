/* The program: its loop, beginning and end. */
#include "proxy.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LEAVE_MS          2000 /* at the end, for the trunks to answer our CANCELs */
#define HASH_BUCKETS      8192 /* power of two */
#define EXIT_BAD_CONFIG   2
#define EXIT_CANNOT_START 3

static bool has_room(int fd)
{
    struct pollfd poll_fd = {fd, POLLOUT, 0};

    return poll(&poll_fd, 1, 0) > 0;
}

static void log_cb(int level, const char *message, void *user_data)
{
    (void)user_data;
    if (level <= TRUNKHA_LOG_INFO && has_room(STDERR_FILENO)) /* a log that nobody reads must not hold up calls */
        fprintf(stderr, "trunkha-proxy: %s\n", message);
}

/** A pipe that has room takes PIPE_BUF bytes without waiting: pipe(7). What does not fit yet waits in the view. */
static void print_events(struct proxy *proxy)
{
    trunkha_event event = TRUNKHA_EVENT_INIT;

    while (proxy->prints_events && has_room(STDOUT_FILENO) &&
           !trunkha_view_next_event(proxy->view, &proxy->cursor, &event)) {
        char *json = NULL;

        if (event.lost)
            fprintf(stderr, "trunkha-proxy: %u events were lost: standard output is too slow\n", event.lost);
        if (!trunkha_event_json(&event, &json)) {
            struct iovec line[] = {{json, strlen(json)}, {"\n", 1}};

            proxy->prints_events = writev(STDOUT_FILENO, line, 2) >= 0 && proxy->wants_events;
        }
        trunkha_free(json);
    }
}

/** Returns 0 or the exit code, after telling why. */
static int load(struct proxy *proxy)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err = trunkha_engine_load_file(proxy->engine, proxy->path, &diag);

    if (err == TRUNKHA_ERR_CONFIG)
        fprintf(stderr, "%s:%u:%u: %s\n", diag.file, diag.line, diag.column, diag.message);
    else if (err)
        fprintf(stderr, "trunkha-proxy: cannot load %s: %s\n", proxy->path, trunkha_strerror(err));
    if (err == TRUNKHA_ERR_CONFIG || err == TRUNKHA_ERR_NOTFOUND || err == TRUNKHA_ERR_ACCESS)
        return EXIT_BAD_CONFIG;

    return err ? EXIT_CANNOT_START : 0;
}

static bool end_setup(struct le *le, void *arg)
{
    struct call *call = le->data;

    (void)arg;
    if (call->state == CALL_PROCEEDING)
        call_finish(call, 503);

    return false;
}

/** SIGHUP: read the file again. SIGTERM, SIGINT: refuse what is being set up, and go; at once when told twice. */
static bool handle_signal(struct proxy *proxy, uint64_t *end_ms)
{
    struct signalfd_siginfo info;

    if (read(proxy->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return true;
    if (info.ssi_signo == SIGHUP) {
        if (load(proxy))
            fprintf(stderr, "trunkha-proxy: %s was not loaded; the running configuration stays\n", proxy->path);
        return true;
    }
    if (proxy->is_ending)
        return false;
    proxy->is_ending = true;
    *end_ms = proxy->now_ms + LEAVE_MS;
    hash_apply(proxy->calls, end_setup, NULL);

    return true;
}

static void serve(struct proxy *proxy)
{
    uint64_t end_ms = UINT64_MAX;
    bool goes_on = true;

    while (goes_on && proxy->now_ms < end_ms && !(proxy->is_ending && !proxy->n_unsettled)) {
        struct pollfd fds[] = {{proxy->signals, POLLIN, 0}, {proxy->fd, POLLIN, 0}, {proxy->inbox.bell, POLLIN, 0}};

        poll(fds, sizeof(fds) / sizeof(fds[0]), proxy->n_calls ? TICK_MS : 100);
        proxy->now_ms = clock_ms();
        if (fds[1].revents)
            receive_callers(proxy);
        if (fds[2].revents)
            receive_trunks(proxy);
        timers_run(proxy);
        print_events(proxy);
        if (fds[0].revents)
            goes_on = handle_signal(proxy, &end_ms);
    }
}

static int open_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;

    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_socket(struct proxy *proxy)
{
    int buffer = 4 << 20;

    proxy->fd = socket(sa_af(&proxy->local), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (proxy->fd < 0)
        return errno;
    setsockopt(proxy->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    if (bind(proxy->fd, &proxy->local.u.sa, proxy->local.len) ||
        getsockname(proxy->fd, &proxy->local.u.sa, &proxy->local.len))
        return errno;

    return 0;
}

static int open_tables(struct proxy *proxy)
{
    int err = getrandom(proxy->secret, sizeof(proxy->secret), 0) == (ssize_t)sizeof(proxy->secret) ? 0 : EIO;
    struct id id;

    proxy->scratch = mbuf_alloc(4 * MESSAGE_MAX);
    err = err ? err : proxy->scratch ? 0 : ENOMEM;
    err = err ? err : hash_alloc(&proxy->calls, HASH_BUCKETS);
    err = err ? err : hash_alloc(&proxy->attempts, HASH_BUCKETS);
    err = err ? err : hash_alloc(&proxy->dialogs, HASH_BUCKETS);
    if (err)
        return err;
    id = id_make(proxy, "m");
    re_snprintf(proxy->mark, sizeof(proxy->mark), "%w", id.bytes, (sizeof(proxy->mark) - 1) / 2);

    return 0;
}

static void close_tables(struct proxy *proxy)
{
    if (proxy->attempts)
        hash_flush(proxy->attempts);
    if (proxy->calls)
        hash_flush(proxy->calls);
    if (proxy->dialogs)
        hash_flush(proxy->dialogs);
    mem_deref(proxy->attempts);
    mem_deref(proxy->calls);
    mem_deref(proxy->dialogs);
    mem_deref(proxy->scratch);
}

/** The profile named on the command line, or the first of the file. */
static int choose_profile(struct proxy *proxy)
{
    trunkha_profile_status status = TRUNKHA_PROFILE_STATUS_INIT;
    trunkha_candidate candidate;
    size_t n = 1;

    if (!*proxy->profile && !trunkha_view_get_profile(proxy->view, 0, &status))
        str_ncpy(proxy->profile, status.id, sizeof(proxy->profile));
    if (trunkha_view_explain(proxy->view, proxy->profile, &candidate, &n) != TRUNKHA_ERR_NOTFOUND)
        return 0;
    fprintf(stderr, "trunkha-proxy: %s has no routing profile or trunk group \"%s\"\n", proxy->path, proxy->profile);

    return EXIT_BAD_CONFIG;
}

static int cannot_start(const char *why)
{
    fprintf(stderr, "trunkha-proxy: cannot start: %s\n", why);

    return EXIT_CANNOT_START;
}

static int start(struct proxy *proxy)
{
    int err, status;

    proxy->signals = open_signals();
    err = proxy->signals < 0 ? errno : open_tables(proxy);
    err = err ? err : open_socket(proxy);
    if (err)
        return cannot_start(strerror(err));
    status = load(proxy);
    if (status)
        return status;
    proxy->view = trunkha_engine_view(proxy->engine);
    status = choose_profile(proxy);
    if (status)
        return status;
    err = trunkha_engine_start(proxy->engine);

    return err ? cannot_start(trunkha_strerror(err)) : 0;
}

static int run(struct proxy *proxy)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    int status;

    options.log_cb = log_cb;
    options.message_cb = message_cb;
    options.message_user_data = &proxy->inbox;
    if (open_inbox(&proxy->inbox) || trunkha_engine_new(&options, &proxy->engine))
        return cannot_start("no memory");
    proxy->now_ms = clock_ms();
    proxy->tick = proxy->now_ms / TICK_MS;
    status = start(proxy);
    if (!status) {
        proxy->prints_events = true;
        serve(proxy);
    }
    close_tables(proxy);
    trunkha_engine_stop(proxy->engine);
    close_inbox(&proxy->inbox);
    if (!status)
        print_events(proxy);
    trunkha_view_unref(proxy->view);
    trunkha_engine_unref(proxy->engine);
    close(proxy->fd);
    close(proxy->signals);

    return status;
}

static int usage(FILE *stream)
{
    fputs("usage: trunkha-proxy FILE --listen HOST:PORT [--profile ID] [--events jsonl]\n"
          "\n"
          "A SIP proxy that sends every call to the trunk that the configuration in FILE names, by UDP, TCP or TLS, and\n"
          "fails over. Callers come by UDP.\n"
          "  --listen HOST:PORT  a numeric address of this machine, [v6]:PORT too\n"
          "  --profile ID        the routing profile or trunk group for all calls; default: the first profile of FILE\n"
          "  --events jsonl      all events on standard output, not only telephony.instance.ready\n"
          "SIGHUP reads FILE again, SIGTERM ends. Exit codes: 0, 2 bad configuration, 3 cannot start.\n",
          stream);

    return stream == stdout ? 0 : EXIT_CANNOT_START;
}

/** Returns -1 to go on, or the exit code. */
static int read_arguments(struct proxy *proxy, int argc, char **argv)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"profile", required_argument, NULL, 'p'},
                                            {"events", required_argument, NULL, 'e'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return usage(stdout);
        if (option == 'l' && sa_decode(&proxy->local, optarg, strlen(optarg)))
            return cannot_start("--listen wants a numeric address and a port, such as 192.0.2.1:5060");
        if (option == 'p' && (!*optarg || strlen(optarg) >= sizeof(proxy->profile)))
            return cannot_start("there is no such profile");
        if (option == 'e' && strcmp(optarg, "jsonl"))
            return cannot_start("--events knows jsonl only");
        if (option == '?')
            return usage(stderr);
        if (option == 'p')
            strcpy(proxy->profile, optarg);
        if (option == 'e')
            proxy->wants_events = true;
    }
    if (optind != argc - 1 || !proxy->local.len)
        return usage(stderr);
    if (!sa_isset(&proxy->local, SA_ADDR))
        return cannot_start("--listen: write the address that peers reach, it stands in Via and Record-Route");
    proxy->path = argv[optind];

    return -1;
}

int main(int argc, char **argv)
{
    static struct proxy proxy = {.fd = -1, .signals = -1};
    int status = read_arguments(&proxy, argc, argv);

    return status >= 0 ? status : run(&proxy);
}
