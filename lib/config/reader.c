#include "reader.h"

#include <string.h>

#define KEYS_MAX 64 /* of one object; the tables are shorter */

/* ---- Types */

static const char *wanted_type(enum tha_config_kind kind)
{
    static const char *const names[] = {
        [THA_KIND_BOOL] = "true or false",
        [THA_KIND_COUNT] = "a whole number",
        [THA_KIND_SECONDS] = "a number of seconds",
        [THA_KIND_FRACTION] = "a number",
        [THA_KIND_WORD] = "a string",
        [THA_KIND_TEXT] = "a string",
        [THA_KIND_OBJECT] = "an object",
        [THA_KIND_LIST] = "a list",
        [THA_KIND_TIME] = "a time: seconds, or \"1h30m\"",
    };

    return names[kind];
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",
        [JSON_ARRAY] = "a list",
        [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number",
        [JSON_REAL] = "a number with decimals",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null",
    };

    return names[json_typeof(value)];
}

static bool has_type(enum tha_config_kind kind, const json_t *value)
{
    switch (kind) {
    case THA_KIND_BOOL:
        return json_is_boolean(value);
    case THA_KIND_COUNT:
        return json_is_integer(value);
    case THA_KIND_SECONDS:
    case THA_KIND_FRACTION:
        return json_is_number(value);
    case THA_KIND_TIME:
        return json_is_number(value) || json_is_string(value);
    case THA_KIND_WORD:
    case THA_KIND_TEXT:
        return json_is_string(value);
    case THA_KIND_OBJECT:
        return json_is_object(value);
    case THA_KIND_LIST:
        return json_is_array(value);
    case THA_KIND_ANY:
        return true;
    }

    return false;
}

static bool check_type(struct tha_config_reader *reader, const struct tha_config_path *path,
                       const struct tha_config_field *field, const json_t *value)
{
    char label[THA_CONFIG_LABEL_SIZE];

    if (has_type(field->kind, value))
        return true;

    tha_config_add_finding(&reader->report, THA_CODE_WRONG_TYPE, path, NULL, "%s must be %s, not %s",
                           tha_config_print_label(path, label, sizeof(label)), wanted_type(field->kind), type_name(value));

    return false;
}

/* ---- Lists and objects inside of objects */

static bool check_size(struct tha_config_reader *reader, const struct tha_config_path *path,
                       const struct tha_config_field *field, const json_t *value)
{
    size_t count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    size_t max = field->max > 0 ? (size_t)field->max : SIZE_MAX;
    char label[THA_CONFIG_LABEL_SIZE];

    if (count <= max && (count || field->min < 1))
        return true;

    tha_config_print_label(path, label, sizeof(label));
    if (count)
        tha_config_add_finding(&reader->report, THA_CODE_OUT_OF_RANGE, path, NULL,
                               "%s has %zu entries; at most %zu are allowed", label, count, max);
    else
        tha_config_add_finding(&reader->report, THA_CODE_OUT_OF_RANGE, path, NULL,
                               "%s is empty: it needs at least one entry", label);

    return false;
}

static void read_list(struct tha_config_reader *reader, const struct tha_config_path *path,
                      const struct tha_config_field *field, json_t *value, void *target)
{
    if (field->is_later && json_array_size(value))
        tha_config_say_not_supported(reader, path);

    for (size_t i = 0; field->item && i < json_array_size(value); i++) {
        struct tha_config_path item = {path, NULL, i};

        tha_config_read_value(reader, &item, field->item, json_array_get(value, i), target);
    }
}

static void read_nested(struct tha_config_reader *reader, const struct tha_config_path *path,
                        const struct tha_config_field *field, json_t *value, void *target)
{
    struct tha_config_part part = {field->schema, target, NULL};

    if (field->is_later && json_object_size(value))
        tha_config_say_not_supported(reader, path);
    if (field->schema)
        tha_config_read_object(reader, path, value, &part, 1);
}

void tha_config_read_value(struct tha_config_reader *reader, const struct tha_config_path *path,
                           const struct tha_config_field *field, json_t *value, void *target)
{
    static void (*const readers[])(struct tha_config_reader *, const struct tha_config_path *,
                                   const struct tha_config_field *, json_t *, void *) = {
        [THA_KIND_BOOL] = tha_config_read_bool,
        [THA_KIND_COUNT] = tha_config_read_number,
        [THA_KIND_SECONDS] = tha_config_read_number,
        [THA_KIND_TIME] = tha_config_read_time,
        [THA_KIND_FRACTION] = tha_config_read_number,
        [THA_KIND_WORD] = tha_config_read_word,
        [THA_KIND_TEXT] = tha_config_read_text,
        [THA_KIND_OBJECT] = read_nested,
        [THA_KIND_LIST] = read_list,
    };
    bool is_container = field->kind == THA_KIND_OBJECT || field->kind == THA_KIND_LIST;

    if (!check_type(reader, path, field, value))
        return;
    if (is_container && !check_size(reader, path, field, value))
        return;

    if (field->read)
        field->read(reader, path, value, target);
    else
        readers[field->kind](reader, path, field, value, target);
}

/* ---- Objects */

void tha_config_set_defaults(const struct tha_config_schema *schema, void *target)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct tha_config_field *field = &schema->fields[i];

        if (field->kind == THA_KIND_OBJECT && field->schema)
            tha_config_set_defaults(field->schema, target);
        else if (field->kind <= THA_KIND_FRACTION)
            tha_config_put_number(field, target, field->initial);
    }
}

static const struct tha_config_field *find_field(const struct tha_config_schema *schema, const char *key)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (!strcmp(schema->fields[i].key, key))
            return &schema->fields[i];
    }

    return NULL;
}

static const char *nearest_key(const char *key, const struct tha_config_part *parts, size_t n_parts)
{
    const char *known[KEYS_MAX];
    size_t n = 0;

    for (size_t p = 0; p < n_parts; p++) {
        for (size_t i = 0; i < parts[p].schema->count && n < KEYS_MAX; i++)
            known[n++] = parts[p].schema->fields[i].key;
    }

    return tha_text_nearest(key, known, n);
}

static void say_unknown_key(struct tha_config_reader *reader, const struct tha_config_path *path,
                            const struct tha_config_part *parts, size_t n_parts)
{
    const char *nearest = tha_config_is_full(&reader->report) ? NULL : nearest_key(path->key, parts, n_parts);
    char label[THA_CONFIG_LABEL_SIZE], fix[THA_CONFIG_LABEL_SIZE];

    tha_config_print_label(path, label, sizeof(label));
    if (!nearest) {
        tha_config_add_finding(&reader->report, THA_CODE_UNKNOWN_KEY, path, NULL, "unknown key %s", label);
        return;
    }

    tha_text_print(fix, sizeof(fix), "write \"%s\"", nearest);
    tha_config_add_finding(&reader->report, THA_CODE_UNKNOWN_KEY, path, fix, "unknown key %s: did you mean \"%s\"?", label,
                           nearest);
}

static void say_misplaced(struct tha_config_reader *reader, const struct tha_config_path *path, const char *owner)
{
    char label[THA_CONFIG_LABEL_SIZE], fix[THA_CONFIG_LABEL_SIZE];

    tha_text_print(fix, sizeof(fix), "write it in %s", owner);
    tha_config_add_finding(&reader->report, THA_CODE_UNKNOWN_KEY, path, fix, "%s does not belong here: %s",
                           tha_config_print_label(path, label, sizeof(label)), fix);
}

static const struct tha_config_field *find_in_parts(const struct tha_config_part *parts, size_t n_parts, const char *key,
                                                    const struct tha_config_part **ret_part)
{
    const struct tha_config_field *field = NULL;

    for (size_t p = 0; p < n_parts && !field; p++) {
        field = find_field(parts[p].schema, key);
        *ret_part = &parts[p];
    }

    return field;
}

static void read_member(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                        const struct tha_config_part *parts, size_t n_parts)
{
    const struct tha_config_part *part;
    const struct tha_config_field *field = find_in_parts(parts, n_parts, path->key, &part);

    if (field && !part->owner)
        tha_config_read_value(reader, path, field, value, part->target);
    else if (field)
        say_misplaced(reader, path, part->owner);
    else if (strncmp(path->key, "x-", 2))
        say_unknown_key(reader, path, parts, n_parts);
}

static void say_missing(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *object,
                        const struct tha_config_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct tha_config_field *field = &schema->fields[i];

        if (field->is_required && !json_object_get(object, field->key))
            tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, path, NULL, "\"%s\" is missing", field->key);
    }
}

void tha_config_read_object(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *object,
                            const struct tha_config_part *parts, size_t n_parts)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        struct tha_config_path member = {path, key, 0};

        read_member(reader, &member, value, parts, n_parts);
    }

    for (size_t p = 0; p < n_parts && !parts[p].owner; p++)
        say_missing(reader, path, object, parts[p].schema);
}
