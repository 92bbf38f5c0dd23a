/* What the operator wants. Kept apart from what is measured: no probe undoes it. */
#include "machine.h"

#include <stddef.h>
#include <string.h>

bool tha_admin_is_probed(const struct tha_core *core, const struct tha_target *target)
{
    return core->table->trunks[target->trunk].admin != TRUNKHA_ADMIN_DISABLED &&
           tha_table_keepalive(core->table, target)->enabled;
}

static void stop_probing(struct tha_core *core, const struct tha_trunk *trunk)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++)
        tha_schedule_stop(core, &core->table->targets[trunk->first_target + i]);
}

void tha_admin_forget(struct tha_core *core, uint32_t index, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        struct tha_target *target = &core->table->targets[trunk->first_target + i];

        tha_health_reset(&target->health, now_ms);
        tha_care_drop(core, target);
        target->is_probing = false;
        tha_show_target(core, target);
    }
    trunk->silent_since_ms = trunk->recovered_ms = 0;
}

static void probe_now(struct tha_core *core, const struct tha_trunk *trunk, uint64_t now_ms)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        struct tha_target *target = &core->table->targets[trunk->first_target + i];

        if (core->is_started && tha_admin_is_probed(core, target))
            tha_schedule_first(core, target, now_ms);
    }
}

void tha_admin_tell(struct tha_core *core, uint32_t index, uint32_t reason, bool is_news, const char *text, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    uint32_t previous = trunk->health;

    tha_rollup_trunk(core, index, NULL, reason, text, now_ms);
    if (is_news && trunk->health == previous) { /* draining, or another reason: the state stays, and yet it is news */
        trunk->reason = trunk->admin_reason;
        tha_tell_trunk(core, index, previous, NULL, text);
    }
}

static void set(struct tha_core *core, uint32_t index, uint32_t admin, uint32_t reason, const char *text, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    uint32_t was = trunk->admin, was_reason = trunk->admin_reason;

    trunk->admin = (uint8_t)admin;
    trunk->admin_reason = reason ? (uint8_t)reason : tha_table_admin_reason(admin);

    if (admin == TRUNKHA_ADMIN_DISABLED) {
        stop_probing(core, trunk);
        trunk->silent_since_ms = trunk->recovered_ms = 0;
    } else if (was == TRUNKHA_ADMIN_DISABLED) {
        tha_admin_forget(core, index, now_ms);
        probe_now(core, trunk, now_ms);
    }

    tha_admin_tell(core, index, trunk->admin_reason, was != admin || was_reason != trunk->admin_reason, text, now_ms);
    tha_fault_recount(core, now_ms);
}

int tha_core_set_admin(struct tha_core *core, const char *trunk_id, uint32_t admin, uint32_t reason, const char *text,
                       uint32_t for_ms, uint64_t now_ms)
{
    bool is_licence = reason == TRUNKHA_REASON_LICENSE_ISSUE;
    uint32_t index;

    if (admin > TRUNKHA_ADMIN_DRAINING || (reason && !is_licence) || (is_licence && admin != TRUNKHA_ADMIN_DISABLED))
        return TRUNKHA_ERR_INVALID;
    index = core->table ? tha_table_find_trunk(core->table, trunk_id) : THA_NONE;
    if (index == THA_NONE)
        return TRUNKHA_ERR_NOTFOUND;
    if (for_ms && tha_heap_reserve(&core->admins, core->admins.count + 1))
        return TRUNKHA_ERR_NOMEM;

    set(core, index, admin, reason, text ? text : "", now_ms);
    if (for_ms && admin != TRUNKHA_ADMIN_ENABLED)
        tha_heap_set(&core->admins, &core->table->trunks[index].timer, now_ms + for_ms);
    else
        tha_heap_remove(&core->admins, &core->table->trunks[index].timer);

    return 0;
}

static uint32_t find_profile(const struct tha_core *core, const char *id)
{
    for (uint32_t i = 0; i < core->table->model->n_profiles; i++) {
        if (!strcmp(core->table->model->profiles[i].id, id))
            return i;
    }

    return THA_NONE;
}

int tha_core_fail_back(struct tha_core *core, const char *profile_id, uint64_t now_ms)
{
    uint32_t profile = core->table ? find_profile(core, profile_id) : THA_NONE;

    if (profile == THA_NONE)
        return TRUNKHA_ERR_NOTFOUND;

    core->table->profiles[profile].released_ms = now_ms;
    tha_show_profile(core, profile);

    return 0;
}

void tha_admin_expire(struct tha_core *core, uint64_t now_ms)
{
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->admins)) && timer->when <= now_ms) {
        const struct tha_trunk *trunk = THA_CONTAINER(timer, struct tha_trunk, timer);

        tha_heap_remove(&core->admins, timer);
        set(core, (uint32_t)(trunk - core->table->trunks), TRUNKHA_ADMIN_ENABLED, TRUNKHA_REASON_NONE,
            "the time given has passed", now_ms);
    }
}
