/* trunkha-proxy: a call-stateful SIP proxy (RFC 3261 section 16) that sends every call to the trunk the library names, and
 * fails over as it says. Copy from it: the SIP of failover is all here, the decisions are all in the library.
 *
 *     caller                       proxy                                      trunks
 *       | INVITE ------------------> trunkha_call_begin() names the first
 *       | <--------------- 100       INVITE, branch 1 -------------------------> A
 *       |                            ... silence: trunkha_call_report() says: give up 1, try B
 *       |                            INVITE, branch 2 ------------------------------------> B
 *       | <--------------- 200 <----------------------------------------------------- 200   trunkha_call_detach()
 *       | ACK, BYE ... (by Record-Route) -------------------------------------------------> B   trunkha_view_end_call()
 *
 * What is kept: a `call` while it is set up, with an `attempt` for each trunk tried, and a small `dialog` until its BYE. All
 * else is stateless, as requests inside a dialog are (section 16.11). Callers come by UDP to a socket of the proxy's own.
 * Trunks are reached over UDP, TCP or TLS by the sockets and connections that the engine probes them with; what they send
 * comes on the engine's thread and waits in the `inbox` for this one. A trunk that wants credentials gets them here.
 *
 * libre decodes and prints messages. Its transactions are not used: they would choose the next address themselves; nor its
 * timers, which jump with the wall clock before libre 2.1. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <re.h>
#include <trunkha.h>

#define T1_MS     500                /* RFC 3261 section 17.1.1.1: estimate of a round trip */
#define T2_MS     4000               /* section 17.1.2.2: longest pause between two sendings, but of an INVITE */
#define T4_MS     5000               /* section 17.2.1: for how long a message may wander through the network */
#define END_MS    (64 * T1_MS)       /* timers B, D, F, H; L and M of RFC 6026: 32 s */
#define DIALOG_MS (12 * 3600 * 1000) /* an answered call of which nothing more is heard is forgotten */
#define LEAVE_MS  2000               /* at the end, for the trunks to answer our CANCELs */

#define CONNECT_MS       1000 /* a call waits that long for a connection to come up, then the next trunk has it */
#define CONNECT_AGAIN_MS 20   /* from one look to the next */

#define CALLS_MAX       16384 /* being set up, or over for less than 32 s; each of them takes about 10 kB */
#define DIALOGS_MAX     262144
#define MESSAGE_MAX     16384 /* bytes; longer ones are dropped */
#define LETTERS_MAX     2048  /* messages of trunks that wait for us; more are dropped, as a full socket drops them */
#define VALUES_MAX      2048  /* bytes of all values of one header */
#define LINE_MAX_BYTES  1024  /* of a first line */
#define HASH_BUCKETS    8192  /* power of two */
#define MESSAGES_A_TURN 64

#define EXIT_BAD_CONFIG   2
#define EXIT_CANNOT_START 3

#define ALLOW "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE\r\n"

/* ---- What there is ------------------------------------------------------------------------------------------- */

#define TICK_MS    10
#define WHEEL_SIZE 4096

struct timer {
    struct le le; /* in the wheel */
    uint64_t at_ms;
    void (*fire)(void *arg);
    void *arg;
};

/** The one at the other end of a message. */
struct peer {
    struct sa address;
    enum sip_transp transport;
    char trunk_id[TRUNKHA_ID_SIZE]; /* whose sockets and connections lead there; "" = our own socket does */
};

/** A message of a trunk on its way from the engine's thread to ours. */
struct letter {
    struct letter *next;
    struct peer from;
    bool has_come_back; /* it is ours; or, if it is empty, all that was sent on that connection */
    size_t len;
    uint8_t data[];
};

struct inbox {
    pthread_mutex_t lock;
    struct letter *first, **end;
    uint32_t n_letters;
    int bell; /* eventfd */
};

/** A keyed hash of what identifies a transaction or dialog: nobody outside can foretell it or make two alike. */
struct id {
    uint8_t bytes[20];
};

/** Calls, attempts and dialogs begin with it, and are found by it. */
struct entry {
    struct le le;
    struct id id;
};

struct proxy {
    trunkha_engine *engine;
    trunkha_view *view;
    const char *path;
    char profile[TRUNKHA_ID_SIZE];
    trunkha_cursor cursor; /* of the events printed */
    bool wants_events;     /* all of them, not only the first, which says that we are ready */
    bool prints_events;
    bool is_ending;

    int signals;
    int fd;          /* of the callers */
    struct sa local; /* as it stands in Via and Record-Route */
    struct inbox inbox;

    uint64_t now_ms; /* CLOCK_MONOTONIC */
    uint64_t tick;
    struct list wheel[WHEEL_SIZE];

    uint8_t secret[32];
    char mark[17];         /* by which we know our Record-Routes at the trunks' side, whose address may change */
    struct mbuf *scratch;  /* large enough for the fields of any message */
    struct hash *calls;    /* by the id of their INVITE transaction */
    struct hash *attempts; /* by branch */
    struct hash *dialogs;  /* by Call-ID and the caller's tag */
    uint32_t n_calls, n_dialogs, n_unsettled;
};

/** From the INVITE to 32 s after the BYE. */
struct dialog {
    struct entry entry;
    struct proxy *proxy;
    struct sa caller;    /* where its requests and responses came from */
    struct peer callee;  /* likewise; no address = not known yet */
    uint32_t cseq_shift; /* what the callee's CSeq is ahead of the caller's, as the INVITE was sent again with credentials */
    uint64_t token;      /* of the answered call, 0 = none */
    struct timer end;
};

enum call_state {
    CALL_PROCEEDING, /* no final response yet */
    CALL_COMPLETED,  /* refused; the ACK has not come */
    CALL_CONFIRMED,  /* refused, and that is acknowledged */
    CALL_ACCEPTED    /* answered (RFC 6026) */
};

/** The caller's INVITE: a server transaction. */
struct call {
    struct entry entry;
    struct proxy *proxy;
    enum call_state state;
    struct sip_msg *invite;
    struct sa caller; /* where responses go */
    struct dialog *dialog;
    trunkha_call *call; /* NULL once the setup is over */
    struct list attempts;
    struct mbuf *reply;     /* the last response: sent again when the INVITE comes again */
    struct sip_msg *chosen; /* the trunk's final response that is the caller's, NULL = one of our own */
    uint32_t code;          /* of the final response */
    uint32_t pause_ms;
    struct timer deadline; /* the library's */
    struct timer again;    /* timer G: send the final response again */
    struct timer end;      /* timer H, I or L */
};

enum attempt_state {
    ATTEMPT_CALLING,    /* nothing has come back */
    ATTEMPT_PROCEEDING, /* a 1xx has */
    ATTEMPT_COMPLETED,  /* refused, and acknowledged by us */
    ATTEMPT_ACCEPTED    /* answered */
};

/* "z9hG4bK", a letter, 24 random hex digits, 8 that show a loop */
#define BRANCH_SIZE       41
#define BRANCH_LEN        (BRANCH_SIZE - 1)
#define LOOP_LEN          8
#define BRANCH_ATTEMPT    "z9hG4bKt"
#define BRANCH_OF_CALLERS "z9hG4bKs" /* stateless: the response goes out by our own socket */
#define BRANCH_OF_TRUNKS  "z9hG4bKr" /* likewise, by the engine's */

/** Our INVITE to one trunk: a client transaction. */
struct attempt {
    struct entry entry;
    struct le le; /* in the call's list */
    struct call *call;
    uint32_t number; /* the library's */
    enum attempt_state state;
    bool is_given_up; /* what comes of it is nothing to the caller any more */
    bool is_answer;   /* the call's */
    bool is_cancelled;
    char branch[BRANCH_SIZE];
    char local[TRUNKHA_ID_SIZE]; /* what stands in the INVITE's Via */
    char *uri;                   /* the Request-URI */
    char *credentials;           /* header line, NULL = none */
    uint32_t cseq_shift;
    struct peer to;
    struct mbuf *request; /* sent again and again: the INVITE, then the CANCEL, or the BYE; NULL = not to be written yet */
    struct peer request_to;
    uint32_t pause_ms;
    uint64_t patience_ms;  /* a connection may come up until then */
    struct sip_msg *final; /* 300 to 699 */
    struct timer again;    /* timer A or E */
    struct timer end;      /* timer B, D, F or M */
};

/* ---- Time: a wheel of lists, one for each 10 ms of the next 41 s ----------------------------------------------- */

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void timer_stop(struct timer *timer)
{
    list_unlink(&timer->le);
}

static void timer_start(struct proxy *proxy, struct timer *timer, uint32_t ms, void (*fire)(void *arg), void *arg)
{
    timer_stop(timer);
    timer->at_ms = proxy->now_ms + ms;
    timer->fire = fire;
    timer->arg = arg;
    list_append(&proxy->wheel[timer->at_ms / TICK_MS % WHEEL_SIZE], &timer->le, timer);
}

static void timers_run(struct proxy *proxy)
{
    uint64_t now = proxy->now_ms / TICK_MS;

    if (now - proxy->tick > WHEEL_SIZE)
        proxy->tick = now - WHEEL_SIZE;
    for (; proxy->tick < now; proxy->tick++) {
        struct list *slot = &proxy->wheel[proxy->tick % WHEEL_SIZE];
        struct le *le;

        for (uint32_t n = list_count(slot); n && (le = list_head(slot)); n--) {
            struct timer *timer = le->data;

            list_unlink(le);
            if (timer->at_ms <= proxy->now_ms)
                timer->fire(timer->arg);
            else /* its time is a later turn of the wheel */
                list_append(slot, le, timer);
        }
    }
}

/* ---- Identity -------------------------------------------------------------------------------------------------- */

static struct id id_make(struct proxy *proxy, const char *format, ...)
{
    struct id id = {{0}};
    va_list ap;

    mbuf_rewind(proxy->scratch);
    va_start(ap, format);
    mbuf_vprintf(proxy->scratch, format, ap);
    va_end(ap);
    hmac_sha1(proxy->secret, sizeof(proxy->secret), proxy->scratch->buf, proxy->scratch->end, id.bytes, sizeof(id.bytes));

    return id;
}

static bool has_id(struct le *le, void *arg)
{
    const struct entry *entry = le->data;

    return !memcmp(&entry->id, arg, sizeof(entry->id));
}

static void *find(const struct hash *table, struct id id)
{
    return list_ledata(hash_lookup(table, hash_joaat(id.bytes, sizeof(id.bytes)), has_id, &id));
}

/** The newest is found first: a caller who is challenged calls again with the same Call-ID and tag. */
static void enter(struct hash *table, struct entry *entry, struct id id)
{
    entry->id = id;
    list_prepend(hash_list(table, hash_joaat(id.bytes, sizeof(id.bytes))), &entry->le, entry);
}

/** The same for a request, its retransmissions, its CANCEL, and the ACK to its refusal (section 17.2.3). @p via: the one by
 *  which the request came to us, @p source: where its responses go. */
static struct id transaction_id(struct proxy *proxy, const struct sip_msg *msg, const struct sip_via *via,
                                const struct sa *source)
{
    return id_make(proxy, "t %r %r %J %u %r", &via->branch, &via->sentby, source, msg->cseq.num, &msg->callid);
}

static struct id dialog_id(struct proxy *proxy, const struct sip_msg *msg, const struct pl *caller_tag)
{
    return id_make(proxy, "d %r %r", caller_tag, &msg->callid);
}

/** Of the INVITE to a trunk. ACK and BYE to a late answer have more behind its branch. */
static struct id branch_id(struct proxy *proxy, const char *branch)
{
    struct pl pl = {branch, BRANCH_LEN};

    return id_make(proxy, "b %r", &pl);
}

/** An INVITE that comes round to us unchanged carries this in our own Via (RFC 5393 section 4.2). */
static void loop_mark(struct proxy *proxy, const struct sip_msg *invite, char mark[LOOP_LEN + 1])
{
    struct id id = id_make(proxy, "l %r %r %u %r", &invite->ruri, &invite->from.tag, invite->cseq.num, &invite->callid);

    re_snprintf(mark, LOOP_LEN + 1, "%w", id.bytes, (size_t)LOOP_LEN / 2);
}

/* ---- Addresses --------------------------------------------------------------------------------------------------- */

static uint16_t port_or_default(uint32_t port)
{
    return (uint16_t)(port && port <= UINT16_MAX ? port : SIP_PORT);
}

static bool is_reliable(enum sip_transp transport)
{
    return transport == SIP_TRANSP_TCP || transport == SIP_TRANSP_TLS;
}

/** "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061" */
static bool peer_read(const char *target, const char *trunk_id, struct peer *ret_peer)
{
    static const enum sip_transp transports[] = {SIP_TRANSP_UDP, SIP_TRANSP_TCP, SIP_TRANSP_TLS};
    struct peer peer = {.transport = SIP_TRANSP_NONE};

    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
        if (!strncasecmp(target, sip_transp_name(transports[i]), 3) && target[3] == ':')
            peer.transport = transports[i];
    if (peer.transport == SIP_TRANSP_NONE || sa_decode(&peer.address, target + 4, strlen(target + 4)))
        return false;
    str_ncpy(peer.trunk_id, trunk_id, sizeof(peer.trunk_id));
    *ret_peer = peer;

    return true;
}

/** As the library names it. */
static void peer_target(const struct peer *peer, char target[TRUNKHA_ID_SIZE])
{
    const char *name = peer->transport == SIP_TRANSP_TLS ? "tls" : peer->transport == SIP_TRANSP_TCP ? "tcp" : "udp";

    re_snprintf(target, TRUNKHA_ID_SIZE, "%s:%J", name, &peer->address);
}

static struct peer peer_of(const struct sa *address)
{
    return (struct peer){.address = *address, .transport = SIP_TRANSP_UDP};
}

/** Where the responses to a request go: to its source, over UDP to the port in the Via unless the sender wants them where
 *  it sent from (section 18.2.2, RFC 3581 section 4). */
static struct sa request_source(const struct sip_msg *msg)
{
    struct sa source = msg->src;

    if (!is_reliable(msg->tp) && msg_param_exists(&msg->via.params, "rport", NULL))
        sa_set_port(&source, port_or_default(sa_port(&msg->via.addr)));

    return source;
}

static struct id request_id(struct proxy *proxy, const struct sip_msg *msg)
{
    struct sa source = request_source(msg);

    return transaction_id(proxy, msg, &msg->via, &source);
}

/** The same address, read from a Via that we have passed on. */
static struct sa via_source(const struct sip_via *via)
{
    struct sa source = via->addr;
    uint32_t port = sa_port(&via->addr);
    struct pl received, rport;

    if (!msg_param_decode(&via->params, "received", &received))
        sa_set(&source, &received, 0);
    if (!msg_param_decode(&via->params, "rport", &rport))
        port = pl_u32(&rport);
    sa_set_port(&source, port_or_default(port));

    return source;
}

/** The address in a URI, if it is a numeric one that we can send to. */
static bool uri_address(const struct uri *uri, struct sa *ret_address)
{
    struct pl transport;
    struct sa address;

    if (pl_strcasecmp(&uri->scheme, "sip") || sa_set(&address, &uri->host, port_or_default(uri->port)))
        return false;
    if (!msg_param_decode(&uri->params, "transport", &transport) && pl_strcasecmp(&transport, "udp"))
        return false;
    *ret_address = address;

    return true;
}

static bool uri_is_ours(const struct proxy *proxy, const struct uri *uri)
{
    struct sa address;
    struct pl mark;

    if (!msg_param_decode(&uri->params, "mark", &mark) && !pl_strcmp(&mark, proxy->mark))
        return true;

    return uri_address(uri, &address) && sa_cmp(&address, &proxy->local, SA_ALL);
}

static bool header_is_ours(const struct proxy *proxy, const struct sip_hdr *header)
{
    struct sip_addr address;

    return !sip_addr_decode(&address, &header->val) && uri_is_ours(proxy, &address.uri);
}

/* ---- Sending ------------------------------------------------------------------------------------------------------ */

static int send_by_socket(const struct proxy *proxy, const struct sa *to, const struct mbuf *mb)
{
    if (sendto(proxy->fd, mb->buf, mb->end, 0, &to->u.sa, to->len) >= 0)
        return 0;

    return errno == EAGAIN || errno == ENOBUFS ? 0 : errno; /* what is lost is sent again */
}

/** ENOTCONN: there is no connection yet. ENOENT: not, or no more, an address of that trunk. */
static int library_error(int err)
{
    switch (err) {
    case 0:
        return 0;
    case TRUNKHA_ERR_UNAVAILABLE:
        return ENOTCONN;
    case TRUNKHA_ERR_NOTFOUND:
        return ENOENT;
    case TRUNKHA_ERR_NOMEM:
        return ENOMEM;
    default:
        return EIO;
    }
}

/** Returns 0 or the errno of a message that did not leave. */
static int send_to(const struct proxy *proxy, const struct peer *to, const struct mbuf *mb)
{
    char target[TRUNKHA_ID_SIZE];
    int err;

    if (!*to->trunk_id)
        return send_by_socket(proxy, &to->address, mb);
    peer_target(to, target);
    err = library_error(trunkha_message_send(proxy->engine, to->trunk_id, target, mb->buf, mb->end));
    if (err == ENOENT && to->transport == SIP_TRANSP_UDP) /* from another port than we send to, or gone by a reload */
        return send_by_socket(proxy, &to->address, mb);

    return err;
}

/** Our end of the way to a peer, for Via and Record-Route: "192.0.2.9:5060". */
static int find_local(const struct proxy *proxy, const struct peer *to, char local[TRUNKHA_ID_SIZE])
{
    char target[TRUNKHA_ID_SIZE];

    if (!*to->trunk_id)
        return re_snprintf(local, TRUNKHA_ID_SIZE, "%J", &proxy->local) < 0 ? EIO : 0;
    peer_target(to, target);

    return library_error(trunkha_message_local(proxy->engine, to->trunk_id, target, local, TRUNKHA_ID_SIZE));
}

/** Where @p uri leads a request that is for @p peer: there, if it names an address of UDP, and to the peer itself if it is
 *  a name, or we ourselves. The other addresses of a trunk are reached as it is; what is none of them, by our own socket.
 *  What came by TCP or TLS never goes on by UDP. */
static struct peer next_hop(const struct proxy *proxy, const struct uri *uri, const struct peer *peer)
{
    char ignored[TRUNKHA_ID_SIZE];
    struct peer next = *peer;

    if (is_reliable(peer->transport) || !uri_address(uri, &next.address) || uri_is_ours(proxy, uri) ||
        sa_cmp(&next.address, &peer->address, SA_ALL))
        return *peer;
    if (*next.trunk_id && find_local(proxy, &next, ignored) == ENOENT)
        next.trunk_id[0] = '\0';

    return next;
}

/* ---- Writing messages -------------------------------------------------------------------------------------------- */

/** The final responses that come from no trunk. */
static const char *status_text(uint32_t code)
{
    switch (code) {
    case 408:
        return "408 Request Timeout";
    case 487:
        return "487 Request Terminated";
    case 503:
        return "503 Service Unavailable";
    default:
        return "500 Server Internal Error";
    }
}

/** The topmost Via, marked with where the request really came from: what via_source() reads again. */
static int write_top_via(struct mbuf *mb, const struct sip_msg *request)
{
    const struct sip_via *via = &request->via;
    struct pl rport;
    bool has_rport = !msg_param_exists(&via->params, "rport", &rport);
    bool wants_port = has_rport || is_reliable(request->tp); /* there it is for us: which connection it came on */
    int err = mbuf_write_str(mb, "Via: ");

    err |= has_rport ? mbuf_write_pl_skip(mb, &via->val, &rport) : mbuf_write_pl(mb, &via->val);
    if (wants_port)
        err |= mbuf_printf(mb, ";rport=%u", sa_port(&request->src));
    if (wants_port || !sa_cmp(&request->src, &via->addr, SA_ADDR))
        err |= mbuf_printf(mb, ";received=%j", &request->src);

    return err | mbuf_write_str(mb, "\r\n");
}

static int write_header(struct mbuf *mb, const struct sip_hdr *header)
{
    return mbuf_printf(mb, "%r: %r\r\n", &header->name, &header->val);
}

/** PRACK names the CSeq of the INVITE (RFC 3262 section 7.2). */
static int write_rack(struct mbuf *mb, const struct sip_hdr *header, uint32_t cseq_shift)
{
    struct pl rseq, cseq, method;

    if (re_regex(header->val.p, header->val.l, "[0-9]+[ \t]+[0-9]+[ \t]+[^ \t]+", &rseq, NULL, &cseq, NULL, &method))
        return write_header(mb, header);

    return mbuf_printf(mb, "RAck: %r %u %r\r\n", &rseq, pl_u32(&cseq) + cseq_shift, &method);
}

/** All but what changes at every hop: topmost Via, Max-Forwards, the first Routes; and anew CSeq and Content-Length. */
static int write_rest(struct mbuf *mb, const struct sip_msg *msg, uint32_t n_routes, uint32_t cseq_shift)
{
    uint32_t n_vias = 1;
    struct le *le;
    int err = 0;

    LIST_FOREACH(&msg->hdrl, le)
    {
        const struct sip_hdr *header = le->data;

        if (header->id == SIP_HDR_VIA && n_vias)
            n_vias--;
        else if (header->id == SIP_HDR_ROUTE && n_routes)
            n_routes--;
        else if (header->id == SIP_HDR_RACK && cseq_shift)
            err |= write_rack(mb, header, cseq_shift);
        else if (header->id != SIP_HDR_MAX_FORWARDS && header->id != SIP_HDR_CSEQ && header->id != SIP_HDR_CONTENT_LENGTH)
            err |= write_header(mb, header);
    }
    err |= mbuf_printf(mb, "CSeq: %u %r\r\n", msg->cseq.num + cseq_shift, &msg->cseq.met);
    err |= mbuf_printf(mb, "Content-Length: %zu\r\n\r\n", mbuf_get_left(msg->mb));

    return err | mbuf_write_mem(mb, mbuf_buf(msg->mb), mbuf_get_left(msg->mb));
}

/** @p mb if it is complete; NULL if memory ran out: then it is as if the network had lost the message. */
static struct mbuf *finished(struct mbuf *mb, int err)
{
    return err ? mem_deref(mb) : mb;
}

static uint32_t max_forwards(const struct sip_msg *msg)
{
    uint32_t hops = pl_isset(&msg->maxfwd) ? pl_u32(&msg->maxfwd) : 71;

    return hops > 255 ? 255 : hops;
}

/** What becomes of a request when it goes on (section 16.6). */
struct passage {
    const struct peer *to;
    const char *local; /* our end of the way there */
    const struct pl *uri;
    const char *branch;
    uint32_t n_routes; /* its first ones, which have led to us: they go */
    uint32_t cseq_shift;
    const char *more; /* a header line, NULL = none */
};

/** What belongs to the dialog shall come through us: from the trunk to the engine's socket or connection, and from the
 *  caller to our own (RFC 5658: one Record-Route for each side). */
static int write_record_routes(struct mbuf *mb, const struct proxy *proxy, const struct passage *passage)
{
    const char *transport = is_reliable(passage->to->transport) ? sip_transp_param(passage->to->transport) : "";
    int err = mbuf_printf(mb, "Record-Route: <sip:%s%s;lr;mark=%s>\r\n", passage->local, transport, proxy->mark);

    return err | mbuf_printf(mb, "Record-Route: <sip:%J;lr>\r\n", &proxy->local);
}

static struct mbuf *write_request(const struct proxy *proxy, const struct sip_msg *msg, const struct passage *passage)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 1024);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "%r %r SIP/2.0\r\n", &msg->met, passage->uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/%s %s;branch=%s;rport\r\n", sip_transp_name(passage->to->transport), passage->local,
                       passage->branch);
    err |= write_top_via(mb, msg);
    if (!pl_isset(&msg->to.tag))
        err |= write_record_routes(mb, proxy, passage);
    err |= mbuf_printf(mb, "Max-Forwards: %u\r\n", max_forwards(msg) - 1);
    if (passage->more)
        err |= mbuf_printf(mb, "%s\r\n", passage->more);

    return finished(mb, err | write_rest(mb, msg, passage->n_routes, passage->cseq_shift));
}

/** A response as it goes on: without our Via (section 16.7). */
static struct mbuf *write_response(const struct sip_msg *msg)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 64);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "SIP/2.0 %u %r\r\n", msg->scode, &msg->reason);

    return finished(mb, err | write_rest(mb, msg, 0, 0));
}

static bool is_copied(const struct sip_hdr *header, uint32_t *n_vias)
{
    switch (header->id) {
    case SIP_HDR_VIA:
        return (*n_vias)++ > 0; /* the first one stands there already */
    case SIP_HDR_FROM:
    case SIP_HDR_CALL_ID:
    case SIP_HDR_CSEQ:
    case SIP_HDR_TIMESTAMP:
        return true;
    default:
        return false;
    }
}

/** A response of our own (section 8.2.6). @p more: further header lines. The To tag is always the same for a request, as it
 *  must be when nothing is remembered of it. */
static struct mbuf *write_reply(struct proxy *proxy, const struct sip_msg *msg, const char *status, const char *more)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 256);
    bool is_trying = !strncmp(status, "100", 3);
    struct id id = request_id(proxy, msg);
    uint32_t n_vias = 0;
    struct le *le;
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "SIP/2.0 %s\r\n", status);
    err |= write_top_via(mb, msg);
    LIST_FOREACH(&msg->hdrl, le)
    {
        if (is_copied(le->data, &n_vias))
            err |= write_header(mb, le->data);
    }
    err |= mbuf_printf(mb, "To: %r", &msg->to.val);
    if (!is_trying && !pl_isset(&msg->to.tag))
        err |= mbuf_printf(mb, ";tag=%w", id.bytes, (size_t)8);

    return finished(mb, err | mbuf_printf(mb, "\r\n%sContent-Length: 0\r\n\r\n", more));
}

/** Answers a request and forgets it. Nothing answers an ACK. */
static void reply(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from, const char *status,
                  const char *more)
{
    struct mbuf *mb = pl_strcmp(&msg->met, "ACK") ? write_reply(proxy, msg, status, more) : NULL;
    struct peer to = *from;

    to.address = request_source(msg);
    if (mb)
        send_to(proxy, &to, mb);
    mem_deref(mb);
}

/* ---- Dialogs ------------------------------------------------------------------------------------------------------ */

static void dialog_free(void *arg)
{
    struct dialog *dialog = arg;

    if (dialog->token)
        trunkha_view_end_call(dialog->proxy->view, dialog->token);
    timer_stop(&dialog->end);
    hash_unlink(&dialog->entry.le);
    dialog->proxy->n_dialogs--;
}

/** Two may own it: the call while it is set up and, from the answer on, `end`. */
static struct dialog *dialog_new(struct proxy *proxy, const struct sip_msg *invite)
{
    struct dialog *dialog = mem_zalloc(sizeof(*dialog), dialog_free);

    if (!dialog)
        return NULL;
    dialog->proxy = proxy;
    dialog->caller = request_source(invite);
    enter(proxy->dialogs, &dialog->entry, dialog_id(proxy, invite, &invite->from.tag));
    proxy->n_dialogs++;

    return dialog;
}

static void dialog_over(void *arg)
{
    mem_deref(arg);
}

static void dialog_answered(struct dialog *dialog)
{
    mem_ref(dialog);
    timer_start(dialog->proxy, &dialog->end, DIALOG_MS, dialog_over, dialog);
}

/** A request has come: it goes on, or after a BYE for as long as that may be repeated. */
static void dialog_used(struct dialog *dialog, bool is_bye)
{
    if (!dialog->end.le.list) /* not answered yet */
        return;
    if (is_bye && dialog->token) {
        trunkha_view_end_call(dialog->proxy->view, dialog->token);
        dialog->token = 0;
    }
    timer_start(dialog->proxy, &dialog->end, dialog->token ? DIALOG_MS : END_MS, dialog_over, dialog);
}

/* ---- The caller's side: an INVITE server transaction (section 17.2.1) ------------------------------------------- */

static void call_respond(struct call *call, struct mbuf *mb)
{
    if (!mb)
        return;
    mem_deref(call->reply);
    call->reply = mb;
    send_by_socket(call->proxy, &call->caller, mb);
}

static void call_free(void *arg)
{
    struct call *call = arg;

    trunkha_call_end(call->call);
    timer_stop(&call->deadline);
    timer_stop(&call->again);
    timer_stop(&call->end);
    hash_unlink(&call->entry.le);
    mem_deref(call->invite);
    mem_deref(call->dialog);
    mem_deref(call->reply);
    mem_deref(call->chosen);
    call->proxy->n_calls--;
}

/** Timers H, I and L. Attempts may still need the call for a while. */
static void call_over(void *arg)
{
    struct call *call = arg;

    timer_stop(&call->again);
    hash_unlink(&call->entry.le);
    mem_deref(call);
}

/** The final refusal, again and again until its ACK has come. */
static void call_refuse(void *arg)
{
    struct call *call = arg;

    if (call->reply)
        send_by_socket(call->proxy, &call->caller, call->reply);
    else
        call_respond(call, call->chosen ? write_response(call->chosen)
                                        : write_reply(call->proxy, call->invite, status_text(call->code), ""));
    timer_start(call->proxy, &call->again, call->pause_ms, call_refuse, call);
    call->pause_ms = call->pause_ms < T2_MS / 2 ? 2 * call->pause_ms : T2_MS;
}

static void call_acknowledged(struct call *call)
{
    call->state = CALL_CONFIRMED;
    timer_stop(&call->again);
    timer_start(call->proxy, &call->end, T4_MS, call_over, call);
}

static void attempt_give_up(struct attempt *attempt);

/** The setup is over without an answer: the caller gets @p code, from a trunk if one has said so. */
static void call_finish(struct call *call, uint32_t code)
{
    struct le *le;

    call->call = trunkha_call_end(call->call);
    timer_stop(&call->deadline);
    LIST_FOREACH(&call->attempts, le)
    {
        struct attempt *attempt = le->data;

        if (attempt->final && attempt->final->scode == code) {
            mem_deref(call->chosen);
            call->chosen = mem_ref(attempt->final);
        }
        attempt_give_up(attempt);
    }
    call->state = CALL_COMPLETED;
    call->code = code;
    call->reply = mem_deref(call->reply);
    call->pause_ms = T1_MS;
    call_refuse(call);
    timer_start(call->proxy, &call->end, END_MS, call_over, call);
}

/** From here on the caller and the trunk talk by themselves: ACK, retransmitted 2xx and BYE only pass through. */
static void call_answer(struct call *call, struct attempt *attempt)
{
    attempt->is_answer = true;
    timer_stop(&call->deadline);
    if (trunkha_call_detach(call->call, &call->dialog->token))
        trunkha_call_end(call->call);
    call->call = NULL;
    call->state = CALL_ACCEPTED;
    dialog_answered(call->dialog);
    timer_start(call->proxy, &call->end, END_MS, call_over, call);
}

/* ---- What the library says ---------------------------------------------------------------------------------------- */

static void attempt_start(struct call *call, const trunkha_step *step);
static void call_report(struct call *call, uint32_t kind, uint32_t attempt, const struct sip_msg *response);

static void call_deadline(void *arg)
{
    call_report(arg, TRUNKHA_REPORT_TIME, 0, NULL);
}

/** The last one of that number: it was sent again with credentials. */
static struct attempt *attempt_find(const struct call *call, uint32_t number)
{
    for (struct le *le = call->attempts.tail; le; le = le->prev) {
        struct attempt *attempt = le->data;

        if (attempt->number == number)
            return attempt;
    }

    return NULL;
}

/** Does what the library wants. An attempt that cannot be sent is reported at once; as no trunk is tried twice, and not more
 *  than `maxAttempts`, this comes to an end. */
static void call_follow(struct call *call, const trunkha_step *step)
{
    if (step->cancel)
        attempt_give_up(attempt_find(call, step->cancel));
    if (step->wait_ms == UINT32_MAX)
        timer_stop(&call->deadline);
    else
        timer_start(call->proxy, &call->deadline, step->wait_ms, call_deadline, call);

    if (step->action == TRUNKHA_STEP_STOP)
        call_finish(call, step->code);
    else if (step->action == TRUNKHA_STEP_TRY)
        attempt_start(call, step);
}

/** Such as a Reason header may come in several lines. */
static bool append_value(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    char *text = arg;
    size_t len = strlen(text);

    (void)msg;
    re_snprintf(text + len, VALUES_MAX - len, "%s%r", len ? ", " : "", &header->val);

    return false;
}

/** Says what has become of an attempt, and does what is to be done next. */
static void call_report(struct call *call, uint32_t kind, uint32_t attempt, const struct sip_msg *response)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    char retry_after[VALUES_MAX] = "", reason[VALUES_MAX] = "";

    if (!call->call)
        return;
    report.kind = kind;
    report.attempt = attempt;
    if (response) {
        report.code = response->scode;
        sip_msg_hdr_apply(response, true, SIP_HDR_RETRY_AFTER, append_value, retry_after);
        sip_msg_hdr_apply(response, true, SIP_HDR_REASON, append_value, reason);
        report.retry_after = *retry_after ? retry_after : NULL;
        report.reason = *reason ? reason : NULL;
    }
    if (trunkha_call_report(call->call, &report, &step))
        call_finish(call, 500);
    else
        call_follow(call, &step);
}

/* ---- The trunks' side: INVITE client transactions (section 17.1.1) ----------------------------------------------- */

static void attempt_free(void *arg)
{
    struct attempt *attempt = arg;

    if (attempt->state < ATTEMPT_COMPLETED)
        attempt->call->proxy->n_unsettled--;
    timer_stop(&attempt->again);
    timer_stop(&attempt->end);
    list_unlink(&attempt->le);
    hash_unlink(&attempt->entry.le);
    mem_deref(attempt->uri);
    mem_deref(attempt->credentials);
    mem_deref(attempt->request);
    mem_deref(attempt->final);
    mem_deref(attempt->call);
}

/** Timers B, D, F and M. */
static void attempt_over(void *arg)
{
    struct attempt *attempt = arg;
    bool is_silent = attempt->state == ATTEMPT_CALLING && !attempt->is_given_up;

    attempt->is_given_up = true;
    if (is_silent)
        call_report(attempt->call, TRUNKHA_REPORT_NO_RESPONSE, attempt->number, NULL);
    mem_deref(attempt);
}

/** It could not be sent, or has come back: the library is told, and says what is next. */
static void attempt_failed(struct attempt *attempt)
{
    struct call *call = mem_ref(attempt->call);
    uint32_t number = attempt->is_given_up ? 0 : attempt->number;

    mem_deref(attempt);
    if (number)
        call_report(call, TRUNKHA_REPORT_TRANSPORT_ERROR, number, NULL);
    mem_deref(call);
}

/** Our INVITE names our end of the way, which is known when there is a connection. */
static int attempt_write_invite(struct attempt *attempt)
{
    struct proxy *proxy = attempt->call->proxy;
    struct pl uri;
    struct passage passage = {
        .to = &attempt->to,
        .local = attempt->local,
        .uri = &uri,
        .branch = attempt->branch,
        .n_routes = UINT32_MAX,
        .cseq_shift = attempt->cseq_shift,
        .more = attempt->credentials,
    };
    int err = find_local(proxy, &attempt->to, attempt->local);

    if (err)
        return err;
    pl_set_str(&uri, attempt->uri);
    attempt->request = write_request(proxy, attempt->call->invite, &passage);

    return attempt->request ? 0 : ENOMEM;
}

static void attempt_send_again(void *arg);

/** Over UDP timer A (or E) sends it again; over TCP and TLS it is sent once, as soon as there is a connection. */
static int attempt_transmit(struct attempt *attempt)
{
    struct proxy *proxy = attempt->call->proxy;
    int err = attempt->request ? 0 : attempt_write_invite(attempt);

    err = err ? err : send_to(proxy, &attempt->request_to, attempt->request);
    if ((err == ENOTCONN || err == ENOMEM) && proxy->now_ms < attempt->patience_ms) {
        if (attempt->state == ATTEMPT_CALLING) /* the next connection has another port of ours */
            attempt->request = mem_deref(attempt->request);
        timer_start(proxy, &attempt->again, CONNECT_AGAIN_MS, attempt_send_again, attempt);
        return 0;
    }
    if (!err && !is_reliable(attempt->request_to.transport))
        timer_start(proxy, &attempt->again, attempt->pause_ms, attempt_send_again, attempt);

    return err;
}

static void attempt_send_again(void *arg)
{
    struct attempt *attempt = arg;
    uint32_t longest = attempt->state == ATTEMPT_CALLING ? END_MS : T2_MS;

    attempt->pause_ms = attempt->pause_ms < longest / 2 ? 2 * attempt->pause_ms : longest;
    if (attempt_transmit(attempt) && attempt->state == ATTEMPT_CALLING)
        attempt_failed(attempt);
}

/** Sends a request, and again until its answer stops that. */
static int attempt_send(struct attempt *attempt, const struct peer *to, struct mbuf *request)
{
    mem_deref(attempt->request);
    attempt->request = request;
    attempt->request_to = *to;
    attempt->pause_ms = T1_MS;
    attempt->patience_ms = attempt->call->proxy->now_ms + CONNECT_MS;
    timer_stop(&attempt->again);

    return attempt_transmit(attempt);
}

static void attempt_settle(struct attempt *attempt, enum attempt_state state)
{
    if (attempt->state < ATTEMPT_COMPLETED)
        attempt->call->proxy->n_unsettled--;
    attempt->state = state;
    timer_stop(&attempt->again);
    timer_start(attempt->call->proxy, &attempt->end, END_MS, attempt_over, attempt);
}

/** "z9hG4bKt", then what nobody can guess, then what shows a loop. */
static int make_branch(struct proxy *proxy, const struct sip_msg *invite, char branch[BRANCH_SIZE])
{
    uint8_t random[12];
    char mark[LOOP_LEN + 1];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return EIO;
    loop_mark(proxy, invite, mark);

    return re_snprintf(branch, BRANCH_SIZE, BRANCH_ATTEMPT "%w%s", random, sizeof(random), mark) == BRANCH_LEN ? 0 : EIO;
}

/** The number dialled, at the trunk (section 16.6 step 2). New; NULL = no memory. */
static char *make_uri(const struct sip_msg *invite, const char *trunk_uri)
{
    struct pl pl, type;
    struct uri uri;
    char *text = NULL;
    bool is_phone = !msg_param_decode(&invite->uri.params, "user", &type) && !pl_strcasecmp(&type, "phone");

    pl_set_str(&pl, trunk_uri);
    if (uri_decode(&uri, &pl))
        return NULL;
    uri.user = invite->uri.user;
    re_sdprintf(&text, "%H%s", uri_encode, &uri, is_phone ? ";user=phone" : "");

    return text;
}

/** NULL: no memory. @p uri: taken. */
static struct attempt *attempt_new(struct call *call, uint32_t number, const struct peer *to, char *uri)
{
    struct proxy *proxy = call->proxy;
    struct attempt *attempt = mem_zalloc(sizeof(*attempt), attempt_free);

    if (!attempt) {
        mem_deref(uri);
        return NULL;
    }
    proxy->n_unsettled++;
    attempt->call = mem_ref(call);
    attempt->number = number;
    attempt->to = *to;
    attempt->uri = uri;
    if (!uri || make_branch(proxy, call->invite, attempt->branch))
        return mem_deref(attempt);
    list_append(&call->attempts, &attempt->le, attempt);
    enter(proxy->attempts, &attempt->entry, branch_id(proxy, attempt->branch));

    return attempt;
}

static void attempt_launch(struct attempt *attempt)
{
    timer_start(attempt->call->proxy, &attempt->end, END_MS, attempt_over, attempt);
    if (attempt_send(attempt, &attempt->to, NULL))
        attempt_failed(attempt);
}

static void attempt_start(struct call *call, const trunkha_step *step)
{
    struct attempt *attempt = NULL;
    struct peer to;

    if (peer_read(step->to.target, step->to.trunk_id, &to))
        attempt = attempt_new(call, step->attempt, &to, make_uri(call->invite, step->to.uri));
    if (attempt)
        attempt_launch(attempt);
    else /* our own fault: no word against the trunk */
        call_finish(call, 500);
}

/** The dialog of an answer that nobody wants any more, and the way into it. */
struct late {
    const struct proxy *proxy;
    const struct sip_msg *answer;
    const struct peer *trunk;
    struct pl uri;
    struct peer next;
    char local[TRUNKHA_ID_SIZE];
    struct mbuf *routes;
    uint32_t n_ours, n_routes; /* Record-Routes so far: our own, and those beyond */
};

/** The Route set is what was recorded between us and the callee, the nearest first: from the last Record-Route to the first,
 *  what stands behind our own. */
static bool write_route(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    struct late *late = arg;
    struct sip_addr address;

    (void)msg;
    if (header_is_ours(late->proxy, header)) {
        late->n_ours++;
        return false;
    }
    if (!late->n_ours)
        return false;
    if (!late->n_routes++) {
        bool is_address = !sip_addr_decode(&address, &header->val);

        late->next = is_address ? next_hop(late->proxy, &address.uri, late->trunk) : *late->trunk;
    }

    return mbuf_printf(late->routes, "Route: %r\r\n", &header->val) != 0;
}

/** Where its requests go: along the Route set, or else to its Contact; to the trunk if that is a name. */
static int late_init(struct late *late, const struct attempt *attempt, const struct sip_msg *answer)
{
    const struct proxy *proxy = attempt->call->proxy;
    const struct sip_hdr *contact = sip_msg_hdr(answer, SIP_HDR_CONTACT);
    struct sip_addr address;

    *late = (struct late){.proxy = proxy, .answer = answer, .trunk = &attempt->to, .next = attempt->to};
    late->routes = mbuf_alloc(256);
    pl_set_str(&late->uri, attempt->uri);
    if (contact && !sip_addr_decode(&address, &contact->val)) {
        late->uri = address.auri;
        late->next = next_hop(proxy, &address.uri, &attempt->to);
    }
    if (!late->routes || sip_msg_hdr_apply(answer, false, SIP_HDR_RECORD_ROUTE, write_route, late))
        return ENOMEM;

    return find_local(proxy, &late->next, late->local);
}

/** A request of our own: ACK to a refusal and CANCEL, which belong to the INVITE's transaction (sections 17.1.1.3 and 9.1:
 *  same Via, same Request-URI), and with @p late ACK and BYE in the dialog of a late answer, each a transaction of its
 *  own. */
static struct mbuf *write_own(const struct attempt *attempt, const char *method, const struct pl *to,
                              const struct late *late)
{
    const struct sip_msg *invite = attempt->call->invite;
    enum sip_transp transport = late ? late->next.transport : attempt->to.transport;
    struct mbuf *mb = mbuf_alloc(1024);
    /* beyond what the caller has used if it sent PRACK or UPDATE: gaps are allowed (section 12.2.2) */
    uint32_t cseq = invite->cseq.num + attempt->cseq_shift + (strcmp(method, "BYE") ? 0 : 100);
    struct pl uri;
    int err;

    if (!mb)
        return NULL;
    pl_set_str(&uri, attempt->uri);
    err = mbuf_printf(mb, "%s %r SIP/2.0\r\n", method, late ? &late->uri : &uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/%s %s;branch=%s", sip_transp_name(transport), late ? late->local : attempt->local,
                       attempt->branch);
    if (late) /* several may answer, behind a forking proxy: one transaction for each */
        err |= mbuf_printf(mb, "-%c%08x", *method, hash_joaat_pl(&late->answer->to.tag));
    err |= mbuf_printf(mb, ";rport\r\nMax-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\nCall-ID: %r\r\nCSeq: %u %s\r\n",
                       &invite->from.val, to, &invite->callid, cseq, method);
    if (late)
        err |= mbuf_write_mem(mb, late->routes->buf, late->routes->end);

    return finished(mb, err | mbuf_write_str(mb, "Content-Length: 0\r\n\r\n"));
}

/** Tried again as long as there is no memory for it. */
static void attempt_cancel(void *arg)
{
    struct attempt *attempt = arg;
    struct proxy *proxy = attempt->call->proxy;
    struct mbuf *mb = write_own(attempt, "CANCEL", &attempt->call->invite->to.val, NULL);

    attempt->is_cancelled = true;
    if (mb)
        attempt_send(attempt, &attempt->to, mb);
    else
        timer_start(proxy, &attempt->again, T1_MS, attempt_cancel, attempt);
    timer_start(proxy, &attempt->end, END_MS, attempt_over, attempt);
}

/** CANCEL is for what has had a 1xx (section 9.1): else the trunk might see the CANCEL before the INVITE. Until then the
 *  INVITE is not sent again, and what comes late is dealt with in its time. */
static void attempt_give_up(struct attempt *attempt)
{
    if (!attempt || attempt->is_given_up)
        return;
    attempt->is_given_up = true;
    if (attempt->state == ATTEMPT_CALLING)
        timer_stop(&attempt->again);
    else if (attempt->state == ATTEMPT_PROCEEDING)
        attempt_cancel(attempt);
}

/* ---- Credentials ------------------------------------------------------------------------------------------------- */

/** A trunk wants credentials, and we have them: the INVITE goes there once more (section 22.3), as another transaction, with
 *  the CSeq that follows, as from a caller who answers by himself. To the library it is the same attempt. */
static bool attempt_authorize(struct attempt *attempt, const struct sip_msg *refusal)
{
    enum sip_hdrid id = refusal->scode == 401 ? SIP_HDR_WWW_AUTHENTICATE : SIP_HDR_PROXY_AUTHENTICATE;
    struct attempt *again;
    char challenge[VALUES_MAX] = "";
    char *credentials = NULL;

    if (attempt->credentials || (refusal->scode != 401 && refusal->scode != 407))
        return false;
    sip_msg_hdr_apply(refusal, true, id, append_value, challenge);
    if (trunkha_trunk_authorize(attempt->call->proxy->engine, attempt->to.trunk_id, refusal->scode, challenge, "INVITE",
                                attempt->uri, &credentials))
        return false;
    again = attempt_new(attempt->call, attempt->number, &attempt->to, mem_ref(attempt->uri));
    if (again && str_dup(&again->credentials, credentials))
        again = mem_deref(again);
    trunkha_free(credentials);
    if (!again)
        return false;
    again->cseq_shift = attempt->cseq_shift + 1;
    attempt_launch(again);

    return true;
}

/* ---- Responses of trunks ------------------------------------------------------------------------------------------ */

static void dialog_has_callee(struct dialog *dialog, const struct attempt *attempt)
{
    dialog->callee = attempt->to;
    dialog->cseq_shift = attempt->cseq_shift;
}

/** 100 says that the trunk is at it, and is for us; the others are for the caller. */
static void attempt_provisional(struct attempt *attempt, const struct sip_msg *msg)
{
    struct call *call = attempt->call;

    if (attempt->state == ATTEMPT_CALLING) {
        attempt->state = ATTEMPT_PROCEEDING;
        timer_stop(&attempt->again);
        timer_stop(&attempt->end); /* from here on the library's deadlines stand for timer C of section 16.6 */
    }
    if (attempt->state != ATTEMPT_PROCEEDING)
        return;
    if (!attempt->is_given_up)
        call_report(call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
    else if (!attempt->is_cancelled)
        attempt_cancel(attempt);
    if (attempt->is_given_up || msg->scode == 100)
        return;
    dialog_has_callee(call->dialog, attempt);
    call_respond(call, write_response(msg));
}

static void attempt_refused(struct attempt *attempt, struct sip_msg *msg)
{
    struct mbuf *ack = write_own(attempt, "ACK", &msg->to.val, NULL);
    bool is_first = attempt->state < ATTEMPT_COMPLETED;

    if (ack)
        send_to(attempt->call->proxy, &attempt->to, ack);
    mem_deref(ack);
    if (!is_first)
        return;
    attempt_settle(attempt, ATTEMPT_COMPLETED);
    if (attempt->is_given_up)
        return;
    attempt->is_given_up = true;
    if (attempt_authorize(attempt, msg))
        return;
    attempt->final = mem_ref(msg);
    call_report(attempt->call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
}

/** Nobody wants this answer: the trunk's next one has been tried, or the caller has gone. It must not stay a call with one
 *  end (section 13.2.2.4): ACK, so that it is not sent again, and BYE. */
static void attempt_end_late(struct attempt *attempt, const struct sip_msg *answer)
{
    struct mbuf *ack = NULL, *bye = NULL;
    struct late late;

    if (!late_init(&late, attempt, answer)) {
        ack = write_own(attempt, "ACK", &answer->to.val, &late);
        bye = write_own(attempt, "BYE", &answer->to.val, &late);
    }
    if (ack && bye) { /* else the answer comes again */
        send_to(attempt->call->proxy, &late.next, ack);
        attempt_send(attempt, &late.next, mem_ref(bye));
    }
    mem_deref(ack);
    mem_deref(bye);
    mem_deref(late.routes);
}

static void attempt_answered(struct attempt *attempt, const struct sip_msg *msg)
{
    struct call *call = attempt->call;
    struct mbuf *mb;

    if (attempt->state != ATTEMPT_ACCEPTED)
        attempt_settle(attempt, ATTEMPT_ACCEPTED);
    if (!attempt->is_answer && !attempt->is_given_up)
        call_report(call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
    if (attempt->is_given_up) {
        attempt_end_late(attempt, msg);
        return;
    }
    if (!attempt->is_answer)
        call_answer(call, attempt);
    dialog_has_callee(call->dialog, attempt);
    mb = write_response(msg); /* each time: a retransmission says that the ACK is missing */
    if (mb)
        send_by_socket(call->proxy, &call->caller, mb);
    mem_deref(mb);
}

/** Only what comes from where the request went is a response to it. The caller counts from before the credentials. */
static void attempt_handle(struct attempt *attempt, struct sip_msg *msg)
{
    const struct pl *method = &msg->cseq.met;
    bool is_bye = !pl_strcmp(method, "BYE");

    if (!sa_cmp(&msg->src, is_bye ? &attempt->request_to.address : &attempt->to.address, SA_ALL))
        return;
    msg->cseq.num -= attempt->cseq_shift;
    if (!pl_strcmp(method, "INVITE") && msg->scode < 200)
        attempt_provisional(attempt, msg);
    else if (!pl_strcmp(method, "INVITE") && msg->scode < 300)
        attempt_answered(attempt, msg);
    else if (!pl_strcmp(method, "INVITE"))
        attempt_refused(attempt, msg);
    else if (msg->scode >= 200 && attempt->state == (is_bye ? ATTEMPT_ACCEPTED : ATTEMPT_PROCEEDING))
        timer_stop(&attempt->again); /* our BYE or CANCEL has arrived */
}

/** The trunk's host refuses the port: @p text is the beginning of what we sent. */
static void attempt_bounced(struct proxy *proxy, const uint8_t *text, size_t len)
{
    static const char magic[] = BRANCH_ATTEMPT;
    const char *branch = memmem(text, len, magic, sizeof(magic) - 1);
    struct attempt *attempt = NULL;

    if (branch && len - (size_t)(branch - (const char *)text) >= BRANCH_LEN)
        attempt = find(proxy->attempts, branch_id(proxy, branch));
    if (attempt && attempt->state == ATTEMPT_CALLING)
        attempt_failed(attempt);
}

static bool is_unanswered(struct le *le, void *arg)
{
    const struct attempt *attempt = le->data;
    const struct peer *peer = arg;

    return attempt->state == ATTEMPT_CALLING && attempt->request && attempt->to.transport == peer->transport &&
           sa_cmp(&attempt->to.address, &peer->address, SA_ALL) && !strcmp(attempt->to.trunk_id, peer->trunk_id);
}

/** A connection has ended: who has not answered will not know of the INVITE. */
static void attempts_lost(struct proxy *proxy, struct peer *peer)
{
    struct le *le;

    while ((le = hash_apply(proxy->attempts, is_unanswered, peer)))
        attempt_failed(le->data);
}

/* ---- Requests in a dialog, and their responses: stateless (section 16.11) ---------------------------------------- */

/** The same for a request and its retransmissions, ACK to a refusal and CANCEL; and who has never seen one cannot make up a
 *  response that we would pass on. */
static void stateless_branch(struct id id, bool is_of_trunk, char branch[BRANCH_SIZE])
{
    re_snprintf(branch, BRANCH_SIZE, "%s%w", is_of_trunk ? BRANCH_OF_TRUNKS : BRANCH_OF_CALLERS, id.bytes, (size_t)16);
}

struct routes {
    const struct proxy *proxy;
    uint32_t n_ours;
    const struct sip_hdr *next;
};

static bool read_route(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    struct routes *routes = arg;

    (void)msg;
    if (header_is_ours(routes->proxy, header)) {
        routes->n_ours++;
        return false;
    }
    routes->next = header;

    return true;
}

/** Loose routing (section 16.12): behind our own Routes the next one, or the Request-URI, says where to go. Strict routers
 *  (RFC 2543) are not looked after. */
static struct peer find_next(const struct routes *routes, const struct sip_msg *msg, const struct peer *peer)
{
    struct sip_addr address = {.uri = msg->uri};

    if (routes->next && sip_addr_decode(&address, &routes->next->val))
        return *peer;

    return next_hop(routes->proxy, &address.uri, peer);
}

static void pass_request(struct proxy *proxy, const struct sip_msg *msg, const struct peer *peer, uint32_t cseq_shift,
                         const char *branch)
{
    struct routes routes = {proxy, 0, NULL};
    char local[TRUNKHA_ID_SIZE];
    struct passage passage = {.local = local, .uri = &msg->ruri, .branch = branch, .cseq_shift = cseq_shift};
    struct peer next;
    struct mbuf *mb;

    sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, read_route, &routes);
    next = find_next(&routes, msg, peer);
    passage.to = &next;
    passage.n_routes = routes.n_ours;
    if (find_local(proxy, &next, local))
        return; /* no connection now: the sender sends it again, or gives up */
    mb = write_request(proxy, msg, &passage);
    if (mb)
        send_to(proxy, &next, mb);
    mem_deref(mb);
}

/** @p ret_is_of_caller: the request that it is, or answers, is the caller's. */
static struct dialog *dialog_find(struct proxy *proxy, const struct sip_msg *msg, bool *ret_is_of_caller)
{
    struct dialog *dialog = find(proxy->dialogs, dialog_id(proxy, msg, &msg->from.tag));

    *ret_is_of_caller = dialog != NULL;

    return dialog ? dialog : find(proxy->dialogs, dialog_id(proxy, msg, &msg->to.tag));
}

/** We are no relay for strangers: only what belongs to a call that came through us goes on. */
static void handle_in_dialog(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    bool is_of_trunk = *from->trunk_id, is_of_caller;
    struct dialog *dialog = dialog_find(proxy, msg, &is_of_caller);
    struct peer to = {.transport = SIP_TRANSP_UDP};
    char branch[BRANCH_SIZE];

    if (dialog)
        to = is_of_caller ? dialog->callee : peer_of(&dialog->caller);
    if (!sa_isset(&to.address, SA_ALL) || (is_of_trunk && is_of_caller)) {
        reply(proxy, msg, from, "481 Call/Transaction Does Not Exist", "");
    } else if (!max_forwards(msg)) {
        reply(proxy, msg, from, "483 Too Many Hops", "");
    } else {
        stateless_branch(id, is_of_trunk, branch);
        pass_request(proxy, msg, &to, is_of_caller ? dialog->cseq_shift : 0, branch);
        dialog_used(dialog, !pl_strcmp(&msg->met, "BYE"));
    }
}

static bool is_second(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    uint32_t *n = arg;

    (void)header;
    (void)msg;

    return ++*n == 2;
}

static bool is_of_trunk(const struct pl *branch)
{
    return branch->l == sizeof(BRANCH_OF_TRUNKS) - 1 + 32 &&
           !memcmp(branch->p, BRANCH_OF_TRUNKS, sizeof(BRANCH_OF_TRUNKS) - 1);
}

/** To whom a response goes: by the next Via, and to a trunk on the way that its request came. */
static struct peer response_peer(const struct dialog *dialog, const struct sip_via *via, bool is_for_trunk)
{
    struct sa source = via_source(via);
    struct peer to = peer_of(&source);

    if (is_for_trunk) {
        to = dialog->callee;
        to.address = source;
    }

    return to;
}

static void pass_response(struct proxy *proxy, struct sip_msg *msg)
{
    bool is_for_trunk = is_of_trunk(&msg->via.branch), is_of_caller;
    const struct dialog *dialog = dialog_find(proxy, msg, &is_of_caller);
    uint32_t n = 0;
    const struct sip_hdr *header = sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, is_second, &n);
    char branch[BRANCH_SIZE];
    struct sip_via via;
    struct peer to;
    struct mbuf *mb;

    if (!dialog || !header || sip_via_decode(&via, &header->val))
        return;
    if (is_of_caller)
        msg->cseq.num -= dialog->cseq_shift;
    to = response_peer(dialog, &via, is_for_trunk);
    stateless_branch(transaction_id(proxy, msg, &via, &to.address), is_for_trunk, branch);
    if (pl_strcmp(&msg->via.branch, branch))
        return;
    mb = write_response(msg);
    if (mb)
        send_to(proxy, &to, mb);
    mem_deref(mb);
}

/* ---- Requests of callers ------------------------------------------------------------------------------------------ */

static bool is_foreign(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    (void)msg;

    return !header_is_ours(arg, header);
}

/** Our own Via, of an INVITE that was the same. */
static bool shows_loop(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    const char *mark = arg;
    struct sip_via via;

    (void)msg;

    return !sip_via_decode(&via, &header->val) && via.branch.l == BRANCH_LEN &&
           !memcmp(via.branch.p + BRANCH_LEN - LOOP_LEN, mark, LOOP_LEN);
}

/** The response with which an INVITE is refused before anything is kept of it (section 16.3), NULL = none. */
static const char *find_fault(struct proxy *proxy, const struct sip_msg *msg, char more[256])
{
    const struct sip_hdr *extension = sip_msg_hdr(msg, SIP_HDR_PROXY_REQUIRE);
    char mark[LOOP_LEN + 1];

    loop_mark(proxy, msg, mark);
    if (pl_strcasecmp(&msg->uri.scheme, "sip"))
        return "416 Unsupported URI Scheme";
    if (!max_forwards(msg))
        return "483 Too Many Hops";
    if (sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, shows_loop, mark))
        return "482 Loop Detected";
    if (sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, is_foreign, proxy))
        return "403 This Proxy Chooses The Route";
    if (extension && re_snprintf(more, 256, "Unsupported: %r\r\n", &extension->val) > 0)
        return "420 Bad Extension";
    if (!proxy->is_ending && proxy->n_calls < CALLS_MAX && proxy->n_dialogs < DIALOGS_MAX)
        return NULL;
    strcpy(more, "Retry-After: 5\r\n");

    return "503 Service Unavailable";
}

static int call_begin(struct call *call, trunkha_step *step)
{
    trunkha_call_options options = TRUNKHA_CALL_OPTIONS_INIT;
    char call_id[TRUNKHA_ID_SIZE];

    pl_strcpy(&call->invite->callid, call_id, sizeof(call_id));
    options.call_id = call_id;

    return trunkha_call_begin(call->proxy->view, call->proxy->profile, &options, &call->call, step);
}

static void call_new(struct proxy *proxy, struct sip_msg *invite, struct id id)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    struct call *call = mem_zalloc(sizeof(*call), call_free);

    if (!call)
        return; /* the caller sends it again */
    proxy->n_calls++;
    call->proxy = proxy;
    call->invite = mem_ref(invite);
    call->caller = request_source(invite);
    call->dialog = dialog_new(proxy, invite);
    if (!call->dialog || call_begin(call, &step)) {
        struct peer caller = peer_of(&call->caller);

        mem_deref(call);
        reply(proxy, invite, &caller, status_text(500), "");
        return;
    }
    enter(proxy->calls, &call->entry, id);
    call_respond(call, write_reply(proxy, invite, "100 Trying", ""));
    call_follow(call, &step);
}

static void handle_invite(struct proxy *proxy, struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = find(proxy->calls, id);
    char more[256] = "";
    const char *fault;

    if (call) { /* once more: section 17.2.1 */
        if (call->reply && call->state <= CALL_COMPLETED)
            send_by_socket(proxy, &call->caller, call->reply);
        return;
    }
    fault = find_fault(proxy, msg, more);
    if (fault)
        reply(proxy, msg, from, fault, more);
    else
        call_new(proxy, msg, id);
}

/** ACK to a refusal ends here; ACK to an answer goes through. */
static void handle_ack(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = find(proxy->calls, id);

    if (call && call->state == CALL_COMPLETED)
        call_acknowledged(call);
    else if (!call || call->state == CALL_ACCEPTED)
        handle_in_dialog(proxy, msg, id, from);
}

/** Section 16.10: answered at once; the INVITE gets its 487 from us, and the trunk a CANCEL. */
static void handle_cancel(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = find(proxy->calls, id);

    if (!call) {
        handle_in_dialog(proxy, msg, id, from); /* of a re-INVITE, say */
        return;
    }
    reply(proxy, msg, from, "200 OK", "");
    if (call->state == CALL_PROCEEDING)
        call_report(call, TRUNKHA_REPORT_CANCELLED, 0, NULL);
}

/** Are we fit for calls? */
static void handle_options(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from)
{
    trunkha_candidate candidate;
    size_t n = 1;
    bool is_usable = !trunkha_view_select(proxy->view, proxy->profile, &candidate, &n) && n &&
                     candidate.why != TRUNKHA_WHY_LAST_RESORT && !proxy->is_ending;

    if (is_usable)
        reply(proxy, msg, from, "200 OK", ALLOW "Accept: application/sdp\r\n");
    else
        reply(proxy, msg, from, status_text(503), "Retry-After: 5\r\n");
}

static void handle_caller(struct proxy *proxy, struct sip_msg *msg, const struct peer *from)
{
    struct id id = request_id(proxy, msg);

    if (!pl_strcmp(&msg->met, "ACK"))
        handle_ack(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "CANCEL"))
        handle_cancel(proxy, msg, id, from);
    else if (pl_isset(&msg->to.tag))
        handle_in_dialog(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "INVITE"))
        handle_invite(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "OPTIONS"))
        handle_options(proxy, msg, from);
    else
        reply(proxy, msg, from, "405 Method Not Allowed", ALLOW);
}

/** Calls that come in by a trunk are another program's. (OPTIONS the library has answered.) */
static void handle_trunk(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from)
{
    if (pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "CANCEL"))
        handle_in_dialog(proxy, msg, request_id(proxy, msg), from);
    else if (!pl_strcmp(&msg->met, "INVITE"))
        reply(proxy, msg, from, "403 No Calls From Trunks Here", "");
    else
        reply(proxy, msg, from, "405 Method Not Allowed", ALLOW);
}

/* ---- Receiving ---------------------------------------------------------------------------------------------------- */

/** "SIP/2.0 200 ..." or "METHOD URI SIP/2.0". When it is neither, libre's decoder searches the whole message for one, in a
 *  time that grows with the square of the length: it must not see such a message. */
static bool has_first_line(const uint8_t *text, size_t len)
{
    const uint8_t *end = memchr(text, '\n', len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES);
    uint32_t n_spaces = 0, word_len = 0;

    if (!end || end - text < 12)
        return false;
    if (!memcmp(text, "SIP/2.0 ", 8))
        return isdigit(text[8]) && isdigit(text[9]) && isdigit(text[10]) && text[11] == ' ';
    if (end[-1] == '\r')
        end--;
    for (const uint8_t *c = text; c < end; c++) {
        if ((*c == ' ' && !word_len) || iscntrl(*c))
            return false;
        n_spaces += *c == ' ';
        word_len = *c == ' ' ? 0 : word_len + 1;
    }

    return n_spaces == 2 && word_len == 7 && !memcmp(end - 7, "SIP/2.0", 7);
}

/** Has what every message must have (section 8.1.1). */
static bool is_whole(const struct sip_msg *msg)
{
    return msg->via.tp <= SIP_TRANSP_TLS && is_reliable(msg->via.tp) == is_reliable(msg->tp) && pl_isset(&msg->via.branch) &&
           pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) && pl_isset(&msg->from.val) && pl_isset(&msg->to.val) &&
           (msg->req ? !pl_cmp(&msg->met, &msg->cseq.met) : msg->scode >= 100 && msg->scode <= 699);
}

/** A message ends with its body, a datagram perhaps behind it. */
static bool trim_body(struct sip_msg *msg)
{
    size_t len = pl_isset(&msg->clen) ? pl_u32(&msg->clen) : mbuf_get_left(msg->mb);

    if (len > mbuf_get_left(msg->mb))
        return false;
    mbuf_set_end(msg->mb, msg->mb->pos + len);

    return true;
}

static void handle_message(struct proxy *proxy, struct sip_msg *msg, const struct peer *from)
{
    struct attempt *attempt = NULL;

    if (!msg->req && msg->via.branch.l >= BRANCH_LEN)
        attempt = find(proxy->attempts, branch_id(proxy, msg->via.branch.p));
    if (msg->req && *from->trunk_id)
        handle_trunk(proxy, msg, from);
    else if (msg->req)
        handle_caller(proxy, msg, from);
    else if (attempt)
        attempt_handle(attempt, msg);
    else
        pass_response(proxy, msg);
}

/** What cannot be understood is dropped. */
static void handle_bytes(struct proxy *proxy, const uint8_t *data, size_t len, const struct peer *from)
{
    struct mbuf *mb = has_first_line(data, len) ? mbuf_alloc(len) : NULL;
    struct sip_msg *msg = NULL;

    if (mb && !mbuf_write_mem(mb, data, len)) {
        mbuf_set_pos(mb, 0);
        if (!sip_msg_decode(&msg, mb) && trim_body(msg)) {
            msg->src = from->address;
            msg->tp = from->transport;
            if (is_whole(msg))
                handle_message(proxy, msg, from);
        }
    }
    mem_deref(msg);
    mem_deref(mb);
}

static void receive_callers(struct proxy *proxy)
{
    static uint8_t data[MESSAGE_MAX];

    for (uint32_t i = 0; i < MESSAGES_A_TURN; i++) {
        struct peer from = {.address.len = sizeof(from.address.u), .transport = SIP_TRANSP_UDP};
        ssize_t n = recvfrom(proxy->fd, data, sizeof(data), MSG_TRUNC, &from.address.u.sa, &from.address.len);

        if (n < 0)
            return;
        if (n > 0 && (size_t)n <= sizeof(data))
            handle_bytes(proxy, data, (size_t)n, &from);
    }
}

/* ---- From the engine's thread to ours ------------------------------------------------------------------------------ */

static struct letter *letter_new(const trunkha_message *message)
{
    struct letter *letter = malloc(sizeof(*letter) + message->len);

    if (!letter)
        return NULL;
    letter->next = NULL;
    letter->has_come_back = message->has_come_back != 0;
    letter->len = message->len;
    if (message->len)
        memcpy(letter->data, message->data, message->len);
    if (peer_read(message->source, message->trunk_id, &letter->from))
        return letter;
    free(letter);

    return NULL;
}

/** On the engine's thread. What is not from an address of a trunk is nobody's business here. */
static void message_cb(const trunkha_message *message, void *user_data)
{
    struct inbox *inbox = user_data;
    bool is_wanted = *message->trunk_id && message->len <= MESSAGE_MAX;
    struct letter *letter = is_wanted ? letter_new(message) : NULL;

    if (!letter)
        return;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->n_letters < LETTERS_MAX) {
        inbox->n_letters++;
        *inbox->end = letter;
        inbox->end = &letter->next;
        letter = NULL;
    }
    pthread_mutex_unlock(&inbox->lock);
    free(letter);
    eventfd_write(inbox->bell, 1);
}

static struct letter *take_letters(struct inbox *inbox)
{
    struct letter *letters;
    eventfd_t ignored;

    eventfd_read(inbox->bell, &ignored);
    pthread_mutex_lock(&inbox->lock);
    letters = inbox->first;
    inbox->first = NULL;
    inbox->end = &inbox->first;
    inbox->n_letters = 0;
    pthread_mutex_unlock(&inbox->lock);

    return letters;
}

static void receive_trunks(struct proxy *proxy)
{
    struct letter *letter = take_letters(&proxy->inbox);

    while (letter) {
        struct letter *next = letter->next;

        if (!letter->has_come_back)
            handle_bytes(proxy, letter->data, letter->len, &letter->from);
        else if (letter->len)
            attempt_bounced(proxy, letter->data, letter->len);
        else
            attempts_lost(proxy, &letter->from);
        free(letter);
        letter = next;
    }
}

static int open_inbox(struct inbox *inbox)
{
    inbox->end = &inbox->first;
    inbox->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return inbox->bell < 0 ? errno : pthread_mutex_init(&inbox->lock, NULL);
}

/** The engine has stopped by now. */
static void close_inbox(struct inbox *inbox)
{
    struct letter *letter = take_letters(inbox);

    while (letter) {
        struct letter *next = letter->next;

        free(letter);
        letter = next;
    }
    pthread_mutex_destroy(&inbox->lock);
    close(inbox->bell);
}

/* ---- The loop ----------------------------------------------------------------------------------------------------- */

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

/* ---- Beginning and end -------------------------------------------------------------------------------------------- */

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
