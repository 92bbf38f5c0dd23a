/* The order of what a name comes to: by itself, never by the order in which a server has put it. */
#include <string.h>

#include "lookup_parts.h"

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/** By priority, heavy before light, IPv4 before IPv6, then whatever makes the order the same each time. */
static int compare_locations(const struct tha_location *a, const struct tha_location *b)
{
    int order = compare(a->priority, b->priority);

    if (!order)
        order = compare(b->weight, a->weight);
    if (!order)
        order = compare(a->addr.family, b->addr.family);
    if (!order)
        order = memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));
    if (!order)
        order = compare(a->addr.port, b->addr.port);

    return order ? order : compare(a->addr.transport, b->addr.transport);
}

static void take_out(struct tha_locations *locations, uint32_t i)
{
    locations->count--;
    memmove(&locations->at[i], &locations->at[i + 1], (locations->count - i) * sizeof(locations->at[0]));
}

static void insert(struct tha_locations *locations, const struct tha_location *location)
{
    uint32_t i = locations->count;

    while (i > 0 && compare_locations(location, &locations->at[i - 1]) < 0)
        i--;
    if (locations->count == THA_DNS_LOCATIONS_MAX) {
        locations->is_cut = true;
        if (i == locations->count)
            return;
        locations->count--;
    }

    memmove(&locations->at[i + 1], &locations->at[i], (locations->count - i) * sizeof(locations->at[0]));
    locations->at[i] = *location;
    locations->count++;
}

void tha_locations_put(struct tha_locations *locations, const struct tha_location *location)
{
    for (uint32_t i = 0; i < locations->count; i++) {
        if (!tha_addr_is_equal(&locations->at[i].addr, &location->addr))
            continue;
        if (compare_locations(&locations->at[i], location) <= 0)
            return;
        take_out(locations, i);
        break;
    }

    insert(locations, location);
}
