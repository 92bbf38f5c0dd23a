/** @file profile.h  Finds a profile by its id, and the entries of its orders */
#ifndef THA_VIEW_PROFILE_H
#define THA_VIEW_PROFILE_H

#include <endian.h>
#include <stdbool.h>

#include "half.h"

/** An id to look for, hashed and compared by words as the table has it. */
struct tha_view_key {
    const char *id;
    size_t n_whole; /**< words without the zero that ends the id */
    uint64_t last;  /**< what is left behind the whole words, filled up with zeros */
    uint64_t hash;
};

#define THA_KEY_GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 by the golden ratio */

static inline uint64_t tha_view_key_word(const struct tha_view_key *key, size_t index)
{
    uint64_t word;

    memcpy(&word, key->id + index * sizeof(word), sizeof(word));

    return word;
}

/** The last word. From an id long enough it is loaded at once: the eight bytes up to the zero, less those that lie in the
 *  word before. */
static inline uint64_t tha_view_key_last(const char *id, size_t len)
{
    uint64_t word = 0;

    if (len < sizeof(word) - 1) {
        while (len)
            word = word << 8 | (uint8_t)id[--len];
    } else {
        memcpy(&word, id + len + 1 - sizeof(word), sizeof(word));
        word = le64toh(word) >> 8 * (sizeof(word) - 1 - len % sizeof(word));
    }

    return htole64(word);
}

/** False when @p id cannot be one; else it is borrowed as long as the key. */
static inline bool tha_view_key_init(struct tha_view_key *key, const char *id)
{
    size_t len = strlen(id);
    uint64_t hash = 0;

    if (len - 1 >= TRUNKHA_ID_SIZE - 1)
        return false;

    key->id = id;
    key->n_whole = len / sizeof(uint64_t);
    key->last = tha_view_key_last(id, len);
    for (size_t i = 0; i < key->n_whole; i++)
        hash = (hash ^ tha_view_key_word(key, i)) * THA_KEY_GOLDEN;
    key->hash = (hash ^ key->last) * THA_KEY_GOLDEN;

    return true;
}

/** The slot where the search for a key begins. Its high bits count: a multiplication mixes upwards. */
static inline size_t tha_view_key_slot(const struct tha_view_key *key, size_t n_slots)
{
    return (key->hash >> 32) * n_slots >> 32;
}

/** @p text: an id in the table. */
static inline bool tha_view_key_is(const struct tha_view_key *key, const _Atomic uint64_t *text)
{
    if (tha_get64(&text[key->n_whole]) != key->last)
        return false;

    for (size_t i = 0; i < key->n_whole; i++) {
        if (tha_get64(&text[i]) != tha_view_key_word(key, i))
            return false;
    }

    return true;
}

/** NULL when there is none of that id. */
static inline struct tha_profile_record *tha_view_find_profile(const struct tha_half *half, const struct tha_view_key *key)
{
    size_t n_slots = tha_get32(&half->n_slots);
    size_t slot = tha_view_key_slot(key, n_slots);

    if (n_slots > THA_SLOTS_MAX)
        return NULL;

    for (size_t tries = 0; tries < n_slots; tries++) {
        uint32_t ref = tha_get32(&half->slots[slot]);
        struct tha_profile_record *profile = tha_half_at(half, ref);

        if (!ref)
            break;
        if (tha_view_key_is(key, tha_half_at(half, tha_get32(&profile->id))))
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
