/* One budget for each peer address, of what its trunks allow. */
#include "table_parts.h"

#include <string.h>

/** What is known of a budget while it is made. */
struct share {
    struct tha_budget_share allowed;
    uint32_t first_target; /**< index: its address is the budget's */
};

/* ---- Budgets by address: open addressing, at least half of the places free ---- */

struct by_ip {
    const struct tha_table *table;
    const struct share *shares;
    uint32_t *places; /**< one more than the index of a budget; 0 = free */
    uint32_t mask;
};

static int make_room(struct by_ip *by_ip)
{
    uint32_t n = 2;

    while (n < 2 * by_ip->table->n_targets)
        n *= 2;
    by_ip->mask = n - 1;
    by_ip->places = tha_mem_zalloc(&by_ip->table->mem, n, sizeof(*by_ip->places));

    return by_ip->places ? 0 : TRUNKHA_ERR_NOMEM;
}

static uint32_t hash_of(const struct tha_addr *addr)
{
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t words[2], hash;

    memcpy(words, addr->ip, sizeof(words));
    hash = (words[0] ^ addr->family) * golden;
    hash = (hash ^ hash >> 32 ^ words[1]) * golden;

    return (uint32_t)(hash >> 32);
}

/** The place of the budget of @p addr, or the free one where it would be. */
static uint32_t *find_place(const struct by_ip *by_ip, const struct tha_addr *addr)
{
    uint32_t at = hash_of(addr) & by_ip->mask;

    while (by_ip->places[at] &&
           !tha_addr_is_same_ip(&by_ip->table->targets[by_ip->shares[by_ip->places[at] - 1].first_target].addr, addr))
        at = (at + 1) & by_ip->mask;

    return &by_ip->places[at];
}

/* ---- All of them ---- */

static void share_budgets(struct tha_table *table, const struct by_ip *by_ip, struct share *shares)
{
    for (uint32_t i = 0; i < table->n_targets; i++) {
        struct tha_target *target = &table->targets[i];
        uint32_t *place = find_place(by_ip, &target->addr);

        if (!*place) {
            shares[table->n_budgets].first_target = i;
            *place = ++table->n_budgets;
        }
        target->budget = *place - 1;
        tha_budget_add_share(&shares[target->budget].allowed, tha_table_keepalive(table, target));
    }
}

static void fill_budgets(struct tha_table *table, const struct share *shares, uint64_t now_ms)
{
    for (uint32_t i = 0; i < table->n_budgets; i++)
        tha_budget_init(&table->budgets[i], tha_budget_max(&shares[i].allowed), now_ms);
}

static void inherit_budgets(struct tha_table *table, const struct by_ip *by_ip, const struct tha_table *old)
{
    for (uint32_t i = 0; old && i < old->n_targets; i++) {
        const struct tha_budget *before = &old->budgets[old->targets[i].budget];
        uint32_t place = *find_place(by_ip, &old->targets[i].addr);
        struct tha_budget *budget = place ? &table->budgets[place - 1] : NULL;

        if (budget)
            budget->owes_settled = before->owes_settled;
        if (budget && before->tokens < budget->tokens) {
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
    struct by_ip by_ip = {.table = table, .shares = shares};
    int err = shares ? make_room(&by_ip) : TRUNKHA_ERR_NOMEM;

    if (!err) {
        share_budgets(table, &by_ip, shares);
        fill_budgets(table, shares, now_ms);
        inherit_budgets(table, &by_ip, old);
        give_rest_back(table);
    }
    tha_mem_free(&table->mem, by_ip.places);
    tha_mem_free(&table->mem, shares);

    return err;
}
