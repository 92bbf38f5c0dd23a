/* trunkha probe URI: OPTIONS, as ping sends echo requests. */
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <trunkha.h>

#include "commands.h"
#include "options.h"
#include "system.h"
#include "text.h"

#define ALLOW_MAX 64 /* methods told of one answer */

static const struct manual manual = {
    "probe",
    "URI",
    "Sends OPTIONS to a SIP address and tells what comes back. URI: 192.0.2.1, 192.0.2.1:5070, [2001:db8::1] or\n"
    "sip:192.0.2.1;transport=udp. Ctrl-C ends it early, with the summary.\n",
    "  0  alive: answered with a code that proves a working peer\n"
    "  1  rejected: answered, but with 403, 408 or 5xx (other than 501)\n"
    "  2  dead: no answer\n"
    "  3  wrong command line, or nothing could be sent\n"
    "Of several probes the best outcome counts.\n",
};

/** What the probing thread works on; it may outlive the command when the user has had enough. */
struct attempt {
    const char *uri;
    trunkha_probe_options options;
    trunkha_probe_result result;
    trunkha_diag diag;
    int err;
    int done; /* eventfd */
};

struct tally {
    uint64_t sent, answered;
    uint64_t rtt_min_us, rtt_max_us, rtt_sum_us;
    uint32_t best;
    char allow[sizeof(((trunkha_probe_result *)0)->allow)];
};

struct session {
    struct attempt *attempt;
    struct tally tally;
    uint64_t count; /* 0 = until interrupted */
    uint32_t interval_ms;
    int signals;
    bool as_json;
};

static const char *result_name(const trunkha_probe_result *result)
{
    static const char *const names[] = {
        [TRUNKHA_PROBE_ALIVE] = "alive", [TRUNKHA_PROBE_REJECTED] = "rejected", [TRUNKHA_PROBE_DEAD] = "dead"};

    return names[result->outcome <= TRUNKHA_PROBE_DEAD ? result->outcome : TRUNKHA_PROBE_DEAD];
}

static json_t *allow_json(const char *allow)
{
    json_t *list = json_array();

    for (int i = 0; i < ALLOW_MAX && *allow; i++) {
        size_t len;

        allow += strspn(allow, ", \t");
        len = strcspn(allow, ", \t");
        if (len)
            json_array_append_new(list, json_stringn(allow, len));
        allow += len;
    }

    return list;
}

static void print_json(const trunkha_probe_result *result)
{
    json_t *object = json_object();

    json_object_set_new(object, "uri", text_json(result->uri));
    json_object_set_new(object, "target", text_json(result->target));
    json_object_set_new(object, "result", text_json(result_name(result)));
    json_object_set_new(object, "code", json_integer(result->code));
    json_object_set_new(object, "phrase", text_json(result->phrase));
    json_object_set_new(object, "rttMs", result->code ? json_real(result->rtt_us / 1000.0) : json_null());
    json_object_set_new(object, "detail", text_json(result->detail));
    json_object_set_new(object, "allow", allow_json(result->allow));
    json_object_set_new(object, "codecs", json_array());
    json_object_set_new(object, "tls", json_object());
    json_object_set_new(object, "nat", json_object());
    text_print_json(object);
}

static void print_line(const trunkha_probe_result *result)
{
    printf("%s: ", result->target);
    if (result->code) {
        printf("%s, %u ", result_name(result), result->code);
        text_print(stdout, result->phrase);
        printf(", %.2f ms\n", result->rtt_us / 1000.0);
    } else {
        fputs("dead, ", stdout);
        text_print(stdout, result->detail);
        putchar('\n');
    }
    fflush(stdout);
}

static void count(struct tally *tally, const trunkha_probe_result *result)
{
    uint64_t rtt_us = result->rtt_us;

    tally->sent++;
    if (result->outcome < tally->best)
        tally->best = result->outcome;
    if (!result->code)
        return;
    tally->answered++;
    tally->rtt_sum_us += rtt_us;
    tally->rtt_min_us = tally->answered == 1 || rtt_us < tally->rtt_min_us ? rtt_us : tally->rtt_min_us;
    tally->rtt_max_us = rtt_us > tally->rtt_max_us ? rtt_us : tally->rtt_max_us;
    memcpy(tally->allow, result->allow, sizeof(tally->allow));
}

static void print_summary(const char *uri, const struct tally *tally)
{
    fputs("--- ", stdout);
    text_print(stdout, uri);
    printf(" ---\n%llu sent, %llu answered, %.4g %% loss\n", (unsigned long long)tally->sent,
           (unsigned long long)tally->answered,
           tally->sent ? 100.0 * (double)(tally->sent - tally->answered) / (double)tally->sent : 0.0);
    if (tally->answered)
        printf("rtt min/avg/max = %.2f/%.2f/%.2f ms\n", (double)tally->rtt_min_us / 1000,
               (double)tally->rtt_sum_us / (double)tally->answered / 1000, (double)tally->rtt_max_us / 1000);
    if (*tally->allow) {
        fputs("allow: ", stdout);
        text_print(stdout, tally->allow);
        putchar('\n');
    }
}

static int explain_error(const struct attempt *attempt)
{
    fputs("trunkha probe: ", stderr);
    text_print(stderr, attempt->diag.message);
    fputc('\n', stderr);

    return EXIT_REFUSED;
}

static void *probe_thread(void *user_data)
{
    struct attempt *attempt = user_data;

    attempt->err = trunkha_probe_uri(attempt->uri, &attempt->options, &attempt->result, &attempt->diag);
    eventfd_write(attempt->done, 1);

    return NULL;
}

/** Probes once; false when the user does not want to wait for the end of it. */
static bool probe_once(struct session *session)
{
    struct attempt *attempt = session->attempt;
    struct pollfd fds[] = {{session->signals, POLLIN, 0}, {attempt->done, POLLIN, 0}};
    eventfd_t ignored;
    pthread_t thread;

    attempt->result = (trunkha_probe_result)TRUNKHA_PROBE_RESULT_INIT;
    if (pthread_create(&thread, NULL, probe_thread, attempt)) {
        attempt->err = TRUNKHA_ERR_SYSTEM;
        return true;
    }
    while (poll(fds, 2, -1) < 0)
        ;
    if (fds[0].revents) {
        pthread_detach(thread);
        session->attempt = NULL; /* the thread's own from now on */
        return false;
    }
    pthread_join(thread, NULL);
    eventfd_read(attempt->done, &ignored);

    return true;
}

/** Probes until the count is full or the user interrupts; returns 0 or the error of a probe. */
static int probe_all(struct session *session)
{
    uint64_t next_ms = clock_ms();

    for (uint64_t i = 0; !session->count || i < session->count; i++) {
        uint64_t now_ms = clock_ms();

        if (i && signals_wait(session->signals, next_ms > now_ms ? (uint32_t)(next_ms - now_ms) : 0))
            break;
        next_ms = clock_ms() + session->interval_ms;
        if (!probe_once(session))
            break;
        if (session->attempt->err)
            return session->attempt->err;
        count(&session->tally, &session->attempt->result);
        if (session->as_json)
            print_json(&session->attempt->result);
        else
            print_line(&session->attempt->result);
    }

    return 0;
}

static struct attempt *attempt_new(const char *uri, const trunkha_probe_options *options)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));

    if (!attempt)
        return NULL;
    attempt->uri = uri;
    attempt->options = *options;
    attempt->diag = (trunkha_diag)TRUNKHA_DIAG_INIT;
    attempt->done = eventfd(0, EFD_CLOEXEC);
    if (attempt->done >= 0)
        return attempt;
    free(attempt);

    return NULL;
}

static void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    close(attempt->done);
    free(attempt);
}

static int run_session(struct session *session, const char *uri)
{
    int status;

    session->signals = signals_open(false);
    if (session->signals < 0 || !session->attempt) {
        perror("trunkha probe");
        attempt_free(session->attempt);
        return EXIT_REFUSED;
    }
    if (probe_all(session)) {
        status = explain_error(session->attempt);
    } else {
        if (!session->as_json)
            print_summary(uri, &session->tally);
        status = (int)session->tally.best;
    }
    attempt_free(session->attempt);
    close(session->signals);

    return status;
}

int command_probe(int argc, char **argv)
{
    trunkha_probe_options probe = TRUNKHA_PROBE_OPTIONS_INIT;
    struct session session = {.tally.best = TRUNKHA_PROBE_DEAD, .count = 1, .interval_ms = 1000, .signals = -1};
    const struct option options[] = {
        {"-c", "N", OPTION_NUMBER, &session.count, 0, 1000000, "how many probes; 0 = until interrupted; default 1"},
        {"-i", "S", OPTION_SECONDS, &session.interval_ms, 10, 3600000, "from one probe to the next; default 1"},
        {"--timeout", "S", OPTION_SECONDS, &probe.timeout_ms, 1, 60000, "to wait for an answer; default 3"},
        {"--from", "URI", OPTION_TEXT, &probe.from_uri, 0, 0, "the From; default sip:ping@ the local address"},
        {"--user-agent", "TEXT", OPTION_TEXT, &probe.user_agent, 0, 0, "default trunkha and its version"},
        {"--json", NULL, OPTION_FLAG, &session.as_json, 0, 0, "one JSON object for each probe, no summary"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    const char *uri = NULL;
    int status = options_read(&manual, options, argc, argv, &uri);

    if (status >= 0)
        return status;
    session.attempt = attempt_new(uri, &probe);

    return run_session(&session, uri);
}
