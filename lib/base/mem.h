/** @file mem.h  The allocator hook: every room allocates through one of these */
#ifndef THA_BASE_MEM_H
#define THA_BASE_MEM_H

#include <stddef.h>

#include "trunkha.h"

struct tha_mem {
    trunkha_realloc_cb realloc_cb;
    void *user_data;
};

/** malloc and friends. */
extern const struct tha_mem tha_mem_default;

/** NULL when out of memory or when @p count * @p size overflows; zeroed. */
void *tha_mem_zalloc(const struct tha_mem *mem, size_t count, size_t size);

/** Resizes an array to @p count elements of @p size; the old array stays valid on failure (NULL). */
void *tha_mem_resize(const struct tha_mem *mem, void *array, size_t count, size_t size);

/** NULL is fine; returns NULL. */
void *tha_mem_free(const struct tha_mem *mem, void *ptr);

#endif
