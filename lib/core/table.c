#include "table_parts.h"

#include <stdlib.h>

#include "core/core.h"

uint8_t tha_table_admin_reason(uint32_t admin)
{
    static const uint8_t reasons[] = {
        [TRUNKHA_ADMIN_ENABLED] = TRUNKHA_REASON_ADMIN_ENABLED,
        [TRUNKHA_ADMIN_DISABLED] = TRUNKHA_REASON_ADMIN_DISABLED,
        [TRUNKHA_ADMIN_DRAINING] = TRUNKHA_REASON_ADMIN_DRAINING,
    };

    return reasons[admin];
}

/** Memory for @p count elements, and for one where there are none: NULL is for want of memory only. */
static void *make_array(const struct tha_mem *mem, uint32_t count, size_t size)
{
    return tha_mem_zalloc(mem, count ? count : 1, size);
}

static int allocate(struct tha_table *table)
{
    const struct tha_model *model = table->model;
    const struct tha_mem *mem = &table->mem;

    table->targets = make_array(mem, table->n_targets, sizeof(*table->targets));
    table->groups = tha_mem_zalloc(mem, model->n_groups, sizeof(*table->groups));
    table->profiles = tha_mem_zalloc(mem, model->n_profiles, sizeof(*table->profiles));
    table->memberships = tha_mem_zalloc(mem, model->n_groups, sizeof(*table->memberships));
    table->budgets = make_array(mem, table->n_targets, sizeof(*table->budgets));
    table->waiters = make_array(mem, table->n_targets, sizeof(*table->waiters));
    table->old_targets = make_array(mem, table->n_targets, sizeof(*table->old_targets));
    table->old_trunks = tha_mem_zalloc(mem, model->n_trunks, sizeof(*table->old_trunks));
    table->old_profiles = tha_mem_zalloc(mem, model->n_profiles, sizeof(*table->old_profiles));

    return table->targets && table->groups && table->profiles && table->memberships && table->budgets && table->waiters &&
                   table->old_targets && table->old_trunks && table->old_profiles
               ? 0
               : TRUNKHA_ERR_NOMEM;
}

/* ---- Trunks, and the addresses that they have now ---- */

static int set_up_trunks(struct tha_table *table, const struct tha_names *names, uint64_t now_ms)
{
    const struct tha_model *model = table->model;

    table->trunks = tha_mem_zalloc(&table->mem, model->n_trunks, sizeof(*table->trunks));
    if (!table->trunks)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        struct tha_name_state name = {.n_locations = 1};

        if (model->trunks[i].dns_name)
            tha_names_get(names, model->trunks[i].dns_name, &name);
        table->trunks[i] = (struct tha_trunk){
            .first_target = table->n_targets,
            .n_targets = name.n_locations,
            .slot = THA_NONE,
            .since_ms = now_ms,
            .trouble = (uint8_t)name.trouble,
            .admin = (uint8_t)model->trunks[i].admin,
            .admin_reason = tha_table_admin_reason(model->trunks[i].admin),
        };
        table->n_targets += name.n_locations;
    }

    return 0;
}

static void set_up_target(struct tha_table *table, uint32_t trunk, uint32_t place, const struct tha_location *location,
                          uint64_t now_ms)
{
    table->targets[table->trunks[trunk].first_target + place] = (struct tha_target){
        .addr = location->addr,
        .priority = location->priority,
        .weight = location->weight,
        .trunk = trunk,
        .slot = THA_NONE,
        .health.since_ms = now_ms,
        .born_ms = now_ms,
        .trial = THA_TRIAL_OFF,
    };
}

static void set_up_targets(struct tha_table *table, const struct tha_names *names, uint64_t now_ms)
{
    const struct tha_model *model = table->model;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_location only = {.addr = model->trunks[i].addr};
        struct tha_name_state name = {.locations = &only, .n_locations = 1};

        if (model->trunks[i].dns_name)
            tha_names_get(names, model->trunks[i].dns_name, &name);
        for (uint32_t j = 0; j < name.n_locations; j++) {
            set_up_target(table, i, j, &name.locations[j], now_ms);
            table->targets[table->trunks[i].first_target + j].is_leaving = j >= name.n_locations - name.n_leaving;
        }
    }
}

/* ---- Groups in order of priority, and which profiles a group belongs to ---- */

static int compare_priority(const void *a, const void *b, void *model)
{
    const struct tha_trunk_model *trunks = ((const struct tha_model *)model)->trunks;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (trunks[x].priority != trunks[y].priority)
        return trunks[x].priority < trunks[y].priority ? -1 : 1;

    return x < y ? -1 : x > y;
}

static int set_up_groups(struct tha_table *table)
{
    const struct tha_model *model = table->model;
    size_t n_links = 0;
    uint32_t *next;

    for (uint32_t i = 0; i < model->n_profiles; i++)
        n_links += model->profiles[i].n_groups;

    next = table->numbers = tha_mem_zalloc(&table->mem, model->n_trunks + n_links, sizeof(*table->numbers));
    if (!next)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < model->n_groups; i++) {
        const struct tha_group_model *group = &model->groups[i];

        table->groups[i].by_priority = next;
        for (uint32_t j = 0; j < group->n_trunks; j++)
            next[j] = group->first_trunk + j;
        qsort_r(next, group->n_trunks, sizeof(*next), compare_priority, table->model);
        next += group->n_trunks;
    }

    for (uint32_t i = 0; i < model->n_profiles; i++) {
        for (uint32_t j = 0; j < model->profiles[i].n_groups; j++)
            table->memberships[model->profiles[i].groups[j]].n_profiles++;
    }
    for (uint32_t i = 0; i < model->n_groups; i++) {
        table->memberships[i].profiles = next;
        next += table->memberships[i].n_profiles;
        table->memberships[i].n_profiles = 0;
    }
    for (uint32_t i = 0; i < model->n_profiles; i++) {
        for (uint32_t j = 0; j < model->profiles[i].n_groups; j++) {
            struct tha_membership *of_group = &table->memberships[model->profiles[i].groups[j]];

            of_group->profiles[of_group->n_profiles++] = i;
        }
    }

    return 0;
}

static uint32_t count_targets(const struct tha_table *table, const struct tha_profile_model *profile)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < profile->n_groups; i++) {
        const struct tha_group_model *group = &table->model->groups[profile->groups[i]];

        for (uint32_t j = 0; j < group->n_trunks; j++)
            n += table->trunks[group->first_trunk + j].n_targets;
    }

    return n;
}

static void note_hold_downs(struct tha_table *table)
{
    const struct tha_model *model = table->model;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_membership *membership = &table->memberships[model->trunks[i].group];

        for (uint32_t j = 0; j < membership->n_profiles; j++) {
            uint32_t hold_down_ms = model->profiles[membership->profiles[j]].hold_down_ms;

            if (hold_down_ms > table->trunks[i].hold_down_ms)
                table->trunks[i].hold_down_ms = hold_down_ms;
        }
    }
}

static int set_up_profiles(struct tha_table *table)
{
    uint32_t longest = 0;

    for (uint32_t i = 0; i < table->model->n_profiles; i++) {
        struct tha_profile *profile = &table->profiles[i];

        *profile = (struct tha_profile){
            .active = THA_NONE,
            .n_targets = count_targets(table, &table->model->profiles[i]),
        };
        if (profile->n_targets > longest)
            longest = profile->n_targets;
    }

    note_hold_downs(table);
    table->entries = make_array(&table->mem, longest, sizeof(*table->entries));

    return table->entries ? 0 : TRUNKHA_ERR_NOMEM;
}

int tha_table_new(const struct tha_mem *mem, struct tha_model *model, const struct tha_names *names,
                  const struct tha_table *old, uint64_t now_ms, struct tha_table **ret_table)
{
    struct tha_table *table = tha_mem_zalloc(mem, 1, sizeof(*table));
    int err = TRUNKHA_ERR_NOMEM;

    if (!table)
        goto out;
    table->mem = *mem;
    table->model = model;

    err = set_up_trunks(table, names, now_ms);
    if (err)
        goto out;
    err = allocate(table);
    if (err)
        goto out;
    set_up_targets(table, names, now_ms);
    err = tha_table_list_names(table, old);
    if (err)
        goto out;
    err = set_up_groups(table);
    if (err)
        goto out;
    err = set_up_profiles(table);
    if (err)
        goto out;
    err = tha_table_match(table, old);
    if (err)
        goto out;
    err = tha_table_set_up_budgets(table, old, now_ms);

out:
    if (err)
        tha_table_free(table);
    else
        *ret_table = table;

    return err;
}

void tha_table_settle(struct tha_table *table)
{
    table->old_profiles = tha_mem_free(&table->mem, table->old_profiles);
    table->old_trunks = tha_mem_free(&table->mem, table->old_trunks);
    table->old_targets = tha_mem_free(&table->mem, table->old_targets);
}

struct tha_table *tha_table_free(struct tha_table *table)
{
    if (!table)
        return NULL;

    for (uint32_t i = 0; table->targets && i < table->n_targets; i++)
        tha_mem_free(&table->mem, table->targets[i].care);
    tha_table_settle(table);
    tha_mem_free(&table->mem, table->by_name);
    tha_mem_free(&table->mem, table->numbers);
    tha_mem_free(&table->mem, table->trunk_of_slot);
    tha_mem_free(&table->mem, table->target_of_slot);
    tha_mem_free(&table->mem, table->entries);
    tha_mem_free(&table->mem, table->waiters);
    tha_mem_free(&table->mem, table->budgets);
    tha_mem_free(&table->mem, table->memberships);
    tha_mem_free(&table->mem, table->profiles);
    tha_mem_free(&table->mem, table->groups);
    tha_mem_free(&table->mem, table->trunks);
    tha_mem_free(&table->mem, table->targets);

    return tha_mem_free(&table->mem, table);
}
