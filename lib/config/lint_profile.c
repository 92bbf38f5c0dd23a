/* Profiles whose calls have one way only. */
#include "lint.h"

#define STEPS_MAX 32 /* groups of a chain; with automaticFailover off nobody has counted them */

/** Of each group: has it a trunk that takes calls? NULL = out of memory. */
static bool *find_groups_with_calls(struct tha_lint *lint)
{
    bool *takes_calls = tha_lint_alloc(lint, lint->model->n_groups, sizeof(*takes_calls));

    for (uint32_t t = 0; takes_calls && t < lint->model->n_trunks; t++) {
        const struct tha_trunk_model *trunk = &lint->model->trunks[t];

        takes_calls[trunk->group] |= tha_trunk_takes_calls(trunk);
    }

    return takes_calls;
}

/** Does @p group, or one that it fails over to, take calls? @p primary does not count. */
static bool has_way(const struct tha_model *model, const bool *takes_calls, uint32_t primary, uint32_t group)
{
    for (uint32_t i = 0; i < STEPS_MAX && group != THA_NONE; i++) {
        if (group != primary && takes_calls[group])
            return true;
        group = model->groups[group].failover;
    }

    return false;
}

static void say_no_way(struct tha_lint *lint, uint32_t index)
{
    const struct tha_config_profile *profile = &lint->draft->profiles[index];
    bool has_failover = lint->model->groups[profile->primary].failover != THA_NONE;
    const char *fix = NULL, *what;
    struct tha_lint_place place;

    if (has_failover || (profile->secondary != THA_NONE && profile->secondary != profile->primary)) {
        what = "no trunk behind the primary group takes calls: all are disabled, draining or inbound";
        fix = "enable a trunk there, or name another group in \"secondaryTrunkGroup\"";
    } else if (profile->secondary == THA_NONE) {
        what = "there is no trunk group behind the primary one";
    } else {
        what = "the secondary trunk group is the primary one";
    }

    tha_config_add_finding(lint->report, THA_CODE_NO_SECONDARY, tha_lint_profile(lint, index, "secondaryTrunkGroup", &place),
                           fix, "%s", what);
}

static void check_secondary(struct tha_lint *lint, uint32_t index, const bool *takes_calls)
{
    const struct tha_config_profile *profile = &lint->draft->profiles[index];
    uint32_t primary = profile->primary;

    if (!has_way(lint->model, takes_calls, primary, profile->secondary) &&
        !has_way(lint->model, takes_calls, primary, lint->model->groups[primary].failover))
        say_no_way(lint, index);
}

static void check_failover(struct tha_lint *lint, uint32_t index)
{
    struct tha_lint_place place;

    if (!lint->draft->profiles[index].automatic_failover)
        tha_config_add_finding(lint->report, THA_CODE_NO_AUTOMATIC_FAILOVER,
                               tha_lint_profile(lint, index, "automaticFailover", &place), NULL,
                               "calls stay with the primary trunk group, even when all of it is down");
}

void tha_lint_profiles(struct tha_lint *lint)
{
    const bool *takes_calls = find_groups_with_calls(lint);

    for (uint32_t i = 0; takes_calls && i < lint->draft->n_profiles; i++) {
        check_secondary(lint, i, takes_calls);
        check_failover(lint, i);
    }
}
