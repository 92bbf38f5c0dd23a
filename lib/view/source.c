#include "source.h"

#include "card.h"
#include "gauge.h"
#include "handle.h"
#include "profile.h"

/** "::ffff:0:0/96" (RFC 4291 section 2.5.5.2). */
static bool is_mapped(const struct tha_addr *addr)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return addr->family == 6 && !memcmp(addr->ip, prefix, sizeof(prefix));
}

void tha_source_key_init(struct tha_source_key *key, const struct tha_addr *addr)
{
    bool is_v4 = addr->family == 4 || is_mapped(addr);

    *key = (struct tha_source_key){.family = is_v4 ? 4 : 6};
    if (is_v4)
        memcpy(key->ip, addr->family == 4 ? addr->ip : addr->ip + 12, 4);
    else
        memcpy(key->ip, addr->ip, sizeof(key->ip));
    memcpy(&key->host, key->ip, sizeof(key->host));
}

/** As tha_view_key_slot(): the high bits count. */
static uint32_t first_slot(const struct tha_source_key *key, uint32_t port, uint32_t n_slots)
{
    uint64_t hash = (key->ip[1] ^ port) * THA_KEY_GOLDEN;

    hash = (hash ^ hash >> 32 ^ key->ip[0]) * THA_KEY_GOLDEN;

    return (uint32_t)((hash >> 32) * n_slots >> 32);
}

static bool is_of_host(const struct tha_half *half, const struct tha_target_record *target,
                       const struct tha_source_key *key)
{
    uint32_t host = tha_get32(&target->host);
    const _Atomic uint64_t *ip;

    if (tha_get32(&target->port) >> 16 != key->family)
        return false;
    if (key->family == 4)
        return host == key->host;

    ip = tha_half_at(half, host);

    return tha_get64(&ip[0]) == key->ip[0] && tha_get64(&ip[1]) == key->ip[1];
}

static bool is_slot_of(const struct tha_half *half, uint32_t slot, const struct tha_source_key *key, uint32_t port)
{
    const struct tha_target_record *target;

    if (!(slot & THA_SOURCE_OF_PORT) != !port)
        return false;

    target = tha_half_target(half, tha_source_target(slot));

    return target && is_of_host(half, target, key) && (!port || (uint16_t)tha_get32(&target->port) == port);
}

_Atomic uint32_t *tha_source_find_slot(const struct tha_half *half, const struct tha_source_key *key, uint32_t port)
{
    uint32_t n_slots = tha_half_count(half, THA_ARRAY_SOURCES);
    _Atomic uint32_t *slots = tha_half_array(half, THA_ARRAY_SOURCES, sizeof(*slots));
    uint32_t at = first_slot(key, port, n_slots);

    for (uint32_t tries = 0; slots && tries < n_slots; tries++) {
        uint32_t slot = tha_get32(&slots[at]);

        if (!slot || is_slot_of(half, slot, key, port))
            return &slots[at];
        at = at + 1 < n_slots ? at + 1 : 0;
    }

    return NULL;
}

/** NULL when there is none. */
static const struct tha_target_record *find_target(const struct tha_half *half, const struct tha_source_key *key,
                                                   uint32_t port)
{
    const _Atomic uint32_t *slot = tha_source_find_slot(half, key, port);

    return slot ? tha_half_target(half, tha_source_target(tha_get32(slot))) : NULL;
}

/** The target of the best trunk; NULL when the host is nobody's. */
static const struct tha_target_record *find_best(const struct tha_half *half, const struct tha_source_key *key, uint32_t port)
{
    const struct tha_target_record *target = find_target(half, key, 0), *at_port;

    if (!target || !port || tha_get32(&target->n_neighbours) <= 1)
        return target;

    at_port = find_target(half, key, port);

    return at_port ? at_port : target;
}

static const struct tha_trunk_record *trunk_of(const struct tha_half *half, const struct tha_target_record *target)
{
    return tha_card_trunk(half, tha_half_at(half, tha_get32(&target->card)));
}

static void tell(const struct tha_half *half, const struct tha_target_record *target, trunkha_source *source, uint32_t *slot)
{
    const struct tha_trunk_record *trunk = trunk_of(half, target);

    *slot = tha_get32(&trunk->slot);
    source->size = sizeof(*source);
    source->direction = tha_view_trunk_direction(half, trunk);
    source->trunks = tha_get32(&target->n_neighbours);
    tha_half_copy_id(half, &trunk->id, source->trunk_id);
    tha_half_copy_id(half, &trunk->group_id, source->trunk_group_id);
}

int tha_view_find_source(const trunkha_view *view, const struct tha_addr *addr, trunkha_source *ret_source,
                         uint32_t *ret_trunk_slot)
{
    struct tha_view_reading reading = {.table = view->table};
    const struct tha_target_record *target = NULL;
    struct tha_source_key key;

    tha_source_key_init(&key, addr);
    while (tha_view_try(&reading)) {
        target = find_best(reading.half, &key, addr->port);
        if (target)
            tell(reading.half, target, ret_source, ret_trunk_slot);
    }

    if (!target)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;

    return 0;
}

/** The slots of the inbound trunks of a host, of which @p target is the best; returns how many there are. */
static uint32_t list_inbound(const struct tha_half *half, const struct tha_target_record *target, uint32_t *slots)
{
    uint32_t n = 0;

    while (target && n < THA_HEARD_MAX) {
        const struct tha_trunk_record *trunk = trunk_of(half, target);

        if (tha_view_trunk_direction(half, trunk) != TRUNKHA_DIRECTION_INBOUND)
            break;
        slots[n++] = tha_get32(&trunk->slot);
        target = tha_half_target(half, tha_get32(&target->next_inbound));
    }

    return n;
}

static void post_heard(trunkha_view *view, uint32_t trunk_slot, uint64_t now_ms)
{
    const struct tha_news news = {
        .kind = THA_NEWS_HEARD,
        .trunk_slot = trunk_slot,
        .target_slot = THA_NONE,
        .started_ms = now_ms,
    };

    if (tha_gauge_should_hear(view, trunk_slot, now_ms))
        tha_view_post_news(view, &news, false);
}

int tha_view_note_request(trunkha_view *view, const struct tha_addr *addr, uint64_t now_ms)
{
    struct tha_view_reading reading = {.table = view->table};
    const struct tha_target_record *target = NULL;
    uint32_t slots[THA_HEARD_MAX], n = 0;
    struct tha_source_key key;

    if (!tha_view_has_calls(view))
        return TRUNKHA_ERR_ACCESS;

    tha_source_key_init(&key, addr);
    while (tha_view_try(&reading)) {
        target = find_target(reading.half, &key, 0);
        n = list_inbound(reading.half, target, slots);
    }

    if (!target)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;
    for (uint32_t i = 0; i < n; i++)
        post_heard(view, slots[i], now_ms);

    return 0;
}
