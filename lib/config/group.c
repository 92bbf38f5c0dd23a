#include "draft.h"

#define AT(member) THA_AT(struct group, member)

struct group {
    struct tha_group_model model;
    const char *failover_id;
    struct tha_config_draft *draft;
    uint32_t index;
};

/* ---- A trunk of a list */

static void read_trunk(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    struct group *group = target;
    struct tha_config_draft *draft = group->draft;
    struct tha_config_trunk trunk;
    struct tha_config_part part = {&tha_config_trunk_schema, &trunk, NULL};

    tha_config_init_trunk(&trunk, draft);
    tha_config_read_object(reader, path, value, &part, 1);
    if (!json_object_get(value, "sipAddress"))
        tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, path, NULL, "\"sipAddress\" is missing");

    tha_config_set_identity(reader, path, value, &trunk.model.id, &trunk.model.name);
    tha_config_enter_id(reader, &draft->trunk_ids, path, value, trunk.model.id, draft->model->n_trunks, "trunk");
    tha_config_check_reach(reader, path, value, &trunk.reach);
    tha_config_add_trunk(draft, &trunk, group->index, (uint32_t)path->index);
    tha_config_done_trunk(&trunk);
}

/* ---- A group */

static const struct tha_config_word strategies[] = {
    {"activeStandby", THA_STRATEGY_ACTIVE_STANDBY},
    {"weighted", THA_STRATEGY_WEIGHTED},
    {"roundRobin", THA_STRATEGY_ROUND_ROBIN},
    {"leastCalls", THA_STRATEGY_LEAST_CALLS},
    {NULL},
};

static const struct tha_config_field trunk_item = {NULL, THA_KIND_OBJECT, .read = read_trunk};

static const struct tha_config_field group_fields[] = {
    {"id", THA_KIND_TEXT, .at = AT(model.id), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"name", THA_KIND_TEXT, .at = AT(model.name), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"strategy", THA_KIND_WORD, .at = AT(model.strategy), .words = strategies},
    {"failoverTrunkGroupId", THA_KIND_TEXT, .at = AT(failover_id), .max = THA_CONFIG_ID_MAX},
    {"trunks", THA_KIND_LIST, .min = 1, .item = &trunk_item},
};
static const struct tha_config_schema group_schema = THA_SCHEMA(group_fields);

static bool is_short_form(const json_t *group)
{
    return json_object_get(group, "sipAddress") || !json_object_get(group, "trunks");
}

static void check_form(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *group)
{
    struct tha_config_path address = {path, "sipAddress", 0};
    bool has_address = json_object_get(group, "sipAddress"), has_trunks = json_object_get(group, "trunks");

    if (has_address && has_trunks)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, &address, "move it into \"trunks\"",
                               "a group has either \"trunks\" or a \"sipAddress\" of its own, not both");
    else if (!has_address && !has_trunks)
        tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, path, "add \"trunks\", or a \"sipAddress\" of its own",
                               "\"trunks\" is missing: a group without trunks carries no call");
}

/** The short form: the group's only trunk has its id and name. */
static void add_own_trunk(struct group *group, struct tha_config_trunk *trunk, const struct tha_config_path *path,
                          const json_t *value)
{
    struct tha_config_draft *draft = group->draft;

    trunk->model.id = group->model.id;
    trunk->model.name = group->model.name;
    tha_config_enter_id(&draft->reader, &draft->trunk_ids, path, value, trunk->model.id, draft->model->n_trunks, "trunk");
    tha_config_check_reach(&draft->reader, path, value, &trunk->reach);
    tha_config_add_trunk(draft, trunk, group->index, THA_NONE);
}

static void put_index(struct tha_config_draft *draft, struct tha_map *map, const char *key, uint32_t index)
{
    if (tha_map_put(map, key, tha_config_from_index(index)))
        draft->reader.report.is_out_of_memory = true;
}

/** A reference may use the name, as long as it is one group's alone; and each group is a profile of its own. */
static void enter_aliases(struct tha_config_draft *draft, const struct tha_group_model *group, uint32_t index)
{
    bool is_taken = group->name && tha_map_find(&draft->group_names, group->name);

    if (group->name)
        put_index(draft, &draft->group_names, group->name, is_taken ? THA_CONFIG_AMBIGUOUS : index);
    if (group->id)
        put_index(draft, &draft->profile_ids, group->id, index);
}

static void keep_group(struct group *group)
{
    struct tha_config_draft *draft = group->draft;

    group->model.n_trunks = draft->model->n_trunks - group->model.first_trunk;
    draft->model->groups[group->index] = group->model;
    draft->failover_ids[group->index] = group->failover_id;
}

static void read_group(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    struct tha_config_draft *draft = target;
    struct group group = {.model.first_trunk = draft->model->n_trunks, .draft = draft, .index = (uint32_t)path->index};
    struct tha_config_trunk trunk;
    bool is_short = is_short_form(value), is_new;
    struct tha_config_part parts[] = {
        {&group_schema, &group, NULL},
        {&tha_config_trunk_schema, &trunk, is_short ? NULL : "\"trunks\""},
    };

    check_form(reader, path, value);
    tha_config_init_trunk(&trunk, draft);
    tha_config_read_object(reader, path, value, parts, 2);
    tha_config_set_identity(reader, path, value, &group.model.id, &group.model.name);

    is_new = tha_config_enter_id(reader, &draft->group_ids, path, value, group.model.id, group.index, "trunk group");
    if (is_short && is_new)
        add_own_trunk(&group, &trunk, path, value);
    tha_config_done_trunk(&trunk);
    enter_aliases(draft, &group.model, group.index);
    keep_group(&group);
}

/* ---- All of them */

static uint32_t count_trunks(const json_t *groups)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);

        count += json_array_size(json_object_get(group, "trunks")) + is_short_form(group);
    }

    return (uint32_t)count;
}

static bool make_room(struct tha_config_draft *draft, uint32_t n_groups, uint32_t n_trunks)
{
    struct tha_model *model = draft->model;

    model->groups = tha_arena_alloc(&model->arena, n_groups, sizeof(*model->groups));
    model->trunks = tha_arena_alloc(&model->arena, n_trunks, sizeof(*model->trunks));
    draft->pairs = tha_arena_alloc(&draft->scratch, n_trunks, sizeof(*draft->pairs));
    draft->failover_ids = tha_arena_alloc(&draft->scratch, n_groups, sizeof(*draft->failover_ids));
    model->n_groups = n_groups;

    return model->groups && model->trunks && draft->pairs && draft->failover_ids;
}

void tha_config_read_groups(struct tha_config_draft *draft, const struct tha_config_path *path, json_t *groups)
{
    static const struct tha_config_field group_item = {NULL, THA_KIND_OBJECT, .read = read_group};

    if (!make_room(draft, (uint32_t)json_array_size(groups), count_trunks(groups))) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    for (size_t i = 0; i < json_array_size(groups); i++) {
        struct tha_config_path item = {path, NULL, i};

        tha_config_read_value(&draft->reader, &item, &group_item, json_array_get(groups, i), draft);
    }
}
