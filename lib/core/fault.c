/* Is it us? When all trunks fall silent within one interval, the fault is most likely at home: a cable, a route, a
 * firewall. The trunks still go DOWN, but the blame is ours, and one answer brings each of them back. */
#include "machine.h"

static bool is_voter(const struct tha_core *core, uint32_t trunk)
{
    return core->table->trunks[trunk].admin != TRUNKHA_ADMIN_DISABLED && core->table->trunks[trunk].n_targets &&
           tha_table_trunk_model(core->table, trunk)->keepalive->enabled;
}

static bool are_all_silent(const struct tha_table *table, const struct tha_trunk *trunk)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        if (!table->targets[trunk->first_target + i].health.is_silent)
            return false;
    }

    return true;
}

/** At least two peer addresses, all silent, from first to last within one interval. */
static bool is_fault_at_home(const struct tha_core *core)
{
    const struct tha_table *table = core->table;
    const struct tha_trunk *first = NULL;
    uint64_t from = THA_NEVER, to = 0, interval = 0;
    bool has_other_peer = false;

    if (core->n_silent < 2 || core->n_silent < core->n_voters)
        return false;

    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        const struct tha_trunk *trunk = &table->trunks[i];
        const struct tha_keepalive *keepalive = table->model->trunks[i].keepalive;

        if (!is_voter(core, i))
            continue;
        if (!first)
            first = trunk;
        has_other_peer |=
            !tha_addr_is_same_ip(&table->targets[first->first_target].addr, &table->targets[trunk->first_target].addr);
        from = trunk->silent_since_ms < from ? trunk->silent_since_ms : from;
        to = trunk->silent_since_ms > to ? trunk->silent_since_ms : to;
        interval = keepalive->interval_ms > interval ? keepalive->interval_ms : interval;
    }

    return has_other_peer && to - from <= interval;
}

/** Those that went DOWN before the last one fell silent were blamed too early. */
static void blame_ourselves(struct tha_core *core, uint64_t now_ms)
{
    struct tha_table *table = core->table;

    for (uint32_t i = 0; i < table->n_targets; i++) {
        struct tha_target *target = &table->targets[i];

        if (target->health.state != TRUNKHA_HEALTH_DOWN || !is_voter(core, target->trunk))
            continue;
        if (tha_health_is_call_failure(&target->health) &&
            target->health.since_ms + tha_table_keepalive(table, target)->interval_ms <
                table->trunks[target->trunk].silent_since_ms)
            continue; /* its calls failed long before: that was not us */
        target->health.reason = TRUNKHA_REASON_LOCAL_FAULT;
        target->health.rises_at_once = true;
        target->health.call_score = 0;
        tha_care_follow(core, target, now_ms);
        tha_show_target(core, target);
        tha_rollup_blame(core, target->trunk, TRUNKHA_REASON_LOCAL_FAULT);
    }
}

static void look_for_fault(struct tha_core *core, uint64_t now_ms)
{
    if (core->is_local_fault || !is_fault_at_home(core))
        return;

    core->is_local_fault = true;
    blame_ourselves(core, now_ms);
    tha_tell_local_fault(core, true);
}

void tha_fault_note(struct tha_core *core, uint32_t index, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    bool was_silent = trunk->silent_since_ms != 0;
    bool is_silent_now = are_all_silent(core->table, trunk);

    if (was_silent == is_silent_now)
        return;

    trunk->silent_since_ms = is_silent_now ? now_ms : 0;
    if (!is_voter(core, index))
        return;

    core->n_silent += is_silent_now ? 1U : -1U;
    look_for_fault(core, now_ms);
}

static bool is_affected(const struct tha_core *core, const struct tha_target *target)
{
    return tha_timer_is_set(&target->timer) && !target->is_probing && target->health.failed > 0 &&
           !tha_table_is_waiting(core->table, target);
}

void tha_fault_end(struct tha_core *core, uint64_t now_ms)
{
    if (!core->is_local_fault)
        return;

    core->is_local_fault = false;
    core->fault_ended_ms = now_ms;
    tha_tell_local_fault(core, false);
    tha_schedule_comb(core, is_affected, now_ms);
}

void tha_fault_recount(struct tha_core *core, uint64_t now_ms)
{
    const struct tha_table *table = core->table;

    core->n_voters = core->n_silent = core->n_closed = 0;
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        core->n_closed += table->trunks[i].admin != TRUNKHA_ADMIN_ENABLED;
        if (!is_voter(core, i))
            continue;
        core->n_voters++;
        core->n_silent += table->trunks[i].silent_since_ms != 0;
    }

    if (core->n_silent < 2 || core->n_silent < core->n_voters)
        tha_fault_end(core, now_ms);
    else
        look_for_fault(core, now_ms);
}
