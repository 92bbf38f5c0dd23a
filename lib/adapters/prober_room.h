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

/** A target and its probe: 136 bytes. What is sent is written anew from this each time. */
struct tha_slot {
    struct tha_timer timer; /**< first member; the next retransmission or the deadline, whichever is earlier */
    struct tha_addr addr;
    uint32_t timeout_ms;
    const char *uri;
    const struct tha_probe_text *text;
    struct tha_token token;   /**< of the probe under way, or of the last one */
    uint64_t previous_branch; /**< of the probe before that */
    uint64_t deadline_ms;
    uint64_t sent_us;     /**< when the first datagram left; 0 = not yet */
    uint8_t local_ip[16]; /**< of ours, towards the target; while `knows_local` */
    uint32_t index;
    uint32_t next_queued; /**< slot; not of the last one */
    uint16_t interval_ms; /**< between the last retransmission and the next */
    bool is_set : 1;
    bool is_under_way : 1;
    bool is_queued : 1;
    bool knows_local : 1;
    bool was_answered : 1;          /**< the last probe */
    bool was_previous_answered : 1; /**< the one before */
};

_Static_assert(sizeof(struct tha_slot) <= 136, "50,000 targets have one each");

/** Slots never move: timers point into them. */
#define THA_SLOTS_PER_CHUNK 64U

struct tha_listener {
    struct tha_prober *prober;
    struct tha_addr wanted;      /**< as configured: its port may be 0 */
    struct tha_wire_local local; /**< as last written into a request from here */
    bool is_current;             /**< of what was committed last */
    bool is_next;                /**< of what is prepared */
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
};

/** Written by the loop's thread only, so that no locked instruction is needed. */
static inline void tha_count(tha_counter *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

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
    uint64_t flood_slot;                  /**< of the clock, THA_SLOT_MS long ... */
    uint32_t flood_count;                 /**< ... and how many requests were looked at in it */
    bool has_told;                        /**< results since the last batch_end */
    uint64_t secret;                      /**< of To tags */
    struct tha_counters counters;
    struct tha_entropy entropy;
    struct tha_udp_inbox *inbox;
};

/** NULL when there is no such slot. */
struct tha_slot *tha_prober_slot(const struct tha_prober *prober, uint32_t index);

/** Ends the probe under way and tells of it. */
void tha_prober_finish(struct tha_prober *prober, struct tha_slot *slot, struct tha_evidence evidence);

/** prober_packets.c: what came in through the sockets. */
void tha_prober_take_packet(struct tha_listener *listener, const struct tha_udp_packet *packet, uint64_t now_us);
void tha_prober_take_refusal(const char *data, size_t len, int error, void *listener);

/** prober_listen.c: reads what waits at a socket, up to a bound. */
void tha_prober_read(struct tha_listener *listener);
void tha_prober_close_listeners(struct tha_prober *prober);

/** A datagram has left, or not: see struct tha_udp_handlers. */
void tha_prober_take_ticket(const struct tha_udp_ticket *ticket, int error, uint64_t now_us, void *listener);

#endif
