#include "arena.h"

#include <stdint.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)16 * 1024)
#define ALIGNMENT  _Alignof(max_align_t)

struct tha_arena_chunk {
    struct tha_arena_chunk *next;
    size_t size;
    size_t used;
    max_align_t room[];
};

void tha_arena_init(struct tha_arena *arena, const struct tha_mem *mem)
{
    arena->mem = *mem;
    arena->chunks = NULL;
}

void tha_arena_done(struct tha_arena *arena)
{
    while (arena->chunks) {
        struct tha_arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->next;
        tha_mem_free(&arena->mem, chunk);
    }
}

static struct tha_arena_chunk *add_chunk(struct tha_arena *arena, size_t need)
{
    size_t size = need > CHUNK_SIZE ? need : CHUNK_SIZE;
    struct tha_arena_chunk *chunk;

    if (size > SIZE_MAX - sizeof(*chunk))
        return NULL;

    chunk = tha_mem_zalloc(&arena->mem, 1, sizeof(*chunk) + size);
    if (!chunk)
        return NULL;

    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;

    return chunk;
}

static void *take(struct tha_arena *arena, size_t bytes, size_t alignment)
{
    struct tha_arena_chunk *chunk = arena->chunks;
    size_t start = chunk ? (chunk->used + alignment - 1) / alignment * alignment : 0;

    if (!chunk || start > chunk->size || chunk->size - start < bytes) {
        chunk = add_chunk(arena, bytes);
        if (!chunk)
            return NULL;
        start = 0;
    }

    chunk->used = start + bytes;

    return (char *)chunk->room + start;
}

void *tha_arena_alloc(struct tha_arena *arena, size_t count, size_t size)
{
    if (!count || !size)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return NULL;

    return take(arena, count * size, ALIGNMENT);
}

char *tha_arena_strndup(struct tha_arena *arena, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? take(arena, len + 1, 1) : NULL;

    if (copy)
        memcpy(copy, text, len); /* the chunk was zeroed: the end is there already */

    return copy;
}

char *tha_arena_strdup(struct tha_arena *arena, const char *text)
{
    return tha_arena_strndup(arena, text, strlen(text));
}
