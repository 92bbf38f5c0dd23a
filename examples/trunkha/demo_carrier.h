/** @file demo_carrier.h  A carrier on loopback: a SIP peer in a process of its own that can go silent and come back */
#ifndef TRUNKHA_DEMO_CARRIER_H
#define TRUNKHA_DEMO_CARRIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct demo_carrier {
    pid_t pid;     /* 0 = not started */
    int control;   /* its other end tells the process what to do, and to end when it closes */
    uint16_t port; /* UDP, on 127.0.0.1 */
};

/** Starts the process; to be called before there are threads. Returns false with errno set. */
bool demo_carrier_start(struct demo_carrier *carrier);

/** Makes it drop what it receives, or answer again; false when the process is gone. */
bool demo_carrier_set_silent(const struct demo_carrier *carrier, bool is_silent);

/** Ends the process and waits until it is gone. Not started is fine. */
void demo_carrier_end(struct demo_carrier *carrier);

#endif
