#include "record.h"

#include "handle.h"

static void load_words(const _Atomic uint64_t *words, uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = tha_get64(&words[i]);
}

static void store_words(_Atomic uint64_t *words, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tha_put64(&words[i], values[i]);
}

/** @p words: of both states. */
static void store_state(_Atomic uint64_t *version, _Atomic uint64_t *words, const uint64_t *values, size_t count)
{
    uint64_t next = tha_get64(version) + 1;

    store_words(words + (next & 1) * count, values, count);
    tha_put64(version, next);
}

static void load_state(const _Atomic uint64_t *version, const _Atomic uint64_t *words, uint64_t *values, size_t count)
{
    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint64_t now = tha_get64(version);

        load_words(words + (now & 1) * count, values, count);
        if (tha_get64(version) == now)
            return;
    }
}

void tha_view_store_target(struct tha_target_record *record, const struct tha_target_state *state)
{
    const uint64_t values[THA_TARGET_WORDS] = {
        tha_pack(state->health, state->reason),
        tha_pack(state->rtt_us, state->loss_permille),
        tha_pack(state->failed_attempts, state->last_response),
        state->since_ms,
        state->last_successful_keepalive_ms,
        state->cooldown_until_ms,
    };

    store_state(&record->version, record->words[0], values, THA_TARGET_WORDS);
}

void tha_view_load_target(const struct tha_target_record *record, struct tha_target_state *state)
{
    uint64_t values[THA_TARGET_WORDS];

    load_state(&record->version, record->words[0], values, THA_TARGET_WORDS);
    *state = (struct tha_target_state){
        .health = tha_low(values[0]),
        .reason = tha_high(values[0]),
        .rtt_us = tha_low(values[1]),
        .loss_permille = tha_high(values[1]),
        .failed_attempts = tha_low(values[2]),
        .last_response = tha_high(values[2]),
        .since_ms = values[3],
        .last_successful_keepalive_ms = values[4],
        .cooldown_until_ms = values[5],
    };
}

void tha_view_store_trunk(struct tha_trunk_record *record, const struct tha_trunk_state *state)
{
    const uint64_t values[THA_TRUNK_WORDS] = {
        tha_pack(state->health, state->admin),
        tha_pack(state->reason, state->active_calls),
        state->since_ms,
    };

    store_state(&record->version, record->words[0], values, THA_TRUNK_WORDS);
    tha_put64(&record->gist, tha_pack(state->health, state->admin));
}

void tha_view_load_trunk(const struct tha_trunk_record *record, struct tha_trunk_state *state)
{
    uint64_t values[THA_TRUNK_WORDS];

    load_state(&record->version, record->words[0], values, THA_TRUNK_WORDS);
    *state = (struct tha_trunk_state){
        .health = tha_low(values[0]),
        .admin = tha_high(values[0]),
        .reason = tha_low(values[1]),
        .active_calls = tha_high(values[1]),
        .since_ms = values[2],
    };
}

void tha_view_store_event(struct tha_event_record *record, const trunkha_event *event)
{
    uint64_t values[THA_EVENT_WORDS];

    memcpy(values, event, sizeof(values));
    tha_put64(&record->sequence, 0);
    store_words(record->words, values, THA_EVENT_WORDS);
    tha_put64(&record->sequence, event->sequence);
}

/** Whatever was in the table, texts end within their fields. */
static void end_texts(trunkha_event *event)
{
    event->entity_id[TRUNKHA_ID_SIZE - 1] = '\0';
    event->entity_name[TRUNKHA_ID_SIZE - 1] = '\0';
    event->instance_id[TRUNKHA_ID_SIZE - 1] = '\0';
    event->trunk_group_id[TRUNKHA_ID_SIZE - 1] = '\0';
    event->trunk_id[TRUNKHA_ID_SIZE - 1] = '\0';
    event->previous_trunk_id[TRUNKHA_ID_SIZE - 1] = '\0';
    event->target[TRUNKHA_ID_SIZE - 1] = '\0';
    event->detail[sizeof(event->detail) - 1] = '\0';
}

bool tha_view_load_event(const struct tha_event_record *record, uint64_t sequence, trunkha_event *event)
{
    uint64_t values[THA_EVENT_WORDS];

    if (tha_get64(&record->sequence) != sequence)
        return false;

    load_words(record->words, values, THA_EVENT_WORDS);
    if (tha_get64(&record->sequence) != sequence)
        return false;

    memcpy(event, values, sizeof(values));
    end_texts(event);

    return true;
}
