/* trunkha run FILE: the daemon. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trunkha.h>

#include "commands.h"
#include "findings.h"
#include "options.h"
#include "outlet.h"
#include "recorder.h"
#include "system.h"

#define EXIT_BAD_CONFIG 2
#define LAST_WORDS_MS   1000 /* to write the last events to a slow reader */
#define FLUSH_MS        1000 /* a recording is behind by so much at most */

static const struct manual manual = {
    "run",
    "FILE",
    "Probes the trunks of the configuration in FILE until SIGTERM or SIGINT. SIGHUP reads FILE again: trunks whose id\n"
    "stays keep their health; a bad file is told and changes nothing. The log goes to standard error.\n",
    "  0  ended in order\n"
    "  2  bad configuration\n"
    "  3  cannot start: wrong command line, view name in use, no socket\n",
};

struct daemon {
    const char *path;
    trunkha_engine *engine;
    struct outlet events;
    struct recorder recorder;
    int signals;
    bool is_quiet;
};

/** A log that nobody reads must not hold up the engine, whose thread calls log_cb() too. */
static bool log_has_room(void)
{
    struct pollfd fd = {STDERR_FILENO, POLLOUT, 0};

    return poll(&fd, 1, 0) > 0;
}

static void log_cb(int level, const char *message, void *user_data)
{
    static const char *const names[] = {
        [TRUNKHA_LOG_ERROR] = "error", [TRUNKHA_LOG_WARNING] = "warning", [TRUNKHA_LOG_INFO] = "info"};
    const struct daemon *daemon = user_data;
    int limit = daemon->is_quiet ? TRUNKHA_LOG_WARNING : TRUNKHA_LOG_INFO;

    if (level >= 0 && level <= limit && log_has_room())
        fprintf(stderr, "trunkha run: %s: %s\n", names[level], message);
}

static void event_cb(const trunkha_event *event, void *user_data)
{
    struct daemon *daemon = user_data;
    char *json = NULL;

    if (event->lost)
        fprintf(stderr, "trunkha run: warning: %u events were lost: standard output is too slow\n", event->lost);
    if (!trunkha_event_json(event, &json))
        outlet_add(&daemon->events, json);
    trunkha_free(json);
}

/** Loads the file, or tells what is wrong with it. Returns 0 or the exit code. */
static int load(struct daemon *daemon)
{
    struct findings findings = {daemon->path, stderr, 0, 0};
    size_t len = 0;
    char *json = file_read(daemon->path, &len);
    int err;

    if (!json) {
        fprintf(stderr, "trunkha run: cannot read %s: %s\n", daemon->path, strerror(errno));
        return EXIT_BAD_CONFIG;
    }
    err = trunkha_engine_load(daemon->engine, json, len, NULL);
    if (err == TRUNKHA_ERR_CONFIG)
        trunkha_config_check(json, len, findings_print_cb, &findings);
    else if (err)
        fprintf(stderr, "trunkha run: cannot load %s: %s\n", daemon->path, trunkha_strerror(err));
    free(json);

    return !err ? 0 : err == TRUNKHA_ERR_CONFIG ? EXIT_BAD_CONFIG : EXIT_REFUSED;
}

static void reload(struct daemon *daemon)
{
    if (load(daemon))
        fprintf(stderr, "trunkha run: %s was not loaded; the running configuration stays\n", daemon->path);
    else if (!daemon->is_quiet)
        fprintf(stderr, "trunkha run: info: %s is loaded\n", daemon->path);
}

/** Returns false when it is time to end. */
static bool handle_signal(struct daemon *daemon)
{
    int number = signals_read(daemon->signals);

    if (number == SIGHUP)
        reload(daemon);

    return number == SIGHUP || !number;
}

static void flush_recording(struct daemon *daemon, uint64_t *flush_at)
{
    uint64_t now = clock_ms();

    if (now < *flush_at)
        return;
    recorder_flush(&daemon->recorder);
    *flush_at = now + FLUSH_MS;
}

static void serve(struct daemon *daemon)
{
    uint64_t flush_at = 0;
    bool goes_on = true;

    while (goes_on) {
        struct pollfd fds[] = {
            {daemon->signals, POLLIN, 0},
            {outlet_has_room(&daemon->events) ? trunkha_engine_fd(daemon->engine) : -1, POLLIN, 0},
            {daemon->events.len ? daemon->events.fd : -1, POLLOUT, 0},
        };

        if (poll(fds, 3, daemon->recorder.file ? FLUSH_MS : -1) < 0)
            continue;
        flush_recording(daemon, &flush_at);
        if (fds[1].revents)
            trunkha_engine_dispatch(daemon->engine);
        if (fds[2].revents)
            outlet_write(&daemon->events);
        if (fds[0].revents)
            goes_on = handle_signal(daemon);
    }
}

static int explain_new(const char *view_name, int err)
{
    if (err == TRUNKHA_ERR_BUSY)
        fprintf(stderr, "trunkha run: another daemon publishes the view \"%s\": end it, or take another name\n", view_name);
    else if (err == TRUNKHA_ERR_INVALID && view_name)
        fprintf(stderr, "trunkha run: --view \"%s\": write at most 63 letters, digits, \"-\", \"_\" and \".\"\n", view_name);
    else
        fprintf(stderr, "trunkha run: cannot start: %s\n", trunkha_strerror(err));

    return EXIT_REFUSED;
}

static int start(struct daemon *daemon)
{
    int status = load(daemon);
    int err = status ? 0 : trunkha_engine_start(daemon->engine);

    if (err)
        fprintf(stderr, "trunkha run: cannot start: %s\n", trunkha_strerror(err));

    return err ? EXIT_REFUSED : status;
}

static int run(struct daemon *daemon, trunkha_options *options)
{
    int err = trunkha_engine_new(options, &daemon->engine);
    int status;

    if (err)
        return explain_new(options->view_name, err);
    status = start(daemon);
    if (!status) {
        serve(daemon);
        trunkha_engine_stop(daemon->engine);
        trunkha_engine_dispatch(daemon->engine);
        outlet_finish(&daemon->events, LAST_WORDS_MS);
    }
    trunkha_engine_unref(daemon->engine);

    return status;
}

static bool open_recording(struct daemon *daemon, const char *path, trunkha_options *options)
{
    if (!path)
        return true;
    options->record_cb = recorder_write_cb;
    options->record_user_data = &daemon->recorder;

    return recorder_open(&daemon->recorder, path);
}

int command_run(int argc, char **argv)
{
    trunkha_options engine_options = TRUNKHA_OPTIONS_INIT;
    struct daemon daemon = {.signals = -1};
    const char *events = NULL, *recording = NULL;
    const struct option options[] = {
        {"--events", "jsonl", OPTION_CHOICE, &events, 0, 0, "events on standard output, one JSON object a line"},
        {"--view", "NAME", OPTION_TEXT, &engine_options.view_name, 0, 0, "publish the states for status, route and watch"},
        {"--record", "PATH", OPTION_TEXT, &recording, 0, 0, "write all that moves states to a new file, to be played again"},
        {"--quiet", NULL, OPTION_FLAG, &daemon.is_quiet, 0, 0, "log warnings and errors only"},
        {"--http", "ADDR:PORT", OPTION_LATER, NULL, 0, 0, "serve the states over HTTP"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    int status = options_read(&manual, options, argc, argv, &daemon.path);

    if (status >= 0)
        return status;
    if (recording && !strcmp(recording, "-"))
        return options_refuse(&manual, "--record \"-\": name a file, for standard output has the events");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a recording that may not grow is like a full disk */
    daemon.signals = signals_open(true);
    if (daemon.signals < 0) {
        perror("trunkha run: cannot start");
        return EXIT_REFUSED;
    }
    outlet_init(&daemon.events, STDOUT_FILENO);
    engine_options.log_cb = log_cb;
    engine_options.log_user_data = &daemon;
    engine_options.event_cb = events ? event_cb : NULL;
    engine_options.event_user_data = &daemon;
    status = open_recording(&daemon, recording, &engine_options) ? run(&daemon, &engine_options) : EXIT_REFUSED;
    recorder_close(&daemon.recorder);
    outlet_done(&daemon.events);
    close(daemon.signals);

    return status;
}
