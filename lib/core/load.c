/* Loading: a table is prepared beside the one that runs, which may fail, and then takes over, which may not. */
#include "machine.h"

int tha_core_prepare(struct tha_core *core, struct tha_model *model, uint64_t now_ms, struct tha_table **ret_table)
{
    struct tha_table *table;
    bool is_new = model != NULL;
    int err = is_new ? tha_names_prepare(core->names, model) : 0;

    if (!err)
        err = tha_table_new(&core->mem, is_new ? model : core->table->model, core->names, core->table, now_ms, &table);
    if (err)
        return err;

    /* Timers of the running table stay in the heaps until the commit: there must be room for either table. */
    err = tha_heap_reserve(&core->probes, table->n_targets);
    if (!err)
        err = tha_heap_reserve(&core->holds, table->model->n_profiles);
    if (!err)
        err = tha_heap_reserve(&core->cares, table->n_targets);

    if (err)
        tha_table_free(table);
    else
        *ret_table = table;

    return err;
}

/** An inbound trunk without probes: its timer says when it has been silent for too long. */
static bool is_listened_to(const struct tha_core *core, const struct tha_target *target)
{
    return tha_table_trunk_model(core->table, target->trunk)->direction == THA_DIRECTION_INBOUND &&
           !tha_table_keepalive(core->table, target)->enabled &&
           core->table->trunks[target->trunk].admin != TRUNKHA_ADMIN_DISABLED;
}

/** A target that was probed and is not any more, without the operator having disabled it, is not looked after: what was
 *  known of it is void. */
static void resume_target(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    const struct tha_trunk *trunk = &core->table->trunks[target->trunk];
    bool was_probed = target->timer.when != 0;

    if (tha_admin_is_probed(core, target) && tha_schedule_resume(core, target, now_ms))
        return;
    target->is_probing = false;
    if (is_listened_to(core, target) && was_probed) {
        tha_heap_set(&core->probes, &target->timer, target->timer.when);
        return;
    }

    if (was_probed && !tha_table_keepalive(core->table, target)->enabled && trunk->admin != TRUNKHA_ADMIN_DISABLED) {
        tha_health_reset(&target->health, now_ms);
        tha_care_drop(core, target);
    }
}

static void restart_timers(struct tha_core *core, uint64_t now_ms)
{
    struct tha_table *table = core->table;

    core->probes.count = core->admins.count = core->holds.count = core->cares.count = 0;
    core->rate = 0;

    for (uint32_t i = 0; i < table->n_targets; i++) {
        if (table->targets[i].care) {
            table->targets[i].care->timer.place = 0;
            tha_care_resume(core, &table->targets[i]);
        }
        resume_target(core, &table->targets[i], now_ms);
    }
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        if (table->trunks[i].timer.when)
            tha_heap_set(&core->admins, &table->trunks[i].timer, table->trunks[i].timer.when);
    }
    if (core->is_started)
        tha_schedule_newcomers(core, now_ms);
}

static void show_all(struct tha_core *core)
{
    core->dirty_target = core->dirty_trunk = core->dirty_profile = THA_NONE;

    for (uint32_t i = core->table->n_targets; i-- > 0;)
        tha_show_target(core, &core->table->targets[i]);
    for (uint32_t i = core->table->model->n_trunks; i-- > 0;)
        tha_show_trunk(core, &core->table->trunks[i]);
    for (uint32_t i = core->table->model->n_profiles; i-- > 0;)
        tha_show_profile(core, i);
}

/** Why a trunk has the state that it has now: what ails it, or else that it was loaded. */
static uint32_t blame(const struct tha_table *table, const struct tha_trunk *trunk)
{
    uint32_t reason = TRUNKHA_REASON_CONFIG_CHANGE;

    if (!trunk->n_targets)
        return trunk->trouble ? TRUNKHA_REASON_DNS_FAILURE : reason;

    for (uint32_t i = trunk->first_target + trunk->n_targets; i-- > trunk->first_target;) {
        const struct tha_target *target = &table->targets[i];

        if (target->is_leaving)
            continue;
        if (target->health.state != TRUNKHA_HEALTH_DOWN)
            return TRUNKHA_REASON_CONFIG_CHANGE;
        reason = target->health.reason;
    }

    return reason;
}

static void note_trunk(struct tha_core *core, uint32_t index, const struct tha_table *old, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    uint32_t was_index = core->table->old_trunks[index];
    uint32_t was = was_index == THA_NONE ? trunk->admin : old->trunks[was_index].admin;
    uint32_t reason = blame(core->table, trunk);
    bool is_of_dns = reason == TRUNKHA_REASON_DNS_FAILURE, is_same_model = old->model == core->table->model;
    const char *text = is_same_model ? "its addresses have changed" : "by the configuration";

    tha_admin_tell(core, index, reason, was != trunk->admin, is_of_dns ? tha_dns_trouble_text(trunk->trouble) : text,
                   now_ms);
    if (is_of_dns)
        tha_rollup_blame(core, index, reason);
}

/** Enabled by the file: as by word of mouth, nothing that was measured before counts. */
static void forget_disabled(struct tha_core *core, const struct tha_table *old, uint64_t now_ms)
{
    for (uint32_t i = 0; i < core->table->model->n_trunks; i++) {
        uint32_t was = core->table->old_trunks[i];

        if (was != THA_NONE && old->trunks[was].admin == TRUNKHA_ADMIN_DISABLED &&
            core->table->trunks[i].admin != TRUNKHA_ADMIN_DISABLED)
            tha_admin_forget(core, i, now_ms);
    }
}

/** The trunk that carried the calls of a profile is gone with the old table: told while its name is still known. */
static void tell_lost_actives(struct tha_core *core, const struct tha_table *old, uint64_t now_ms)
{
    for (uint32_t i = 0; i < core->table->model->n_profiles; i++) {
        struct tha_profile *profile = &core->table->profiles[i];
        uint32_t was = core->table->old_profiles[i];
        struct tha_action ignored;

        if (was == THA_NONE || old->profiles[was].active == THA_NONE || profile->active != THA_NONE)
            continue;
        profile->was_ordered = false;
        tha_route_order(core, i, now_ms, &ignored);
        tha_tell_active(core, i, old->model->trunks[old->profiles[was].active].id, TRUNKHA_REASON_CONFIG_CHANGE);
    }
}

static void take_over(struct tha_core *core, const struct tha_table *old, uint64_t now_ms)
{
    forget_disabled(core, old, now_ms);
    for (uint32_t i = 0; i < core->table->model->n_trunks; i++)
        note_trunk(core, i, old, now_ms);
    tell_lost_actives(core, old, now_ms);
}

void tha_core_commit(struct tha_core *core, struct tha_table *table, uint64_t now_ms)
{
    struct tha_table *old = core->table;

    if (old)
        tha_table_inherit(table, old);
    core->table = table;
    if (!old || old->model != table->model)
        tha_names_commit(core->names, now_ms);

    show_all(core);
    restart_timers(core, now_ms);
    if (old)
        take_over(core, old, now_ms);
    for (uint32_t i = 0; i < table->model->n_trunks && !old; i++)
        tha_rollup_trunk(core, i, NULL, TRUNKHA_REASON_NONE, "", now_ms);
    tha_addresses_follow_load(core, old, now_ms);
    tha_fault_recount(core, now_ms);
    if (old && old->model == table->model)
        tha_table_free(old);
    else
        tha_core_free_table(old);
    tha_table_settle(table);
}
