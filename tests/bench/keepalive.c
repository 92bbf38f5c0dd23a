/* The figures of examples/scenarios/KEEPALIVE.md, from the simulator: how soon a silent carrier is noticed, how often a mere
 * loss of packets looks like one, and what that costs in probes.
 *
 *     meson compile -C build keepalive-figures
 *     build/tests/bench/bench-keepalive [YEARS]     trunk-years for each false alarm rate, about; 4 unless told */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trunkha.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define DAYS      31 /* of one run: the longest scenario */
#define YEAR_DAYS 365.25
#define TWINS     12 /* trunks with the same settings in one run: about a trunk-year together */
#define OUTAGES   144

static const unsigned intervals[] = {10, 15, 30, 60};
static const unsigned thresholds[] = {1, 2, 3, 5};
static const unsigned losses[] = {1, 10, 50, 100, 200}; /* permille */

/** What became of the trunks with the same settings. */
struct cell {
    unsigned long alarms;
    double years;
    double probes;
    double worst_s, total_s;
    unsigned long detections;
};

static struct cell by_loss[COUNT(losses)][COUNT(intervals)][COUNT(thresholds)];
static struct cell by_silence[COUNT(intervals)][COUNT(thresholds)];

/* ---- Texts */

struct text {
    FILE *stream;
    char *bytes;
    size_t len;
};

static void begin(struct text *text)
{
    *text = (struct text){NULL, NULL, 0};
    text->stream = open_memstream(&text->bytes, &text->len);
    if (!text->stream)
        exit(EXIT_FAILURE);
}

/** One group of twins; its number is in the id of each: "GROUP-TWIN". */
static void add_group(struct text *text, unsigned group, unsigned interval, unsigned threshold)
{
    fprintf(text->stream, "%s{\"id\": \"%u\", \"trunks\": [", group ? ",\n" : "", group);
    for (unsigned twin = 0; twin < TWINS; twin++)
        fprintf(text->stream,
                "%s{\"id\": \"%u-%u\", \"sipAddress\": \"198.18.%u.%u\", "
                "\"keepalive\": {\"interval\": %u, \"maxFailedAttempts\": %u}}",
                twin ? ", " : "", group, twin, group, twin + 1, interval, threshold);
    fprintf(text->stream, "]}");
}

static void print_config(struct text *text, unsigned n_copies)
{
    unsigned group = 0;

    begin(text);
    fprintf(text->stream, "{\"trunkGroups\": [");
    for (unsigned copy = 0; copy < n_copies; copy++) {
        for (unsigned i = 0; i < COUNT(intervals); i++) {
            for (unsigned t = 0; t < COUNT(thresholds); t++)
                add_group(text, group++, intervals[i], thresholds[t]);
        }
    }
    fprintf(text->stream,
            ",\n{\"id\": \"witness\", \"sipAddress\": \"198.19.0.1\"}]}"); /* that never fails: no local fault */
    fclose(text->stream);
}

/* ---- Runs */

static trunkha_simulation *run(const struct text *config, const struct text *scenario, uint64_t seed,
                               trunkha_event_cb event_cb)
{
    trunkha_simulation_options options = TRUNKHA_SIMULATION_OPTIONS_INIT;
    trunkha_simulation *simulation = NULL;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    options.seed = seed;
    options.event_cb = event_cb;
    if (trunkha_simulation_new(config->bytes, config->len, scenario->bytes, scenario->len, &options, &simulation, &diag) ||
        trunkha_simulation_run(simulation, UINT64_MAX)) {
        fprintf(stderr, "bench-keepalive: %s\n", diag.message);
        exit(EXIT_FAILURE);
    }

    return simulation;
}

/** Groups of all settings for each loss, one after the other. */
static void print_losses(struct text *text)
{
    const unsigned n_groups = COUNT(intervals) * COUNT(thresholds);

    begin(text);
    fprintf(text->stream, "{\"duration\": \"%ud\", \"steps\": [", DAYS);
    for (unsigned i = 0; i < COUNT(losses); i++) {
        fprintf(text->stream, "%s{\"do\": \"loss\", \"lossPercent\": %u.%u, \"who\": [", i ? ",\n" : "", losses[i] / 10,
                losses[i] % 10);
        for (unsigned g = 0; g < n_groups; g++)
            fprintf(text->stream, "%s\"%u\"", g ? ", " : "", i * n_groups + g);
        fprintf(text->stream, "]}");
    }
    fprintf(text->stream, "]}");
    fclose(text->stream);
}

static void count_alarms(const trunkha_simulation *simulation)
{
    struct cell *cells = &by_loss[0][0][0];
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

    for (unsigned i = 0; i < COUNT(losses) * COUNT(intervals) * COUNT(thresholds) * TWINS; i++) {
        struct cell *cell = &cells[i / TWINS];

        if (trunkha_simulation_get_trunk(simulation, i, &trunk))
            exit(EXIT_FAILURE);
        cell->alarms += trunk.falls;
        cell->years += DAYS / YEAR_DAYS;
        cell->probes += (double)trunk.probes;
    }
}

static void measure_alarms(unsigned years)
{
    struct text config, scenario;

    print_config(&config, COUNT(losses));
    print_losses(&scenario);
    for (unsigned seed = 1; seed <= years; seed++) {
        trunkha_simulation *simulation = run(&config, &scenario, seed, NULL);

        count_alarms(simulation);
        trunkha_simulation_free(simulation);
    }
    free(scenario.bytes);
    free(config.bytes);
}

/** When outage number @p i begins, in seconds: at no moment that an interval has to do with. */
static unsigned begin_of(unsigned i)
{
    return 1800 * (i + 1) + i * 7919 % 600;
}

static void print_outages(struct text *text)
{
    begin(text);
    fprintf(text->stream, "{\"duration\": %u, \"steps\": [", begin_of(OUTAGES));
    for (unsigned i = 0; i < OUTAGES; i++) {
        fprintf(text->stream, "%s{\"at\": %u, \"do\": \"silent\", \"who\": [", i ? ",\n" : "", begin_of(i));
        for (unsigned g = 0; g < COUNT(intervals) * COUNT(thresholds); g++)
            fprintf(text->stream, "%s\"%u\"", g ? ", " : "", g);
        fprintf(text->stream, "]},\n{\"at\": %u, \"do\": \"well\", \"who\": \"all\"}", begin_of(i) + 600);
    }
    fprintf(text->stream, "]}");
    fclose(text->stream);
}

static void note_detection(const trunkha_event *event, void *user_data)
{
    unsigned outage = (unsigned)(event->timestamp / 1000 / 1800) - 1;
    struct cell *cell = &by_silence[0][0] + strtoul(event->entity_id, NULL, 10);
    double seconds = (double)event->timestamp / 1000 - begin_of(outage);

    (void)user_data;
    if (event->type != TRUNKHA_EVENT_TRUNK_STATE || event->health != TRUNKHA_HEALTH_DOWN)
        return;

    cell->detections++;
    cell->total_s += seconds;
    if (seconds > cell->worst_s)
        cell->worst_s = seconds;
}

static void measure_detection(void)
{
    struct text config, scenario;

    print_config(&config, 1);
    print_outages(&scenario);
    trunkha_simulation_free(run(&config, &scenario, 1, note_detection));
    free(scenario.bytes);
    free(config.bytes);
}

/* ---- Tables */

static void print_head(const char *first)
{
    printf("%s", first);
    for (unsigned t = 0; t < COUNT(thresholds); t++)
        printf(t ? " %u |" : " `maxFailedAttempts` %u |", thresholds[t]);
    printf("\n|");
    for (const char *c = first + 1; *c; c++) {
        if (*c == '|')
            printf("---|");
    }
    for (unsigned t = 0; t < COUNT(thresholds); t++)
        printf("---|");
    printf("\n");
}

static double probes_a_day(const struct cell *cell)
{
    return cell->probes / cell->years / YEAR_DAYS;
}

static void print_rate(const struct cell *cell)
{
    double rate = (double)cell->alarms / cell->years;

    if (!cell->alarms)
        printf(" < %.1g |", 1 / cell->years);
    else
        printf(rate < 10 ? " %.2g |" : " %.0f |", rate);
}

static void print_detection(void)
{
    printf("Time to notice a silent carrier, worst and mean of %u outages, in seconds:\n\n", OUTAGES * TWINS);
    print_head("| `interval` | probes a day |");
    for (unsigned i = 0; i < COUNT(intervals); i++) {
        printf("| %u | %.0f |", intervals[i], probes_a_day(&by_loss[0][i][COUNT(thresholds) - 1]));
        for (unsigned t = 0; t < COUNT(thresholds); t++)
            printf(" %.1f, %.1f |", by_silence[i][t].worst_s,
                   by_silence[i][t].total_s / (double)by_silence[i][t].detections);
        printf("\n");
    }
}

static void print_alarms(void)
{
    printf("\nFalse alarms of a trunk in a year, seen in %.0f trunk-years each:\n\n", by_loss[0][0][0].years);
    print_head("| loss | `interval` | probes a day |");
    for (unsigned l = 0; l < COUNT(losses); l++) {
        for (unsigned i = 0; i < COUNT(intervals); i++) {
            printf("| %g %% | %u | %.0f |", losses[l] / 10.0, intervals[i],
                   probes_a_day(&by_loss[l][i][COUNT(thresholds) - 1]));
            for (unsigned t = 0; t < COUNT(thresholds); t++)
                print_rate(&by_loss[l][i][t]);
            printf("\n");
        }
    }
}

int main(int argc, char **argv)
{
    unsigned years = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4;

    measure_detection();
    measure_alarms(years);
    print_detection();
    print_alarms();

    return EXIT_SUCCESS;
}
