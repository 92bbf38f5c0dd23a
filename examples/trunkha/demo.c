/* trunkha demo: two carriers on loopback, calls running; the primary goes silent and returns.
 *
 *  step      | ends when                        | and then
 *  ----------+----------------------------------+--------------------------
 *  STARTING  | both are AVAILABLE               | the calls begin
 *  STEADY    | they have gone to a, for 2 s     | carrier-a goes silent
 *  SILENT    | a is DOWN, calls go to b         |
 *  AWAY      | 2 s are over                     | carrier-a answers again
 *  RETURNING | a is AVAILABLE                   |
 *  HELD      | calls go to a                    |
 *  HOME      | 1 s is over                      | the summary
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <trunkha.h>

#include "commands.h"
#include "demo_carrier.h"
#include "options.h"
#include "system.h"
#include "terminal.h"

#define N_CARRIERS    2
#define NOWHERE       N_CARRIERS
#define CALL_EVERY_MS 10
#define CALLS_AT_ONCE 100U /* caught up with at most, when this process was held up */

#define STEP_MAX_MS 10000U
#define DEMO_MAX_MS 28000U

/* the times of the configuration below */
#define HOLD_DOWN_S       3
#define WORST_DETECTION_S 2.6 /* interval*(1+jitter) + timeout + (maxFailedAttempts-1)*suspectInterval */

static const char config_format[] =
    "{\"trunkGroups\": ["
    "  {\"id\": \"carrier-a\", \"trunks\": [{\"id\": \"a\", \"sipAddress\": \"sip:127.0.0.1:%u\"}]},"
    "  {\"id\": \"carrier-b\", \"trunks\": [{\"id\": \"b\", \"sipAddress\": \"sip:127.0.0.1:%u\"}]}],"
    " \"routingProfiles\": [{\"id\": \"demo\", \"primaryTrunkGroup\": \"carrier-a\","
    "  \"secondaryTrunkGroup\": \"carrier-b\", \"failback\": {\"mode\": \"auto\", \"holdDown\": %d}}],"
    " \"keepalive\": {\"interval\": 1, \"suspectInterval\": 0.5, \"downInterval\": 1, \"jitter\": 0.1, \"timeout\": 0.5,"
    "  \"maxFailedAttempts\": 3, \"recoveryAttempts\": 2},"
    " \"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}, \"instance\": {\"id\": \"demo\"}}";

static const struct manual manual = {
    "demo",
    NULL,
    "Starts two carriers on loopback as SIP peers in processes of their own and makes 100 selections a second. The\n"
    "primary goes silent, the calls move; it returns, and they move back. Needs no configuration and ends by itself\n"
    "within 30 seconds.\n",
    "  0  every call was placed and each step happened\n"
    "  1  something did not, or it was interrupted\n"
    "  3  wrong command line\n",
};

enum step { STEP_STARTING, STEP_STEADY, STEP_SILENT, STEP_AWAY, STEP_RETURNING, STEP_HELD, STEP_HOME, STEP_DONE };

struct demo {
    struct demo_carrier carriers[N_CARRIERS];
    trunkha_engine *engine;
    int signals, timer;
    uint64_t start_ms;
    enum step step;
    uint64_t entered_ms[STEP_DONE + 1];
    uint64_t down_ms; /* when the trunk to carrier-a was found DOWN */
    uint32_t health[N_CARRIERS];
    unsigned carrying; /* where the last call went */
    uint64_t calls[N_CARRIERS + 1];
    uint64_t blind_calls; /* went to carrier-a after it had gone silent */
    bool has_colour;
    bool is_interrupted;
};

/* ---- What a person reads ---- */

static double seconds(uint64_t from_ms, uint64_t to_ms)
{
    return (double)(to_ms - from_ms) / 1000;
}

__attribute__((format(printf, 2, 3))) static void say(const struct demo *demo, const char *format, ...)
{
    va_list ap;

    printf("%8.2f s %7" PRIu64 " %7" PRIu64 "   ", seconds(demo->start_ms, clock_ms()), demo->calls[0], demo->calls[1]);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static void print_head(const struct demo *demo)
{
    printf("Two carriers on loopback. %d calls a second ask where to go (no INVITE is sent): to carrier-a while it is\n"
           "healthy, else to carrier-b. Both are probed with OPTIONS every second: three probes without an answer mean\n"
           "DOWN, two answers AVAILABLE again.\n\n"
           "%10s %7s %7s   %s\n",
           1000 / CALL_EVERY_MS, "time", "calls a", "calls b", "what happens");
    say(demo, "carrier-a listens at 127.0.0.1:%u, carrier-b at 127.0.0.1:%u", demo->carriers[0].port,
        demo->carriers[1].port);
}

static void print_summary(const struct demo *demo)
{
    const uint64_t *entered = demo->entered_ms;

    printf("\nfound DOWN after   %.1f s of silence; the worst case is %.1f s (interval, jitter, timeout, two more probes)\n",
           seconds(entered[STEP_SILENT], demo->down_ms), WORST_DETECTION_S);
    printf("calls meanwhile    %" PRIu64 " would still have gone to carrier-a\n", demo->blind_calls);
    printf("found again after  %.1f s, and in use again %.1f s later (hold-down: %d s of unbroken health)\n",
           seconds(entered[STEP_RETURNING], entered[STEP_HELD]), seconds(entered[STEP_HELD], entered[STEP_HOME]),
           HOLD_DOWN_S);
    printf("all calls          %" PRIu64 ": %" PRIu64 " to carrier-a, %" PRIu64 " to carrier-b, %" PRIu64 " refused\n",
           demo->calls[0] + demo->calls[1] + demo->calls[NOWHERE], demo->calls[0], demo->calls[1], demo->calls[NOWHERE]);
}

/* ---- Events and calls ---- */

static unsigned carrier_of(const char *trunk_id)
{
    return !strcmp(trunk_id, "a") ? 0 : !strcmp(trunk_id, "b") ? 1 : NOWHERE;
}

static void event_cb(const trunkha_event *event, void *user_data)
{
    struct demo *demo = user_data;
    unsigned carrier = carrier_of(event->entity_id);
    const char *word = trunkha_health_name(event->health);
    const char *colour = demo->has_colour ? terminal_colour(word) : "";

    if (event->type != TRUNKHA_EVENT_TRUNK_STATE || carrier == NOWHERE)
        return;
    demo->health[carrier] = event->health;
    if (carrier == 0 && event->health == TRUNKHA_HEALTH_DOWN)
        demo->down_ms = clock_ms();
    say(demo, "carrier-%s is %s%s%s (%s)%s%s", event->entity_id, colour, word, *colour ? TERMINAL_PLAIN : "",
        trunkha_reason_name(event->reason), *event->detail ? ": " : "", event->detail);
}

static void place_call(struct demo *demo)
{
    trunkha_candidate first;
    size_t count = 1;
    unsigned carrier = NOWHERE;

    if (!trunkha_route_select(demo->engine, "demo", &first, &count) && count)
        carrier = carrier_of(first.trunk_id);
    demo->calls[carrier]++;
    if (carrier == 0 && (demo->step == STEP_SILENT || demo->step == STEP_AWAY))
        demo->blind_calls++;
    if (carrier == demo->carrying)
        return;
    demo->carrying = carrier;
    if (carrier == NOWHERE)
        say(demo, "a call was refused");
    else
        say(demo, "new calls go to carrier-%c", carrier == 0 ? 'a' : 'b');
}

static void place_calls(struct demo *demo)
{
    uint64_t due = 0;

    if (read(demo->timer, &due, sizeof(due)) != (ssize_t)sizeof(due))
        return;
    if (demo->step == STEP_STARTING)
        return;
    for (uint64_t i = 0; i < due && i < CALLS_AT_ONCE; i++)
        place_call(demo);
}

/* ---- The steps ---- */

static bool is_over(const struct demo *demo)
{
    uint64_t age_ms = clock_ms() - demo->entered_ms[demo->step];
    bool is_a_up = demo->health[0] == TRUNKHA_HEALTH_AVAILABLE;

    switch (demo->step) {
    case STEP_STARTING:
        return is_a_up && demo->health[1] == TRUNKHA_HEALTH_AVAILABLE;
    case STEP_STEADY:
        return age_ms >= 2000 && demo->carrying == 0;
    case STEP_AWAY:
        return age_ms >= 2000;
    case STEP_SILENT:
        return demo->health[0] == TRUNKHA_HEALTH_DOWN && demo->carrying == 1;
    case STEP_RETURNING:
        return is_a_up;
    case STEP_HELD:
        return demo->carrying == 0;
    case STEP_HOME:
        return age_ms >= 1000;
    default:
        return false;
    }
}

static void enter(struct demo *demo, enum step step)
{
    demo->step = step;
    demo->entered_ms[step] = clock_ms();
    if (step == STEP_SILENT) {
        demo_carrier_set_silent(&demo->carriers[0], true);
        say(demo, "carrier-a goes silent: it drops every packet");
    } else if (step == STEP_RETURNING) {
        demo_carrier_set_silent(&demo->carriers[0], false);
        say(demo, "carrier-a answers again");
    } else if (step == STEP_HELD) {
        say(demo, "carrier-a is held down for %d s before it gets calls again", HOLD_DOWN_S);
    }
}

static bool is_too_late(const struct demo *demo)
{
    uint64_t now_ms = clock_ms();

    return now_ms - demo->entered_ms[demo->step] > STEP_MAX_MS || now_ms - demo->start_ms > DEMO_MAX_MS;
}

static void play(struct demo *demo)
{
    enter(demo, STEP_STARTING);
    while (demo->step != STEP_DONE && !demo->is_interrupted && !is_too_late(demo)) {
        struct pollfd fds[] = {
            {demo->signals, POLLIN, 0},
            {trunkha_engine_fd(demo->engine), POLLIN, 0},
            {demo->timer, POLLIN, 0},
        };

        if (poll(fds, 3, 1000) < 0)
            continue;
        if (fds[0].revents)
            demo->is_interrupted = true;
        if (fds[1].revents)
            trunkha_engine_dispatch(demo->engine);
        if (fds[2].revents)
            place_calls(demo);
        if (is_over(demo))
            enter(demo, demo->step + 1);
    }
}

/* ---- Beginning and end ---- */

static bool start_timer(struct demo *demo)
{
    struct itimerspec every = {{0, CALL_EVERY_MS * 1000000}, {0, CALL_EVERY_MS * 1000000}};

    demo->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    return demo->timer >= 0 && !timerfd_settime(demo->timer, 0, &every, NULL);
}

static bool start_carriers(struct demo *demo)
{
    for (unsigned i = 0; i < N_CARRIERS; i++)
        if (!demo_carrier_start(&demo->carriers[i]))
            return false;

    return true;
}

static int start_engine(struct demo *demo)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    char json[2048];
    int len = snprintf(json, sizeof(json), config_format, demo->carriers[0].port, demo->carriers[1].port, HOLD_DOWN_S);
    int err;

    options.event_cb = event_cb;
    options.event_user_data = demo;
    err = trunkha_engine_new(&options, &demo->engine);
    if (!err)
        err = trunkha_engine_load(demo->engine, json, (size_t)len, NULL);
    if (!err)
        err = trunkha_engine_start(demo->engine);

    return err;
}

static bool start(struct demo *demo)
{
    int err;

    demo->signals = signals_open(false);
    if (demo->signals < 0 || !start_carriers(demo) || !start_timer(demo)) {
        fprintf(stderr, "trunkha demo: cannot start: %s\n", strerror(errno));
        return false;
    }
    demo->start_ms = clock_ms();
    print_head(demo);
    err = start_engine(demo);
    if (err)
        fprintf(stderr, "trunkha demo: the engine cannot start: %s\n", trunkha_strerror(err));

    return !err;
}

/** Tells how it went; true when every call was placed and each step happened. */
static bool conclude(const struct demo *demo)
{
    if (demo->step == STEP_DONE)
        print_summary(demo);
    else if (demo->is_interrupted)
        say(demo, "interrupted");
    else
        say(demo, "what was to come next did not come in time: this demo has failed");

    return demo->step == STEP_DONE && !demo->calls[NOWHERE];
}

int command_demo(int argc, char **argv)
{
    const struct option options[] = {{NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL}};
    struct demo demo = {.signals = -1, .timer = -1, .carrying = NOWHERE, .has_colour = terminal_has_colour(stdout)};
    bool is_good = false;
    int status = options_read(&manual, options, argc, argv, NULL);

    if (status >= 0)
        return status;
    if (start(&demo)) {
        play(&demo);
        is_good = conclude(&demo);
    }
    trunkha_engine_unref(demo.engine);
    for (unsigned i = 0; i < N_CARRIERS; i++)
        demo_carrier_end(&demo.carriers[i]);
    if (demo.timer >= 0)
        close(demo.timer);
    if (demo.signals >= 0)
        close(demo.signals);

    return is_good ? 0 : 1;
}
