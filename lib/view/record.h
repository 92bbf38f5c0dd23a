/** @file record.h  States as they lie in the table: which word holds what, and how they are read whole */
#ifndef THA_VIEW_RECORD_H
#define THA_VIEW_RECORD_H

#include <stdbool.h>

#include "half.h"
#include "view.h"

/** Times have 48 bits, which is enough for 8900 years of milliseconds; what stands above them has 16. */
#define THA_TIME_BITS 48

void tha_view_store_target(struct tha_target_record *record, const struct tha_target_state *state);
void tha_view_load_target(const struct tha_target_record *record, struct tha_target_state *state);

/** A word of the table is a whole tha_abilities. */
void tha_view_store_abilities(_Atomic uint64_t *word, const struct tha_abilities *abilities);
void tha_view_load_abilities(const _Atomic uint64_t *from, struct tha_abilities *abilities);

/** Active calls are no part of it: they have a gauge. */
void tha_view_store_trunk(struct tha_trunk_record *record, const struct tha_trunk_state *state);
void tha_view_load_trunk(const struct tha_trunk_record *record, struct tha_trunk_state *state);

void tha_view_store_name(struct tha_trunk_extra *extra, const struct tha_view_name *name);
void tha_view_load_name(const struct tha_trunk_extra *extra, struct tha_view_name *name);

/* All that a selection asks of a trunk: */

static inline uint32_t tha_view_trunk_health(const struct tha_trunk_record *record)
{
    return tha_get64(&record->state) >> THA_TIME_BITS & 0xf;
}

static inline uint32_t tha_view_trunk_admin(const struct tha_trunk_record *record)
{
    return tha_get64(&record->state) >> (THA_TIME_BITS + 4) & 0xf;
}

/** NULL when it has none. */
static inline struct tha_trunk_extra *tha_view_trunk_extra(const struct tha_half *half,
                                                           const struct tha_trunk_record *record)
{
    uint32_t ref = tha_get32(&record->extra);

    return ref ? tha_half_at(half, ref) : NULL;
}

#endif
