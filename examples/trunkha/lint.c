/* trunkha lint FILE: can this configuration be loaded, what in it will hurt, and what would a fault cost? */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lint.h"
#include "options.h"
#include "system.h"
#include "text.h"

#define EXIT_WARNINGS 1
#define EXIT_ERRORS   2

static const struct manual manual = {
    "lint",
    "[FILE]",
    "Checks the configuration in FILE (\"-\" = standard input) without loading it. Each finding is one line,\n"
    "FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE SLUG] at JSON-POINTER, with why it hurts and what to write instead.\n"
    "Then, for each routing profile, what a carrier's fault would cost: how long until it is found, and how long a\n"
    "caller waits meanwhile.\n",
    "  0  clean\n"
    "  1  warnings\n"
    "  2  errors: the file cannot be loaded, or not be read\n"
    "  3  wrong command line\n",
};

/** How the findings are to be told; "" = for people. */
static int print_as(struct lint *lint, const char *format)
{
    static const struct {
        const char *name;
        int (*print)(struct lint *lint);
    } formats[] = {
        {"json", lint_print_json},
        {"gcc", lint_print_gcc},
        {"github", lint_print_github},
        {"sarif", lint_print_sarif},
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!strcmp(format, formats[i].name))
            return formats[i].print(lint);

    return lint_print_text(lint);
}

static int exit_code(const struct lint *lint, int err)
{
    if (err && err != TRUNKHA_ERR_CONFIG)
        fprintf(stderr, "trunkha lint: %s\n", trunkha_strerror(err));
    if (err || lint->counts.errors)
        return EXIT_ERRORS;

    return lint->counts.warnings ? EXIT_WARNINGS : 0;
}

static int check(struct lint *lint, const char *path, const char *format)
{
    char *json;
    int status;

    lint->counts = (struct findings){strcmp(path, "-") ? path : "<stdin>", stdout, 0, 0};
    json = file_read(path, &lint->len);
    if (!json) {
        fprintf(stderr, "trunkha lint: cannot read %s: %s\n", lint->counts.file, strerror(errno));
        return EXIT_ERRORS;
    }
    lint->json = json;
    status = exit_code(lint, print_as(lint, format));
    free(json);

    return status;
}

int command_lint(int argc, char **argv)
{
    struct lint lint = {.options = TRUNKHA_LINT_OPTIONS_INIT};
    const char *path = NULL, *format = NULL, *code = NULL;
    bool as_json = false, resolves = false, lists = false;
    struct option_texts settings = {.count = 0};
    const struct option options[] = {
        {"--json", NULL, OPTION_FLAG, &as_json, 0, 0, "one JSON object in place of lines and tables"},
        {"--format", "gcc|github|sarif", OPTION_CHOICE, &format, 0, 0, "the findings for an editor, or a build server"},
        {"--resolve", NULL, OPTION_FLAG, &resolves, 0, 0, "look names up, and check what they come to"},
        {"--set", "KEY=VALUE", OPTION_TEXTS, &settings, 0, 0, "with another setting, as keepalive.interval=10; repeatable"},
        {"--all", NULL, OPTION_FLAG, &lint.with_groups, 0, 0, "what a fault costs each trunk group too"},
        {"--explain", "CODE|SLUG", OPTION_TEXT, &code, 0, 0, "what a finding is about; takes no FILE"},
        {"--list", NULL, OPTION_FLAG, &lists, 0, 0, "everything that can be found; takes no FILE"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    int status = options_read(&manual, options, argc, argv, &path);

    if (status >= 0)
        return status;
    if (as_json && format)
        return options_refuse(&manual, "--json and --format %s: write one of them", format);
    if (lists && code)
        return options_refuse(&manual, "--list and --explain: write one of them");
    if ((lists || code) && (path || format || resolves || settings.count || lint.with_groups))
        return options_refuse(&manual, "%s is about no FILE: only --json goes with it", lists ? "--list" : "--explain");
    if (lists || code)
        return lists ? lint_list(as_json) : lint_explain(code, as_json);
    if (!path)
        return options_refuse(&manual, "FILE is missing");
    lint.options.settings = settings.texts;
    lint.options.n_settings = settings.count;
    lint.options.resolve = resolves;

    return check(&lint, path, as_json ? "json" : format ? format : "");
}
