/* trunkha status: the table of groups, trunks and targets of a running daemon. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <trunkha.h>

#include "commands.h"
#include "daemon.h"
#include "options.h"
#include "status_details.h"
#include "system.h"
#include "table.h"
#include "text.h"

#define EXIT_DEGRADED 1
#define EXIT_NOTHING  2

static const struct manual manual = {
    "status",
    NULL,
    "Shows the trunk groups, trunks and targets of a running daemon, their state and where new calls go.\n",
    "  0  every trunk is usable\n"
    "  1  something is not AVAILABLE, but each group has a usable trunk\n"
    "  2  a group has nothing usable\n"
    "  3  no daemon (the last states are shown if there are any), or wrong command line\n",
};

/** The entries of a view come group by group and trunk by trunk, so that one walk over each list is enough. */
struct walk {
    const trunkha_view *view;
    struct table *table;
    bool is_wide;
    int64_t now;
    uint32_t next_trunk, next_target;
    trunkha_group_status group;
    trunkha_trunk_status trunk;
    trunkha_target_status target;
    bool has_trunk, has_target;
};

static void add_age(const struct walk *walk, int64_t unix_ms, const char *ago)
{
    char span[32];
    uint64_t age_ms = unix_ms < walk->now ? (uint64_t)(walk->now - unix_ms) : 0;

    if (unix_ms > 0)
        table_add(walk->table, "%s%s", text_span(span, sizeof(span), age_ms), ago);
    else
        table_add(walk->table, "-");
}

static void add_blanks(const struct walk *walk, size_t count)
{
    while (count--)
        table_add(walk->table, "%s", "");
}

static const char *cause(uint32_t reason)
{
    return reason == TRUNKHA_REASON_NONE ? "-" : trunkha_reason_name(reason);
}

static void add_head(const struct walk *walk)
{
    static const char *const heads[] = {"GROUP, TRUNK, TARGET",
                                        "STATE",
                                        "NEW CALLS",
                                        "CAUSE",
                                        "FOR",
                                        "RTT",
                                        "LOSS",
                                        "NAME",
                                        "ADMIN",
                                        "CALLS",
                                        "FAILED",
                                        "LAST CODE",
                                        "LAST ANSWER"};

    for (size_t i = 0; i < walk->table->columns; i++)
        table_add(walk->table, "%s", heads[i]);
}

static void add_group(const struct walk *walk)
{
    table_add(walk->table, "%s", walk->group.id);
    table_add(walk->table, "%s", trunkha_health_name(walk->group.health));
    table_add(walk->table, "%s", *walk->group.active_trunk_id ? "" : "nowhere");
    add_blanks(walk, 4);
    if (walk->is_wide) {
        table_add(walk->table, "%s", walk->group.name);
        add_blanks(walk, 5);
    }
}

static const char *new_calls_of(const struct walk *walk, const trunkha_trunk_status *trunk)
{
    if (trunk->admin != TRUNKHA_ADMIN_ENABLED)
        return trunkha_admin_name(trunk->admin);

    return strcmp(trunk->id, walk->group.active_trunk_id) ? "" : "here";
}

static void add_trunk(const struct walk *walk)
{
    const trunkha_trunk_status *trunk = &walk->trunk;

    table_add(walk->table, "  %s", trunk->id);
    table_add(walk->table, "%s", trunkha_health_name(trunk->health));
    table_add(walk->table, "%s", new_calls_of(walk, trunk));
    table_add(walk->table, "%s", cause(trunk->reason));
    add_age(walk, trunk->since, "");
    add_blanks(walk, 2);
    if (walk->is_wide) {
        table_add(walk->table, "%s", trunk->name);
        table_add(walk->table, "%s", trunkha_admin_name(trunk->admin));
        table_add(walk->table, "%u", trunk->active_calls);
        add_blanks(walk, 3);
    }
}

static void add_target(const struct walk *walk)
{
    const trunkha_target_status *target = &walk->target;

    table_add(walk->table, "    %s", target->target);
    table_add(walk->table, "%s", trunkha_health_name(target->health));
    table_add(walk->table, "%s", "");
    table_add(walk->table, "%s", cause(target->reason));
    add_age(walk, target->since, "");
    if (target->rtt_us)
        table_add(walk->table, "%.1f ms", target->rtt_us / 1000.0);
    else
        table_add(walk->table, "-");
    table_add(walk->table, "%.3g %%", target->loss_permille / 10.0);
    if (walk->is_wide) {
        add_blanks(walk, 3);
        table_add(walk->table, "%u", target->failed_attempts);
        table_add(walk->table, "%u", target->last_response);
        add_age(walk, target->last_successful_keepalive, " ago");
    }
}

static void next_trunk(struct walk *walk)
{
    walk->trunk.size = sizeof(walk->trunk);
    walk->has_trunk = !trunkha_view_get_trunk(walk->view, walk->next_trunk++, &walk->trunk);
}

static void next_target(struct walk *walk)
{
    walk->target.size = sizeof(walk->target);
    walk->has_target = !trunkha_view_get_target(walk->view, walk->next_target++, &walk->target);
}

static void add_groups(struct walk *walk)
{
    next_trunk(walk);
    next_target(walk);
    for (uint32_t i = 0; !trunkha_view_get_group(walk->view, i, &walk->group); i++) {
        add_group(walk);
        for (; walk->has_trunk && !strcmp(walk->trunk.trunk_group_id, walk->group.id); next_trunk(walk)) {
            add_trunk(walk);
            for (; walk->has_target && !strcmp(walk->target.trunk_id, walk->trunk.id); next_target(walk))
                add_target(walk);
        }
    }
}

static bool print_groups(const trunkha_view *view, bool is_wide)
{
    struct table table = {.columns = is_wide ? 13 : 7};
    struct walk walk = {
        .view = view, .table = &table, .is_wide = is_wide, .now = clock_unix_ms(), .group = TRUNKHA_GROUP_STATUS_INIT};

    add_head(&walk);
    add_groups(&walk);

    return table_print(&table, stdout);
}

static bool print_profiles(const trunkha_view *view)
{
    trunkha_profile_status profile = TRUNKHA_PROFILE_STATUS_INIT;
    struct table table = {.columns = 2};

    for (uint32_t i = 0; !trunkha_view_get_profile(view, i, &profile); i++) {
        if (profile.is_group)
            continue;
        if (!table.n_cells) {
            putchar('\n');
            table_add(&table, "ROUTING PROFILE");
            table_add(&table, "NEW CALLS GO TO");
        }
        table_add(&table, "%s", profile.id);
        table_add(&table, "%s", *profile.active_trunk_id ? profile.active_trunk_id : "nowhere");
    }

    return table_print(&table, stdout);
}

static bool print_json(const trunkha_view *view)
{
    char *json = NULL;
    int err = trunkha_view_status_json(view, &json);

    if (!err)
        puts(json);
    trunkha_free(json);

    return !err;
}

static int judge(const trunkha_view *view)
{
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;

    for (uint32_t i = 0; !trunkha_view_get_group(view, i, &group); i++)
        if (!*group.active_trunk_id)
            return EXIT_NOTHING;
    for (uint32_t i = 0; !trunkha_view_get_trunk(view, i, &trunk); i++)
        if (trunk.health != TRUNKHA_HEALTH_AVAILABLE)
            return EXIT_DEGRADED;

    return 0;
}

static bool print_tables(const trunkha_view *view, bool is_wide)
{
    bool is_printed = print_groups(view, is_wide) && print_profiles(view) && (!is_wide || status_print_details(view));

    if (is_printed)
        status_print_trouble(view);

    return is_printed;
}

static int show(const trunkha_view *view, const char *format)
{
    bool is_live = daemon_is_live("status", view, NULL);
    bool is_shown = !strcmp(format, "json") ? print_json(view) : print_tables(view, !strcmp(format, "wide"));

    if (!is_shown)
        fprintf(stderr, "trunkha status: the states cannot be shown: %s\n", trunkha_strerror(TRUNKHA_ERR_NOMEM));

    return is_live && is_shown ? judge(view) : EXIT_REFUSED;
}

int command_status(int argc, char **argv)
{
    const char *name = NULL, *format = "table";
    const struct option options[] = {
        DAEMON_OPTIONS(&name),
        {"-o", "table|wide|json", OPTION_CHOICE, &format, 0, 0, "how to show it; default table"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    trunkha_view *view;
    int status = options_read(&manual, options, argc, argv, NULL);

    if (status >= 0)
        return status;
    view = daemon_open("status", name);
    if (!view)
        return EXIT_REFUSED;
    status = show(view, format);
    trunkha_view_unref(view);

    return status;
}
