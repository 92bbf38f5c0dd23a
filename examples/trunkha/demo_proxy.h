/** @file demo_proxy.h  trunkha-proxy as a process of its own, and the events it prints */
#ifndef TRUNKHA_DEMO_PROXY_H
#define TRUNKHA_DEMO_PROXY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

struct demo_proxy {
    pid_t pid;           /* 0 = not started */
    int output;          /* what it prints; -1 = not open */
    uint16_t port;       /* UDP, on 127.0.0.1 */
    char path[PATH_MAX]; /* of its configuration, "" = removed: as soon as it was read */
    bool has_ended;
    size_t len; /* of what was read and not yet taken */
    char text[65536];
};

/** Writes the configuration to a temporary file and starts the program; its first event says that it listens. Returns false
 *  with errno set. When it cannot be run, that is told on stderr, and it has ended. */
bool demo_proxy_start(struct demo_proxy *proxy, const char *config);

/** The next event that it has printed: a new reference; NULL = no more for now, or, if `has_ended`, for ever. */
json_t *demo_proxy_next_event(struct demo_proxy *proxy);

/** Ends the process in order and waits until it is gone. Not started is fine. */
void demo_proxy_end(struct demo_proxy *proxy);

#endif
