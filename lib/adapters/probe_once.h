/** @file probe_once.h  One OPTIONS on a thread and a loop of its own, for trunkha_probe_uri() */
#ifndef THA_ADAPTERS_PROBE_ONCE_H
#define THA_ADAPTERS_PROBE_ONCE_H

#include "core/model.h"

/** Fills code, rtt_us, phrase, allow and detail of @p result; outcome is set by @p failing. Returns 0, NOMEM or SYSTEM. */
int tha_probe_once(const struct tha_addr *addr, const char *uri, const struct tha_probe_text *text, uint32_t timeout_ms,
                   const struct tha_codes *failing, trunkha_probe_result *result);

#endif
