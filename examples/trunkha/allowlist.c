/* trunkha allowlist FILE: every address of every trunk, as the DNS has it now, for a firewall. */
#include "allowlist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "system.h"
#include "text.h"

#define EXIT_INCOMPLETE 2

static const struct manual manual = {
    "allowlist",
    "FILE",
    "Looks up every trunk of a configuration (- = standard input) and prints the addresses for a firewall: sets of "
    "nftables,\n"
    "commands of iptables, or JSON. Names that lead nowhere are told on standard error; all others are printed.\n",
    "  0  complete\n"
    "  2  a name leads nowhere, or the configuration has errors\n"
    "  3  wrong command line\n",
};

static bool read_range(const char *text, uint16_t *ret_from, uint16_t *ret_to)
{
    unsigned from, to;
    int len = 0;

    if (sscanf(text, "%5u-%5u%n", &from, &to, &len) < 2 || text[len] || from < 1 || to > UINT16_MAX || from > to)
        return false;
    *ret_from = (uint16_t)from;
    *ret_to = (uint16_t)to;

    return true;
}

/** Many trunks have one name: it is asked for once. */
static const struct allowlist_trunk *find_same(const struct allowlist *list, const char *uri)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->trunks[i].status.uri, uri))
            return &list->trunks[i];

    return NULL;
}

static int look_up(struct allowlist_trunk *trunk, const trunkha_resolve_options *options, trunkha_diag *diag)
{
    trunk->count = ALLOWLIST_ADDRESSES_MAX;
    for (size_t i = 0; i < trunk->count; i++)
        trunk->addresses[i] = (trunkha_address)TRUNKHA_ADDRESS_INIT;

    return trunkha_resolve_uri(trunk->status.uri, options, trunk->addresses, &trunk->count, &trunk->dns, diag);
}

static void tell_lost(const struct allowlist_trunk *trunk)
{
    fprintf(stderr, "trunkha allowlist: trunk %s, %s: %s\n", trunk->status.id, trunk->status.uri,
            trunkha_dns_text(trunk->dns));
}

/** Returns 0 or the exit code. */
static int look_up_all(struct allowlist *list, const trunkha_view *view, const trunkha_resolve_options *options)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    size_t total = list->count;
    int status = 0;

    list->count = 0;
    for (uint32_t i = 0; i < total; i++) {
        struct allowlist_trunk *trunk = &list->trunks[i];
        const struct allowlist_trunk *same;
        trunkha_trunk_status found = TRUNKHA_TRUNK_STATUS_INIT;

        if (trunkha_view_get_trunk(view, i, &found))
            break;
        same = find_same(list, found.uri);
        if (same)
            *trunk = *same;
        trunk->status = found;
        if (!same && look_up(trunk, options, &diag)) {
            fprintf(stderr, "trunkha allowlist: %s\n", diag.message);
            return EXIT_REFUSED;
        }
        list->count++;
        if (!trunk->count) {
            tell_lost(trunk);
            status = EXIT_INCOMPLETE;
        }
    }

    return status;
}

/** Loads without starting: nothing is sent to a trunk. Returns 0 or the exit code. */
static int load(trunkha_engine *engine, const char *file, struct allowlist *list)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    size_t len;
    char *json = file_read(file, &len);
    int err;

    if (!json) {
        fprintf(stderr, "trunkha allowlist: %s: %s\n", file, strerror(errno));
        return EXIT_INCOMPLETE;
    }
    err = trunkha_engine_load(engine, json, len, &diag);
    if (err) {
        fprintf(stderr, "%s:%u:%u: %s\n", file, diag.line, diag.column, diag.message);
    } else {
        err = allowlist_read(list, json, len);
        if (err)
            fprintf(stderr, "trunkha allowlist: %s\n", trunkha_strerror(err));
    }
    free(json);

    return err ? EXIT_INCOMPLETE : 0;
}

static int gather(trunkha_engine *engine, struct allowlist *list, const trunkha_resolve_options *options)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_resolve_options resolve = *options;
    trunkha_view *view;
    int status = load(engine, list->file, list);

    if (status)
        return status;
    if (!resolve.servers && list->servers[0])
        resolve.servers = list->servers;
    view = trunkha_engine_view(engine);
    trunkha_view_get_info(view, &info);
    list->count = info.trunks;
    list->trunks = calloc(list->count ? list->count : 1, sizeof(*list->trunks));
    status = list->trunks ? look_up_all(list, view, &resolve) : EXIT_REFUSED;
    trunkha_view_unref(view);

    return status;
}

static void print(const struct allowlist *list, const char *format)
{
    if (!strcmp(format, "json"))
        allowlist_print_json(list);
    else if (!strcmp(format, "iptables"))
        allowlist_print_iptables(list);
    else
        allowlist_print_nft(list);
}

static int run(struct allowlist *list, const trunkha_resolve_options *options, const char *format)
{
    trunkha_engine *engine = NULL;
    int status = EXIT_REFUSED;

    if (trunkha_engine_new(NULL, &engine)) {
        fprintf(stderr, "trunkha allowlist: %s\n", trunkha_strerror(TRUNKHA_ERR_NOMEM));
        return EXIT_REFUSED;
    }
    status = gather(engine, list, options);
    if (list->trunks && status != EXIT_REFUSED)
        print(list, format);
    free(list->trunks);
    trunkha_engine_unref(engine);

    return status;
}

int command_allowlist(int argc, char **argv)
{
    trunkha_resolve_options resolve = TRUNKHA_RESOLVE_OPTIONS_INIT;
    const char *format = "nft", *rtp = "10000-20000";
    struct allowlist list = {.file = NULL};
    const struct option options[] = {
        {"--format", "nft|iptables|json", OPTION_CHOICE, &format, 0, 0, "how to print it; default nft"},
        {"--rtp", "FROM-TO", OPTION_TEXT, &rtp, 0, 0, "UDP ports of ours for media; default 10000-20000"},
        {"--dns", "SERVER", OPTION_TEXT, &resolve.servers, 0, 0, "IP[:PORT] instead of `dns.servers`, or of resolv.conf's"},
        {NULL, NULL, OPTION_FLAG, NULL, 0, 0, NULL},
    };
    int status = options_read(&manual, options, argc, argv, &list.file);

    if (status >= 0)
        return status;
    if (!read_range(rtp, &list.rtp_from, &list.rtp_to)) {
        fprintf(stderr, "trunkha allowlist: --rtp \"%s\": write such as 10000-20000\n", rtp);
        return EXIT_REFUSED;
    }

    return run(&list, &resolve, format);
}
