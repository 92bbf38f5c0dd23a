/** @file profile.h  Finds a profile by its id, and the entries of its orders */
#ifndef THA_VIEW_PROFILE_H
#define THA_VIEW_PROFILE_H

#include <stdbool.h>

#include "half.h"

/** An id to look for, in a form that is quickly hashed and compared: as words, the last of which may overlap with the one
 *  before. A profile has its own as words in the table: length, whole words, last word. */
struct tha_view_key {
    const char *id;
    uint64_t len;
    uint64_t last; /**< the last eight bytes, or all and zeros when there are less */
    uint32_t n_whole;
    uint32_t hash;
};

#define THA_KEY_GOLDEN    UINT64_C(0x9e3779b97f4a7c15) /* 2^64 by the golden ratio */
#define THA_KEY_MAX_WORDS (2 + TRUNKHA_ID_SIZE / sizeof(uint64_t))

static inline uint64_t tha_view_key_word(const struct tha_view_key *key, uint32_t index)
{
    uint64_t word;

    memcpy(&word, key->id + index * sizeof(word), sizeof(word));

    return word;
}

/** False when @p id cannot be one; else it is borrowed as long as the key. */
static inline bool tha_view_key_init(struct tha_view_key *key, const char *id)
{
    size_t len = strlen(id);
    uint64_t hash = len;

    if (len - 1 >= TRUNKHA_ID_SIZE - 1)
        return false;

    key->id = id;
    key->len = len;
    key->n_whole = (uint32_t)(len - 1) / sizeof(uint64_t);
    key->last = 0;
    if (len >= sizeof(key->last))
        memcpy(&key->last, id + len - sizeof(key->last), sizeof(key->last));
    else
        memcpy(&key->last, id, len);

    for (uint32_t i = 0; i < key->n_whole; i++)
        hash = (hash ^ tha_view_key_word(key, i)) * THA_KEY_GOLDEN;
    key->hash = (uint32_t)((hash ^ key->last) * THA_KEY_GOLDEN >> 32);

    return true;
}

/** The slot where the search for a key begins. Its high bits count: a multiplication mixes upwards. */
static inline uint32_t tha_view_key_slot(const struct tha_view_key *key, uint32_t n_slots)
{
    return (uint32_t)((uint64_t)key->hash * n_slots >> 32);
}

static inline bool tha_view_key_is(const struct tha_view_key *key, const _Atomic uint64_t *words)
{
    if (tha_get64(words++) != key->len)
        return false;

    for (uint32_t i = 0; i < key->n_whole; i++) {
        if (tha_get64(words++) != tha_view_key_word(key, i))
            return false;
    }

    return tha_get64(words) == key->last;
}

/** NULL when there is none of that id. */
static inline struct tha_profile_record *tha_view_find_profile(const struct tha_half *half, const struct tha_view_key *key)
{
    uint32_t n_slots = tha_half_count(half, THA_ARRAY_SLOTS);
    uint32_t slot = tha_view_key_slot(key, n_slots);

    for (uint32_t tries = 0; tries < n_slots; tries++) {
        const tha_ref *ref = tha_half_slot(half, slot);
        uint32_t block = ref ? tha_get32(ref) : 0;
        struct tha_profile_record *profile = tha_half_at(half, block);

        if (!block)
            break;
        if (tha_view_key_is(key, tha_half_at(half, tha_get32(&profile->key))))
            return profile;
        slot = slot + 1 < n_slots ? slot + 1 : 0;
    }

    return NULL;
}

/** One entry of an order: a tha_route_entry with the reference to the target's card in place of its index. */
struct tha_view_entry {
    uint32_t card;
    uint16_t weight;
    uint8_t why;
    uint8_t run;
};

/** Neither in a run nor passed over: no more than copied. */
static inline bool tha_view_entry_is_plain(uint64_t word)
{
    return word >> 48 < TRUNKHA_WHY_DISABLED;
}

static inline uint64_t tha_view_entry_pack(const struct tha_view_entry *entry)
{
    return (uint64_t)entry->run << 56 | (uint64_t)entry->why << 48 | (uint64_t)entry->weight << 32 | entry->card;
}

static inline struct tha_view_entry tha_view_entry_unpack(uint64_t word)
{
    return (struct tha_view_entry){
        .card = (uint32_t)word,
        .weight = (uint16_t)(word >> 32),
        .why = (uint8_t)(word >> 48),
        .run = (uint8_t)(word >> 56),
    };
}

#endif
