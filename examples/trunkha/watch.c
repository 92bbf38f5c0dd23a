/* trunkha watch: follows the events of a running daemon. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <trunkha.h>

#include "commands.h"
#include "daemon.h"
#include "options.h"
#include "system.h"
#include "terminal.h"
#include "text.h"

#define PERIOD_MS 200

static const struct manual manual = {
    "watch",
    NULL,
    "Prints the events of a running daemon as they come, until SIGINT or SIGTERM. A daemon that ends or dies meanwhile is\n"
    "told, and its successor under the same name followed.\n",
    "  0  ended by a signal or by --count\n"
    "  3  no daemon, or wrong command line\n",
};

struct follower {
    const trunkha_view *view;
    trunkha_cursor cursor;
    uint64_t left; /* events still wanted */
    int signals;
    bool as_json;
    bool has_colour;
    bool was_live;
};

static void print_time(int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm local;
    char text[32];

    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%F %T", &local);
    printf("%s.%03d  ", text, (int)(unix_ms % 1000));
}

static void print_state(const struct follower *follower, uint32_t health)
{
    const char *word = trunkha_health_name(health);
    const char *colour = follower->has_colour ? terminal_colour(word) : "";

    printf("%s%s%s", colour, word, *colour ? TERMINAL_PLAIN : "");
}

static void print_change(const struct follower *follower, const trunkha_event *event)
{
    fputs(event->type == TRUNKHA_EVENT_TARGET_STATE ? "target " : "trunk ", stdout);
    text_print(stdout, event->entity_id);
    fputs(": ", stdout);
    print_state(follower, event->previous_health);
    fputs(" -> ", stdout);
    print_state(follower, event->health);
    printf(" (%s)", trunkha_reason_name(event->reason));
}

static void print_active(const trunkha_event *event)
{
    text_print(stdout, event->entity_id);
    fputs(": new calls go to ", stdout);
    text_print(stdout, *event->trunk_id ? event->trunk_id : "nothing usable");
    if (*event->previous_trunk_id) {
        fputs(", before to ", stdout);
        text_print(stdout, event->previous_trunk_id);
    }
}

static void print_addresses(const trunkha_event *event)
{
    fputs("trunk ", stdout);
    text_print(stdout, event->entity_id);
    fputs(" is elsewhere", stdout);
    if (*event->added) {
        fputs(", added ", stdout);
        text_print(stdout, event->added);
    }
    if (*event->removed) {
        fputs(", removed ", stdout);
        text_print(stdout, event->removed);
    }
}

/** What is told by its detail alone. */
static void print_remark(const trunkha_event *event)
{
    static const char *const remarks[] = {
        [TRUNKHA_EVENT_ADDRESS_CHANGE] = "DNS",
        [TRUNKHA_EVENT_NAT_DETECTED] = "NAT",
        [TRUNKHA_EVENT_CAPABILITY_MISMATCH] = "abilities",
        [TRUNKHA_EVENT_CERTIFICATE_EXPIRY] = "certificate",
    };
    const char *remark = event->type < sizeof(remarks) / sizeof(remarks[0]) ? remarks[event->type] : NULL;

    if (remark)
        fputs("trunk ", stdout);
    else
        printf("%s ", trunkha_event_type_name(event->type));
    text_print(stdout, event->entity_id);
    if (remark)
        printf(": %s", remark);
}

static void print_line(const struct follower *follower, const trunkha_event *event)
{
    print_time(event->timestamp);
    if (event->type == TRUNKHA_EVENT_TRUNK_STATE || event->type == TRUNKHA_EVENT_TARGET_STATE) {
        print_change(follower, event);
    } else if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE) {
        print_active(event);
    } else if (event->type == TRUNKHA_EVENT_ADDRESS_CHANGE && (*event->added || *event->removed)) {
        print_addresses(event);
    } else {
        print_remark(event);
    }
    if (*event->detail) {
        fputs(": ", stdout);
        text_print(stdout, event->detail);
    }
    putchar('\n');
}

static void print_event(const struct follower *follower, const trunkha_event *event)
{
    char *json = NULL;

    if (event->lost)
        fprintf(stderr, "trunkha watch: %u events were overwritten before they could be read\n", event->lost);
    if (!follower->as_json)
        print_line(follower, event);
    else if (!trunkha_event_json(event, &json))
        puts(json);
    trunkha_free(json);
    fflush(stdout);
}

static void print_news(struct follower *follower)
{
    trunkha_event event = TRUNKHA_EVENT_INIT;

    while (follower->left && !trunkha_view_next_event(follower->view, &follower->cursor, &event)) {
        print_event(follower, &event);
        follower->left--;
    }
}

/** Tells when the daemon ends and when the next one takes over. */
static void note_daemon(struct follower *follower)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;

    trunkha_view_get_info(follower->view, &info);
    if (follower->was_live && !info.is_live)
        daemon_is_live("watch", follower->view, NULL);
    if (!follower->was_live && info.is_live)
        fprintf(stderr, "trunkha watch: process %u is probing\n", info.writer_pid);
    follower->was_live = info.is_live;
}

static void follow(struct follower *follower)
{
    print_news(follower);
    while (follower->left && !ferror(stdout) && !signals_wait(follower->signals, PERIOD_MS)) {
        note_daemon(follower);
        print_news(follower);
    }
}

/** Goes to the newest event without telling it. */
static void skip_past(struct follower *follower, uint64_t last_sequence)
{
    trunkha_event event = TRUNKHA_EVENT_INIT;

    follower->cursor.sequence = last_sequence ? last_sequence - 1 : 0;
    if (last_sequence)
        trunkha_view_next_event(follower->view, &follower->cursor, &event);
}

static int watch(struct follower *follower, const uint64_t *since)
{
    trunkha_view_info info;

    follower->was_live = daemon_is_live("watch", follower->view, &info);
    if (since)
        follower->cursor.sequence = *since;
    else
        skip_past(follower, info.last_sequence);
    if (!follower->was_live) {
        print_news(follower);
        return EXIT_REFUSED;
    }
    follower->signals = signals_open(false);
    if (follower->signals < 0) {
        perror("trunkha watch");
        return EXIT_REFUSED;
    }
    follow(follower);
    close(follower->signals);

    return 0;
}

int command_watch(int argc, char **argv)
{
    struct follower follower = {.left = UINT64_MAX, .has_colour = terminal_has_colour(stdout)};
    uint64_t since = UINT64_MAX;
    const char *name = NULL;
    const struct option options[] = {
        DAEMON_OPTIONS(&name),
        {"--json", NULL, OPTION_FLAG, &follower.as_json, 0, 0, "one JSON object for each event"},
        {"--since", "N", OPTION_NUMBER, &since, 0, UINT64_MAX - 1, "begin after this sequence; 0 = with the oldest kept"},
        {"--count", "N", OPTION_NUMBER, &follower.left, 1, UINT64_MAX - 1, "end after this many events"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    trunkha_view *view;
    int status = options_read(&manual, options, argc, argv, NULL);

    if (status >= 0)
        return status;
    view = daemon_open("watch", name);
    if (!view)
        return EXIT_REFUSED;
    follower.view = view;
    status = watch(&follower, since == UINT64_MAX ? NULL : &since);
    trunkha_view_unref(view);

    return status;
}
