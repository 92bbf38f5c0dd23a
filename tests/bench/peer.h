/** @file peer.h  A mock carrier over any transport, and what a configuration needs to reach it */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "bench.h"

enum peer_kind { PEER_UDP, PEER_TCP, PEER_TLS };

struct peer {
    struct mock *mock;
    const char *name;       /* "TLS" */
    struct bench_plan plan; /* to be completed: trunks, keepalive */
    char authority[64];     /* file; "" = none */
    char trunk_more[256];
};

/** Starts it, or ends the program. */
void peer_start(struct peer *peer, enum peer_kind kind, uint32_t targets, uint32_t seconds);
void peer_stop(struct peer *peer);

#endif
