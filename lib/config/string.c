/* Texts: ${NAME} replaced, length and form checked, kept once however often they occur. */
#include <string.h>

#include "environment.h"
#include "reader.h"

#define TEXT_MAX 1024 /* bytes of a text whose field has no bound of its own */

static void say_expansion(struct tha_config_reader *reader, const struct tha_config_path *path,
                          enum tha_config_expansion expansion, const char *name, size_t len)
{
    switch (expansion) {
    case THA_EXPANSION_UNSET:
        tha_config_add_finding(&reader->report, THA_CODE_ENVIRONMENT_UNSET, path, NULL,
                               "the environment variable %.*s is not set", (int)len, name);
        break;
    case THA_EXPANSION_MALFORMED:
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, "write ${NAME}",
                               "\"${\" must be followed by the name of an environment variable and \"}\"");
        break;
    case THA_EXPANSION_TOO_LONG:
        tha_config_add_finding(&reader->report, THA_CODE_TOO_LONG, path, NULL,
                               "with its environment variables put in, the text has more than %d bytes",
                               THA_CONFIG_TEXT_SIZE - 1);
        break;
    case THA_EXPANSION_DONE:
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, "set the variable to UTF-8 text",
                               "with its environment variables put in, the text is not valid UTF-8");
        break;
    }
}

static const char *expand(struct tha_config_reader *reader, const struct tha_config_path *path, const char *raw,
                          char buf[THA_CONFIG_TEXT_SIZE])
{
    const char *name = NULL;
    size_t len = 0;
    enum tha_config_expansion expansion;

    if (!strstr(raw, "${"))
        return raw;

    expansion = tha_config_expand(raw, buf, THA_CONFIG_TEXT_SIZE, &name, &len);
    if (!expansion && tha_config_is_utf8(buf))
        return buf;
    say_expansion(reader, path, expansion, name, len);

    return NULL;
}

static void say_too_long(struct tha_config_reader *reader, const struct tha_config_path *path, size_t len, size_t max)
{
    char label[THA_CONFIG_LABEL_SIZE];

    tha_config_add_finding(&reader->report, THA_CODE_TOO_LONG, path, NULL, "%s has %zu bytes; at most %zu are allowed",
                           tha_config_print_label(path, label, sizeof(label)), len, max);
}

static void say_problem(struct tha_config_reader *reader, const struct tha_config_path *path, enum tha_config_code code,
                        const char *problem)
{
    char label[THA_CONFIG_LABEL_SIZE];

    tha_config_add_finding(&reader->report, code, path, NULL, "%s %s", tha_config_print_label(path, label, sizeof(label)),
                           problem);
}

const char *tha_config_get_text(struct tha_config_reader *reader, const struct tha_config_path *path,
                                const struct tha_config_field *field, const json_t *value, char buf[THA_CONFIG_TEXT_SIZE])
{
    const char *text = expand(reader, path, json_string_value(value), buf);
    size_t max = field->max > 0 ? (size_t)field->max : TEXT_MAX;
    enum tha_config_code code = THA_CODE_BAD_VALUE;
    const char *problem;

    if (!text)
        return NULL;

    if (strlen(text) > max) {
        say_too_long(reader, path, strlen(text), max);
        return NULL;
    }

    problem = field->check ? field->check(text, &code) : NULL;
    if (problem)
        say_problem(reader, path, code, problem);

    return problem ? NULL : text;
}

void tha_config_read_text(struct tha_config_reader *reader, const struct tha_config_path *path,
                          const struct tha_config_field *field, json_t *value, void *target)
{
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, field, value, buf);

    if (!text)
        return;

    if (field->is_later && *text)
        tha_config_say_not_supported(reader, path);
    if (field->at)
        *(const char **)(void *)((char *)target + field->at - 1) = *text ? tha_config_keep_text(reader, text) : NULL;
}

const char *tha_config_keep_text(struct tha_config_reader *reader, const char *text)
{
    char *kept = tha_map_find(&reader->strings, text);

    if (kept)
        return kept;

    kept = tha_arena_strdup(reader->arena, text);
    if (!kept || tha_map_put(&reader->strings, kept, kept))
        reader->report.is_out_of_memory = true;

    return kept;
}

static const json_t *find_value(const json_t *root, const struct tha_config_path *path)
{
    const json_t *parent = path ? find_value(root, path->parent) : NULL;

    if (!path)
        return root;

    return path->key ? json_object_get(parent, path->key) : json_array_get(parent, path->index);
}

const char *tha_config_get_raw(const struct tha_config_reader *reader, const struct tha_config_path *path)
{
    const char *raw = json_string_value(find_value(reader->root, path));

    return raw ? raw : "";
}
