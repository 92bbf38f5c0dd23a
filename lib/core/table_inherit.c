/* What stays from the table before: found while the new one is made, which may fail; moved when it is taken over, which
 * may not. */
#include "table_parts.h"

#include <string.h>

#include "base/map.h"

static void match_trunk(struct tha_table *table, uint32_t i, const struct tha_table *old, uint32_t was)
{
    const struct tha_trunk *trunk = &table->trunks[i];

    table->old_trunks[i] = was;
    for (uint32_t j = 0; j < trunk->n_targets; j++) {
        struct tha_target *target = &table->targets[trunk->first_target + j];
        const struct tha_trunk *before = was == THA_NONE ? NULL : &old->trunks[was];

        table->old_targets[trunk->first_target + j] = THA_NONE;
        for (uint32_t k = 0; before && k < before->n_targets; k++) {
            const struct tha_target *same = &old->targets[before->first_target + k];

            if (!tha_addr_is_equal(&same->addr, &target->addr))
                continue;
            table->old_targets[trunk->first_target + j] = before->first_target + k;
            target->slot = same->slot;
        }
    }
}

static uint32_t index_or_none(const void *found, const void *base, size_t size)
{
    return found ? (uint32_t)((size_t)((const char *)found - (const char *)base) / size) : THA_NONE;
}

static int match_old(struct tha_table *table, const struct tha_table *old)
{
    const struct tha_model *model = table->model;
    struct tha_map trunks, profiles;
    int err = 0;

    tha_map_init(&trunks, &table->mem);
    tha_map_init(&profiles, &table->mem);

    for (uint32_t i = 0; old && !err && i < old->model->n_trunks; i++)
        err = tha_map_put(&trunks, old->model->trunks[i].id, &old->trunks[i]);
    for (uint32_t i = 0; old && !err && i < old->model->n_profiles; i++)
        err = tha_map_put(&profiles, old->model->profiles[i].id, &old->profiles[i]);
    if (err)
        goto out;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const void *was = tha_map_find(&trunks, model->trunks[i].id);

        match_trunk(table, i, old, index_or_none(was, old ? old->trunks : NULL, sizeof(struct tha_trunk)));
    }
    for (uint32_t i = 0; i < model->n_profiles; i++) {
        const void *was = tha_map_find(&profiles, model->profiles[i].id);

        table->old_profiles[i] = index_or_none(was, old ? old->profiles : NULL, sizeof(struct tha_profile));
    }

out:
    tha_map_done(&profiles);
    tha_map_done(&trunks);

    return err;
}

static int give_slots(struct tha_table *table, const struct tha_table *old)
{
    uint32_t room = table->n_targets + (old ? old->n_slots : 0);
    uint32_t next = 0;

    table->target_of_slot = tha_mem_resize(&table->mem, NULL, room, sizeof(uint32_t));
    if (!table->target_of_slot)
        return TRUNKHA_ERR_NOMEM;
    memset(table->target_of_slot, 0xff, room * sizeof(uint32_t)); /* THA_NONE */

    table->n_slots = old ? old->n_slots : 0;
    for (uint32_t i = 0; i < table->n_targets; i++) {
        if (table->targets[i].slot != THA_NONE)
            table->target_of_slot[table->targets[i].slot] = i;
    }
    for (uint32_t i = 0; i < table->n_targets; i++) {
        if (table->targets[i].slot != THA_NONE)
            continue;
        while (table->target_of_slot[next] != THA_NONE)
            next++;
        table->targets[i].slot = next;
        table->target_of_slot[next] = i;
        if (next >= table->n_slots)
            table->n_slots = next + 1;
    }

    return 0;
}

int tha_table_match(struct tha_table *table, const struct tha_table *old)
{
    int err = match_old(table, old);

    return err ? err : give_slots(table, old);
}

static void inherit_target(struct tha_target *target, const struct tha_target *before)
{
    target->health = before->health;
    target->sent_ms = before->sent_ms;
    target->is_probing = before->is_probing;
    target->timer.when = tha_timer_is_set(&before->timer) ? before->timer.when : 0;
}

static bool has_target_of(const struct tha_table *table, const struct tha_trunk *trunk)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        if (table->old_targets[trunk->first_target + i] != THA_NONE)
            return true;
    }

    return false;
}

static void inherit_trunk(struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    struct tha_trunk *trunk = &table->trunks[i];
    const struct tha_trunk *before = &old->trunks[table->old_trunks[i]];
    uint32_t was_wanted = old->model->trunks[table->old_trunks[i]].admin;

    trunk->since_ms = before->since_ms;
    if (has_target_of(table, trunk)) {
        trunk->recovered_ms = before->recovered_ms;
        trunk->silent_since_ms = before->silent_since_ms;
    }
    trunk->measured = before->measured;
    trunk->health = before->health;
    trunk->reason = before->reason;
    if (was_wanted != tha_table_trunk_model(table, i)->admin)
        return; /* the file says something new: it outranks what was said by hand */

    trunk->admin = before->admin;
    trunk->admin_reason = before->admin_reason;
    trunk->timer.when = tha_timer_is_set(&before->timer) ? before->timer.when : 0;
}

static uint32_t find_old_trunk(const struct tha_table *table, uint32_t i, uint32_t was)
{
    const struct tha_profile_model *chain = &table->model->profiles[i];

    for (uint32_t j = 0; j < chain->n_groups; j++) {
        const struct tha_group_model *group = &table->model->groups[chain->groups[j]];

        for (uint32_t k = 0; k < group->n_trunks; k++) {
            if (table->old_trunks[group->first_trunk + k] == was)
                return group->first_trunk + k;
        }
    }

    return THA_NONE;
}

static void inherit_profile(struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    const struct tha_profile *before = &old->profiles[table->old_profiles[i]];

    table->profiles[i].was_ordered = before->was_ordered;
    if (before->active != THA_NONE)
        table->profiles[i].active = find_old_trunk(table, i, before->active);
}

void tha_table_inherit(struct tha_table *table, const struct tha_table *old)
{
    for (uint32_t i = 0; i < table->n_targets; i++) {
        if (table->old_targets[i] != THA_NONE)
            inherit_target(&table->targets[i], &old->targets[table->old_targets[i]]);
    }
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        if (table->old_trunks[i] != THA_NONE)
            inherit_trunk(table, i, old);
    }
    for (uint32_t i = 0; i < table->model->n_profiles; i++) {
        if (table->old_profiles[i] != THA_NONE)
            inherit_profile(table, i, old);
    }
}
