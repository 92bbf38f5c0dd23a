#include <unistd.h>

#include "handle.h"
#include "name.h"
#include "profile.h"
#include "record.h"

/** A reader that began before a load has long ended after this time: the memory it read can be given back. */
#define RELEASE_AFTER_MS 5000

void tha_view_sign(struct tha_table *table)
{
    struct tha_table_identity *identity = &table->identity;
    uint64_t now_ms = tha_view_clock_ms(CLOCK_MONOTONIC);
    int64_t unix_ms = (int64_t)tha_view_clock_ms(CLOCK_REALTIME);

    tha_put64(&identity->term, tha_get64(&identity->term) + 1); /* first of all: it silences the writer before us */
    atomic_store_explicit(&table->unix_offset_ms, unix_ms - (int64_t)now_ms, memory_order_release);
    tha_put64(&identity->table_size, THA_TABLE_SIZE);
    tha_put32(&identity->layout, THA_TABLE_LAYOUT);
    tha_put32(&identity->event_size, sizeof(struct tha_stored_event));
    tha_put32(&identity->has_begun, 0);
    tha_put64(&identity->heartbeat_ms, now_ms);
    tha_put32(&identity->writer_pid, (uint32_t)getpid());
    tha_put64(&identity->magic, THA_TABLE_MAGIC);
}

static int map_anonymous(struct tha_table **ret_table)
{
    *ret_table = tha_view_map(-1, THA_VIEW_WRITE);
    if (!*ret_table)
        return TRUNKHA_ERR_NOMEM;

    tha_view_sign(*ret_table);

    return 0;
}

int tha_view_new(const struct tha_mem *mem, const char *name, uint32_t ring_size, trunkha_view **ret_view)
{
    trunkha_view *view;
    int err;

    if (!ring_size || ring_size > THA_RING_MAX || (ring_size & (ring_size - 1)))
        return TRUNKHA_ERR_INVALID;

    err = tha_view_handle_new(mem, &view);
    if (err)
        return err;

    err = name ? tha_view_claim(name, &view->fd, &view->table) : map_anonymous(&view->table);
    if (err) {
        trunkha_view_unref(view);
        return err;
    }

    view->term = tha_get64(&view->table->identity.term);
    view->calls = tha_table_calls(view->table);
    tha_view_init_ring(view, ring_size);
    tha_view_init_running(view);
    *ret_view = view;

    return 0;
}

void tha_view_publish(trunkha_view *view)
{
    uint32_t generation = tha_get32(&view->table->generation);

    if (!view->is_prepared || !tha_view_is_writer(view))
        return;

    tha_put32(&view->table->generation, generation + 1);
    view->is_prepared = false;
    view->release_after_ms = tha_get64(&view->table->identity.heartbeat_ms) + RELEASE_AFTER_MS;
}

static struct tha_half *written_half(const trunkha_view *view)
{
    return tha_table_half(view->table, tha_get32(&view->table->generation) + view->is_prepared);
}

void tha_view_set_target(trunkha_view *view, uint32_t target, const struct tha_target_state *state)
{
    struct tha_target_record *record = tha_half_target(written_half(view), target);

    if (record && tha_view_is_writer(view))
        tha_view_store_target(record, state);
}

void tha_view_set_trunk(trunkha_view *view, uint32_t trunk, const struct tha_trunk_state *state)
{
    struct tha_trunk_record *record = tha_half_trunk(written_half(view), trunk);

    if (record && tha_view_is_writer(view))
        tha_view_store_trunk(record, state);
}

void tha_view_set_abilities(trunkha_view *view, uint32_t target, const struct tha_abilities *abilities)
{
    struct tha_target_record *record = tha_half_target(written_half(view), target);

    if (record && tha_view_is_writer(view))
        tha_view_store_abilities(&record->abilities, abilities);
}

void tha_view_set_lack(trunkha_view *view, uint32_t trunk, const struct tha_lack *lack)
{
    struct tha_trunk_record *record = tha_half_trunk(written_half(view), trunk);

    if (!record || !tha_view_is_writer(view))
        return;
    tha_put32(&record->compared, lack->compared);
    tha_view_store_abilities(&record->lack, &lack->abilities);
}

void tha_view_set_name(trunkha_view *view, uint32_t trunk, const struct tha_view_name *name)
{
    struct tha_half *half = written_half(view);
    const struct tha_trunk_record *record = tha_half_trunk(half, trunk);
    struct tha_trunk_extra *extra = record ? tha_view_trunk_extra(half, record) : NULL;

    if (extra && tha_view_is_writer(view))
        tha_view_store_name(extra, name);
}

void tha_view_set_group(trunkha_view *view, uint32_t group, uint32_t health)
{
    struct tha_group_record *record = tha_half_group(written_half(view), group);

    if (record && tha_view_is_writer(view))
        tha_put32(&record->health, health);
}

static uint64_t pack_entry(const struct tha_half *half, const struct tha_route_entry *entry)
{
    const struct tha_target_record *target = tha_half_target(half, entry->target);
    const struct tha_view_entry packed = {
        .card = target ? tha_get32(&target->card) : 0,
        .weight = entry->weight,
        .why = entry->why,
        .run = entry->run,
    };

    return tha_view_entry_pack(&packed);
}

void tha_view_set_route(trunkha_view *view, uint32_t profile, const struct tha_route_entry *entries, uint32_t n_entries,
                        uint32_t active_trunk)
{
    struct tha_half *half = written_half(view);
    struct tha_profile_record *record = tha_half_profile(half, profile);
    _Atomic uint64_t *order, *to;
    uint32_t version;

    if (!record || n_entries > tha_get32(&record->n_targets) || !tha_view_is_writer(view))
        return;

    version = tha_get32(&record->version) + 1;
    order = &record->orders[version & 1];
    to = tha_half_at(half, tha_low(tha_get64(order)));
    for (uint32_t i = 0; i < n_entries; i++)
        tha_put64(&to[i], pack_entry(half, &entries[i]));

    tha_put64(order, tha_pack(tha_low(tha_get64(order)), n_entries));
    tha_put32(&record->active_trunk, active_trunk);
    tha_put32(&record->version, version);
}

void tha_view_beat(trunkha_view *view, uint64_t now_ms, int64_t unix_ms)
{
    struct tha_table *table = view->table;

    if (!tha_view_is_writer(view))
        return;

    atomic_store_explicit(&table->unix_offset_ms, unix_ms - (int64_t)now_ms, memory_order_release);
    tha_put64(&table->identity.heartbeat_ms, now_ms);
    tha_put32(&table->identity.has_begun, 1);
    tha_view_grow_running(view);

    if (view->release_after_ms && now_ms >= view->release_after_ms) {
        tha_view_release_half(view, tha_get32(&table->generation) + 1);
        view->release_after_ms = 0;
    }
}

void tha_view_set_time(trunkha_view *view, uint64_t now_ms)
{
    view->made_up_ms = now_ms;
}

void tha_view_retire(trunkha_view *view)
{
    uint32_t pid = (uint32_t)getpid(); /* not a child's to say */

    if (tha_view_is_writer(view))
        atomic_compare_exchange_strong(&view->table->identity.writer_pid, &pid, 0);
}
