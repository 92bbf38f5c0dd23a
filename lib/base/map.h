/** @file map.h  Finds things by their id: open addressing, keys borrowed from their owners */
#ifndef THA_BASE_MAP_H
#define THA_BASE_MAP_H

#include <stdint.h>

#include "mem.h"

struct tha_map_slot {
    const char *key;
    void *value;
};

struct tha_map {
    struct tha_mem mem;
    struct tha_map_slot *slots;
    uint32_t count;
    uint32_t capacity; /**< a power of two, or 0 */
};

void tha_map_init(struct tha_map *map, const struct tha_mem *mem);
void tha_map_done(struct tha_map *map);

/** Adds or replaces; @p key is borrowed as long as the map lives. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_map_put(struct tha_map *map, const char *key, void *value);

/** NULL when there is no such key. */
void *tha_map_find(const struct tha_map *map, const char *key);

/** FNV-1a, 32 bits. */
uint32_t tha_map_hash(const char *key);

#endif
