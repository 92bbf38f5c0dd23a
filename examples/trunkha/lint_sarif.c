/* What lint finds as SARIF 2.1.0, which code hosts and editors read. See OASIS sarif-v2.1.0, sections 3.14 to 3.49. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"
#include "text.h"

struct sarif {
    struct lint *lint;
    char *uri;
    json_t *results;
};

/** The file as a URI reference: what RFC 3986 section 2.3 does not leave as it is becomes %XX. New; NULL = out of memory. */
static char *file_uri(const char *path)
{
    static const char scheme[] = "file://";
    char *uri = malloc(sizeof(scheme) + 3 * strlen(path));
    char *to = uri;

    if (!uri)
        return NULL;
    if (*path == '/')
        to = stpcpy(to, scheme);
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("-._~/", *path))
            *to++ = *path;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*path);
    *to = '\0';

    return uri;
}

/** Columns are bytes here, and characters in SARIF. */
static uint32_t column_in_characters(const struct lint *lint, uint32_t line, uint32_t column)
{
    const char *begin = lint->json, *end = lint->json + lint->len;
    uint32_t characters = 1;

    for (; line > 1 && begin; line--) {
        begin = memchr(begin, '\n', (size_t)(end - begin));
        begin = begin ? begin + 1 : NULL;
    }
    if (!begin)
        return column;
    for (uint32_t i = 1; i < column && begin < end; i++, begin++)
        characters += ((unsigned char)*begin & 0xc0) != 0x80;

    return characters;
}

static json_t *location_json(const struct sarif *sarif, const trunkha_finding *finding)
{
    json_t *physical = json_pack("{s:{s:s}}", "artifactLocation", "uri", sarif->uri);

    if (finding->line)
        json_object_set_new(physical, "region",
                            json_pack("{s:i, s:i}", "startLine", (int)finding->line, "startColumn",
                                      (int)column_in_characters(sarif->lint, finding->line, finding->column)));

    return json_pack("{s:o, s:[{s:o, s:s}]}", "physicalLocation", physical, "logicalLocations", "fullyQualifiedName",
                     text_json(finding->pointer), "kind", "value");
}

static json_t *result_json(const struct sarif *sarif, const trunkha_finding *finding)
{
    int index = lint_find_rule(finding->code, NULL);
    json_t *result =
        json_pack("{s:s, s:s, s:{s:o}, s:[o]}", "ruleId", finding->code, "level", findings_severity(finding->severity),
                  "message", "text", text_json(finding->message), "locations", location_json(sarif, finding));

    json_object_set_new(result, "properties",
                        json_pack("{s:o, s:o}", "why", text_json(finding->why ? finding->why : ""), "fix",
                                  text_json(finding->fix ? finding->fix : "")));
    if (index >= 0)
        json_object_set_new(result, "ruleIndex", json_integer(index));

    return result;
}

static void collect_cb(const trunkha_finding *finding, void *user_data)
{
    struct sarif *sarif = user_data;

    findings_count(&sarif->lint->counts, finding);
    json_array_append_new(sarif->results, result_json(sarif, finding));
}

static json_t *help_json(const trunkha_rule *rule)
{
    char *text = NULL;
    json_t *help;

    if (asprintf(&text, "%s%s%s%s%s", rule->fix, *rule->bad ? "\n\nBad:\n" : "", rule->bad, *rule->good ? "\n\nGood:\n" : "",
                 rule->good) < 0)
        return NULL;
    help = json_pack("{s:o}", "text", text_json(text));
    free(text);

    return help;
}

static json_t *rule_json(const trunkha_rule *rule)
{
    const char *level = rule->severity == TRUNKHA_SEVERITY_ERROR ? "error" : "warning";

    return json_pack("{s:s, s:s, s:{s:o}, s:{s:o}, s:o, s:{s:s}}", "id", rule->code, "name", rule->slug, "shortDescription",
                     "text", text_json(rule->summary), "fullDescription", "text", text_json(rule->why), "help",
                     help_json(rule), "defaultConfiguration", "level", level);
}

static json_t *rules_json(void)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT;
    json_t *rules = json_array();

    for (uint32_t i = 0; !trunkha_rule_get(i, &rule); i++)
        json_array_append_new(rules, rule_json(&rule));

    return rules;
}

static json_t *log_json(json_t *results)
{
    return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o}]}", "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool", "driver", "name",
                     "trunkha", "version", trunkha_version(), "rules", rules_json(), "columnKind", "unicodeCodePoints",
                     "results", results);
}

int lint_print_sarif(struct lint *lint)
{
    struct sarif sarif = {lint, file_uri(lint->counts.file), json_array()};
    int err = TRUNKHA_ERR_NOMEM;

    if (sarif.uri && sarif.results)
        err = trunkha_config_lint(lint->json, lint->len, &lint->options, collect_cb, &sarif);
    if (err && err != TRUNKHA_ERR_CONFIG)
        json_decref(sarif.results);
    else if (lint_print_object(log_json(sarif.results)))
        err = TRUNKHA_ERR_NOMEM;
    free(sarif.uri);

    return err;
}
