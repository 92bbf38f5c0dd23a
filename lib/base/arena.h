/** @file arena.h  Memory that is released all at once: a configuration and its strings */
#ifndef THA_BASE_ARENA_H
#define THA_BASE_ARENA_H

#include "mem.h"

struct tha_arena_chunk;

struct tha_arena {
    struct tha_mem mem;
    struct tha_arena_chunk *chunks;
};

void tha_arena_init(struct tha_arena *arena, const struct tha_mem *mem);

/** Releases everything that was allocated from @p arena. */
void tha_arena_done(struct tha_arena *arena);

/** Zeroed, aligned for any type; NULL when out of memory. */
void *tha_arena_alloc(struct tha_arena *arena, size_t count, size_t size);

/** A copy of @p len bytes with a zero at the end; NULL when out of memory. */
char *tha_arena_strndup(struct tha_arena *arena, const char *text, size_t len);
char *tha_arena_strdup(struct tha_arena *arena, const char *text);

#endif
