/* What has changed and is to be shown: noted once however often it changes, and handed out one by one. */
#include "machine.h"

void tha_show_target(struct tha_core *core, struct tha_target *target)
{
    if (target->is_dirty)
        return;
    target->is_dirty = true;
    target->next_dirty = core->dirty_target;
    core->dirty_target = (uint32_t)(target - core->table->targets);
}

void tha_show_trunk(struct tha_core *core, struct tha_trunk *trunk)
{
    core->known_group = THA_NONE;
    if (trunk->is_dirty)
        return;
    trunk->is_dirty = true;
    trunk->next_dirty = core->dirty_trunk;
    core->dirty_trunk = (uint32_t)(trunk - core->table->trunks);
}

void tha_show_profile(struct tha_core *core, uint32_t profile)
{
    struct tha_profile *dirty = &core->table->profiles[profile];

    if (dirty->is_dirty)
        return;
    dirty->is_dirty = true;
    dirty->next_dirty = core->dirty_profile;
    core->dirty_profile = profile;
}

static void take_target(struct tha_core *core, struct tha_action *action)
{
    struct tha_target *target = &core->table->targets[core->dirty_target];
    const struct tha_health *health = &target->health;

    *action = (struct tha_action){
        .kind = THA_ACTION_SHOW_TARGET,
        .index = core->dirty_target,
        .target =
            {
                .state =
                    {
                        .health = health->state,
                        .reason = health->reason,
                        .rtt_us = health->rtt_us,
                        .loss_permille = tha_health_loss_permille(health, tha_table_keepalive(core->table, target)),
                        .failed_attempts = health->failed,
                        .last_response = health->last_response,
                        .since_ms = health->since_ms,
                        .last_successful_keepalive_ms = health->last_success_ms,
                        .cooldown_until_ms = target->care ? target->care->cool_until_ms : 0,
                    },
                .abilities = target->abilities,
                .slot = target->slot,
                .trial = target->trial,
            },
    };
    target->trial = THA_TRIAL_AS_IT_WAS;
    target->is_dirty = false;
    core->dirty_target = target->next_dirty;
}

/** After a load all trunks of a group are shown, one after the other: their common health is worked out once. */
static uint32_t group_health(struct tha_core *core, uint32_t group)
{
    if (core->known_group != group) {
        core->known_group = group;
        core->known_health = tha_rollup_group_health(core->table, group);
    }

    return core->known_health;
}

static void take_trunk(struct tha_core *core, struct tha_action *action)
{
    struct tha_trunk *trunk = &core->table->trunks[core->dirty_trunk];
    const struct tha_trunk_model *model = tha_table_trunk_model(core->table, core->dirty_trunk);

    *action = (struct tha_action){
        .kind = THA_ACTION_SHOW_TRUNK,
        .index = core->dirty_trunk,
        .trunk =
            {
                .state =
                    {
                        .health = trunk->health,
                        .admin = trunk->admin,
                        .reason = trunk->reason,
                        .since_ms = trunk->since_ms,
                    },
                .lack = trunk->lack,
                .has_name = model->dns_name != NULL,
                .group = model->group,
                .group_health = group_health(core, model->group),
            },
    };
    if (model->dns_name)
        tha_names_get(core->names, model->dns_name, &action->trunk.name);
    trunk->is_dirty = false;
    core->dirty_trunk = trunk->next_dirty;
}

static void take_profile(struct tha_core *core, uint64_t now_ms, struct tha_action *action)
{
    uint32_t index = core->dirty_profile;
    struct tha_profile *profile = &core->table->profiles[index];

    profile->is_dirty = false;
    core->dirty_profile = profile->next_dirty;
    tha_route_order(core, index, now_ms, action);
}

bool tha_show_take(struct tha_core *core, uint64_t now_ms, struct tha_action *ret_action)
{
    if (core->dirty_target != THA_NONE)
        take_target(core, ret_action);
    else if (core->dirty_trunk != THA_NONE)
        take_trunk(core, ret_action);
    else if (core->dirty_profile != THA_NONE)
        take_profile(core, now_ms, ret_action);
    else
        return false;

    return true;
}
