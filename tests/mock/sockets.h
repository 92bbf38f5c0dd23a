/** @file sockets.h  The sockets that a mock carrier is asked at */
#ifndef MOCK_SOCKETS_H
#define MOCK_SOCKETS_H

struct carrier;

/** Binds them; with port 0 it looks for free ones. Returns 0 or a negative errno. */
int sockets_open(struct carrier *carrier);

void sockets_close(struct carrier *carrier);

#endif
