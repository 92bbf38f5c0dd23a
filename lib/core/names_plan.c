/* When a name is looked up again.
 *
 *   found                    shortly before its TTL ends
 *   found, a copy            at the very end of the TTL: then the resolver's copy has ended as well
 *   found in part            as found, but no later than after a failure
 *   no such name, no address after the time that this holds, at most 30 s
 *   failed, silent           after 1 s, 2 s, 4 s ... 30 s */
#include "base/random.h"
#include "names_parts.h"

#define GAP_MS         1000U /* between two lookups of one name, at least */
#define RETRY_MIN_MS   1000U
#define RETRY_MAX_MS   30000U
#define NEGATIVE_MAX_S 30U
#define LEAD_PERMILLE  880U /* of the TTL have gone by when it is refreshed ... */
                            /* ... or up to 920, so that names do not march in step */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t after_s(uint64_t now_ms, uint32_t seconds)
{
    return now_ms + UINT64_C(1000) * seconds;
}

void tha_names_unplan(struct tha_names *names, struct tha_entry *entry)
{
    tha_heap_remove(entry->is_lame ? &names->lame_asks : &names->asks, &entry->ask);
}

static void ask_at(struct tha_names *names, struct tha_entry *entry, uint64_t when_ms)
{
    tha_names_unplan(names, entry);
    entry->is_lame = entry->n_failures > 0;
    tha_heap_set(entry->is_lame ? &names->lame_asks : &names->asks, &entry->ask, later(when_ms, entry->asked_ms + GAP_MS));
}

/* ---- Found */

/** Much less than what it had before: a resolver counts down what is left of its own copy. */
static bool is_copy(const struct tha_entry *entry, uint32_t ttl_s)
{
    return ttl_s < entry->held_ttl_s - entry->held_ttl_s / 4;
}

/** Copies are told in whole seconds: where what is left agrees to a second with what we have reckoned, we have been right.
 * One that has less left than `minTtl` is no reason to keep to what it says longer than that, nor than to what was said
 * before. */
static uint64_t end_of_copy(const struct tha_names *names, const struct tha_entry *entry, uint32_t ttl_s, uint64_t now_ms)
{
    uint64_t ends_ms = after_s(now_ms, ttl_s);

    if (ttl_s < names->settings.min_ttl_s)
        return later(ends_ms, earlier(entry->ends_ms, after_s(now_ms, names->settings.min_ttl_s)));
    if (ends_ms < entry->ends_ms + 1000 && entry->ends_ms < ends_ms + 1000)
        return entry->ends_ms;

    return ends_ms;
}

uint64_t tha_names_lead_ms(uint64_t hold_ms, uint32_t nth)
{
    return hold_ms * (LEAD_PERMILLE + nth) / 1000;
}

static void plan_refresh(struct tha_names *names, struct tha_entry *entry, uint32_t ttl_s, uint64_t now_ms)
{
    uint32_t held_ttl_s = (uint32_t)earlier(ttl_s, names->settings.max_ttl_s);
    uint64_t ask_ms;

    if (is_copy(entry, held_ttl_s)) {
        entry->ends_ms = end_of_copy(names, entry, held_ttl_s, now_ms);
        ask_ms = entry->ends_ms;
    } else {
        entry->ends_ms = after_s(now_ms, (uint32_t)later(held_ttl_s, names->settings.min_ttl_s));
        ask_ms = now_ms + tha_names_lead_ms(entry->ends_ms - now_ms, tha_random_below(&names->random, THA_NAMES_LEADS));
    }

    entry->held_ttl_s = held_ttl_s;
    ask_at(names, entry, ask_ms);
}

/* ---- Not found */

static uint64_t retry_ms(struct tha_entry *entry, uint64_t now_ms)
{
    uint32_t doublings = entry->n_failures < 5 ? entry->n_failures : 5;

    entry->n_failures++;

    return now_ms + earlier(RETRY_MIN_MS << doublings, RETRY_MAX_MS);
}

static void plan_second_look(struct tha_names *names, struct tha_entry *entry, uint32_t negative_ttl_s, uint64_t now_ms)
{
    uint64_t seconds = earlier(negative_ttl_s ? negative_ttl_s : NEGATIVE_MAX_S, NEGATIVE_MAX_S);

    ask_at(names, entry, after_s(now_ms, (uint32_t)later(seconds, names->settings.min_ttl_s)));
}

/** Without `keepLastGood`, what cannot be confirmed any more leaves with the end of its TTL. */
static void watch_end(struct tha_names *names, struct tha_entry *entry, uint64_t now_ms)
{
    if (entry->trouble && !names->settings.keep_last_good && entry->n_locations > entry->n_leaving)
        tha_heap_set(&names->ends, &entry->end, later(entry->ends_ms, now_ms));
    else
        tha_heap_remove(&names->ends, &entry->end);
}

/* ---- All of it */

static void plan_found(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result,
                       uint64_t now_ms)
{
    bool is_in_part = result->lacks_ipv4 || result->lacks_ipv6;

    entry->resolved_ms = now_ms;
    entry->ttl_s = result->ttl_s;
    if (!is_in_part)
        entry->n_failures = 0;
    plan_refresh(names, entry, result->ttl_s, now_ms);
    if (is_in_part)
        tha_names_hasten(names, entry, retry_ms(entry, now_ms));
}

void tha_names_plan(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result,
                    uint64_t now_ms)
{
    switch (result->trouble) {
    case THA_DNS_FINE:
        plan_found(names, entry, result, now_ms);
        break;
    case THA_DNS_TROUBLE_SILENT:
    case THA_DNS_TROUBLE_FAILED:
        ask_at(names, entry, retry_ms(entry, now_ms));
        break;
    default:
        entry->n_failures = 0;
        plan_second_look(names, entry, result->ttl_s, now_ms);
        break;
    }
    watch_end(names, entry, now_ms);
}

void tha_names_hasten(struct tha_names *names, struct tha_entry *entry, uint64_t when_ms)
{
    if (!tha_timer_is_set(&entry->ask) || when_ms < entry->ask.when)
        ask_at(names, entry, when_ms);
}

void tha_names_replan(struct tha_names *names, struct tha_entry *entry, uint64_t now_ms)
{
    if (tha_timer_is_set(&entry->ask))
        tha_names_hasten(names, entry, after_s(now_ms, names->settings.max_ttl_s));
    watch_end(names, entry, now_ms);
}
