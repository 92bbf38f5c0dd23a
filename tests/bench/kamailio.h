/** @file kamailio.h  Kamailio's dispatcher, probing the same targets for comparison */
#ifndef BENCH_KAMAILIO_H
#define BENCH_KAMAILIO_H

#include <stdint.h>

#include "mock.h"

struct kamailio;

/** Starts it with destination sets of two and a ping every @p interval_s seconds, its files in a directory of its own;
 *  it ends with this program at the latest. NULL when it is not installed. */
struct kamailio *kamailio_start(const struct mock *mock, uint32_t targets, uint32_t interval_s);

/** User and system time of all its processes, in microseconds; 0 = it has ended. */
uint64_t kamailio_cpu_us(const struct kamailio *kamailio);

/** Ends it and removes its files. NULL is fine; returns NULL. */
struct kamailio *kamailio_stop(struct kamailio *kamailio);

#endif
