/** @file table.h  What runs: one table of targets, trunks, groups and profiles for each loaded model
 *
 *  A load prepares a new table beside the running one, which may fail; taking it over moves the state of every target and
 *  trunk that stays and cannot fail. */
#ifndef THA_CORE_TABLE_H
#define THA_CORE_TABLE_H

#include "base/heap.h"
#include "core/budget.h"
#include "core/health.h"
#include "core/model.h"
#include "core/names.h"
#include "core/state.h"
#include "trunkha.h"

/** What only a target in trouble with calls has. */
struct tha_care {
    struct tha_timer timer;   /**< the earlier of the two */
    uint64_t cool_until_ms;   /**< it asked for a pause; 0 = no */
    uint64_t trial_ms;        /**< when the next call on trial is let through; 0 = not on trial */
    uint32_t trial_period_ms; /**< until the trial after that */
    uint32_t target;          /**< index */
    bool awaits_probe;        /**< the trial is due, but its probes fail too */
};

struct tha_target {
    struct tha_timer timer; /**< next probe, unless it waits behind others; under way: when it is given up for lost */
    struct tha_health health;
    struct tha_addr addr;
    struct tha_abilities abilities; /**< as its answers have said last */
    uint16_t priority; /**< within the trunk, and its share there: RFC 2782 */
    uint16_t weight;
    struct tha_care *care;          /**< NULL = none needed */
    uint64_t born_ms;      /**< when it was first loaded: what began before was another's */
    uint64_t sent_ms;      /**< when the last probe left */
    uint64_t shown_ms;     /**< when a call last proved it; 0 = never */
    uint32_t trunk;        /**< index */
    uint32_t slot;         /**< its number for the prober: stays over reloads */
    uint32_t budget;       /**< index */
    uint32_t rate;         /**< its share of the probe rate now, in millionths of a probe a millisecond */
    uint32_t next_dirty;
    bool is_leaving : 1;   /**< its trunk's name does not come to it any more: it goes when the others have been judged */
    bool is_probing : 1;   /**< a probe is under way */
    bool is_undecided : 1; /**< counted in its budget as such */
    bool is_dirty : 1;     /**< its state waits to be published */
    uint8_t trial;         /**< enum tha_trial, to be published with it */
};

struct tha_trunk {
    struct tha_timer timer; /**< back to enabled */
    uint64_t since_ms;
    uint64_t recovered_ms;    /**< when it became AVAILABLE again, or last failed within the hold-down; 0 = never */
    uint64_t flapped_ms;      /**< when it last came or went */
    uint64_t silent_since_ms; /**< when the last of its targets began to give no answer; 0 = one answers */
    uint32_t flap_level;      /**< transitions in thousandths, less those that had leaked out by then: damping.c */
    uint32_t hold_down_ms;    /**< the longest of the profiles it is part of */
    uint32_t first_target;
    uint32_t n_targets;
    uint32_t slot;  /**< its number for the view: stays over reloads */
    uint32_t calls; /**< on it, as far as they were reported */
    struct tha_lack lack; /**< as it was told last */
    uint32_t next_dirty;
    uint8_t measured; /**< enum trunkha_health: rolled up from the targets */
    uint8_t health;   /**< what is shown: DOWN while disabled */
    uint8_t reason;
    uint8_t admin;
    uint8_t admin_reason; /**< enum trunkha_reason: why it is disabled or draining */
    uint8_t trouble;      /**< enum tha_dns_trouble: of the last look-up of its name */
    bool is_dirty;
};

struct tha_group {
    uint32_t *by_priority; /**< trunk indices */
};

struct tha_profile {
    struct tha_timer timer; /**< when the next hold-down ends */
    uint64_t released_ms;   /**< the operator let go of every hold-down that had begun by then */
    uint32_t active;        /**< trunk that carries new calls, or THA_NONE */
    uint32_t n_targets;     /**< in its whole chain */
    uint32_t next_dirty;
    bool is_dirty;
    bool was_ordered; /**< an order has been made since it came into being */
};

/** The profiles that a group is part of. */
struct tha_membership {
    uint32_t *profiles;
    uint32_t n_profiles;
};

struct tha_table {
    struct tha_mem mem;
    struct tha_model *model; /**< owned once the table runs */
    struct tha_target *targets;
    struct tha_trunk *trunks;
    struct tha_group *groups;
    struct tha_profile *profiles;
    struct tha_membership *memberships; /**< by group */
    struct tha_budget *budgets;
    struct tha_waiter *waiters; /**< by target: where it waits for its budget */
    struct tha_route_entry *entries; /**< room for the longest order */
    uint32_t *target_of_slot;        /**< index or THA_NONE */
    uint32_t *trunk_of_slot;         /**< likewise */
    uint32_t *old_targets;           /**< for each target the index it had in the table before, or THA_NONE */
    uint32_t *old_trunks;            /**< these three only until the table has been taken over */
    uint32_t *old_profiles;
    uint32_t *by_name;               /**< the trunks that have a name, equal names side by side */
    uint32_t n_targets, n_slots, n_trunk_slots, n_budgets, n_named;
    uint32_t *numbers; /**< the memory of by_priority and memberships */
};

/** Builds the table of @p model beside @p old (NULL = none), with the addresses that @p names know now. The model stays the
 *  caller's until the table is taken over. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_table_new(const struct tha_mem *mem, struct tha_model *model, const struct tha_names *names,
                  const struct tha_table *old, uint64_t now_ms, struct tha_table **ret_table);

/** Moves what stays from @p old into @p table. */
void tha_table_inherit(struct tha_table *table, struct tha_table *old);

/** What only inheriting needed is released. */
void tha_table_settle(struct tha_table *table);

/** The reason that goes with a word of the operator when he gives no other. */
uint8_t tha_table_admin_reason(uint32_t admin);

/** Without its model. NULL is fine; returns NULL. */
struct tha_table *tha_table_free(struct tha_table *table);

/** The first trunk in `by_name` whose name is @p name; the others follow it. @p ret_count: how many there are. */
const uint32_t *tha_table_find_name(const struct tha_table *table, const struct tha_name *name, uint32_t *ret_count);

/** The index of the trunk of that id, or THA_NONE. */
uint32_t tha_table_find_trunk(const struct tha_table *table, const char *id);

/** The index of the target that has @p slot now, whatever that number is; THA_NONE = none. */
static inline uint32_t tha_table_target_of_slot(const struct tha_table *table, uint32_t slot)
{
    return slot < table->n_slots ? table->target_of_slot[slot] : THA_NONE;
}

/** Likewise of the trunk. */
static inline uint32_t tha_table_trunk_of_slot(const struct tha_table *table, uint32_t slot)
{
    return slot < table->n_trunk_slots ? table->trunk_of_slot[slot] : THA_NONE;
}

static inline const struct tha_trunk_model *tha_table_trunk_model(const struct tha_table *table, uint32_t trunk)
{
    return &table->model->trunks[trunk];
}

/** Is it due, and its budget used up? */
static inline bool tha_table_is_waiting(const struct tha_table *table, const struct tha_target *target)
{
    return tha_waiter_is_queued(&table->waiters[target - table->targets]);
}

/** Will it be probed, or is a probe under way? */
static inline bool tha_table_is_planned(const struct tha_table *table, const struct tha_target *target)
{
    return tha_timer_is_set(&target->timer) || tha_table_is_waiting(table, target);
}

static inline const struct tha_keepalive *tha_table_keepalive(const struct tha_table *table, const struct tha_target *target)
{
    return table->model->trunks[target->trunk].keepalive;
}

#endif
