/* Standard input, a line each; every line is answered by one line on standard output:
 *
 *     break TARGET|all          broken MONOTONIC_NS N   resets the connections of it: when it began, how many
 *     close TARGET|all          broken MONOTONIC_NS N   the same in order
 *     refuse                    ok       new connections, as if nobody were there
 *     accept                    ok       ends that
 *     forget                    ok       no TLS session of before is resumed, as after a restart
 *     authority FILE            ok       writes the certificate to be trusted
 *     count                     count OPEN ACCEPTED ANSWERED 0
 *     histogram [MS]            histogram MOST MEDIAN ACCEPTED   connections accepted in windows of MS, 10 without it
 *     reset                     ok       those stamps begin again
 *     quit */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "streams.h"

static void say(bool is_done)
{
    puts(is_done ? "ok" : "error");
}

static void run_break(struct streams *streams, const char *which, bool is_reset)
{
    bool is_all = which && !strcmp(which, "all");
    uint32_t target = which ? (uint32_t)strtoul(which, NULL, 10) : UINT32_MAX;
    int64_t begun_ns = streams_now_ns();
    struct connection *next;
    uint32_t n = 0;

    if (!is_all && target >= streams->n_targets) {
        say(false);
        return;
    }
    for (struct connection *connection = streams->connections; connection; connection = next) {
        next = connection->next;
        if (!is_all && connection->target != target)
            continue;
        streams_end(streams, connection, is_reset);
        n++;
    }
    printf("broken %" PRId64 " %" PRIu32 "\n", begun_ns, n);
}

static bool forget(struct streams *streams)
{
    SSL_CTX *context = streams->secure ? secure_context(streams->secure) : NULL;

    if (!context)
        return false;

    SSL_CTX_free(streams->context);
    streams->context = context;

    return true;
}

static void run_histogram(struct streams *streams, const char *text)
{
    int64_t window_ms = text ? atoi(text) : 10;
    struct density density;

    if (window_ms < 1) {
        say(false);
        return;
    }
    density = stamps_density(&streams->stamps, window_ms * 1000000);
    printf("histogram %zu %zu %zu\n", density.most, density.median, streams->stamps.count);
}

static void run_count(const struct streams *streams)
{
    printf("count %" PRIu32 " %" PRIu64 " %" PRIu64 " 0\n", streams->n_connections, streams->accepted, streams->answered);
}

static void run_refuse(struct streams *streams)
{
    streams_refuse(streams);
    say(true);
}

static void run_reset(struct streams *streams)
{
    stamps_reset(&streams->stamps);
    say(true);
}

bool streams_command(struct streams *streams, char *line)
{
    char *rest = NULL;
    const char *verb = strtok_r(line, " ", &rest);
    const char *word = strtok_r(NULL, " ", &rest);

    if (!verb)
        return true;
    if (!strcmp(verb, "quit"))
        return false;

    if (!strcmp(verb, "break") || !strcmp(verb, "close"))
        run_break(streams, word, !strcmp(verb, "break"));
    else if (!strcmp(verb, "refuse"))
        run_refuse(streams);
    else if (!strcmp(verb, "accept"))
        say(streams->listener >= 0 || !streams_listen(streams));
    else if (!strcmp(verb, "forget"))
        say(forget(streams));
    else if (!strcmp(verb, "authority"))
        say(word && streams->secure && !secure_write_authority(streams->secure, word));
    else if (!strcmp(verb, "count"))
        run_count(streams);
    else if (!strcmp(verb, "histogram"))
        run_histogram(streams, word);
    else if (!strcmp(verb, "reset"))
        run_reset(streams);
    else
        say(false);

    fflush(stdout);

    return true;
}
