/** @file source.h  Whose address is it? A hash of the hosts of all targets, open addressing
 *
 *  A slot holds the reference to the card of a target, and in the bits that references do not use some of the hash, so that
 *  other hosts' cards are rarely looked at; 0 is free. Every host has a slot, which is found by the host alone and leads to
 *  its best trunk. Where several trunks share a host, each of its ports has one more, marked with THA_SOURCE_OF_PORT, for
 *  the best trunk at that port. So whatever the number of targets behind an address, two searches will do. The inbound
 *  trunks of a host are strung together besides.
 *
 *  An IPv4 address within IPv6 ("::ffff:192.0.2.1") is the IPv4 address. */
#ifndef THA_VIEW_SOURCE_H
#define THA_VIEW_SOURCE_H

#include "builder.h"
#include "view.h"

#define THA_SOURCE_OF_PORT 1U
#define THA_SOURCE_TAG     0xf000000eU

static_assert(((THA_SOURCE_OF_PORT | THA_SOURCE_TAG) & (THA_HALF_SIZE - THA_BLOCK_SIZE)) == 0, "references stay whole");

/** A host shared by several trunks has at most one slot more than it has targets, which are two at least: three quarters
 *  are the most that is ever taken. */
#define THA_SOURCES_PER_TARGET 2

/** A host to look for. */
struct tha_source_key {
    uint64_t ip[2];  /**< as it lies in a packet, filled up with zeros */
    uint32_t host;   /**< its first four bytes */
    uint32_t family; /**< 4 or 6 */
};

void tha_source_key_init(struct tha_source_key *key, const struct tha_addr *addr);

/** A search that found its slot, or the free one where it would be. */
struct tha_source_hit {
    _Atomic uint32_t *slot; /**< NULL = neither: the table is empty, or corrupt */
    struct tha_card *card;  /**< NULL = the slot is free */
    uint32_t marks;         /**< what stands in the slot besides the reference */
};

/** @p port 0: of the host. */
struct tha_source_hit tha_source_find(const struct tha_half *half, const struct tha_source_key *key, uint32_t port);

static inline uint32_t tha_source_direction(const struct tha_card *card)
{
    return tha_get32(&card->port) >> 24;
}

/** Fills the slots, once all cards are written. The targets of a trunk stand together. */
void tha_source_write(struct tha_view_builder *builder, const struct tha_view_catalogue *catalogue);

#endif
