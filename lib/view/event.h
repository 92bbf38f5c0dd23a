/** @file event.h  Events as they lie in the ring: packed, for thousands of them are kept */
#ifndef THA_VIEW_EVENT_H
#define THA_VIEW_EVENT_H

#include <stdbool.h>

#include "half.h"

/** The instance whose events the ring holds. */
bool tha_event_is_of_teller(const struct tha_table *table, const trunkha_event *event);
void tha_event_set_teller(struct tha_table *table, const trunkha_event *event);

void tha_event_store(struct tha_table *table, uint32_t index, const trunkha_event *event);

/** All but `size` and `lost`. False when the record does not hold the whole of event @p sequence (any more). */
bool tha_event_load(const struct tha_table *table, uint32_t index, uint64_t sequence, trunkha_event *event);

#endif
