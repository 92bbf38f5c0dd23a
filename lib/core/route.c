/* The order of a profile: tier by tier, within a tier group by group along the chain, within a group by priority. A
 * balancing group's trunks of one tier and priority make a run in which the reader takes turns. */
#include "places.h"

#include <stddef.h>

enum tier {
    TIER_AVAILABLE,
    TIER_HELD, /* available again, held down before failback */
    TIER_DEGRADED,
    TIER_UNKNOWN,
    TIER_DOWN,
    TIER_PASSED_OVER,
    N_TIERS
};

struct order {
    struct tha_core *core;
    const struct tha_profile_model *model;
    struct tha_profile *profile;
    uint64_t now_ms;
    uint64_t next_release_ms; /* when the next hold-down ends */
    struct tha_places *places;
    uint32_t n_entries;
    bool is_first_run;
    bool has_usable; /* some trunk takes calls and is not DOWN */
    bool has_trials; /* some target is on trial */
};

static bool is_active_available(const struct order *order)
{
    uint32_t active = order->profile->active;

    return active != THA_NONE && order->core->table->trunks[active].measured == TRUNKHA_HEALTH_AVAILABLE &&
           order->core->table->trunks[active].admin == TRUNKHA_ADMIN_ENABLED;
}

static bool is_released(struct order *order, uint32_t index)
{
    const struct tha_trunk *trunk = &order->core->table->trunks[index];
    uint64_t release_ms = tha_rollup_release_ms(order->core, index, order->model->hold_down_ms);

    if (trunk->recovered_ms <= order->profile->released_ms)
        return true;
    if (order->model->failback == THA_FAILBACK_MANUAL)
        return false;
    if (release_ms <= order->now_ms)
        return order->model->failback == THA_FAILBACK_AUTO || !order->core->table->trunks[order->profile->active].calls;

    if (release_ms < order->next_release_ms)
        order->next_release_ms = release_ms;

    return false;
}

/** Only for the sake of an active trunk that is available itself: with nothing better, nothing is held back. */
static bool is_held(struct order *order, uint32_t index)
{
    const struct tha_trunk *trunk = &order->core->table->trunks[index];

    return trunk->recovered_ms && index != order->profile->active && is_active_available(order) &&
           !is_released(order, index);
}

/** Is it DOWN only because it asked for a pause? */
static bool is_cooling(const struct tha_table *table, const struct tha_trunk *trunk)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_target *target = &table->targets[trunk->first_target + i];

        if (tha_care_is_cooling(target) && target->health.state != TRUNKHA_HEALTH_DOWN)
            return true;
    }

    return false;
}

static bool is_inbound(const struct tha_table *table, uint32_t trunk)
{
    return tha_table_trunk_model(table, trunk)->direction == THA_DIRECTION_INBOUND;
}

static enum tier classify(struct order *order, uint32_t index)
{
    const struct tha_trunk *trunk = &order->core->table->trunks[index];

    if (trunk->admin != TRUNKHA_ADMIN_ENABLED || is_inbound(order->core->table, index))
        return TIER_PASSED_OVER;

    switch (trunk->measured) {
    case TRUNKHA_HEALTH_AVAILABLE:
        return is_held(order, index) ? TIER_HELD : TIER_AVAILABLE;
    case TRUNKHA_HEALTH_DEGRADED:
        return TIER_DEGRADED;
    case TRUNKHA_HEALTH_DOWN:
        return order->has_usable && is_cooling(order->core->table, trunk) ? TIER_PASSED_OVER : TIER_DOWN;
    default:
        return TIER_UNKNOWN;
    }
}

static uint8_t why_of(const struct order *order, enum tier tier, uint32_t trunk)
{
    static const uint8_t whys[N_TIERS] = {
        [TIER_AVAILABLE] = TRUNKHA_WHY_STANDBY, [TIER_HELD] = TRUNKHA_WHY_HOLD_DOWN,
        [TIER_DEGRADED] = TRUNKHA_WHY_DEGRADED, [TIER_UNKNOWN] = TRUNKHA_WHY_UNKNOWN,
        [TIER_DOWN] = TRUNKHA_WHY_LAST_RESORT,
    };
    static const uint8_t passed_whys[] = {
        [TRUNKHA_ADMIN_ENABLED] = TRUNKHA_WHY_COOLING,
        [TRUNKHA_ADMIN_DISABLED] = TRUNKHA_WHY_DISABLED,
        [TRUNKHA_ADMIN_DRAINING] = TRUNKHA_WHY_DRAINING,
    };

    if (tier == TIER_AVAILABLE && order->is_first_run)
        return TRUNKHA_WHY_PREFERRED;
    if (tier == TIER_PASSED_OVER)
        return is_inbound(order->core->table, trunk) ? TRUNKHA_WHY_INBOUND
                                                     : passed_whys[order->core->table->trunks[trunk].admin];

    return whys[tier];
}

static uint8_t limits_of(const struct tha_trunk_model *trunk)
{
    return trunk->max_calls || trunk->calls_per_second ? THA_RUN_LIMITED : 0;
}

static bool is_on_trial(const struct tha_target *target)
{
    return target->care && target->care->trial_ms;
}

static void append(struct order *order, enum tier tier, const struct tha_target *target, uint32_t weight, uint8_t run)
{
    struct tha_table *table = order->core->table;

    order->has_trials |= is_on_trial(target);
    table->entries[order->n_entries++] = (struct tha_route_entry){
        .target = (uint32_t)(target - table->targets),
        .weight = (uint16_t)weight,
        .why = why_of(order, tier, target->trunk),
        .run = run | limits_of(tha_table_trunk_model(table, target->trunk)),
    };
}

/** The targets of a trunk that are in no run: all of them, or those that are out. */
static void append_singly(struct order *order, enum tier tier, uint32_t trunk, bool is_all)
{
    const struct tha_table *table = order->core->table;
    uint32_t first = table->trunks[trunk].first_target;

    order->is_first_run = order->n_entries == 0;
    for (uint32_t i = first; i < first + table->trunks[trunk].n_targets; i++) {
        if (is_all || tha_places_is_out(&table->targets[i]))
            append(order, tier, &table->targets[i], tha_table_trunk_model(table, trunk)->weight, THA_RUN_SINGLE);
    }
}

/* ---- Runs ---- */

/** Equals within one trunk: those from @p first on that share the calls by weight. */
static void append_equals(struct order *order, enum tier tier, const struct tha_places *places, uint32_t first,
                          uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        uint8_t run = count == 1 ? THA_RUN_SINGLE : i == first ? THA_RUN_WEIGHTED | THA_RUN_START : THA_RUN_WEIGHTED;

        append(order, tier, places->targets[i], tha_places_share(places, first, count, i, THA_PLACES_WHOLE), run);
    }
}

/** What is well of the trunk but for its first @p n_done targets, which stand in a run of several trunks. */
static void append_rest(struct order *order, enum tier tier, const struct tha_places *places, uint32_t n_done)
{
    uint32_t count;

    for (uint32_t i = n_done; i < places->count; i += count) {
        count = tha_places_count_equals(places, i);
        append_equals(order, tier, places, i, count);
    }
}

/** Where trunks take turns, one with several addresses has no more turns than its weight: by weight they share it, else its
 *  first address has it. */
static uint32_t count_heads(uint32_t strategy, const struct tha_places *places)
{
    if (strategy == THA_STRATEGY_ACTIVE_STANDBY || !places->count)
        return 0;

    return strategy == THA_STRATEGY_WEIGHTED ? tha_places_count_equals(places, 0) : 1;
}

/** So that the addresses of a trunk can share its weight without too much being lost by rounding. */
static uint32_t scale_of(const struct order *order, const struct tha_group_model *group)
{
    const struct tha_table *table = order->core->table;
    uint32_t greatest = 1, most = 1;

    for (uint32_t i = group->first_trunk; i < group->first_trunk + group->n_trunks; i++) {
        greatest = table->model->trunks[i].weight > greatest ? table->model->trunks[i].weight : greatest;
        most = table->trunks[i].n_targets > most ? table->trunks[i].n_targets : most;
    }

    return most > 1 ? UINT16_MAX / greatest : 1;
}

static void append_heads(struct order *order, enum tier tier, uint32_t trunk, const struct tha_places *places, bool is_start)
{
    static const uint8_t runs[] = {
        [THA_STRATEGY_WEIGHTED] = THA_RUN_WEIGHTED,
        [THA_STRATEGY_ROUND_ROBIN] = THA_RUN_ROUND_ROBIN,
        [THA_STRATEGY_LEAST_CALLS] = THA_RUN_LEAST_CALLS,
    };
    const struct tha_model *model = order->core->table->model;
    const struct tha_group_model *group = &model->groups[model->trunks[trunk].group];
    uint32_t n = count_heads(group->strategy, places);
    uint32_t whole = model->trunks[trunk].weight * scale_of(order, group);

    for (uint32_t i = 0; i < n; i++) {
        uint8_t run = runs[group->strategy];

        append(order, tier, places->targets[i], tha_places_share(places, 0, n, i, whole),
               is_start && !i ? run | THA_RUN_START : run);
    }
}

/** The trunks of @p tier from @p first on that have the same priority: a run of them where they take turns, else one after
 *  the other. Returns the place after them. */
static uint32_t append_run(struct order *order, enum tier tier, uint32_t group, uint32_t first)
{
    const struct tha_table *table = order->core->table;
    const struct tha_group_model *model = &table->model->groups[group];
    const uint32_t *trunks = table->groups[group].by_priority;
    uint32_t priority = tha_table_trunk_model(table, trunks[first])->priority;
    bool is_start = true, takes_turns = model->strategy != THA_STRATEGY_ACTIVE_STANDBY;
    uint32_t end = first;

    while (end < model->n_trunks && tha_table_trunk_model(table, trunks[end])->priority == priority &&
           (takes_turns || end == first))
        end++;

    order->is_first_run = order->n_entries == 0;
    for (uint32_t i = first; i < end && takes_turns; i++) {
        if (classify(order, trunks[i]) != tier)
            continue;
        tha_places_list(table, trunks[i], order->places);
        append_heads(order, tier, trunks[i], order->places, is_start);
        is_start = is_start && !order->places->count;
    }
    for (uint32_t i = first; i < end; i++) {
        if (classify(order, trunks[i]) != tier)
            continue;
        tha_places_list(table, trunks[i], order->places);
        append_rest(order, tier, order->places, count_heads(model->strategy, order->places));
    }

    return end;
}

/* ---- Tiers ---- */

static void append_well(struct order *order, enum tier tier, uint32_t group)
{
    for (uint32_t next = 0; next < order->core->table->model->groups[group].n_trunks;)
        next = append_run(order, tier, group, next);
}

/** Those that are DOWN, and those of better trunks that are: the last resort. Or those that are passed over. */
static void append_bad(struct order *order, enum tier tier, uint32_t group)
{
    const struct tha_table *table = order->core->table;

    for (uint32_t i = 0; i < table->model->groups[group].n_trunks; i++) {
        uint32_t trunk = table->groups[group].by_priority[i];
        enum tier of_trunk = classify(order, trunk);

        if (of_trunk == tier || (tier == TIER_DOWN && of_trunk < TIER_DOWN))
            append_singly(order, tier, trunk, of_trunk == tier);
    }
}

static void append_tier(struct order *order, enum tier tier)
{
    for (uint32_t i = 0; i < order->model->n_groups; i++) {
        if (tier < TIER_DOWN)
            append_well(order, tier, order->model->groups[i]);
        else
            append_bad(order, tier, order->model->groups[i]);
    }
}

/** Would @p trunk be in front of @p first, or take turns with it, if it were well? */
static bool is_preferred(const struct order *order, uint32_t trunk, uint32_t first)
{
    const struct tha_table *table = order->core->table;
    const struct tha_trunk_model *trunks = table->model->trunks;

    for (uint32_t i = 0; i < order->model->n_groups; i++) {
        const struct tha_group_model *group = &table->model->groups[order->model->groups[i]];

        for (uint32_t j = 0; j < group->n_trunks; j++) {
            uint32_t next = table->groups[order->model->groups[i]].by_priority[j];

            if (next == trunk)
                return true;
            if (next == first)
                return group->strategy != THA_STRATEGY_ACTIVE_STANDBY && trunks[trunk].group == trunks[first].group &&
                       trunks[trunk].priority == trunks[first].priority;
        }
    }

    return false;
}

/** A standby is not tried on calls that the active trunk can take. */
static void mark_trials(struct order *order)
{
    const struct tha_table *table = order->core->table;
    uint32_t first = table->targets[table->entries[0].target].trunk;

    for (uint32_t i = 0; i < order->n_entries; i++) {
        struct tha_route_entry *entry = &table->entries[i];
        const struct tha_target *target = &table->targets[entry->target];

        if (entry->why == TRUNKHA_WHY_LAST_RESORT && is_on_trial(target) &&
            (target->trunk == first ? target->priority <= table->targets[table->entries[0].target].priority
                                    : is_preferred(order, target->trunk, first)))
            entry->run |= THA_RUN_TRIAL;
    }
}

static bool has_usable(const struct order *order)
{
    const struct tha_table *table = order->core->table;

    for (uint32_t i = 0; i < order->model->n_groups; i++) {
        const struct tha_group_model *group = &table->model->groups[order->model->groups[i]];

        for (uint32_t j = 0; j < group->n_trunks; j++) {
            const struct tha_trunk *trunk = &table->trunks[group->first_trunk + j];

            if (trunk->admin == TRUNKHA_ADMIN_ENABLED && trunk->measured != TRUNKHA_HEALTH_DOWN && trunk->n_targets &&
                !is_inbound(table, group->first_trunk + j))
                return true;
        }
    }

    return false;
}

static uint32_t find_active(const struct order *order)
{
    const struct tha_table *table = order->core->table;
    const struct tha_route_entry *first = &table->entries[0];

    if (!order->n_entries || first->why >= TRUNKHA_WHY_LAST_RESORT)
        return THA_NONE;

    return table->targets[first->target].trunk;
}

/** Why calls move: what befell the trunk that had them, or else what became of the one that gets them. */
static uint32_t reason_of(const struct tha_table *table, uint32_t previous, uint32_t active)
{
    const struct tha_trunk *left = previous == THA_NONE ? NULL : &table->trunks[previous];

    if (left && (active == THA_NONE || left->admin != TRUNKHA_ADMIN_ENABLED || left->measured != TRUNKHA_HEALTH_AVAILABLE))
        return left->reason;

    return table->trunks[active].reason;
}

static void set_active(struct order *order, uint32_t active)
{
    struct tha_table *table = order->core->table;
    uint32_t previous = order->profile->active;
    uint32_t index = (uint32_t)(order->profile - table->profiles);

    order->profile->active = active;
    if (order->profile->was_ordered && active != previous)
        tha_tell_active(order->core, index, previous == THA_NONE ? "" : table->model->trunks[previous].id,
                        reason_of(table, previous, active));
    order->profile->was_ordered = true;
}

void tha_route_order(struct tha_core *core, uint32_t index, uint64_t now_ms, struct tha_action *ret_action)
{
    struct tha_places places;
    struct order order = {
        .core = core,
        .model = &core->table->model->profiles[index],
        .profile = &core->table->profiles[index],
        .now_ms = now_ms,
        .next_release_ms = THA_NEVER,
        .places = &places,
    };

    order.has_usable = has_usable(&order);
    for (enum tier tier = 0; tier < N_TIERS; tier++)
        append_tier(&order, tier);
    if (order.has_trials && order.has_usable)
        mark_trials(&order);
    set_active(&order, find_active(&order));

    if (order.next_release_ms == THA_NEVER)
        tha_heap_remove(&core->holds, &order.profile->timer);
    else
        tha_heap_set(&core->holds, &order.profile->timer, order.next_release_ms);

    *ret_action = (struct tha_action){
        .kind = THA_ACTION_SHOW_ROUTE,
        .index = index,
        .route = {core->table->entries, order.n_entries, order.profile->active},
    };
}
