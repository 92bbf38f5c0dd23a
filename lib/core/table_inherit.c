/* What stays from the table before: found while the new one is made, which may fail; moved when it is taken over, which
 * may not. */
#include "table_parts.h"

#include <string.h>

#include "base/map.h"
#include "core/core.h"

static void match_trunk(struct tha_table *table, uint32_t i, const struct tha_table *old, uint32_t was)
{
    struct tha_trunk *trunk = &table->trunks[i];

    table->old_trunks[i] = was;
    if (was != THA_NONE)
        trunk->slot = old->trunks[was].slot;
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

/** Numbers that are free, the smallest first. */
struct numbering {
    uint32_t *index_of; /**< by number: index or THA_NONE */
    uint32_t next;
    uint32_t count; /**< one more than the greatest number */
};

static int start_numbering(const struct tha_mem *mem, uint32_t n_new, uint32_t n_old, struct numbering *numbering)
{
    size_t room = (size_t)n_new + n_old;

    *numbering = (struct numbering){.count = n_old, .index_of = tha_mem_resize(mem, NULL, room, sizeof(uint32_t))};
    if (!numbering->index_of)
        return TRUNKHA_ERR_NOMEM;
    memset(numbering->index_of, 0xff, room * sizeof(uint32_t)); /* THA_NONE */

    return 0;
}

static void keep_number(struct numbering *numbering, uint32_t number, uint32_t index)
{
    if (number != THA_NONE)
        numbering->index_of[number] = index;
}

static void give_number(struct numbering *numbering, uint32_t *number, uint32_t index)
{
    if (*number != THA_NONE)
        return;
    while (numbering->index_of[numbering->next] != THA_NONE)
        numbering->next++;

    *number = numbering->next;
    numbering->index_of[*number] = index;
    if (*number >= numbering->count)
        numbering->count = *number + 1;
}

static int number_targets(struct tha_table *table, const struct tha_table *old)
{
    struct numbering numbering;
    int err = start_numbering(&table->mem, table->n_targets, old ? old->n_slots : 0, &numbering);

    if (err)
        return err;

    for (uint32_t i = 0; i < table->n_targets; i++)
        keep_number(&numbering, table->targets[i].slot, i);
    for (uint32_t i = 0; i < table->n_targets; i++)
        give_number(&numbering, &table->targets[i].slot, i);
    table->target_of_slot = numbering.index_of;
    table->n_slots = numbering.count;

    return 0;
}

static int number_trunks(struct tha_table *table, const struct tha_table *old)
{
    struct numbering numbering;
    int err = start_numbering(&table->mem, table->model->n_trunks, old ? old->n_trunk_slots : 0, &numbering);

    if (err)
        return err;

    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        keep_number(&numbering, table->trunks[i].slot, i);
    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        give_number(&numbering, &table->trunks[i].slot, i);
    table->trunk_of_slot = numbering.index_of;
    table->n_trunk_slots = numbering.count;

    return 0;
}

/** Only addresses are others. */
static void match_same(struct tha_table *table, const struct tha_table *old)
{
    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        match_trunk(table, i, old, i);
    for (uint32_t i = 0; i < table->model->n_profiles; i++)
        table->old_profiles[i] = i;
}

int tha_table_match(struct tha_table *table, const struct tha_table *old)
{
    int err = 0;

    if (old && old->model == table->model)
        match_same(table, old);
    else
        err = match_old(table, old);

    if (!err)
        err = number_targets(table, old);

    return err ? err : number_trunks(table, old);
}

/** Those that wait for their budget do so again, in the order of their last probes. 0 = never. */
static uint64_t next_probe_ms(const struct tha_table *old, const struct tha_target *before)
{
    if (tha_table_is_waiting(old, before))
        return before->sent_ms ? before->sent_ms : before->born_ms;

    return tha_timer_is_set(&before->timer) ? before->timer.when : 0;
}

static void inherit_target(struct tha_table *table, uint32_t i, const struct tha_table *old, struct tha_target *before)
{
    struct tha_target *target = &table->targets[i];

    target->health = before->health;
    target->abilities = before->abilities;
    target->care = before->care;
    target->trial = before->trial; /* it may not have been published yet */
    before->care = NULL;
    if (target->care)
        target->care->target = i;
    target->born_ms = before->born_ms;
    target->sent_ms = before->sent_ms;
    target->shown_ms = before->shown_ms;
    target->is_probing = before->is_probing;
    target->timer.when = next_probe_ms(old, before);
}

static bool has_target_of(const struct tha_table *table, const struct tha_trunk *trunk)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        if (table->old_targets[trunk->first_target + i] != THA_NONE)
            return true;
    }

    return false;
}

/** The index now of the trunk that had @p was: most often the same. */
static uint32_t find_new_trunk(const struct tha_table *table, uint32_t was)
{
    if (was < table->model->n_trunks && table->old_trunks[was] == was)
        return was;

    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        if (table->old_trunks[i] == was)
            return i;
    }

    return THA_NONE;
}

/** What it lacks is told once, as long as whose abilities it was compared with is there. */
static void inherit_lack(struct tha_table *table, uint32_t i, const struct tha_lack *before)
{
    struct tha_lack *lack = &table->trunks[i].lack;

    *lack = *before;
    if (tha_abilities_is_empty(&before->abilities) || before->compared == THA_NONE)
        return;

    lack->compared = find_new_trunk(table, before->compared);
    if (lack->compared == THA_NONE)
        lack->abilities = (struct tha_abilities){.methods = 0};
}

static bool has_same_name(const struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    const struct tha_name *is = table->model->trunks[i].dns_name;
    const struct tha_name *was = old->model->trunks[table->old_trunks[i]].dns_name;

    return is && was && !tha_names_compare(is, was);
}

static void inherit_trunk(struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    struct tha_trunk *trunk = &table->trunks[i];
    const struct tha_trunk *before = &old->trunks[table->old_trunks[i]];
    uint32_t was_wanted = old->model->trunks[table->old_trunks[i]].admin;

    trunk->since_ms = before->since_ms;
    trunk->calls = before->calls;
    inherit_lack(table, i, &before->lack);
    if (has_target_of(table, trunk)) {
        trunk->flapped_ms = before->flapped_ms;
        trunk->flap_level = before->flap_level;
        trunk->recovered_ms = before->recovered_ms;
        trunk->silent_since_ms = before->silent_since_ms;
    }
    if (has_same_name(table, i, old))
        trunk->trouble = before->trouble;
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
    table->profiles[i].released_ms = before->released_ms;
    if (before->active != THA_NONE)
        table->profiles[i].active = find_old_trunk(table, i, before->active);
}

void tha_table_inherit(struct tha_table *table, struct tha_table *old)
{
    for (uint32_t i = 0; i < table->n_targets; i++) {
        if (table->old_targets[i] != THA_NONE)
            inherit_target(table, i, old, &old->targets[table->old_targets[i]]);
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
