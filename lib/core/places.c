#include "places.h"

bool tha_places_is_out(const struct tha_target *target)
{
    return target->health.state == TRUNKHA_HEALTH_DOWN || tha_care_is_cooling(target);
}

static uint32_t key_of(const struct tha_target *target)
{
    uint32_t rank;

    if (target->health.state == TRUNKHA_HEALTH_UNKNOWN)
        rank = 3;
    else if (target->is_leaving)
        rank = 2;
    else
        rank = target->health.state == TRUNKHA_HEALTH_DEGRADED;

    return rank << 16 | target->priority;
}

/** There are few of them, and they come nearly sorted. */
static void insert(struct tha_places *places, const struct tha_target *target)
{
    uint32_t key = key_of(target);
    uint32_t i = places->count++;

    for (; i && places->keys[i - 1] > key; i--) {
        places->keys[i] = places->keys[i - 1];
        places->targets[i] = places->targets[i - 1];
    }
    places->keys[i] = key;
    places->targets[i] = target;
}

void tha_places_list(const struct tha_table *table, uint32_t index, struct tha_places *ret_places)
{
    const struct tha_trunk *trunk = &table->trunks[index];

    ret_places->count = 0;
    for (uint32_t i = 0; i < trunk->n_targets && ret_places->count < THA_PLACES_MAX; i++) {
        const struct tha_target *target = &table->targets[trunk->first_target + i];

        if (!tha_places_is_out(target))
            insert(ret_places, target);
    }
}

uint32_t tha_places_count_equals(const struct tha_places *places, uint32_t first)
{
    uint32_t n = 1;

    while (first + n < places->count && places->keys[first + n] == places->keys[first])
        n++;

    return n;
}

uint32_t tha_places_share(const struct tha_places *places, uint32_t first, uint32_t count, uint32_t i, uint32_t whole)
{
    uint64_t sum = 0;
    uint32_t share;

    for (uint32_t j = first; j < first + count; j++)
        sum += places->targets[j]->weight;
    share = sum ? (uint32_t)(whole * (uint64_t)places->targets[i]->weight / sum) : whole / count;

    return share || !whole ? share : 1; /* RFC 2782: a weight of 0 has a very small chance */
}
