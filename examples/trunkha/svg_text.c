/* Text in SVG: foreign words made safe, and cut where there is no room for them. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "svg.h"
#include "text.h"

#define ELLIPSIS   "\xe2\x80\xa6"
#define HEAD_SHARE 0.4 /* of what is left of a text that is cut: ids with one beginning are told apart by their ends */

/* ---- Escaping ---- */

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void svg_escape(FILE *out, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return;
    text_clean(copy);
    for (const char *c = copy; *c; c++) {
        if (!strncmp(c, "\xef\xbf\xbe", 3) ||
            !strncmp(c, "\xef\xbf\xbf", 3)) { /* XML 1.0 section 2.2 has no U+FFFE, U+FFFF */
            fputc('?', out);
            c += 2;
        } else if (entity(*c)) {
            fputs(entity(*c), out);
        } else {
            fputc(*c, out);
        }
    }
    free(copy);
}

/* ---- Widths ---- */

/** The characters from ' ' to '~' in DejaVu Sans, which is as wide as any other that may be taken; hundredths of an em. */
static const unsigned char widths[] = {
    32,  40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, /* from ' ' */
    64,  64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, /* '0' */
    100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, /* '@' */
    60,  79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, /* 'P' */
    50,  61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, /* '`' */
    63,  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,     /* 'p' */
};
#define WIDTH_OF_LETTERS 0.65 /* Latin, Greek, Cyrillic and what is like them */
#define WIDTH_OF_SIGNS   1.0  /* Chinese, Japanese, Korean, emoji */
#define FIRST_OF_SIGNS   0xe3 /* the first byte of U+3000 and what follows it */

static bool is_inside(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80; /* RFC 3629: not the first byte of a character */
}

static double width_of(char c)
{
    if (is_inside(c))
        return 0;
    if (c >= ' ' && c <= '~')
        return widths[c - ' '] / 100.0;

    return (unsigned char)c >= FIRST_OF_SIGNS ? WIDTH_OF_SIGNS : WIDTH_OF_LETTERS;
}

double svg_width_of(const char *text)
{
    double width = 0;

    for (; *text; text++)
        width += width_of(*text);

    return width;
}

/* ---- Elements ---- */

void svg_text_as(FILE *out, double x, double y, const char *attributes, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    svg_escape(out, text);
    fputs("</text>\n", out);
}

void svg_text(FILE *out, double x, double y, const char *anchor, const char *text)
{
    char attributes[40];

    snprintf(attributes, sizeof(attributes), "text-anchor=\"%s\"", anchor);
    svg_text_as(out, x, y, attributes, text);
}

/** Cuts the middle out of @p text, which is wider than @p ems: the head stays in its place, the tail is returned. */
static char *split(char *text, double ems)
{
    char *head = text, *tail = text + strlen(text);
    double left = ems - svg_width_of(ELLIPSIS), of_head = left * HEAD_SHARE;

    while (*head && of_head >= width_of(*head))
        of_head -= width_of(*head++);
    left -= left * HEAD_SHARE - of_head;
    while (tail > head && left >= width_of(tail[-1]))
        left -= width_of(*--tail);
    while (is_inside(*tail))
        tail++;
    *head = '\0';

    return tail;
}

void svg_text_within(FILE *out, double x, double y, const char *attributes, double ems, const char *text)
{
    char *copy = svg_width_of(text) > ems ? strdup(text) : NULL;
    const char *tail = copy ? split(copy, ems) : "";

    if (!copy) {
        svg_text_as(out, x, y, attributes, text);
        return;
    }
    fputs("<g><title>", out);
    svg_escape(out, text);
    fprintf(out, "</title><text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    svg_escape(out, copy);
    fputs(ELLIPSIS, out);
    svg_escape(out, tail);
    fputs("</text></g>\n", out);
    free(copy);
}
