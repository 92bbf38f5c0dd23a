/* Profiles whose calls have one way only. */
#include "lint.h"

static void check_secondary(struct tha_lint *lint, uint32_t index)
{
    const struct tha_config_profile *profile = &lint->draft->profiles[index];
    bool has_other = profile->secondary != THA_NONE && profile->secondary != profile->primary;
    struct tha_lint_place place;

    if (has_other || lint->model->groups[profile->primary].failover != THA_NONE)
        return;

    tha_config_add_finding(lint->report, THA_CODE_NO_SECONDARY, tha_lint_profile(lint, index, "secondaryTrunkGroup", &place),
                           NULL,
                           profile->secondary == THA_NONE ? "there is no trunk group behind the primary one"
                                                          : "the secondary trunk group is the primary one");
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
    for (uint32_t i = 0; i < lint->draft->n_profiles; i++) {
        check_secondary(lint, i);
        check_failover(lint, i);
    }
}
