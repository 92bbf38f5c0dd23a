#include "draft.h"

void tha_config_set_identity(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                             const char **inout_id, const char **inout_name)
{
    if (!json_object_get(object, "id") && !json_object_get(object, "name"))
        tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, path, NULL, "\"id\" or \"name\" is missing");

    if (!*inout_id)
        *inout_id = *inout_name;
    if (!*inout_name)
        *inout_name = *inout_id;
}

static void say_taken(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                      const char *owner)
{
    const char *key = json_object_get(object, "id") ? "id" : "name";
    struct tha_config_path key_path = {path, key, 0};
    char quoted[THA_CONFIG_LABEL_SIZE];

    tha_config_quote(json_string_value(json_object_get(object, key)), quoted, sizeof(quoted));
    tha_config_add_finding(&reader->report, THA_CODE_DUPLICATE_ID, &key_path, NULL,
                           "the id \"%s\" is taken already by another %s", quoted, owner);
}

bool tha_config_enter_id(struct tha_config_reader *reader, struct tha_map *ids, const struct tha_config_path *path,
                         const json_t *object, const char *id, uint32_t index, const char *owner)
{
    if (!id)
        return false;

    if (tha_map_find(ids, id)) {
        say_taken(reader, path, object, owner);
        return false;
    }

    if (tha_map_put(ids, id, tha_config_from_index(index)))
        reader->report.is_out_of_memory = true;

    return true;
}
