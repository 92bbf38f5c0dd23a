/* What only some slots need: it is made when they do. */
#include "adapters/prober_room.h"
#include "adapters/stream.h"
#include "base/map.h"

static const struct tha_addr anywhere;

struct tha_extra *tha_slot_need_extra(struct tha_prober *prober, struct tha_slot *slot)
{
    const struct tha_addr *source = tha_slot_source(slot);

    if (slot->extra)
        return slot->extra;

    slot->extra = tha_mem_zalloc(&prober->mem, 1, sizeof(*slot->extra));
    if (!slot->extra)
        return NULL;
    slot->extra->prober = prober;
    slot->extra->slot = slot;
    slot->extra->source = source ? *source : anywhere;

    return slot->extra;
}

void tha_slot_disconnect(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_extra *extra = slot->extra;

    if (!extra)
        return;
    extra->stream = tha_stream_free(extra->stream);
    extra->context = tha_context_unref(prober, extra->context);
}

void tha_slot_drop_extra(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_extra *extra = slot->extra;

    if (!extra)
        return;

    tha_slot_disconnect(prober, slot);
    tha_slot_forget_challenges(slot);
    tha_mem_free(&prober->mem, extra->authorization);
    slot->extra = tha_mem_free(&prober->mem, extra);
}

const char *tha_slot_server_name(const struct tha_slot *slot)
{
    const struct tha_reach *reach = slot->reach;

    return reach->tls->server_name[0] ? reach->tls->server_name : reach->host;
}

/** Would a connection that was made now be like the one that is there? */
static bool has_same_security(const struct tha_prober *prober, const struct tha_slot *slot)
{
    const struct tha_extra *extra = slot->extra;

    if (!extra->context)
        return true;

    return slot->reach && extra->context == tha_prober_find_context(prober, slot->reach->tls) &&
           extra->name_mark == tha_map_hash(tha_slot_server_name(slot));
}

bool tha_slot_adapt(struct tha_prober *prober, struct tha_slot *slot)
{
    const struct tha_addr *source = tha_slot_source(slot);
    struct tha_extra *extra = slot->extra;

    if (!extra)
        return source;
    if (tha_addr_is_equal(&extra->source, source ? source : &anywhere) && has_same_security(prober, slot))
        return false;

    tha_slot_disconnect(prober, slot);
    extra->listener = NULL;
    extra->source = source ? *source : anywhere;

    return true;
}
