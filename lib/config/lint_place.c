#include "lint.h"

#define NAME_SIZE 96 /* bytes of an id in a message */

/* ---- What stands there */

const json_t *tha_lint_group_json(const struct tha_lint *lint, uint32_t group)
{
    return json_array_get(lint->draft->groups_json, group);
}

const json_t *tha_lint_trunk_json(const struct tha_lint *lint, uint32_t trunk)
{
    const json_t *group = tha_lint_group_json(lint, lint->model->trunks[trunk].group);
    uint32_t place = lint->draft->pairs[trunk].place;

    return place == THA_NONE ? group : json_array_get(json_object_get(group, "trunks"), place);
}

const json_t *tha_lint_profile_json(const struct tha_lint *lint, uint32_t profile)
{
    return json_array_get(lint->draft->profiles_json, profile);
}

/* ---- Paths */

static const struct tha_config_path *add_key(struct tha_lint_place *place, const struct tha_config_path *object,
                                             const json_t *value, const char *key)
{
    if (!key || !json_object_get(value, key))
        return object;

    place->key = (struct tha_config_path){object, key, 0};

    return &place->key;
}

static const struct tha_config_path *enter(struct tha_lint_place *place, const char *list, uint32_t index)
{
    place->root = (struct tha_config_path){NULL, list, 0};
    place->item = (struct tha_config_path){&place->root, NULL, index};

    return &place->item;
}

const struct tha_config_path *tha_lint_group(const struct tha_lint *lint, uint32_t group, const char *key,
                                             struct tha_lint_place *place)
{
    return add_key(place, enter(place, "trunkGroups", group), tha_lint_group_json(lint, group), key);
}

const struct tha_config_path *tha_lint_profile(const struct tha_lint *lint, uint32_t profile, const char *key,
                                               struct tha_lint_place *place)
{
    return add_key(place, enter(place, "routingProfiles", profile), tha_lint_profile_json(lint, profile), key);
}

const struct tha_config_path *tha_lint_trunk(const struct tha_lint *lint, uint32_t trunk, const char *key,
                                             struct tha_lint_place *place)
{
    const struct tha_config_path *object = enter(place, "trunkGroups", lint->model->trunks[trunk].group);
    uint32_t index = lint->draft->pairs[trunk].place;

    if (index != THA_NONE) {
        place->list = (struct tha_config_path){object, "trunks", 0};
        place->entry = (struct tha_config_path){&place->list, NULL, index};
        object = &place->entry;
    }

    return add_key(place, object, tha_lint_trunk_json(lint, trunk), key);
}

/* ---- Names for messages: those of the file, never what ${NAME} stands for */

const char *tha_lint_name_trunk(const struct tha_lint *lint, uint32_t trunk, char buf[THA_LINT_LABEL_SIZE])
{
    const json_t *value = tha_lint_trunk_json(lint, trunk);
    const char *id = json_string_value(json_object_get(value, "id"));
    const char *name = json_string_value(json_object_get(value, "name"));
    char quoted[NAME_SIZE];

    tha_config_quote(id ? id : name, quoted, sizeof(quoted));
    tha_text_print(buf, THA_LINT_LABEL_SIZE, "trunk \"%s\"", quoted);

    return buf;
}

const char *tha_lint_name_other(const struct tha_lint *lint, uint32_t trunk, char buf[THA_LINT_LABEL_SIZE])
{
    char name[THA_LINT_LABEL_SIZE], pointer[THA_LINT_LABEL_SIZE / 2];
    struct tha_lint_place place;

    tha_config_print_path(tha_lint_trunk(lint, trunk, NULL, &place), pointer, sizeof(pointer));
    tha_text_print(buf, THA_LINT_LABEL_SIZE, "%s (%s)", tha_lint_name_trunk(lint, trunk, name), pointer);

    return buf;
}
