/** @file prober_room.h  Inside the prober: shared by its files, prober*.c, only */
#ifndef THA_ADAPTERS_PROBER_ROOM_H
#define THA_ADAPTERS_PROBER_ROOM_H

#include <stdatomic.h>

#include "adapters/prober.h"
#include "adapters/token.h"
#include "adapters/udp.h"
#include "adapters/wire.h"
#include "base/heap.h"

/** RFC 3261 section 17.1.2: a request over UDP is sent again after T1, then after twice the time each, at most T2. */
#define THA_T1_MS 500
#define THA_T2_MS 4000

struct tha_extra;
struct tha_local;
struct tha_context;

/** A target and its probe: 136 bytes. What is sent is written anew from this each time. */
struct tha_slot {
    struct tha_timer timer; /**< first member; the next retransmission or the deadline, whichever is earlier */
    struct tha_addr addr;
    uint32_t timeout_ms;
    const char *uri;
    const struct tha_probe_text *text;
    const struct tha_reach *reach; /**< NULL = nothing special */
    struct tha_extra *extra;       /**< what only some targets need; NULL until they do */
    struct tha_local *local;       /**< of ours, towards the target; NULL = to be found out */
    struct tha_token token;        /**< of the probe under way, or of the last one */
    uint64_t sent_us;              /**< when it first left; 0 = not yet */
    uint32_t previous_branch;      /**< lower half; of the probe before that */
    uint32_t deadline_ms;          /**< lower half: a probe lasts a minute at most */
    uint32_t index;
    uint32_t next_queued; /**< slot; not of the last one */
    uint32_t way_mark;    /**< of what the last answer said of the way */
    uint16_t interval_ms; /**< between the last retransmission and the next */
    bool is_set : 1;
    bool is_under_way : 1;
    bool is_queued : 1;
    bool was_answered : 1;          /**< the last probe */
    bool was_previous_answered : 1; /**< the one before */
    uint8_t n_answers : 4;          /**< in a row; starts over after THA_LOOK_EVERY */
};

_Static_assert(sizeof(struct tha_slot) <= 136, "50,000 targets have one each");

#define THA_LOOK_EVERY 16 /* answers: of so many, one is read from top to bottom */

/** An address of ours as requests name it: one for all slots over UDP that have the same. */
struct tha_local {
    struct tha_local *next;
    uint32_t n_users;
    struct tha_wire_local wire;
};

/** Over TCP and TLS, with credentials, with an address of ours that was configured, or behind a NAT. */
struct tha_extra {
    struct tha_prober *prober;
    struct tha_slot *slot;
    struct tha_addr source;        /**< its packets leave from there; family 0 = the system chooses */
    struct tha_listener *listener; /**< of `source`, UDP only; NULL = to be looked for */
    struct tha_stream *stream;     /**< TCP and TLS; NULL = there is none */
    struct tha_context *context;   /**< of `stream`; TLS only */
    struct tha_local local;        /**< of `stream` */
    uint32_t name_mark;            /**< of the name that its certificate must have */
    uint32_t rewritten;            /**< THA_REWRITTEN_* bits that were told last */
    int64_t expiry_told;           /**< the end of the peer's certificate, Unix seconds, that was warned of */
    uint64_t may_connect_ms;       /**< for a message of the host's: not sooner after the one before */
    struct tha_addr seen;          /**< where the peer saw us last, when that is not where we are; family 0 = never */
    struct tha_digest *digests[2]; /**< of the peer, of a proxy before it */
    char *authorization;           /**< header lines of the request under way, once `is_authorized` */
    uint32_t authorization_len;
    bool is_authorized;
    uint8_t n_challenges[2]; /**< answered by the probe under way: 401, 407 */
};

/** Slots never move: timers point into them. */
#define THA_SLOTS_PER_CHUNK 64U

struct tha_listener {
    struct tha_prober *prober;
    struct tha_addr wanted; /**< as configured: its port may be 0 */
    bool is_current;        /**< of what was committed last */
    bool is_next;           /**< of what is prepared */
    struct tha_udp udp;
};

typedef _Atomic uint64_t tha_counter;

struct tha_counters {
    tha_counter probes_sent;
    tha_counter retransmissions;
    tha_counter probes_answered;
    tha_counter probes_timed_out;
    tha_counter probes_failed_to_send;
    tha_counter provisional_answers;
    tha_counter late_answers;
    tha_counter duplicate_answers;
    tha_counter malformed_packets;
    tha_counter unknown_answers;
    tha_counter foreign_answers;
    tha_counter requests_answered;
    tha_counter requests_rejected;
    tha_counter connections_opened;
    tha_counter connections_lost;
    tha_counter challenges_answered;
};

/** Written by the loop's thread only, so that no locked instruction is needed. */
static inline void tha_count(tha_counter *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

/** Slots by the addresses of their peers, for messages of the host's. */
struct tha_sources {
    uint32_t *places; /**< open addressing */
    uint32_t mask;    /**< capacity - 1 */
    bool is_fresh;    /**< no target was set since it was made */
};

struct tha_prober {
    struct tha_loop *loop;
    struct tha_mem mem;
    struct tha_log log;
    struct tha_prober_handlers handlers;
    struct tha_heap heap;
    struct tha_slot **chunks;
    uint32_t n_chunks;
    uint32_t n_slots;
    uint32_t n_queued; /**< slots that wait for the next flush: a list of that many */
    uint32_t first_queued;
    uint32_t last_queued;
    struct tha_listener **listeners;
    uint32_t n_listeners;
    struct tha_listener *probing[2];      /**< where probes leave from: IPv4, IPv6; NULL = this family is not to be had */
    struct tha_listener *next_probing[2]; /**< once committed */
    struct tha_streams *streams;
    struct tha_context *contexts;
    struct tha_local *locals;
    struct tha_sources sources;
    uint64_t flood_slot;  /**< of the clock, THA_SLOT_MS long ... */
    uint32_t flood_count; /**< ... and how many requests were looked at in it */
    bool has_told;        /**< something for batch_end: results, news, deadlines */
    bool is_expiring;     /**< in tha_prober_handle_expiry() */
    uint64_t secret;      /**< of To tags */
    struct tha_counters counters;
    struct tha_entropy entropy;
    struct tha_udp_inbox *inbox;
};

/** NULL when there is no such slot. */
struct tha_slot *tha_prober_slot(const struct tha_prober *prober, uint32_t index);

/** Ends the probe under way and tells of it. */
void tha_prober_finish(struct tha_prober *prober, struct tha_slot *slot, struct tha_evidence evidence);
void tha_prober_fail(struct tha_prober *prober, struct tha_slot *slot, int error);

/** It leaves with the next flush, if it is still under way then. */
void tha_prober_queue(struct tha_prober *prober, struct tha_slot *slot);

/** Begins a request of the probe under way: timers anew, within the deadline, and to the queue. */
void tha_prober_start_request(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms);

/** At the end of what came from a socket: sends what it has led to, and says that the batch is over. */
void tha_prober_end_batch(struct tha_prober *prober);

/** Writes the request of the probe under way, the same each time; its slot has a `local`. Returns 0 or an errno. */
int tha_prober_write_request(struct tha_prober *prober, struct tha_slot *slot, char *room, size_t *ret_len);

static inline bool tha_slot_is_stream(const struct tha_slot *slot)
{
    return slot->addr.transport != THA_TRANSPORT_UDP;
}

/** Where its packets leave from, by the configuration; NULL = nothing said for the family of its target. */
static inline const struct tha_addr *tha_slot_source(const struct tha_slot *slot)
{
    return slot->reach && slot->reach->local.family == slot->addr.family ? &slot->reach->local : NULL;
}

/* ---- prober_extra.c: what only some slots need ---- */

/** NULL = out of memory. */
struct tha_extra *tha_slot_need_extra(struct tha_prober *prober, struct tha_slot *slot);

/** Connection, memory of the peer, all of it. */
void tha_slot_drop_extra(struct tha_prober *prober, struct tha_slot *slot);

/** Closes its connection, if there is one. */
void tha_slot_disconnect(struct tha_prober *prober, struct tha_slot *slot);

/** What its certificate must name. TLS only. */
const char *tha_slot_server_name(const struct tha_slot *slot);

/** The slot has another reach, perhaps: lets go of what does not fit it any more. Returns whether it did: a probe under way
 *  has to start anew. */
bool tha_slot_adapt(struct tha_prober *prober, struct tha_slot *slot);

/* ---- prober_local.c: our own addresses ---- */

/** Says that packets to the target of @p slot leave from @p bound, which `nat.publicAddress` may put something before.
 *  Returns 0 or ENOMEM. */
int tha_slot_set_local(struct tha_prober *prober, struct tha_slot *slot, const struct tha_addr *bound);
void tha_slot_forget_local(struct tha_slot *slot);
void tha_prober_free_locals(struct tha_prober *prober);

/* ---- prober_datagram.c: UDP ---- */

void tha_prober_post_datagram(struct tha_prober *prober, struct tha_slot *slot);
int tha_prober_transmit_datagram(struct tha_prober *prober, struct tha_slot *slot, const void *data, size_t len);

/** Fills `local`. Returns 0 or an errno. */
int tha_prober_find_local(struct tha_prober *prober, struct tha_slot *slot);

/** A datagram has left, or not, or was refused: see struct tha_udp_handlers. */
void tha_prober_take_ticket(const struct tha_udp_ticket *ticket, int error, uint64_t now_us, void *listener);
void tha_prober_take_refusal(const struct tha_addr *to, const char *data, size_t len, int error, void *listener);

/* ---- prober_stream.c: TCP and TLS ---- */

void tha_prober_post_stream(struct tha_prober *prober, struct tha_slot *slot);
int tha_prober_transmit_stream(struct tha_prober *prober, struct tha_slot *slot, const void *data, size_t len);

/** Fills `local`. Returns 0 or an errno: ENOTCONN while there is no connection. */
int tha_prober_find_stream_local(struct tha_prober *prober, struct tha_slot *slot);

/** The connection to @p peer is gone, and with it what the host has sent on it. @p index: as in the `returned` handler. */
void tha_prober_tell_lost(const struct tha_prober *prober, uint32_t index, const struct tha_addr *peer);

/** The deadline of the probe under way has come. */
void tha_prober_expire_stream(struct tha_prober *prober, struct tha_slot *slot);

/* ---- prober_context.c: TLS by its settings ---- */

/** Borrowed; NULL = not prepared. */
struct tha_context *tha_prober_find_context(const struct tha_prober *prober, const struct tha_tls_settings *settings);

/** Makes sure that it is loaded. Returns 0, or NOMEM or CONFIG with the reason in @p error_buf. */
int tha_context_load(struct tha_prober *prober, struct tha_context *context, char *error_buf, size_t error_size);
struct tha_tls_context *tha_context_get(const struct tha_context *context);
struct tha_context *tha_context_ref(struct tha_context *context);
struct tha_context *tha_context_unref(struct tha_prober *prober, struct tha_context *context);

/** For the load that is prepared. Returns 0, NOMEM, or CONFIG with the reason in @p error_buf. */
int tha_prober_want_context(struct tha_prober *prober, const struct tha_tls_settings *settings, char *error_buf,
                            size_t error_size);
void tha_prober_forget_next_contexts(struct tha_prober *prober);
void tha_prober_commit_contexts(struct tha_prober *prober);
void tha_prober_free_contexts(struct tha_prober *prober);

/* ---- prober_auth.c: credentials ---- */

/** Writes the header lines of a new request, if there are challenges that it answers. Returns 0 or an errno. */
int tha_slot_authorize(struct tha_prober *prober, struct tha_slot *slot);

/** The next probe starts without credentials. */
void tha_slot_forget_challenges(struct tha_slot *slot);

/** What becomes of a probe that was answered 401 or 407. */
enum tha_auth_step {
    THA_AUTH_NONE,   /**< there are no credentials: it is an answer like any other */
    THA_AUTH_AGAIN,  /**< the probe goes on with them */
    THA_AUTH_FAILED, /**< they were refused, or are of no use here */
    THA_AUTH_NO_MEMORY,
};

#define THA_AUTH_DETAIL_SIZE 128

/** @p detail: of FAILED. */
enum tha_auth_step tha_prober_take_challenge(struct tha_prober *prober, struct tha_slot *slot, uint32_t code,
                                             const char *packet, size_t len, char *detail);

/* ---- prober_way.c: what an answer shows of the way to the peer ---- */

struct tha_response;

/** @p is_close_look: all that the answer repeats is compared with what was sent. */
void tha_prober_look_at_way(struct tha_prober *prober, struct tha_slot *slot, const struct tha_response *response,
                            const char *packet, size_t len, bool is_close_look);

/** An answer to the probe under way by its branch and by where it came from, but not by its other words: who changed them?
 */
void tha_prober_look_at_stranger(struct tha_prober *prober, struct tha_slot *slot, const char *packet, size_t len);

/* ---- prober_source.c ---- */

/** The slot whose peer has this address and port, or else this address; THA_NONE = nobody. */
uint32_t tha_prober_find_source(struct tha_prober *prober, const struct tha_addr *from);

/* ---- prober_packets.c: what came in ---- */

void tha_prober_take_packet(struct tha_listener *listener, const struct tha_udp_packet *packet, uint64_t now_us);

/** From the connection of @p slot. */
void tha_prober_take_message(struct tha_prober *prober, struct tha_slot *slot, const char *message, size_t len);

/* ---- prober_listen.c ---- */

/** Reads what waits at a socket, up to a bound. */
void tha_prober_read(struct tha_listener *listener);
void tha_prober_close_listeners(struct tha_prober *prober);

/** The socket of an address of ours; NULL = it has none. */
struct tha_listener *tha_prober_find_listener(const struct tha_prober *prober, const struct tha_addr *source);

#endif
