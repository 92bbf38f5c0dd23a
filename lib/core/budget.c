#include "budget.h"

#define PROBE UINT64_C(60000) /* tokens of one probe: refilled by the millisecond at "probes a minute" tokens */

static uint32_t probes_per_minute(const struct tha_keepalive *keepalive)
{
    return 2 * 60000 / keepalive->interval_ms + 10;
}

void tha_budget_add_share(struct tha_budget_share *share, const struct tha_keepalive *keepalive)
{
    uint32_t max = keepalive->max_probes_per_minute;

    if (max && (!share->explicit_max || max < share->explicit_max))
        share->explicit_max = max;
    share->derived_max += probes_per_minute(keepalive);
}

uint32_t tha_budget_max(const struct tha_budget_share *share)
{
    return share->explicit_max ? share->explicit_max : share->derived_max;
}

static uint64_t depth(const struct tha_budget *budget)
{
    uint32_t quarter = budget->max_per_minute / 4;
    uint32_t half = budget->max_per_minute / 2;

    if (quarter >= 3)
        return quarter;

    return half < 3 ? half : 3;
}

static uint64_t refill_per_ms(const struct tha_budget *budget)
{
    return budget->max_per_minute - depth(budget);
}

void tha_budget_init(struct tha_budget *budget, uint32_t max_per_minute, uint64_t now_ms)
{
    *budget = (struct tha_budget){
        .max_per_minute = max_per_minute < 2 ? 2 : max_per_minute,
        .filled_ms = now_ms,
    };
    budget->tokens = depth(budget) * PROBE;
}

static bool has_waiting(const struct tha_budget *budget, bool is_undecided)
{
    return tha_queue_first(&budget->queues[is_undecided]) != THA_NONE;
}

/** Is it the turn of the others? */
static bool has_to_yield(const struct tha_budget *budget, bool is_undecided)
{
    return has_waiting(budget, !is_undecided) && budget->owes_settled == is_undecided;
}

/** Settled targets leave enough for those in doubt, unless it is their turn. Whoever has to yield leaves one at least: where
 *  no more than one fits in, he waits until the other has gone. */
static uint64_t price(const struct tha_budget *budget, bool is_undecided)
{
    uint64_t reserve = budget->undecided < depth(budget) ? budget->undecided : depth(budget) - 1;

    if (is_undecided || (budget->owes_settled && has_waiting(budget, false)))
        reserve = 0;
    if (has_to_yield(budget, is_undecided) && !reserve)
        reserve = 1;

    return (1 + reserve) * PROBE;
}

static void fill(struct tha_budget *budget, uint64_t now_ms)
{
    uint64_t full = depth(budget) * PROBE;
    uint64_t gone = now_ms > budget->filled_ms ? now_ms - budget->filled_ms : 0;

    if (gone > PROBE) /* a minute fills it */
        gone = PROBE;
    budget->tokens += gone * refill_per_ms(budget);
    if (budget->tokens > full)
        budget->tokens = full;
    budget->filled_ms = now_ms;
}

bool tha_budget_has(struct tha_budget *budget, bool is_undecided, uint64_t now_ms)
{
    fill(budget, now_ms);

    return budget->tokens >= price(budget, is_undecided);
}

void tha_budget_take(struct tha_budget *budget, bool is_undecided)
{
    budget->tokens -= PROBE;
    budget->owes_settled = is_undecided && has_waiting(budget, false);
}

bool tha_budget_is_behind(const struct tha_budget *budget, uint32_t index, bool is_undecided)
{
    uint32_t first = tha_queue_first(&budget->queues[is_undecided]);

    return first != THA_NONE && first != index;
}

uint64_t tha_budget_opens(const struct tha_budget *budget, bool is_undecided)
{
    uint64_t want = price(budget, is_undecided);
    uint64_t refill = refill_per_ms(budget);

    if (budget->tokens >= want)
        return budget->filled_ms;

    return budget->filled_ms + (want - budget->tokens + refill - 1) / refill;
}

uint64_t tha_budget_longest_wait_ms(const struct tha_budget *budget, uint32_t n)
{
    uint64_t refill = refill_per_ms(budget);
    uint64_t left = n < depth(budget) ? n : depth(budget);

    return (2 * (uint64_t)n + left) * ((PROBE + refill - 1) / refill);
}

uint32_t tha_budget_lasting(const struct tha_budget *budget)
{
    return (uint32_t)refill_per_ms(budget); /* of 60,000ths a millisecond: the same number */
}
