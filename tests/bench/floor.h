/** @file floor.h  The least that probing can cost: epoll, sendto and recvfrom, and nothing else */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "mock.h"

#define FLOOR_SLOT_MS 10

/** Sends the @p len bytes of @p request to @p targets targets in turn, all of them every @p interval_ms, in slots of
 *  FLOOR_SLOT_MS, for @p seconds. Returns CPU microseconds per answer, negative when it cannot. */
double floor_run(const struct mock *mock, uint32_t targets, uint32_t interval_ms, uint32_t seconds, const char *request,
                 size_t len);

#endif
