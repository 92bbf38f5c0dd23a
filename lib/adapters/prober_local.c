/* Our own addresses, as requests name them. A machine has few, whatever number of targets it probes over UDP: the text of
 * each is written once. Each connection has a port of its own, and so its own text. */
#include <errno.h>

#include "adapters/prober_room.h"

/** One that is there, or the room of one that nobody has any more. */
static struct tha_local *find(const struct tha_prober *prober, const struct tha_addr *addr)
{
    struct tha_local *unused = NULL;

    for (struct tha_local *local = prober->locals; local; local = local->next) {
        if (tha_addr_is_equal(&local->wire.addr, addr))
            return local;
        if (!local->n_users)
            unused = local;
    }
    if (unused)
        tha_wire_set_local(&unused->wire, addr);

    return unused;
}

static struct tha_local *make(struct tha_prober *prober, const struct tha_addr *addr)
{
    struct tha_local *local = tha_mem_zalloc(&prober->mem, 1, sizeof(*local));

    if (!local)
        return NULL;

    tha_wire_set_local(&local->wire, addr);
    local->next = prober->locals;
    prober->locals = local;

    return local;
}

static struct tha_local *set_own(struct tha_slot *slot, const struct tha_addr *addr)
{
    tha_wire_set_local(&slot->extra->local.wire, addr);

    return &slot->extra->local;
}

int tha_slot_set_local(struct tha_prober *prober, struct tha_slot *slot, const struct tha_addr *bound)
{
    const struct tha_reach *reach = slot->reach;
    struct tha_addr addr = *bound;
    struct tha_local *local;

    if (reach && reach->public_addr.family == addr.family) {
        addr = reach->public_addr;
        addr.port = addr.port ? addr.port : bound->port;
    }
    addr.transport = THA_TRANSPORT_UDP; /* the same text for all */

    tha_slot_forget_local(slot);
    local = tha_slot_is_stream(slot) ? set_own(slot, &addr) : find(prober, &addr);
    if (!local)
        local = make(prober, &addr);
    if (!local)
        return ENOMEM;
    local->n_users++;
    slot->local = local;

    return 0;
}

void tha_slot_forget_local(struct tha_slot *slot)
{
    if (slot->local)
        slot->local->n_users--;
    slot->local = NULL;
}

void tha_prober_free_locals(struct tha_prober *prober)
{
    while (prober->locals) {
        struct tha_local *local = prober->locals;

        prober->locals = local->next;
        tha_mem_free(&prober->mem, local);
    }
}
