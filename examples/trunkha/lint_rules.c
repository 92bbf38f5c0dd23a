/* The catalogue of lint: one rule explained, or all of them listed. */
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "lint.h"
#include "table.h"
#include "text.h"

#define NAME_MAX_LEN 63 /* of a word whose neighbours are looked for */

json_t *lint_rule_json(const trunkha_rule *rule)
{
    json_t *object = json_object();

    json_object_set_new(object, "code", text_json(rule->code));
    json_object_set_new(object, "slug", text_json(rule->slug));
    json_object_set_new(object, "severity", text_json(findings_severity(rule->severity)));
    json_object_set_new(object, "summary", text_json(rule->summary));
    json_object_set_new(object, "why", text_json(rule->why));
    json_object_set_new(object, "fix", text_json(rule->fix));
    json_object_set_new(object, "bad", text_json(rule->bad));
    json_object_set_new(object, "good", text_json(rule->good));

    return object;
}

int lint_find_rule(const char *name, trunkha_rule *ret_rule)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT;

    for (int i = 0; !trunkha_rule_get((uint32_t)i, &rule); i++) {
        if (strcasecmp(name, rule.code) && strcasecmp(name, rule.slug))
            continue;
        if (ret_rule)
            *ret_rule = rule;
        return i;
    }

    return -1;
}

/* ---- The nearest name ---- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/** Characters to insert, delete or replace until @p a is @p b (Levenshtein); only the first 63 of each count. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    size_t len_a = strnlen(a, NAME_MAX_LEN), len_b = strnlen(b, NAME_MAX_LEN);

    for (size_t j = 0; j <= len_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t above = row[j];

            row[j] = least(row[j - 1] + 1, above + 1, diagonal + (strncasecmp(a + i - 1, b + j - 1, 1) != 0));
            diagonal = above;
        }
    }

    return row[len_b];
}

static int refuse_unknown(const char *name)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT, nearest = TRUNKHA_RULE_INIT;
    size_t best = SIZE_MAX;

    for (uint32_t i = 0; !trunkha_rule_get(i, &rule); i++) {
        size_t near_code = distance(name, rule.code), near_slug = distance(name, rule.slug);
        size_t near = near_code < near_slug ? near_code : near_slug;

        if (near < best) {
            best = near;
            nearest = rule;
        }
    }
    fputs("trunkha lint: there is no code or slug \"", stderr);
    text_print(stderr, name);
    fprintf(stderr, "\"; did you mean %s %s? \"trunkha lint --list\" has them all\n", nearest.code, nearest.slug);

    return EXIT_REFUSED;
}

/* ---- One, and all ---- */

static void print_indented(const char *head, const char *text)
{
    printf("\n%s\n", head);
    while (*text) {
        size_t len = strcspn(text, "\n");

        printf("  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void print_rule(const trunkha_rule *rule)
{
    printf("%s %s (%s)\n", rule->code, rule->slug, findings_severity(rule->severity));
    print_indented("What it is", rule->summary);
    print_indented("Why it hurts", rule->why);
    print_indented("What to write instead", rule->fix);
    if (*rule->bad)
        print_indented("Bad", rule->bad);
    if (*rule->good)
        print_indented("Good", rule->good);
}

int lint_explain(const char *name, bool as_json)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT;

    if (lint_find_rule(name, &rule) < 0)
        return refuse_unknown(name);
    if (as_json)
        return text_print_json(lint_rule_json(&rule)) ? 0 : EXIT_REFUSED;
    print_rule(&rule);

    return 0;
}

static json_t *rules_json(void)
{
    trunkha_rule rule = TRUNKHA_RULE_INIT;
    json_t *rules = json_array();

    for (uint32_t i = 0; !trunkha_rule_get(i, &rule); i++)
        json_array_append_new(rules, lint_rule_json(&rule));

    return rules;
}

static bool print_table(void)
{
    struct table table = {.columns = 4};
    trunkha_rule rule = TRUNKHA_RULE_INIT;

    table_add(&table, "CODE");
    table_add(&table, "SLUG");
    table_add(&table, "SEVERITY");
    table_add(&table, "WHAT IT IS");
    for (uint32_t i = 0; !trunkha_rule_get(i, &rule); i++) {
        table_add(&table, "%s", rule.code);
        table_add(&table, "%s", rule.slug);
        table_add(&table, "%s", findings_severity(rule.severity));
        table_add(&table, "%s", rule.summary);
    }

    return table_print(&table, stdout);
}

int lint_list(bool as_json)
{
    bool is_printed = as_json ? text_print_json(rules_json()) : print_table();

    return is_printed ? 0 : EXIT_REFUSED;
}
