/** @file order.h  The order of a profile noted down as it stands now: runs turned, those passed over at the end
 *
 *  An order must hold still for as short a time as possible: only its entries are noted, in room that the caller has anyway;
 *  what they refer to is looked at afterwards. select.c fills in candidates from them, pick.c takes the first that
 *  will do. */
#ifndef THA_VIEW_ORDER_H
#define THA_VIEW_ORDER_H

#include "handle.h"
#include "profile.h"

struct tha_order_entries {
    const _Atomic uint64_t *entries;
    uint32_t count;
};

/** No entries when the table is corrupt. */
static inline struct tha_order_entries tha_order_get(const struct tha_half *half, const struct tha_profile_record *profile,
                                                     uint32_t number)
{
    uint64_t place = tha_get64(&profile->orders[number]);
    struct tha_order_entries order = {.entries = tha_half_at(half, tha_low(place)), .count = tha_high(place)};

    if (!tha_half_has(tha_low(place), order.count * sizeof(uint64_t)))
        order.count = 0;

    return order;
}

/** Notes are taken from the first place on, and of those passed over from the last one back, until both have met. */
struct tha_order_notes {
    const trunkha_view *view;
    void *places;  /**< room for the entries: one in the first bytes of every `stride` */
    size_t stride; /**< at least eight */
    size_t n_places;
    uint64_t now_ms;
    bool takes_turn;  /**< moves the turn of balancing strategies on */
    bool heeds_limit; /**< takes a trunk that is full or too fast for one passed over */
    bool keeps_passed;
    bool keeps_trials; /**< those on trial get the last places when there is no room: they stand far behind */

    size_t count;    /**< noted, best first */
    size_t n_passed; /**< behind them, with the reason in their `why` */
    uint8_t runs;    /**< the bits of all THA_RUN_* among the former */

    const struct tha_half *half;
    const struct tha_profile_record *profile;
    size_t room; /**< places that the order at hand can fill */
    uint32_t turn;
    bool has_turn; /**< it is taken when a balancing strategy asks for it first, and stays over the tries */
};

/** Notes the order of @p profile; of a view that is not fresh the configured one. */
void tha_order_note(struct tha_order_notes *notes, const struct tha_half *half, const struct tha_profile_record *profile,
                    bool is_fresh);

/** The entry noted at @p place. */
static inline struct tha_view_entry tha_order_noted(const struct tha_order_notes *notes, size_t place)
{
    uint64_t word;

    memcpy(&word, (const char *)notes->places + place * notes->stride, sizeof(word));

    return tha_view_entry_unpack(word);
}

/** Has nobody refreshed the table for so long that states do not count any more? */
static inline bool tha_order_is_stale(const struct tha_table *table, uint64_t now_ms)
{
    return now_ms >= tha_get64(&table->identity.heartbeat_ms) + THA_VIEW_STALE_MS;
}

#endif
