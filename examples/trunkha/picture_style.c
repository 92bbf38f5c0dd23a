#include "picture.h"

#include <trunkha.h>

#define BOX       11.0 /* high: a swatch, of which most stands above the line of its word */
#define BOX_ABOVE 10.0
#define SWATCH    16.0 /* wide */
#define MARK      28.0 /* wide: that of a fault, in the legend */
#define WORD_GAP  5.0
#define NEXT_GAP  18.0

/* Colours that are told apart in grey too, or else by their patterns. */
static const char style[] = "text{font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif;font-size:11px;fill:#222}\n"
                            ".title{font-size:18px;font-weight:bold}\n"
                            ".head{font-size:12px;font-weight:bold}\n"
                            ".about{fill:#555}\n"
                            ".small{font-size:10px;paint-order:stroke;stroke:#fff;stroke-opacity:.7;stroke-width:2px}\n"
                            ".light{fill:#fff;stroke:none}\n"
                            ".band{stroke:#444;stroke-width:.5}\n"
                            ".grid{stroke:#ddd;fill:none}\n"
                            ".axis{stroke:#444;fill:none}\n"
                            ".fault{stroke:#111;stroke-width:2;fill:none}\n"
                            ".step{stroke:#111;stroke-dasharray:2 2;fill:none}\n"
                            ".shade{fill:#000;fill-opacity:.07}\n";

struct pattern {
    const char *id;
    const char *colour;
    const char *lines; /**< the path of what is drawn on it */
    const char *ink;
};

static const struct pattern state_patterns[] = {
    [TRUNKHA_HEALTH_UNKNOWN] = {"unknown", "#fff", "M3,3h2", "#888"},
    [TRUNKHA_HEALTH_AVAILABLE] = {"available", "#cfe5f2", "", "none"},
    [TRUNKHA_HEALTH_DEGRADED] = {"degraded", "#f2c14e", "M0,8L8,0M-2,2L2,-2M6,10L10,6", "#c8962a"},
    [TRUNKHA_HEALTH_DOWN] = {"down", "#7d1416", "", "none"},
};
#define N_STATES (sizeof(state_patterns) / sizeof(state_patterns[0]))

/** The colours of Okabe and Ito, which the colour-blind tell apart; the one like DEGRADED comes last, and with dots. */
static const struct pattern layer_patterns[LAYERS_MAX + 1] = {
    {"layer0", "#0072b2", "", "none"},
    {"layer1", "#009e73", "M0,2h8M0,6h8", "#fff"},
    {"layer2", "#cc79a7", "M2,0v8M6,0v8", "#fff"},
    {"layer3", "#56b4e9", "M0,0L8,8M-2,6L2,10M6,-2L10,2", "#fff"},
    {"layer4", "#f0e442", "M0,4h8M4,0v8", "#9a9000"},
    {"layer5", "#e69f00", "M1,2a1,1 0 1 0 2,0a1,1 0 1 0 -2,0zM5,6a1,1 0 1 0 2,0a1,1 0 1 0 -2,0z", "#fff"},
    {"layer6", "#bbbbbb", "", "none"},
};

static const struct pattern failed_pattern = {"failed", "#333", "M0,0L8,8M8,0L0,8", "#fff"};

static void write_pattern(FILE *out, const struct pattern *pattern)
{
    fprintf(out,
            "<pattern id=\"%s\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
            "<rect width=\"8\" height=\"8\" fill=\"%s\"/><path d=\"%s\" stroke=\"%s\" "
            "stroke-width=\".8\" fill=\"%s\"/></pattern>\n",
            pattern->id, pattern->colour, pattern->lines, pattern->ink, pattern->ink);
}

void picture_write_definitions(FILE *out)
{
    fprintf(out, "<defs>\n<style>\n%s</style>\n", style);
    for (size_t i = 0; i < N_STATES; i++)
        write_pattern(out, &state_patterns[i]);
    for (size_t i = 0; i <= LAYERS_MAX; i++)
        write_pattern(out, &layer_patterns[i]);
    write_pattern(out, &failed_pattern);
    fputs("</defs>\n", out);
}

const char *picture_state_fill(uint32_t health)
{
    static const char *const fills[N_STATES] = {"url(#unknown)", "url(#available)", "url(#degraded)", "url(#down)"};

    return fills[health < N_STATES ? health : TRUNKHA_HEALTH_UNKNOWN];
}

const char *picture_layer_fill(size_t layer)
{
    static const char *const fills[LAYERS_MAX + 1] = {"url(#layer0)", "url(#layer1)", "url(#layer2)", "url(#layer3)",
                                                      "url(#layer4)", "url(#layer5)", "url(#layer6)"};

    return fills[layer < LAYERS_MAX ? layer : LAYERS_MAX];
}

double picture_write_swatch(FILE *out, double x, double y, const char *fill, const char *word)
{
    double width = SWATCH + (*word ? WORD_GAP + svg_width_of(word) * PICTURE_TEXT : 0);

    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\" fill=\"%s\" stroke=\"#444\"/>\n", x,
            y - BOX_ABOVE, SWATCH, BOX, fill);
    if (*word)
        svg_text(out, x + SWATCH + WORD_GAP, y, "start", word);

    return x + width + NEXT_GAP;
}

void picture_write_fault(FILE *out, double from, double to, double y)
{
    fprintf(out, "<path class=\"fault\" d=\"M%.1f,%.1fv6m0,-3H%.1fm0,-3v6\"/>\n", from, y - 3, to);
}

void picture_write_state_legend(FILE *out, double y, bool with_faults)
{
    static const uint32_t order[] = {TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_HEALTH_DEGRADED, TRUNKHA_HEALTH_DOWN,
                                     TRUNKHA_HEALTH_UNKNOWN};
    double x = PICTURE_LEFT;

    for (size_t i = 0; i < N_STATES; i++)
        x = picture_write_swatch(out, x, y, picture_state_fill(order[i]), trunkha_health_name(order[i]));
    if (!with_faults)
        return;
    fprintf(out, "<rect class=\"shade\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\"/>\n", x, y - BOX_ABOVE, MARK,
            BOX);
    picture_write_fault(out, x, x + MARK, y - BOX_ABOVE + BOX / 2);
    svg_text(out, x + MARK + WORD_GAP, y, "start", "the carrier fails, in the scenario");
}
