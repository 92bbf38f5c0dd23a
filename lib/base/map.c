#include "map.h"

#include <string.h>

void tha_map_init(struct tha_map *map, const struct tha_mem *mem)
{
    *map = (struct tha_map){.mem = *mem};
}

void tha_map_done(struct tha_map *map)
{
    map->slots = tha_mem_free(&map->mem, map->slots);
    map->count = map->capacity = 0;
}

uint32_t tha_map_hash(const char *key)
{
    uint32_t hash = 2166136261U;

    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * 16777619U;

    return hash;
}

static struct tha_map_slot *find_slot(const struct tha_map *map, const char *key)
{
    uint32_t mask = map->capacity - 1;
    uint32_t i = tha_map_hash(key) & mask;

    while (map->slots[i].key && strcmp(map->slots[i].key, key))
        i = (i + 1) & mask;

    return &map->slots[i];
}

static int grow(struct tha_map *map)
{
    struct tha_map bigger = *map;

    bigger.capacity = map->capacity ? map->capacity * 2 : 16;
    bigger.slots = tha_mem_zalloc(&map->mem, bigger.capacity, sizeof(*bigger.slots));
    if (!bigger.slots)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].key)
            *find_slot(&bigger, map->slots[i].key) = map->slots[i];
    }

    tha_mem_free(&map->mem, map->slots);
    *map = bigger;

    return 0;
}

int tha_map_put(struct tha_map *map, const char *key, void *value)
{
    struct tha_map_slot *slot;

    if (map->count >= map->capacity / 2 && grow(map))
        return TRUNKHA_ERR_NOMEM;

    slot = find_slot(map, key);
    if (!slot->key)
        map->count++;
    slot->key = key;
    slot->value = value;

    return 0;
}

void *tha_map_find(const struct tha_map *map, const char *key)
{
    return map->capacity ? find_slot(map, key)->value : NULL;
}
