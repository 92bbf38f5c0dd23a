/* When is a target probed next? Regular targets stand in a comb, spread evenly over the interval and blurred by jitter;
 * what falls due together leaves one after another (pace.h), within what the peer allows (budget.h). */
#include "machine.h"

#include <stddef.h>

#define COMB_MIN_MS     1000U  /* the first probes are spread over at least this long ... */
#define COMB_PER_SECOND 500U   /* ... or as long as this rate takes */
#define PACE_MIN        8U     /* in any 10 ms: what the comb needs, and a little room */
#define LATE_MS         100U   /* what a result may take from the wire to here */
#define LOST_AFTER_MS   10000U /* after its time-out a probe of which nothing was heard is given up */

/** xorshift64*: jitter needs no secrecy, only to be the same for the same seed. */
static uint32_t random_below(struct tha_core *core, uint32_t limit)
{
    uint64_t x = core->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    core->random = x;

    return (uint32_t)((x * UINT64_C(0x2545F4914F6CDD1D) >> 32) * limit >> 32);
}

/** When the longest hold-down of its trunk ends. */
static uint64_t release_of(const struct tha_core *core, const struct tha_target *target)
{
    return tha_rollup_release_ms(core, target->trunk, core->table->trunks[target->trunk].hold_down_ms);
}

static bool is_held(const struct tha_core *core, const struct tha_target *target, uint64_t now_ms)
{
    return now_ms < release_of(core, target);
}

/** The interval that the target's state asks for, without jitter. A trunk that is held down is watched as closely as one
 *  that is DOWN: its health must be unbroken. */
static uint32_t period_of(const struct tha_core *core, const struct tha_target *target, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    bool is_down = target->health.state == TRUNKHA_HEALTH_DOWN;

    if (target->health.failed && !is_down)
        return keepalive->suspect_interval_ms;
    if (keepalive->down_interval_ms < keepalive->interval_ms && !is_down && is_held(core, target, now_ms))
        return keepalive->down_interval_ms;

    return is_down ? keepalive->down_interval_ms : keepalive->interval_ms;
}

static uint32_t with_jitter(struct tha_core *core, const struct tha_target *target, uint32_t period_ms)
{
    uint32_t permille = tha_table_keepalive(core->table, target)->jitter_permille;
    uint32_t width = (uint32_t)((uint64_t)period_ms * permille / 1000);

    if (target->health.failed && target->health.state != TRUNKHA_HEALTH_DOWN)
        return period_ms; /* detection is worked out from it: not a millisecond longer */

    return period_ms - width + random_below(core, 2 * width + 1);
}

/** Keeps the sums that depend on the target's state: the whole rate, and who is in doubt at its address. */
static void account(struct tha_core *core, struct tha_target *target, bool is_probed, uint64_t now_ms)
{
    uint32_t rate = is_probed ? 1000000 / period_of(core, target, now_ms) : 0;
    bool is_undecided = is_probed && tha_health_is_undecided(&target->health);

    core->rate += rate;
    core->rate -= target->rate;
    target->rate = rate;

    core->table->budgets[target->budget].undecided += is_undecided;
    core->table->budgets[target->budget].undecided -= target->is_undecided;
    target->is_undecided = is_undecided;
}

void tha_schedule_first(struct tha_core *core, struct tha_target *target, uint64_t when_ms)
{
    account(core, target, true, when_ms);
    tha_heap_set(&core->probes, &target->timer, when_ms);
}

bool tha_schedule_resume(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint64_t when = target->timer.when;
    uint32_t period = period_of(core, target, now_ms);
    uint64_t longest = period + (uint64_t)period * tha_table_keepalive(core->table, target)->jitter_permille / 1000;

    if (!when || (!target->is_probing && when > now_ms + longest))
        return false;

    tha_schedule_first(core, target, when);

    return true;
}

/** The last probe of a hold-down leaves so that its end knows what came of it: no calls go back to a trunk that is dead
 *  then. */
static uint64_t last_look(const struct tha_core *core, const struct tha_target *target)
{
    uint64_t release_ms = release_of(core, target);
    uint64_t needed_ms = tha_table_keepalive(core->table, target)->timeout_ms + LATE_MS;

    return release_ms > target->sent_ms + needed_ms ? release_ms - needed_ms : THA_NEVER;
}

void tha_schedule_next(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint64_t when = target->sent_ms + with_jitter(core, target, period_of(core, target, now_ms));
    uint64_t look = last_look(core, target);

    if (look < when)
        when = look;
    account(core, target, true, now_ms);
    tha_heap_set(&core->probes, &target->timer, when > now_ms ? when : now_ms);
}

void tha_schedule_stop(struct tha_core *core, struct tha_target *target)
{
    account(core, target, false, 0);
    target->is_probing = false;
    tha_heap_remove(&core->probes, &target->timer);
}

void tha_schedule_comb(struct tha_core *core, bool (*is_wanted)(const struct tha_core *, const struct tha_target *),
                       uint64_t now_ms)
{
    struct tha_table *table = core->table;
    uint64_t n = 0, place = 0;
    uint64_t spread;

    for (uint32_t i = 0; i < table->n_targets; i++)
        n += is_wanted(core, &table->targets[i]);
    spread = n * 1000 / COMB_PER_SECOND;
    if (spread < COMB_MIN_MS)
        spread = COMB_MIN_MS;

    for (uint32_t i = 0; n && i < table->n_targets; i++) {
        struct tha_target *target = &table->targets[i];
        uint64_t interval = tha_table_keepalive(table, target)->interval_ms;

        if (is_wanted(core, target))
            tha_schedule_first(core, target, now_ms + place++ * (spread < interval ? spread : interval) / n);
    }
}

static bool is_newcomer(const struct tha_core *core, const struct tha_target *target)
{
    return !tha_timer_is_set(&target->timer) && tha_admin_is_probed(core, target);
}

void tha_schedule_newcomers(struct tha_core *core, uint64_t now_ms)
{
    tha_schedule_comb(core, is_newcomer, now_ms);
}

uint32_t tha_schedule_limit(const struct tha_core *core)
{
    uint64_t per_window = core->rate * THA_PACE_WINDOW_MS / 1000000;
    uint64_t limit = per_window + per_window / 4 + 2;

    return limit < PACE_MIN ? PACE_MIN : (uint32_t)limit;
}

void tha_schedule_hurry(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint64_t when = target->sent_ms + tha_table_keepalive(core->table, target)->suspect_interval_ms;

    if (!tha_timer_is_set(&target->timer) || target->is_probing || !tha_admin_is_probed(core, target))
        return;

    account(core, target, true, now_ms);
    if (when < now_ms)
        when = now_ms;
    if (when < target->timer.when)
        tha_heap_set(&core->probes, &target->timer, when);
}

/** Has a call shown since the last probe what the next one would ask? Then that waits for its time from there. */
static bool is_shown_by_calls(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);

    if (!keepalive->only_when_idle || !target->shown_ms || target->health.state != TRUNKHA_HEALTH_AVAILABLE || target->health.failed ||
        target->shown_ms + keepalive->interval_ms <= now_ms || is_held(core, target, now_ms))
        return false;

    account(core, target, true, now_ms);
    tha_heap_set(&core->probes, &target->timer, target->shown_ms + with_jitter(core, target, keepalive->interval_ms));

    return target->timer.when > now_ms;
}

static void send(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);

    target->sent_ms = now_ms;
    target->is_probing = true;
    tha_heap_set(&core->probes, &target->timer, now_ms + keepalive->timeout_ms + LOST_AFTER_MS);
}

bool tha_schedule_take(struct tha_core *core, uint64_t now_ms, uint32_t *ret_slot)
{
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->probes)) && timer->when <= now_ms) {
        struct tha_target *target = THA_CONTAINER(timer, struct tha_target, timer);
        struct tha_budget *budget = &core->table->budgets[target->budget];

        if (target->is_probing)
            return false; /* a lost one: it is judged before the next is sent */
        if (!tha_admin_is_probed(core, target)) {
            tha_hear_nothing(core, target, now_ms); /* what was waited for was a request of its own */
            continue;
        }
        if (is_shown_by_calls(core, target, now_ms))
            continue;
        if (!tha_budget_has(budget, target->is_undecided, now_ms)) {
            tha_heap_set(&core->probes, timer, tha_budget_opens(budget, target->is_undecided));
            continue;
        }
        if (!tha_pace_take(&core->pace, tha_schedule_limit(core), now_ms))
            return false;
        tha_budget_take(budget);
        send(core, target, now_ms);
        *ret_slot = target->slot;
        return true;
    }

    return false;
}

uint64_t tha_schedule_next_expiry(const struct tha_core *core)
{
    uint64_t due = tha_heap_next(&core->probes);
    uint64_t open = tha_pace_opens(&core->pace, tha_schedule_limit(core));

    return due == THA_NEVER || due > open ? due : open;
}
