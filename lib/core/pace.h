/** @file pace.h  Never a burst: how many probes may leave in any ten milliseconds
 *
 *  Peers lose answers in their own receive buffers and firewalls drop bursts of more than a dozen pings, so probes that
 *  fall due together leave one after another. Counted per millisecond, so that any window of 10 ms is covered. */
#ifndef THA_CORE_PACE_H
#define THA_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/** 10 ms from any moment touch 11 milliseconds of the clock. Who wakes up as seldom as that loses nothing to it. */
#define THA_PACE_WINDOW_MS 11U

struct tha_pace {
    uint64_t last_ms;                  /**< the clock when `sent` was last moved on */
    uint32_t sent[THA_PACE_WINDOW_MS]; /**< by millisecond */
    uint32_t in_window;                /**< the sum of `sent` */
};

/** May one more leave at @p now_ms, when @p limit may leave in any window? Counts it if so. */
bool tha_pace_take(struct tha_pace *pace, uint32_t limit, uint64_t now_ms);

/** What was last counted has in truth left at @p now_ms: the thread was held up before it could send. */
void tha_pace_defer(struct tha_pace *pace, uint64_t now_ms);

/** When the next one may leave. */
uint64_t tha_pace_opens(const struct tha_pace *pace, uint32_t limit);

#endif
