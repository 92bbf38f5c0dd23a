#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

uint8_t tha_table_admin_reason(uint32_t admin)
{
    static const uint8_t reasons[] = {
        [TRUNKHA_ADMIN_ENABLED] = TRUNKHA_REASON_ADMIN_ENABLED,
        [TRUNKHA_ADMIN_DISABLED] = TRUNKHA_REASON_ADMIN_DISABLED,
        [TRUNKHA_ADMIN_DRAINING] = TRUNKHA_REASON_ADMIN_DRAINING,
    };

    return reasons[admin];
}

static int allocate(struct tha_table *table)
{
    const struct tha_model *model = table->model;
    const struct tha_mem *mem = &table->mem;

    for (uint32_t i = 0; i < model->n_trunks; i++)
        table->n_targets += model->trunks[i].n_addrs;

    table->targets = tha_mem_zalloc(mem, table->n_targets, sizeof(*table->targets));
    table->trunks = tha_mem_zalloc(mem, model->n_trunks, sizeof(*table->trunks));
    table->groups = tha_mem_zalloc(mem, model->n_groups, sizeof(*table->groups));
    table->profiles = tha_mem_zalloc(mem, model->n_profiles, sizeof(*table->profiles));
    table->memberships = tha_mem_zalloc(mem, model->n_groups, sizeof(*table->memberships));
    table->budgets = tha_mem_zalloc(mem, table->n_targets, sizeof(*table->budgets));
    table->old_targets = tha_mem_zalloc(mem, table->n_targets, sizeof(*table->old_targets));
    table->old_trunks = tha_mem_zalloc(mem, model->n_trunks, sizeof(*table->old_trunks));
    table->old_profiles = tha_mem_zalloc(mem, model->n_profiles, sizeof(*table->old_profiles));

    return table->targets && table->trunks && table->groups && table->profiles && table->memberships && table->budgets &&
                   table->old_targets && table->old_trunks && table->old_profiles
               ? 0
               : TRUNKHA_ERR_NOMEM;
}

static void set_up_targets(struct tha_table *table, uint64_t now_ms)
{
    const struct tha_model *model = table->model;
    uint32_t next = 0;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        struct tha_trunk *trunk = &table->trunks[i];

        *trunk = (struct tha_trunk){
            .first_target = next,
            .n_targets = model->trunks[i].n_addrs,
            .since_ms = now_ms,
            .admin = (uint8_t)model->trunks[i].admin,
            .admin_reason = tha_table_admin_reason(model->trunks[i].admin),
        };
        for (uint32_t j = 0; j < trunk->n_targets; j++, next++) {
            table->targets[next] = (struct tha_target){
                .addr = model->trunks[i].addrs[j],
                .trunk = i,
                .slot = THA_NONE,
                .health.since_ms = now_ms,
            };
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
            n += table->model->trunks[group->first_trunk + j].n_addrs;
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
    table->entries = tha_mem_zalloc(&table->mem, longest, sizeof(*table->entries));

    return table->entries ? 0 : TRUNKHA_ERR_NOMEM;
}

/* ---- One budget for each peer address ---- */

static uint32_t probes_per_minute(const struct tha_keepalive *keepalive)
{
    return 2 * 60000 / keepalive->interval_ms + 10;
}

static void add_to_budget(struct tha_budget *budget, uint32_t *explicit_max, const struct tha_keepalive *keepalive)
{
    uint32_t max = keepalive->max_probes_per_minute;

    if (max && (!*explicit_max || max < *explicit_max))
        *explicit_max = max;
    budget->max_per_minute += probes_per_minute(keepalive);
}

static const struct tha_budget *find_budget(const struct tha_table *table, const struct tha_map *by_ip, const char *ip)
{
    const struct tha_target *target = table ? tha_map_find(by_ip, ip) : NULL;

    return target ? &table->budgets[target->budget] : NULL;
}

static int map_by_ip(struct tha_map *map, struct tha_arena *names, const struct tha_table *table)
{
    for (uint32_t i = 0; table && i < table->n_targets; i++) {
        char text[THA_ADDR_TEXT_SIZE];
        const char *ip = tha_addr_host_text(&table->targets[i].addr, text, sizeof(text));

        if (tha_map_find(map, ip))
            continue;
        ip = tha_arena_strdup(names, ip);
        if (!ip || tha_map_put(map, ip, &table->targets[i]))
            return TRUNKHA_ERR_NOMEM;
    }

    return 0;
}

static int share_budgets(struct tha_table *table, struct tha_map *by_ip, struct tha_arena *names, uint32_t *explicit_max)
{
    for (uint32_t i = 0; i < table->n_targets; i++) {
        struct tha_target *target = &table->targets[i];
        char text[THA_ADDR_TEXT_SIZE];
        const char *ip = tha_addr_host_text(&target->addr, text, sizeof(text));
        const struct tha_target *first = tha_map_find(by_ip, ip);

        if (first) {
            target->budget = first->budget;
        } else {
            target->budget = table->n_budgets++;
            ip = tha_arena_strdup(names, ip);
            if (!ip || tha_map_put(by_ip, ip, target))
                return TRUNKHA_ERR_NOMEM;
            table->budgets[target->budget].addr = target->addr;
        }
        add_to_budget(&table->budgets[target->budget], &explicit_max[target->budget], tha_table_keepalive(table, target));
    }

    return 0;
}

static void fill_budgets(struct tha_table *table, const struct tha_table *old, const struct tha_map *old_by_ip,
                         const uint32_t *explicit_max, uint64_t now_ms)
{
    for (uint32_t i = 0; i < table->n_budgets; i++) {
        struct tha_budget *budget = &table->budgets[i];
        const struct tha_addr addr = budget->addr;
        char ip[THA_ADDR_TEXT_SIZE];
        const struct tha_budget *before = find_budget(old, old_by_ip, tha_addr_host_text(&addr, ip, sizeof(ip)));

        tha_budget_init(budget, &addr, explicit_max[i] ? explicit_max[i] : budget->max_per_minute, now_ms);
        if (before && before->tokens < budget->tokens) {
            budget->tokens = before->tokens;
            budget->filled_ms = before->filled_ms;
        }
    }
}

static int set_up_budgets(struct tha_table *table, const struct tha_table *old, uint64_t now_ms)
{
    uint32_t *explicit_max = tha_mem_zalloc(&table->mem, table->n_targets, sizeof(*explicit_max));
    struct tha_arena names;
    struct tha_map by_ip, old_by_ip;
    int err = TRUNKHA_ERR_NOMEM;

    tha_arena_init(&names, &table->mem);
    tha_map_init(&by_ip, &table->mem);
    tha_map_init(&old_by_ip, &table->mem);

    if (!explicit_max)
        goto out;
    err = map_by_ip(&old_by_ip, &names, old);
    if (err)
        goto out;
    err = share_budgets(table, &by_ip, &names, explicit_max);
    if (err)
        goto out;
    fill_budgets(table, old, &old_by_ip, explicit_max, now_ms);

out:
    tha_map_done(&old_by_ip);
    tha_map_done(&by_ip);
    tha_arena_done(&names);
    tha_mem_free(&table->mem, explicit_max);

    return err;
}

/* ---- What stays from the table before ---- */

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

int tha_table_new(const struct tha_mem *mem, struct tha_model *model, const struct tha_table *old, uint64_t now_ms,
                  struct tha_table **ret_table)
{
    struct tha_table *table = tha_mem_zalloc(mem, 1, sizeof(*table));
    int err = TRUNKHA_ERR_NOMEM;

    if (!table)
        goto out;
    table->mem = *mem;
    table->model = model;

    err = allocate(table);
    if (err)
        goto out;
    set_up_targets(table, now_ms);
    err = set_up_groups(table);
    if (err)
        goto out;
    err = set_up_profiles(table);
    if (err)
        goto out;
    err = match_old(table, old);
    if (err)
        goto out;
    err = set_up_budgets(table, old, now_ms);
    if (err)
        goto out;
    err = give_slots(table, old);

out:
    if (err)
        tha_table_free(table);
    else
        *ret_table = table;

    return err;
}

static void inherit_target(struct tha_target *target, const struct tha_target *before)
{
    target->health = before->health;
    target->sent_ms = before->sent_ms;
    target->is_probing = before->is_probing;
    target->timer.when = tha_timer_is_set(&before->timer) ? before->timer.when : 0;
}

static void inherit_trunk(struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    struct tha_trunk *trunk = &table->trunks[i];
    const struct tha_trunk *before = &old->trunks[table->old_trunks[i]];
    uint32_t was_wanted = old->model->trunks[table->old_trunks[i]].admin;

    trunk->since_ms = before->since_ms;
    trunk->recovered_ms = before->recovered_ms;
    trunk->silent_since_ms = before->silent_since_ms;
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

struct tha_table *tha_table_free(struct tha_table *table)
{
    if (!table)
        return NULL;

    tha_mem_free(&table->mem, table->numbers);
    tha_mem_free(&table->mem, table->old_profiles);
    tha_mem_free(&table->mem, table->old_trunks);
    tha_mem_free(&table->mem, table->old_targets);
    tha_mem_free(&table->mem, table->target_of_slot);
    tha_mem_free(&table->mem, table->entries);
    tha_mem_free(&table->mem, table->budgets);
    tha_mem_free(&table->mem, table->memberships);
    tha_mem_free(&table->mem, table->profiles);
    tha_mem_free(&table->mem, table->groups);
    tha_mem_free(&table->mem, table->trunks);
    tha_mem_free(&table->mem, table->targets);

    return tha_mem_free(&table->mem, table);
}
