/* trunkha-redirect: answers each INVITE with 302 and the trunks for it, best first, so that any SBC that follows
 * redirections has trunk failover without linking anything. The engine probes on a thread of its own; libre's SIP stack
 * runs on this one and asks the engine's view, which costs neither a wait nor a system call. (This libre is the shared
 * one; what libtrunkha has of it inside is hidden there, and the two do not meet.) */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <re.h>
#include <trunkha.h>

#define EXIT_BAD_CONFIG 2
#define EXIT_REFUSED    3

#define CONTACTS_MAX  8    /* q from 1.0 down to 0.3, in tenths */
#define ALLOWED_MAX   64   /* --allow; one more is our own */
#define RETRY_AFTER_S "15" /* a trunk that is down is probed that often by default: sooner nothing changes */
#define STRANGER_SIZE 2048 /* bytes of a datagram from elsewhere that we decode to refuse it */
#define TABLE_SIZE    1024 /* buckets for transactions and connections, a power of two */
#define ALLOW         "Allow: INVITE, ACK, CANCEL, OPTIONS\r\n"
#define RETRY_LATER   "Retry-After: " RETRY_AFTER_S "\r\n"

struct prefix {
    int family;
    unsigned bits;
    uint8_t bytes[16];
};

struct watched {
    int fd;
    struct re_fhs *handle;
};

struct server {
    const char *path, *wanted; /* of the command line; wanted: the profile, NULL = the first */
    char profile[TRUNKHA_ID_SIZE];
    bool has_events;
    struct prefix allowed[ALLOWED_MAX + 1];
    size_t allowed_count;
    trunkha_engine *engine;
    trunkha_view *view;
    struct sa address;
    struct sip *sip;
    struct udp_helper *screen; /* the socket's */
    time_t last_stranger;      /* CLOCK_MONOTONIC, seconds */
    int signals;
    struct watched signals_watched, engine_watched;
};

/* ---- Who may ask -------------------------------------------------------------------------------------------- */

static struct prefix prefix_of(const struct sa *sa)
{
    struct prefix prefix = {.family = sa_af(sa), .bits = sa_af(sa) == AF_INET ? 32 : 128};
    uint32_t v4 = htonl(sa_in(sa));

    if (prefix.family == AF_INET)
        memcpy(prefix.bytes, &v4, sizeof(v4));
    else
        sa_in6(sa, prefix.bytes);

    return prefix;
}

/** Adds "192.0.2.0/24", "2001:db8::1", ... */
static bool allow(struct server *server, const char *text)
{
    struct prefix *prefix = &server->allowed[server->allowed_count];
    unsigned bits = strchr(text, ':') ? 128 : 32;
    char address[INET6_ADDRSTRLEN];
    struct sa sa;
    int len = 0;

    if (sscanf(text, "%45[0-9a-fA-F.:]%n/%3u%n", address, &len, &bits, &len) < 1 || text[len])
        return false;
    if (server->allowed_count == ALLOWED_MAX || sa_set_str(&sa, address, 0))
        return false;
    *prefix = prefix_of(&sa);
    if (bits > prefix->bits)
        return false;
    prefix->bits = bits;
    server->allowed_count++;

    return true;
}

static bool prefix_has(const struct prefix *prefix, const struct prefix *address)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

    return prefix->family == address->family && !memcmp(prefix->bytes, address->bytes, whole) &&
           (!rest || (prefix->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_allowed(const struct server *server, const struct sa *from)
{
    struct prefix address = prefix_of(from);

    for (size_t i = 0; i < server->allowed_count; i++)
        if (prefix_has(&server->allowed[i], &address))
            return true;

    return false;
}

/** Sees each datagram before libre decodes it; true = it goes no further. 8 KB of nonsense can cost libre's decoder 0.2 s,
 *  so that of strangers only one short datagram a second gets far enough to be refused. TCP has no such place. */
static bool screen_cb(struct sa *from, struct mbuf *mb, void *arg)
{
    struct server *server = arg;
    struct timespec now;

    if (is_allowed(server, from))
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (mbuf_get_left(mb) > STRANGER_SIZE || now.tv_sec == server->last_stranger)
        return true;
    server->last_stranger = now.tv_sec;

    return false;
}

/* ---- Requests ----------------------------------------------------------------------------------------------- */

/** An INVITE gets a server transaction, which repeats the answer until its ACK has come and swallows that. Anything else is
 *  answered as often as it comes, and nothing is kept of it (RFC 3261 section 8.2.7). */
static void answer(struct server *server, const struct sip_msg *msg, uint16_t code, const char *phrase, const char *headers)
{
    if (!pl_strcmp(&msg->met, "INVITE"))
        sip_treplyf(NULL, NULL, server->sip, msg, false, code, phrase, "%sContent-Length: 0\r\n\r\n", headers);
    else
        sip_replyf(server->sip, msg, code, phrase, "%sContent-Length: 0\r\n\r\n", headers);
}

/** The user part leaves as it came, byte for byte, with the parameters of a number ("+49301;phone-context=x") and all.
 *
 *  The host is that of the trunk's own URI, by which a carrier may know its customers. Where that is a name, the SBC is
 *  not to look it up again: which of its addresses answers was measured, and `maddr` says it (RFC 3261 section 19.1.1).
 *  An SBC that does not know `maddr` still comes to the right carrier. */
static int print_contact(struct mbuf *mb, const struct sip_msg *msg, const trunkha_candidate *to, size_t rank)
{
    const char *address = strchr(to->target, ':'), *at;
    struct pl user = msg->uri.user, type, uri;
    struct sa target, literal;
    struct uri trunk;
    int err;

    if (!address || sa_decode(&target, address + 1, strlen(address + 1)))
        return EINVAL;
    at = pl_isset(&user) ? memchr(user.p, '@', (size_t)(msg->ruri.p + msg->ruri.l - user.p)) : NULL;
    user.l = at ? (size_t)(at + 1 - user.p) : 0;
    err = mbuf_printf(mb, "Contact: <sip:%r", &user);
    pl_set_str(&uri, to->uri);
    if (!uri_decode(&trunk, &uri) && sa_set(&literal, &trunk.host, 0))
        err |= mbuf_printf(mb, sa_af(&target) == AF_INET6 ? "%r:%u;maddr=[%j]" : "%r:%u;maddr=%j", &trunk.host,
                           (unsigned)sa_port(&target), &target);
    else
        err |= mbuf_printf(mb, "%J", &target);
    err |= mbuf_printf(mb, ";transport=%b", to->target, (size_t)(address - to->target));
    if (!msg_param_decode(&msg->uri.params, "user", &type)) /* "phone": goes with the number */
        err |= mbuf_printf(mb, ";user=%r", &type);
    err |= mbuf_printf(mb, ">;q=%u.%u\r\n", rank ? 0 : 1, rank ? 10 - (unsigned)rank : 0);

    return err;
}

/** Without an expiry the Contacts are good for this call only (RFC 3261 section 21.3.3): health is not to be cached. */
static void redirect(struct server *server, const struct sip_msg *msg, const trunkha_candidate *to, size_t count)
{
    struct mbuf *mb = mbuf_alloc(1024);
    int err = mb ? 0 : ENOMEM;

    for (size_t i = 0; i < count && !err; i++)
        err = print_contact(mb, msg, &to[i], i);
    if (err || mbuf_write_u8(mb, '\0'))
        answer(server, msg, 500, "Server Internal Error", RETRY_LATER);
    else
        answer(server, msg, 302, "Moved Temporarily", (char *)mb->buf);
    mem_deref(mb);
}

/** When all trunks are down, they are named all the same: to try may help, to refuse cannot. 480 is said when the operator
 *  or a limit has closed all of them: then there is nobody to call, and another server would know no better. 503, which
 *  sends the SBC to its other server, is said when this one cannot know. */
static void handle_invite(struct server *server, const struct sip_msg *msg)
{
    trunkha_candidate to[CONTACTS_MAX];
    size_t count = CONTACTS_MAX;
    int err;

    if (pl_strcasecmp(&msg->uri.scheme, "sip")) {
        answer(server, msg, 416, "Unsupported URI Scheme", "");
        return;
    }
    err = trunkha_view_select(server->view, server->profile, to, &count);
    if (!err)
        redirect(server, msg, to, count);
    else if (err == TRUNKHA_ERR_UNAVAILABLE)
        answer(server, msg, 480, "Temporarily Unavailable", RETRY_LATER);
    else
        answer(server, msg, 503, "Service Unavailable", RETRY_LATER);
}

/** Tells an SBC that watches its redirect servers whether this one knows a trunk worth a call. */
static void handle_options(struct server *server, const struct sip_msg *msg)
{
    trunkha_candidate best;
    size_t count = 1;
    /* unlike select it takes no turn of a balancing strategy */
    int err = trunkha_view_explain(server->view, server->profile, &best, &count);

    if (!err && (best.why < TRUNKHA_WHY_LAST_RESORT || best.why == TRUNKHA_WHY_STALE))
        answer(server, msg, 200, "OK", ALLOW);
    else
        answer(server, msg, 503, "Service Unavailable", RETRY_LATER);
}

/** What has no place in a URI may not get into our Contacts: an angle bracket would end them early. */
static bool is_printable(const struct pl *uri)
{
    for (size_t i = 0; i < uri->l; i++)
        if (!isgraph((unsigned char)uri->p[i]) || uri->p[i] == '<' || uri->p[i] == '>')
            return false;

    return true;
}

/** libre lets requests pass that lack half of this, and would take two calls without Via for one. */
static bool is_sound(const struct sip_msg *msg)
{
    return is_printable(&msg->ruri) && pl_isset(&msg->via.branch) && pl_isset(&msg->to.val) && pl_isset(&msg->from.val) &&
           pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) && !pl_cmp(&msg->cseq.met, &msg->met);
}

/** Gets what is no retransmission, no ACK and no CANCEL of a transaction. We forward nothing, so that Max-Forwards does not
 *  matter, and unknown option tags of Require are to be ignored (RFC 3261 section 8.3). */
static bool request_cb(const struct sip_msg *msg, void *arg)
{
    struct server *server = arg;

    if (!server->screen && msg->tp == SIP_TRANSP_UDP) /* libre shows its socket in messages only */
        udp_register_helper(&server->screen, msg->sock, 0, NULL, screen_cb, server);

    if (!pl_strcmp(&msg->met, "ACK"))
        return true;
    if (!is_allowed(server, &msg->src))
        sip_reply(server->sip, msg, 403, "Forbidden"); /* no transaction: strangers cost no memory */
    else if (!is_sound(msg))
        sip_reply(server->sip, msg, 400, "Bad Request");
    else if (pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "CANCEL"))
        answer(server, msg, 481, "Call/Transaction Does Not Exist", "");
    else if (!pl_strcmp(&msg->met, "INVITE"))
        handle_invite(server, msg);
    else if (!pl_strcmp(&msg->met, "OPTIONS"))
        handle_options(server, msg);
    else
        answer(server, msg, 405, "Method Not Allowed", ALLOW);

    return true;
}

/** Responses to nothing we have asked; libre would print each. */
static bool response_cb(const struct sip_msg *msg, void *arg)
{
    (void)msg;
    (void)arg;

    return true;
}

/* ---- Engine ------------------------------------------------------------------------------------------------- */

static void log_cb(int level, const char *message, void *user_data)
{
    (void)user_data;
    if (level <= TRUNKHA_LOG_WARNING)
        fprintf(stderr, "trunkha-redirect: %s\n", message);
}

/** A reader of standard output that falls behind misses events, and sees a gap in `sequence`: calls do not wait for it. */
static void event_cb(const trunkha_event *event, void *user_data)
{
    const struct server *server = user_data;
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    char *json = NULL;

    if (!server->has_events && event->type != TRUNKHA_EVENT_READY)
        return;
    if (!trunkha_event_json(event, &json) && poll(&out, 1, 0) == 1) {
        struct iovec line[] = {{json, strlen(json)}, {"\n", 1}};

        if (writev(STDOUT_FILENO, line, 2) < 0)
            perror("trunkha-redirect: event not written");
    }
    trunkha_free(json);
}

/** Loads the file or says what is wrong with it. Returns 0 or the exit code. */
static int load(struct server *server)
{
    trunkha_profile_status first = TRUNKHA_PROFILE_STATUS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_candidate best;
    size_t count = 1;
    int err = trunkha_engine_load_file(server->engine, server->path, &diag);

    if (err == TRUNKHA_ERR_CONFIG)
        fprintf(stderr, "%s:%u:%u: %s\n", diag.file, diag.line, diag.column, diag.message);
    else if (err)
        fprintf(stderr, "trunkha-redirect: %s: %s\n", server->path, trunkha_strerror(err));
    if (err)
        return err == TRUNKHA_ERR_SYSTEM || err == TRUNKHA_ERR_NOMEM ? EXIT_REFUSED : EXIT_BAD_CONFIG;

    trunkha_view_get_profile(server->view, 0, &first); /* each group is a profile too, behind the routing profiles */
    snprintf(server->profile, sizeof(server->profile), "%s", server->wanted ? server->wanted : first.id);
    if (trunkha_view_explain(server->view, server->profile, &best, &count) != TRUNKHA_ERR_NOTFOUND)
        return 0;
    fprintf(stderr, "%s: there is no routing profile or group \"%s\"\n", server->path, server->profile);

    return EXIT_BAD_CONFIG;
}

/* ---- Loop --------------------------------------------------------------------------------------------------- */

/** All that differs between versions: from libre 3.6 on a handle stands for the descriptor. */
static int watch(struct watched *watched, int fd, fd_h *handler, void *arg)
{
    watched->fd = fd;
#ifdef LIBRE_HAS_FD_HANDLES
    return fd_listen(&watched->handle, fd, FD_READ, handler, arg);
#else
    return fd_listen(fd, FD_READ, handler, arg);
#endif
}

static void unwatch(struct watched *watched)
{
#ifdef LIBRE_HAS_FD_HANDLES
    watched->handle = fd_close(watched->handle);
#else
    fd_close(watched->fd);
#endif
}

static void engine_ready(int flags, void *arg)
{
    struct server *server = arg;

    (void)flags;
    trunkha_engine_dispatch(server->engine);
}

static void signal_ready(int flags, void *arg)
{
    struct server *server = arg;
    struct signalfd_siginfo info;

    (void)flags;
    if (read(server->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo != SIGHUP)
        re_cancel();
    else
        load(server); /* of a bad file it has told; the former one goes on */
}

/** Before the engine starts, whose thread inherits the mask. */
static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);

    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/** A message from ourselves shows us libre's socket, and brings the screen into place before anybody else's does. */
static int ask_self(struct server *server)
{
    char uri[96];

    re_snprintf(uri, sizeof(uri), "sip:%J;transport=udp", &server->address);

    return sip_requestf(NULL, server->sip, true, "OPTIONS", uri, NULL, NULL, NULL, NULL, NULL,
                        "To: <%s>\r\nFrom: <%s>;tag=self\r\nCall-ID: %016llx\r\nCSeq: 1 OPTIONS\r\n"
                        "Content-Length: 0\r\n\r\n",
                        uri, uri, (unsigned long long)rand_u64());
}

static int open_sip(struct server *server)
{
    int err = sip_alloc(&server->sip, NULL, 16, TABLE_SIZE, TABLE_SIZE, "trunkha-redirect/" TRUNKHA_VERSION, NULL, NULL);

    err = err ? err : sip_transp_add(server->sip, SIP_TRANSP_UDP, &server->address);
    err = err ? err : sip_transp_add(server->sip, SIP_TRANSP_TCP, &server->address);
    err = err ? err : sip_listen(NULL, server->sip, true, request_cb, server);
    err = err ? err : sip_listen(NULL, server->sip, false, response_cb, NULL);
    err = err ? err : ask_self(server);
    err = err ? err : watch(&server->signals_watched, server->signals, signal_ready, server);
    err = err ? err : watch(&server->engine_watched, trunkha_engine_fd(server->engine), engine_ready, server);
    if (err)
        re_fprintf(stderr, "trunkha-redirect: cannot listen at %J: %m\n", &server->address, err);

    return err;
}

/** READY is told when the engine starts: by then the sockets are open, and what comes waits there for the loop. */
static int serve(struct server *server)
{
    int err;

    if (open_sip(server))
        return EXIT_REFUSED;
    err = trunkha_engine_start(server->engine);
    if (err) {
        fprintf(stderr, "trunkha-redirect: cannot start: %s\n", trunkha_strerror(err));
        return EXIT_REFUSED;
    }
    re_main(NULL);
    unwatch(&server->signals_watched);
    unwatch(&server->engine_watched);
    trunkha_engine_stop(server->engine);
    trunkha_engine_dispatch(server->engine);

    return 0;
}

static int run(struct server *server)
{
    trunkha_options options = {.size = sizeof(options), .event_cb = event_cb, .event_user_data = server, .log_cb = log_cb};
    int status = EXIT_REFUSED;

    server->signals = open_signals();
    if (server->signals >= 0 && !libre_init() && !trunkha_engine_new(&options, &server->engine)) {
        server->view = trunkha_engine_view(server->engine);
        status = load(server);
        if (!status)
            status = serve(server);
    }
    mem_deref(server->sip);
    trunkha_view_unref(server->view);
    trunkha_engine_unref(server->engine);
    libre_close();

    return status;
}

/* ---- Command line ------------------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: trunkha-redirect FILE --listen HOST:PORT [--profile ID] [--allow ADDRESS[/BITS]]... [--events jsonl]\n"
    "Answers INVITE, by UDP and TCP, with 302 and the trunks that can take the call; see trunkha-redirect(1).\n";

static bool read_options(struct server *server, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"profile", required_argument, NULL, 'p'},
        {"allow", required_argument, NULL, 'a'},
        {"events", required_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    bool is_right = true;
    int option;

    while (is_right && (option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'l')
            is_right = !sa_decode(&server->address, optarg, strlen(optarg));
        else if (option == 'p')
            server->wanted = optarg;
        else if (option == 'a')
            is_right = allow(server, optarg);
        else
            is_right = server->has_events = option == 'e' && !strcmp(optarg, "jsonl");
    }
    server->path = argv[optind];

    return is_right && argc == optind + 1 && sa_isset(&server->address, SA_ALL); /* libre takes no wildcard */
}

int main(int argc, char **argv)
{
    static struct server server;

    if (argc == 2 && !strcmp(argv[1], "--help"))
        return fputs(usage, stdout) < 0;
    if (!read_options(&server, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_REFUSED;
    }
    if (!server.allowed_count) {
        fputs("trunkha-redirect: only this machine may ask; --allow ADDRESS[/BITS] opens it to others\n", stderr);
        allow(&server, "127.0.0.0/8");
        allow(&server, "::1");
    }
    server.allowed[server.allowed_count++] = prefix_of(&server.address);

    return run(&server);
}
