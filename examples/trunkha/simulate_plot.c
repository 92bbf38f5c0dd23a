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

static size_t count_trunks(const struct simulate *simulate)
{
    struct simulate_trunk trunk = {.id = ""};
    size_t n = 0;

    while (simulate_next_trunk(simulate, &trunk))
        n++;

    return n;
}

static void add_track(struct plot *plot, const struct simulate_trunk *trunk, bool has_calls)
{
    struct plot_track *track = &plot->tracks[plot->n_tracks++];

    memcpy(track->id, trunk->id, sizeof(track->id));
    memcpy(track->index, trunk->index, sizeof(track->index));
    track->has_calls = has_calls;
    track->layer = has_calls && plot->n_layers < LAYERS_MAX ? plot->n_layers++ : LAYERS_MAX;
}

static void choose_track(struct plot *plot, const struct simulate *simulate, const struct simulate_trunk *place)
{
    bool is_shown = plot->n_trunks <= TRACKS_MAX, has_calls = false;

    for (size_t i = 0; i < simulate->n_runs; i++) {
        trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

        trunkha_simulation_get_trunk(simulate->runs[i].simulation, place->index[i], &trunk);
        has_calls |= trunk.attempts > 0;
        is_shown |= trunk.attempts || trunk.down_ms || trunk.faulty_ms;
    }
    if (is_shown && plot->n_tracks < TRACKS_MAX)
        add_track(plot, place, has_calls);
}

static void choose_tracks(struct plot *plot, const struct simulate *simulate)
{
    struct simulate_trunk trunk = {.id = ""};

    plot->n_trunks = count_trunks(simulate);
    while (simulate_next_trunk(simulate, &trunk))
        choose_track(plot, simulate, &trunk);
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

/** Where samples of a trunk are kept; NULL = it is not drawn. */
static trunkha_simulation_sample *samples_of(const struct plot *plot, size_t number, uint32_t index)
{
    for (size_t i = 0; i < plot->n_tracks; i++) {
        if (plot->tracks[i].index[number] == index)
            return plot->runs[number].samples[i];
    }

    return NULL;
}

/** Sums up all trunks, those that are not drawn too. */
static void add_trunks(struct plot *plot, size_t number, const trunkha_simulation *simulation)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

    for (uint32_t index = 0; !trunkha_simulation_get_trunk(simulation, index, &trunk); index++) {
        trunkha_simulation_sample *samples = samples_of(plot, number, index);

        for (uint32_t i = 0; i < plot->n_samples; i++) {
            trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;

            if (trunkha_simulation_get_sample(simulation, index, i, &sample))
                break;
            add_sample(&plot->runs[number], i, &sample);
            if (samples)
                samples[i] = sample;
        }
    }
}

static int init_run(struct plot *plot, size_t number, const struct simulated *simulated)
{
    struct plot_run *run = &plot->runs[number];
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
        if (plot->tracks[i].index[number] == NO_TRUNK)
            continue;
        run->samples[i] = calloc(n, sizeof(*run->samples[i]));
        if (!run->samples[i])
            return ENOMEM;
    }
    add_trunks(plot, number, simulated->simulation);

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
                          .n_samples = count_samples(simulate->runs[0].simulation),
                          .duration_ms = 1, /* of a recording of one moment */
                          .is_replay = simulate->is_replay};
    if (!plot->n_samples)
        return ENODATA;
    choose_tracks(plot, simulate);
    for (size_t i = 0; i < plot->n_runs && !error; i++)
        error = init_run(plot, i, &simulate->runs[i]);
    if (error)
        return error;
    if (plot->runs[0].summary.duration_ms)
        plot->duration_ms = plot->runs[0].summary.duration_ms;
    find_maxima(plot);

    return plot_read_about(plot, simulate->runs[0].simulation);
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
    free(plot->steps);
}
