/* Flap damping: a trunk that comes and goes has to hold longer and longer before calls go back to it.
 *
 * Each change to or from DOWN adds one to a level that leaks: `maxTransitions` leak out in a `window`. Up to
 * `maxTransitions` are taken for bad luck. The first one too many asks for a hold-down of `holdDown`, each further for twice
 * as much, up to `maxHoldDown`; a trunk that keeps quiet for a while is trusted again. */
#include "machine.h"

#define ONE 1000U /* transition, in the units of the level */

static uint32_t leak(const struct tha_trunk *trunk, const struct tha_damping *damping, uint64_t now_ms)
{
    uint64_t leaked = (now_ms - trunk->flapped_ms) * damping->max_transitions * ONE / damping->window_ms;

    return leaked < trunk->flap_level ? trunk->flap_level - (uint32_t)leaked : 0;
}

/** How many transitions are too many; a part of one is none. */
static uint32_t excess_of(uint32_t level, const struct tha_damping *damping)
{
    uint32_t allowed = damping->max_transitions * ONE;

    return level > allowed ? (level - allowed) / ONE : 0;
}

static uint32_t hold_of(uint32_t excess, const struct tha_damping *damping)
{
    uint64_t hold_ms = damping->hold_down_ms;

    if (!excess)
        return 0;
    while (--excess && hold_ms < damping->max_hold_down_ms)
        hold_ms *= 2;

    return hold_ms < damping->max_hold_down_ms ? (uint32_t)hold_ms : damping->max_hold_down_ms;
}

/** Where the level asks for the longest hold-down it grows no further, so that it leaks out in a stated time. */
static uint32_t highest_level(const struct tha_damping *damping)
{
    uint32_t excess = 1;

    while (excess < 32 && hold_of(excess, damping) < damping->max_hold_down_ms)
        excess++;

    return (damping->max_transitions + excess + 1) * ONE;
}

void tha_damping_note(struct tha_trunk *trunk, const struct tha_damping *damping, uint64_t now_ms)
{
    uint32_t highest = highest_level(damping);
    uint32_t level = leak(trunk, damping, now_ms) + ONE;

    trunk->flap_level = level < highest ? level : highest;
    trunk->flapped_ms = now_ms;
}

uint32_t tha_damping_hold_ms(const struct tha_trunk *trunk, const struct tha_damping *damping)
{
    return hold_of(excess_of(trunk->flap_level, damping), damping);
}
