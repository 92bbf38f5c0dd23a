/** @file picture.h  The parts of the picture of a simulation, from top to bottom
 *
 *  Each part takes the frame in which it begins; its width and its time are those of the picture. */
#ifndef TRUNKHA_PICTURE_H
#define TRUNKHA_PICTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "simulate_plot.h"
#include "svg.h"

#define PICTURE_WIDTH  1000.0
#define PICTURE_LEFT   168.0 /* of the charts; names and numbers stand before */
#define PICTURE_RIGHT  28.0
#define PICTURE_CHART  (PICTURE_WIDTH - PICTURE_LEFT - PICTURE_RIGHT)
#define PICTURE_NAMES  (PICTURE_LEFT - 32.0) /* they end there; the colour of their calls follows */
#define PICTURE_ROW    30.0                  /* a trunk's band, the mark of its fault, and the gap to the next */
#define PICTURE_HIDDEN 14.0                  /* the line that tells of trunks without a band */

/* How high letters are, and so how wide an em is. Those of bold ones are wider. */
#define PICTURE_TEXT  11.0
#define PICTURE_SMALL 10.0
#define PICTURE_HEAD  (12.0 * 1.15)
#define PICTURE_TITLE (18.0 * 1.15)

/* ---- picture_style.c ---- */

void picture_write_definitions(FILE *out);

/** What a state is filled with; patterns too, so that none is told by its colour alone. */
const char *picture_state_fill(uint32_t health);

/** What the calls of the trunk number @p layer are filled with; LAYERS_MAX = those of all other trunks. */
const char *picture_layer_fill(size_t layer);

#define PICTURE_FAILED "url(#failed)"

/** A swatch and its word; returns where the next one begins. */
double picture_write_swatch(FILE *out, double x, double y, const char *fill, const char *word);

/** The mark of a fault of the scenario. */
void picture_write_fault(FILE *out, double from, double to, double y);

/** @p with_faults: what the mark of a fault means, too. */
void picture_write_state_legend(FILE *out, double y, bool with_faults);

/* ---- picture_steps.c ---- */

/** Finds room for the words of all steps. */
void picture_place_steps(struct plot *plot);

/** How high those words are. */
double picture_steps_height(const struct plot *plot);

/** The words from @p y on, and lines from there down behind the bands. */
void picture_write_steps(FILE *out, const struct plot *plot, double y);

/* ---- picture_bands.c ---- */

/** How high the bands of a run are. */
double picture_bands_height(const struct plot *plot);

/** A band for each trunk with its states, and before it the colour of its calls. */
void picture_write_bands(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame);

/* ---- picture_charts.c ---- */

/** Attempts a second, those of the trunks one upon the other; the longest post-dial delay; and the time below.
 *  Returns 0 or ENOMEM. */
int picture_write_charts(FILE *out, const struct plot *plot, const struct plot_run *run, struct svg_frame frame);

double picture_charts_height(const struct plot *plot);

#endif
