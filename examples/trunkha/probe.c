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
#include "probe_print.h"
#include "probe_uri.h"
#include "system.h"
#include "terminal.h"
#include "text.h"

#define PASSWORD_VARIABLE "TRUNKHA_PASSWORD"

static const struct manual manual = {
    "probe",
    "URI",
    "Sends OPTIONS to a SIP address and tells what comes back. URI: carrier.example, 192.0.2.1:5070, [2001:db8::1],\n"
    "sip:carrier.example;transport=tls or sips:carrier.example. Ctrl-C ends it early, with the summary.\n",
    "  0  alive: answered with a code that proves a working peer\n"
    "  1  rejected: answered, but with 403, 408 or 5xx (other than 501)\n"
    "  2  dead: no answer, or the name leads nowhere\n"
    "  3  wrong command line, or nothing could be sent\n"
    "Of several probes the best outcome counts.\n",
};

/** What the probing thread works on; it may outlive the command when the user has had enough. */
struct attempt {
    char *uri;
    char password[256];
    trunkha_resolve_options resolve;
    trunkha_probe_options options;
    struct probe_way way;
    char target[TRUNKHA_ID_SIZE]; /* "" = look up first */
    trunkha_probe_result result;
    trunkha_diag diag;
    int err;
    int done; /* eventfd */
};

struct session {
    struct attempt *attempt;
    struct probe_way way;
    struct probe_tally tallies[PROBE_ADDRESSES_MAX];
    size_t addresses; /* that are probed, from the first on */
    uint32_t best;
    uint64_t count; /* 0 = until interrupted */
    uint32_t interval_ms;
    int signals;
    bool as_json;
    bool has_all;
};

/* ---- The thread that waits for servers and peers ---- */

static int look_up(struct attempt *attempt)
{
    struct probe_way *way = &attempt->way;

    way->count = PROBE_ADDRESSES_MAX;
    for (size_t i = 0; i < way->count; i++)
        way->addresses[i] = (trunkha_address)TRUNKHA_ADDRESS_INIT;

    return trunkha_resolve_uri(attempt->uri, &attempt->resolve, way->addresses, &way->count, &way->dns, &attempt->diag);
}

static int probe(struct attempt *attempt)
{
    attempt->options.target = attempt->target;
    attempt->result = (trunkha_probe_result)TRUNKHA_PROBE_RESULT_INIT;

    return trunkha_probe_uri(attempt->uri, &attempt->options, &attempt->result, &attempt->diag);
}

static void *attempt_thread(void *user_data)
{
    struct attempt *attempt = user_data;

    attempt->err = *attempt->target ? probe(attempt) : look_up(attempt);
    eventfd_write(attempt->done, 1);

    return NULL;
}

/** Looks up, or probes @p target; false when the user does not want to wait for the end of it. */
static bool attempt_run(struct session *session, const char *target)
{
    struct attempt *attempt = session->attempt;
    struct pollfd fds[] = {{session->signals, POLLIN, 0}, {attempt->done, POLLIN, 0}};
    eventfd_t ignored;
    pthread_t thread;

    snprintf(attempt->target, sizeof(attempt->target), "%s", target);
    if (pthread_create(&thread, NULL, attempt_thread, attempt)) {
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

static void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    explicit_bzero(attempt->password, sizeof(attempt->password));
    if (attempt->done >= 0)
        close(attempt->done);
    free(attempt->uri);
    free(attempt);
}

static struct attempt *attempt_new(const char *uri, const char *transport)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));

    if (!attempt)
        return NULL;
    attempt->options = (trunkha_probe_options)TRUNKHA_PROBE_OPTIONS_INIT;
    attempt->resolve = (trunkha_resolve_options)TRUNKHA_RESOLVE_OPTIONS_INIT;
    attempt->diag = (trunkha_diag)TRUNKHA_DIAG_INIT;
    attempt->uri = probe_uri_with(uri, transport);
    attempt->done = eventfd(0, EFD_CLOEXEC);
    if (attempt->uri && attempt->done >= 0)
        return attempt;
    attempt_free(attempt);

    return NULL;
}

/* ---- The session ---- */

static int explain_error(const struct attempt *attempt)
{
    fputs("trunkha probe: ", stderr);
    text_print(stderr, *attempt->diag.message ? attempt->diag.message : trunkha_strerror(attempt->err));
    fputc('\n', stderr);

    return EXIT_REFUSED;
}

static void print_result(const struct session *session, const trunkha_probe_result *result)
{
    if (session->as_json)
        probe_print_json(result, &session->way);
    else
        probe_print_line(result);
}

/** The name leads nowhere: as dead as can be. */
static void print_lost(const struct session *session)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;

    result.outcome = TRUNKHA_PROBE_DEAD;
    result.reason = TRUNKHA_REASON_DNS_FAILURE;
    snprintf(result.uri, sizeof(result.uri), "%s", session->attempt->uri);
    snprintf(result.detail, sizeof(result.detail), "%s", trunkha_dns_text(session->way.dns));
    print_result(session, &result);
}

/** Returns false when there is nothing to be probed: the user, an error, or the DNS does not let us. */
static bool find_addresses(struct session *session)
{
    if (!attempt_run(session, "") || session->attempt->err)
        return false;
    session->way = session->attempt->way;
    session->addresses = session->has_all || !session->way.count ? session->way.count : 1;
    if (!session->addresses)
        print_lost(session);
    else if (!session->as_json)
        probe_print_way(session->attempt->uri, &session->way);

    return session->addresses > 0;
}

/** Probes each address once; false when the user interrupts, or a probe could not be made. */
static bool probe_round(struct session *session)
{
    for (size_t i = 0; i < session->addresses; i++) {
        const trunkha_probe_result *result = &session->attempt->result;

        if (!attempt_run(session, session->way.addresses[i].target) || session->attempt->err)
            return false;
        probe_count(&session->tallies[i], result);
        session->best = result->outcome < session->best ? result->outcome : session->best;
        print_result(session, result);
    }

    return true;
}

/** Probes until the count is full or the user interrupts. */
static void probe_rounds(struct session *session)
{
    uint64_t next_ms = clock_ms();

    for (uint64_t i = 0; !session->count || i < session->count; i++) {
        uint64_t now_ms = clock_ms();

        if (i && signals_wait(session->signals, next_ms > now_ms ? (uint32_t)(next_ms - now_ms) : 0))
            return;
        next_ms = clock_ms() + session->interval_ms;
        if (!probe_round(session))
            return;
    }
}

static void print_summaries(const struct session *session, const char *uri)
{
    probe_print_summary(session->addresses > 1 ? session->way.addresses[0].target : uri, &session->tallies[0]);
    for (size_t i = 1; i < session->addresses; i++)
        probe_print_summary(session->way.addresses[i].target, &session->tallies[i]);
}

static int run_session(struct session *session, const char *uri)
{
    int status;

    session->signals = signals_open(false);
    if (session->signals < 0) {
        perror("trunkha probe");
        return EXIT_REFUSED;
    }
    if (find_addresses(session))
        probe_rounds(session);
    if (session->attempt && session->attempt->err) {
        status = explain_error(session->attempt);
    } else {
        if (!session->as_json && (session->addresses || !session->attempt))
            print_summaries(session, uri);
        status = (int)session->best;
    }
    close(session->signals);

    return status;
}

/* ---- The command line ---- */

/** The password of --auth is never an argument: every user of the machine sees those. */
static bool read_password(struct attempt *attempt, const char *username)
{
    const char *password = getenv(PASSWORD_VARIABLE);
    char prompt[160];

    attempt->options.username = username;
    attempt->options.password = attempt->password;
    if (password && strlen(password) < sizeof(attempt->password)) {
        strcpy(attempt->password, password);
        return true;
    }
    snprintf(prompt, sizeof(prompt), "Password of %.128s: ", username);
    if (!password && terminal_read_secret(prompt, attempt->password, sizeof(attempt->password)))
        return true;
    fputs("trunkha probe: --auth needs a password, 255 bytes at most: put it into the environment as " PASSWORD_VARIABLE
          ", or type it on a terminal\n",
          stderr);

    return false;
}

/** What stands on the command line beside the URI. */
struct wishes {
    trunkha_probe_options probe;
    trunkha_resolve_options resolve;
    const char *uri, *transport, *username, *tls_min;
    bool no_verify;
};

static void apply_wishes(struct attempt *attempt, const struct wishes *wishes)
{
    attempt->resolve = wishes->resolve;
    attempt->options = wishes->probe;
    attempt->options.no_verify = wishes->no_verify;
    attempt->options.min_tls = wishes->tls_min && !strcmp(wishes->tls_min, "1.3") ? 13 : 12;
}

static int run_wishes(struct session *session, const struct wishes *wishes)
{
    int status = EXIT_REFUSED;

    session->attempt = attempt_new(wishes->uri, wishes->transport);
    if (!session->attempt) {
        perror("trunkha probe");
        return EXIT_REFUSED;
    }
    apply_wishes(session->attempt, wishes);
    if (!wishes->username || read_password(session->attempt, wishes->username))
        status = run_session(session, wishes->uri);
    attempt_free(session->attempt);

    return status;
}

int command_probe(int argc, char **argv)
{
    struct wishes wishes = {.probe = TRUNKHA_PROBE_OPTIONS_INIT, .resolve = TRUNKHA_RESOLVE_OPTIONS_INIT};
    struct session session = {.best = TRUNKHA_PROBE_DEAD, .count = 1, .interval_ms = 1000, .signals = -1};
    const struct option options[] = {
        {"-c", "N", OPTION_NUMBER, &session.count, 0, 1000000, "how many probes; 0 = until interrupted; default 1"},
        {"-i", "S", OPTION_SECONDS, &session.interval_ms, 10, 3600000, "from one probe to the next; default 1"},
        {"--timeout", "S", OPTION_SECONDS, &wishes.probe.timeout_ms, 1, 60000, "to wait for an answer; default 3"},
        {"--all", NULL, OPTION_FLAG, &session.has_all, 0, 0, "every address of a name, not only the first"},
        {"--transport", "udp|tcp|tls", OPTION_CHOICE, &wishes.transport, 0, 0, "in place of the URI's"},
        {"--auth", "USER", OPTION_TEXT, &wishes.username, 0, 0,
         "answers a challenge; password: " PASSWORD_VARIABLE ", or asked for"},
        {"--from", "URI", OPTION_TEXT, &wishes.probe.from_uri, 0, 0, "the From; default sip:ping@ the local address"},
        {"--user-agent", "TEXT", OPTION_TEXT, &wishes.probe.user_agent, 0, 0, "default trunkha and its version"},
        {"--local", "ADDR[:PORT]", OPTION_TEXT, &wishes.probe.local_address, 0, 0, "where probes leave from"},
        {"--dns", "SERVER", OPTION_TEXT, &wishes.resolve.servers, 0, 0, "IP[:PORT] instead of resolv.conf's"},
        {"--ca", "FILE", OPTION_TEXT, &wishes.probe.ca_file, 0, 0, "whom to trust, PEM; default: whom the system trusts"},
        {"--cert", "FILE", OPTION_TEXT, &wishes.probe.cert_file, 0, 0, "a client certificate, PEM"},
        {"--key", "FILE", OPTION_TEXT, &wishes.probe.key_file, 0, 0, "its key, if that is not in the same file"},
        {"--server-name", "NAME", OPTION_TEXT, &wishes.probe.server_name, 0, 0, "in the certificate; default: the host"},
        {"--no-verify", NULL, OPTION_FLAG, &wishes.no_verify, 0, 0, "tell of the certificate, whatever it is worth"},
        {"--tls-min", "1.2|1.3", OPTION_CHOICE, &wishes.tls_min, 0, 0, "the least version; default 1.2"},
        {"--json", NULL, OPTION_FLAG, &session.as_json, 0, 0, "one JSON object for each probe, no summary"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    int status = options_read(&manual, options, argc, argv, &wishes.uri);

    return status >= 0 ? status : run_wishes(&session, &wishes);
}
