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

static uint64_t hash_of(const struct tha_source_key *key, uint32_t port)
{
    uint64_t hash = (key->ip[1] ^ port) * THA_KEY_GOLDEN;

    return (hash ^ hash >> 32 ^ key->ip[0]) * THA_KEY_GOLDEN;
}

/** Not the bits that choose the slot. */
static uint32_t marks_of(uint64_t hash, uint32_t port)
{
    return ((uint32_t)(hash >> 12) & THA_SOURCE_TAG) | (port ? THA_SOURCE_OF_PORT : 0);
}

static bool is_of(const struct tha_half *half, const struct tha_card *card, const struct tha_source_key *key, uint32_t port)
{
    uint32_t host = tha_get32(&card->host), place = tha_get32(&card->port);
    const _Atomic uint64_t *ip;

    if ((uint8_t)(place >> 16) != key->family || (port && (uint16_t)place != port))
        return false;
    if (key->family == 4)
        return host == key->host;

    ip = tha_half_at(half, host);

    return tha_get64(&ip[0]) == key->ip[0] && tha_get64(&ip[1]) == key->ip[1];
}

struct tha_source_hit tha_source_find(const struct tha_half *half, const struct tha_source_key *key, uint32_t port)
{
    uint32_t n_slots;
    _Atomic uint32_t *slots = tha_half_array(half, THA_ARRAY_SOURCES, sizeof(*slots), &n_slots);
    uint64_t hash = hash_of(key, port);
    uint32_t marks = marks_of(hash, port);
    uint32_t at = (uint32_t)((hash >> 32) * n_slots >> 32); /* the high bits count, as in tha_view_key_slot() */

    for (uint32_t tries = 0; slots && tries < n_slots; tries++) {
        uint32_t slot = tha_get32(&slots[at]);
        struct tha_card *card = tha_half_at(half, slot);

        if (!slot)
            return (struct tha_source_hit){&slots[at], NULL, marks};
        if (!((slot ^ marks) & (THA_SOURCE_TAG | THA_SOURCE_OF_PORT)) && is_of(half, card, key, port))
            return (struct tha_source_hit){&slots[at], card, marks};
        at = at + 1 < n_slots ? at + 1 : 0;
    }

    return (struct tha_source_hit){NULL, NULL, marks};
}

/** The card of the best trunk; NULL when the host is nobody's. */
static const struct tha_card *find_best(const struct tha_half *half, const struct tha_source_key *key, uint32_t port)
{
    const struct tha_card *card = tha_source_find(half, key, 0).card, *at_port;

    if (!card || !port || tha_get32(&card->n_neighbours) <= 1)
        return card;

    at_port = tha_source_find(half, key, port).card;

    return at_port ? at_port : card;
}

int tha_view_find_source(const trunkha_view *view, const struct tha_addr *addr, trunkha_source *ret_source,
                         uint32_t *ret_trunk_slot)
{
    struct tha_view_reading reading = {.table = view->table};
    const struct tha_card *card = NULL;
    struct tha_source_key key;

    tha_source_key_init(&key, addr);
    while (tha_view_try(&reading)) {
        card = find_best(reading.half, &key, addr->port);
        if (!card)
            continue;
        ret_source->direction = tha_source_direction(card);
        ret_source->trunks = tha_get32(&card->n_neighbours);
        tha_card_copy_ids(card, ret_source->trunk_id, ret_source->trunk_group_id);
        if (ret_trunk_slot)
            *ret_trunk_slot = tha_get32(&tha_card_trunk(reading.half, card)->slot);
    }

    if (!card)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;

    return 0;
}

/** An inbound trunk, and one of its targets that has the host of the request. */
struct heard {
    uint32_t trunk_slot;
    uint32_t target_slot;
};

/** The inbound trunks of a host, whose best one @p card is of; returns how many there are. */
static uint32_t list_inbound(const struct tha_half *half, const struct tha_card *card, struct heard *heard)
{
    uint32_t n = 0, next = 1;

    while (next && n < THA_HEARD_MAX && tha_source_direction(card) == TRUNKHA_DIRECTION_INBOUND) {
        heard[n++] = (struct heard){tha_get32(&tha_card_trunk(half, card)->slot), tha_get32(&card->target_slot)};
        next = tha_get32(&card->next_inbound);
        card = tha_half_at(half, next);
    }

    return n;
}

static void post_heard(trunkha_view *view, const struct heard *heard, uint64_t now_ms)
{
    const struct tha_news news = {
        .kind = THA_NEWS_HEARD,
        .trunk_slot = heard->trunk_slot,
        .target_slot = heard->target_slot,
        .started_ms = now_ms,
    };

    if (tha_gauge_should_hear(view, heard->trunk_slot, now_ms))
        tha_view_post_news(view, &news, false);
}

int tha_view_note_request(trunkha_view *view, const struct tha_addr *addr, uint64_t now_ms)
{
    struct tha_view_reading reading = {.table = view->table};
    const struct tha_card *card = NULL;
    struct heard heard[THA_HEARD_MAX];
    struct tha_source_key key;
    uint32_t n = 0;

    if (!tha_view_has_calls(view))
        return TRUNKHA_ERR_ACCESS;

    tha_source_key_init(&key, addr);
    while (tha_view_try(&reading)) {
        card = tha_source_find(reading.half, &key, 0).card;
        n = card ? list_inbound(reading.half, card, heard) : 0;
    }

    if (!card)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;
    for (uint32_t i = 0; i < n; i++)
        post_heard(view, &heard[i], now_ms);

    return 0;
}
