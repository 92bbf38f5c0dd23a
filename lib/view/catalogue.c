#include "builder.h"
#include "card.h"
#include "handle.h"
#include "profile.h"
#include "record.h"
#include "settings.h"
#include "source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** So that a search hits at once most of the time. */
#define SLOTS_PER_PROFILE 4

struct writing {
    struct tha_view_builder builder;
    const struct tha_view_catalogue *catalogue;
    struct tha_half *half;
    const struct tha_call_settings *last_call; /* of the profile before: many share theirs */
    uint32_t last_call_ref;
};

static void take_id(struct writing *w, tha_text_ref *ref, const char *id)
{
    tha_view_take_text(&w->builder, ref, id, TRUNKHA_ID_SIZE);
}

/** @p id_ref: that of @p id, which many have for their name too. */
static void take_name(struct writing *w, tha_text_ref *ref, const char *name, const tha_text_ref *id_ref, const char *id)
{
    if (strcmp(name, id))
        take_id(w, ref, name);
    else
        tha_put32(ref, tha_get32(id_ref));
}

static void take_arrays(struct writing *w)
{
    const struct tha_view_catalogue *catalogue = w->catalogue;
    struct tha_view_builder *builder = &w->builder;

    tha_view_take_array(builder, THA_ARRAY_GROUPS, catalogue->model->n_groups, sizeof(struct tha_group_record));
    tha_view_take_array(builder, THA_ARRAY_TRUNKS, catalogue->model->n_trunks, sizeof(struct tha_trunk_record));
    tha_view_take_array(builder, THA_ARRAY_TARGETS, catalogue->n_targets, sizeof(struct tha_target_record));
    tha_view_take_array(builder, THA_ARRAY_PROFILES, catalogue->n_profiles, sizeof(struct tha_profile_record));
    tha_view_take_array(builder, THA_ARRAY_SOURCES, THA_SOURCES_PER_TARGET * (uint64_t)catalogue->n_targets,
                        sizeof(uint32_t));
}

static uint32_t take_card(struct writing *w, const struct tha_view_target *target)
{
    const struct tha_model *model = w->catalogue->model;
    const struct tha_trunk_model *trunk = &model->trunks[target->trunk];
    char text[THA_ADDR_TEXT_SIZE];
    const struct tha_card_keys keys = {
        .trunk = tha_half_ref_to(w->half, tha_half_trunk(w->half, target->trunk)),
        .target_slot = target->slot,
        .codecs = trunk->codecs,
    };
    const struct tha_card_texts texts = {
        .trunk_id = trunk->id,
        .trunk_group_id = model->groups[trunk->group].id,
        .target = tha_addr_text(&target->addr, text, sizeof(text)),
        .uri = trunk->uri,
        .outbound_route = trunk->outbound_route,
    };

    return tha_card_take(&w->builder, &keys, &texts);
}

static void write_targets(struct writing *w)
{
    static const struct tha_target_state unknown;
    static const struct tha_abilities not_said;

    for (uint32_t i = 0; i < w->catalogue->n_targets && !w->builder.err; i++) {
        const struct tha_view_target *target = &w->catalogue->targets[i];
        struct tha_target_record *record = tha_half_target(w->half, i);

        tha_view_store_target(record, &unknown);
        tha_view_store_abilities(&record->abilities, &not_said);
        tha_put32(&record->card, take_card(w, target));
    }
}

static bool is_limited(const struct tha_trunk_model *trunk)
{
    return trunk->max_calls || trunk->calls_per_second;
}

static void take_orders(struct writing *w, struct tha_profile_record *record, const struct tha_view_profile *profile)
{
    uint64_t bytes = profile->n_targets * sizeof(uint64_t);
    uint32_t configured = tha_view_take(&w->builder, bytes);
    _Atomic uint64_t *entries = tha_half_at(w->half, configured);

    tha_put64(&record->orders[THA_ORDER_CONFIGURED], tha_pack(configured, profile->n_targets));
    tha_put64(&record->orders[THA_ORDER_EVEN], tha_pack(tha_view_take(&w->builder, bytes), 0));
    tha_put64(&record->orders[THA_ORDER_ODD], tha_pack(tha_view_take(&w->builder, bytes), 0));

    for (uint32_t i = 0; i < profile->n_targets && !w->builder.err; i++) {
        const struct tha_view_target *target = &w->catalogue->targets[profile->configured[i]];
        const struct tha_view_entry entry = {
            .card = tha_get32(&tha_half_target(w->half, profile->configured[i])->card),
            .why = TRUNKHA_WHY_STALE,
            .run = is_limited(&w->catalogue->model->trunks[target->trunk]) ? THA_RUN_LIMITED : THA_RUN_SINGLE,
        };

        tha_put64(&entries[i], tha_view_entry_pack(&entry));
    }
}

static void take_call(struct writing *w, struct tha_profile_record *record, const struct tha_call_settings *call)
{
    if (call != w->last_call) {
        w->last_call_ref = tha_settings_take(&w->builder, call);
        w->last_call = call;
    }

    tha_put32(&record->call, w->last_call_ref);
}

static void fill_slot(struct writing *w, const struct tha_profile_record *record, const char *id)
{
    tha_ref *slots = w->half->slots;
    size_t n_slots = tha_get32(&w->half->n_slots);
    struct tha_view_key key;
    size_t slot;

    if (!tha_view_key_init(&key, id))
        return;

    slot = tha_view_key_slot(&key, n_slots);
    while (tha_get32(&slots[slot]))
        slot = (slot + 1) % n_slots;
    tha_put32(&slots[slot], tha_half_ref_to(w->half, record));
}

static void write_profiles(struct writing *w)
{
    for (uint32_t i = 0; i < w->catalogue->n_profiles && !w->builder.err; i++) {
        const struct tha_view_profile *profile = &w->catalogue->profiles[i];
        struct tha_profile_record *record = tha_half_profile(w->half, i);

        tha_put32(&record->index, i);
        tha_put32(&record->is_group, profile->is_group);
        tha_put32(&record->active_trunk, THA_NONE);
        tha_put32(&record->n_targets, profile->n_targets);
        tha_put32(&record->version, 0);
        take_id(w, &record->id, profile->id);
        take_call(w, record, profile->call);
        take_orders(w, record, profile);
        fill_slot(w, record, profile->id);
    }
}

/** The profile that the group has in its own name. */
static const struct tha_profile_record *find_profile(const struct writing *w, const char *group_id)
{
    struct tha_view_key key;

    return tha_view_key_init(&key, group_id) ? tha_view_find_profile(w->half, &key) : NULL;
}

static void write_groups(struct writing *w)
{
    const struct tha_model *model = w->catalogue->model;

    for (uint32_t i = 0; i < model->n_groups && !w->builder.err; i++) {
        const struct tha_group_model *group = &model->groups[i];
        const struct tha_profile_record *profile = find_profile(w, group->id);
        struct tha_group_record *record = tha_half_group(w->half, i);

        tha_put32(&record->health, TRUNKHA_HEALTH_UNKNOWN);
        tha_put32(&record->n_trunks, group->n_trunks);
        tha_put32(&record->profile, profile ? tha_get32(&profile->index) : THA_NONE);
        if (profile)
            tha_put32(&record->id, tha_get32(&profile->id));
        else
            take_id(w, &record->id, group->id);
        take_name(w, &record->name, group->name, &record->id, group->id);
    }
}

static bool has_extra(const struct tha_trunk_model *trunk)
{
    return trunk->dns_name || trunk->paired != THA_NONE || trunk->direction != THA_DIRECTION_BOTH;
}

static void take_extra(struct writing *w, struct tha_trunk_record *record, const struct tha_trunk_model *trunk)
{
    const uint32_t head[] = {trunk->direction, trunk->paired};
    uint64_t words[sizeof(struct tha_trunk_extra) / sizeof(uint64_t)] = {0};

    memcpy(words, head, sizeof(head));
    tha_put32(&record->extra, has_extra(trunk) ? tha_view_take_words(&w->builder, words, COUNT(words)) : 0);
}

/** A trunk's id and URI stand in the card of its first target; if it has none, by themselves. */
static void take_texts(struct writing *w, struct tha_trunk_record *record, const struct tha_trunk_model *trunk,
                       const struct tha_target_record *first)
{
    uint32_t id, uri;

    if (first) {
        tha_card_refer(w->half, tha_get32(&first->card), &id, &uri);
        tha_put32(&record->id, id);
        tha_put32(&record->uri, uri);
    } else {
        take_id(w, &record->id, trunk->id);
        tha_view_take_text(&w->builder, &record->uri, trunk->uri, TRUNKHA_URI_SIZE);
    }

    take_name(w, &record->name, trunk->name, &record->id, trunk->id);
    tha_put32(&record->group_id, tha_get32(&tha_half_group(w->half, trunk->group)->id));
}

static void write_trunks(struct writing *w)
{
    const struct tha_view_catalogue *catalogue = w->catalogue;
    uint32_t next = 0; /* targets stand in the order of their trunks */

    for (uint32_t i = 0; i < catalogue->model->n_trunks && !w->builder.err; i++) {
        const struct tha_trunk_model *trunk = &catalogue->model->trunks[i];
        const struct tha_trunk_state unknown = {.admin = trunk->admin};
        struct tha_trunk_record *record = tha_half_trunk(w->half, i);
        bool has_target = next < catalogue->n_targets && catalogue->targets[next].trunk == i;

        tha_view_store_trunk(record, &unknown);
        tha_put64(&record->lack, 0);
        tha_put32(&record->slot, catalogue->trunk_slots[i]);
        take_texts(w, record, trunk, has_target ? tha_half_target(w->half, next) : NULL);
        take_extra(w, record, trunk);
        while (next < catalogue->n_targets && catalogue->targets[next].trunk == i)
            next++;
    }
}

/** Builds from the arrays on; stops at the first error of the builder. */
static int write_half(struct writing *w)
{
    take_arrays(w);
    write_targets(w);
    write_profiles(w);
    write_groups(w);
    write_trunks(w);
    take_id(w, &w->half->instance_id, w->catalogue->instance_id);
    if (!w->builder.err)
        tha_source_write(&w->builder, w->catalogue);

    return w->builder.err;
}

int tha_view_prepare(trunkha_view *view, const struct tha_view_catalogue *catalogue)
{
    uint32_t generation = tha_get32(&view->table->generation) + 1;
    struct writing w = {.catalogue = catalogue, .half = tha_table_half(view->table, generation)};
    int err;

    if (!tha_view_is_writer(view))
        return TRUNKHA_ERR_BUSY;

    view->is_prepared = false;
    view->release_after_ms = 0; /* that half is in use again */
    tha_view_builder_init(&w.builder, view->table, generation, view->fd,
                          SLOTS_PER_PROFILE * (uint64_t)catalogue->n_profiles);

    err = w.builder.err ? w.builder.err : write_half(&w);
    if (err)
        tha_view_release_half(view, generation);
    else
        view->is_prepared = true;

    return err;
}
