#include "record.h"

#include "handle.h"

/** Small numbers in half a word: there are states by the thousand. */
static uint32_t share(uint32_t health, uint32_t reason, uint32_t third)
{
    return (health & 0xff) | (reason & 0xff) << 8 | third << 16;
}

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
        tha_pack(share(state->health, state->reason, state->last_response), state->failed_attempts),
        tha_pack(state->rtt_us, state->loss_permille),
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
        .health = values[0] & 0xff,
        .reason = values[0] >> 8 & 0xff,
        .last_response = values[0] >> 16 & 0xffff,
        .failed_attempts = tha_high(values[0]),
        .rtt_us = tha_low(values[1]),
        .loss_permille = tha_high(values[1]),
        .since_ms = values[2],
        .last_successful_keepalive_ms = values[3],
        .cooldown_until_ms = values[4],
    };
}

void tha_view_store_trunk(struct tha_trunk_record *record, const struct tha_trunk_state *state)
{
    const uint64_t values[THA_TRUNK_WORDS] = {
        share(state->health, state->reason, state->admin),
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
        .health = values[0] & 0xff,
        .reason = values[0] >> 8 & 0xff,
        .admin = values[0] >> 16 & 0xffff,
        .since_ms = values[1],
    };
}
