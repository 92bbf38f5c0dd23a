#include <errno.h>
#include <string.h>

#include "adapters/prober_room.h"
#include "adapters/stream.h"

#define EXPIRIES_MAX 256 /* timers handled in one go: also when all are due at once, the sockets have their turn */

int tha_prober_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                   const struct tha_prober_handlers *handlers, struct tha_prober **ret_prober)
{
    struct tha_prober *prober = tha_mem_zalloc(mem, 1, sizeof(*prober));

    if (!prober)
        return TRUNKHA_ERR_NOMEM;

    prober->loop = loop;
    prober->mem = *mem;
    prober->log = *log;
    prober->handlers = *handlers;
    tha_heap_init(&prober->heap, mem);
    tha_random(&prober->secret, sizeof(prober->secret));
    prober->inbox = tha_mem_resize(mem, NULL, 1, sizeof(*prober->inbox)); /* not zeroed: pages never used cost nothing */
    if (!prober->inbox || tha_streams_new(loop, mem, log, &prober->streams)) {
        tha_prober_free(prober);
        return TRUNKHA_ERR_NOMEM;
    }
    tha_udp_inbox_init(prober->inbox);
    *ret_prober = prober;

    return 0;
}

struct tha_prober *tha_prober_free(struct tha_prober *prober)
{
    struct tha_mem mem;

    if (!prober)
        return NULL;

    mem = prober->mem;
    for (uint32_t i = 0; i < prober->n_slots; i++)
        tha_slot_drop_extra(prober, tha_prober_slot(prober, i));
    tha_streams_free(prober->streams);
    tha_prober_free_contexts(prober);
    tha_prober_close_listeners(prober);
    tha_prober_free_locals(prober);
    for (uint32_t i = 0; i < prober->n_chunks; i++)
        tha_mem_free(&mem, prober->chunks[i]);
    tha_mem_free(&mem, prober->chunks);
    tha_mem_free(&mem, prober->sources.places);
    tha_heap_done(&prober->heap);
    tha_mem_free(&mem, prober->inbox);

    return tha_mem_free(&mem, prober);
}

int tha_prober_reserve(struct tha_prober *prober, uint32_t n_slots)
{
    uint32_t n_chunks = n_slots / THA_SLOTS_PER_CHUNK + 1;
    struct tha_slot **chunks;

    if (n_slots <= prober->n_slots)
        return 0;
    if (tha_heap_reserve(&prober->heap, n_slots))
        return TRUNKHA_ERR_NOMEM;
    chunks = tha_mem_resize(&prober->mem, prober->chunks, n_chunks, sizeof(*chunks));
    if (!chunks)
        return TRUNKHA_ERR_NOMEM;

    prober->chunks = chunks;
    while (prober->n_chunks < n_chunks) {
        chunks[prober->n_chunks] = tha_mem_zalloc(&prober->mem, THA_SLOTS_PER_CHUNK, sizeof(struct tha_slot));
        if (!chunks[prober->n_chunks])
            return TRUNKHA_ERR_NOMEM;
        for (uint32_t i = 0; i < THA_SLOTS_PER_CHUNK; i++)
            chunks[prober->n_chunks][i].index = prober->n_chunks * THA_SLOTS_PER_CHUNK + i;
        prober->n_chunks++;
    }
    prober->n_slots = n_slots;

    return 0;
}

struct tha_slot *tha_prober_slot(const struct tha_prober *prober, uint32_t index)
{
    return index < prober->n_slots ? &prober->chunks[index / THA_SLOTS_PER_CHUNK][index % THA_SLOTS_PER_CHUNK] : NULL;
}

static void give_up(struct tha_prober *prober, struct tha_slot *slot)
{
    slot->is_under_way = false;
    tha_heap_remove(&prober->heap, &slot->timer);
}

void tha_prober_cancel(struct tha_prober *prober, uint32_t index)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);

    if (slot)
        give_up(prober, slot);
}

/** Another peer: what is known of the one before is of no use. */
static void leave(struct tha_prober *prober, struct tha_slot *slot)
{
    give_up(prober, slot);
    tha_slot_forget_local(slot);
    tha_slot_drop_extra(prober, slot);
    slot->way_mark = 0;
}

static bool is_same_target(const struct tha_slot *slot, const struct tha_prober_target *target)
{
    return slot->uri == target->uri && slot->text == target->text && slot->reach == target->reach;
}

static void set_target(struct tha_prober *prober, struct tha_slot *slot, const struct tha_prober_target *target)
{
    if (slot->reach != target->reach)
        tha_slot_forget_local(slot); /* the public address may be another, or there is none any more */
    slot->uri = target->uri;
    slot->text = target->text;
    slot->reach = target->reach;
    slot->n_answers = 0;
    if (tha_slot_adapt(prober, slot) && slot->is_under_way)
        tha_prober_send(prober, slot->index, tha_clock_ms());
}

static void change_target(struct tha_prober *prober, struct tha_slot *slot, const struct tha_prober_target *target,
                          bool is_same_peer)
{
    if (!is_same_peer) {
        leave(prober, slot);
        prober->sources.is_fresh = false;
    }
    slot->is_set = target != NULL;
    if (!target)
        return;

    slot->addr = target->addr;
    slot->timeout_ms = target->timeout_ms;
    if (!is_same_peer || !is_same_target(slot, target))
        set_target(prober, slot, target);
}

static bool has_connection(const struct tha_slot *slot)
{
    return slot->extra && slot->extra->stream;
}

void tha_prober_set_target(struct tha_prober *prober, uint32_t index, const struct tha_prober_target *target)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);
    const struct tha_addr peer = slot->addr;
    bool is_same_peer = target && slot->is_set && tha_addr_is_equal(&peer, &target->addr);
    bool was_connected = has_connection(slot);

    change_target(prober, slot, target, is_same_peer);
    if (was_connected && !has_connection(slot))
        tha_prober_tell_lost(prober, is_same_peer ? index : THA_NONE, &peer);
}

static tha_counter *counter_of(struct tha_counters *counters, uint32_t kind)
{
    switch (kind) {
    case THA_EVIDENCE_ANSWERED:
    case THA_EVIDENCE_AUTH_FAILED:
        return &counters->probes_answered;
    case THA_EVIDENCE_TIMED_OUT:
    case THA_EVIDENCE_NO_CONNECTION:
        return &counters->probes_timed_out;
    default:
        return &counters->probes_failed_to_send;
    }
}

void tha_prober_finish(struct tha_prober *prober, struct tha_slot *slot, struct tha_evidence evidence)
{
    tha_count(counter_of(&prober->counters, evidence.kind));
    give_up(prober, slot);
    slot->was_answered = evidence.kind == THA_EVIDENCE_ANSWERED;
    if (!slot->was_answered) {
        tha_slot_forget_local(slot); /* the route may have changed */
        slot->n_answers = 0;
    }
    prober->has_told = true;
    prober->handlers.result(slot->index, &evidence, prober->handlers.user_data);
}

void tha_prober_fail(struct tha_prober *prober, struct tha_slot *slot, int error)
{
    tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_SEND_FAILED, .system_error = error});
}

void tha_prober_end_batch(struct tha_prober *prober)
{
    if (prober->is_expiring)
        return;

    tha_prober_flush(prober);
    if (prober->has_told && prober->handlers.batch_end)
        prober->handlers.batch_end(prober->handlers.user_data);
    prober->has_told = false;
}

/* ---- Sending ---- */

void tha_prober_queue(struct tha_prober *prober, struct tha_slot *slot)
{
    if (slot->is_queued)
        return;

    slot->is_queued = true;
    if (prober->n_queued++)
        tha_prober_slot(prober, prober->last_queued)->next_queued = slot->index;
    else
        prober->first_queued = slot->index;
    prober->last_queued = slot->index;
}

static struct tha_slot *unqueue(struct tha_prober *prober)
{
    struct tha_slot *slot = tha_prober_slot(prober, prober->first_queued);

    slot->is_queued = false;
    prober->first_queued = slot->next_queued;
    prober->n_queued--;

    return slot;
}

static uint32_t milliseconds_left(const struct tha_slot *slot, uint64_t now_ms)
{
    uint32_t left = slot->deadline_ms - (uint32_t)now_ms;

    return left < INT32_MAX ? left : 0;
}

/** Over TCP and TLS nothing is sent again: RFC 3261 section 17.1.2.2. */
static void set_timer(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms)
{
    uint32_t left_ms = milliseconds_left(slot, now_ms);
    bool is_last = left_ms < slot->interval_ms || tha_slot_is_stream(slot);

    tha_heap_set(&prober->heap, &slot->timer, now_ms + (is_last ? left_ms : slot->interval_ms));
}

void tha_prober_start_request(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms)
{
    slot->sent_us = 0;
    slot->interval_ms = THA_T1_MS;
    set_timer(prober, slot, now_ms);
    tha_prober_queue(prober, slot);
}

void tha_prober_send(struct tha_prober *prober, uint32_t index, uint64_t now_ms)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);

    if (!slot->is_set)
        return;

    slot->previous_branch = (uint32_t)slot->token.branch;
    slot->was_previous_answered = slot->was_answered;
    slot->was_answered = false;
    tha_token_draw(&slot->token, &prober->entropy);
    slot->is_under_way = true;
    slot->deadline_ms = (uint32_t)(now_ms + slot->timeout_ms);
    if (slot->extra) {
        memset(slot->extra->n_challenges, 0, sizeof(slot->extra->n_challenges));
        slot->extra->is_authorized = false;
    }
    tha_prober_start_request(prober, slot, now_ms);
    tha_count(&prober->counters.probes_sent);
}

int tha_prober_write_request(struct tha_prober *prober, struct tha_slot *slot, char *room, size_t *ret_len)
{
    struct tha_wire_request request = {.text = slot->text,
                                       .uri = slot->uri,
                                       .local = &slot->local->wire,
                                       .token = slot->token,
                                       .slot = slot->index,
                                       .transport = slot->addr.transport};

    if (slot->extra) {
        int err = tha_slot_authorize(prober, slot);

        if (err)
            return err;
        request.authorization = (struct tha_span){slot->extra->authorization, slot->extra->authorization_len};
    }
    *ret_len = tha_wire_write(&request, room, THA_UDP_SEND_MAX);

    return *ret_len ? 0 : EMSGSIZE;
}

static void post_request(struct tha_prober *prober, struct tha_slot *slot)
{
    if (!slot->is_under_way)
        return;
    if (tha_slot_is_stream(slot))
        tha_prober_post_stream(prober, slot);
    else
        tha_prober_post_datagram(prober, slot);
}

void tha_prober_flush(struct tha_prober *prober)
{
    for (uint32_t n = prober->n_queued; n > 0; n--)
        post_request(prober, unqueue(prober));
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        tha_udp_flush(&prober->listeners[i]->udp);
}

/* ---- The host's messages ---- */

int tha_prober_transmit(struct tha_prober *prober, uint32_t index, const char *message, size_t len)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);

    if (!slot || !slot->is_set)
        return EINVAL;

    return tha_slot_is_stream(slot) ? tha_prober_transmit_stream(prober, slot, message, len)
                                    : tha_prober_transmit_datagram(prober, slot, message, len);
}

int tha_prober_get_local(struct tha_prober *prober, uint32_t index, struct tha_addr *ret_local)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);
    int err;

    if (!slot || !slot->is_set)
        return EINVAL;

    err = tha_slot_is_stream(slot) ? tha_prober_find_stream_local(prober, slot) : tha_prober_find_local(prober, slot);
    if (err)
        return err;
    *ret_local = slot->local->wire.addr;
    ret_local->transport = slot->addr.transport;

    return 0;
}

/* ---- Time ---- */

uint64_t tha_prober_next_expiry(const struct tha_prober *prober)
{
    uint64_t streams = tha_streams_next_expiry(prober->streams);
    uint64_t probes = prober->n_queued ? 0 : tha_heap_next(&prober->heap);

    return probes < streams ? probes : streams;
}

static void expire(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms)
{
    if (milliseconds_left(slot, now_ms)) {
        slot->interval_ms = slot->interval_ms < THA_T2_MS / 2 ? (uint16_t)(slot->interval_ms * 2) : THA_T2_MS;
        set_timer(prober, slot, now_ms);
        tha_prober_queue(prober, slot);
    } else if (tha_slot_is_stream(slot)) {
        tha_prober_expire_stream(prober, slot);
    } else if (slot->sent_us) {
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_TIMED_OUT});
    } else {
        tha_prober_fail(prober, slot, ENOBUFS); /* it never found room */
    }
}

void tha_prober_handle_expiry(struct tha_prober *prober, uint64_t now_ms)
{
    prober->is_expiring = true;
    tha_streams_handle_expiry(prober->streams, now_ms); /* first: a connection knows best why it was not made */

    /* What waits at the sockets has come in time, even if the machine stood still since. */
    for (uint32_t i = 0; i < prober->n_listeners && tha_heap_next(&prober->heap) <= now_ms; i++)
        tha_prober_read(prober->listeners[i]);

    for (unsigned n = 0; n < EXPIRIES_MAX && tha_heap_next(&prober->heap) <= now_ms; n++)
        expire(prober, (struct tha_slot *)tha_heap_first(&prober->heap), now_ms); /* the timer is its first member */

    tha_prober_flush(prober);
    prober->is_expiring = prober->has_told = false;
}
