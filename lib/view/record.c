#include "record.h"

#include "handle.h"

/** @p words: of both states. */
static void store_state(_Atomic uint64_t *version, _Atomic uint64_t *words, const uint64_t *values, size_t count)
{
    uint64_t next = tha_get64(version) + 1;

    tha_put_words(words + (next & 1) * count, values, count);
    tha_put64(version, next);
}

static void load_state(const _Atomic uint64_t *version, const _Atomic uint64_t *words, uint64_t *values, size_t count)
{
    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint64_t now = tha_get64(version);

        tha_get_words(words + (now & 1) * count, values, count);
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
        state->reason,
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
        .since_ms = values[2],
    };
}
