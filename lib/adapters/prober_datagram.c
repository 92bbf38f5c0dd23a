/* Requests over UDP: from which socket, and what became of them. */
#include <errno.h>

#include "adapters/prober_room.h"

/** NULL = there is none for its family, or for the address of ours that it wants. */
static struct tha_listener *find_socket(struct tha_prober *prober, const struct tha_slot *slot)
{
    const struct tha_addr *source = tha_slot_source(slot);

    if (!source)
        return prober->probing[slot->addr.family == 6];
    if (!slot->extra)
        return NULL;
    if (!slot->extra->listener)
        slot->extra->listener = tha_prober_find_listener(prober, source);

    return slot->extra->listener;
}

/** Returns 0 or an errno. */
static int choose_socket(struct tha_prober *prober, struct tha_slot *slot, struct tha_listener **ret_listener)
{
    if (tha_slot_source(slot) && !tha_slot_need_extra(prober, slot))
        return ENOMEM;
    *ret_listener = find_socket(prober, slot);

    return *ret_listener ? 0 : EAFNOSUPPORT;
}

/** It stays the same through a probe: a retransmission has the same bytes. */
static int find_local(struct tha_prober *prober, struct tha_listener *listener, struct tha_slot *slot)
{
    const struct tha_addr *source = tha_slot_source(slot);
    struct tha_addr bound;
    int err = 0;

    if (slot->local)
        return 0;

    if (source) {
        bound = *source;
        bound.port = listener->udp.bound.port;
    } else {
        err = tha_udp_find_local(&listener->udp, &slot->addr, &bound);
    }

    return err ? err : tha_slot_set_local(prober, slot, &bound);
}

int tha_prober_find_local(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_listener *listener;
    int err = choose_socket(prober, slot, &listener);

    return err ? err : find_local(prober, listener, slot);
}

static int write_request(struct tha_prober *prober, struct tha_listener *listener, struct tha_slot *slot, char *room)
{
    const struct tha_udp_ticket ticket = {slot->index, slot->token.branch};
    int err = find_local(prober, listener, slot);
    struct tha_wire_request request;
    size_t len;

    if (err)
        return err;
    request = tha_prober_request(slot);
    len = tha_wire_write(&request, room, THA_UDP_SEND_MAX);
    if (!len)
        return EMSGSIZE;
    tha_udp_post(&listener->udp, len, &slot->addr, tha_slot_source(slot), &ticket);

    return 0;
}

void tha_prober_post_datagram(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_listener *listener;
    int err = choose_socket(prober, slot, &listener);
    char *room = err ? NULL : tha_udp_room(&listener->udp); /* may send what is there, and so end this very probe */

    if (!slot->is_under_way)
        return;
    if (room)
        err = write_request(prober, listener, slot, room);
    if (err)
        tha_prober_fail(prober, slot, err);
}

int tha_prober_transmit_datagram(struct tha_prober *prober, struct tha_slot *slot, const void *data, size_t len)
{
    struct tha_listener *listener;
    int err = choose_socket(prober, slot, &listener);

    return err ? err : tha_udp_send(&listener->udp, data, len, &slot->addr, tha_slot_source(slot));
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
        tha_prober_fail(prober, slot, error);
    else if (slot->sent_us)
        tha_count(&prober->counters.retransmissions);
    else
        slot->sent_us = now_us;
}

void tha_prober_take_refusal(const char *data, size_t len, int error, void *user_data)
{
    struct tha_prober *prober = ((struct tha_listener *)user_data)->prober;
    struct tha_slot *slot = NULL;
    uint64_t branch;
    uint32_t index;

    if (tha_token_find_branch(data, len, &index, &branch))
        slot = tha_prober_slot(prober, index);
    if (slot && slot->is_under_way && slot->token.branch == branch && !tha_slot_is_stream(slot))
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_REFUSED, .system_error = error});
}
