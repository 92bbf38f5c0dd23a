/* Filling the hash of sources: once forwards to count the trunks of each host, once backwards to find the best of them. */
#include "source.h"

struct writing {
    const struct tha_view_catalogue *catalogue;
    const struct tha_half *half;
};

void tha_source_take_host(struct tha_view_builder *builder, struct tha_target_record *record, const struct tha_addr *addr)
{
    struct tha_source_key key;

    tha_source_key_init(&key, addr);
    tha_put32(&record->host, key.family == 4 ? key.host : tha_view_take_words(builder, key.ip, THA_BLOCK_WORDS));
    tha_put32(&record->port, addr->port | key.family << 16);
    tha_put32(&record->n_neighbours, 0);
    tha_put32(&record->next_inbound, THA_NONE);
}

static _Atomic uint32_t *find_slot(const struct writing *w, uint32_t target, uint32_t port)
{
    struct tha_source_key key;

    tha_source_key_init(&key, &w->catalogue->targets[target].addr);

    return tha_source_find_slot(w->half, &key, port);
}

/** Lower is better. */
static uint32_t rank_of(const struct writing *w, uint32_t target)
{
    static const uint8_t ranks[] = {
        [THA_DIRECTION_INBOUND] = 0,
        [THA_DIRECTION_BOTH] = 1,
        [THA_DIRECTION_OUTBOUND] = 2,
    };

    return ranks[w->catalogue->model->trunks[w->catalogue->targets[target].trunk].direction];
}

static bool is_inbound(const struct writing *w, uint32_t target)
{
    return rank_of(w, target) == 0;
}

static bool are_of_one_trunk(const struct writing *w, uint32_t a, uint32_t b)
{
    return w->catalogue->targets[a].trunk == w->catalogue->targets[b].trunk;
}

/** Its host's slot goes to the target, whose number of neighbours is the one so far. */
static void count(const struct writing *w, uint32_t target)
{
    _Atomic uint32_t *slot = find_slot(w, target, 0);
    uint32_t before = tha_get32(slot), n = 1;

    if (before) {
        uint32_t last = tha_source_target(before);

        n = tha_get32(&tha_half_target(w->half, last)->n_neighbours) + !are_of_one_trunk(w, last, target);
    }

    tha_put32(&tha_half_target(w->half, target)->n_neighbours, n);
    tha_put32(slot, target + 1);
}

/** Before the inbound trunks behind it in the configuration, of which @p best is the first. */
static void string_together(const struct writing *w, uint32_t target, uint32_t best)
{
    uint32_t next = best;

    if (target == best || !is_inbound(w, target) || !is_inbound(w, best))
        return;
    if (are_of_one_trunk(w, target, best))
        next = tha_get32(&tha_half_target(w->half, best)->next_inbound);

    tha_put32(&tha_half_target(w->half, target)->next_inbound, next);
}

/** A slot goes to the better target; of two alike, to the one before. */
static void compete(const struct writing *w, uint32_t target, _Atomic uint32_t *slot, uint32_t mark)
{
    uint32_t best = tha_get32(slot);

    if (!best || rank_of(w, target) <= rank_of(w, tha_source_target(best)))
        tha_put32(slot, (target + 1) | mark);
}

/** Those behind it in the configuration have been settled. */
static void settle(const struct writing *w, uint32_t target)
{
    _Atomic uint32_t *slot = find_slot(w, target, 0);
    uint32_t best = tha_source_target(tha_get32(slot));
    uint32_t n = tha_get32(&tha_half_target(w->half, best)->n_neighbours);
    uint16_t port = w->catalogue->targets[target].addr.port;

    tha_put32(&tha_half_target(w->half, target)->n_neighbours, n);
    string_together(w, target, best);
    compete(w, target, slot, 0);
    if (n > 1 && port)
        compete(w, target, find_slot(w, target, port), THA_SOURCE_OF_PORT);
}

void tha_source_write(struct tha_view_builder *builder, const struct tha_view_catalogue *catalogue)
{
    const struct writing w = {.catalogue = catalogue, .half = builder->half};
    uint32_t n_slots = tha_half_count(w.half, THA_ARRAY_SOURCES);
    _Atomic uint32_t *slots = tha_half_array(w.half, THA_ARRAY_SOURCES, sizeof(*slots));

    for (uint32_t i = 0; i < n_slots; i++)
        tha_put32(&slots[i], 0);
    for (uint32_t i = 0; i < catalogue->n_targets; i++)
        count(&w, i);
    for (uint32_t i = catalogue->n_targets; i-- > 0;)
        settle(&w, i);
}
