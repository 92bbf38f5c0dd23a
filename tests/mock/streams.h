/** @file streams.h  What the parts of the mock of carriers over TCP and TLS share */
#ifndef MOCK_STREAMS_H
#define MOCK_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "secure.h"
#include "stamps.h"

#define STREAMS_REQUEST_MAX 4096

/** One that a client has made to the target whose address it asked for. */
struct connection {
    struct connection *next, **link; /* of all */
    int fd;
    SSL *ssl; /* NULL = TCP */
    uint32_t target;
    size_t len; /* of what has come of a request */
    char request[STREAMS_REQUEST_MAX];
};

struct streams {
    uint32_t n_targets;
    uint16_t port;
    int listener; /* -1 = it refuses */
    int epoll;
    struct secure *secure; /* NULL = TCP */
    SSL_CTX *context;
    struct connection *connections;
    uint32_t n_connections;
    uint64_t accepted;
    uint64_t answered;
    struct stamps stamps; /* of what was accepted */
};

/** CLOCK_MONOTONIC. */
int64_t streams_now_ns(void);

/** Listens on any address, at `port`. Returns 0 or -1. */
int streams_listen(struct streams *streams);

/** Refuses from now on; connections stay. */
void streams_refuse(struct streams *streams);

/** Accepts all that wait. */
void streams_accept(struct streams *streams);

/** Reads what waits and answers what is whole; may end the connection. */
void streams_serve(struct streams *streams, struct connection *connection);

/** Ends it: in order, or by a reset. */
void streams_end(struct streams *streams, struct connection *connection, bool is_reset);

/** Carries out one line of standard input and answers on standard output; false = the end was asked for. */
bool streams_command(struct streams *streams, char *line);

#endif
