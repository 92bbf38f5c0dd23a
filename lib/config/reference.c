#include "draft.h"

#include <string.h>

#define NEAREST_MAX 256 /* ids that a wrong one is compared with */

static const struct tha_config_path groups_path = {NULL, "trunkGroups", 0};
static const struct tha_config_path profiles_path = {NULL, "routingProfiles", 0};

/** The id of a group as it stands in the file. */
static const char *raw_id(const struct tha_config_draft *draft, uint32_t index)
{
    const json_t *group = json_array_get(draft->groups_json, index);
    const char *id = json_string_value(json_object_get(group, "id"));
    const char *name = json_string_value(json_object_get(group, "name"));

    return id ? id : name ? name : "";
}

/* ---- One reference */

/** NULL when none is near, or when the nearest reads the same and is another all the same: by way of ${NAME}. */
static const char *nearest_id(const struct tha_config_draft *draft, const char *raw)
{
    const char *known[NEAREST_MAX], *nearest;
    size_t n = 0;

    if (tha_config_is_full(&draft->reader.report))
        return NULL;

    for (uint32_t g = 0; g < draft->model->n_groups && n < NEAREST_MAX; g++) {
        if (*raw_id(draft, g))
            known[n++] = raw_id(draft, g);
    }
    nearest = tha_text_nearest(raw, known, n);

    return nearest && strcmp(nearest, raw) ? nearest : NULL;
}

static void say_unknown_group(struct tha_config_draft *draft, const struct tha_config_path *path)
{
    const char *raw = tha_config_get_raw(&draft->reader, path), *nearest = nearest_id(draft, raw);
    char quoted[THA_CONFIG_ID_MAX + 1], near_quoted[THA_CONFIG_ID_MAX + 1], fix[THA_CONFIG_LABEL_SIZE];

    tha_config_quote(raw, quoted, sizeof(quoted));
    tha_config_quote(nearest, near_quoted, sizeof(near_quoted));
    tha_text_print(fix, sizeof(fix), "write \"%s\"", near_quoted);
    if (nearest)
        tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path, fix,
                               "no trunk group has the id \"%s\": did you mean \"%s\"?", quoted, near_quoted);
    else
        tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path, NULL,
                               "no trunk group has the id \"%s\"", quoted);
}

static uint32_t find_group(struct tha_config_draft *draft, const struct tha_config_path *path, const char *id)
{
    void *found = tha_map_find(&draft->group_ids, id);
    uint32_t index = tha_config_to_index(found ? found : tha_map_find(&draft->group_names, id));
    char quoted[THA_CONFIG_LABEL_SIZE];

    if (index < draft->model->n_groups)
        return index;

    if (index == THA_CONFIG_AMBIGUOUS)
        tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path,
                               "write the id of the one that is meant",
                               "several trunk groups have the name \"%s\": write an id",
                               tha_config_quote(tha_config_get_raw(&draft->reader, path), quoted, sizeof(quoted)));
    else
        say_unknown_group(draft, path);

    return THA_NONE;
}

static void resolve_group(struct tha_config_draft *draft, uint32_t index)
{
    struct tha_config_path group = {&groups_path, NULL, index}, path = {&group, "failoverTrunkGroupId", 0};
    const char *id = draft->failover_ids[index];

    draft->model->groups[index].failover = id ? find_group(draft, &path, id) : THA_NONE;
}

static void resolve_profile(struct tha_config_draft *draft, uint32_t index)
{
    struct tha_config_profile *profile = &draft->profiles[index];
    struct tha_config_path path = {&profiles_path, NULL, index};
    struct tha_config_path primary = {&path, "primaryTrunkGroup", 0}, secondary = {&path, "secondaryTrunkGroup", 0};

    profile->primary = profile->secondary = THA_NONE;
    if (profile->primary_id)
        profile->primary = find_group(draft, &primary, profile->primary_id);
    if (profile->secondary_id)
        profile->secondary = find_group(draft, &secondary, profile->secondary_id);
}

/* ---- Cycles */

static uint32_t first_of_cycle(const struct tha_group_model *groups, uint32_t member)
{
    uint32_t first = member;

    for (uint32_t g = groups[member].failover; g != member; g = groups[g].failover)
        first = g < first ? g : first;

    return first;
}

static void print_cycle(const struct tha_config_draft *draft, uint32_t first, char *buf, size_t size)
{
    const struct tha_group_model *groups = draft->model->groups;
    char quoted[THA_CONFIG_ID_MAX + 1];
    uint32_t g = first;
    size_t len = 0;

    do {
        tha_text_print(buf + len, size - len, "%s -> ", tha_config_quote(raw_id(draft, g), quoted, sizeof(quoted)));
        len += strlen(buf + len);
        g = groups[g].failover;
    } while (g != first && size - len > 2 * sizeof("...") + THA_CONFIG_ID_MAX);

    tha_text_print(buf + len, size - len, "%s",
                   g == first ? tha_config_quote(raw_id(draft, g), quoted, sizeof(quoted)) : "...");
}

static void say_cycle(struct tha_config_draft *draft, uint32_t member)
{
    uint32_t first = first_of_cycle(draft->model->groups, member);
    struct tha_config_path group = {&groups_path, NULL, first}, path = {&group, "failoverTrunkGroupId", 0};
    char cycle[400];

    print_cycle(draft, first, cycle, sizeof(cycle));
    tha_config_add_finding(&draft->reader.report, THA_CODE_FAILOVER_CYCLE, &path, NULL, "the failover goes in a circle: %s",
                           cycle);
}

/** Every group has one successor at most: a walk that meets its own mark has found a cycle. */
static void find_cycles(struct tha_config_draft *draft)
{
    const struct tha_group_model *groups = draft->model->groups;
    uint32_t *marks = tha_arena_alloc(&draft->scratch, draft->model->n_groups, sizeof(*marks));

    if (!marks) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    for (uint32_t start = 0; start < draft->model->n_groups; start++) {
        uint32_t g = start, mark = start + 1;

        for (; g != THA_NONE && !marks[g]; g = groups[g].failover)
            marks[g] = mark;
        if (g != THA_NONE && marks[g] == mark)
            say_cycle(draft, g);
    }
}

void tha_config_resolve_references(struct tha_config_draft *draft)
{
    for (uint32_t i = 0; i < draft->model->n_groups; i++)
        resolve_group(draft, i);
    for (uint32_t i = 0; i < draft->n_profiles; i++)
        resolve_profile(draft, i);

    find_cycles(draft);
}
