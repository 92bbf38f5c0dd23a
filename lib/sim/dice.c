#include "dice.h"

/** splitmix64: https://prng.di.unimi.it/splitmix64.c */
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);

    return x ^ x >> 31;
}

void tha_dice_init(struct tha_dice *dice, uint64_t seed, uint32_t number)
{
    dice->state = mix(seed + mix((number + UINT64_C(1)) * GOLDEN));
}

uint64_t tha_dice_roll(struct tha_dice *dice)
{
    dice->state += GOLDEN;

    return mix(dice->state);
}

uint32_t tha_dice_below(struct tha_dice *dice, uint32_t limit)
{
    return (uint32_t)((tha_dice_roll(dice) >> 32) * limit >> 32);
}

/** In 2^-32: the sums of (ln 2)^i / i!, of the first alone, of two, of three, ... */
static const uint32_t sums[] = {2977044471, 4008809462, 4247197794, 4288507344, 4294234063, 4294895640,
                                4294961150, 4294966826, 4294967263, 4294967293, UINT32_MAX};

/** Of mean 1, in 2^-32: algorithm S of section 3.4.1 in Knuth, The Art of Computer Programming, volume 2. */
static uint64_t standard_exponential(struct tha_dice *dice)
{
    uint64_t roll = tha_dice_roll(dice) | 1;
    uint64_t halves = (uint64_t)__builtin_clzll(roll);
    uint64_t rest = roll << halves << 1 >> 32, least;

    if (rest < sums[0])
        return halves * sums[0] + rest;

    least = tha_dice_roll(dice) >> 32;
    for (unsigned k = 1; rest >= sums[k - 1] && rest < UINT32_MAX; k++) {
        uint64_t next = tha_dice_roll(dice) >> 32;

        least = next < least ? next : least;
    }

    return halves * sums[0] + (least * sums[0] >> 32);
}

uint64_t tha_dice_exponential(struct tha_dice *dice, uint64_t mean)
{
    uint64_t x = standard_exponential(dice);

    /* mean * x / 2^32, without the top of the product */
    return (mean >> 32) * x + ((mean & UINT32_MAX) * (x >> 16) >> 16);
}
