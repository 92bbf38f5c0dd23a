/** @file places.h  The targets of one trunk in the order in which they are to be tried */
#ifndef THA_CORE_PLACES_H
#define THA_CORE_PLACES_H

#include "machine.h"

/** Those that a name comes to, and those that leave. */
#define THA_PLACES_MAX (2 * THA_DNS_LOCATIONS_MAX)

/** What the equals of one trunk have together, where no other trunk takes turns with them. */
#define THA_PLACES_WHOLE 1000U

struct tha_places {
    uint32_t count;
    const struct tha_target *targets[THA_PLACES_MAX];
    uint32_t keys[THA_PLACES_MAX]; /**< equal keys: equals, which share calls by weight */
};

/** DOWN, or it asked for a pause: no better than a trunk that is. */
bool tha_places_is_out(const struct tha_target *target);

/** Lists the targets of @p trunk that are not out: AVAILABLE before DEGRADED before those that leave before UNKNOWN (a new
 *  address is probed before it takes calls), and among these by priority (RFC 2782). */
void tha_places_list(const struct tha_table *table, uint32_t trunk, struct tha_places *ret_places);

/** How many from @p first on are equals. */
uint32_t tha_places_count_equals(const struct tha_places *places, uint32_t first);

/** What target @p i gets of @p whole, which @p count equals from @p first on have together. */
uint32_t tha_places_share(const struct tha_places *places, uint32_t first, uint32_t count, uint32_t i, uint32_t whole);

#endif
