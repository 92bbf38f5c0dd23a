/* Whose address is this? A table over the targets, made anew when it is asked after a change. */
#include "adapters/prober_room.h"

/* A place holds 0 = nothing, or 2 * slot + 1 under address and port, 2 * slot + 2 under the address alone. The first slot
 * of each key counts. */

static uint32_t hash(const struct tha_addr *addr, bool has_port)
{
    uint32_t hash = has_port ? addr->port * 2 + 1U : 0;

    for (size_t i = 0; i < sizeof(addr->ip); i++)
        hash = (hash ^ addr->ip[i]) * 16777619U; /* FNV-1a */

    return hash ^ hash >> 15;
}

static bool is_key(const struct tha_prober *prober, uint32_t place, const struct tha_addr *addr, bool has_port)
{
    const struct tha_slot *slot = tha_prober_slot(prober, (place - 1) / 2);

    if ((place % 2 == 1) != has_port)
        return false;

    return has_port ? tha_addr_is_equal(&slot->addr, addr) : tha_addr_is_same_ip(&slot->addr, addr);
}

/** Where the key stands or, when it does not, may be put: the table is never full. */
static uint32_t *find_place(const struct tha_prober *prober, const struct tha_addr *addr, bool has_port)
{
    const struct tha_sources *sources = &prober->sources;
    uint32_t i = hash(addr, has_port) & sources->mask;

    while (sources->places[i] && !is_key(prober, sources->places[i], addr, has_port))
        i = (i + 1) & sources->mask;

    return &sources->places[i];
}

static bool reserve(struct tha_prober *prober)
{
    struct tha_sources *sources = &prober->sources;
    uint32_t capacity = 16, *places;

    while (capacity < prober->n_slots * 4) /* two keys a slot, half of the places empty */
        capacity *= 2;
    places = tha_mem_zalloc(&prober->mem, capacity, sizeof(*places));
    if (!places)
        return false;

    tha_mem_free(&prober->mem, sources->places);
    *sources = (struct tha_sources){places, capacity - 1, true};

    return true;
}

static bool refresh(struct tha_prober *prober)
{
    if (prober->sources.is_fresh)
        return true;
    if (!reserve(prober))
        return false;

    for (uint32_t i = 0; i < prober->n_slots; i++) {
        const struct tha_slot *slot = tha_prober_slot(prober, i);

        for (unsigned has_port = 0; has_port < 2 && slot->is_set; has_port++) {
            uint32_t *place = find_place(prober, &slot->addr, has_port);

            if (!*place)
                *place = 2 * i + (has_port ? 1 : 2);
        }
    }

    return true;
}

uint32_t tha_prober_find_source(struct tha_prober *prober, const struct tha_addr *from)
{
    uint32_t place;

    if (!refresh(prober))
        return THA_NONE;

    place = *find_place(prober, from, true);
    if (!place)
        place = *find_place(prober, from, false);

    return place ? (place - 1) / 2 : THA_NONE;
}
