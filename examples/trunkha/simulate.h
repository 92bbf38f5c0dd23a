/** @file simulate.h  What "trunkha simulate" has run, and the forms it can be told in */
#ifndef TRUNKHA_SIMULATE_H
#define TRUNKHA_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <trunkha.h>

#include "table.h"

#define SETTINGS_MAX 128
#define RUNS_MAX     2 /* as it is, and compared with something else */

/** One run of the scenario. */
struct simulated {
    const char *label; /**< its settings, "as in the file" */
    const char *settings[SETTINGS_MAX];
    uint32_t n_settings;
    trunkha_simulation *simulation;
    struct table timeline;
    uint64_t n_moves; /**< of new calls, that were told so far */
};

struct simulate {
    const char *config_name;   /**< as the user wrote them */
    const char *scenario_name; /**< likewise; or the recording */
    bool is_replay;            /**< times are those of the recording */
    struct simulated runs[RUNS_MAX];
    size_t n_runs;
    json_t *findings; /**< warnings about the scenario or recording, for the JSON */
};

/** A trunk of any run: other settings may have other trunks. Zero it before the first simulate_next_trunk(). */
struct simulate_trunk {
    char id[TRUNKHA_ID_SIZE];
    uint32_t index[RUNS_MAX]; /**< in each run; NO_TRUNK = it is not there */
    size_t next_run;
    uint32_t next_index;
};
#define NO_TRUNK UINT32_MAX

/** The next one: those of the first run in its order, then what the others have besides. False = there are no more. */
bool simulate_next_trunk(const struct simulate *simulate, struct simulate_trunk *inout_trunk);

/** Adds an event to the timeline of a run if people want to see it there. */
void simulate_add_event(struct simulated *run, bool is_replay, const trunkha_event *event);

/** What the scenario is called, the timelines, and then what the callers saw; false when memory ran out. */
bool simulate_print(struct simulate *simulate);

/** Rows for a replay: how true it is. @p table: a first column, and one for each run. False when memory ran out. */
bool simulate_add_truth(const struct simulate *simulate, struct table *table);

/** One JSON object. Returns 0 or TRUNKHA_ERR_NOMEM. */
int simulate_print_json(const struct simulate *simulate);

/** Draws it as an SVG of its own, nothing in it has to be fetched. Returns 0 or an errno. */
int simulate_draw(const struct simulate *simulate, const char *path);

#endif
