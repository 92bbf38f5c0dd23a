#include "record.h"

#include "handle.h"

#define TIME_MASK ((UINT64_C(1) << THA_TIME_BITS) - 1)

/** @p small: 16 bits. There are states by the thousand. */
static uint64_t with_time(uint64_t time_ms, uint32_t small)
{
    return (time_ms & TIME_MASK) | (uint64_t)small << THA_TIME_BITS;
}

static uint64_t time_in(uint64_t word)
{
    return word & TIME_MASK;
}

static uint32_t small_in(uint64_t word)
{
    return (uint32_t)(word >> THA_TIME_BITS);
}

/** @p words: of both states. */
static void store_state(_Atomic uint32_t *version, _Atomic uint64_t *words, const uint64_t *values, size_t count)
{
    uint32_t next = tha_get32(version) + 1;

    tha_put_words(words + (next & 1) * count, values, count);
    tha_put32(version, next);
}

static void load_state(const _Atomic uint32_t *version, const _Atomic uint64_t *words, uint64_t *values, size_t count)
{
    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint32_t now = tha_get32(version);

        tha_get_words(words + (now & 1) * count, values, count);
        if (tha_get32(version) == now)
            return;
    }
}

void tha_view_store_target(struct tha_target_record *record, const struct tha_target_state *state)
{
    const uint64_t values[THA_TARGET_WORDS] = {
        tha_pack(state->failed_attempts, state->rtt_us),
        with_time(state->since_ms, (state->health & 0xff) | (state->reason & 0xff) << 8),
        with_time(state->last_successful_keepalive_ms, state->last_response),
        with_time(state->cooldown_until_ms, state->loss_permille),
    };

    store_state(&record->version, record->words[0], values, THA_TARGET_WORDS);
}

void tha_view_load_target(const struct tha_target_record *record, struct tha_target_state *state)
{
    uint64_t values[THA_TARGET_WORDS];

    load_state(&record->version, record->words[0], values, THA_TARGET_WORDS);
    *state = (struct tha_target_state){
        .failed_attempts = tha_low(values[0]),
        .rtt_us = tha_high(values[0]),
        .health = small_in(values[1]) & 0xff,
        .reason = small_in(values[1]) >> 8,
        .since_ms = time_in(values[1]),
        .last_response = small_in(values[2]),
        .last_successful_keepalive_ms = time_in(values[2]),
        .loss_permille = small_in(values[3]),
        .cooldown_until_ms = time_in(values[3]),
    };
}

void tha_view_store_abilities(_Atomic uint64_t *word, const struct tha_abilities *abilities)
{
    uint32_t words = abilities->methods | (uint32_t)abilities->options << 16;

    tha_put64(word, tha_pack(words, abilities->codecs));
}

void tha_view_load_abilities(const _Atomic uint64_t *from, struct tha_abilities *abilities)
{
    uint64_t word = tha_get64(from);

    *abilities = (struct tha_abilities){
        .methods = (uint16_t)word,
        .options = (uint16_t)(word >> 16),
        .codecs = tha_high(word),
    };
}

void tha_view_store_trunk(struct tha_trunk_record *record, const struct tha_trunk_state *state)
{
    uint32_t small = (state->health & 0xf) | (state->admin & 0xf) << 4 | (state->reason & 0xff) << 8;

    tha_put64(&record->state, with_time(state->since_ms, small));
}

void tha_view_load_trunk(const struct tha_trunk_record *record, struct tha_trunk_state *state)
{
    uint64_t word = tha_get64(&record->state);

    *state = (struct tha_trunk_state){
        .health = small_in(word) & 0xf,
        .admin = small_in(word) >> 4 & 0xf,
        .reason = small_in(word) >> 8,
        .since_ms = time_in(word),
    };
}

void tha_view_store_name(struct tha_trunk_extra *extra, const struct tha_view_name *name)
{
    const uint64_t values[THA_NAME_WORDS] = {tha_pack(name->trouble, name->ttl_s), name->resolved_ms};

    store_state(&extra->version, extra->words[0], values, THA_NAME_WORDS);
}

void tha_view_load_name(const struct tha_trunk_extra *extra, struct tha_view_name *name)
{
    uint64_t values[THA_NAME_WORDS];

    load_state(&extra->version, extra->words[0], values, THA_NAME_WORDS);
    *name = (struct tha_view_name){
        .trouble = tha_low(values[0]),
        .ttl_s = tha_high(values[0]),
        .resolved_ms = values[1],
    };
}
