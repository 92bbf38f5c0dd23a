#include "gauge.h"

#include "calls.h"
#include "window.h"

/** Ten of these are the second of `callsPerSecond`. */
#define RATE_WIDTH_MS 100

/** Ten of these are the ten seconds of a retry budget. */
#define BUDGET_WIDTH_MS 1000

/** That many retries in ten seconds are always allowed. */
#define RETRIES_ALWAYS 10U

/** That a trunk was heard is reported no more often. */
#define HEARD_EVERY_MS 1000U

/** NULL when there is no room for it. */
static void *gauge_at(const struct tha_table *table, uint64_t offset, uint32_t index, const _Atomic uint32_t *count,
                      uint32_t max, size_t size)
{
    uint32_t n = tha_get32(count);

    if (index >= n || index >= max)
        return NULL;

    return (char *)(uintptr_t)table + offset + (uint64_t)index * size;
}

static struct tha_trunk_gauge *trunk_gauge(const struct tha_table *table, uint32_t slot)
{
    return gauge_at(table, THA_TRUNKS_OFFSET, slot, &tha_table_calls(table)->n_trunks, THA_TRUNK_GAUGES,
                    sizeof(struct tha_trunk_gauge));
}

static _Atomic uint32_t *trial_of(const struct tha_table *table, uint32_t target_slot)
{
    return gauge_at(table, THA_TARGETS_OFFSET, target_slot, &tha_table_calls(table)->n_targets, THA_TARGET_GAUGES,
                    sizeof(_Atomic uint32_t));
}

static struct tha_profile_gauge *profile_gauge(const struct tha_table *table, uint32_t profile)
{
    return gauge_at(table, THA_PROFILES_OFFSET, profile, &tha_table_calls(table)->n_profiles, THA_PROFILE_GAUGES,
                    sizeof(struct tha_profile_gauge));
}

/** A gauge that lies is one that went below zero, for the moment or for good. */
static uint32_t sane_count(uint32_t count)
{
    return count <= INT32_MAX ? count : 0;
}

static bool is_at_most(uint32_t count, uint32_t limit)
{
    return !limit || count <= limit;
}

/** @p before: calls there without this one. */
static uint32_t check_limits(struct tha_trunk_gauge *gauge, uint32_t before, uint64_t now_ms)
{
    uint32_t per_second = tha_get32(&gauge->calls_per_second);
    struct tha_window *started = &gauge->started;

    if (!is_at_most(before + 1, tha_get32(&gauge->max_calls)))
        return TRUNKHA_WHY_FULL;
    if (!per_second)
        return 0;
    if (!tha_window_add(started, THA_WINDOW_FIRST, now_ms, RATE_WIDTH_MS))
        return TRUNKHA_WHY_RATE;
    if (is_at_most(tha_window_sum(started, THA_WINDOW_FIRST, now_ms, RATE_WIDTH_MS), per_second))
        return 0;

    tha_window_take_back(started, THA_WINDOW_FIRST, now_ms, RATE_WIDTH_MS);

    return TRUNKHA_WHY_RATE;
}

uint32_t tha_gauge_enter(trunkha_view *view, uint32_t trunk_slot, bool is_limited, uint64_t now_ms)
{
    struct tha_trunk_gauge *gauge = trunk_gauge(view->table, trunk_slot);
    uint32_t before, why;

    if (!tha_get32(&view->calls->is_used))
        tha_put32(&view->calls->is_used, 1);
    if (!gauge)
        return 0;

    before = sane_count(atomic_fetch_add(&gauge->active_calls, 1));
    why = is_limited ? check_limits(gauge, before, now_ms) : 0;
    if (why)
        tha_view_leave(view, trunk_slot);

    return why;
}

uint32_t tha_gauge_look(const trunkha_view *view, uint32_t trunk_slot, uint64_t now_ms)
{
    const struct tha_trunk_gauge *gauge = trunk_gauge(view->table, trunk_slot);
    uint32_t per_second;

    if (!gauge)
        return 0;
    if (!is_at_most(sane_count(tha_get32(&gauge->active_calls)) + 1, tha_get32(&gauge->max_calls)))
        return TRUNKHA_WHY_FULL;

    per_second = tha_get32(&gauge->calls_per_second);
    if (per_second && tha_window_sum(&gauge->started, THA_WINDOW_FIRST, now_ms, RATE_WIDTH_MS) >= per_second)
        return TRUNKHA_WHY_RATE;

    return 0;
}

void tha_view_leave(trunkha_view *view, uint32_t trunk_slot)
{
    struct tha_trunk_gauge *gauge = tha_view_has_calls(view) ? trunk_gauge(view->table, trunk_slot) : NULL;

    if (gauge && !sane_count(atomic_fetch_sub(&gauge->active_calls, 1)))
        atomic_fetch_add(&gauge->active_calls, 1);
}

uint32_t tha_gauge_active_calls(const struct tha_table *table, uint32_t trunk_slot)
{
    const struct tha_trunk_gauge *gauge;

    if (!tha_get32(&tha_table_calls(table)->is_used))
        return 0;

    gauge = trunk_gauge(table, trunk_slot);

    return gauge ? sane_count(tha_get32(&gauge->active_calls)) : 0;
}

uint32_t tha_view_active_calls(const trunkha_view *view, uint32_t trunk_slot)
{
    return tha_gauge_active_calls(view->table, trunk_slot);
}

void tha_view_count_call(trunkha_view *view, uint32_t profile, uint64_t now_ms)
{
    struct tha_profile_gauge *gauge = tha_view_has_calls(view) ? profile_gauge(view->table, profile) : NULL;

    if (gauge)
        tha_window_add(&gauge->calls, THA_WINDOW_FIRST, now_ms, BUDGET_WIDTH_MS);
}

bool tha_view_may_retry(trunkha_view *view, uint32_t profile, uint32_t percent, uint64_t now_ms)
{
    struct tha_profile_gauge *gauge = tha_view_has_calls(view) ? profile_gauge(view->table, profile) : NULL;
    uint64_t calls, retries;

    if (!gauge)
        return true;
    if (!tha_window_add(&gauge->calls, THA_WINDOW_SECOND, now_ms, BUDGET_WIDTH_MS))
        return false;

    retries = tha_window_sum(&gauge->calls, THA_WINDOW_SECOND, now_ms, BUDGET_WIDTH_MS);
    calls = tha_window_sum(&gauge->calls, THA_WINDOW_FIRST, now_ms, BUDGET_WIDTH_MS);
    if (retries <= RETRIES_ALWAYS || retries * 100 <= calls * percent)
        return true;

    tha_window_take_back(&gauge->calls, THA_WINDOW_SECOND, now_ms, BUDGET_WIDTH_MS);

    return false;
}

bool tha_gauge_should_hear(trunkha_view *view, uint32_t trunk_slot, uint64_t now_ms)
{
    struct tha_trunk_gauge *gauge = trunk_gauge(view->table, trunk_slot);
    uint32_t now = (uint32_t)now_ms, before;

    if (!gauge)
        return false;

    before = atomic_load_explicit(&gauge->heard_ms, memory_order_relaxed);

    return now - before >= HEARD_EVERY_MS && atomic_compare_exchange_strong(&gauge->heard_ms, &before, now);
}

bool tha_gauge_is_on_trial(const trunkha_view *view, uint32_t target_slot)
{
    const _Atomic uint32_t *trial = trial_of(view->table, target_slot);

    return trial && tha_get32(trial) == 1;
}

bool tha_gauge_claim_trial(trunkha_view *view, uint32_t target_slot)
{
    _Atomic uint32_t *trial = trial_of(view->table, target_slot);
    uint32_t armed = 1;

    return trial && atomic_compare_exchange_strong(trial, &armed, 0);
}

void tha_gauge_return_trial(trunkha_view *view, uint32_t target_slot)
{
    _Atomic uint32_t *trial = trial_of(view->table, target_slot);

    if (trial)
        tha_put32(trial, 1);
}

/** Bytes of an array are rounded up to whole pages: room is made once and not for each slot. */
static int make_room(const trunkha_view *view, uint64_t offset, uint32_t count, size_t size)
{
    uint64_t bytes = (count * (uint64_t)size + THA_TABLE_PAGE - 1) / THA_TABLE_PAGE * THA_TABLE_PAGE;

    return count ? tha_view_make_room(view->fd, offset, bytes) : 0;
}

static void grow(_Atomic uint32_t *count, uint32_t n)
{
    if (n > tha_get32(count))
        tha_put32(count, n);
}

int tha_view_reserve_gauges(trunkha_view *view, uint32_t n_trunks, uint32_t n_targets, uint32_t n_profiles)
{
    struct tha_calls *calls = view->calls;

    if (!tha_view_is_writer(view))
        return TRUNKHA_ERR_BUSY;
    if (n_trunks > THA_TRUNK_GAUGES || n_targets > THA_TARGET_GAUGES || n_profiles > THA_PROFILE_GAUGES)
        return TRUNKHA_ERR_NOMEM;
    if (make_room(view, THA_TRUNKS_OFFSET, n_trunks, sizeof(struct tha_trunk_gauge)) ||
        make_room(view, THA_TARGETS_OFFSET, n_targets, sizeof(_Atomic uint32_t)) ||
        make_room(view, THA_PROFILES_OFFSET, n_profiles, sizeof(struct tha_profile_gauge)))
        return TRUNKHA_ERR_NOMEM;

    grow(&calls->n_trunks, n_trunks);
    grow(&calls->n_targets, n_targets);
    grow(&calls->n_profiles, n_profiles);

    return 0;
}

void tha_view_set_limits(trunkha_view *view, uint32_t trunk_slot, uint32_t max_calls, uint32_t calls_per_second)
{
    struct tha_calls *calls = view->calls;
    bool is_limited = max_calls || calls_per_second;
    struct tha_trunk_gauge *gauge;

    if (!tha_view_is_writer(view) || (!is_limited && trunk_slot >= tha_get32(&calls->n_limited)))
        return; /* it never had a limit */

    gauge = trunk_gauge(view->table, trunk_slot);
    if (!gauge)
        return;
    grow(&calls->n_limited, trunk_slot + 1);
    tha_put32(&gauge->max_calls, max_calls);
    tha_put32(&gauge->calls_per_second, calls_per_second);
}

void tha_view_arm_trial(trunkha_view *view, uint32_t target_slot, bool is_armed)
{
    _Atomic uint32_t *trial = tha_view_is_writer(view) ? trial_of(view->table, target_slot) : NULL;

    if (trial)
        tha_put32(trial, is_armed);
}
