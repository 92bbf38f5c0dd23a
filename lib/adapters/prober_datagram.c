/* Requests over UDP: from which socket, and what became of them. */
#include <errno.h>

#include "adapters/prober_room.h"

/** The one of the address of ours that it wants. Returns 0 or an errno. */
static int choose_own_socket(struct tha_prober *prober, struct tha_slot *slot, const struct tha_addr *source,
                             struct tha_listener **ret_listener)
{
    struct tha_extra *extra = tha_slot_need_extra(prober, slot);

    if (!extra)
        return ENOMEM;
    if (!extra->listener)
        extra->listener = tha_prober_find_listener(prober, source);
    *ret_listener = extra->listener;

    return 0;
}

/** Returns 0 or an errno. */
static inline int choose_socket(struct tha_prober *prober, struct tha_slot *slot, struct tha_listener **ret_listener)
{
    const struct tha_addr *source = tha_slot_source(slot);
    int err = 0;

    if (source)
        err = choose_own_socket(prober, slot, source, ret_listener);
    else
        *ret_listener = prober->probing[slot->addr.family == 6];

    return err || *ret_listener ? err : EAFNOSUPPORT;
}

static int look_up_local(struct tha_prober *prober, struct tha_listener *listener, struct tha_slot *slot)
{
    const struct tha_addr *source = tha_slot_source(slot);
    struct tha_addr bound;
    int err = 0;

    if (source) {
        bound = *source;
        bound.port = listener->udp.bound.port;
    } else {
        err = tha_udp_find_local(&listener->udp, &slot->addr, &bound);
    }

    return err ? err : tha_slot_set_local(prober, slot, &bound);
}

/** It stays the same through a probe: a retransmission has the same bytes. */
static inline int find_local(struct tha_prober *prober, struct tha_listener *listener, struct tha_slot *slot)
{
    return slot->local ? 0 : look_up_local(prober, listener, slot);
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
    size_t len;

    if (!err)
        err = tha_prober_write_request(prober, slot, room, &len);
    if (err)
        return err;
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

void tha_prober_take_refusal(const struct tha_addr *to, const char *data, size_t len, int error, void *user_data)
{
    struct tha_prober *prober = ((struct tha_listener *)user_data)->prober;
    struct tha_slot *slot = NULL;
    uint64_t branch;
    uint32_t index;

    if (tha_token_find_branch(data, len, &index, &branch))
        slot = tha_prober_slot(prober, index);
    else if (prober->handlers.returned)
        prober->handlers.returned(tha_prober_find_source(prober, to), to, data, len, prober->handlers.user_data);
    if (slot && slot->is_under_way && slot->token.branch == branch && !tha_slot_is_stream(slot))
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_REFUSED, .system_error = error});
}
