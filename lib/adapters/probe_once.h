/** @file probe_once.h  One OPTIONS on a thread and a loop of its own, for trunkha_probe_uri() */
#ifndef THA_ADAPTERS_PROBE_ONCE_H
#define THA_ADAPTERS_PROBE_ONCE_H

#include "adapters/prober.h"

/** Fills @p result, but for its uri and target; outcome is set by @p failing. Returns 0, NOMEM, or SYSTEM or CONFIG with the
 *  reason in @p error_buf: an address that is not ours, a file that cannot be used. */
int tha_probe_once(const struct tha_prober_target *target, const struct tha_codes *failing, trunkha_probe_result *result,
                   char *error_buf, size_t error_size);

#endif
