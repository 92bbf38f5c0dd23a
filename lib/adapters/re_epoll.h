/** @file re_epoll.h  Makes libre's hidden epoll descriptor close-on-exec */
#ifndef THA_ADAPTERS_RE_EPOLL_H
#define THA_ADAPTERS_RE_EPOLL_H

#include <stdbool.h>

/** Finds the epoll descriptor of this process that watches @p watched_fd and sets FD_CLOEXEC on it.
 *  False when there is none, or when /proc cannot be read. */
bool tha_epoll_set_close_on_exec(int watched_fd);

#endif
