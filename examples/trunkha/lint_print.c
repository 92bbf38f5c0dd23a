/* What lint finds as lines, for people, compilers' readers and GitHub, and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "lint.h"
#include "text.h"

/* ---- Text ---- */

static void print_summary(const struct findings *counts, int err)
{
    findings_print_file(counts, stdout);
    if (counts->errors || counts->warnings)
        printf(": %u error%s, %u warning%s\n", counts->errors, counts->errors == 1 ? "" : "s", counts->warnings,
               counts->warnings == 1 ? "" : "s");
    else
        printf(": %s\n", err ? "not checked" : "nothing to complain about");
}

int lint_print_text(struct lint *lint)
{
    int err = trunkha_config_lint(lint->json, lint->len, &lint->options, findings_print_cb, &lint->counts);

    print_summary(&lint->counts, err);

    return err ? err : lint_print_forecast(lint);
}

/* ---- Lines that programs read ---- */

static void print_gcc_cb(const trunkha_finding *finding, void *user_data)
{
    struct findings *findings = user_data;

    findings_count(findings, finding);
    findings_print_file(findings, stdout);
    if (finding->line)
        printf(":%u:%u", finding->line, finding->column);
    printf(": %s: ", findings_severity(finding->severity));
    text_print(stdout, finding->message);
    printf(" [%s]\n", finding->code);
}

int lint_print_gcc(struct lint *lint)
{
    return trunkha_config_lint(lint->json, lint->len, &lint->options, print_gcc_cb, &lint->counts);
}

/** The characters in @p special would end a workflow command, or one of its properties. */
static void print_escaped(const char *text, const char *special)
{
    char *clean = strdup(text);

    if (!clean)
        return;
    text_clean(clean);
    for (const char *c = clean; *c; c++)
        if (strchr(special, *c))
            printf("%%%02X", (unsigned char)*c);
        else
            putchar(*c);
    free(clean);
}

static void print_property(const char *name, const char *text)
{
    printf("%s=", name);
    print_escaped(text, "%:,");
}

static void print_remark(const char *label, const char *text)
{
    if (!text || !*text)
        return;
    printf("%%0A%s: ", label); /* a line feed */
    print_escaped(text, "%");
}

static void print_github_cb(const trunkha_finding *finding, void *user_data)
{
    struct findings *findings = user_data;

    findings_count(findings, finding);
    printf("::%s ", findings_severity(finding->severity));
    print_property("file", findings->file);
    if (finding->line)
        printf(",line=%u,col=%u", finding->line, finding->column);
    printf(",title=%s %s::", finding->code, finding->slug);
    print_escaped(finding->message, "%");
    print_remark("why", finding->why);
    print_remark("fix", finding->fix);
    putchar('\n');
}

int lint_print_github(struct lint *lint)
{
    return trunkha_config_lint(lint->json, lint->len, &lint->options, print_github_cb, &lint->counts);
}

/* ---- JSON ---- */

int lint_print_object(json_t *object)
{
    return text_print_json(object) || ferror(stdout) ? 0 : TRUNKHA_ERR_NOMEM;
}

struct list {
    struct findings *counts;
    json_t *findings;
};

static void collect_json_cb(const trunkha_finding *finding, void *user_data)
{
    struct list *list = user_data;

    findings_count(list->counts, finding);
    json_array_append_new(list->findings, findings_json(finding));
}

int lint_print_json(struct lint *lint)
{
    struct list list = {&lint->counts, json_array()};
    int err = trunkha_config_lint(lint->json, lint->len, &lint->options, collect_json_cb, &list);
    json_t *report;

    if (err && err != TRUNKHA_ERR_CONFIG) {
        json_decref(list.findings);
        return err;
    }
    report = json_pack("{s:i, s:i, s:o}", "errors", (int)lint->counts.errors, "warnings", (int)lint->counts.warnings,
                       "findings", list.findings);
    if (!lint_add_forecast(lint, report)) {
        json_decref(report);
        return TRUNKHA_ERR_NOMEM;
    }

    return lint_print_object(report) ? TRUNKHA_ERR_NOMEM : err;
}
