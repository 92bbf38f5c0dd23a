#include "settings.h"

#include <string.h>

#include "reader.h"
#include "wipe.h"

#define STEPS_MAX 32 /* of one path; our own format has seven levels, and what is deep is freed by recursion */

/** A setting on its way down the document. */
struct setting {
    struct tha_config_report *report;
    const char *text;                   /**< all of it */
    const char *step;                   /**< the rest of the path */
    const char *value;                  /**< behind the "=" */
    const struct tha_config_path *path; /**< to where it is; NULL = the document */
};

/** What has been followed of the path so far, or all of it, for messages: the value may be a secret. */
static const char *quote_path(const struct setting *setting, const char *end, char buf[THA_CONFIG_LABEL_SIZE])
{
    char path[THA_CONFIG_LABEL_SIZE];

    tha_text_print(path, sizeof(path), "%.*s", (int)(end - setting->text), setting->text);

    return tha_config_quote(path, buf, THA_CONFIG_LABEL_SIZE);
}

static void say(const struct setting *setting, const char *end, const char *what, const char *fix)
{
    char label[THA_CONFIG_LABEL_SIZE];

    tha_config_add_finding_nowhere(setting->report, THA_CODE_BAD_VALUE, fix, "the setting \"%s\" %s",
                                   quote_path(setting, end, label), what);
}

/* ---- The value */

/** Read twice, as the document: see parse.c. NULL when out of memory. */
static json_t *read_value(const char *text)
{
    size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;
    json_t *value = json_loads(text, flags, NULL), *again = json_loads(text, flags, NULL);
    bool is_same = json_equal(value, again);

    tha_config_wipe(again);
    if (is_same)
        return value;
    tha_config_wipe(value);

    return value || again ? NULL : json_string(text);
}

/** A number, or JSON with one in it: "1e999.carrier.example" is a text. */
static bool is_too_large(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    bool is_json = *text == '{' || *text == '[' || !text[strspn(text, "+-.0123456789Ee")];

    if (!value)
        return is_json && json_error_code(&error) == json_error_numeric_overflow;
    tha_config_wipe(value);

    return false;
}

/* ---- Where it is */

static void go_to(struct setting *setting, const char *key, size_t index)
{
    struct tha_config_path *path = tha_arena_alloc(&setting->report->arena, 1, sizeof(*path));
    const char *kept = key ? tha_arena_strdup(&setting->report->arena, key) : NULL;

    if (!path || (key && !kept)) {
        setting->report->is_out_of_memory = true;
        return;
    }
    *path = (struct tha_config_path){setting->path, kept, index};
    setting->path = path;
}

/** What it has put in here is its own. What jansson has not done, it had no memory for. */
static void claim(const struct setting *setting, int failure)
{
    struct tha_config_report *report = setting->report;
    struct tha_config_origin *origin = tha_arena_alloc(&report->arena, 1, sizeof(*origin));
    char label[THA_CONFIG_LABEL_SIZE];
    const char *kept = tha_arena_strdup(&report->arena, quote_path(setting, setting->value - 1, label));

    if (failure || !origin || !kept) {
        report->is_out_of_memory = true;
        return;
    }
    *origin = (struct tha_config_origin){report->origins, setting->path, kept};
    report->origins = origin;
}

/* ---- One step down */

static size_t step_length(const struct setting *setting)
{
    const char *dot = memchr(setting->step, '.', (size_t)(setting->value - 1 - setting->step));

    return (size_t)((dot ? dot : setting->value - 1) - setting->step);
}

static bool is_last(const struct setting *setting, size_t len)
{
    return setting->step + len + 1 == setting->value;
}

/** Ids may have dots in them: how much of the path is this one? 0 = nothing. */
static size_t id_length(const struct setting *setting, const json_t *entry)
{
    const char *id = json_string_value(json_object_get(entry, "id"));
    const char *name = id ? id : json_string_value(json_object_get(entry, "name"));
    size_t len = name ? strlen(name) : 0, rest = (size_t)(setting->value - 1 - setting->step);

    if (len > rest || memcmp(setting->step, name ? name : "", len) != 0)
        return 0;

    return len == rest || setting->step[len] == '.' ? len : 0;
}

static bool read_number(const char *text, size_t len, size_t *ret_number)
{
    size_t number = 0;

    if (!len || len > 9 || strspn(text, "0123456789") < len)
        return false;
    for (size_t i = 0; i < len; i++)
        number = number * 10 + (size_t)(text[i] - '0');
    *ret_number = number;

    return true;
}

/** The entry with the longest id that fits, or else the one of that number. */
static bool find_entry(const struct setting *setting, const json_t *list, size_t *ret_index, size_t *ret_len)
{
    size_t longest = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t len = id_length(setting, json_array_get(list, i));

        if (len > longest) {
            longest = len;
            *ret_index = i;
        }
    }
    *ret_len = longest ? longest : step_length(setting);

    return longest || (read_number(setting->step, *ret_len, ret_index) && *ret_index < json_array_size(list));
}

/** Returns where the path goes on, NULL when it has ended. */
static json_t *enter_list(struct setting *setting, json_t *list)
{
    size_t index = 0, len = 0;

    if (!find_entry(setting, list, &index, &len)) {
        say(setting, setting->step + len, "names no entry of its list", "write the id or the number of one that is there");
        return NULL;
    }
    go_to(setting, NULL, index);
    if (is_last(setting, len)) {
        claim(setting, json_array_set_new(list, index, read_value(setting->value)));
        return NULL;
    }
    setting->step += len + 1;

    return json_array_get(list, index);
}

static json_t *enter_object(struct setting *setting, json_t *object)
{
    size_t len = step_length(setting);
    char key[THA_CONFIG_LABEL_SIZE];
    json_t *inner;

    if (!len || !tha_text_print(key, sizeof(key), "%.*s", (int)len, setting->step)) {
        say(setting, setting->step + len, "has a key that is empty or too long", "write keys with one dot between");
        return NULL;
    }
    go_to(setting, key, 0);
    if (is_last(setting, len)) {
        claim(setting, json_object_set_new(object, key, read_value(setting->value)));
        return NULL;
    }
    setting->step += len + 1;

    inner = json_object_get(object, key);
    if (!inner) {
        inner = json_object();
        claim(setting, json_object_set_new(object, key, inner));
        inner = json_object_get(object, key);
    }

    return inner;
}

/* ---- All the way */

/** @p number: from 1. */
static void apply(struct tha_config_report *report, json_t *root, const char *text, uint32_t number)
{
    const char *equals = strchr(text, '=');
    struct setting setting = {report, text, text, equals ? equals + 1 : NULL, NULL};
    char label[THA_CONFIG_LABEL_SIZE];
    json_t *value = root;

    if (!tha_text_is_utf8(text)) {
        tha_config_add_finding_nowhere(report, THA_CODE_BAD_VALUE, "write it in UTF-8",
                                       "setting number %u is not valid UTF-8", number);
        return;
    }
    if (!equals) { /* not shown: who has written a blank in place of the "=" may have written a password behind it */
        tha_config_add_finding_nowhere(report, THA_CODE_BAD_VALUE, "write it as keepalive.interval=10",
                                       "setting number %u has no \"=\", and so no value", number);
        return;
    }
    if (is_too_large(setting.value)) {
        tha_config_add_finding_nowhere(
            report, THA_CODE_OUT_OF_RANGE, "write a number within its bounds, or a text in quotes",
            "the setting \"%s\" has a number that is out of range", quote_path(&setting, equals, label));
        return;
    }

    for (uint32_t i = 0; value; i++) { /* each turn takes a piece of the path */
        if (i == STEPS_MAX) {
            say(&setting, setting.step - 1, "goes deeper than any key", "write a shorter path");
            return;
        } else if (json_is_object(value)) {
            value = enter_object(&setting, value);
        } else if (json_is_array(value)) {
            value = enter_list(&setting, value);
        } else {
            say(&setting, setting.step > text ? setting.step - 1 : equals, "leads to a value that has no keys",
                "end the path there");
            return;
        }
    }
}

void tha_config_apply_settings(struct tha_config_report *report, json_t *root, const char *const *settings,
                               uint32_t n_settings)
{
    for (uint32_t i = 0; i < n_settings && !report->is_out_of_memory; i++)
        apply(report, root, settings[i], i + 1);
}
