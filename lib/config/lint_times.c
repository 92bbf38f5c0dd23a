/* How long a caller may have to wait while one trunk after the other fails. */
#include "lint.h"

#define PATIENCE_MS (6 * 1000) /* of a caller who hears nothing */

/** Attempts before the last one: all of them may have to fail. */
static uint32_t count_failures(const struct tha_model *model, const struct tha_profile_model *profile)
{
    uint32_t most = profile->call->max_attempts, n = 0;

    for (uint32_t i = 0; i < profile->n_groups; i++) {
        const struct tha_group_model *group = &model->groups[profile->groups[i]];

        for (uint32_t t = group->first_trunk; t < group->first_trunk + group->n_trunks && n < most; t++)
            n += tha_trunk_takes_calls(&model->trunks[t]);
    }

    return n ? n - 1 : 0;
}

/** At @p key of the `call` block, at `maxAttempts`, or at the nearest that is there. */
static void say(struct tha_lint *lint, uint32_t profile, enum tha_config_code code, const char *key, const char *fix,
                const char *what, uint32_t wait_ms, uint32_t limit_ms)
{
    struct tha_lint_place place;
    const struct tha_config_path *block = tha_lint_profile(lint, profile, "call", &place);
    const json_t *call = json_object_get(tha_lint_profile_json(lint, profile), "call");
    struct tha_config_path path = {block, json_object_get(call, key) ? key : "maxAttempts", 0};
    char wait[32], limit[32];

    tha_config_add_finding(lint->report, code, json_object_get(call, path.key) ? &path : block, fix,
                           "%s: up to %s seconds, more than %s", what,
                           tha_config_print_number(wait_ms / 1000.0, wait, sizeof(wait)),
                           tha_config_print_number(limit_ms / 1000.0, limit, sizeof(limit)));
}

static void check_profile(struct tha_lint *lint, uint32_t index)
{
    const struct tha_profile_model *profile = &lint->model->profiles[index];
    const struct tha_call_settings *call = profile->call;
    uint32_t failures = count_failures(lint->model, profile);
    uint32_t silent_ms = failures * call->no_response_ms, trying_ms = failures * call->no_ring_ms;

    if (silent_ms > PATIENCE_MS)
        say(lint, index, THA_CODE_SLOW_FAILOVER, "noResponseTimeout", NULL,
            "a caller waits while trunks do not respond, before the last one is tried", silent_ms, PATIENCE_MS);
    if (trying_ms > call->total_ms)
        say(lint, index, THA_CODE_FAILOVER_PAST_TOTAL, "noRingTimeout", NULL,
            "a caller waits past \"totalTimeout\" while trunks say nothing but 100", trying_ms, call->total_ms);
    else if (trying_ms > call->ring_ms)
        say(lint, index, THA_CODE_FAILOVER_PAST_TOTAL, "noRingTimeout",
            "shorten \"noRingTimeout\", or raise \"ringDuration\"",
            "a caller waits past \"ringDuration\" while trunks say nothing but 100", trying_ms, call->ring_ms);
}

void tha_lint_times(struct tha_lint *lint)
{
    for (uint32_t i = 0; i < lint->draft->n_profiles; i++)
        check_profile(lint, i);
}
