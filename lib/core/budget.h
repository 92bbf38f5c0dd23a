/** @file budget.h  What one peer address may be asked: `maxProbesPerMinute`
 *
 *  A bucket of a quarter of the maximum (three at least, if that is not more than half) that fills with the rest in a
 *  minute: so no minute, from any moment, sees more than the maximum, and a few in doubt can be asked in quick succession.
 *
 *  Who is due while it is used up waits in line: those whose state is in doubt in one, settled ones in the other, each in
 *  the order of being due. Those in doubt go first, and settled ones leave tokens for them; but where both wait, they take
 *  turns. So of n targets at one address none waits for more than 2 n tokens and what is left for those in doubt, which is
 *  no more than n and no more than the bucket holds: tha_budget_longest_wait_ms(). */
#ifndef THA_CORE_BUDGET_H
#define THA_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"
#include "core/queue.h"

struct tha_budget {
    uint32_t max_per_minute;   /**< at least 2 */
    uint32_t undecided : 31;   /**< targets at this address whose state is in doubt */
    uint32_t owes_settled : 1; /**< one in doubt went last while settled ones waited */
    uint64_t tokens;           /**< in 60,000ths of a probe */
    uint64_t filled_ms;
    struct tha_queue queues[2]; /**< of targets that wait: [true] those in doubt */
};

/** What the trunks at one address allow: the smallest `maxProbesPerMinute` that is given, else what the intervals of all of
 *  them come to. */
struct tha_budget_share {
    uint32_t explicit_max; /**< 0 = none given */
    uint32_t derived_max;
};

void tha_budget_add_share(struct tha_budget_share *share, const struct tha_keepalive *keepalive);
uint32_t tha_budget_max(const struct tha_budget_share *share);

/** A full bucket. */
void tha_budget_init(struct tha_budget *budget, uint32_t max_per_minute, uint64_t now_ms);

/** May a target at this address be probed now? */
bool tha_budget_has(struct tha_budget *budget, bool is_undecided, uint64_t now_ms);

/** Counts a probe, after tha_budget_has() said yes, and says whose turn is next. */
void tha_budget_take(struct tha_budget *budget, bool is_undecided);

/** Must the target @p index, that is due, stand in line behind others? */
bool tha_budget_is_behind(const struct tha_budget *budget, uint32_t index, bool is_undecided);

/** When tha_budget_has() will say yes if nobody else asks; right after it said no. */
uint64_t tha_budget_opens(const struct tha_budget *budget, bool is_undecided);

/** How long one of @p n targets that share it may have to wait for its turn, as long as its state does not change. What
 *  pace.h holds back is not counted. */
uint64_t tha_budget_longest_wait_ms(const struct tha_budget *budget, uint32_t n);

/** Probes a minute that it gives in the long run. */
uint32_t tha_budget_lasting(const struct tha_budget *budget);

#endif
