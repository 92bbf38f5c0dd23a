/** @file demo_tally.h  What has become of the calls of the demo */
#ifndef TRUNKHA_DEMO_TALLY_H
#define TRUNKHA_DEMO_TALLY_H

#include <stdint.h>

#include "demo_caller.h"
#include "demo_carrier.h"

struct demo_tally {
    unsigned answered[DEMO_CARRIERS];
    unsigned delayed; /* answered, but not by the carrier that was tried first */
    unsigned lost;
    uint64_t worst_ms; /* from INVITE to 200 */
};

/** Of the calls that were answered from @p from_ms until @p to_ms, and of all that are lost. */
struct demo_tally demo_tally_between(const struct demo_caller *caller, uint64_t from_ms, uint64_t to_ms);

/** Prints the closing table, and which calls were lost. */
void demo_tally_print(const struct demo_tally *tally, const struct demo_caller *caller);

#endif
