#include "handle.h"
#include "record.h"

/** Room for events in shared memory is made in steps of as many records. */
#define STEP 256U

void tha_view_init_ring(trunkha_view *view, uint32_t ring_size)
{
    struct tha_table *table = view->table;

    if (tha_get32(&table->ring_size) == ring_size)
        return; /* what a writer before us told can still be read */

    tha_put64(&table->last_sequence, 0);
    tha_put32(&table->ring_size, ring_size);
}

static bool has_room(trunkha_view *view, uint32_t index)
{
    const uint64_t step = STEP * sizeof(struct tha_event_record);

    while (index >= view->room_for_events) {
        uint64_t offset = THA_RING_OFFSET + view->room_for_events / STEP * step;

        if (tha_view_make_room(view->fd, offset, step))
            return false;
        view->room_for_events += STEP;
    }

    return true;
}

void tha_view_append_event(trunkha_view *view, const trunkha_event *event)
{
    struct tha_table *table = view->table;
    uint64_t last = tha_get64(&table->last_sequence);
    uint32_t index = (uint32_t)event->sequence & (tha_get32(&table->ring_size) - 1);

    if (!has_room(view, index))
        return; /* the next one that finds room begins anew, and readers count this one as lost */

    if (!last || event->sequence != last + 1) {
        tha_put64(&table->last_sequence, 0);
        tha_put64(&table->first_sequence, event->sequence);
    }

    tha_view_store_event(tha_table_event(table, index), event);
    tha_put64(&table->last_sequence, event->sequence);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/** The event to read after @p seen; counts those that are gone by now in @p lost. */
static uint64_t next_kept(const struct tha_table *table, uint64_t seen, uint64_t last, uint32_t ring_size, uint64_t *lost)
{
    uint64_t oldest = later(tha_get64(&table->first_sequence), last > ring_size ? last - ring_size + 1 : 1);
    uint64_t next = later(seen + 1, oldest);

    if (!seen || seen > last)
        return oldest; /* a new reader, or a new writer who counts from the beginning */

    *lost += next - seen - 1;

    return next;
}

int trunkha_view_next_event(const trunkha_view *view, uint64_t *inout_sequence, trunkha_event *ret_event)
{
    uint64_t seen, lost = 0;

    if (!view || !inout_sequence || !ret_event)
        return TRUNKHA_ERR_INVALID;

    seen = *inout_sequence;
    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint32_t ring_size = tha_get32(&view->table->ring_size);
        uint64_t last = tha_get64(&view->table->last_sequence);
        uint64_t next;

        if (!last || seen == last || ring_size - 1 >= THA_RING_MAX)
            break;

        next = next_kept(view->table, seen, last, ring_size, &lost);
        if (tha_view_load_event(tha_table_event(view->table, (uint32_t)next & (ring_size - 1)), next, ret_event)) {
            ret_event->size = sizeof(*ret_event);
            ret_event->lost = lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
            *inout_sequence = next;
            return 0;
        }

        seen = next; /* overwritten while we looked */
        lost++;
    }

    return TRUNKHA_ERR_END;
}
