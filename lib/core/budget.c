#include "budget.h"

#define PROBE UINT64_C(60000) /* tokens of one probe: refilled by the millisecond at "probes a minute" tokens */

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

/** A settled target leaves enough for those in doubt, but is never shut out for good. */
static uint64_t price(const struct tha_budget *budget, bool is_undecided)
{
    uint64_t reserve = is_undecided ? 0 : budget->undecided;

    if (reserve > depth(budget) - 1)
        reserve = depth(budget) - 1;

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

void tha_budget_take(struct tha_budget *budget)
{
    budget->tokens -= PROBE;
}

uint64_t tha_budget_opens(const struct tha_budget *budget, bool is_undecided)
{
    uint64_t want = price(budget, is_undecided);
    uint64_t refill = refill_per_ms(budget);

    if (budget->tokens >= want)
        return budget->filled_ms;

    return budget->filled_ms + (want - budget->tokens + refill - 1) / refill;
}
