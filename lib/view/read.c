#include "base/abi.h"
#include "base/text.h"
#include "calls.h"
#include "card.h"
#include "gauge.h"
#include "handle.h"
#include "record.h"

union status {
    trunkha_view_info info;
    trunkha_group_status group;
    trunkha_trunk_status trunk;
    trunkha_target_status target;
    trunkha_profile_status profile;
};

/** Reads entry @p index of one generation; END when it has none. */
typedef int read_cb(const struct tha_view_reading *reading, uint32_t index, union status *status);

static int get(const trunkha_view *view, uint32_t index, read_cb *read, void *ret_status, size_t size)
{
    struct tha_view_reading reading;
    union status status;
    int err = TRUNKHA_ERR_END;

    if (!view || !ret_status)
        return TRUNKHA_ERR_INVALID;

    reading = (struct tha_view_reading){.view = view, .table = view->table};
    while (tha_view_try(&reading)) {
        memset(&status, 0, sizeof(status));
        err = read(&reading, index, &status);
    }

    return err ? err : tha_abi_write(ret_status, &status, size);
}

/** Times lie in the table on the writer's clock; 0 stays "never". */
static int64_t to_unix_ms(const struct tha_table *table, uint64_t ms)
{
    int64_t offset_ms = atomic_load_explicit(&table->unix_offset_ms, memory_order_acquire);

    return ms ? (int64_t)(ms + (uint64_t)offset_ms) : 0;
}

static void copy_trunk_id(const struct tha_half *half, uint32_t index, char *buf)
{
    const struct tha_trunk_record *trunk = tha_half_trunk(half, index);

    if (trunk)
        tha_half_copy_id(half, &trunk->id, buf);
    else
        buf[0] = '\0';
}

static int read_info(const struct tha_view_reading *reading, uint32_t index, union status *status)
{
    const struct tha_half *half = reading->half;
    trunkha_view_info *info = &status->info;
    uint64_t age_ms = tha_view_age_ms(reading->view);

    (void)index;
    info->age_ms = age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
    info->writer_pid = tha_get32(&reading->table->identity.writer_pid);
    info->is_live = info->writer_pid && age_ms < THA_VIEW_DEAD_MS;
    info->generation = reading->generation;
    info->groups = tha_half_count(half, THA_ARRAY_GROUPS);
    info->trunks = tha_half_count(half, THA_ARRAY_TRUNKS);
    info->targets = tha_half_count(half, THA_ARRAY_TARGETS);
    info->profiles = tha_half_count(half, THA_ARRAY_PROFILES);
    info->last_sequence = tha_get64(&reading->table->last_sequence);
    tha_half_copy_id(half, &half->instance_id, info->instance_id);

    return 0;
}

static int read_group(const struct tha_view_reading *reading, uint32_t index, union status *status)
{
    const struct tha_group_record *record = tha_half_group(reading->half, index);
    const struct tha_profile_record *profile;
    trunkha_group_status *group = &status->group;

    if (!record)
        return TRUNKHA_ERR_END;

    profile = tha_half_profile(reading->half, tha_get32(&record->profile));
    group->health = tha_get32(&record->health);
    group->trunks = tha_get32(&record->n_trunks);
    tha_half_copy_id(reading->half, &record->id, group->id);
    tha_half_copy_id(reading->half, &record->name, group->name);
    copy_trunk_id(reading->half, profile ? tha_get32(&profile->active_trunk) : THA_NONE, group->active_trunk_id);

    return 0;
}

static void read_extra(const struct tha_view_reading *reading, const struct tha_trunk_record *record,
                       trunkha_trunk_status *trunk)
{
    const struct tha_trunk_extra *extra = tha_view_trunk_extra(reading->half, record);
    const struct tha_trunk_record *paired;
    struct tha_view_name name;

    if (!extra)
        return;

    trunk->direction = tha_get32(&extra->direction);
    paired = tha_half_trunk(reading->half, tha_get32(&extra->paired));
    if (paired) {
        trunk->paired_health = tha_view_trunk_health(paired);
        tha_half_copy_id(reading->half, &paired->id, trunk->paired_trunk_id);
    }

    tha_view_load_name(extra, &name);
    trunk->dns = name.trouble;
    trunk->ttl_s = name.ttl_s;
    trunk->resolved = to_unix_ms(reading->table, name.resolved_ms);
}

static void read_lack(const struct tha_view_reading *reading, const struct tha_trunk_record *record,
                      trunkha_trunk_status *trunk)
{
    const struct tha_trunk_record *compared = tha_half_trunk(reading->half, tha_get32(&record->compared));
    char names[64], id[TRUNKHA_ID_SIZE] = "its configuration";
    struct tha_abilities lack;

    tha_view_load_abilities(&record->lack, &lack);
    if (tha_abilities_is_empty(&lack))
        return;

    if (compared)
        tha_half_copy_id(reading->half, &compared->id, id);
    tha_text_print(trunk->mismatch, sizeof(trunk->mismatch), "lacks %s that %s has",
                   tha_abilities_text(&lack, names, sizeof(names)), id);
}

static int read_trunk(const struct tha_view_reading *reading, uint32_t index, union status *status)
{
    const struct tha_trunk_record *record = tha_half_trunk(reading->half, index);
    trunkha_trunk_status *trunk = &status->trunk;
    struct tha_trunk_state state;

    if (!record)
        return TRUNKHA_ERR_END;

    tha_view_load_trunk(record, &state);
    trunk->health = state.health;
    trunk->admin = state.admin;
    trunk->reason = state.reason;
    trunk->active_calls = tha_gauge_active_calls(reading->table, tha_get32(&record->slot));
    trunk->since = to_unix_ms(reading->table, state.since_ms);
    tha_half_copy_id(reading->half, &record->id, trunk->id);
    tha_half_copy_id(reading->half, &record->name, trunk->name);
    tha_half_copy_id(reading->half, &record->group_id, trunk->trunk_group_id);
    tha_half_copy_text(reading->half, &record->uri, trunk->uri, THA_URI_BLOCKS);
    read_lack(reading, record, trunk);
    read_extra(reading, record, trunk);

    return 0;
}

/** Leaves out what does not fit. */
static void append_name(char *list, size_t size, const char *name)
{
    size_t len = strlen(list);

    if (len + strlen(", ") + strlen(name) < size)
        tha_text_print(list + len, size - len, "%s%s", len ? ", " : "", name);
}

static void read_abilities(const struct tha_target_record *record, trunkha_target_status *target)
{
    struct tha_abilities abilities;
    const char *name;

    tha_view_load_abilities(&record->abilities, &abilities);
    for (unsigned i = 0; (name = tha_method_name(abilities.methods, i)); i++)
        append_name(target->allow, sizeof(target->allow), name);
    for (unsigned i = 0; (name = tha_option_name(abilities.options, i)); i++)
        append_name(target->supported, sizeof(target->supported), name);
    for (unsigned i = 0; (name = tha_codec_name(abilities.codecs, i)); i++)
        append_name(target->codecs, sizeof(target->codecs), name);
}

static int read_target(const struct tha_view_reading *reading, uint32_t index, union status *status)
{
    const struct tha_target_record *record = tha_half_target(reading->half, index);
    trunkha_target_status *target = &status->target;
    struct tha_target_state state;
    trunkha_candidate card = {0};

    if (!record)
        return TRUNKHA_ERR_END;

    tha_view_load_target(record, &state);
    target->health = state.health;
    target->reason = state.reason;
    target->rtt_us = state.rtt_us;
    target->loss_permille = state.loss_permille;
    target->failed_attempts = state.failed_attempts;
    target->last_response = state.last_response;
    target->since = to_unix_ms(reading->table, state.since_ms);
    target->last_successful_keepalive = to_unix_ms(reading->table, state.last_successful_keepalive_ms);
    target->cooldown_until = to_unix_ms(reading->table, state.cooldown_until_ms);
    tha_card_copy(reading->half, tha_half_at(reading->half, tha_get32(&record->card)), &card);
    memcpy(target->target, card.target, sizeof(target->target));
    memcpy(target->trunk_id, card.trunk_id, sizeof(target->trunk_id));
    read_abilities(record, target);

    return 0;
}

static int read_profile(const struct tha_view_reading *reading, uint32_t index, union status *status)
{
    const struct tha_profile_record *record = tha_half_profile(reading->half, index);
    trunkha_profile_status *profile = &status->profile;

    if (!record)
        return TRUNKHA_ERR_END;

    profile->is_group = tha_get32(&record->is_group);
    tha_half_copy_id(reading->half, &record->id, profile->id);
    copy_trunk_id(reading->half, tha_get32(&record->active_trunk), profile->active_trunk_id);

    return 0;
}

int trunkha_view_get_info(const trunkha_view *view, trunkha_view_info *ret_info)
{
    return get(view, 0, read_info, ret_info, sizeof(*ret_info));
}

int trunkha_view_get_group(const trunkha_view *view, uint32_t index, trunkha_group_status *ret_status)
{
    return get(view, index, read_group, ret_status, sizeof(*ret_status));
}

int trunkha_view_get_trunk(const trunkha_view *view, uint32_t index, trunkha_trunk_status *ret_status)
{
    return get(view, index, read_trunk, ret_status, sizeof(*ret_status));
}

int trunkha_view_get_target(const trunkha_view *view, uint32_t index, trunkha_target_status *ret_status)
{
    return get(view, index, read_target, ret_status, sizeof(*ret_status));
}

int trunkha_view_get_profile(const trunkha_view *view, uint32_t index, trunkha_profile_status *ret_status)
{
    return get(view, index, read_profile, ret_status, sizeof(*ret_status));
}

static void tell_call(const trunkha_view *view, uint64_t token, const struct tha_view_call *call,
                      trunkha_call_status *status)
{
    *status = (trunkha_call_status){
        .token = token,
        .begun = to_unix_ms(view->table, call->begun_ms),
        .answered = to_unix_ms(view->table, call->answered_ms),
        .attempts = call->attempts,
        .pid = call->pid,
    };
    tha_text_copy(status->call_id, sizeof(status->call_id), call->call_id);
    tha_text_copy(status->profile_id, sizeof(status->profile_id), call->profile_id);
    tha_text_copy(status->trunk_id, sizeof(status->trunk_id), call->trunk_id);
    tha_text_copy(status->target, sizeof(status->target), call->target);
}

int trunkha_view_next_call(const trunkha_view *view, const char *trunk_id, uint32_t *inout_place,
                           trunkha_call_status *ret_status)
{
    trunkha_call_status status;
    struct tha_view_call call;
    uint64_t token;

    if (!view || !inout_place || !ret_status)
        return TRUNKHA_ERR_INVALID;

    while (tha_view_next_running(view, inout_place, &token, &call)) {
        if (trunk_id && (call.trunk_slot == THA_NONE || strcmp(trunk_id, call.trunk_id)))
            continue;
        tell_call(view, token, &call, &status);
        return tha_abi_write(ret_status, &status, sizeof(status));
    }

    return TRUNKHA_ERR_END;
}
