/* When is a target probed next? Regular targets stand in a comb, spread evenly over the interval and blurred by jitter;
 * what falls due together leaves one after another (pace.h), within what the peer allows (budget.h). */
#include "machine.h"

#include <stddef.h>

#include "base/random.h"

#define COMB_MIN_MS     1000U  /* the first probes are spread over at least this long ... */
#define COMB_PER_SECOND 500U   /* ... or as long as this rate takes */
#define PACE_MIN        8U     /* in any 10 ms: what the comb needs, and a little room */
#define LATE_MS         100U   /* what a result may take from the wire to here */
#define LOST_AFTER_MS   10000U /* after its time-out a probe of which nothing was heard is given up */

static uint32_t index_of(const struct tha_core *core, const struct tha_target *target)
{
    return (uint32_t)(target - core->table->targets);
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

static bool is_suspect(const struct tha_health *health)
{
    return health->failed && health->state != TRUNKHA_HEALTH_DOWN;
}

uint32_t tha_schedule_period(const struct tha_keepalive *keepalive, const struct tha_health *health, bool is_held)
{
    bool is_down = health->state == TRUNKHA_HEALTH_DOWN;

    if (is_suspect(health))
        return keepalive->suspect_interval_ms;
    if (keepalive->down_interval_ms < keepalive->interval_ms && is_held)
        return keepalive->down_interval_ms;

    return is_down ? keepalive->down_interval_ms : keepalive->interval_ms;
}

uint32_t tha_schedule_width(const struct tha_keepalive *keepalive, const struct tha_health *health, uint32_t period_ms)
{
    return is_suspect(health) ? 0 : (uint32_t)((uint64_t)period_ms * keepalive->jitter_permille / 1000);
}

static uint32_t period_of(const struct tha_core *core, const struct tha_target *target, uint64_t now_ms)
{
    return tha_schedule_period(tha_table_keepalive(core->table, target), &target->health, is_held(core, target, now_ms));
}

static uint32_t with_jitter(struct tha_core *core, const struct tha_target *target, uint32_t period_ms)
{
    uint32_t width = tha_schedule_width(tha_table_keepalive(core->table, target), &target->health, period_ms);

    return width ? period_ms - width + tha_random_below(&core->random, 2 * width + 1) : period_ms;
}

/** When the first in either line may go is worked out anew. */
static void wake(struct tha_core *core, const struct tha_budget *budget)
{
    for (int is_undecided = false; is_undecided <= true; is_undecided++) {
        uint32_t first = tha_queue_first(&budget->queues[is_undecided]);

        if (first != THA_NONE)
            tha_heap_set(&core->probes, &core->table->targets[first].timer, tha_budget_opens(budget, is_undecided));
    }
}

static void join_line(struct tha_core *core, struct tha_target *target)
{
    struct tha_budget *budget = &core->table->budgets[target->budget];

    tha_heap_remove(&core->probes, &target->timer);
    tha_queue_join(&budget->queues[target->is_undecided], core->table->waiters, index_of(core, target));
    wake(core, budget);
}

static void leave_line(struct tha_core *core, struct tha_target *target)
{
    struct tha_budget *budget = &core->table->budgets[target->budget];

    if (!tha_table_is_waiting(core->table, target))
        return;

    tha_heap_remove(&core->probes, &target->timer);
    tha_queue_leave(&budget->queues[target->is_undecided], core->table->waiters, index_of(core, target));
    wake(core, budget);
}

static void plan(struct tha_core *core, struct tha_target *target, uint64_t when_ms)
{
    leave_line(core, target);
    tha_heap_set(&core->probes, &target->timer, when_ms);
}

/** Whoever waits goes to the end of the other line; and what settled ones leave for those in doubt has changed. */
static void change_line(struct tha_core *core, struct tha_target *target, bool is_undecided)
{
    struct tha_budget *budget = &core->table->budgets[target->budget];
    bool is_waiting = tha_table_is_waiting(core->table, target);

    if (is_undecided == target->is_undecided)
        return;

    leave_line(core, target);
    target->is_undecided = is_undecided;
    if (is_undecided)
        budget->undecided++;
    else
        budget->undecided--;
    if (is_waiting)
        join_line(core, target);
    wake(core, budget);
}

/** Keeps the sums that depend on the target's state: the whole rate, and who is in doubt at its address. */
static void account(struct tha_core *core, struct tha_target *target, bool is_probed, uint64_t now_ms)
{
    uint32_t rate = is_probed ? 1000000 / period_of(core, target, now_ms) : 0;

    core->rate += rate;
    core->rate -= target->rate;
    target->rate = rate;
    change_line(core, target, is_probed && tha_health_is_undecided(&target->health));
}

void tha_schedule_first(struct tha_core *core, struct tha_target *target, uint64_t when_ms)
{
    account(core, target, true, when_ms);
    plan(core, target, when_ms);
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
    plan(core, target, when > now_ms ? when : now_ms);
}

void tha_schedule_stop(struct tha_core *core, struct tha_target *target)
{
    leave_line(core, target);
    account(core, target, false, 0);
    target->is_probing = false;
    tha_heap_remove(&core->probes, &target->timer);
}

uint64_t tha_schedule_place_ms(uint64_t place, uint64_t n, uint64_t interval_ms)
{
    uint64_t spread = n * 1000 / COMB_PER_SECOND;

    if (spread < COMB_MIN_MS)
        spread = COMB_MIN_MS;

    return place * (spread < interval_ms ? spread : interval_ms) / n;
}

void tha_schedule_comb(struct tha_core *core, bool (*is_wanted)(const struct tha_core *, const struct tha_target *),
                       uint64_t now_ms)
{
    struct tha_table *table = core->table;
    uint64_t n = 0, place = 0;

    for (uint32_t i = 0; i < table->n_targets; i++)
        n += is_wanted(core, &table->targets[i]);

    for (uint32_t i = 0; n && i < table->n_targets; i++) {
        struct tha_target *target = &table->targets[i];
        uint64_t interval = tha_table_keepalive(table, target)->interval_ms;

        if (is_wanted(core, target))
            tha_schedule_first(core, target, now_ms + tha_schedule_place_ms(place++, n, interval));
    }
}

static bool is_newcomer(const struct tha_core *core, const struct tha_target *target)
{
    return !tha_table_is_planned(core->table, target) && tha_admin_is_probed(core, target);
}

void tha_schedule_newcomers(struct tha_core *core, uint64_t now_ms)
{
    tha_schedule_comb(core, is_newcomer, now_ms);
}

uint32_t tha_schedule_limit(uint64_t rate)
{
    uint64_t per_window = rate * THA_PACE_WINDOW_MS / 1000000;
    uint64_t limit = per_window + per_window / 4 + 2;

    return limit < PACE_MIN ? PACE_MIN : (uint32_t)limit;
}

void tha_schedule_hurry(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    uint64_t when = target->sent_ms + tha_table_keepalive(core->table, target)->suspect_interval_ms;

    if (!tha_table_is_planned(core->table, target) || target->is_probing || !tha_admin_is_probed(core, target))
        return;

    account(core, target, true, now_ms);
    if (when < now_ms)
        when = now_ms;
    if (when < target->timer.when && !tha_table_is_waiting(core->table, target))
        tha_heap_set(&core->probes, &target->timer, when);
}

/** Has a call shown since the last probe what the next one would ask? Then that waits for its time from there. */
static bool is_shown_by_calls(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    uint64_t when;

    if (!keepalive->only_when_idle || !target->shown_ms || target->health.state != TRUNKHA_HEALTH_AVAILABLE ||
        target->health.failed || target->shown_ms + keepalive->interval_ms <= now_ms || is_held(core, target, now_ms))
        return false;

    when = target->shown_ms + with_jitter(core, target, keepalive->interval_ms);
    if (when <= now_ms)
        return false;

    account(core, target, true, now_ms);
    plan(core, target, when);

    return true;
}

void tha_schedule_note_probe(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);

    target->sent_ms = now_ms;
    target->is_probing = true;
    plan(core, target, now_ms + keepalive->timeout_ms + LOST_AFTER_MS);
}

/** Is it its turn? Else it waits for that. */
static bool has_turn(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    struct tha_budget *budget = &core->table->budgets[target->budget];

    if (!tha_budget_is_behind(budget, index_of(core, target), target->is_undecided) &&
        tha_budget_has(budget, target->is_undecided, now_ms))
        return true;

    if (tha_table_is_waiting(core->table, target))
        wake(core, budget);
    else
        join_line(core, target);

    return false;
}

/** The others go on from what is left. */
static void take_turn(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    struct tha_budget *budget = &core->table->budgets[target->budget];

    tha_budget_take(budget, target->is_undecided);
    tha_schedule_note_probe(core, target, now_ms);
    wake(core, budget);
}

bool tha_schedule_take(struct tha_core *core, uint64_t now_ms, uint32_t *ret_slot)
{
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->probes)) && timer->when <= now_ms) {
        struct tha_target *target = THA_CONTAINER(timer, struct tha_target, timer);

        if (target->is_probing)
            return false; /* a lost one: it is judged before the next is sent */
        if (!tha_admin_is_probed(core, target)) {
            tha_hear_nothing(core, target, now_ms); /* what was waited for was a request of its own */
            continue;
        }
        if (core->follows_probes) {
            tha_heap_set(&core->probes, timer, THA_NEVER);
            continue;
        }
        if (is_shown_by_calls(core, target, now_ms) || !has_turn(core, target, now_ms))
            continue;
        if (!tha_pace_take(&core->pace, tha_schedule_limit(core->rate), now_ms))
            return false;
        take_turn(core, target, now_ms);
        *ret_slot = target->slot;
        return true;
    }

    return false;
}

uint64_t tha_schedule_next_silence(const struct tha_core *core)
{
    const struct tha_timer *first = tha_heap_first(&core->probes);
    const struct tha_target *target = first ? THA_CONTAINER(first, struct tha_target, timer) : NULL;

    return target && !tha_admin_is_probed(core, target) ? first->when : THA_NEVER;
}

uint64_t tha_schedule_next_expiry(const struct tha_core *core)
{
    uint64_t due = tha_heap_next(&core->probes);
    uint64_t open = tha_pace_opens(&core->pace, tha_schedule_limit(core->rate));

    return due == THA_NEVER || due > open ? due : open;
}
