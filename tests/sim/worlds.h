/** @file worlds.h  Configurations that several outages share */
#ifndef TESTS_WORLDS_H
#define TESTS_WORLDS_H

/** Two carriers, a profile over both; no jitter, so that every moment can be worked out. */
#define KEEPALIVE                                                                                                           \
    "'keepalive': {'interval': 30, 'suspectInterval': 3, 'downInterval': 15, 'timeout': 3, 'jitter': 0,"                    \
    " 'maxFailedAttempts': 3, 'recoveryAttempts': 2}"

#define TWO_CARRIERS                                                                                                        \
    "{'trunkGroups': ["                                                                                                     \
    " {'id': 'carrier-a', 'failoverTrunkGroupId': 'carrier-b', 'trunks': [{'id': 'a1', 'sipAddress': '192.0.2.1'}]},"       \
    " {'id': 'carrier-b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}],"                                        \
    " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'carrier-a', 'secondaryTrunkGroup': 'carrier-b'}]," KEEPALIVE  \
    "}"

#endif
