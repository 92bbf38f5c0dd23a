/** @file flight.h  A request on its way: sent again until something comes back
 *
 *  RFC 3261 section 17.1: after T1, then after twice the time each; of all but INVITE at most T2 (timers A and E). Over TCP
 *  and TLS it is the network that sends again, in about the same times. */
#ifndef THA_SIM_FLIGHT_H
#define THA_SIM_FLIGHT_H

#include <stdint.h>

#define THA_FLIGHT_T1_MS    500U
#define THA_FLIGHT_T2_MS    4000U
#define THA_FLIGHT_NO_LIMIT UINT32_MAX

struct tha_flight {
    uint64_t sent_ms;  /**< for the first time */
    uint64_t again_ms; /**< when it is sent again */
    uint32_t interval_ms;
    uint32_t longest_ms;
};

static inline void tha_flight_start(struct tha_flight *flight, uint32_t longest_ms, uint64_t now_ms)
{
    *flight = (struct tha_flight){now_ms, now_ms + THA_FLIGHT_T1_MS, THA_FLIGHT_T1_MS, longest_ms};
}

/** Those repetitions that lie behind @p now_ms have been. */
static inline void tha_flight_go_on(struct tha_flight *flight, uint64_t now_ms)
{
    while (flight->again_ms <= now_ms) {
        flight->interval_ms = flight->interval_ms <= flight->longest_ms / 2 ? flight->interval_ms * 2 : flight->longest_ms;
        flight->again_ms += flight->interval_ms;
    }
}

#endif
