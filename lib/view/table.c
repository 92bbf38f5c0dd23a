/* The catalogue of what a core runs. */
#include "base/arena.h"
#include "calls.h"
#include "show.h"

static uint32_t count_configured(const struct tha_table *table)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < table->model->n_profiles; i++)
        n += table->profiles[i].n_targets;

    return n;
}

static uint32_t *list_group(const struct tha_table *table, uint32_t group, uint32_t *next)
{
    for (uint32_t i = 0; i < table->model->groups[group].n_trunks; i++) {
        const struct tha_trunk *trunk = &table->trunks[table->groups[group].by_priority[i]];

        for (uint32_t j = 0; j < trunk->n_targets; j++)
            *next++ = trunk->first_target + j;
    }

    return next;
}

static void list_profiles(const struct tha_table *table, struct tha_view_profile *profiles, uint32_t *next)
{
    for (uint32_t i = 0; i < table->model->n_profiles; i++) {
        const struct tha_profile_model *model = &table->model->profiles[i];

        profiles[i] = (struct tha_view_profile){
            .id = model->id,
            .configured = next,
            .n_targets = table->profiles[i].n_targets,
            .call = model->call,
            .is_group = model->is_group,
        };
        for (uint32_t j = 0; j < model->n_groups; j++)
            next = list_group(table, model->groups[j], next);
    }
}

int tha_view_prepare_table(trunkha_view *view, const struct tha_mem *mem, const struct tha_table *table,
                           const char *instance_id)
{
    struct tha_arena arena;
    struct tha_view_catalogue catalogue = {
        .model = table->model,
        .n_targets = table->n_targets,
        .n_profiles = table->model->n_profiles,
        .instance_id = instance_id,
    };
    struct tha_view_target *targets;
    struct tha_view_profile *profiles;
    uint32_t *configured, *trunk_slots;
    int err = TRUNKHA_ERR_NOMEM;

    tha_arena_init(&arena, mem);
    targets = tha_arena_alloc(&arena, table->n_targets, sizeof(*targets));
    profiles = tha_arena_alloc(&arena, table->model->n_profiles, sizeof(*profiles));
    configured = tha_arena_alloc(&arena, count_configured(table), sizeof(*configured));
    trunk_slots = tha_arena_alloc(&arena, table->model->n_trunks, sizeof(*trunk_slots));
    if (!targets || !profiles || !configured || !trunk_slots)
        goto out;

    for (uint32_t i = 0; i < table->n_targets; i++)
        targets[i] = (struct tha_view_target){table->targets[i].addr, table->targets[i].trunk, table->targets[i].slot};
    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        trunk_slots[i] = table->trunks[i].slot;
    list_profiles(table, profiles, configured);
    catalogue.trunk_slots = trunk_slots;
    catalogue.targets = targets;
    catalogue.profiles = profiles;
    err = tha_view_reserve_gauges(view, table->n_trunk_slots, table->n_slots, table->model->n_profiles);
    if (!err)
        err = tha_view_prepare(view, &catalogue);

out:
    tha_arena_done(&arena);

    return err;
}

void tha_view_set_table_limits(trunkha_view *view, const struct tha_table *table)
{
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        const struct tha_trunk_model *trunk = &table->model->trunks[i];

        if (trunk->max_calls || trunk->calls_per_second)
            tha_view_set_limits(view, table->trunks[i].slot, trunk->max_calls, trunk->calls_per_second);
    }
}
