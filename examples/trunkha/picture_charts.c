/* Where the calls went, and how long callers waited, over time. */
#include <errno.h>
#include <stdlib.h>

#include "picture.h"

#define HEAD_GAP   8.0  /* from the head down to its chart */
#define NOTE_GAP   12.0 /* from the head to what stands beside it */
#define CHART_HEAD 30.0
#define ATTEMPTS   140.0 /* high */
#define DELAYS     90.0
#define TIME_AXIS  52.0
#define TOO_FEW    0.001 /* attempts a second that are but an error of rounding */

static void write_shades(FILE *out, const struct plot *plot, const struct plot_run *run, const struct svg_frame *frame)
{
    double width = frame->width / (double)plot->n_samples;

    for (size_t i = 0; i < plot->n_samples; i++) {
        size_t from = i;

        while (i < plot->n_samples && run->is_faulty[i])
            i++;
        if (i > from)
            fprintf(out, "<rect class=\"shade\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    frame->x + width * (double)from, frame->y, width * (double)(i - from), frame->height);
    }
}

/** Returns where something can be written beside the head. */
static double write_ground(FILE *out, const struct plot *plot, const struct plot_run *run, const struct svg_frame *frame,
                           const char *head)
{
    svg_text_as(out, frame->x, frame->y - HEAD_GAP, "class=\"head\"", head);
    write_shades(out, plot, run, frame);
    svg_time_lines(out, frame);
    svg_value_axis(out, frame);

    return frame->x + svg_width_of(head) * PICTURE_HEAD + NOTE_GAP;
}

/* ---- Attempts ---- */

/** The layer between @p lower and @p upper, which is the ground of the next one. */
static void write_layer(FILE *out, const struct plot *plot, const struct svg_frame *frame, double *lower,
                        const double *upper, const char *fill)
{
    char attributes[40];

    snprintf(attributes, sizeof(attributes), "fill=\"%s\"", fill);
    svg_area(out, frame, lower, upper, plot->n_samples, attributes);
    for (size_t i = 0; i < plot->n_samples; i++)
        lower[i] = upper[i];
}

/** Attempts a second that did not fail. */
static void stack_track(const struct plot *plot, const double *lower, double *upper,
                        const trunkha_simulation_sample *samples)
{
    for (size_t i = 0; i < plot->n_samples; i++) {
        double seconds = (double)(samples[i].end_ms - samples[i].begin_ms) / 1000;

        upper[i] = lower[i] + (seconds > 0 ? (samples[i].attempts - samples[i].failed) / seconds : 0);
    }
}

/** What is left of the attempts that did not fail. Returns whether there is any. */
static bool stack_others(const struct plot *plot, const struct plot_run *run, const double *lower, double *upper)
{
    bool is_any = false;

    for (size_t i = 0; i < plot->n_samples; i++) {
        upper[i] = run->attempts[i] - run->failed[i];
        is_any |= upper[i] > lower[i] + TOO_FEW;
    }

    return is_any;
}

static bool has_failed(const struct plot *plot, const struct plot_run *run)
{
    for (size_t i = 0; i < plot->n_samples; i++)
        if (run->failed[i] > 0)
            return true;

    return false;
}

/** @p lower: zero. */
static void write_layers(FILE *out, const struct plot *plot, const struct plot_run *run, const struct svg_frame *frame,
                         double *lower, double *upper, double legend_x)
{
    double legend_y = frame->y - HEAD_GAP;

    for (size_t i = 0; i < plot->n_tracks; i++) {
        if (plot->tracks[i].layer == LAYERS_MAX || !run->samples[i])
            continue;
        stack_track(plot, lower, upper, run->samples[i]);
        write_layer(out, plot, frame, lower, upper, picture_layer_fill(plot->tracks[i].layer));
    }
    if (stack_others(plot, run, lower, upper)) {
        write_layer(out, plot, frame, lower, upper, picture_layer_fill(LAYERS_MAX));
        legend_x = picture_write_swatch(out, legend_x, legend_y, picture_layer_fill(LAYERS_MAX), "other trunks");
    }
    if (has_failed(plot, run)) {
        write_layer(out, plot, frame, lower, run->attempts, PICTURE_FAILED);
        picture_write_swatch(out, legend_x, legend_y, PICTURE_FAILED, "failed, on any trunk");
    }
}

static int write_attempts(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame)
{
    double *steps = calloc(2 * plot->n_samples, sizeof(*steps));
    double legend_x;

    if (!steps)
        return ENOMEM;
    frame.height = ATTEMPTS;
    frame.y_max = svg_round_up(plot->attempts_max);
    legend_x = write_ground(out, plot, run, &frame, "Attempts begun per second, by trunk");
    write_layers(out, plot, run, &frame, steps, steps + plot->n_samples, legend_x);
    free(steps);

    return 0;
}

/* ---- Delays ---- */

static void write_delays(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame)
{
    double note_x;

    frame.height = DELAYS;
    frame.y_max = svg_round_up(plot->delay_max);
    note_x = write_ground(out, plot, run, &frame, "Post-dial delay added by failed attempts, at most (seconds)");
    svg_text(out, note_x, frame.y - HEAD_GAP, "start", "of answered calls; bars stand where the call began");
    svg_area(out, &frame, NULL, run->delay, plot->n_samples, "fill=\"#444\"");
}

/* ---- Both ---- */

static bool has_attempts(const struct plot *plot)
{
    return plot->attempts_max > 0;
}

/** A recording never has any: it does not tell which attempts were those of one call. */
static bool has_delays(const struct plot *plot)
{
    return plot->delay_max > 0;
}

int picture_write_charts(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame)
{
    int error = 0;

    if (has_attempts(plot)) {
        frame.y += CHART_HEAD;
        error = write_attempts(out, plot, run, frame);
        frame.y += ATTEMPTS;
    }
    if (has_delays(plot)) {
        frame.y += CHART_HEAD;
        write_delays(out, plot, run, frame);
        frame.y += DELAYS;
    }
    frame.height = 0;
    svg_time_axis(out, &frame);

    return error;
}

double picture_charts_height(const struct plot *plot)
{
    return (has_attempts(plot) ? CHART_HEAD + ATTEMPTS : 0) + (has_delays(plot) ? CHART_HEAD + DELAYS : 0) + TIME_AXIS;
}
