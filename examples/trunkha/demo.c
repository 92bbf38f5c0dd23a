/* trunkha demo: a caller, trunkha-proxy and two carriers on loopback; the primary carrier dies and returns.
 *
 *  step      | ends when                               | and then
 *  ----------+-----------------------------------------+----------------------
 *  STARTING  | both trunks are AVAILABLE               | the calls begin
 *  STEADY    | 4 s are over                            | the primary dies
 *  AWAY      | 4 s are over, new calls go to standby   | the primary returns
 *  RETURNING | new calls go to primary                 |
 *  HOME      | 2 s are over                            | no more calls
 *  ENDING    | all calls are over                      | the summary
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "commands.h"
#include "demo_caller.h"
#include "demo_carrier.h"
#include "demo_proxy.h"
#include "demo_tally.h"
#include "options.h"
#include "system.h"
#include "terminal.h"

#define CALLS_PER_S 5
#define STEP_MAX_MS 15000U /* but for ENDING: every call comes to an end by itself */
#define TURN_MS     10
#define HOLD_DOWN   "2"
#define NO_RESPONSE "0.5"

static const char config_format[] =
    "{\"trunkGroups\": ["
    "  {\"id\": \"carrier-a\", \"trunks\": [{\"id\": \"primary\", \"sipAddress\": \"sip:127.0.0.1:%u\"}]},"
    "  {\"id\": \"carrier-b\", \"trunks\": [{\"id\": \"standby\", \"sipAddress\": \"sip:127.0.0.1:%u\"}]}],"
    " \"routingProfiles\": [{\"id\": \"demo\", \"primaryTrunkGroup\": \"carrier-a\","
    "  \"secondaryTrunkGroup\": \"carrier-b\", \"failback\": {\"mode\": \"auto\", \"holdDown\": " HOLD_DOWN "},"
    "  \"call\": {\"noResponseTimeout\": " NO_RESPONSE "}}],"
    " \"keepalive\": {\"interval\": 1, \"suspectInterval\": 0.5, \"downInterval\": 1, \"timeout\": 0.5,"
    "  \"maxFailedAttempts\": 2, \"recoveryAttempts\": 2},"
    " \"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}, \"instance\": {\"id\": \"demo\"}}";

static const struct manual manual = {
    "demo",
    NULL,
    "Starts trunkha-proxy between a caller, who makes 5 calls a second, and two carriers, all on loopback. The primary\n"
    "carrier dies, the calls move; it returns, and they move back. Needs no configuration and ends by itself, after some\n"
    "16 seconds if all goes well.\n",
    "  0  every call was answered and each step happened\n"
    "  1  otherwise, or it was interrupted\n"
    "  3  wrong command line\n",
};

enum step { STEP_STARTING, STEP_STEADY, STEP_AWAY, STEP_RETURNING, STEP_HOME, STEP_ENDING, STEP_DONE };

struct demo {
    struct demo_carrier carriers[DEMO_CARRIERS];
    struct demo_caller caller;
    struct demo_proxy proxy;
    int signals;
    enum step step;
    uint64_t start_ms, entered_ms;
    uint64_t next_call_ms, told_ms;
    bool is_available[DEMO_CARRIERS];
    bool is_active[DEMO_CARRIERS]; /* new calls go there */
    bool has_colour;
    bool is_interrupted;
};

/* ---- What a person reads ---- */

static double seconds(uint64_t ms)
{
    return (double)ms / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct demo *demo, const char *format, ...)
{
    va_list ap;

    printf("t=%4.1fs  ", seconds(clock_ms() - demo->start_ms));
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static void print_head(const struct demo *demo)
{
    printf("A caller makes %d calls a second by way of trunkha-proxy, which sends them to the primary carrier (port %u)\n"
           "or else to the standby (port %u). INVITE, 200, ACK and BYE are real, only nothing is to be heard. A carrier\n"
           "that says nothing to an INVITE within " NO_RESPONSE " s is given up for the other.\n\n",
           CALLS_PER_S, demo->carriers[DEMO_PRIMARY].port, demo->carriers[DEMO_STANDBY].port);
}

static void print_second(struct demo *demo)
{
    uint64_t end_ms = demo->told_ms + 1000;
    struct demo_tally tally;

    if (demo->step < STEP_STEADY || demo->step > STEP_HOME || clock_ms() < end_ms)
        return;
    tally = demo_tally_between(&demo->caller, demo->told_ms, end_ms);
    say(demo, "calls: primary %u  standby %u   worst delay %.2f s", tally.answered[DEMO_PRIMARY],
        tally.answered[DEMO_STANDBY], seconds(tally.worst_ms));
    demo->told_ms = end_ms;
}

/* ---- Events of the proxy ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void handle_state(struct demo *demo, const json_t *event, const json_t *metadata)
{
    const char *trunk = text_of(event, "entityId"), *state = text_of(event, "state");
    const char *colour = demo->has_colour ? terminal_colour(state) : "";

    for (unsigned i = 0; i < DEMO_CARRIERS; i++) {
        if (!strcmp(trunk, demo_carrier_names[i]))
            demo->is_available[i] = !strcmp(state, "AVAILABLE");
    }
    say(demo, "%s is %s%s%s (%s): %s", trunk, colour, state, *colour ? TERMINAL_PLAIN : "", text_of(event, "reasonCode"),
        text_of(metadata, "detail"));
}

/** Of the profile: each group is one, too. */
static void handle_active(struct demo *demo, const json_t *event, const json_t *metadata)
{
    const char *trunk = text_of(metadata, "trunkId");

    if (strcmp(text_of(event, "entityId"), "demo"))
        return;
    for (unsigned i = 0; i < DEMO_CARRIERS; i++)
        demo->is_active[i] = !strcmp(trunk, demo_carrier_names[i]);
    say(demo, "%s", text_of(metadata, "detail"));
}

static void note_trouble(struct demo_call *call, const char *trunk, const char *result, int code)
{
    size_t len = strlen(call->trouble);
    char *end = call->trouble + len;
    size_t room = sizeof(call->trouble) - len;

    if (!strcmp(result, "noResponse"))
        snprintf(end, room, "%s gave no response, ", trunk);
    else if (code)
        snprintf(end, room, "%s answered %d, ", trunk, code);
    else
        snprintf(end, room, "%s: %s, ", trunk, result);
}

static void handle_attempt(struct demo *demo, const json_t *event, const json_t *metadata)
{
    struct demo_call *call = demo_caller_find(&demo->caller, text_of(metadata, "callId"));
    const char *trunk = text_of(event, "entityId"), *result = text_of(metadata, "result");

    if (call && strcmp(result, "answered"))
        note_trouble(call, trunk, result, (int)json_integer_value(json_object_get(metadata, "lastResponse")));
    else if (call && *call->trouble && call->answered_ms)
        say(demo, "call %td: %s%s answered after %.2f s", call - demo->caller.calls + 1, call->trouble, trunk,
            seconds(call->answered_ms - call->begun_ms));
}

static void handle_event(struct demo *demo, const json_t *event)
{
    const json_t *metadata = json_object_get(event, "metadata");
    const char *type = text_of(event, "eventType");

    if (!strcmp(type, "telephony.trunks.stateChange"))
        handle_state(demo, event, metadata);
    else if (!strcmp(type, "telephony.trunkGroups.activeChange"))
        handle_active(demo, event, metadata);
    else if (!strcmp(type, "telephony.calls.attempt"))
        handle_attempt(demo, event, metadata);
}

static void handle_events(struct demo *demo)
{
    json_t *event;

    while ((event = demo_proxy_next_event(&demo->proxy))) {
        demo_caller_receive(&demo->caller); /* the answer came before the event that tells of it */
        handle_event(demo, event);
        json_decref(event);
    }
}

/* ---- The steps ---- */

static bool is_over(const struct demo *demo)
{
    uint64_t age_ms = clock_ms() - demo->entered_ms;

    switch (demo->step) {
    case STEP_STARTING:
        return demo->is_available[DEMO_PRIMARY] && demo->is_available[DEMO_STANDBY];
    case STEP_STEADY:
        return age_ms >= 4000;
    case STEP_AWAY:
        return age_ms >= 4000 && demo->is_active[DEMO_STANDBY];
    case STEP_RETURNING:
        return demo->is_active[DEMO_PRIMARY];
    case STEP_HOME:
        return age_ms >= 2000;
    case STEP_ENDING:
        return demo_caller_is_idle(&demo->caller);
    default:
        return false;
    }
}

static void enter(struct demo *demo, enum step step)
{
    demo->step = step;
    demo->entered_ms = clock_ms();
    if (step == STEP_STEADY) {
        demo->next_call_ms = demo->told_ms = demo->entered_ms;
        say(demo, "the calls begin");
    } else if (step == STEP_AWAY) {
        demo->carriers[DEMO_PRIMARY].is_dead = true;
        say(demo, "the primary dies: it drops every packet");
    } else if (step == STEP_RETURNING) {
        demo->carriers[DEMO_PRIMARY].is_dead = false;
        say(demo, "the primary returns, and gets calls again after " HOLD_DOWN " s of unbroken health");
    }
}

static void place_calls(struct demo *demo)
{
    if (demo->step < STEP_STEADY || demo->step > STEP_HOME || clock_ms() < demo->next_call_ms)
        return;
    demo_caller_place(&demo->caller);
    demo->next_call_ms += 1000 / CALLS_PER_S;
}

static bool is_stuck(const struct demo *demo)
{
    bool is_too_late = demo->step != STEP_ENDING && clock_ms() - demo->entered_ms > STEP_MAX_MS;

    return demo->is_interrupted || demo->proxy.has_ended || is_too_late;
}

/** One thread does everything: whoever has something to do is asked in turn. */
static void play(struct demo *demo)
{
    demo->start_ms = clock_ms();
    print_head(demo);
    enter(demo, STEP_STARTING);
    while (demo->step != STEP_DONE && !is_stuck(demo)) {
        struct pollfd fds[] = {
            {demo->signals, POLLIN, 0},
            {demo->proxy.output, POLLIN, 0},
            {demo->caller.sock, POLLIN, 0},
            {demo->carriers[DEMO_PRIMARY].sock, POLLIN, 0},
            {demo->carriers[DEMO_STANDBY].sock, POLLIN, 0},
        };

        poll(fds, sizeof(fds) / sizeof(fds[0]), TURN_MS);
        demo->is_interrupted = signals_read(demo->signals) != 0;
        for (unsigned i = 0; i < DEMO_CARRIERS; i++)
            demo_carrier_serve(&demo->carriers[i]);
        demo_caller_receive(&demo->caller);
        demo_caller_handle_expiry(&demo->caller);
        handle_events(demo);
        print_second(demo);
        place_calls(demo);
        if (is_over(demo))
            enter(demo, demo->step + 1);
    }
}

/* ---- Beginning and end ---- */

static bool open_carriers(struct demo *demo)
{
    for (unsigned i = 0; i < DEMO_CARRIERS; i++) {
        if (!demo_carrier_open(&demo->carriers[i], demo_carrier_names[i]))
            return false;
    }

    return true;
}

static bool start(struct demo *demo)
{
    char config[2048];

    demo->signals = signals_open(false);
    if (demo->signals < 0 || !open_carriers(demo))
        return false;
    snprintf(config, sizeof(config), config_format, demo->carriers[DEMO_PRIMARY].port, demo->carriers[DEMO_STANDBY].port);

    return demo_proxy_start(&demo->proxy, config) && demo_caller_open(&demo->caller, demo->proxy.port);
}

/** Tells how it went; true when every call was answered and each step happened. */
static bool conclude(const struct demo *demo)
{
    struct demo_tally tally = demo_tally_between(&demo->caller, 0, UINT64_MAX);

    if (demo->is_interrupted)
        say(demo, "interrupted");
    else if (demo->proxy.has_ended)
        say(demo, "the proxy has ended: this demo has failed");
    else if (demo->step != STEP_DONE)
        say(demo, "what was to come next did not come in time: this demo has failed");
    if (demo->caller.n_calls)
        demo_tally_print(&tally, &demo->caller);

    return demo->step == STEP_DONE && !tally.lost;
}

static void end(struct demo *demo)
{
    demo_proxy_end(&demo->proxy);
    demo_caller_close(&demo->caller);
    for (unsigned i = 0; i < DEMO_CARRIERS; i++)
        demo_carrier_close(&demo->carriers[i]);
    if (demo->signals >= 0)
        close(demo->signals);
}

int command_demo(int argc, char **argv)
{
    const struct option options[] = {{NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL}};
    struct demo demo = {
        .carriers = {{.sock = -1}, {.sock = -1}},
        .caller.sock = -1,
        .proxy.output = -1,
        .signals = -1,
        .has_colour = terminal_has_colour(stdout),
    };
    bool is_good = false;
    int status = options_read(&manual, options, argc, argv, NULL);

    if (status >= 0)
        return status;
    if (start(&demo)) {
        play(&demo);
        is_good = conclude(&demo);
    } else {
        fprintf(stderr, "trunkha demo: cannot start: %s\n", strerror(errno));
    }
    end(&demo);

    return is_good ? 0 : 1;
}
