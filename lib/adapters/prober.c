#include "adapters/prober_room.h"

#include <errno.h>
#include <string.h>

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
    if (!prober->inbox) {
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
    tha_prober_close_listeners(prober);
    for (uint32_t i = 0; i < prober->n_chunks; i++)
        tha_mem_free(&mem, prober->chunks[i]);
    tha_mem_free(&mem, prober->chunks);
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

void tha_prober_set_target(struct tha_prober *prober, uint32_t index, const struct tha_prober_target *target)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);

    if (!target || !slot->is_set || !tha_addr_is_equal(&slot->addr, &target->addr)) {
        give_up(prober, slot);
        slot->knows_local = false;
    }
    slot->is_set = target != NULL;
    if (target) {
        slot->addr = target->addr;
        slot->uri = target->uri;
        slot->text = target->text;
        slot->timeout_ms = target->timeout_ms;
    }
}

void tha_prober_finish(struct tha_prober *prober, struct tha_slot *slot, struct tha_evidence evidence)
{
    switch (evidence.kind) {
    case THA_EVIDENCE_ANSWERED:
        tha_count(&prober->counters.probes_answered);
        break;
    case THA_EVIDENCE_TIMED_OUT:
        tha_count(&prober->counters.probes_timed_out);
        break;
    default:
        tha_count(&prober->counters.probes_failed_to_send);
        break;
    }

    give_up(prober, slot);
    slot->was_answered = evidence.kind == THA_EVIDENCE_ANSWERED;
    if (!slot->was_answered)
        slot->knows_local = false; /* the route may have changed */
    prober->has_told = true;
    prober->handlers.result(slot->index, &evidence, prober->handlers.user_data);
}

static void fail(struct tha_prober *prober, struct tha_slot *slot, int error)
{
    tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_SEND_FAILED, .system_error = error});
}

/* ---- Sending ---- */

static void queue(struct tha_prober *prober, struct tha_slot *slot)
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

static void set_timer(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms)
{
    uint64_t next_ms = now_ms + slot->interval_ms;

    tha_heap_set(&prober->heap, &slot->timer, next_ms < slot->deadline_ms ? next_ms : slot->deadline_ms);
}

void tha_prober_send(struct tha_prober *prober, uint32_t index, uint64_t now_ms)
{
    struct tha_slot *slot = tha_prober_slot(prober, index);

    if (!slot->is_set)
        return;

    slot->previous_branch = slot->token.branch;
    slot->was_previous_answered = slot->was_answered;
    slot->was_answered = false;
    tha_token_draw(&slot->token, &prober->entropy);
    slot->is_under_way = true;
    slot->sent_us = 0;
    slot->deadline_ms = now_ms + slot->timeout_ms;
    slot->interval_ms = THA_T1_MS;
    set_timer(prober, slot, now_ms);
    queue(prober, slot);
    tha_count(&prober->counters.probes_sent);
}

/** Writes our address as the target sees it. It stays the same through a probe: a retransmission has the same bytes. */
static int find_local(struct tha_listener *listener, struct tha_slot *slot)
{
    struct tha_addr local = listener->udp.bound;

    if (!slot->knows_local) {
        int err = tha_udp_find_local(&listener->udp, &slot->addr, &local);

        if (err)
            return err;
        memcpy(slot->local_ip, local.ip, sizeof(slot->local_ip));
        slot->knows_local = true;
    }
    memcpy(local.ip, slot->local_ip, sizeof(local.ip));
    if (!tha_addr_is_equal(&local, &listener->local.addr))
        tha_wire_set_local(&listener->local, &local);

    return 0;
}

static int write_request(struct tha_listener *listener, struct tha_slot *slot, char *room)
{
    const struct tha_wire_request request = {slot->text, slot->uri, &listener->local, slot->token, slot->index};
    const struct tha_udp_ticket ticket = {slot->index, slot->token.branch};
    int err = find_local(listener, slot);
    size_t len;

    if (err)
        return err;
    len = tha_wire_write(&request, room, THA_UDP_SEND_MAX);
    if (!len)
        return EMSGSIZE;
    tha_udp_post(&listener->udp, len, &slot->addr, NULL, &ticket);

    return 0;
}

static void post_request(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_listener *listener = prober->probing[slot->addr.family == 6];
    char *room = listener ? tha_udp_room(&listener->udp) : NULL; /* may send what is there, and so end this very probe */
    int err;

    if (!slot->is_under_way)
        return;
    err = room ? write_request(listener, slot, room) : EAFNOSUPPORT;
    if (err)
        fail(prober, slot, err);
}

void tha_prober_flush(struct tha_prober *prober)
{
    for (uint32_t n = prober->n_queued; n > 0; n--)
        post_request(prober, unqueue(prober));
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        tha_udp_flush(&prober->listeners[i]->udp);
}

void tha_prober_take_ticket(const struct tha_udp_ticket *ticket, int error, uint64_t now_us, void *user_data)
{
    struct tha_prober *prober = ((struct tha_listener *)user_data)->prober;
    struct tha_slot *slot = tha_prober_slot(prober, ticket->slot);

    if (!slot->is_under_way || slot->token.branch != ticket->branch)
        return;
    if (error == EAGAIN || error == ENOBUFS)
        return; /* our own buffer is full: the retransmission will do */

    if (error)
        fail(prober, slot, error);
    else if (slot->sent_us)
        tha_count(&prober->counters.retransmissions);
    else
        slot->sent_us = now_us;
}

/* ---- Time ---- */

uint64_t tha_prober_next_expiry(const struct tha_prober *prober)
{
    return prober->n_queued ? 0 : tha_heap_next(&prober->heap);
}

static void expire(struct tha_prober *prober, struct tha_slot *slot, uint64_t now_ms)
{
    if (slot->deadline_ms > now_ms) {
        slot->interval_ms = slot->interval_ms < THA_T2_MS / 2 ? (uint16_t)(slot->interval_ms * 2) : THA_T2_MS;
        set_timer(prober, slot, now_ms);
        queue(prober, slot);
    } else if (slot->sent_us) {
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_TIMED_OUT});
    } else {
        fail(prober, slot, ENOBUFS); /* it never found room */
    }
}

void tha_prober_handle_expiry(struct tha_prober *prober, uint64_t now_ms)
{
    /* What waits at the sockets has come in time, even if the machine stood still since. */
    for (uint32_t i = 0; i < prober->n_listeners && tha_heap_next(&prober->heap) <= now_ms; i++)
        tha_prober_read(prober->listeners[i]);

    for (unsigned n = 0; n < EXPIRIES_MAX && tha_heap_next(&prober->heap) <= now_ms; n++)
        expire(prober, (struct tha_slot *)tha_heap_first(&prober->heap), now_ms); /* the timer is its first member */

    tha_prober_flush(prober);
}
