/** @file traffic.h  Datagrams in, answers out, many a system call */
#ifndef MOCK_TRAFFIC_H
#define MOCK_TRAFFIC_H

#include <stdint.h>

struct carrier;
struct traffic;

/** NULL = no memory. */
struct traffic *traffic_new(struct carrier *carrier);

struct traffic *traffic_free(struct traffic *traffic);

/** Reads and answers what waits at a socket, a bounded amount. */
void traffic_serve(struct traffic *traffic, uint32_t socket_index);

/** Sends the delayed answers that are due. */
void traffic_send_due(struct traffic *traffic, uint64_t now_ms);

#endif
