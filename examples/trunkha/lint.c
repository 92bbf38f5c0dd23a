/* trunkha lint FILE: is this a configuration that can be loaded? */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "findings.h"
#include "options.h"
#include "system.h"
#include "text.h"

#define EXIT_WARNINGS 1
#define EXIT_ERRORS   2

static const struct manual manual = {
    "lint",
    "FILE",
    "Checks the configuration in FILE (\"-\" = standard input) without loading it. Each finding is one line,\n"
    "FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE SLUG] at JSON-POINTER, with why it hurts and what to write instead.\n",
    "  0  clean\n"
    "  1  warnings\n"
    "  2  errors: the file cannot be loaded, or not be read\n"
    "  3  wrong command line\n",
};

struct report {
    struct findings counts;
    json_t *list;
};

static json_t *finding_json(const trunkha_finding *finding)
{
    json_t *object = json_object();

    json_object_set_new(object, "code", text_json(finding->code));
    json_object_set_new(object, "slug", text_json(finding->slug));
    json_object_set_new(object, "severity", text_json(findings_severity(finding)));
    json_object_set_new(object, "pointer", text_json(finding->pointer));
    json_object_set_new(object, "line", json_integer(finding->line));
    json_object_set_new(object, "column", json_integer(finding->column));
    json_object_set_new(object, "message", text_json(finding->message));
    json_object_set_new(object, "why", text_json(finding->why ? finding->why : ""));
    json_object_set_new(object, "fix", text_json(finding->fix ? finding->fix : ""));

    return object;
}

static void collect_json_cb(const trunkha_finding *finding, void *user_data)
{
    struct report *report = user_data;

    if (finding->severity == TRUNKHA_SEVERITY_ERROR)
        report->counts.errors++;
    else
        report->counts.warnings++;

    json_array_append_new(report->list, finding_json(finding));
}

static int print_json(struct report *report)
{
    return text_print_json(json_pack("{s:i, s:i, s:O, s:[]}", "errors", (int)report->counts.errors, "warnings",
                                     (int)report->counts.warnings, "findings", report->list, "routingProfiles"));
}

static int check_json(struct report *report, const char *json, size_t len)
{
    int err;

    report->list = json_array();
    err = report->list ? trunkha_config_check(json, len, collect_json_cb, report) : TRUNKHA_ERR_NOMEM;
    if ((!err || err == TRUNKHA_ERR_CONFIG) && !print_json(report))
        err = TRUNKHA_ERR_NOMEM;
    json_decref(report->list);

    return err;
}

static int check_text(struct report *report, const char *json, size_t len)
{
    const struct findings *counts = &report->counts;
    int err = trunkha_config_check(json, len, findings_print_cb, &report->counts);

    text_print(stdout, counts->file);
    if (counts->errors || counts->warnings)
        printf(": %u error%s, %u warning%s\n", counts->errors, counts->errors == 1 ? "" : "s", counts->warnings,
               counts->warnings == 1 ? "" : "s");
    else
        printf(": %s\n", err ? "not checked" : "nothing to complain about");

    return err;
}

static int exit_code(const struct report *report, int err)
{
    if (err && err != TRUNKHA_ERR_CONFIG)
        fprintf(stderr, "trunkha lint: %s\n", trunkha_strerror(err));
    if (err || report->counts.errors)
        return EXIT_ERRORS;

    return report->counts.warnings ? EXIT_WARNINGS : 0;
}

int command_lint(int argc, char **argv)
{
    bool as_json = false;
    const struct option options[] = {
        {"--json", NULL, OPTION_FLAG, &as_json, 0, 0, "one JSON object instead of lines"},
        {"--resolve", NULL, OPTION_LATER, NULL, 0, 0, "look names up"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    struct report report = {{NULL, stdout, 0, 0}, NULL};
    const char *path = NULL;
    char *json;
    size_t len;
    int status = options_read(&manual, options, argc, argv, &path);

    if (status >= 0)
        return status;
    report.counts.file = strcmp(path, "-") ? path : "<stdin>";
    json = file_read(path, &len);
    if (!json) {
        fprintf(stderr, "trunkha lint: cannot read %s: %s\n", report.counts.file, strerror(errno));
        return EXIT_ERRORS;
    }
    status = exit_code(&report, as_json ? check_json(&report, json, len) : check_text(&report, json, len));
    free(json);

    return status;
}
