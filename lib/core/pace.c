#include "pace.h"

static void move_on(struct tha_pace *pace, uint64_t now_ms)
{
    uint64_t gone = now_ms > pace->last_ms ? now_ms - pace->last_ms : 0;

    if (gone > THA_PACE_WINDOW_MS)
        gone = THA_PACE_WINDOW_MS;

    for (uint64_t i = 0; i < gone; i++) {
        uint32_t *oldest = &pace->sent[(now_ms - i) % THA_PACE_WINDOW_MS];

        pace->in_window -= *oldest;
        *oldest = 0;
    }
    if (now_ms > pace->last_ms)
        pace->last_ms = now_ms;
}

bool tha_pace_take(struct tha_pace *pace, uint32_t limit, uint64_t now_ms)
{
    move_on(pace, now_ms);
    if (pace->in_window >= limit)
        return false;

    pace->sent[pace->last_ms % THA_PACE_WINDOW_MS]++;
    pace->in_window++;

    return true;
}

void tha_pace_defer(struct tha_pace *pace, uint64_t now_ms)
{
    uint32_t *counted = &pace->sent[pace->last_ms % THA_PACE_WINDOW_MS];
    uint32_t n = *counted;

    if (now_ms <= pace->last_ms)
        return;

    *counted = 0;
    pace->in_window -= n;
    move_on(pace, now_ms);
    pace->sent[now_ms % THA_PACE_WINDOW_MS] += n;
    pace->in_window += n;
}

uint64_t tha_pace_opens(const struct tha_pace *pace, uint32_t limit)
{
    uint32_t left = pace->in_window;
    uint64_t ms = pace->last_ms;

    while (left >= limit && left) {
        ms++;
        left -= pace->sent[ms % THA_PACE_WINDOW_MS];
    }

    return ms;
}
