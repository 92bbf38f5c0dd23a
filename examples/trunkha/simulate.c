/* trunkha simulate FILE SCENARIO: outages on a virtual clock, with the judge and the calls of the real engine. */
#include <errno.h>
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
    struct option_texts settings;
    struct findings findings; /* of the scenario, or the recording */
    const char *compare, *svg;
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

/** Warnings are part of the JSON if that is wanted; errors never leave any. */
static void finding_cb(const trunkha_finding *finding, void *user_data)
{
    struct request *request = ((struct listener *)user_data)->request;

    if (request->as_json && finding->severity != TRUNKHA_SEVERITY_ERROR)
        json_array_append_new(request->simulate.findings, findings_json(finding));
    else
        findings_print_cb(finding, &request->findings);
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

static void explain(const trunkha_diag *diag, int err)
{
    if (err != TRUNKHA_ERR_CONFIG) {
        fprintf(stderr, "trunkha simulate: %s\n", trunkha_strerror(err));
        return;
    }
    text_print(stderr, *diag->file ? diag->file : "trunkha simulate");
    if (diag->line)
        fprintf(stderr, ":%u:%u", diag->line, diag->column);
    fputs(": error: ", stderr);
    text_print(stderr, diag->message);
    if (*diag->pointer) {
        fputs(" at ", stderr);
        text_print(stderr, diag->pointer);
    }
    fputc('\n', stderr);
}

/** Of the same file the same is found each time: it is told in the first run. */
static int run_one(struct request *request, struct simulated *run)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    struct listener listener = {request, run};
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err;

    options.settings = run->settings;
    options.n_settings = run->n_settings;
    options.replay = request->simulate.is_replay;
    options.seed = request->seed;
    options.config_name = request->simulate.config_name;
    options.scenario_name = request->simulate.scenario_name;
    options.event_cb = event_cb;
    options.event_user_data = &listener;
    options.finding_cb = run == request->simulate.runs ? finding_cb : NULL;
    options.finding_user_data = &listener;
    err = trunkha_simulation_new(request->config.text, request->config.len, request->scenario.text, request->scenario.len,
                                 &options, &run->simulation, &diag);
    if (!err)
        err = trunkha_simulation_run(run->simulation, UINT64_MAX);
    if (err && !request->findings.errors)
        explain(&diag, err);

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

static int show(struct request *request)
{
    int err = print(request);
    int error = request->svg ? simulate_draw(&request->simulate, request->svg) : 0;

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

/** @p text: a copy of `compare`, to be cut. */
static int add_second_run(struct request *request, char *text)
{
    struct simulated *run = &request->simulate.runs[request->simulate.n_runs++];

    *run = request->simulate.runs[0]; /* which has not been played yet */
    run->label = request->compare;
    if (!text || !add_settings(run, text))
        return options_refuse(&manual, "--compare \"%s\": too many of them", request->compare);

    return -1;
}

static int simulate(struct request *request)
{
    char *settings = request->compare ? strdup(request->compare) : NULL;
    int status = -1;

    add_first_run(request);
    if (request->compare)
        status = add_second_run(request, settings);
    if (status < 0)
        status = read_texts(request) ? run_all(request) : EXIT_BAD_FILE;
    free_runs(&request->simulate);
    free(request->config.text);
    free(request->scenario.text);
    free(settings);

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
    if (request->as_events && (request->as_json || request->compare))
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
        {"--compare", "KEY=VALUE,...", OPTION_TEXT, &request.compare, 0, 0, "once more with these too, side by side"},
        {"--replay", "RECORDING", OPTION_TEXT, &recording, 0, 0, "what \"run --record\" wrote, in place of SCENARIO"},
        {"--seed", "N", OPTION_NUMBER, &request.seed, 1, UINT64_MAX, "other moments of calls, losses and probes"},
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
