/* Which warnings are silenced where, and entries of `x-lint-ignore` that silence nothing. */
#include "lint_ignore.h"

#include <string.h>
#include <strings.h>

#include "lint.h"

#define ENTRIES_MAX ((size_t)2 * THA_CODES) /* of a list: each code and each slug once */

static size_t count_entries(const json_t *list)
{
    size_t n = json_array_size(list);

    return n < ENTRIES_MAX ? n : ENTRIES_MAX;
}

/* ---- Silencing */

static bool names(const json_t *list, const struct tha_config_rule *rule)
{
    for (size_t i = 0, n = count_entries(list); i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (name && (!strcasecmp(name, rule->code) || !strcasecmp(name, rule->slug)))
            return true;
    }

    return false;
}

/** From the document inwards, as deep as @p path goes. Returns what stands at @p path, NULL if nothing does. */
static const json_t *enter(const json_t *root, const struct tha_config_path *path, const struct tha_config_rule *rule,
                           bool *inout_is_ignored)
{
    const json_t *value = root;

    if (path) {
        const json_t *parent = enter(root, path->parent, rule, inout_is_ignored);

        value = path->key ? json_object_get(parent, path->key) : json_array_get(parent, path->index);
    }
    *inout_is_ignored = *inout_is_ignored || names(json_object_get(value, THA_LINT_IGNORE), rule);

    return value;
}

bool tha_lint_is_ignored(const json_t *root, const struct tha_config_path *path, const struct tha_config_rule *rule)
{
    bool is_ignored = false;

    enter(root, path, rule, &is_ignored);

    return is_ignored;
}

/* ---- Entries that mean nothing */

static void check_entry(struct tha_lint *lint, const struct tha_config_path *path, const json_t *entry)
{
    const char *name = json_string_value(entry);
    const struct tha_config_rule *rule = name ? tha_config_find_rule(name) : NULL;
    char quoted[THA_CONFIG_LABEL_SIZE];

    if (!rule)
        tha_config_add_finding(lint->report, THA_CODE_UNKNOWN_IGNORE, path, NULL,
                               "%s%s%s is no code and no slug of a finding", name ? "\"" : "",
                               name ? tha_config_quote(name, quoted, sizeof(quoted)) : "this entry", name ? "\"" : "");
    else if (rule->severity == TRUNKHA_SEVERITY_ERROR)
        tha_config_add_finding(lint->report, THA_CODE_UNKNOWN_IGNORE, path, "mend what it finds, and take the entry away",
                               "%s (%s) is an error, and errors cannot be silenced", rule->code, rule->slug);
}

static void check_list(struct tha_lint *lint, const struct tha_config_path *path, const json_t *list)
{
    if (!json_is_array(list))
        tha_config_add_finding(lint->report, THA_CODE_UNKNOWN_IGNORE, path, "write it as [\"TH031\"]",
                               "\"" THA_LINT_IGNORE "\" must be a list of codes or slugs");
    if (json_array_size(list) > ENTRIES_MAX)
        tha_config_add_finding(lint->report, THA_CODE_UNKNOWN_IGNORE, path, "write each code once",
                               "only the first %u entries of this list count", (unsigned)ENTRIES_MAX);

    for (size_t i = 0, n = count_entries(list); i < n; i++) {
        struct tha_config_path item = {path, NULL, i};

        check_entry(lint, &item, json_array_get(list, i));
    }
}

/** As deep as jansson nests; what stands behind other keys with x- is nobody's business. */
static void walk(struct tha_lint *lint, const struct tha_config_path *path, const json_t *value)
{
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)value, key, member)
    {
        struct tha_config_path inner = {path, key, 0};

        if (!strcmp(key, THA_LINT_IGNORE))
            check_list(lint, &inner, member);
        else if (strncmp(key, "x-", 2) != 0)
            walk(lint, &inner, member);
    }

    for (size_t i = 0; i < json_array_size(value); i++) {
        struct tha_config_path inner = {path, NULL, i};

        walk(lint, &inner, json_array_get(value, i));
    }
}

void tha_lint_ignores(struct tha_lint *lint)
{
    walk(lint, NULL, lint->root);
}
