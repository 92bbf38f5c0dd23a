/** @file window.h  Counts what happened lately: eleven buckets that take turns, any number of threads and processes
 *
 *  A bucket is one word: whose turn it was, and two counts. The bucket of now and the ten before it always reach back at
 *  least ten widths, so that no stretch of ten widths ever sees more than their sum says. Who must not exceed a limit counts
 *  first, then sums, and takes back when it was too much: two at a time may both be refused, but never both be let through.
 *
 *  Time is an argument; a caller whose clock was read a little earlier than another's counts all the same. */
#ifndef THA_VIEW_WINDOW_H
#define THA_VIEW_WINDOW_H

#include <stdbool.h>

#include "layout.h"

/** Which of the two counts. */
enum tha_window_count { THA_WINDOW_FIRST, THA_WINDOW_SECOND };

/** A bucket holds no more than that; what is beyond is not counted. */
#define THA_WINDOW_MAX 0x3ffffU

/** Counts one more. False when that was not possible: the bucket is full, or too many others count at this moment. */
bool tha_window_add(struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms);

/** Counts one less, if it is still there. */
void tha_window_take_back(struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms);

uint32_t tha_window_sum(const struct tha_window *window, enum tha_window_count which, uint64_t now_ms, uint32_t width_ms);

#endif
