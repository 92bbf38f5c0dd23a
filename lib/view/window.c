#include "window.h"

/** How often a bucket is looked at again when others count there at the same moment. */
#define TRIES 64

/** A turn is the number of a bucket's width since the clock began, cut to as many bits; above it lie the counts. */
#define TURN_BITS 28
#define TURN_MASK ((UINT64_C(1) << TURN_BITS) - 1)

#define COUNT_BITS 18

static_assert(THA_WINDOW_MAX == (1U << COUNT_BITS) - 1 && TURN_BITS + 2 * COUNT_BITS == 64, "a bucket is one word");

static unsigned shift_of(enum tha_window_count which)
{
    return TURN_BITS + (which == THA_WINDOW_FIRST ? 0 : COUNT_BITS);
}

static uint32_t count_in(uint64_t bucket, enum tha_window_count which)
{
    return (uint32_t)(bucket >> shift_of(which)) & THA_WINDOW_MAX;
}

/** How many turns @p bucket lies behind @p turn; negative = ahead. */
static int32_t turns_behind(uint64_t bucket, uint64_t turn)
{
    uint32_t distance = (uint32_t)(turn - bucket) << (32 - TURN_BITS);

    return (int32_t)distance >> (32 - TURN_BITS);
}

/** Ahead: of who read the clock before others did. */
static bool is_recent(uint64_t bucket, uint64_t turn)
{
    int32_t behind = turns_behind(bucket, turn);

    return behind < (int32_t)THA_WINDOW_BUCKETS && behind >= -(int32_t)THA_WINDOW_BUCKETS;
}

/** The bucket as it is to be counted in: with nothing in it when its turn is over. */
static uint64_t renewed(uint64_t bucket, uint64_t turn)
{
    bool is_empty = !(bucket >> TURN_BITS);

    return !is_empty && is_recent(bucket, turn) && turns_behind(bucket, turn) <= 0 ? bucket : turn & TURN_MASK;
}

bool tha_window_add(struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms)
{
    uint64_t turn = now_ms / width_ms;
    _Atomic uint64_t *bucket = &window->buckets[turn % THA_WINDOW_BUCKETS];
    uint64_t seen = atomic_load(bucket);

    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t now = renewed(seen, turn);

        if (count_in(now, which) == THA_WINDOW_MAX)
            return false;
        if (atomic_compare_exchange_weak(bucket, &seen, now + (UINT64_C(1) << shift_of(which))))
            return true;
    }

    return false;
}

void tha_window_take_back(struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms)
{
    uint64_t turn = now_ms / width_ms;
    _Atomic uint64_t *bucket = &window->buckets[turn % THA_WINDOW_BUCKETS];
    uint64_t seen = atomic_load(bucket);

    for (int tries = 0; tries < TRIES; tries++) {
        if (turns_behind(seen, turn) || !count_in(seen, which))
            return;
        if (atomic_compare_exchange_weak(bucket, &seen, seen - (UINT64_C(1) << shift_of(which))))
            return;
    }
}

uint32_t tha_window_sum(const struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms)
{
    uint64_t turn = now_ms / width_ms;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < THA_WINDOW_BUCKETS; i++) {
        uint64_t bucket = atomic_load(&window->buckets[i]);

        if (is_recent(bucket, turn))
            sum += count_in(bucket, which);
    }

    return sum;
}
