/** @file state.h  What the core publishes: plain structs that the view stores and other rooms read */
#ifndef THA_CORE_STATE_H
#define THA_CORE_STATE_H

#include <stdint.h>

#include "core/abilities.h"

struct tha_target_state {
    uint32_t health;
    uint32_t reason;
    uint32_t rtt_us;
    uint32_t loss_permille;
    uint32_t failed_attempts;
    uint32_t last_response;
    uint64_t since_ms;                     /**< on the core's clock */
    uint64_t last_successful_keepalive_ms; /**< 0 = none yet */
    uint64_t cooldown_until_ms;            /**< 0 = not cooling */
};

/** What a trunk cannot do, but should. */
struct tha_lack {
    struct tha_abilities abilities; /**< empty = nothing */
    uint32_t compared;              /**< index of the trunk that has them; THA_NONE = its own configuration says so */
};

struct tha_trunk_state {
    uint32_t health; /**< DOWN when disabled */
    uint32_t admin;
    uint32_t reason;
    uint64_t since_ms;
};

/** One target in the order of a profile. Entries of one run (same class, group and priority of a balancing group) stand
 *  side by side; a reader may rotate within a run. The ones passed over stand at the end. */
struct tha_route_entry {
    uint32_t target; /**< index in the catalogue */
    uint16_t weight; /**< of its trunk; WEIGHTED runs only */
    uint8_t why;     /**< enum trunkha_why; DISABLED and above: passed over */
    uint8_t run;     /**< THA_RUN_* */
};

enum tha_run {
    THA_RUN_SINGLE = 0,      /**< no balancing: the order is the order */
    THA_RUN_WEIGHTED = 1,    /**< belongs to a weighted run ... */
    THA_RUN_ROUND_ROBIN = 2, /**< belongs to a round-robin run ... */
    THA_RUN_LEAST_CALLS = 3, /**< the one with the fewest calls goes first ... */
    THA_RUN_KIND = 0x07,     /**< the bits of the above */
    THA_RUN_LIMITED = 0x20,  /**< its trunk has `maxCalls` or `callsPerSecond` */
    THA_RUN_TRIAL = 0x40,    /**< down because calls failed, and first in line but for that: a call on trial goes there */
    THA_RUN_START = 0x80,    /**< ... and is the first entry of its run */
};

#endif
