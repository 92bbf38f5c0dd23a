/* One budget for each peer address: `maxProbesPerMinute` where it is given, the smallest if it is given twice; else what the
 * intervals of all trunks at that address come to. */
#include "table_parts.h"

#include "base/map.h"

static uint32_t probes_per_minute(const struct tha_keepalive *keepalive)
{
    return 2 * 60000 / keepalive->interval_ms + 10;
}

/** What is known of a budget while it is made. */
struct share {
    uint32_t explicit_max; /**< 0 = none given */
    uint32_t derived_max;
    uint32_t first_target; /**< index: its address is the budget's */
};

static void add_to_share(struct share *share, const struct tha_keepalive *keepalive)
{
    uint32_t max = keepalive->max_probes_per_minute;

    if (max && (!share->explicit_max || max < share->explicit_max))
        share->explicit_max = max;
    share->derived_max += probes_per_minute(keepalive);
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

static int share_budgets(struct tha_table *table, struct tha_map *by_ip, struct tha_arena *names, struct share *shares)
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
            shares[target->budget].first_target = i;
            ip = tha_arena_strdup(names, ip);
            if (!ip || tha_map_put(by_ip, ip, target))
                return TRUNKHA_ERR_NOMEM;
        }
        add_to_share(&shares[target->budget], tha_table_keepalive(table, target));
    }

    return 0;
}

static void fill_budgets(struct tha_table *table, const struct tha_table *old, const struct tha_map *old_by_ip,
                         const struct share *shares, uint64_t now_ms)
{
    for (uint32_t i = 0; i < table->n_budgets; i++) {
        struct tha_budget *budget = &table->budgets[i];
        const struct tha_addr *addr = &table->targets[shares[i].first_target].addr;
        char ip[THA_ADDR_TEXT_SIZE];
        const struct tha_budget *before = find_budget(old, old_by_ip, tha_addr_host_text(addr, ip, sizeof(ip)));

        tha_budget_init(budget, shares[i].explicit_max ? shares[i].explicit_max : shares[i].derived_max, now_ms);
        if (before && before->tokens < budget->tokens) {
            budget->tokens = before->tokens;
            budget->filled_ms = before->filled_ms;
        }
    }
}

/** There is room for one budget a target; many trunks at few addresses need less. */
static void give_rest_back(struct tha_table *table)
{
    struct tha_budget *budgets;

    if (!table->n_budgets)
        return;
    budgets = tha_mem_resize(&table->mem, table->budgets, table->n_budgets, sizeof(*budgets));
    if (budgets)
        table->budgets = budgets;
}

int tha_table_set_up_budgets(struct tha_table *table, const struct tha_table *old, uint64_t now_ms)
{
    struct share *shares = tha_mem_zalloc(&table->mem, table->n_targets + 1, sizeof(*shares));
    struct tha_arena names;
    struct tha_map by_ip, old_by_ip;
    int err = TRUNKHA_ERR_NOMEM;

    tha_arena_init(&names, &table->mem);
    tha_map_init(&by_ip, &table->mem);
    tha_map_init(&old_by_ip, &table->mem);

    if (!shares)
        goto out;
    err = map_by_ip(&old_by_ip, &names, old);
    if (err)
        goto out;
    err = share_budgets(table, &by_ip, &names, shares);
    if (err)
        goto out;
    fill_budgets(table, old, &old_by_ip, shares, now_ms);
    give_rest_back(table);

out:
    tha_map_done(&old_by_ip);
    tha_map_done(&by_ip);
    tha_arena_done(&names);
    tha_mem_free(&table->mem, shares);

    return err;
}
