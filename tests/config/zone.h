/** @file zone.h  A made-up DNS for lint
 *
 *  A line for each name: `HOST ADDRESS[,ADDRESS...] TTL [SRV-TARGET...]` or `HOST TROUBLE`. */
#ifndef TESTS_CONFIG_ZONE_H
#define TESTS_CONFIG_ZONE_H

#include "config/config.h"

/** As the first name server of a configuration: it answers nothing. */
#define ZONE_DEAD_SERVER "192.0.2.53"

struct zone {
    const char *lines;
    unsigned n_asked;
};

/** Asks the zone; a name that is not in it gets no answer at all. */
struct tha_config_resolver zone_resolver(struct zone *zone);

#endif
