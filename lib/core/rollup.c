/* Target -> trunk -> group: a trunk is as good as its best target, a group as its best trunk. One whose name comes to no
 * address is DOWN. A target that leaves counts only while it is well. */
#include "machine.h"

static uint8_t measure(const struct tha_table *table, const struct tha_trunk *trunk)
{
    uint32_t count[TRUNKHA_HEALTH_DOWN + 1] = {0};

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_target *target = &table->targets[trunk->first_target + i];

        if (target->is_leaving && target->health.state != TRUNKHA_HEALTH_AVAILABLE)
            continue;
        count[tha_care_is_cooling(target) ? TRUNKHA_HEALTH_DOWN : target->health.state]++;
    }

    if (!trunk->n_targets)
        return trunk->trouble ? TRUNKHA_HEALTH_DOWN : TRUNKHA_HEALTH_UNKNOWN;
    if (count[TRUNKHA_HEALTH_AVAILABLE])
        return count[TRUNKHA_HEALTH_DOWN] ? TRUNKHA_HEALTH_DEGRADED : TRUNKHA_HEALTH_AVAILABLE;
    if (count[TRUNKHA_HEALTH_DEGRADED])
        return TRUNKHA_HEALTH_DEGRADED;

    return count[TRUNKHA_HEALTH_UNKNOWN] ? TRUNKHA_HEALTH_UNKNOWN : TRUNKHA_HEALTH_DOWN;
}

static bool has_recovered(uint8_t was, uint8_t is)
{
    return is == TRUNKHA_HEALTH_AVAILABLE && (was == TRUNKHA_HEALTH_DOWN || was == TRUNKHA_HEALTH_DEGRADED);
}

/** Coming and going, but not for want of knowledge, nor because of a fault at home, nor by a word of the operator. */
static bool is_flap(const struct tha_core *core, const struct tha_trunk *trunk, uint8_t is)
{
    bool has_turned = (trunk->measured == TRUNKHA_HEALTH_DOWN) != (is == TRUNKHA_HEALTH_DOWN);
    bool is_known = trunk->measured != TRUNKHA_HEALTH_UNKNOWN && is != TRUNKHA_HEALTH_UNKNOWN;

    return has_turned && is_known && !core->is_local_fault && trunk->reason != TRUNKHA_REASON_LOCAL_FAULT &&
           trunk->admin != TRUNKHA_ADMIN_DISABLED;
}

void tha_rollup_show_profiles(struct tha_core *core, uint32_t group)
{
    const struct tha_membership *membership = &core->table->memberships[group];

    for (uint32_t i = 0; i < membership->n_profiles; i++)
        tha_show_profile(core, membership->profiles[i]);
}

void tha_rollup_trunk(struct tha_core *core, uint32_t index, const struct tha_target *cause, uint32_t reason,
                      const char *detail, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    uint8_t previous = trunk->health;
    uint8_t measured = measure(core->table, trunk);
    bool is_disabled = trunk->admin == TRUNKHA_ADMIN_DISABLED;

    if (is_flap(core, trunk, measured))
        tha_damping_note(trunk, &tha_table_trunk_model(core->table, index)->keepalive->damping, now_ms);
    if (has_recovered(trunk->measured, measured) && !is_disabled)
        trunk->recovered_ms = now_ms;
    trunk->measured = measured;
    trunk->health = is_disabled ? TRUNKHA_HEALTH_DOWN : measured;

    if (trunk->health != previous) {
        trunk->reason = is_disabled ? trunk->admin_reason : (uint8_t)reason;
        trunk->since_ms = now_ms;
        tha_tell_trunk(core, index, previous, cause, detail);
    }

    tha_show_trunk(core, trunk);
    tha_rollup_show_profiles(core, tha_table_trunk_model(core->table, index)->group);
}

uint64_t tha_rollup_release_ms(const struct tha_core *core, uint32_t index, uint32_t hold_down_ms)
{
    const struct tha_trunk *trunk = &core->table->trunks[index];
    const struct tha_damping *damping = &tha_table_trunk_model(core->table, index)->keepalive->damping;
    uint32_t damped_ms = tha_damping_hold_ms(trunk, damping);

    return trunk->recovered_ms ? trunk->recovered_ms + (hold_down_ms > damped_ms ? hold_down_ms : damped_ms) : 0;
}

void tha_rollup_break(struct tha_core *core, uint32_t index, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];

    if (now_ms < tha_rollup_release_ms(core, index, trunk->hold_down_ms))
        trunk->recovered_ms = now_ms;
}

void tha_rollup_blame(struct tha_core *core, uint32_t index, uint32_t reason)
{
    struct tha_trunk *trunk = &core->table->trunks[index];

    if (trunk->admin != TRUNKHA_ADMIN_DISABLED && trunk->health == TRUNKHA_HEALTH_DOWN)
        trunk->reason = (uint8_t)reason;
    tha_show_trunk(core, trunk);
}

/** Best first; a disabled trunk reads DOWN. */
static uint32_t rank(uint32_t health)
{
    static const uint8_t ranks[] = {
        [TRUNKHA_HEALTH_AVAILABLE] = 0,
        [TRUNKHA_HEALTH_DEGRADED] = 1,
        [TRUNKHA_HEALTH_UNKNOWN] = 2,
        [TRUNKHA_HEALTH_DOWN] = 3,
    };

    return ranks[health];
}

uint32_t tha_rollup_group_health(const struct tha_table *table, uint32_t index)
{
    const struct tha_group_model *group = &table->model->groups[index];
    uint32_t best = TRUNKHA_HEALTH_DOWN;

    for (uint32_t i = 0; i < group->n_trunks; i++) {
        uint32_t health = table->trunks[group->first_trunk + i].health;

        if (rank(health) < rank(best))
            best = health;
    }

    return best;
}
