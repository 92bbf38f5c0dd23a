/* How trunks are probed. What a trunk inherits is told of once, where it stands. */
#include "lint.h"

/* ---- Single values */

struct aspect {
    enum tha_config_code code;
    const char *key;
    bool (*is_bad)(const struct tha_keepalive *keepalive);
    void (*say)(struct tha_lint *lint, const struct tha_config_path *path, const struct tha_keepalive *keepalive);
};

#define SHORTEST_MS (15 * 1000)
#define LONGEST_MS  (60 * 1000)

static bool is_off(const struct tha_keepalive *keepalive)
{
    return !keepalive->enabled;
}

static void say_off(struct tha_lint *lint, const struct tha_config_path *path, const struct tha_keepalive *keepalive)
{
    (void)keepalive;
    tha_config_add_finding(lint->report, THA_CODE_KEEPALIVE_OFF, path, NULL, "nobody notices when a trunk here is down");
}

static bool is_short(const struct tha_keepalive *keepalive)
{
    return keepalive->enabled && keepalive->interval_ms < SHORTEST_MS;
}

static void say_short(struct tha_lint *lint, const struct tha_config_path *path, const struct tha_keepalive *keepalive)
{
    char seconds[32];

    tha_config_add_finding(lint->report, THA_CODE_INTERVAL_SHORT, path, NULL,
                           "a probe every %s seconds is more than carriers expect",
                           tha_config_print_number(keepalive->interval_ms / 1000.0, seconds, sizeof(seconds)));
}

static bool is_long(const struct tha_keepalive *keepalive)
{
    return keepalive->enabled && keepalive->interval_ms > LONGEST_MS;
}

static void say_long(struct tha_lint *lint, const struct tha_config_path *path, const struct tha_keepalive *keepalive)
{
    char seconds[32];

    tha_config_add_finding(lint->report, THA_CODE_INTERVAL_LONG, path, NULL,
                           "an idle trunk may be dead for %s seconds before it is looked at",
                           tha_config_print_number(keepalive->interval_ms / 1000.0, seconds, sizeof(seconds)));
}

static bool is_hasty(const struct tha_keepalive *keepalive)
{
    return keepalive->enabled && keepalive->max_failed_attempts == 1;
}

static void say_hasty(struct tha_lint *lint, const struct tha_config_path *path, const struct tha_keepalive *keepalive)
{
    (void)keepalive;
    tha_config_add_finding(lint->report, THA_CODE_ONE_FAILURE, path, NULL, "one lost probe is enough to take a trunk out");
}

static const struct aspect aspects[] = {
    {THA_CODE_KEEPALIVE_OFF, "enabled", is_off, say_off},
    {THA_CODE_INTERVAL_SHORT, "interval", is_short, say_short},
    {THA_CODE_INTERVAL_LONG, "interval", is_long, say_long},
    {THA_CODE_ONE_FAILURE, "maxFailedAttempts", is_hasty, say_hasty},
};

static bool is_probed(const struct tha_trunk_model *trunk)
{
    return trunk->keepalive->enabled && trunk->admin != TRUNKHA_ADMIN_DISABLED;
}

/** TH041 tells of a half whose other half is probed. */
static bool is_told_elsewhere(const struct tha_lint *lint, const struct aspect *aspect, const struct tha_trunk_model *trunk)
{
    return aspect->code == THA_CODE_KEEPALIVE_OFF && trunk->paired != THA_NONE &&
           is_probed(&lint->model->trunks[trunk->paired]);
}

/** Of its own, or inherited: then it is the top-level block's, and @p inout_is_told. */
static void check_trunk(struct tha_lint *lint, const struct aspect *aspect, uint32_t index, bool *inout_is_told)
{
    const struct tha_trunk_model *trunk = &lint->model->trunks[index];
    const json_t *own = json_object_get(tha_lint_trunk_json(lint, index), "keepalive");
    struct tha_config_path top = {NULL, "keepalive", 0};
    struct tha_lint_place place;
    bool is_own = json_object_get(own, aspect->key);
    struct tha_config_path path = {is_own ? tha_lint_trunk(lint, index, "keepalive", &place) : &top, aspect->key, 0};

    if (is_told_elsewhere(lint, aspect, trunk) || (!is_own && *inout_is_told))
        return;

    aspect->say(lint, &path, trunk->keepalive);
    *inout_is_told = *inout_is_told || !is_own;
}

void tha_lint_keepalive(struct tha_lint *lint)
{
    for (size_t i = 0; i < sizeof(aspects) / sizeof(aspects[0]); i++) {
        bool is_told = false;

        for (uint32_t t = 0; t < lint->model->n_trunks; t++) {
            const struct tha_trunk_model *trunk = &lint->model->trunks[t];

            if (trunk->admin != TRUNKHA_ADMIN_DISABLED && aspects[i].is_bad(trunk->keepalive))
                check_trunk(lint, &aspects[i], t, &is_told);
        }
    }
}

/* ---- Pairs */

static void say_half(struct tha_lint *lint, uint32_t off, uint32_t on)
{
    struct tha_lint_place place;
    char other[THA_LINT_LABEL_SIZE];

    tha_config_add_finding(lint->report, THA_CODE_HALF_PAIR_PROBED, tha_lint_trunk(lint, off, "keepalive", &place), NULL,
                           "this half of a pair is not probed, the other one is: %s", tha_lint_name_other(lint, on, other));
}

void tha_lint_half_pairs(struct tha_lint *lint)
{
    const struct tha_trunk_model *trunks = lint->model->trunks;

    for (uint32_t t = 0; t < lint->model->n_trunks; t++) {
        uint32_t paired = trunks[t].paired;

        if (paired != THA_NONE && !trunks[t].keepalive->enabled && trunks[t].admin != TRUNKHA_ADMIN_DISABLED &&
            is_probed(&trunks[paired]))
            say_half(lint, t, paired);
    }
}
