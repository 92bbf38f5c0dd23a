/* trunkha route PROFILE: the candidates for the next call, best first, and why. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <trunkha.h>

#include "commands.h"
#include "daemon.h"
#include "options.h"
#include "table.h"
#include "text.h"

#define EXIT_NOTHING 2
#define NAMES_MAX    20 /* profiles proposed when the name is wrong */

static const struct manual manual = {
    "route",
    "PROFILE",
    "Shows the trunks for the next call of a routing profile (or of a trunk group), best first, and why each one was\n"
    "chosen or passed over.\n",
    "  0  the first one is usable\n"
    "  2  nothing is usable\n"
    "  3  no daemon (the last states are shown if there are any), no such profile, or wrong command line\n",
};

struct route {
    trunkha_candidate *candidates;
    size_t count;
};

static bool is_passed_over(const trunkha_candidate *candidate)
{
    return candidate->why >= TRUNKHA_WHY_DISABLED;
}

static void explain_error(const trunkha_view *view, const char *profile, int err)
{
    trunkha_profile_status known = TRUNKHA_PROFILE_STATUS_INIT;

    if (err != TRUNKHA_ERR_NOTFOUND) {
        fprintf(stderr, "trunkha route: %s: %s\n", profile, trunkha_strerror(err));
        return;
    }
    fprintf(stderr, "trunkha route: there is no profile or group \"%s\"; there are:", profile);
    for (uint32_t i = 0; i < NAMES_MAX && !trunkha_view_get_profile(view, i, &known); i++)
        fprintf(stderr, "%s %s", i ? "," : "", known.id);
    fputc('\n', stderr);
}

static int explain(const trunkha_view *view, const char *profile, struct route *ret_route)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    struct route route;
    int err;

    trunkha_view_get_info(view, &info);
    route.count = (size_t)info.targets + 1;
    route.candidates = calloc(route.count, sizeof(*route.candidates));
    err = route.candidates ? trunkha_view_explain(view, profile, route.candidates, &route.count) : TRUNKHA_ERR_NOMEM;
    if (err)
        free(route.candidates);
    else
        *ret_route = route;

    return err;
}

static bool print_table(const struct route *route)
{
    static const char *const heads[] = {"", "TRUNK", "GROUP", "TARGET", "STATE", "WHY"};
    struct table table = {.columns = sizeof(heads) / sizeof(heads[0])};

    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, "%s", heads[i]);
    for (size_t i = 0; i < route->count; i++) {
        const trunkha_candidate *candidate = &route->candidates[i];

        if (is_passed_over(candidate))
            table_add(&table, "-");
        else
            table_add(&table, "%zu", i + 1);
        table_add(&table, "%s", candidate->trunk_id);
        table_add(&table, "%s", candidate->trunk_group_id);
        table_add(&table, "%s", candidate->target);
        table_add(&table, "%s", trunkha_health_name(candidate->health));
        table_add(&table, "%s", trunkha_why_text(candidate->why));
    }

    return table_print(&table, stdout);
}

static int print_json(const trunkha_view *view, const char *profile)
{
    char *json = NULL;
    int err = trunkha_view_route_json(view, profile, &json);

    if (!err)
        puts(json);
    trunkha_free(json);

    return err;
}

static bool is_usable(const struct route *route)
{
    return route->count && !is_passed_over(&route->candidates[0]) && route->candidates[0].why != TRUNKHA_WHY_LAST_RESORT;
}

static int show(const trunkha_view *view, const char *profile, bool as_json)
{
    bool is_live = daemon_is_live("route", view, NULL);
    struct route route;
    int err = explain(view, profile, &route);
    int status;

    if (err) {
        explain_error(view, profile, err);
        return EXIT_REFUSED;
    }
    status = !is_live ? EXIT_REFUSED : is_usable(&route) ? 0 : EXIT_NOTHING;
    if (!as_json)
        err = print_table(&route) ? 0 : TRUNKHA_ERR_NOMEM;
    else
        err = print_json(view, profile);
    if (err)
        explain_error(view, profile, err);
    free(route.candidates);

    return err ? EXIT_REFUSED : status;
}

int command_route(int argc, char **argv)
{
    const char *name = NULL, *profile = NULL;
    bool as_json = false;
    const struct option options[] = {
        DAEMON_OPTIONS(&name),
        {"--json", NULL, OPTION_FLAG, &as_json, 0, 0, "one JSON object instead of the table"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    trunkha_view *view;
    int status = options_read(&manual, options, argc, argv, &profile);

    if (status >= 0)
        return status;
    view = daemon_open("route", name);
    if (!view)
        return EXIT_REFUSED;
    status = show(view, profile, as_json);
    trunkha_view_unref(view);

    return status;
}
