/** @file call_model.h  What the call machine must say, worked out anew from all that has happened: no state, no phases */
#ifndef TESTS_UNIT_CALL_MODEL_H
#define TESTS_UNIT_CALL_MODEL_H

#include "core/call.h"

#define STEPS_MAX 48

struct step {
    uint64_t at;
    bool is_start; /**< a new attempt; else something is heard */
    struct tha_call_heard heard;
    struct tha_call_verdict verdict;
    uint64_t deadline_before, deadline_after;
};

struct history {
    uint32_t seed;
    struct tha_call_settings settings;
    struct step steps[STEPS_MAX];
    unsigned n;
};

/** The verdict of step @p n, from what is heard there and from the steps before it. */
struct tha_call_verdict model_verdict(const struct history *history, unsigned n);

/** The deadline after all steps; UINT64_MAX = none. */
uint64_t model_deadline(const struct history *history);

/** Is @p number one of those in "17 4 3"? */
bool is_among(unsigned long number, const char *numbers);

#endif
