/** @file prober.h  OPTIONS transactions over UDP, TCP and TLS: request out, evidence back
 *
 *  Each target has a slot (a small number, the core's) and at most one probe under way. Over UDP it is sent from the socket
 *  of its trunk's address or else of its family, and retransmitted by RFC 3261 section 17.1.2 until its deadline. Over TCP
 * and TLS each slot has a connection of its own, made by its first probe and kept; the deadline covers connection, handshake
 * and answer, and the round trip is that of the request alone. It is answered only by a message from the address and port
 * asked (on its own connection), with the branch, Call-ID, From tag and CSeq that were sent. A challenge is answered within
 * the probe. All calls on the loop's thread. */
#ifndef THA_ADAPTERS_PROBER_H
#define THA_ADAPTERS_PROBER_H

#include "adapters/loop.h"
#include "adapters/tls.h"
#include "core/evidence.h"
#include "core/model.h"

struct tha_prober;

/** Headers that came back otherwise than they were sent: who does that is a SIP ALG, most likely. */
enum tha_rewritten {
    THA_REWRITTEN_FROM = 1,
    THA_REWRITTEN_TO = 2,
    THA_REWRITTEN_CALL_ID = 4,
    THA_REWRITTEN_VIA = 8,
    THA_REWRITTEN_CONTENT_LENGTH = 16, /**< of the answer: does not fit its body */
};

/** What an answer shows of the way to a peer. */
struct tha_way {
    struct tha_addr sent;     /**< address and port that stood in our Via */
    struct tha_addr seen;     /**< received and rport of the answer (RFC 3581): where the peer saw us; family 0 = not said */
    struct tha_addr previous; /**< what `seen` was before; family 0 = nothing */
    uint32_t rewritten;       /**< THA_REWRITTEN_* bits */
};

/** Names the headers that came back otherwise, as "From, Via". Returns @p buf. */
char *tha_way_list_rewritten(const struct tha_way *way, char *buf, size_t size);

struct tha_prober_handlers {
    /** A probe has ended. May call tha_prober_send() and tha_prober_set_target(). */
    void (*result)(uint32_t slot, const struct tha_evidence *evidence, void *user_data);
    /** The very packet of a result that is about to be told as ANSWERED or AUTH_FAILED; NULL = not wanted. */
    void (*answer)(uint32_t slot, const char *packet, size_t len, void *user_data);
    /** Should OPTIONS from peers be answered 503 with Retry-After (draining)? */
    bool (*is_draining)(void *user_data);
    /** A peer has sent OPTIONS that were answered; anybody can write that address. NULL = not wanted. */
    void (*request)(const struct tha_addr *from, void *user_data);
    /** The connection of @p slot has ended while no probe was under way; @p evidence is NULL when the peer closed it in
     *  order. NULL = not wanted. */
    void (*closed)(uint32_t slot, const struct tha_evidence *evidence, void *user_data);
    /** The peer's abilities, as they stand in its answer: looked at now and then. NULL = not wanted. */
    void (*abilities)(uint32_t slot, const struct tha_abilities *abilities, void *user_data);
    /** What an answer shows of the way to the peer, when it differs from before. NULL = not wanted. */
    void (*way)(uint32_t slot, const struct tha_way *way, void *user_data);
    /** A certificate of @p slot ends at @p not_after (Unix seconds), which is soon: once a connection. NULL = not wanted. */
    void (*certificate)(uint32_t slot, int64_t not_after, void *user_data);
    /** A message that is not for us: requests but OPTIONS, and answers to what was not sent by us. @p slot: whose address it
     *  is from, THA_NONE = nobody's. Borrowed for the call. False: treat it as if nobody had wanted it. NULL = not wanted.
     */
    bool (*message)(uint32_t slot, const struct tha_addr *from, const char *message, size_t len, void *user_data);
    /** A message of the host's to @p to was refused there (ICMP); @p message is its beginning. With @p len 0: the connection
     *  of @p slot (THA_NONE = of a target that is set no more) has ended, or was not made, and what the host has sent on it
     *  and is unanswered is lost. NULL = not wanted. */
    void (*returned)(uint32_t slot, const struct tha_addr *to, const char *message, size_t len, void *user_data);
    /** Results of one batch of packets have been told: the moment to act on them. Not after tha_prober_handle_expiry().
     *  NULL = not wanted. */
    void (*batch_end)(void *user_data);
    void *user_data;
};

/** What a target's requests are written from; borrowed until the slot is set or cleared again. */
struct tha_prober_target {
    struct tha_addr addr;
    const char *uri; /**< of the trunk */
    const struct tha_probe_text *text;
    const struct tha_reach *reach; /**< NULL = nothing special */
    uint32_t timeout_ms;
};

int tha_prober_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                   const struct tha_prober_handlers *handlers, struct tha_prober **ret_prober);

/** NULL is fine; returns NULL. */
struct tha_prober *tha_prober_free(struct tha_prober *prober);

/** Opens what @p listen names and is not open yet, and (once tha_prober_commit_listen() is called) closes the rest. A family
 *  that is not named gets a socket on any address and port, so that its targets can be probed. Sockets that stay keep their
 *  port. What was prepared and never committed is undone by the next prepare.
 *  Returns 0 or TRUNKHA_ERR_SYSTEM with the reason in @p error_buf; then nothing has changed. */
int tha_prober_prepare_listen(struct tha_prober *prober, const struct tha_addr *listen, uint32_t n_listen, char *error_buf,
                              size_t error_size);

/** Between prepare and commit, once for each trunk of the new model that has a reach: opens the UDP socket of its `local`
 * and reads the files of its `tls`. Returns 0, NOMEM, or SYSTEM (the socket) or CONFIG (the files) with the reason in @p
 * error_buf. */
int tha_prober_prepare_reach(struct tha_prober *prober, const struct tha_reach *reach, bool has_udp, char *error_buf,
                             size_t error_size);

/** Probes under way on a socket that closes start anew from the one that takes its place. */
void tha_prober_commit_listen(struct tha_prober *prober);

/** Makes room for slots 0 .. @p n_slots - 1. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_prober_reserve(struct tha_prober *prober, uint32_t n_slots);

/** Sets what @p slot stands for; a probe under way goes on when the address stays. NULL clears the slot: an answer
 *  that still comes is late. */
void tha_prober_set_target(struct tha_prober *prober, uint32_t slot, const struct tha_prober_target *target);

/** Starts a probe of @p slot; one under way is given up without a result. It leaves with tha_prober_flush(). */
void tha_prober_send(struct tha_prober *prober, uint32_t slot, uint64_t now_ms);

/** Gives up a probe under way, without a result; an answer that still comes is late. */
void tha_prober_cancel(struct tha_prober *prober, uint32_t slot);

/** Sends a message of the host's to the peer of @p slot, from the socket or on the connection that its probes use. Returns 0
 *  or an errno: ENOTCONN (no connection now; it is being made), ECONNREFUSED (it has just failed), EMSGSIZE, ENOBUFS, EINVAL
 * (no such slot), ... */
int tha_prober_transmit(struct tha_prober *prober, uint32_t slot, const char *message, size_t len);

/** Where packets to @p slot leave from, as the peer or `nat.publicAddress` has it: for Via and Contact of the host's
 * messages. Returns 0 or an errno; over TCP and TLS, without a connection, as tha_prober_transmit(). */
int tha_prober_get_local(struct tha_prober *prober, uint32_t slot, struct tha_addr *ret_local);

/** The connection of @p slot; false = none is up, or it is not TLS. */
bool tha_prober_get_tls_facts(const struct tha_prober *prober, uint32_t slot, struct tha_tls_facts *ret_facts);

/** Everything that an answer to @p slot shows of the way, news or not: for the `answer` handler. False = nothing is known of
 *  what was sent. */
bool tha_prober_read_way(const struct tha_prober *prober, uint32_t slot, const char *packet, size_t len,
                         struct tha_way *ret_way);

/** Sends what has gathered, many datagrams a system call. */
void tha_prober_flush(struct tha_prober *prober);

/** When a retransmission or a deadline is due next; THA_NEVER = none. */
uint64_t tha_prober_next_expiry(const struct tha_prober *prober);
void tha_prober_handle_expiry(struct tha_prober *prober, uint64_t now_ms);

/** Copies the counters that are the prober's into @p stats. Any thread. */
void tha_prober_get_stats(const struct tha_prober *prober, trunkha_stats *stats);

#endif
