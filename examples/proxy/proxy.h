/** @file proxy.h  trunkha-proxy: a call-stateful SIP proxy (RFC 3261 section 16) that sends every call to the trunk the
 * library names, and fails over as it says. Copy from it: the SIP of failover is all in this folder, the decisions are all
 * in the library.
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
 * Who calls whom, from a packet to a packet: receive.c and inbox.c -> request.c (INVITE, ACK, CANCEL of callers), response.c
 * (of trunks) or stateless.c (all in a dialog) -> call.c, which asks the library -> attempt.c and own.c, which send.
 *
 * libre decodes and prints messages. Its transactions are not used: they would choose the next address themselves; nor its
 * timers, which jump with the wall clock before libre 2.1. */
#ifndef TRUNKHA_PROXY_H
#define TRUNKHA_PROXY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <re.h>
#include <trunkha.h>

#define T1_MS  500          /* RFC 3261 section 17.1.1.1: estimate of a round trip */
#define T2_MS  4000         /* section 17.1.2.2: longest pause between two sendings, but of an INVITE */
#define END_MS (64 * T1_MS) /* timers B, D, F, H; L and M of RFC 6026: 32 s */

#define MESSAGE_MAX 16384 /* bytes; longer ones are dropped */
#define VALUES_MAX  2048  /* bytes of all values of one header */

#define TICK_MS    10
#define WHEEL_SIZE 4096

/* "z9hG4bK", a letter, 24 random hex digits, 8 that show a loop */
#define BRANCH_SIZE    41
#define BRANCH_LEN     (BRANCH_SIZE - 1)
#define LOOP_LEN       8
#define BRANCH_ATTEMPT "z9hG4bKt"

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

/* ---- timers.c ---- */

/** CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

/** Stopping what does not run is fine; starting anew is, too. */
void timer_stop(struct timer *timer);
void timer_start(struct proxy *proxy, struct timer *timer, uint32_t ms, void (*fire)(void *arg), void *arg);

/** Fires what is due. */
void timers_run(struct proxy *proxy);

/* ---- identity.c ---- */

/** Of a text in the language of re_printf(). */
struct id id_make(struct proxy *proxy, const char *format, ...);

/** NULL: there is none. */
void *table_find(const struct hash *table, struct id id);

/** The newest is found first: a caller who is challenged calls again with the same Call-ID and tag. */
void table_enter(struct hash *table, struct entry *entry, struct id id);

/** The same for a request, its retransmissions, its CANCEL, and the ACK to its refusal (section 17.2.3). @p via: the one by
 *  which the request came to us, @p source: where its responses go. */
struct id transaction_id(struct proxy *proxy, const struct sip_msg *msg, const struct sip_via *via, const struct sa *source);

/** @p caller_tag: the From tag of its requests, the To tag of the callee's. */
struct id dialog_id(struct proxy *proxy, const struct sip_msg *msg, const struct pl *caller_tag);

/** Of the INVITE to a trunk. ACK and BYE to a late answer have more behind its branch. */
struct id branch_id(struct proxy *proxy, const char *branch);

/** An INVITE that comes round to us unchanged carries this in our own Via (RFC 5393 section 4.2). */
void loop_mark(struct proxy *proxy, const struct sip_msg *invite, char mark[LOOP_LEN + 1]);

/* ---- peer.c ---- */

/** TCP and TLS: nothing is sent twice there. */
bool is_reliable(enum sip_transp transport);

/** "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061" */
bool peer_read(const char *target, const char *trunk_id, struct peer *ret_peer);

/** Over UDP, by our own socket. */
struct peer peer_of(const struct sa *address);

/** Where the responses to a request go: to its source, over UDP to the port in the Via unless the sender wants them where
 *  it sent from (section 18.2.2, RFC 3581 section 4). */
struct sa request_source(const struct sip_msg *msg);

/** transaction_id() of a request that has come to us. */
struct id request_id(struct proxy *proxy, const struct sip_msg *msg);

/** The same as request_source(), read from a Via that we have passed on. */
struct sa via_source(const struct sip_via *via);

/** A Route or Record-Route that leads to us, on either side. */
bool header_is_ours(const struct proxy *proxy, const struct sip_hdr *header);

/** Returns 0 or an errno. A full buffer is no error: what is lost is sent again. */
int send_by_socket(const struct proxy *proxy, const struct sa *to, const struct mbuf *mb);

/** Returns 0 or the errno of a message that did not leave: ENOTCONN = a connection is being made. */
int send_to(const struct proxy *proxy, const struct peer *to, const struct mbuf *mb);

/** Our end of the way to a peer, for Via and Record-Route: "192.0.2.9:5060". Returns 0 or an errno: ENOTCONN as above,
 *  ENOENT = that address is not, or no more, the trunk's. */
int find_local(const struct proxy *proxy, const struct peer *to, char local[TRUNKHA_ID_SIZE]);

/** Where @p uri leads a request that is for @p peer: there, if it names an address of UDP, and to the peer itself if it is
 *  a name, or we ourselves. The other addresses of a trunk are reached as it is; what is none of them, by our own socket.
 *  What came by TCP or TLS never goes on by UDP. */
struct peer next_hop(const struct proxy *proxy, const struct uri *uri, const struct peer *peer);

/* ---- writing.c ---- */

/** The final responses that come from no trunk. */
const char *status_text(uint32_t code);

/** @p mb if it is complete; NULL if memory ran out: then it is as if the network had lost the message. */
struct mbuf *finished(struct mbuf *mb, int err);

/** As it came; 71 when it is missing. */
uint32_t max_forwards(const struct sip_msg *msg);

/** A request as it goes on. */
struct mbuf *write_request(const struct proxy *proxy, const struct sip_msg *msg, const struct passage *passage);

/** A response as it goes on: without our Via (section 16.7). */
struct mbuf *write_response(const struct sip_msg *msg);

/** A response of our own (section 8.2.6). @p more: further header lines. The To tag is always the same for a request, as it
 *  must be when nothing is remembered of it. */
struct mbuf *write_reply(struct proxy *proxy, const struct sip_msg *msg, const char *status, const char *more);

/** Answers a request and forgets it. Nothing answers an ACK. */
void reply(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from, const char *status, const char *more);

/* ---- dialog.c ---- */

/** Two may own it: the call while it is set up and, from the answer on, `end`. */
struct dialog *dialog_new(struct proxy *proxy, const struct sip_msg *invite);

/** From here on it lives until its BYE. */
void dialog_answered(struct dialog *dialog);

/** A request has come: it goes on, or after a BYE for as long as that may be repeated. */
void dialog_used(struct dialog *dialog, bool is_bye);

/** The callee is where @p attempt has gone. */
void dialog_has_callee(struct dialog *dialog, const struct attempt *attempt);

/** @p ret_is_of_caller: the request that it is, or answers, is the caller's. */
struct dialog *dialog_find(struct proxy *proxy, const struct sip_msg *msg, bool *ret_is_of_caller);

/* ---- call.c ---- */

/** Sends a response, and keeps it. @p mb: taken; NULL = no memory. */
void call_respond(struct call *call, struct mbuf *mb);

/** Destructor. */
void call_free(void *arg);

/** The ACK to a refusal has come. */
void call_acknowledged(struct call *call);

/** The setup is over without an answer: the caller gets @p code, from a trunk if one has said so. */
void call_finish(struct call *call, uint32_t code);

/** From here on the caller and the trunk talk by themselves: ACK, retransmitted 2xx and BYE only pass through. */
void call_answer(struct call *call, struct attempt *attempt);

/** Does what the library wants. An attempt that cannot be sent is reported at once; as no trunk is tried twice, and not more
 *  than `maxAttempts`, this comes to an end. */
void call_follow(struct call *call, const trunkha_step *step);

/** Adds the value of a header to a text of VALUES_MAX bytes: some come in several lines. */
bool append_value(const struct sip_hdr *header, const struct sip_msg *msg, void *arg);

/** Says what has become of an attempt, and does what is to be done next. */
void call_report(struct call *call, uint32_t kind, uint32_t attempt, const struct sip_msg *response);

/* ---- attempt.c ---- */

/** Timers B, D, F and M. */
void attempt_over(void *arg);

/** It could not be sent, or has come back: the library is told, and says what is next. */
void attempt_failed(struct attempt *attempt);

/** Sends a request, and again until its answer stops that. @p request: taken; NULL = the INVITE. */
int attempt_send(struct attempt *attempt, const struct peer *to, struct mbuf *request);

/** It has its final response. */
void attempt_settle(struct attempt *attempt, enum attempt_state state);

/** NULL: no memory. @p uri: taken. */
struct attempt *attempt_new(struct call *call, uint32_t number, const struct peer *to, char *uri);

/** Sends its INVITE. */
void attempt_launch(struct attempt *attempt);

/** Tries the trunk that the library names. */
void attempt_start(struct call *call, const trunkha_step *step);

/* ---- own.c ---- */

void attempt_acknowledge(const struct attempt *attempt, const struct sip_msg *refusal);

/** Tried again as long as there is no memory for it. */
void attempt_cancel(void *arg);

/** CANCEL is for what has had a 1xx (section 9.1): else the trunk might see the CANCEL before the INVITE. Until then the
 *  INVITE is not sent again, and what comes late is dealt with in its time. */
void attempt_give_up(struct attempt *attempt);

/** Nobody wants this answer: the trunk's next one has been tried, or the caller has gone. It must not stay a call with one
 *  end (section 13.2.2.4): ACK, so that it is not sent again, and BYE. */
void attempt_end_late(struct attempt *attempt, const struct sip_msg *answer);

/* ---- response.c ---- */

/** Only what comes from where the request went is a response to it. The caller counts from before the credentials. */
void attempt_handle(struct attempt *attempt, struct sip_msg *msg);

/** The trunk's host refuses the port: @p text is the beginning of what we sent. */
void attempt_bounced(struct proxy *proxy, const uint8_t *text, size_t len);

/** A connection has ended: who has not answered will not know of the INVITE. */
void attempts_lost(struct proxy *proxy, struct peer *peer);

/* ---- stateless.c ---- */

/** We are no relay for strangers: only what belongs to a call that came through us goes on. */
void handle_in_dialog(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from);

/** Only if it answers what has gone through us. */
void pass_response(struct proxy *proxy, struct sip_msg *msg);

/* ---- request.c ---- */

/** A request that came to our own socket. */
void handle_caller(struct proxy *proxy, struct sip_msg *msg, const struct peer *from);

/** A request of a trunk. Calls that come in so are another program's. (OPTIONS the library has answered.) */
void handle_trunk(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from);

/* ---- receive.c ---- */

/** What cannot be understood is dropped. */
void handle_bytes(struct proxy *proxy, const uint8_t *data, size_t len, const struct peer *from);

/** Reads our own socket. */
void receive_callers(struct proxy *proxy);

/* ---- inbox.c ---- */

/** On the engine's thread. What is not from an address of a trunk is nobody's business here. */
void message_cb(const trunkha_message *message, void *user_data);

/** Reads the inbox. */
void receive_trunks(struct proxy *proxy);

/** Returns 0 or an errno. */
int open_inbox(struct inbox *inbox);

/** The engine has stopped by now. */
void close_inbox(struct inbox *inbox);

#endif
