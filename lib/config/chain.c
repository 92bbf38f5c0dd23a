#include "draft.h"

#include <string.h>

#define CHAIN_MAX    32          /* groups of one profile */
#define HOLD_DOWN_MS (60 * 1000) /* before failback, where no profile says otherwise */

struct chain {
    uint32_t groups[CHAIN_MAX];
    uint32_t count;
    bool is_too_long;
};

static bool has_group(const struct chain *chain, uint32_t group)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->groups[i] == group)
            return true;
    }

    return false;
}

static void add_group(struct chain *chain, uint32_t group)
{
    if (group == THA_NONE || has_group(chain, group))
        return;

    if (chain->count < CHAIN_MAX)
        chain->groups[chain->count++] = group;
    else
        chain->is_too_long = true;
}

/** Adds what `failoverTrunkGroupId` names from @p group on; there are no cycles any more. */
static void follow_failover(struct chain *chain, const struct tha_model *model, uint32_t group)
{
    uint32_t next = group == THA_NONE ? THA_NONE : model->groups[group].failover;

    for (; next != THA_NONE && !chain->is_too_long; next = model->groups[next].failover)
        add_group(chain, next);
}

static void keep_profile(struct tha_config_draft *draft, const struct chain *chain, const struct tha_profile_model *profile,
                         const struct tha_config_path *path)
{
    struct tha_model *model = draft->model;
    uint32_t *groups = tha_arena_alloc(&model->arena, chain->count, sizeof(*groups));

    if (!groups) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }
    if (chain->is_too_long)
        tha_config_add_finding(&draft->reader.report, THA_CODE_OUT_OF_RANGE, path, "split it into several profiles",
                               "the failover chain from here has more than %d groups", CHAIN_MAX);

    memcpy(groups, chain->groups, chain->count * sizeof(*groups));
    model->profiles[model->n_profiles] = *profile;
    model->profiles[model->n_profiles].groups = groups;
    model->profiles[model->n_profiles++].n_groups = chain->count;
}

static void make_profile(struct tha_config_draft *draft, uint32_t index)
{
    const struct tha_config_profile *profile = &draft->profiles[index];
    struct tha_config_path profiles = {NULL, "routingProfiles", 0}, path = {&profiles, NULL, index};
    struct tha_profile_model kept = {.id = profile->id,
                                     .name = profile->name,
                                     .hold_down_ms = profile->hold_down_ms,
                                     .failback = profile->failback,
                                     .call = profile->call ? profile->call : draft->call};
    struct chain chain = {.count = 0};

    add_group(&chain, profile->primary);
    if (profile->automatic_failover) {
        add_group(&chain, profile->secondary);
        follow_failover(&chain, draft->model, profile->primary);
        follow_failover(&chain, draft->model, profile->secondary);
    }

    keep_profile(draft, &chain, &kept, &path);
}

/** The profile that a group is by itself. */
static void make_group_profile(struct tha_config_draft *draft, uint32_t index)
{
    const struct tha_group_model *group = &draft->model->groups[index];
    struct tha_config_path groups = {NULL, "trunkGroups", 0}, path = {&groups, NULL, index};
    struct tha_config_path failover = {&path, "failoverTrunkGroupId", 0};
    struct tha_profile_model kept = {
        .id = group->id, .name = group->name, .hold_down_ms = HOLD_DOWN_MS, .call = draft->call, .is_group = true};
    struct chain chain = {.count = 0};

    add_group(&chain, index);
    follow_failover(&chain, draft->model, index);
    keep_profile(draft, &chain, &kept, &failover);
}

void tha_config_make_profiles(struct tha_config_draft *draft)
{
    struct tha_model *model = draft->model;

    model->profiles = tha_arena_alloc(&model->arena, (size_t)draft->n_profiles + model->n_groups, sizeof(*model->profiles));
    draft->call = tha_config_read_call(&draft->reader, NULL, NULL);
    if (!model->profiles || !draft->call) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    for (uint32_t i = 0; i < draft->n_profiles; i++)
        make_profile(draft, i);
    for (uint32_t i = 0; i < model->n_groups; i++)
        make_group_profile(draft, i);
}
