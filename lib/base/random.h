/** @file random.h  Numbers that look like chance: for jitter, which needs no secrecy, only to be the same for the same seed */
#ifndef THA_BASE_RANDOM_H
#define THA_BASE_RANDOM_H

#include <stdint.h>

/** xorshift64*: 0 to @p limit - 1. @p state: never 0; moved on. */
static inline uint32_t tha_random_below(uint64_t *state, uint32_t limit)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;

    return (uint32_t)((x * UINT64_C(0x2545F4914F6CDD1D) >> 32) * limit >> 32);
}

#endif
