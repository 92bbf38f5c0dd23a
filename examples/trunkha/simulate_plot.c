#include "simulate_plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t count_samples(const trunkha_simulation *simulation)
{
    trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;
    uint32_t n = 0;

    while (!trunkha_simulation_get_sample(simulation, 0, n, &sample))
        n++;

    return n;
}

/* ---- Which trunks ---- */

static size_t count_trunks(const trunkha_simulation *simulation)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;
    uint32_t n = 0;

    while (!trunkha_simulation_get_trunk(simulation, n, &trunk))
        n++;

    return n;
}

static void add_track(struct plot *plot, uint32_t index, const char *id, bool has_calls)
{
    struct plot_track *track = &plot->tracks[plot->n_tracks++];

    memcpy(track->id, id, sizeof(track->id));
    track->index = index;
    track->has_calls = has_calls;
    track->layer = has_calls && plot->n_layers < LAYERS_MAX ? plot->n_layers++ : LAYERS_MAX;
}

/** Looks at the trunk @p index in all runs. */
static void choose_track(struct plot *plot, const struct simulate *simulate, uint32_t index)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;
    bool is_shown = plot->n_trunks <= TRACKS_MAX, has_calls = false;

    for (size_t i = 0; i < simulate->n_runs; i++) {
        trunkha_simulation_get_trunk(simulate->runs[i].simulation, index, &trunk);
        has_calls |= trunk.attempts > 0;
        is_shown |= trunk.attempts || trunk.down_ms || trunk.faulty_ms;
    }
    if (is_shown && plot->n_tracks < TRACKS_MAX)
        add_track(plot, index, trunk.trunk_id, has_calls);
}

/* ---- What became of them ---- */

static void add_sample(struct plot_run *run, size_t at, const trunkha_simulation_sample *sample)
{
    double seconds = (double)(sample->end_ms - sample->begin_ms) / 1000;

    run->attempts[at] += seconds > 0 ? sample->attempts / seconds : 0;
    run->failed[at] += seconds > 0 ? sample->failed / seconds : 0;
    if (sample->delay_max_ms / 1000.0 > run->delay[at])
        run->delay[at] = sample->delay_max_ms / 1000.0;
    run->is_faulty[at] |= sample->is_faulty != 0;
}

/** Sums up all trunks, those that are not drawn too. */
static void add_trunks(const struct plot *plot, struct plot_run *run, const trunkha_simulation *simulation)
{
    for (uint32_t index = 0, track = 0; index < plot->n_trunks; index++) {
        bool is_drawn = track < plot->n_tracks && plot->tracks[track].index == index;

        for (uint32_t i = 0; i < plot->n_samples; i++) {
            trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;

            if (trunkha_simulation_get_sample(simulation, index, i, &sample))
                break;
            add_sample(run, i, &sample);
            if (is_drawn)
                run->samples[track][i] = sample;
        }
        track += is_drawn;
    }
}

static int init_run(const struct plot *plot, struct plot_run *run, const struct simulated *simulated)
{
    size_t n = plot->n_samples;

    run->label = simulated->label;
    run->summary.size = sizeof(run->summary);
    trunkha_simulation_get_summary(simulated->simulation, &run->summary);
    run->attempts = calloc(n, sizeof(*run->attempts));
    run->failed = calloc(n, sizeof(*run->failed));
    run->delay = calloc(n, sizeof(*run->delay));
    run->is_faulty = calloc(n, sizeof(*run->is_faulty));
    if (!run->attempts || !run->failed || !run->delay || !run->is_faulty)
        return ENOMEM;
    for (size_t i = 0; i < plot->n_tracks; i++) {
        run->samples[i] = calloc(n, sizeof(*run->samples[i]));
        if (!run->samples[i])
            return ENOMEM;
    }
    add_trunks(plot, run, simulated->simulation);

    return 0;
}

static void find_maxima(struct plot *plot)
{
    for (size_t i = 0; i < plot->n_runs; i++) {
        for (size_t j = 0; j < plot->n_samples; j++) {
            if (plot->runs[i].attempts[j] > plot->attempts_max)
                plot->attempts_max = plot->runs[i].attempts[j];
            if (plot->runs[i].delay[j] > plot->delay_max)
                plot->delay_max = plot->runs[i].delay[j];
        }
    }
}

int plot_init(struct plot *plot, const struct simulate *simulate)
{
    int error = 0;

    *plot = (struct plot){.n_runs = simulate->n_runs,
                          .n_trunks = count_trunks(simulate->runs[0].simulation),
                          .n_samples = count_samples(simulate->runs[0].simulation),
                          .duration_ms = 1, /* of a recording of one moment */
                          .is_replay = simulate->is_replay};
    if (!plot->n_samples)
        return ENODATA;
    for (uint32_t i = 0; i < plot->n_trunks; i++)
        choose_track(plot, simulate, i);
    for (size_t i = 0; i < plot->n_runs && !error; i++)
        error = init_run(plot, &plot->runs[i], &simulate->runs[i]);
    if (error)
        return error;
    if (plot->runs[0].summary.duration_ms)
        plot->duration_ms = plot->runs[0].summary.duration_ms;
    find_maxima(plot);

    return 0;
}

void plot_done(struct plot *plot)
{
    for (size_t i = 0; i < plot->n_runs; i++) {
        struct plot_run *run = &plot->runs[i];

        for (size_t j = 0; j < plot->n_tracks; j++)
            free(run->samples[j]);
        free(run->attempts);
        free(run->failed);
        free(run->delay);
        free(run->is_faulty);
    }
}
