#include "base/abi.h"
#include "event.h"
#include "handle.h"

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

    if (!tha_view_is_writer(view))
        return;
    if (!has_room(view, index))
        return; /* the next one that finds room begins anew, and readers count this one as lost */

    if (!last || event->sequence != last + 1 || !tha_event_is_of_teller(table, event)) {
        tha_put64(&table->last_sequence, 0);
        tha_put64(&table->first_sequence, event->sequence);
        tha_event_set_teller(table, event);
    }

    tha_event_store(table, index, event);
    tha_put64(&table->last_sequence, event->sequence);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/** The first event to read after @p seen (0 = none): the next one, or the oldest that is kept. */
static uint64_t next_kept(const struct tha_table *table, uint64_t seen, uint64_t last, uint32_t ring_size)
{
    uint64_t oldest = later(tha_get64(&table->first_sequence), last > ring_size ? last - ring_size + 1 : 1);

    if (seen > last)
        return oldest; /* a new writer, who counts from the beginning */

    return later(seen + 1, oldest);
}

/** Has another engine told it than the one before? Then its events are read from the beginning. */
static bool is_of_successor(const trunkha_cursor *cursor, const trunkha_event *event)
{
    return cursor->started && event->started != cursor->started;
}

static uint32_t count_lost(uint64_t seen, uint64_t next, bool is_new_reader)
{
    uint64_t lost = is_new_reader || next <= seen ? 0 : next - seen - 1;

    return lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
}

static int read_next(const struct tha_table *table, trunkha_cursor *cursor, trunkha_event *event)
{
    uint64_t from = cursor->sequence, seen = from;
    bool is_new_reader = from == 0, is_taken_over = false;

    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint32_t ring_size = tha_get32(&table->ring_size);
        uint64_t last = tha_get64(&table->last_sequence);
        uint64_t next;

        if (!last || (seen == last && !is_taken_over) || ring_size - 1 >= THA_RING_MAX)
            break;

        next = next_kept(table, seen, last, ring_size);
        if (!tha_event_load(table, (uint32_t)next & (ring_size - 1), next, event)) {
            seen = next; /* overwritten while we looked */
            continue;
        }
        if (is_of_successor(cursor, event) && !is_taken_over && event->sequence > 1) {
            is_taken_over = true;
            from = seen = 0;
            continue;
        }

        event->size = sizeof(*event);
        event->lost = count_lost(from, next, is_new_reader && !is_taken_over);
        *cursor = (trunkha_cursor){.sequence = next, .started = event->started};
        return 0;
    }

    return TRUNKHA_ERR_END;
}

int trunkha_view_next_event(const trunkha_view *view, trunkha_cursor *inout_cursor, trunkha_event *ret_event)
{
    trunkha_cursor cursor;
    trunkha_event event;
    int err;

    if (!view || !inout_cursor || !ret_event)
        return TRUNKHA_ERR_INVALID;

    cursor = *inout_cursor;
    err = read_next(view->table, &cursor, &event);
    if (!err)
        err = tha_abi_write(ret_event, &event, sizeof(event));
    if (!err)
        *inout_cursor = cursor;

    return err;
}
