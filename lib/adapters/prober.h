/** @file prober.h  OPTIONS transactions over UDP: request out, evidence back
 *
 *  Each target has a slot (a small number, the core's) and at most one probe under way. A probe is sent from the socket
 *  of its family, retransmitted by RFC 3261 section 17.1.2 until its deadline, and answered only by a packet from the
 *  address and port asked, with the branch, Call-ID, From tag and CSeq that were sent. All calls on the loop's thread. */
#ifndef THA_ADAPTERS_PROBER_H
#define THA_ADAPTERS_PROBER_H

#include "adapters/loop.h"
#include "core/evidence.h"
#include "core/model.h"

struct tha_prober;

struct tha_prober_handlers {
    /** A probe has ended. May call tha_prober_send() and tha_prober_set_target(). */
    void (*result)(uint32_t slot, const struct tha_evidence *evidence, void *user_data);
    /** The very packet of a result that is about to be told as ANSWERED; NULL = not wanted. */
    void (*answer)(uint32_t slot, const char *packet, size_t len, void *user_data);
    /** Should OPTIONS from peers be answered 503 with Retry-After (draining)? */
    bool (*is_draining)(void *user_data);
    /** A peer has sent OPTIONS that were answered; anybody can write that address. NULL = not wanted. */
    void (*request)(const struct tha_addr *from, void *user_data);
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

/** Sends what has gathered, many datagrams a system call. */
void tha_prober_flush(struct tha_prober *prober);

/** When a retransmission or a deadline is due next; THA_NEVER = none. */
uint64_t tha_prober_next_expiry(const struct tha_prober *prober);
void tha_prober_handle_expiry(struct tha_prober *prober, uint64_t now_ms);

/** Copies the counters that are the prober's into @p stats. Any thread. */
void tha_prober_get_stats(const struct tha_prober *prober, trunkha_stats *stats);

#endif
