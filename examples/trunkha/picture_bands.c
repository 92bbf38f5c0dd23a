/* The states of each trunk over time. */
#include "picture.h"

#define BAND     18.0 /* high */
#define BASELINE 13.0 /* of the words in it */
#define EDGE     2.0  /* free around words */
#define SWATCH   6.0  /* from the name to the colour of its calls */
#define FAULT    5.0  /* from the band to the mark of its fault */

static void write_state_word(FILE *out, double x, double width, double y, uint32_t health)
{
    const char *word = trunkha_health_name(health);

    if (width < PICTURE_SMALL * svg_width_of(word) + EDGE)
        return;
    svg_text_as(out, x + width / 2, y + BASELINE,
                health == TRUNKHA_HEALTH_DOWN ? "text-anchor=\"middle\" class=\"small light\""
                                              : "text-anchor=\"middle\" class=\"small\"",
                word);
}

/** From sample @p first to @p last, which are all of one state. */
static void write_state(FILE *out, const struct plot *plot, const struct svg_frame *frame, const char *id,
                        const trunkha_simulation_sample *first, const trunkha_simulation_sample *last)
{
    double x = svg_x(frame, (double)first->begin_ms), width = svg_x(frame, (double)last->end_ms) - x;
    char begun[24], ended[24];

    fprintf(out, "<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" fill=\"%s\"><title>", x,
            frame->y, width, BAND, picture_state_fill(first->health));
    svg_escape(out, id);
    fprintf(out, " %s %s - %s</title></rect>\n", trunkha_health_name(first->health),
            svg_moment(begun, sizeof(begun), first->begin_ms, plot->duration_ms),
            svg_moment(ended, sizeof(ended), last->end_ms, plot->duration_ms));
    write_state_word(out, x, width, frame->y, first->health);
}

static void write_name(FILE *out, const struct svg_frame *frame, const struct plot_track *track)
{
    double y = frame->y + BASELINE;

    svg_text_within(out, PICTURE_NAMES, y, "text-anchor=\"end\"", (PICTURE_NAMES - EDGE) / PICTURE_TEXT, track->id);
    if (track->has_calls)
        picture_write_swatch(out, PICTURE_NAMES + SWATCH, y, picture_layer_fill(track->layer), "");
}

static void write_states(FILE *out, const struct plot *plot, const struct svg_frame *frame, const char *id,
                         const trunkha_simulation_sample *samples)
{
    size_t begin = 0;

    for (size_t i = 1; i <= plot->n_samples; i++) {
        if (i < plot->n_samples && samples[i].health == samples[begin].health)
            continue;
        write_state(out, plot, frame, id, &samples[begin], &samples[i - 1]);
        begin = i;
    }
}

static void write_faults(FILE *out, const struct plot *plot, const struct svg_frame *frame,
                         const trunkha_simulation_sample *samples)
{
    for (size_t i = 0; i < plot->n_samples; i++) {
        size_t from = i;

        while (i < plot->n_samples && samples[i].is_faulty)
            i++;
        if (i > from)
            picture_write_fault(out, svg_x(frame, (double)samples[from].begin_ms),
                                svg_x(frame, (double)samples[i - 1].end_ms), frame->y + BAND + FAULT);
    }
}

static void write_hidden(FILE *out, const struct plot *plot, double y)
{
    size_t n_hidden = plot->n_trunks - plot->n_tracks;
    char text[80];

    snprintf(text, sizeof(text), "and %zu more trunk%s", n_hidden, n_hidden == 1 ? "" : "s");
    svg_text(out, PICTURE_LEFT, y + 10, "start", text);
}

void picture_write_bands(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame)
{
    frame.height = PICTURE_ROW * (double)plot->n_tracks;
    svg_time_lines(out, &frame);
    for (size_t i = 0; i < plot->n_tracks; i++, frame.y += PICTURE_ROW) {
        if (!run->samples[i])
            continue;
        write_name(out, &frame, &plot->tracks[i]);
        write_states(out, plot, &frame, plot->tracks[i].id, run->samples[i]);
        write_faults(out, plot, &frame, run->samples[i]);
    }
    if (plot->n_trunks > plot->n_tracks)
        write_hidden(out, plot, frame.y);
}

double picture_bands_height(const struct plot *plot)
{
    return PICTURE_ROW * (double)plot->n_tracks + (plot->n_trunks > plot->n_tracks ? PICTURE_HIDDEN : 0);
}
