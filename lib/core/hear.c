/* Inbound trunks: they are proven by requests that come from their addresses, and may be probed as well. */
#include "machine.h"

/** Nothing heard for as long as probes would need to find it DOWN. */
static uint64_t patience_of(const struct tha_core *core, const struct tha_target *target)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);

    return (uint64_t)keepalive->interval_ms * (keepalive->max_failed_attempts + 1);
}

void tha_hear_target(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint32_t previous = target->health.state, blamed = target->health.reason;

    if (core->table->trunks[target->trunk].admin == TRUNKHA_ADMIN_DISABLED)
        return;

    tha_fault_end(core, now_ms);
    target->shown_ms = now_ms;
    tha_health_judge_heard(&target->health, now_ms);
    tha_core_follow(core, target, previous, blamed, "a request has come from it", now_ms);

    if (!tha_admin_is_probed(core, target))
        tha_heap_set(&core->probes, &target->timer, now_ms + patience_of(core, target));
    else if (target->health.state != previous && tha_table_is_planned(core->table, target) && !target->is_probing)
        tha_schedule_next(core, target, now_ms);
}

void tha_hear_nothing(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint32_t previous = target->health.state;

    tha_heap_remove(&core->probes, &target->timer);
    tha_health_reset(&target->health, now_ms);
    tha_core_follow(core, target, previous, target->health.reason, "no request has come from it for long", now_ms);
}

void tha_hear_host(struct tha_core *core, const struct tha_target *heard, uint64_t now_ms)
{
    const struct tha_trunk *trunk = &core->table->trunks[heard->trunk];

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        struct tha_target *target = &core->table->targets[trunk->first_target + i];

        if (tha_addr_is_same_ip(&target->addr, &heard->addr))
            tha_hear_target(core, target, now_ms);
    }
}
