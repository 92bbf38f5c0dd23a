/* trunkha simulate FILE SCENARIO: outages on a virtual clock, with the judge and the calls of the real engine. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "findings.h"
#include "options.h"
#include "simulate.h"
#include "system.h"
#include "text.h"

#define EXIT_BAD_FILE 2
#define RECORDING_MAX ((size_t)1 << 30) /* as in the library */

static const struct manual manual = {
    "simulate",
    "FILE",
    "Plays the outages of SCENARIO to the configuration in FILE, on a clock of its own, and shows what the trunks went\n"
    "through and what each caller would have seen. Nothing is sent, and no name is looked up.\n",
    "  0  it was played to its end\n"
    "  2  the configuration, a setting or the scenario has errors, or cannot be read\n"
    "  3  wrong command line, or the picture cannot be written\n",
    "SCENARIO",
};

struct text_file {
    const char *path;
    char *text;
    size_t len;
};

struct request {
    struct simulate simulate;
    struct text_file config, scenario;
    struct option_texts settings, comparison;
    char *label;              /* of the comparison */
    char *compared;           /* its settings, cut */
    struct findings findings; /* of the scenario, or the recording */
    const char *svg;
    uint64_t seed;
    bool as_json, as_events;
};

/** What callbacks get. */
struct listener {
    struct request *request;
    struct simulated *run;
};

static void event_cb(const trunkha_event *event, void *user_data)
{
    const struct listener *listener = user_data;
    char *json = NULL;

    if (!listener->request->as_events)
        simulate_add_event(listener->run, listener->request->simulate.is_replay, event);
    else if (!trunkha_event_json(event, &json))
        puts(json);
    trunkha_free(json);
}

/** Warnings are part of the JSON if that is wanted; errors never leave any. Of the same file the same is found in each run:
 * it is told in the first. */
static void finding_cb(const trunkha_finding *finding, void *user_data)
{
    const struct listener *listener = user_data;
    struct request *request = listener->request;
    bool is_error = finding->severity == TRUNKHA_SEVERITY_ERROR;

    if (!is_error && listener->run != request->simulate.runs)
        return;
    if (request->as_json && !is_error)
        json_array_append_new(request->simulate.findings, findings_json(finding));
    else
        findings_print_cb(finding, &request->findings);
}

/** Of the configuration errors only: "lint" tells the rest. */
static void config_finding_cb(const trunkha_finding *finding, void *user_data)
{
    if (finding->severity == TRUNKHA_SEVERITY_ERROR)
        findings_print_cb(finding, user_data);
}

/* ---- Reading ---- */

static bool read_text(struct text_file *file, size_t max)
{
    file->text = file_read_large(file->path, max, &file->len);
    if (!file->text)
        fprintf(stderr, "trunkha simulate: cannot read %s: %s\n", file->path, strerror(errno));

    return file->text != NULL;
}

static bool read_texts(struct request *request)
{
    return read_text(&request->config, FILE_MAX) &&
           read_text(&request->scenario, request->simulate.is_replay ? RECORDING_MAX : FILE_MAX);
}

/* ---- Settings ---- */

/** Cuts "A=1,B=[2,3]" before each key, where it stands. Returns false when there are too many of them. */
static bool add_settings(struct simulated *run, char *text)
{
    while (text && run->n_settings < SETTINGS_MAX) {
        char *comma = text;

        run->settings[run->n_settings++] = text;
        do
            comma = strchr(comma + 1, ',');
        while (comma && !memchr(comma + 1, '=', strcspn(comma + 1, ",")));
        if (comma)
            *comma++ = '\0';
        text = comma;
    }

    return !text;
}

/* ---- Running ---- */

/** What is wrong with the scenario has been told as it was found. */
static void explain(const struct request *request, const struct simulated *run, int err)
{
    struct findings findings = {.file = request->config.path, .out = stderr};
    trunkha_lint_options options = TRUNKHA_LINT_OPTIONS_INIT;

    if (err != TRUNKHA_ERR_CONFIG) {
        fprintf(stderr, "trunkha simulate: %s\n", trunkha_strerror(err));
        return;
    }
    options.settings = run->settings;
    options.n_settings = run->n_settings;
    trunkha_config_lint(request->config.text, request->config.len, &options, config_finding_cb, &findings);
}

static int run_one(struct request *request, struct simulated *run)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    struct listener listener = {request, run};
    int err;

    options.settings = run->settings;
    options.n_settings = run->n_settings;
    options.replay = request->simulate.is_replay;
    options.seed = request->seed;
    options.event_cb = event_cb;
    options.event_user_data = &listener;
    options.finding_cb = finding_cb;
    options.finding_user_data = &listener;
    err = trunkha_simulation_new(request->config.text, request->config.len, request->scenario.text, request->scenario.len,
                                 &options, &run->simulation, NULL);
    if (!err)
        err = trunkha_simulation_run(run->simulation, UINT64_MAX);
    if (err && !request->findings.errors)
        explain(request, run, err);

    return err;
}

static int print(struct request *request)
{
    if (request->as_events)
        return 0;
    if (request->as_json)
        return simulate_print_json(&request->simulate);

    return simulate_print(&request->simulate) ? 0 : TRUNKHA_ERR_NOMEM;
}

static int draw(const char *path, void *user_data)
{
    return simulate_draw(user_data, path);
}

static int show(struct request *request)
{
    int err = print(request);
    int error = request->svg ? file_replace(request->svg, draw, &request->simulate) : 0;

    if (err)
        fprintf(stderr, "trunkha simulate: %s\n", trunkha_strerror(err));
    if (error)
        fprintf(stderr, "trunkha simulate: cannot write %s: %s\n", request->svg, strerror(error));

    return err || error ? EXIT_REFUSED : 0;
}

static int run_all(struct request *request)
{
    struct simulate *simulate = &request->simulate;
    int err = 0;

    for (size_t i = 0; i < simulate->n_runs && !err; i++)
        err = run_one(request, &simulate->runs[i]);

    return err ? EXIT_BAD_FILE : show(request);
}

static void free_runs(struct simulate *simulate)
{
    for (size_t i = 0; i < simulate->n_runs; i++) {
        table_clear(&simulate->runs[i].timeline);
        trunkha_simulation_free(simulate->runs[i].simulation);
    }
}

/* ---- The command line ---- */

static void add_first_run(struct request *request)
{
    struct simulated *run = &request->simulate.runs[request->simulate.n_runs++];

    for (uint32_t i = 0; i < request->settings.count; i++)
        run->settings[run->n_settings++] = request->settings.texts[i];
    run->label = run->n_settings ? "with --set" : "as in the file";
}

/** All texts of the comparison with @p between them, and at the end; new, NULL when out of memory. */
static char *join_comparison(const struct option_texts *comparison, char between)
{
    size_t size = 1;
    char *joined, *end;

    for (uint32_t i = 0; i < comparison->count; i++)
        size += strlen(comparison->texts[i]) + 1;
    joined = end = malloc(size);
    for (uint32_t i = 0; joined && i < comparison->count; i++) {
        end = stpcpy(end, comparison->texts[i]);
        *end++ = between;
    }
    if (joined)
        *end = '\0';

    return joined;
}

/** All that is to be compared makes one run, however often --compare stands there. */
static int add_second_run(struct request *request)
{
    const struct option_texts *comparison = &request->comparison;
    struct simulated *run = &request->simulate.runs[request->simulate.n_runs++];
    char *text;

    *run = request->simulate.runs[0]; /* which has not been played yet */
    request->label = join_comparison(comparison, ',');
    request->compared = text = join_comparison(comparison, '\0');
    if (!request->label || !text) {
        fprintf(stderr, "trunkha simulate: %s\n", strerror(ENOMEM));
        return EXIT_REFUSED;
    }

    request->label[strlen(request->label) - 1] = '\0';
    run->label = request->label;
    for (uint32_t i = 0; i < comparison->count; i++, text += strlen(comparison->texts[i - 1]) + 1)
        if (!add_settings(run, text))
            return options_refuse(&manual, "--compare \"%s\": too many of them", comparison->texts[i]);

    return -1;
}

static int simulate(struct request *request)
{
    int status = -1;

    add_first_run(request);
    if (request->comparison.count)
        status = add_second_run(request);
    if (status < 0)
        status = read_texts(request) ? run_all(request) : EXIT_BAD_FILE;
    free_runs(&request->simulate);
    free(request->config.text);
    free(request->scenario.text);
    free(request->label);
    free(request->compared);

    return status;
}

static int check_usage(const struct request *request, const char *recording)
{
    if (!request->scenario.path && !recording)
        return options_refuse(&manual, "SCENARIO is missing, or --replay RECORDING");
    if (request->scenario.path && recording)
        return options_refuse(&manual, "\"%s\" is too much: --replay is in place of SCENARIO", request->scenario.path);
    if (recording && request->seed)
        return options_refuse(&manual, "--seed is of a scenario: a recording has its own");
    if (request->svg && !strcmp(request->svg, "-"))
        return options_refuse(&manual, "--svg \"-\": name a file, for standard output has the tables");
    if (request->as_events && (request->as_json || request->comparison.count))
        return options_refuse(&manual, "--events is of one run, and all that is printed: leave --json and --compare out");

    return -1;
}

int command_simulate(int argc, char **argv)
{
    struct request request = {.seed = 0};
    const char *arguments[2] = {NULL, NULL}, *recording = NULL;
    const struct option options[] = {
        {"--set", "KEY=VALUE", OPTION_TEXTS, &request.settings, 0, 0,
         "another setting, as keepalive.interval=10; repeatable"},
        {"--compare", "KEY=VALUE,...", OPTION_TEXTS, &request.comparison, 0, 0,
         "once more with these too, side by side; repeated, they add up"},
        {"--replay", "RECORDING", OPTION_TEXT, &recording, 0, 0, "what \"run --record\" wrote, in place of SCENARIO"},
        {"--seed", "N", OPTION_NUMBER, &request.seed, 1, UINT32_MAX, "other moments of calls, losses and probes"},
        {"--svg", "FILE", OPTION_TEXT, &request.svg, 0, 0, "draw it"},
        {"--json", NULL, OPTION_FLAG, &request.as_json, 0, 0, "one JSON object in place of the tables"},
        {"--events", NULL, OPTION_FLAG, &request.as_events, 0, 0, "nothing but all events, one JSON object a line"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    int status = options_read(&manual, options, argc, argv, arguments);

    if (status >= 0)
        return status;
    request.config.path = arguments[0];
    request.scenario.path = arguments[1];
    status = check_usage(&request, recording);
    if (status >= 0)
        return status;
    signal(SIGXFSZ, SIG_IGN); /* a picture that may not grow is like a full disk */
    if (recording)
        request.scenario.path = recording;
    request.simulate.is_replay = recording != NULL;
    request.simulate.config_name = request.config.path;
    request.simulate.scenario_name = request.scenario.path;
    request.simulate.findings = json_array();
    request.findings = (struct findings){.file = request.scenario.path, .out = stderr};
    status = simulate(&request);
    json_decref(request.simulate.findings);

    return status;
}
