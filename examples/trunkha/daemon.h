/** @file daemon.h  How the client commands find a running daemon, and what they say when there is none */
#ifndef TRUNKHA_DAEMON_H
#define TRUNKHA_DAEMON_H

#include <stdbool.h>

#include <trunkha.h>

/* clang-format off */
/** The options by which every client command finds its daemon; @p into is a const char **. */
#define DAEMON_OPTIONS(into) \
    {"--view", "NAME", OPTION_TEXT, (into), 0, 0, "the name given to \"trunkha run --view\"; default TRUNKHA_VIEW"}, \
    {"--http", "URL", OPTION_LATER, NULL, 0, 0, "ask over HTTP"}
/* clang-format on */

/** Opens the view @p name, or the one that TRUNKHA_VIEW names; NULL after telling on standard error why not. New. */
trunkha_view *daemon_open(const char *command, const char *name);

/** Is somebody probing? If not, tells on standard error since when. @p ret_info may be NULL. */
bool daemon_is_live(const char *command, const trunkha_view *view, trunkha_view_info *ret_info);

#endif
