/* What happens in the scenario: for each step a line behind the bands, and its words above them. */
#include "picture.h"

#define LANES_MAX 4 /* lines of words, one above the other */
#define LANE      13.0
#define BASELINE  10.0  /* of the words in their lane */
#define WORDS     240.0 /* wide, at most; what is longer is cut */
#define GAP       4.0   /* between a line and its words, and the words and what follows them */
#define BELOW     3.0   /* free, between words and bands */
#define APART     1.0   /* lines that are closer would be one */

/** Where the words of a step stand: after its line, or before it where the picture ends. */
struct span {
    double begin, end;
    bool is_after;
};

static double x_of(const struct plot *plot, const struct plot_step *step)
{
    return PICTURE_LEFT + PICTURE_CHART * (double)step->said.at_ms / (double)plot->duration_ms;
}

static struct span span_of(const struct plot *plot, const struct plot_step *step)
{
    double x = x_of(plot, step), width = GAP + svg_width_of(step->said.text) * PICTURE_SMALL;

    if (width > WORDS)
        width = WORDS;

    return x + width < PICTURE_WIDTH ? (struct span){x, x + width, true} : (struct span){x - width, x, false};
}

void picture_place_steps(struct plot *plot)
{
    double ends[LANES_MAX] = {0};

    for (size_t i = 0; i < plot->n_steps; i++) {
        struct plot_step *step = &plot->steps[i];
        struct span span = span_of(plot, step);

        for (step->lane = 0; step->lane < LANES_MAX && ends[step->lane] > span.begin; step->lane++)
            ;
        if (step->lane == LANES_MAX)
            continue; /* no room: its words can be read in the title of its line */
        ends[step->lane] = span.end + GAP;
        if (step->lane >= plot->n_lanes)
            plot->n_lanes = step->lane + 1;
    }
}

double picture_steps_height(const struct plot *plot)
{
    return plot->n_lanes ? LANE * (double)plot->n_lanes + BELOW : 0;
}

/** From its lane down to @p bottom. */
static void write_line(FILE *out, const struct plot *plot, const struct plot_step *step, double top, double bottom)
{
    double y = top + LANE * (double)(step->lane < LANES_MAX ? step->lane : plot->n_lanes);
    char moment[24];

    fprintf(out, "<g><title>%s ", svg_moment(moment, sizeof(moment), step->said.at_ms, plot->duration_ms));
    svg_escape(out, step->said.text);
    fprintf(out, "</title><path class=\"step\" d=\"M%.1f,%.1fV%.1f\"/></g>\n", x_of(plot, step), y, bottom);
}

static void write_lines(FILE *out, const struct plot *plot, double top, double bottom)
{
    double last = 0;

    for (size_t i = 0; i < plot->n_steps; i++) {
        double x = x_of(plot, &plot->steps[i]);

        if (x - last < APART)
            continue;
        write_line(out, plot, &plot->steps[i], top, bottom);
        last = x;
    }
}

static void write_words(FILE *out, const struct plot *plot, const struct plot_step *step, double top)
{
    struct span span = span_of(plot, step);

    svg_text_within(out, span.is_after ? span.begin + GAP : span.end - GAP, top + LANE * (double)step->lane + BASELINE,
                    span.is_after ? "class=\"small\"" : "class=\"small\" text-anchor=\"end\"", (WORDS - GAP) / PICTURE_SMALL,
                    step->said.text);
}

void picture_write_steps(FILE *out, const struct plot *plot, double y)
{
    write_lines(out, plot, y, y + picture_steps_height(plot) + PICTURE_ROW * (double)plot->n_tracks);
    for (size_t i = 0; i < plot->n_steps; i++)
        if (plot->steps[i].lane < LANES_MAX)
            write_words(out, plot, &plot->steps[i], y);
    if (plot->n_lanes)
        svg_text(out, PICTURE_NAMES, y + BASELINE, "end", "scenario");
}
