/** @file simulate_plot.h  What a picture of a simulation shows, gathered from its samples */
#ifndef TRUNKHA_SIMULATE_PLOT_H
#define TRUNKHA_SIMULATE_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <trunkha.h>

#include "simulate.h"

#define TRACKS_MAX 24 /* trunks that are drawn; where there are more, those to which something happened in any run */
#define LAYERS_MAX 6  /* of them, whose calls have a colour of their own */

/** A trunk that is drawn. */
struct plot_track {
    char id[TRUNKHA_ID_SIZE];
    uint32_t index[RUNS_MAX]; /**< of the trunk in each run, or NO_TRUNK */
    bool has_calls;
    size_t layer; /**< number of its colour; LAYERS_MAX = that of all others */
};

/** One run. Arrays have `n_samples` entries. */
struct plot_run {
    const char *label;
    trunkha_simulation_summary summary;
    trunkha_simulation_sample *samples[TRACKS_MAX]; /**< by track; NULL = the run has no such trunk */
    double *attempts;                               /**< a second, of all trunks */
    double *failed;                                 /**< of these */
    double *delay;                                  /**< longest, in seconds */
    bool *is_faulty;                                /**< any trunk */
};

/** What the scenario has happen. */
struct plot_step {
    trunkha_simulation_step said;
    size_t lane; /**< where its words stand: see picture_place_steps() */
};

struct plot {
    struct plot_run runs[RUNS_MAX];
    size_t n_runs;
    struct plot_track tracks[TRACKS_MAX];
    size_t n_tracks;
    size_t n_layers;
    size_t n_trunks; /**< of all runs, those that are not drawn too */
    size_t n_samples;
    uint64_t duration_ms;
    bool is_replay;
    char about[sizeof(((trunkha_simulation_about *)0)->about)]; /**< a sentence; "" = nothing is known */
    struct plot_step *steps; /**< in the order of time */
    size_t n_steps;
    size_t n_lanes;
    double attempts_max, delay_max; /**< of all runs, so that they can be compared */
};

/** Returns 0 or an errno; plot_done() is needed either way. */
int plot_init(struct plot *plot, const struct simulate *simulate);
void plot_done(struct plot *plot);

/** simulate_plot_about.c: what is played, and its steps. Returns 0 or ENOMEM. */
int plot_read_about(struct plot *plot, const trunkha_simulation *simulation);

#endif
