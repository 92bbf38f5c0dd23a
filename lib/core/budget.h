/** @file budget.h  What one peer address may be asked: `maxProbesPerMinute`
 *
 *  A bucket of a quarter of the maximum (three at least, if that is not more than half) that fills with the rest in a
 *  minute: so no minute, from any moment, sees more than the maximum, and a few in doubt can be asked in quick succession.
 *  Targets whose state is in doubt are served before settled ones. */
#ifndef THA_CORE_BUDGET_H
#define THA_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct tha_budget {
    uint32_t max_per_minute; /**< at least 2 */
    uint32_t undecided;      /**< targets at this address whose state is in doubt */
    uint64_t tokens;         /**< in 60,000ths of a probe */
    uint64_t filled_ms;
};

/** A full bucket. */
void tha_budget_init(struct tha_budget *budget, uint32_t max_per_minute, uint64_t now_ms);

/** May a target at this address be probed now? */
bool tha_budget_has(struct tha_budget *budget, bool is_undecided, uint64_t now_ms);

/** Counts a probe, after tha_budget_has() said yes. */
void tha_budget_take(struct tha_budget *budget);

/** When tha_budget_has() will say yes if nobody else asks; right after it said no. */
uint64_t tha_budget_opens(const struct tha_budget *budget, bool is_undecided);

#endif
