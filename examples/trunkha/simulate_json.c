/* What was simulated as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulate.h"
#include "text.h"

static bool print(const json_t *array)
{
    char *text = json_dumps(array, JSON_COMPACT);

    if (text)
        fputs(text, stdout);
    free(text);

    return text != NULL;
}

static bool print_settings(const struct simulated *run)
{
    json_t *settings = json_array();
    bool is_printed;

    for (uint32_t i = 0; i < run->n_settings; i++)
        json_array_append_new(settings, text_json(run->settings[i]));
    is_printed = print(settings);
    json_decref(settings);

    return is_printed;
}

static int print_run(const struct simulated *run)
{
    char *json = NULL;
    int err = trunkha_simulation_json(run->simulation, &json);

    if (!err)
        fputs(json, stdout);
    trunkha_free(json);

    return err;
}

int simulate_print_json(const struct simulate *simulate)
{
    int err = 0;

    fputs("{\"runs\":[", stdout);
    for (size_t i = 0; i < simulate->n_runs && !err; i++) {
        fputs(i ? ",{\"settings\":" : "{\"settings\":", stdout);
        err = print_settings(&simulate->runs[i]) ? 0 : TRUNKHA_ERR_NOMEM;
        fputs(",\"simulation\":", stdout);
        if (!err)
            err = print_run(&simulate->runs[i]);
        putchar('}');
    }
    fputs("],\"findings\":", stdout);
    if (!err && !print(simulate->findings))
        err = TRUNKHA_ERR_NOMEM;
    puts("}");

    return err;
}

/* ---- How true a replay is ---- */

/** What the simulation says of it in its JSON, and nowhere else; new, NULL when out of memory. */
static json_t *replay_of(const struct simulated *run)
{
    json_t *simulation, *replay;
    char *text = NULL;

    if (trunkha_simulation_json(run->simulation, &text))
        return NULL;
    simulation = json_loads(text, 0, NULL);
    replay = json_incref(json_object_get(simulation, "replay"));
    json_decref(simulation);
    trunkha_free(text);

    return replay;
}

static void add_row(struct table *table, const char *head, const char *key, json_t *const *replays, size_t n)
{
    table_add(table, "%s", head);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(replays[i], key);

        if (json_is_string(value))
            table_add(table, "%s", json_string_value(value));
        else
            table_add(table, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
}

bool simulate_add_truth(const struct simulate *simulate, struct table *table)
{
    json_t *replays[RUNS_MAX] = {NULL};
    bool is_whole = true;

    for (size_t i = 0; i < simulate->n_runs; i++) {
        replays[i] = replay_of(&simulate->runs[i]);
        is_whole &= replays[i] != NULL;
    }
    add_row(table, "replay", "way", replays, simulate->n_runs);
    add_row(table, "  changes recorded", "recordedTransitions", replays, simulate->n_runs);
    add_row(table, "  changes now", "transitions", replays, simulate->n_runs);
    add_row(table, "  the same at the same moment", "sameTransitions", replays, simulate->n_runs);
    add_row(table, "  reloads not played", "reloads", replays, simulate->n_runs);
    add_row(table, "  trunks not configured", "unknownTrunks", replays, simulate->n_runs);
    for (size_t i = 0; i < simulate->n_runs; i++)
        json_decref(replays[i]);

    return is_whole;
}
