/** @file record.h  States as they lie in the table: which word holds what, and how they are read whole */
#ifndef THA_VIEW_RECORD_H
#define THA_VIEW_RECORD_H

#include <stdbool.h>

#include "half.h"

void tha_view_store_target(struct tha_target_record *record, const struct tha_target_state *state);
void tha_view_load_target(const struct tha_target_record *record, struct tha_target_state *state);

/** Active calls are no part of it: they have a gauge. */
void tha_view_store_trunk(struct tha_trunk_record *record, const struct tha_trunk_state *state);
void tha_view_load_trunk(const struct tha_trunk_record *record, struct tha_trunk_state *state);

static inline uint32_t tha_view_trunk_admin(const struct tha_trunk_record *record)
{
    return tha_high(tha_get64(&record->gist));
}

static inline uint32_t tha_view_trunk_health(const struct tha_trunk_record *record)
{
    return tha_low(tha_get64(&record->gist));
}

#endif
