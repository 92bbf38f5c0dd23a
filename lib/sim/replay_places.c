#include <stdint.h>

#include "replay_room.h"

static uint32_t first_of_trunk(const struct tha_replay_places *places, const char *trunk_id)
{
    return (uint32_t)(uintptr_t)tha_map_find(&places->trunks, trunk_id) - 1;
}

/** The target comes first in the list of its trunk. */
static int link_target(struct tha_replay_places *places, uint32_t target)
{
    const char *trunk_id = places->recording->targets[target].trunk_id;

    places->next[target] = first_of_trunk(places, trunk_id);

    return tha_map_put(&places->trunks, trunk_id, (void *)((uintptr_t)target + 1));
}

int tha_replay_places_init(struct tha_replay_places *places, const struct tha_mem *mem,
                           const struct tha_recording *recording)
{
    uint32_t n = recording->n_targets;
    int err = 0;

    places->mem = *mem;
    places->recording = recording;
    tha_map_init(&places->trunks, mem);
    places->next = tha_mem_zalloc(mem, n + 1U, sizeof(*places->next));
    places->of = tha_mem_zalloc(mem, n + 1U, sizeof(*places->of));
    places->prepared_of = tha_mem_zalloc(mem, n + 1U, sizeof(*places->prepared_of));
    if (!places->next || !places->of || !places->prepared_of)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < n && !err; i++) {
        places->of[i] = (struct tha_replay_place){THA_NONE, THA_NONE};
        err = link_target(places, i);
    }

    return err;
}

void tha_replay_places_done(struct tha_replay_places *places)
{
    tha_map_done(&places->trunks);
    tha_mem_free(&places->mem, places->next);
    tha_mem_free(&places->mem, places->of);
    tha_mem_free(&places->mem, places->of_slot);
    tha_mem_free(&places->mem, places->prepared_of);
    tha_mem_free(&places->mem, places->prepared_of_slot);
}

static void place_target(struct tha_replay_places *places, uint32_t recorded, const struct tha_target *target)
{
    const struct tha_recorded_target *recorded_target = &places->recording->targets[recorded];

    if (!recorded_target->addr.family || !tha_addr_is_equal(&recorded_target->addr, &target->addr))
        return;

    places->prepared_of[recorded].slot = target->slot;
    places->prepared_of_slot[target->slot] = recorded;
}

static void place_trunk(struct tha_replay_places *places, const struct tha_table *table, uint32_t index)
{
    const struct tha_trunk *trunk = &table->trunks[index];
    uint32_t first = first_of_trunk(places, tha_table_trunk_model(table, index)->id);

    for (uint32_t recorded = first; recorded != THA_NONE; recorded = places->next[recorded]) {
        places->prepared_of[recorded].trunk_slot = trunk->slot;
        for (uint32_t i = 0; i < trunk->n_targets; i++)
            place_target(places, recorded, &table->targets[trunk->first_target + i]);
    }
}

int tha_replay_places_prepare(struct tha_replay_places *places, const struct tha_table *table)
{
    tha_mem_free(&places->mem, places->prepared_of_slot);
    places->n_prepared_slots = table->n_slots;
    places->prepared_of_slot = tha_mem_zalloc(&places->mem, table->n_slots + 1U, sizeof(*places->prepared_of_slot));
    if (!places->prepared_of_slot)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < table->n_slots; i++)
        places->prepared_of_slot[i] = THA_NONE;
    for (uint32_t i = 0; i < places->recording->n_targets; i++)
        places->prepared_of[i] = (struct tha_replay_place){THA_NONE, THA_NONE};
    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        place_trunk(places, table, i);

    return 0;
}

void tha_replay_places_commit(struct tha_replay_places *places)
{
    struct tha_replay_place *of = places->of;

    places->of = places->prepared_of;
    places->prepared_of = of; /* room for the next time */
    tha_mem_free(&places->mem, places->of_slot);
    places->of_slot = places->prepared_of_slot;
    places->n_slots = places->n_prepared_slots;
    places->prepared_of_slot = NULL;
}
