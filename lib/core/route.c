/* The order of a profile: class by class, within a class group by group along the chain, within a group by priority. A
 * balancing group's trunks of one class and priority make a run in which the reader takes turns. */
#include "machine.h"

#include <stddef.h>

enum class {
    CLASS_AVAILABLE,
    CLASS_HELD, /* available again, held down before failback */
    CLASS_DEGRADED,
    CLASS_UNKNOWN,
    CLASS_DOWN,
    CLASS_PASSED_OVER,
    N_CLASSES
};

struct order {
    struct tha_core *core;
    const struct tha_profile_model *model;
    struct tha_profile *profile;
    uint64_t now_ms;
    uint64_t next_release_ms; /* when the next hold-down ends */
    uint32_t n_entries;
    uint32_t last_trunk; /* the trunk of the entry before, or THA_NONE */
    enum class last_class;
    bool is_first_run;
};

static bool is_active_available(const struct order *order)
{
    uint32_t active = order->profile->active;

    return active != THA_NONE && order->core->table->trunks[active].measured == TRUNKHA_HEALTH_AVAILABLE &&
           order->core->table->trunks[active].admin == TRUNKHA_ADMIN_ENABLED;
}

/** Only for the sake of an active trunk that is available itself: with nothing better, nothing is held back. */
static bool is_held(struct order *order, uint32_t index)
{
    const struct tha_trunk *trunk = &order->core->table->trunks[index];
    uint64_t release_ms = trunk->recovered_ms + order->model->hold_down_ms;

    if (!trunk->recovered_ms || index == order->profile->active || release_ms <= order->now_ms)
        return false;

    if (release_ms < order->next_release_ms)
        order->next_release_ms = release_ms;

    return is_active_available(order);
}

static enum class classify(struct order *order, uint32_t index) {
    const struct tha_trunk *trunk = &order->core->table->trunks[index];

    if (trunk->admin != TRUNKHA_ADMIN_ENABLED) return CLASS_PASSED_OVER;

    switch (trunk->measured){
        case TRUNKHA_HEALTH_AVAILABLE : return is_held(order, index) ? CLASS_HELD : CLASS_AVAILABLE;
        case TRUNKHA_HEALTH_DEGRADED : return CLASS_DEGRADED;
        case TRUNKHA_HEALTH_DOWN : return CLASS_DOWN;
        default : return CLASS_UNKNOWN;
    }
}

static uint8_t why_of(const struct order *order, enum class class, uint32_t trunk)
{
    static const uint8_t whys[N_CLASSES] = {
        [CLASS_AVAILABLE] = TRUNKHA_WHY_STANDBY, [CLASS_HELD] = TRUNKHA_WHY_HOLD_DOWN,
        [CLASS_DEGRADED] = TRUNKHA_WHY_DEGRADED, [CLASS_UNKNOWN] = TRUNKHA_WHY_UNKNOWN,
        [CLASS_DOWN] = TRUNKHA_WHY_LAST_RESORT,  [CLASS_PASSED_OVER] = TRUNKHA_WHY_DISABLED,
    };

    if (class == CLASS_AVAILABLE && order->is_first_run)
        return TRUNKHA_WHY_PREFERRED;
    if (class == CLASS_PASSED_OVER && order->core->table->trunks[trunk].admin == TRUNKHA_ADMIN_DRAINING)
        return TRUNKHA_WHY_DRAINING;

    return whys[class];
}

static bool starts_run(const struct order *order, enum class class, uint32_t trunk)
{
    const struct tha_trunk_model *trunks = order->core->table->model->trunks;

    return order->last_trunk == THA_NONE || class != order->last_class ||
           trunks[order->last_trunk].group != trunks[trunk].group ||
           trunks[order->last_trunk].priority != trunks[trunk].priority;
}

static uint8_t run_of(const struct order *order, enum class class, uint32_t trunk, bool is_start)
{
    const struct tha_model *model = order->core->table->model;
    uint32_t strategy = model->groups[model->trunks[trunk].group].strategy;

    if (strategy == THA_STRATEGY_ACTIVE_STANDBY || class >= CLASS_DOWN)
        return THA_RUN_SINGLE;

    return (uint8_t)((strategy == THA_STRATEGY_WEIGHTED ? THA_RUN_WEIGHTED : THA_RUN_ROUND_ROBIN) |
                     (is_start ? THA_RUN_START : 0));
}

static void append_targets(struct order *order, enum class class, uint32_t index, bool is_down, bool is_start)
{
    struct tha_table *table = order->core->table;
    const struct tha_trunk *trunk = &table->trunks[index];

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        uint32_t target = trunk->first_target + i;

        if ((table->targets[target].health.state == TRUNKHA_HEALTH_DOWN) != is_down)
            continue;
        table->entries[order->n_entries++] = (struct tha_route_entry){
            .target = target,
            .weight = (uint16_t)table->model->trunks[index].weight,
            .why = why_of(order, class, index),
            .run = run_of(order, class, index, is_start),
        };
        is_start = false;
    }
}

static void append_trunk(struct order *order, enum class class, uint32_t index)
{
    uint32_t before = order->n_entries;
    bool is_start = starts_run(order, class, index);

    if (run_of(order, class, index, is_start) == THA_RUN_SINGLE || is_start)
        order->is_first_run = before == 0;
    append_targets(order, class, index, false, is_start);
    append_targets(order, class, index, true, is_start && order->n_entries == before);
    order->last_trunk = index;
    order->last_class = class;
}

static void append_class(struct order *order, enum class class)
{
    const struct tha_table *table = order->core->table;

    for (uint32_t i = 0; i < order->model->n_groups; i++) {
        uint32_t group = order->model->groups[i];

        for (uint32_t j = 0; j < table->model->groups[group].n_trunks; j++) {
            uint32_t trunk = table->groups[group].by_priority[j];

            if (classify(order, trunk) == class)
                append_trunk(order, class, trunk);
        }
    }
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
    struct order order = {
        .core = core,
        .model = &core->table->model->profiles[index],
        .profile = &core->table->profiles[index],
        .now_ms = now_ms,
        .next_release_ms = THA_NEVER,
        .last_trunk = THA_NONE,
    };

    for (enum class class = 0; class < N_CLASSES; class ++)
        append_class(&order, class);
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
