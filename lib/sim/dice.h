/** @file dice.h  Everything random of a made-up world: the same for the same seed, on every machine
 *
 *  Whole numbers only: what a mathematical library makes of a logarithm differs in its last bit from machine to machine. */
#ifndef THA_SIM_DICE_H
#define THA_SIM_DICE_H

#include <stdint.h>

struct tha_dice {
    uint64_t state;
};

/** Dice of one seed and different numbers know nothing of each other. */
void tha_dice_init(struct tha_dice *dice, uint64_t seed, uint32_t number);

uint64_t tha_dice_roll(struct tha_dice *dice);

/** 0 to @p limit - 1. */
uint32_t tha_dice_below(struct tha_dice *dice, uint32_t limit);

/** Exponentially distributed around @p mean, at most 64 times as much. */
uint64_t tha_dice_exponential(struct tha_dice *dice, uint64_t mean);

#endif
