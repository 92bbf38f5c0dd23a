#include "draft.h"

#define AT(member) THA_AT(struct tha_config_profile, member)

/** An empty block shares the defaults like one that is left out. */
static void read_own_call(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target)
{
    if (json_object_size(block))
        ((struct tha_config_profile *)target)->call = tha_config_read_call(reader, path, block);
}

static const struct tha_config_word failback_modes[] = {
    {"auto", THA_FAILBACK_AUTO},
    {"manual", THA_FAILBACK_MANUAL},
    {"whenIdle", THA_FAILBACK_WHEN_IDLE},
    {NULL},
};

static const struct tha_config_field failback_fields[] = {
    {"mode", THA_KIND_WORD, .at = AT(failback), .words = failback_modes},
    {"holdDown", THA_KIND_SECONDS, .at = AT(hold_down_ms), .max = 86400, .initial = 60},
};
static const struct tha_config_schema failback_schema = THA_SCHEMA(failback_fields);

static const struct tha_config_field profile_fields[] = {
    {"id", THA_KIND_TEXT, .at = AT(id), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"name", THA_KIND_TEXT, .at = AT(name), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"primaryTrunkGroup", THA_KIND_TEXT, .is_required = true, .at = AT(primary_id), .max = THA_CONFIG_ID_MAX,
     .check = tha_config_check_id},
    {"secondaryTrunkGroup", THA_KIND_TEXT, .at = AT(secondary_id), .max = THA_CONFIG_ID_MAX},
    {"automaticFailover", THA_KIND_BOOL, .at = AT(automatic_failover), .initial = true},
    {"failback", THA_KIND_OBJECT, .schema = &failback_schema},
    {"call", THA_KIND_OBJECT, .read = read_own_call},
};
static const struct tha_config_schema profile_schema = THA_SCHEMA(profile_fields);

static void read_profile(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    struct tha_config_draft *draft = target;
    struct tha_config_profile *profile = &draft->profiles[path->index];
    struct tha_config_part part = {&profile_schema, profile, NULL};

    tha_config_set_defaults(&profile_schema, profile);
    tha_config_read_object(reader, path, value, &part, 1);
    tha_config_set_identity(reader, path, value, &profile->id, &profile->name);
    tha_config_enter_id(reader, &draft->profile_ids, path, value, profile->id, (uint32_t)path->index,
                        "profile or trunk group");
}

void tha_config_read_profiles(struct tha_config_draft *draft, const struct tha_config_path *path, json_t *profiles)
{
    static const struct tha_config_field profile_item = {NULL, THA_KIND_OBJECT, .read = read_profile};
    size_t count = json_array_size(profiles);

    draft->profiles = tha_arena_alloc(&draft->scratch, count, sizeof(*draft->profiles));
    if (!draft->profiles) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    draft->n_profiles = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct tha_config_path item = {path, NULL, i};

        tha_config_read_value(&draft->reader, &item, &profile_item, json_array_get(profiles, i), draft);
    }
}
