/* To which addresses a name comes. Those that are not named any more stay behind the others until the new ones have been
 * judged. */
#include <string.h>

#include "names_parts.h"

#define LONG_TTL_S 300U

static uint32_t n_counting(const struct tha_entry *entry)
{
    return entry->n_locations - entry->n_leaving;
}

static bool has_addr(const struct tha_location *locations, uint32_t count, const struct tha_addr *addr)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tha_addr_is_equal(&locations[i].addr, addr))
            return true;
    }

    return false;
}

static bool is_same_place(const struct tha_location *a, const struct tha_location *b)
{
    return tha_addr_is_equal(&a->addr, &b->addr) && a->priority == b->priority && a->weight == b->weight;
}

/** Both are in order, so that the same locations stand at the same places. */
static bool is_same(const struct tha_entry *entry, const struct tha_locations *found)
{
    if (n_counting(entry) != found->count)
        return false;
    for (uint32_t i = 0; i < found->count; i++) {
        if (!is_same_place(&entry->locations[i], &found->at[i]))
            return false;
    }

    return true;
}

/** Puts behind the found ones what was there and is not found any more, up to as many as can have been found at once. */
static uint32_t add_leaving(struct tha_location *locations, uint32_t n_found, const struct tha_entry *entry)
{
    uint32_t n_leaving = 0;

    for (uint32_t i = 0; i < entry->n_locations && n_leaving < THA_DNS_LOCATIONS_MAX; i++) {
        if (!has_addr(locations, n_found, &entry->locations[i].addr))
            locations[n_found + n_leaving++] = entry->locations[i];
    }

    return n_leaving;
}

static int replace(struct tha_names *names, struct tha_entry *entry, const struct tha_locations *found)
{
    struct tha_location *locations =
        tha_mem_zalloc(&names->mem, (size_t)found->count + entry->n_locations, sizeof(*locations));

    if (!locations)
        return TRUNKHA_ERR_NOMEM;

    memcpy(locations, found->at, found->count * sizeof(*locations));
    entry->n_leaving = add_leaving(locations, found->count, entry);
    entry->n_locations = found->count + entry->n_leaving;
    tha_mem_free(&names->mem, entry->locations);
    entry->locations = locations;
    tha_names_tell(names, entry, THA_NAMES_ADDRESSES);

    return 0;
}

/** Where a question has failed, what it may have been the answer to is not given up yet. */
static void keep_last_good(const struct tha_entry *entry, const struct tha_lookup_result *result,
                           struct tha_locations *found)
{
    for (uint32_t i = 0; i < n_counting(entry) && found->count < THA_DNS_LOCATIONS_MAX; i++) {
        const struct tha_addr *addr = &entry->locations[i].addr;

        if ((addr->family == 4 ? result->lacks_ipv4 : result->lacks_ipv6) && !has_addr(found->at, found->count, addr))
            tha_locations_put(found, &entry->locations[i]);
    }
}

int tha_names_take(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result)
{
    struct tha_locations found = {.count = result->n_locations};
    int err = 0;

    memcpy(found.at, result->locations, result->n_locations * sizeof(found.at[0]));
    if (names->settings.keep_last_good)
        keep_last_good(entry, result, &found);

    if (is_same(entry, &found))
        memcpy(entry->locations, found.at, found.count * sizeof(found.at[0])); /* other TTLs, perhaps */
    else
        err = replace(names, entry, &found);
    if (err)
        return err;

    if (result->ttl_s > LONG_TTL_S)
        tha_names_tell(names, entry, THA_NAMES_LONG_TTL);
    if (result->is_cut)
        tha_names_tell(names, entry, THA_NAMES_CUT);

    return 0;
}

void tha_names_drop(struct tha_names *names, struct tha_entry *entry)
{
    if (!n_counting(entry))
        return;

    entry->n_leaving = entry->n_locations;
    tha_names_tell(names, entry, THA_NAMES_ADDRESSES);
}
