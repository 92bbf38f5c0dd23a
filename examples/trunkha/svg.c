#include "svg.h"

#include <math.h>

#define VALUE_TICKS 4
#define TIME_TICKS  10

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* ---- Values ---- */

double svg_x(const struct svg_frame *frame, double value)
{
    return frame->x + frame->width * value / frame->x_max;
}

double svg_y(const struct svg_frame *frame, double value)
{
    return frame->y + frame->height * (1 - value / frame->y_max);
}

/** One way along the steps, from the left (@p step 1) or back from the right (-1); equal neighbours are one line. */
static void write_steps(FILE *out, const struct svg_frame *frame, const double *values, size_t n, int step)
{
    double width = frame->width / (double)n;

    for (size_t i = 0; i < n; i++) {
        size_t at = step > 0 ? i : n - 1 - i;
        size_t next = step > 0 ? at + 1 : at - 1; /* out of range at the last */
        double edge = frame->x + width * (double)(step > 0 ? at + 1 : at);

        if (i + 1 < n && values[next] == values[at])
            continue;
        fprintf(out, "H%.1f", edge);
        if (i + 1 < n)
            fprintf(out, "V%.1f", svg_y(frame, values[next]));
    }
}

void svg_area(FILE *out, const struct svg_frame *frame, const double *lower, const double *upper, size_t n,
              const char *attributes)
{
    fprintf(out, "<path %s d=\"M%.1f,%.1f", attributes, frame->x, svg_y(frame, upper[0]));
    write_steps(out, frame, upper, n, 1);
    fprintf(out, "V%.1f", svg_y(frame, lower ? lower[n - 1] : 0));
    if (lower)
        write_steps(out, frame, lower, n, -1);
    else
        fprintf(out, "H%.1f", frame->x);
    fputs("Z\"/>\n", out);
}

/* ---- Axes ---- */

/** 1, 2 or 5 times a power of ten, no less than @p value. */
static double round_step(double value)
{
    double power = pow(10, floor(log10(value)));
    double digit = value / power;

    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

double svg_round_up(double value)
{
    double step = round_step((value > 0 ? value : 1) / VALUE_TICKS);

    return step * ceil((value > 0 ? value : 1) / step);
}

void svg_value_axis(FILE *out, const struct svg_frame *frame)
{
    double step = round_step(frame->y_max / VALUE_TICKS);

    for (int i = 0; step * i <= frame->y_max * 1.0001; i++) {
        double y = svg_y(frame, step * i);
        char text[32];

        fprintf(out, "<path class=\"%s\" d=\"M%.1f,%.1fh%.1f\"/>\n", i ? "grid" : "axis", frame->x, y, frame->width);
        snprintf(text, sizeof(text), "%g", step * i);
        svg_text(out, frame->x - 6, y + 4, "end", text);
    }
}

static uint64_t time_step(uint64_t duration_ms)
{
    static const uint64_t steps[] = {
        SECOND,     2 * SECOND, 5 * SECOND,  10 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE,
        2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,        2 * HOUR,
        3 * HOUR,   6 * HOUR,   12 * HOUR,   DAY,         2 * DAY,     7 * DAY,
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (duration_ms / steps[i] <= TIME_TICKS)
            return steps[i];

    return (duration_ms / TIME_TICKS / DAY + 1) * DAY;
}

void svg_time_lines(FILE *out, const struct svg_frame *frame)
{
    uint64_t duration_ms = (uint64_t)frame->x_max, step = time_step(duration_ms);

    for (uint64_t ms = 0; ms <= duration_ms; ms += step)
        fprintf(out, "<path class=\"grid\" d=\"M%.1f,%.1fv%.1f\"/>\n", svg_x(frame, (double)ms), frame->y, frame->height);
}

char *svg_moment(char *buf, size_t size, uint64_t ms, uint64_t duration_ms)
{
    if (duration_ms <= 2 * MINUTE)
        snprintf(buf, size, "%g", (double)ms / SECOND);
    else if (duration_ms <= 2 * HOUR)
        snprintf(buf, size, "%u:%02u", (unsigned)(ms / MINUTE), (unsigned)(ms / SECOND % 60));
    else if (duration_ms <= 4 * DAY)
        snprintf(buf, size, "%u:%02u", (unsigned)(ms / HOUR), (unsigned)(ms / MINUTE % 60));
    else
        snprintf(buf, size, "%.3g", (double)ms / (double)DAY);

    return buf;
}

static const char *time_unit(uint64_t duration_ms)
{
    return duration_ms <= 2 * MINUTE ? "seconds"
           : duration_ms <= 2 * HOUR ? "minutes:seconds"
           : duration_ms <= 4 * DAY  ? "hours:minutes"
                                     : "days";
}

void svg_time_axis(FILE *out, const struct svg_frame *frame)
{
    uint64_t duration_ms = (uint64_t)frame->x_max, step = time_step(duration_ms);
    double bottom = frame->y + frame->height;
    char text[48];

    for (uint64_t ms = 0; ms <= duration_ms; ms += step)
        svg_text(out, svg_x(frame, (double)ms), bottom + 16, "middle", svg_moment(text, sizeof(text), ms, duration_ms));
    snprintf(text, sizeof(text), "time (%s)", time_unit(duration_ms));
    svg_text(out, frame->x + frame->width / 2, bottom + 32, "middle", text);
}
