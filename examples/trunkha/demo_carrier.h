/** @file demo_carrier.h  A carrier on loopback: a SIP peer that answers probes and calls, and can die and come back */
#ifndef TRUNKHA_DEMO_CARRIER_H
#define TRUNKHA_DEMO_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

enum { DEMO_PRIMARY, DEMO_STANDBY, DEMO_CARRIERS };

/** "primary", "standby": so the trunks are called, too. */
extern const char *const demo_carrier_names[DEMO_CARRIERS];

struct demo_carrier {
    const char *name; /* stands in its Contact: what takes a call gives its name */
    int sock;         /* -1 = not open */
    uint16_t port;    /* UDP, on 127.0.0.1 */
    bool is_dead;     /* drops every packet */
};

/** Returns false with errno set. */
bool demo_carrier_open(struct demo_carrier *carrier, const char *name);

/** Answers what has come in: OPTIONS and BYE with 200, INVITE with 180 and 200, other methods with 405, ACK not at all. It
 *  keeps nothing of a call: a retransmission gets the same answer again, and on loopback no 200 is lost. */
void demo_carrier_serve(const struct demo_carrier *carrier);

/** Not open is fine. */
void demo_carrier_close(struct demo_carrier *carrier);

#endif
