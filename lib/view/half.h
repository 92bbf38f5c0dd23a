/** @file half.h  How the words of the table are loaded and stored, and how its arrays and texts are reached
 *
 *  Everything a reader may look at while the writer writes is an atomic word, loaded with acquire and stored with release
 *  (plain moves on x86). Whoever loads a word therefore sees all that was stored before it, so that "look at the version,
 *  load the words, look at the version again" is sound without a fence. The texts of cards are the exception: see card.h.
 *
 *  Nothing found in the table is trusted: elements are reached through tha_half_element(), which checks index and place, and
 *  references through tha_half_at(), which cannot leave the mapping whatever their bits are. */
#ifndef THA_VIEW_HALF_H
#define THA_VIEW_HALF_H

#include <stdbool.h>
#include <string.h>

#include "core/state.h"
#include "layout.h"

static inline uint32_t tha_get32(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline uint64_t tha_get64(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline void tha_put32(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static inline void tha_put64(_Atomic uint64_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static inline void tha_get_words(const _Atomic uint64_t *words, uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = tha_get64(&words[i]);
}

static inline void tha_put_words(_Atomic uint64_t *words, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tha_put64(&words[i], values[i]);
}

static inline uint64_t tha_pack(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static inline uint32_t tha_low(uint64_t word)
{
    return (uint32_t)word;
}

static inline uint32_t tha_high(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static inline struct tha_event_record *tha_table_event(const struct tha_table *table, uint32_t index)
{
    return (struct tha_event_record *)((uintptr_t)table + THA_RING_OFFSET) + index;
}

/** The calls' part of the table, its header first. */
static inline struct tha_calls *tha_table_calls(const struct tha_table *table)
{
    return (struct tha_calls *)((uintptr_t)table + THA_CALLS_OFFSET);
}

static inline uint64_t tha_half_offset(uint32_t generation)
{
    return THA_HALVES_START + (generation & 1) * THA_HALF_SIZE;
}

static inline struct tha_half *tha_table_half(const struct tha_table *table, uint32_t generation)
{
    return (struct tha_half *)((char *)(uintptr_t)table + tha_half_offset(generation));
}

static inline uint32_t tha_half_count(const struct tha_half *half, enum tha_array array)
{
    return tha_low(tha_get64(&half->arrays[array]));
}

/** An element of an array; NULL when it has no such or that lies outside the half. */
static inline void *tha_half_element(const struct tha_half *half, enum tha_array array, uint32_t index, size_t size)
{
    uint64_t place = tha_get64(&half->arrays[array]);
    uint64_t start = (uint64_t)tha_high(place) * THA_LINE_SIZE + index * size;

    if (index >= tha_low(place) || start + size > THA_HALF_SIZE)
        return NULL;

    return (void *)((uintptr_t)half + start);
}

/** All of an array; NULL when it is empty or does not end in the half. Its count and its place are of one moment. */
static inline void *tha_half_array(const struct tha_half *half, enum tha_array array, size_t size, uint32_t *ret_count)
{
    uint64_t place = tha_get64(&half->arrays[array]);
    uint64_t start = (uint64_t)tha_high(place) * THA_LINE_SIZE;

    *ret_count = tha_low(place);
    if (!*ret_count || start + *ret_count * size > THA_HALF_SIZE)
        return NULL;

    return (void *)((uintptr_t)half + start);
}

static inline struct tha_group_record *tha_half_group(const struct tha_half *half, uint32_t index)
{
    return tha_half_element(half, THA_ARRAY_GROUPS, index, sizeof(struct tha_group_record));
}

static inline struct tha_trunk_record *tha_half_trunk(const struct tha_half *half, uint32_t index)
{
    return tha_half_element(half, THA_ARRAY_TRUNKS, index, sizeof(struct tha_trunk_record));
}

static inline struct tha_target_record *tha_half_target(const struct tha_half *half, uint32_t index)
{
    return tha_half_element(half, THA_ARRAY_TARGETS, index, sizeof(struct tha_target_record));
}

static inline struct tha_profile_record *tha_half_profile(const struct tha_half *half, uint32_t index)
{
    return tha_half_element(half, THA_ARRAY_PROFILES, index, sizeof(struct tha_profile_record));
}

/** The record or text of a reference; no more than a page of it, if the reference was corrupt. */
static inline void *tha_half_at(const struct tha_half *half, uint32_t ref)
{
    return (char *)(uintptr_t)half + (ref & (THA_HALF_SIZE - THA_BLOCK_SIZE));
}

/** Whether something longer lies inside the half. */
static inline bool tha_half_has(uint32_t ref, uint64_t bytes)
{
    return (ref & (THA_HALF_SIZE - THA_BLOCK_SIZE)) + bytes <= THA_HALF_SIZE;
}

static inline uint32_t tha_half_ref_to(const struct tha_half *half, const void *place)
{
    return (uint32_t)((uintptr_t)place - (uintptr_t)half);
}

/** Copies a text of at most @p max_blocks. A zero ends it always. */
static inline void tha_half_copy_text(const struct tha_half *half, const tha_text_ref *text_ref, char *buf,
                                      uint32_t max_blocks)
{
    uint32_t ref = tha_get32(text_ref);
    uint32_t blocks = ref % max_blocks + 1;
    const _Atomic uint64_t *text = tha_half_at(half, ref);

    for (uint32_t i = 0; i < blocks * THA_BLOCK_WORDS; i++) {
        uint64_t word = tha_get64(&text[i]);

        memcpy(buf + i * sizeof(word), &word, sizeof(word));
    }

    buf[blocks * THA_BLOCK_SIZE - 1] = '\0';
}

static inline void tha_half_copy_id(const struct tha_half *half, const tha_text_ref *id, char *buf)
{
    tha_half_copy_text(half, id, buf, THA_ID_BLOCKS);
}

#endif
