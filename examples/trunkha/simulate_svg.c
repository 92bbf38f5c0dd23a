/* The picture of a simulation: the states of each trunk, where the calls went and how long callers waited, over one time. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "simulate.h"
#include "simulate_plot.h"
#include "svg.h"
#include "text.h"

#define TITLE_Y  34.0 /* baselines */
#define ABOUT_Y  54.0
#define LEGEND_Y 80.0
#define HEADER   100.0 /* all of them */
#define RUN_HEAD 24.0  /* the summary of a run, and what it is called if there are several */
#define RUN_NAME 16.0
#define NAME_UP  2.0 /* baselines, from the end of their room */
#define SUM_UP   10.0

/** "3012 calls: 2600 answered at once, 210 after 3 s more (at most 6 s), 3 lost, 12 cut"; without those who waited if there
 *  are none. */
static void summarize(char *buf, size_t size, const trunkha_simulation_summary *sum)
{
    char mean[24], most[24], delayed[96] = "";

    if (sum->calls_delayed)
        snprintf(delayed, sizeof(delayed), ", %" PRIu64 " after %s more (at most %s)", sum->calls_delayed,
                 text_seconds(mean, sizeof(mean), sum->delay_total_ms / sum->calls_delayed),
                 text_seconds(most, sizeof(most), sum->delay_max_ms));
    snprintf(buf, size, "%" PRIu64 " calls: %" PRIu64 " answered at once%s, %" PRIu64 " lost, %" PRIu64 " cut", sum->calls,
             sum->calls_answered, delayed, sum->calls_lost, sum->calls_cut);
}

/** What is known of recorded calls. */
static void summarize_replay(char *buf, size_t size, const trunkha_simulation_summary *sum)
{
    snprintf(buf, size, "%" PRIu64 " calls: %" PRIu64 " answered at once, %" PRIu64 " later, %" PRIu64 " lost", sum->calls,
             sum->calls_answered, sum->calls_delayed, sum->calls_lost);
}

static double run_height(const struct plot *plot)
{
    return (plot->n_runs > 1 ? RUN_NAME : 0) + RUN_HEAD + picture_steps_height(plot) + picture_bands_height(plot) +
           picture_charts_height(plot);
}

static int write_run(FILE *out, const struct plot *plot, const struct plot_run *run, double y)
{
    struct svg_frame frame = {PICTURE_LEFT, y, PICTURE_CHART, 0, (double)plot->duration_ms, 1};
    char text[256];

    if (plot->n_runs > 1) {
        frame.y += RUN_NAME;
        svg_text_within(out, frame.x, frame.y - NAME_UP, "class=\"head\"", PICTURE_CHART / PICTURE_HEAD, run->label);
    }
    frame.y += RUN_HEAD;
    (plot->is_replay ? summarize_replay : summarize)(text, sizeof(text), &run->summary);
    if (run->summary.calls)
        svg_text(out, frame.x, frame.y - SUM_UP, "start", text);
    picture_write_steps(out, plot, frame.y);
    frame.y += picture_steps_height(plot);
    picture_write_bands(out, plot, run, frame);
    frame.y += picture_bands_height(plot);

    return picture_write_charts(out, plot, run, frame);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int write_picture(FILE *out, const struct plot *plot, const struct simulate *simulate)
{
    double height = HEADER + (double)plot->n_runs * run_height(plot);
    char title[256];
    int error = 0;

    snprintf(title, sizeof(title), "%s with %s", base_name(simulate->scenario_name), base_name(simulate->config_name));
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
            "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>",
            PICTURE_WIDTH, height, PICTURE_WIDTH, height);
    svg_escape(out, title);
    fputs("</title>\n", out);
    picture_write_definitions(out);
    fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
    svg_text_within(out, PICTURE_LEFT, TITLE_Y, "class=\"title\"", PICTURE_CHART / PICTURE_TITLE, title);
    if (plot->about[0])
        svg_text_within(out, PICTURE_LEFT, ABOUT_Y, "class=\"about\"", PICTURE_CHART / PICTURE_TEXT, plot->about);
    picture_write_state_legend(out, LEGEND_Y, !plot->is_replay);
    for (size_t i = 0; i < plot->n_runs && !error; i++)
        error = write_run(out, plot, &plot->runs[i], HEADER + (double)i * run_height(plot));
    fputs("</svg>\n", out);

    return error;
}

/** The whole picture as text. Returns 0 or an errno; @p ret_text: new, also on failure. */
static int render(const struct simulate *simulate, char **ret_text, size_t *ret_len)
{
    FILE *out = open_memstream(ret_text, ret_len);
    struct plot plot;
    int error;

    if (!out)
        return ENOMEM;
    error = plot_init(&plot, simulate);
    if (!error) {
        picture_place_steps(&plot);
        error = write_picture(out, &plot, simulate);
    }
    plot_done(&plot);
    if (fclose(out) && !error)
        error = ENOMEM;

    return error;
}

static int write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    int error;

    if (!file)
        return errno;
    error = fwrite(text, 1, len, file) == len ? 0 : errno;
    if (fclose(file) && !error)
        error = errno;

    return error;
}

int simulate_draw(const struct simulate *simulate, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    int error = render(simulate, &text, &len);

    if (!error)
        error = write_file(path, text, len);
    free(text);

    return error;
}
