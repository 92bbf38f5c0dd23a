/** @file svg.h  Writing SVG 1.1: text that is safe in it, areas of steps, axes with round numbers */
#ifndef TRUNKHA_SVG_H
#define TRUNKHA_SVG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Writes foreign text into an element or an attribute. */
void svg_escape(FILE *out, const char *text);

/** @p anchor: "start", "middle", "end". */
void svg_text(FILE *out, double x, double y, const char *anchor, const char *text);

/** The same, with attributes of the element, such as class="bold". */
void svg_text_as(FILE *out, double x, double y, const char *attributes, const char *text);

/** The same, where there is room for @p ems: what is wider is cut in its middle, and to be read as a title. */
void svg_text_within(FILE *out, double x, double y, const char *attributes, double ems, const char *text);

/** About how many ems wide it comes out: no font is known here. */
double svg_width_of(const char *text);

/** A frame in which values are drawn: @p x, @p y are its upper left corner. */
struct svg_frame {
    double x, y, width, height;
    double x_max, y_max; /**< the values at the right, at the top; both begin at 0 */
};

double svg_x(const struct svg_frame *frame, double value);
double svg_y(const struct svg_frame *frame, double value);

/** Fills from @p lower to @p upper, which are @p n equal steps over the frame. NULL = from the bottom. */
void svg_area(FILE *out, const struct svg_frame *frame, const double *lower, const double *upper, size_t n,
              const char *attributes);

/** Lines and numbers at the left, at round values. */
void svg_value_axis(FILE *out, const struct svg_frame *frame);

/** Lines in the frame at round times; `x_max` is milliseconds. */
void svg_time_lines(FILE *out, const struct svg_frame *frame);

/** Numbers below the frame, and what they mean. */
void svg_time_axis(FILE *out, const struct svg_frame *frame);

/** A moment as the axis of @p duration_ms writes it: "2:30"; returns @p buf. */
char *svg_moment(char *buf, size_t size, uint64_t ms, uint64_t duration_ms);

/** The least round number that is no less than @p value: what an axis may end with. */
double svg_round_up(double value);

#endif
