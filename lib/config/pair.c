/* Pairs: an inbound and an outbound trunk that are the two halves of one. It is enough when one names the other. */
#include "draft.h"

static const struct tha_config_path groups_path = {NULL, "trunkGroups", 0};

/** Tells of the `pairedTrunkId` of @p trunk, which stands between @p before and @p after as it does in the file. */
static void say(struct tha_config_draft *draft, uint32_t trunk, enum tha_config_code code, const char *fix,
                const char *before, const char *after)
{
    const struct tha_config_pair *pair = &draft->pairs[trunk];
    struct tha_config_path group = {&groups_path, NULL, draft->model->trunks[trunk].group};
    struct tha_config_path trunks = {&group, "trunks", 0}, member = {&trunks, NULL, pair->place};
    struct tha_config_path path = {pair->place == THA_NONE ? &group : &member, "pairedTrunkId", 0};
    char quoted[THA_CONFIG_ID_MAX + 1];

    tha_config_quote(tha_config_get_raw(&draft->reader, &path), quoted, sizeof(quoted));
    tha_config_add_finding(&draft->reader.report, code, &path, fix, "%s\"%s\"%s", before, quoted, after);
}

static uint32_t find_trunk(const struct tha_config_draft *draft, const char *id)
{
    return id ? tha_config_to_index(tha_map_find(&draft->trunk_ids, id)) : THA_NONE;
}

static bool is_taken(const struct tha_config_draft *draft, uint32_t trunk, uint32_t by)
{
    uint32_t paired = draft->model->trunks[trunk].paired;

    return (paired != THA_NONE && paired != by) ||
           (draft->pairs[trunk].paired_id && find_trunk(draft, draft->pairs[trunk].paired_id) != by);
}

static bool is_both_ways(const struct tha_trunk_model *a, const struct tha_trunk_model *b)
{
    return (a->direction == THA_DIRECTION_INBOUND && b->direction == THA_DIRECTION_OUTBOUND) ||
           (a->direction == THA_DIRECTION_OUTBOUND && b->direction == THA_DIRECTION_INBOUND);
}

static void resolve(struct tha_config_draft *draft, uint32_t trunk)
{
    struct tha_trunk_model *trunks = draft->model->trunks;
    uint32_t other = find_trunk(draft, draft->pairs[trunk].paired_id);

    if (other == THA_NONE) {
        say(draft, trunk, THA_CODE_UNKNOWN_REFERENCE, NULL, "no trunk has the id ", "");
    } else if (other == trunk) {
        say(draft, trunk, THA_CODE_BAD_PAIR, "write the id of the trunk of the other direction", "",
            " is this trunk itself");
    } else if (is_taken(draft, other, trunk)) {
        say(draft, trunk, THA_CODE_BAD_PAIR, NULL, "", " is paired with another trunk");
    } else if (!is_both_ways(&trunks[trunk], &trunks[other])) {
        if (!draft->pairs[other].paired_id || trunk < other)
            say(draft, trunk, THA_CODE_BAD_PAIR,
                "write \"direction\": \"inbound\" in one of the two, and \"outbound\" in the other", "this trunk and ",
                " are not one inbound and one outbound trunk");
    } else {
        trunks[trunk].paired = other;
        trunks[other].paired = trunk;
    }
}

void tha_config_resolve_pairs(struct tha_config_draft *draft)
{
    for (uint32_t i = 0; i < draft->model->n_trunks; i++) {
        if (draft->pairs[i].paired_id)
            resolve(draft, i);
    }
}
