/* Filling the hash of sources: once forwards to count the trunks of each host, once backwards to find the best of them. */
#include "source.h"

struct writing {
    struct tha_view_builder *builder;
    const struct tha_view_catalogue *catalogue;
};

static uint32_t card_ref(const struct writing *w, uint32_t target)
{
    return tha_get32(&tha_half_target(w->builder->half, target)->card);
}

static struct tha_card *card_of(const struct writing *w, uint32_t target)
{
    return tha_half_at(w->builder->half, card_ref(w, target));
}

/** @p port 0: of the host. */
static struct tha_source_hit find(const struct writing *w, uint32_t target, uint32_t port)
{
    struct tha_source_key key;

    tha_source_key_init(&key, &w->catalogue->targets[target].addr);

    return tha_source_find(w->builder->half, &key, port);
}

static void fill(const struct writing *w, const struct tha_source_hit *hit, uint32_t target)
{
    tha_put32(hit->slot, card_ref(w, target) | hit->marks);
}

static void write_host(const struct writing *w, uint32_t target)
{
    const struct tha_view_target *from = &w->catalogue->targets[target];
    uint32_t direction = w->catalogue->model->trunks[from->trunk].direction;
    struct tha_card *card = card_of(w, target);
    struct tha_source_key key;

    tha_source_key_init(&key, &from->addr);
    tha_put32(&card->host,
              key.family == 4 ? key.host : tha_view_take_words(w->builder, key.ip, sizeof(key.ip) / sizeof(key.ip[0])));
    tha_put32(&card->port, from->addr.port | key.family << 16 | direction << 24);
}

static bool are_of_one_trunk(const struct tha_card *a, const struct tha_card *b)
{
    return tha_get32(&a->trunk) == tha_get32(&b->trunk);
}

/** Its host's slot goes to the target, whose number of neighbours is the one so far. */
static void count(const struct writing *w, uint32_t target)
{
    struct tha_source_hit hit = find(w, target, 0);
    struct tha_card *card = card_of(w, target);
    uint32_t before = hit.card ? tha_get32(&hit.card->n_neighbours) : 0;
    bool is_new = !hit.card || !are_of_one_trunk(hit.card, card);

    tha_put32(&card->n_neighbours, before + is_new);
    fill(w, &hit, target);
}

static bool is_inbound(const struct tha_card *card)
{
    return tha_source_direction(card) == TRUNKHA_DIRECTION_INBOUND;
}

/** The card goes before the inbound trunks behind it in the configuration, of which @p best is the first. */
static void string_together(const struct writing *w, struct tha_card *card, const struct tha_card *best)
{
    if (card == best || !is_inbound(card) || !is_inbound(best))
        return;

    tha_put32(&card->next_inbound,
              are_of_one_trunk(card, best) ? tha_get32(&best->next_inbound) : tha_half_ref_to(w->builder->half, best));
}

/** Lower is better. */
static uint32_t rank_of(const struct tha_card *card)
{
    static const uint8_t ranks[] = {
        [TRUNKHA_DIRECTION_INBOUND] = 0,
        [TRUNKHA_DIRECTION_BOTH] = 1,
        [TRUNKHA_DIRECTION_OUTBOUND] = 2,
    };

    return ranks[tha_source_direction(card)];
}

/** A slot goes to the better target; of two alike, to the one before. */
static void compete(const struct writing *w, const struct tha_source_hit *hit, uint32_t target)
{
    if (!hit->card || rank_of(card_of(w, target)) <= rank_of(hit->card))
        fill(w, hit, target);
}

/** Those behind it in the configuration have been settled. */
static void settle(const struct writing *w, uint32_t target)
{
    struct tha_source_hit hit = find(w, target, 0), at_port;
    uint32_t n = tha_get32(&hit.card->n_neighbours);
    uint16_t port = w->catalogue->targets[target].addr.port;

    tha_put32(&card_of(w, target)->n_neighbours, n);
    string_together(w, card_of(w, target), hit.card);
    compete(w, &hit, target);
    if (n <= 1 || !port)
        return;

    at_port = find(w, target, port);
    compete(w, &at_port, target);
}

void tha_source_write(struct tha_view_builder *builder, const struct tha_view_catalogue *catalogue)
{
    const struct writing w = {.builder = builder, .catalogue = catalogue};
    uint32_t n_slots;
    _Atomic uint32_t *slots = tha_half_array(builder->half, THA_ARRAY_SOURCES, sizeof(*slots), &n_slots);

    for (uint32_t i = 0; i < catalogue->n_targets && !builder->err; i++)
        write_host(&w, i);
    if (builder->err)
        return;

    for (uint32_t i = 0; i < n_slots; i++)
        tha_put32(&slots[i], 0);
    for (uint32_t i = 0; i < catalogue->n_targets; i++)
        count(&w, i);
    for (uint32_t i = catalogue->n_targets; i-- > 0;)
        settle(&w, i);
}
