#include "daemon.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

static void explain_open(const char *command, const char *name, int err)
{
    fprintf(stderr, "trunkha %s: ", command);
    if (err == TRUNKHA_ERR_NOTFOUND)
        fprintf(stderr, "no daemon publishes a view \"%s\" here; start one: trunkha run FILE --view %s\n", name, name);
    else if (err == TRUNKHA_ERR_ACCESS)
        fprintf(stderr, "the view \"%s\" may not be read by this user: use the daemon's user or group\n", name);
    else if (err == TRUNKHA_ERR_VERSION)
        fprintf(stderr, "the view \"%s\" was written by another release of trunkha: use the daemon's\n", name);
    else if (err == TRUNKHA_ERR_INVALID)
        fprintf(stderr, "\"%s\" is no view: its name has at most 63 letters, digits, \"-\", \"_\" and \".\"\n", name);
    else
        fprintf(stderr, "the view \"%s\" cannot be opened: %s\n", name, trunkha_strerror(err));
}

trunkha_view *daemon_open(const char *command, const char *name)
{
    trunkha_view *view = NULL;
    int err;

    if (!name)
        name = getenv("TRUNKHA_VIEW");
    if (!name || !*name) {
        fprintf(stderr, "trunkha %s: which daemon? Write --view NAME or set TRUNKHA_VIEW\n", command);
        return NULL;
    }
    err = trunkha_view_open(name, &view);
    if (err)
        explain_open(command, name, err);

    return view;
}

bool daemon_is_live(const char *command, const trunkha_view *view, trunkha_view_info *ret_info)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    char age[32];

    trunkha_view_get_info(view, &info);
    if (ret_info)
        *ret_info = info;
    if (info.is_live)
        return true;

    fprintf(stderr, "trunkha %s: nobody is probing: the daemon ", command);
    if (info.writer_pid)
        fprintf(stderr, "(process %u) died", info.writer_pid);
    else
        fputs("ended", stderr);
    if (info.age_ms == UINT32_MAX)
        fputs(" long ago", stderr);
    else
        fprintf(stderr, " %s ago", text_span(age, sizeof(age), info.age_ms));
    fputs("; these are its last states\n", stderr);

    return false;
}
