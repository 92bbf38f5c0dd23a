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
 * else is stateless, as requests inside a dialog are (section 16.11). libre decodes and prints messages. Its transactions
 * are not used: they would choose the next address themselves; nor its timers, which jump with the wall clock before
 * libre 2.1. UDP and numeric addresses only. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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

#define CALLS_MAX       16384 /* being set up, or over for less than 32 s; each of them takes about 10 kB */
#define DIALOGS_MAX     262144
#define MESSAGE_MAX     16384 /* bytes; longer datagrams are dropped */
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
    int fd;
    struct sa local; /* as it stands in Via and Record-Route */

    uint64_t now_ms; /* CLOCK_MONOTONIC */
    uint64_t tick;
    struct list wheel[WHEEL_SIZE];

    uint8_t secret[32];
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
    struct sa caller, callee; /* where their requests and responses came from */
    uint64_t token;           /* of the answered call, 0 = none */
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
#define BRANCH_SIZE      41
#define BRANCH_LEN       (BRANCH_SIZE - 1)
#define LOOP_LEN         8
#define BRANCH_ATTEMPT   "z9hG4bKt"
#define BRANCH_STATELESS "z9hG4bKs"

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
    char *uri; /* the Request-URI */
    struct sa to;
    struct mbuf *request; /* sent again and again: the INVITE, then the CANCEL, or the BYE */
    struct sa request_to;
    uint32_t pause_ms;
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

/** Where the responses to a request go: to its source, and to the port in the Via unless the sender wants them where it sent
 *  from (section 18.2.2, RFC 3581 section 4). */
static struct sa request_source(const struct sip_msg *msg)
{
    struct sa source = msg->src;

    if (msg_param_exists(&msg->via.params, "rport", NULL))
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

    return uri_address(uri, &address) && sa_cmp(&address, &proxy->local, SA_ALL);
}

static bool header_is_ours(const struct proxy *proxy, const struct sip_hdr *header)
{
    struct sip_addr address;

    return !sip_addr_decode(&address, &header->val) && uri_is_ours(proxy, &address.uri);
}

/* ---- Sending ------------------------------------------------------------------------------------------------------ */

/** Returns 0 or the errno of a message that did not leave. A full buffer is none: what is lost is sent again. */
static int send_to(const struct proxy *proxy, const struct sa *to, const struct mbuf *mb)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (sendto(proxy->fd, mb->buf, mb->end, 0, &to->u.sa, to->len) >= 0)
        return 0;
    /* The socket may tell of an earlier message that another peer refused: that is read from its error queue later. */
    getsockopt(proxy->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (sendto(proxy->fd, mb->buf, mb->end, 0, &to->u.sa, to->len) >= 0)
        return 0;

    return errno == EAGAIN || errno == ENOBUFS ? 0 : errno;
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
    bool wants_port = !msg_param_exists(&via->params, "rport", &rport);
    int err = mbuf_write_str(mb, "Via: ");

    err |= wants_port ? mbuf_write_pl_skip(mb, &via->val, &rport) : mbuf_write_pl(mb, &via->val);
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

/** All but what changes at every hop: topmost Via, Max-Forwards, the first Routes, and Content-Length, which is written
 *  anew. */
static int write_rest(struct mbuf *mb, const struct sip_msg *msg, uint32_t n_routes)
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
        else if (header->id != SIP_HDR_MAX_FORWARDS && header->id != SIP_HDR_CONTENT_LENGTH)
            err |= write_header(mb, header);
    }
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

/** A request as it goes on (section 16.6): without its first @p n_routes Routes, which have led to us. */
static struct mbuf *write_request(const struct proxy *proxy, const struct sip_msg *msg, const struct pl *uri,
                                  const char *branch, uint32_t n_routes)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 512);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "%r %r SIP/2.0\r\n", &msg->met, uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/UDP %J;branch=%s;rport\r\n", &proxy->local, branch);
    err |= write_top_via(mb, msg);
    if (!pl_isset(&msg->to.tag)) /* what belongs to the dialog shall come through us */
        err |= mbuf_printf(mb, "Record-Route: <sip:%J;lr>\r\n", &proxy->local);
    err |= mbuf_printf(mb, "Max-Forwards: %u\r\n", max_forwards(msg) - 1);

    return finished(mb, err | write_rest(mb, msg, n_routes));
}

/** A response as it goes on: without our Via (section 16.7). */
static struct mbuf *write_response(const struct sip_msg *msg)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 64);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "SIP/2.0 %u %r\r\n", msg->scode, &msg->reason);

    return finished(mb, err | write_rest(mb, msg, 0));
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
static void reply(struct proxy *proxy, const struct sip_msg *msg, const char *status, const char *more)
{
    struct mbuf *mb = pl_strcmp(&msg->met, "ACK") ? write_reply(proxy, msg, status, more) : NULL;
    struct sa source = request_source(msg);

    if (mb)
        send_to(proxy, &source, mb);
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
    send_to(call->proxy, &call->caller, mb);
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
        send_to(call->proxy, &call->caller, call->reply);
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

static struct attempt *attempt_find(const struct call *call, uint32_t number)
{
    struct le *le;

    LIST_FOREACH(&call->attempts, le)
    {
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

/** A Reason header may come in several lines. */
static bool append_value(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    char *text = arg;
    size_t len = strlen(text);

    (void)msg;
    re_snprintf(text + len, 256 - len, "%s%r", len ? ", " : "", &header->val);

    return false;
}

/** Says what has become of an attempt, and does what is to be done next. */
static void call_report(struct call *call, uint32_t kind, uint32_t attempt, const struct sip_msg *response)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    char retry_after[256] = "", reason[256] = "";

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

/** Timer A for an INVITE, E for a CANCEL or BYE. */
static void attempt_send_again(void *arg)
{
    struct attempt *attempt = arg;
    uint32_t longest = attempt->state == ATTEMPT_CALLING ? END_MS : T2_MS;

    send_to(attempt->call->proxy, &attempt->request_to, attempt->request);
    attempt->pause_ms = attempt->pause_ms < longest / 2 ? 2 * attempt->pause_ms : longest;
    timer_start(attempt->call->proxy, &attempt->again, attempt->pause_ms, attempt_send_again, attempt);
}

/** Sends a request, and again until its answer stops that. */
static int attempt_send(struct attempt *attempt, const struct sa *to, struct mbuf *request)
{
    mem_deref(attempt->request);
    attempt->request = request;
    attempt->request_to = *to;
    attempt->pause_ms = T1_MS;
    timer_start(attempt->call->proxy, &attempt->again, T1_MS, attempt_send_again, attempt);

    return send_to(attempt->call->proxy, to, request);
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

/** "udp:192.0.2.1:5060", "udp:[2001:db8::1]:5060" */
static bool target_address(const char *target, struct sa *ret_address)
{
    return !strncmp(target, "udp:", 4) && !sa_decode(ret_address, target + 4, strlen(target + 4));
}

/** NULL: no memory. */
static struct attempt *attempt_new(struct call *call, const trunkha_step *step)
{
    struct proxy *proxy = call->proxy;
    struct attempt *attempt = mem_zalloc(sizeof(*attempt), attempt_free);
    struct pl uri;

    if (!attempt)
        return NULL;
    proxy->n_unsettled++;
    attempt->call = mem_ref(call);
    attempt->number = step->attempt;
    attempt->uri = make_uri(call->invite, step->to.uri);
    if (!attempt->uri || !target_address(step->to.target, &attempt->to) || make_branch(proxy, call->invite, attempt->branch))
        return mem_deref(attempt);
    pl_set_str(&uri, attempt->uri);
    attempt->request = write_request(proxy, call->invite, &uri, attempt->branch, UINT32_MAX);
    if (!attempt->request)
        return mem_deref(attempt);
    list_append(&call->attempts, &attempt->le, attempt);
    enter(proxy->attempts, &attempt->entry, branch_id(proxy, attempt->branch));

    return attempt;
}

static void attempt_start(struct call *call, const trunkha_step *step)
{
    struct attempt *attempt = attempt_new(call, step);

    if (!attempt) { /* our own fault: no word against the trunk */
        call_finish(call, 500);
        return;
    }
    timer_start(call->proxy, &attempt->end, END_MS, attempt_over, attempt);
    if (!attempt_send(attempt, &attempt->to, mem_ref(attempt->request)))
        return;
    mem_deref(attempt);
    call_report(call, TRUNKHA_REPORT_TRANSPORT_ERROR, step->attempt, NULL);
}

/** The dialog of an answer that nobody wants any more. */
struct late {
    const struct proxy *proxy;
    const struct sip_msg *answer;
    struct mbuf *mb;
    struct pl uri;
    struct sa trunk, next;
    uint32_t n_ours, n_routes; /* Record-Routes so far: our own, and those beyond */
};

/** The Route set is what was recorded between us and the callee, the nearest first: from the last Record-Route to the first,
 *  what stands behind our own. */
static bool write_route(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    struct late *late = arg;
    struct sip_addr address;

    (void)msg;
    if (!late->n_ours) {
        late->n_ours += header_is_ours(late->proxy, header);
        return false;
    }
    if (!late->n_routes++ && (sip_addr_decode(&address, &header->val) || !uri_address(&address.uri, &late->next)))
        late->next = late->trunk;

    return mbuf_printf(late->mb, "Route: %r\r\n", &header->val) != 0;
}

/** A request of our own: ACK to a refusal and CANCEL, which belong to the INVITE's transaction (sections 17.1.1.3 and 9.1:
 *  same branch, same Request-URI), and with @p late ACK and BYE in the dialog of a late answer, each a transaction of its
 *  own. */
static struct mbuf *write_own(const struct attempt *attempt, const char *method, const struct pl *to, struct late *late)
{
    const struct proxy *proxy = attempt->call->proxy;
    const struct sip_msg *invite = attempt->call->invite;
    struct mbuf *mb = mbuf_alloc(1024);
    /* beyond what the caller has used if it sent PRACK or UPDATE: gaps are allowed (section 12.2.2) */
    uint32_t cseq = invite->cseq.num + (strcmp(method, "BYE") ? 0 : 100);
    struct pl uri;
    int err;

    if (!mb)
        return NULL;
    pl_set_str(&uri, attempt->uri);
    err = mbuf_printf(mb, "%s %r SIP/2.0\r\n", method, late ? &late->uri : &uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/UDP %J;branch=%s", &proxy->local, attempt->branch);
    if (late) /* several may answer, behind a forking proxy: one transaction for each */
        err |= mbuf_printf(mb, "-%c%08x", *method, hash_joaat_pl(&late->answer->to.tag));
    err |= mbuf_printf(mb, ";rport\r\nMax-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\nCall-ID: %r\r\nCSeq: %u %s\r\n",
                       &invite->from.val, to, &invite->callid, cseq, method);
    if (late) {
        late->n_ours = late->n_routes = 0;
        late->mb = mb;
        err |= sip_msg_hdr_apply(late->answer, false, SIP_HDR_RECORD_ROUTE, write_route, late) ? ENOMEM : 0;
    }

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

/* ---- Responses of trunks ------------------------------------------------------------------------------------------ */

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
    call->dialog->callee = attempt->to;
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
    attempt->final = mem_ref(msg);
    call_report(attempt->call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
}

/** Where its requests go: along the Route set (see above), or else to its Contact; to the trunk if that is a name. */
static void late_init(struct late *late, const struct attempt *attempt, const struct sip_msg *answer)
{
    const struct sip_hdr *contact = sip_msg_hdr(answer, SIP_HDR_CONTACT);
    struct sip_addr address;

    *late = (struct late){.proxy = attempt->call->proxy, .answer = answer, .trunk = attempt->to, .next = attempt->to};
    pl_set_str(&late->uri, attempt->uri);
    if (contact && !sip_addr_decode(&address, &contact->val)) {
        late->uri = address.auri;
        uri_address(&address.uri, &late->next);
    }
}

/** Nobody wants this answer: the trunk's next one has been tried, or the caller has gone. It must not stay a call with one
 *  end (section 13.2.2.4): ACK, so that it is not sent again, and BYE. */
static void attempt_end_late(struct attempt *attempt, const struct sip_msg *answer)
{
    struct late late;
    struct mbuf *ack, *bye;

    late_init(&late, attempt, answer);
    ack = write_own(attempt, "ACK", &answer->to.val, &late);
    bye = write_own(attempt, "BYE", &answer->to.val, &late);
    if (ack && bye) { /* else the answer comes again */
        send_to(attempt->call->proxy, &late.next, ack);
        attempt_send(attempt, &late.next, mem_ref(bye));
    }
    mem_deref(ack);
    mem_deref(bye);
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
    call->dialog->callee = attempt->to;
    mb = write_response(msg); /* each time: a retransmission says that the ACK is missing */
    if (mb)
        send_to(call->proxy, &call->caller, mb);
    mem_deref(mb);
}

/** Only what comes from where the request went is a response to it. */
static void attempt_handle(struct attempt *attempt, struct sip_msg *msg)
{
    const struct pl *method = &msg->cseq.met;
    bool is_bye = !pl_strcmp(method, "BYE");

    if (!sa_cmp(&msg->src, is_bye ? &attempt->request_to : &attempt->to, SA_ALL))
        return;
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
static void attempt_bounced(struct proxy *proxy, const char *text, size_t len, const struct sa *to)
{
    static const char magic[] = BRANCH_ATTEMPT;
    const char *branch = memmem(text, len, magic, sizeof(magic) - 1);
    struct attempt *attempt = NULL;
    struct call *call;
    uint32_t number;

    if (branch && len - (size_t)(branch - text) >= BRANCH_LEN)
        attempt = find(proxy->attempts, branch_id(proxy, branch));
    if (!attempt || attempt->state != ATTEMPT_CALLING || !sa_cmp(to, &attempt->to, SA_ALL))
        return;
    call = mem_ref(attempt->call);
    number = attempt->is_given_up ? 0 : attempt->number;
    mem_deref(attempt);
    if (number)
        call_report(call, TRUNKHA_REPORT_TRANSPORT_ERROR, number, NULL);
    mem_deref(call);
}

/* ---- Requests in a dialog, and their responses: stateless (section 16.11) ---------------------------------------- */

/** The same for a request and its retransmissions, ACK to a refusal and CANCEL; and who has never seen one cannot make up a
 *  response that we would pass on. */
static void stateless_branch(struct id id, char branch[BRANCH_SIZE])
{
    re_snprintf(branch, BRANCH_SIZE, BRANCH_STATELESS "%w", id.bytes, (size_t)16);
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

/** Loose routing (section 16.12): behind our own Route the next one, or the Request-URI, says where to go. If that is a
 *  name, or we ourselves, it goes to where the other side's messages have come from. Strict routers (RFC 2543) are not looked
 *  after. */
static struct sa next_hop(const struct routes *routes, const struct sip_msg *msg, const struct sa *peer)
{
    struct sip_addr address = {.uri = msg->uri};
    struct sa next;

    if (routes->next && sip_addr_decode(&address, &routes->next->val))
        return *peer;

    return uri_address(&address.uri, &next) && !uri_is_ours(routes->proxy, &address.uri) ? next : *peer;
}

static void pass_request(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct sa *peer)
{
    struct routes routes = {proxy, 0, NULL};
    char branch[BRANCH_SIZE];
    struct sa next;
    struct mbuf *mb;

    sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, read_route, &routes);
    next = next_hop(&routes, msg, peer);
    stateless_branch(id, branch);
    mb = write_request(proxy, msg, &msg->ruri, branch, routes.n_ours);
    if (mb)
        send_to(proxy, &next, mb);
    mem_deref(mb);
}

/** We are no relay for strangers: only what belongs to a call that came through us goes on. */
static void handle_in_dialog(struct proxy *proxy, const struct sip_msg *msg, struct id id)
{
    struct dialog *dialog = find(proxy->dialogs, dialog_id(proxy, msg, &msg->from.tag));
    const struct sa *peer = dialog ? &dialog->callee : NULL;

    if (!dialog) {
        dialog = find(proxy->dialogs, dialog_id(proxy, msg, &msg->to.tag));
        peer = dialog ? &dialog->caller : NULL;
    }
    if (!dialog || !sa_isset(peer, SA_ALL)) {
        reply(proxy, msg, "481 Call/Transaction Does Not Exist", "");
    } else if (!max_forwards(msg)) {
        reply(proxy, msg, "483 Too Many Hops", "");
    } else {
        pass_request(proxy, msg, id, peer);
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

static void pass_response(struct proxy *proxy, const struct sip_msg *msg)
{
    uint32_t n = 0;
    const struct sip_hdr *header = sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, is_second, &n);
    struct sip_via via;
    struct sa source;
    struct id id;
    char branch[BRANCH_SIZE];
    struct mbuf *mb;

    if (!header || sip_via_decode(&via, &header->val))
        return;
    source = via_source(&via);
    id = transaction_id(proxy, msg, &via, &source);
    stateless_branch(id, branch);
    if (pl_strcmp(&msg->via.branch, branch))
        return;
    mb = write_response(msg);
    if (mb)
        send_to(proxy, &source, mb);
    mem_deref(mb);
}

/* ---- Requests of callers ------------------------------------------------------------------------------------------ */

static bool is_foreign(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    (void)msg;

    return !header_is_ours(arg, header);
}

struct loop {
    const struct proxy *proxy;
    char mark[LOOP_LEN + 1];
};

/** Our own Via, of an INVITE that was the same. */
static bool shows_loop(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    const struct loop *loop = arg;
    struct sip_via via;

    (void)msg;

    return !sip_via_decode(&via, &header->val) && via.branch.l == BRANCH_LEN &&
           sa_cmp(&via.addr, &loop->proxy->local, SA_ALL) &&
           !memcmp(via.branch.p + BRANCH_LEN - LOOP_LEN, loop->mark, LOOP_LEN);
}

/** The response with which an INVITE is refused before anything is kept of it (section 16.3), NULL = none. */
static const char *find_fault(struct proxy *proxy, const struct sip_msg *msg, char more[256])
{
    const struct sip_hdr *extension = sip_msg_hdr(msg, SIP_HDR_PROXY_REQUIRE);
    struct loop loop = {proxy, ""};

    loop_mark(proxy, msg, loop.mark);
    if (pl_strcasecmp(&msg->uri.scheme, "sip"))
        return "416 Unsupported URI Scheme";
    if (!max_forwards(msg))
        return "483 Too Many Hops";
    if (sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, shows_loop, &loop))
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
        mem_deref(call);
        reply(proxy, invite, status_text(500), "");
        return;
    }
    enter(proxy->calls, &call->entry, id);
    call_respond(call, write_reply(proxy, invite, "100 Trying", ""));
    call_follow(call, &step);
}

static void handle_invite(struct proxy *proxy, struct sip_msg *msg, struct id id)
{
    struct call *call = find(proxy->calls, id);
    char more[256] = "";
    const char *fault;

    if (call) { /* once more: section 17.2.1 */
        if (call->reply && call->state <= CALL_COMPLETED)
            send_to(proxy, &call->caller, call->reply);
        return;
    }
    fault = find_fault(proxy, msg, more);
    if (fault)
        reply(proxy, msg, fault, more);
    else
        call_new(proxy, msg, id);
}

/** ACK to a refusal ends here; ACK to an answer goes through. */
static void handle_ack(struct proxy *proxy, const struct sip_msg *msg, struct id id)
{
    struct call *call = find(proxy->calls, id);

    if (call && call->state == CALL_COMPLETED)
        call_acknowledged(call);
    else if (!call || call->state == CALL_ACCEPTED)
        handle_in_dialog(proxy, msg, id);
}

/** Section 16.10: answered at once; the INVITE gets its 487 from us, and the trunk a CANCEL. */
static void handle_cancel(struct proxy *proxy, const struct sip_msg *msg, struct id id)
{
    struct call *call = find(proxy->calls, id);

    if (!call) {
        handle_in_dialog(proxy, msg, id); /* of a re-INVITE, say */
        return;
    }
    reply(proxy, msg, "200 OK", "");
    if (call->state == CALL_PROCEEDING)
        call_report(call, TRUNKHA_REPORT_CANCELLED, 0, NULL);
}

/** Are we fit for calls? */
static void handle_options(struct proxy *proxy, const struct sip_msg *msg)
{
    trunkha_candidate candidate;
    size_t n = 1;
    bool is_usable = !trunkha_view_select(proxy->view, proxy->profile, &candidate, &n) && n &&
                     candidate.why != TRUNKHA_WHY_LAST_RESORT && !proxy->is_ending;

    if (is_usable)
        reply(proxy, msg, "200 OK", ALLOW "Accept: application/sdp\r\n");
    else
        reply(proxy, msg, status_text(503), "Retry-After: 5\r\n");
}

static void handle_request(struct proxy *proxy, struct sip_msg *msg)
{
    struct id id = request_id(proxy, msg);

    if (!pl_strcmp(&msg->met, "ACK"))
        handle_ack(proxy, msg, id);
    else if (!pl_strcmp(&msg->met, "CANCEL"))
        handle_cancel(proxy, msg, id);
    else if (pl_isset(&msg->to.tag))
        handle_in_dialog(proxy, msg, id);
    else if (!pl_strcmp(&msg->met, "INVITE"))
        handle_invite(proxy, msg, id);
    else if (!pl_strcmp(&msg->met, "OPTIONS"))
        handle_options(proxy, msg);
    else
        reply(proxy, msg, "405 Method Not Allowed", ALLOW);
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
    return msg->via.tp == SIP_TRANSP_UDP && pl_isset(&msg->via.branch) && pl_isset(&msg->callid) &&
           pl_isset(&msg->cseq.met) && pl_isset(&msg->from.val) && pl_isset(&msg->to.val) &&
           (msg->req ? !pl_cmp(&msg->met, &msg->cseq.met) : msg->scode >= 100 && msg->scode <= 699);
}

/** A datagram ends with its body, or behind it. */
static bool trim_body(struct sip_msg *msg)
{
    size_t len = pl_isset(&msg->clen) ? pl_u32(&msg->clen) : mbuf_get_left(msg->mb);

    if (len > mbuf_get_left(msg->mb))
        return false;
    mbuf_set_end(msg->mb, msg->mb->pos + len);

    return true;
}

static void handle_message(struct proxy *proxy, struct sip_msg *msg)
{
    struct attempt *attempt = NULL;

    if (!msg->req && msg->via.branch.l >= BRANCH_LEN)
        attempt = find(proxy->attempts, branch_id(proxy, msg->via.branch.p));
    if (msg->req)
        handle_request(proxy, msg);
    else if (attempt)
        attempt_handle(attempt, msg);
    else
        pass_response(proxy, msg);
}

/** What cannot be understood is dropped. */
static void handle_datagram(struct proxy *proxy, const uint8_t *data, size_t len, const struct sa *src)
{
    struct mbuf *mb = has_first_line(data, len) ? mbuf_alloc(len) : NULL;
    struct sip_msg *msg = NULL;

    if (mb && !mbuf_write_mem(mb, data, len)) {
        mbuf_set_pos(mb, 0);
        if (!sip_msg_decode(&msg, mb) && is_whole(msg) && trim_body(msg)) {
            msg->src = *src;
            handle_message(proxy, msg);
        }
    }
    mem_deref(msg);
    mem_deref(mb);
}

static void receive(struct proxy *proxy)
{
    static uint8_t data[MESSAGE_MAX];

    for (uint32_t i = 0; i < MESSAGES_A_TURN; i++) {
        struct sa src = {.len = sizeof(src.u)};
        ssize_t n = recvfrom(proxy->fd, data, sizeof(data), MSG_TRUNC, &src.u.sa, &src.len);

        if (n < 0)
            return;
        if (n > 0 && (size_t)n <= sizeof(data))
            handle_datagram(proxy, data, (size_t)n, &src);
    }
}

/** ICMP errors (ip(7), IP_RECVERR): a refused port is known at once, and of which call. */
static void receive_errors(struct proxy *proxy)
{
    for (uint32_t i = 0; i < MESSAGES_A_TURN; i++) {
        char data[1024], control[512];
        struct sa to = {.len = sizeof(to.u)};
        struct iovec part = {data, sizeof(data)};
        struct msghdr header = {.msg_name = &to.u,
                                .msg_namelen = sizeof(to.u),
                                .msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = control,
                                .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(proxy->fd, &header, MSG_ERRQUEUE);

        if (n < 0)
            return;
        to.len = header.msg_namelen;
        attempt_bounced(proxy, data, (size_t)n, &to);
    }
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
        struct pollfd fds[] = {{proxy->signals, POLLIN, 0}, {proxy->fd, POLLIN, 0}};

        poll(fds, 2, proxy->n_calls ? TICK_MS : 100);
        proxy->now_ms = clock_ms();
        if (fds[1].revents & POLLERR)
            receive_errors(proxy);
        if (fds[1].revents & POLLIN)
            receive(proxy);
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
    bool is_v6 = sa_af(&proxy->local) == AF_INET6;
    int buffer = 4 << 20, on = 1;

    proxy->fd = socket(sa_af(&proxy->local), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (proxy->fd < 0)
        return errno;
    setsockopt(proxy->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    setsockopt(proxy->fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on));
    if (bind(proxy->fd, &proxy->local.u.sa, proxy->local.len) ||
        getsockname(proxy->fd, &proxy->local.u.sa, &proxy->local.len))
        return errno;

    return 0;
}

static int open_tables(struct proxy *proxy)
{
    int err = getrandom(proxy->secret, sizeof(proxy->secret), 0) == (ssize_t)sizeof(proxy->secret) ? 0 : EIO;

    proxy->scratch = mbuf_alloc(4 * MESSAGE_MAX);
    err = err ? err : proxy->scratch ? 0 : ENOMEM;
    err = err ? err : hash_alloc(&proxy->calls, HASH_BUCKETS);
    err = err ? err : hash_alloc(&proxy->attempts, HASH_BUCKETS);

    return err ? err : hash_alloc(&proxy->dialogs, HASH_BUCKETS);
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
    if (trunkha_engine_new(&options, &proxy->engine))
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
          "A SIP proxy (UDP) that sends every call to the trunk that the configuration in FILE names, and fails over.\n"
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
