/* What was simulated as tables, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "simulate.h"
#include "text.h"

#define TIMELINE_COLUMNS 6

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Head ---- */

/** What the scenario says of itself; a recording says nothing. */
static void print_head(const struct simulate *simulate)
{
    trunkha_simulation_about about = TRUNKHA_SIMULATION_ABOUT_INIT;

    trunkha_simulation_get_about(simulate->runs[0].simulation, &about);
    if (!*about.name)
        return;

    text_print(stdout, about.name);
    if (*about.about)
        fputs(": ", stdout);
    text_print(stdout, about.about);
    puts("\n");
}

/* ---- Timeline ---- */

/** "2:05:10.250" from the beginning of a scenario; the local time of a recording. */
static void add_time(struct table *table, bool is_replay, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm local;
    char text[32];

    if (!is_replay) {
        table_add(table, "%" PRId64 ":%02d:%02d.%03d", ms / 3600000, (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
                  (int)(ms % 1000));
        return;
    }
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%F %T", &local);
    table_add(table, "%s.%03d", text, (int)(ms % 1000));
}

static void add_heads(struct table *table)
{
    static const char *const heads[] = {"TIME", "WHAT", "FROM", "TO", "REASON", "DETAIL"};

    table->columns = TIMELINE_COLUMNS;
    for (size_t i = 0; i < TIMELINE_COLUMNS; i++)
        table_add(table, "%s", heads[i]);
}

static void add_change(struct table *table, const trunkha_event *event)
{
    switch (event->type) {
    case TRUNKHA_EVENT_TRUNK_STATE:
        table_add(table, "trunk %s", event->entity_id);
        table_add(table, "%s", trunkha_health_name(event->previous_health));
        table_add(table, "%s", trunkha_health_name(event->health));
        break;
    case TRUNKHA_EVENT_ACTIVE_CHANGE:
        table_add(table, "calls of %s", event->entity_id);
        table_add(table, "%s", *event->previous_trunk_id ? event->previous_trunk_id : "nowhere");
        table_add(table, "%s", *event->trunk_id ? event->trunk_id : "nowhere");
        break;
    case TRUNKHA_EVENT_ADDRESS_CHANGE:
        table_add(table, "addresses of %s", event->entity_id);
        table_add(table, "%s", event->removed);
        table_add(table, "%s", event->added);
        break;
    default:
        table_add(table, "%s", trunkha_event_type_name(event->type));
        table_add(table, "%s", event->entity_id);
        table_add(table, "%s", "");
    }
}

/** What happens to targets shows in their trunks, and what happens to calls is summed up. */
static bool is_for_people(uint32_t type)
{
    return type != TRUNKHA_EVENT_READY && type != TRUNKHA_EVENT_TARGET_STATE && type != TRUNKHA_EVENT_CALL_ATTEMPT &&
           type != TRUNKHA_EVENT_CALL_END;
}

/** Groups are profiles too: which of them are told of the summary knows, for it counts them. */
static bool is_counted(struct simulated *run)
{
    trunkha_simulation_summary sum = TRUNKHA_SIMULATION_SUMMARY_INIT;
    uint64_t before = run->n_moves;

    trunkha_simulation_get_summary(run->simulation, &sum);
    run->n_moves = sum.active_changes;

    return run->n_moves > before;
}

void simulate_add_event(struct simulated *run, bool is_replay, const trunkha_event *event)
{
    if (!is_for_people(event->type))
        return;
    if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE && !is_counted(run))
        return;
    if (!run->timeline.n_cells)
        add_heads(&run->timeline);
    add_time(&run->timeline, is_replay, event->timestamp);
    add_change(&run->timeline, event);
    table_add(&run->timeline, "%s", event->reason ? trunkha_reason_name(event->reason) : "");
    table_add(&run->timeline, "%s", event->detail);
}

static bool print_timelines(struct simulate *simulate)
{
    bool is_printed = true;

    for (size_t i = 0; i < simulate->n_runs; i++) {
        struct simulated *run = &simulate->runs[i];

        if (simulate->n_runs > 1) {
            text_print(stdout, run->label);
            puts(":");
        }
        if (run->timeline.n_cells)
            is_printed &= table_print(&run->timeline, stdout);
        else
            puts("No state changes.");
        putchar('\n');
    }

    return is_printed;
}

/* ---- Trunks ---- */

/** A table with a row for each trunk, or one for each run of it. */
struct trunk_table {
    const char *const *heads;
    size_t n_heads;
    void (*add)(struct table *table, const trunkha_simulation_trunk *trunk, bool is_replay);
};

static void add_span(struct table *table, uint64_t ms)
{
    char buf[32];

    table_add(table, "%s", ms ? text_seconds(buf, sizeof(buf), ms) : "-");
}

/** What a recording cannot say: it knows of no faults but those that were noticed. */
static void add_faults(struct table *table, const trunkha_simulation_trunk *trunk)
{
    add_span(table, trunk->faulty_ms);
    add_span(table, trunk->worst_detection_ms);
    table_add(table, "%u", trunk->false_alarms);
    table_add(table, "%u", trunk->missed);
}

static void add_states(struct table *table, const trunkha_simulation_trunk *trunk, bool is_replay)
{
    table_add(table, "%" PRIu64, trunk->probes);
    table_add(table, "%u", trunk->falls);
    add_span(table, trunk->down_ms);
    if (!is_replay)
        add_faults(table, trunk);
}

static void add_calls(struct table *table, const trunkha_simulation_trunk *trunk, bool is_replay)
{
    table_add(table, "%" PRIu64, trunk->attempts);
    table_add(table, "%" PRIu64, trunk->answered);
    table_add(table, "%" PRIu64, trunk->failed);
    table_add(table, "%" PRIu64, trunk->calls_lost);
    if (is_replay)
        return;

    table_add(table, "%" PRIu64, trunk->calls_cut);
    table_add(table, "%" PRIu64, trunk->calls_delayed);
    add_span(table, trunk->calls_delayed ? trunk->delay_total_ms / trunk->calls_delayed : 0);
    add_span(table, trunk->delay_max_ms);
}

/** One row for each run that has it, the id in the first only. */
static void add_trunk_rows(const struct simulate *simulate, struct table *table, const struct simulate_trunk *place,
                           const struct trunk_table *kind)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;
    const char *id = place->id;

    for (size_t i = 0; i < simulate->n_runs; i++) {
        if (trunkha_simulation_get_trunk(simulate->runs[i].simulation, place->index[i], &trunk))
            continue;
        table_add(table, "%s", id);
        if (simulate->n_runs > 1)
            table_add(table, "%s", simulate->runs[i].label);
        kind->add(table, &trunk, simulate->is_replay);
        id = "";
    }
}

static bool print_trunk_table(const struct simulate *simulate, const struct trunk_table *kind)
{
    struct table table = {.columns = kind->n_heads + simulate->n_runs};
    struct simulate_trunk trunk = {.id = ""};

    table_add(&table, "TRUNK");
    if (simulate->n_runs > 1)
        table_add(&table, "SETTINGS");
    for (size_t i = 0; i < kind->n_heads; i++)
        table_add(&table, "%s", kind->heads[i]);
    while (simulate_next_trunk(simulate, &trunk))
        add_trunk_rows(simulate, &table, &trunk, kind);

    return table_print(&table, stdout);
}

/** What the trunks went through, and then what callers saw of each: 100 columns hold one of both. */
static bool print_trunks(const struct simulate *simulate)
{
    static const char *const states[] = {"PROBES",      "FALLS",        "DOWN FOR", "FAULTY FOR",
                                         "FOUND AFTER", "FALSE ALARMS", "NOT FOUND"};
    static const char *const calls[] = {"ATTEMPTS", "ANSWERED", "FAILED", "LOST", "CUT", "DELAYED", "ON AVERAGE", "AT MOST"};
    const struct trunk_table of_states = {states, simulate->is_replay ? 3 : COUNT(states), add_states};
    const struct trunk_table of_calls = {calls, simulate->is_replay ? 4 : COUNT(calls), add_calls};
    bool is_printed = print_trunk_table(simulate, &of_states);

    putchar('\n');

    return is_printed && print_trunk_table(simulate, &of_calls);
}

/* ---- Callers ---- */

enum row {
    CALLS,
    AT_ONCE,
    LATER,
    WAITED,
    LOST,
    CUT,
    UNANSWERED,
    UNDER_WAY,
    ATTEMPTS,
    PROBES,
    STATE_CHANGES,
    ACTIVE_CHANGES,
    ROWS
};

static const char *const row_heads[ROWS] = {
    [CALLS] = "CALLS",
    [AT_ONCE] = "answered at once",
    [LATER] = "answered later",
    [WAITED] = "  waited more",
    [LOST] = "lost",
    [CUT] = "cut while talking",
    [UNANSWERED] = "callee did not answer",
    [UNDER_WAY] = "under way at the end",
    [ATTEMPTS] = "attempts",
    [PROBES] = "probes",
    [STATE_CHANGES] = "trunk changed state",
    [ACTIVE_CHANGES] = "new calls went elsewhere",
};

static void add_share(struct table *table, uint64_t n, uint64_t of)
{
    if (of)
        table_add(table, "%" PRIu64 " (%.2f %%)", n, 100.0 * (double)n / (double)of);
    else
        table_add(table, "%" PRIu64, n);
}

static void add_waits(struct table *table, const trunkha_simulation_summary *sum)
{
    char mean[32], most[32];

    if (sum->calls_delayed)
        table_add(table, "%s on average, %s at most",
                  text_seconds(mean, sizeof(mean), sum->delay_total_ms / sum->calls_delayed),
                  text_seconds(most, sizeof(most), sum->delay_max_ms));
    else
        table_add(table, "-");
}

static uint64_t count_of(const trunkha_simulation_summary *sum, enum row row)
{
    switch (row) {
    case AT_ONCE:
        return sum->calls_answered;
    case LATER:
        return sum->calls_delayed;
    case LOST:
        return sum->calls_lost;
    case CUT:
        return sum->calls_cut;
    case UNANSWERED:
        return sum->calls_unanswered;
    case UNDER_WAY:
        return sum->calls_under_way;
    case ATTEMPTS:
        return sum->attempts;
    case PROBES:
        return sum->probes;
    case STATE_CHANGES:
        return sum->state_changes;
    case ACTIVE_CHANGES:
        return sum->active_changes;
    default:
        return sum->calls;
    }
}

static void add_summary_cell(struct table *table, const trunkha_simulation_summary *sum, enum row row)
{
    if (row == WAITED)
        add_waits(table, sum);
    else if (row == AT_ONCE || row == LATER || row == LOST || row == CUT)
        add_share(table, count_of(sum, row), sum->calls);
    else
        table_add(table, "%" PRIu64, count_of(sum, row));
}

/** Which attempts were those of one call, and how it ended after the answer, no recording tells. */
static bool is_made_up(enum row row)
{
    return row == WAITED || row == CUT;
}

static bool print_callers(const struct simulate *simulate)
{
    struct table table = {.columns = 1 + simulate->n_runs};

    for (size_t i = 0; simulate->n_runs > 1 && i <= simulate->n_runs; i++)
        table_add(&table, "%s", i ? simulate->runs[i - 1].label : "");
    for (enum row row = CALLS; row < ROWS; row++) {
        if (simulate->is_replay && is_made_up(row))
            continue;
        table_add(&table, "%s", row_heads[row]);
        for (size_t i = 0; i < simulate->n_runs; i++) {
            trunkha_simulation_summary sum = TRUNKHA_SIMULATION_SUMMARY_INIT;

            trunkha_simulation_get_summary(simulate->runs[i].simulation, &sum);
            add_summary_cell(&table, &sum, row);
        }
    }

    if (simulate->is_replay && !simulate_add_truth(simulate, &table))
        return false;

    return table_print(&table, stdout);
}

bool simulate_print(struct simulate *simulate)
{
    bool is_printed;

    print_head(simulate);
    is_printed = print_timelines(simulate) && print_trunks(simulate);
    putchar('\n');

    return is_printed && print_callers(simulate);
}
