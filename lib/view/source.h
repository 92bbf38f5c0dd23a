/** @file source.h  Whose address is it? A hash of the hosts of all targets, open addressing
 *
 *  A slot holds the index of a target plus one; 0 is free. Every host has a slot, which is found by the host alone and
 *  names the target of the best trunk there. Where several trunks share a host, each of its ports has one more, marked with
 *  THA_SOURCE_OF_PORT, for the best trunk at that port. So whatever the number of targets behind an address, two searches
 *  will do. Inbound trunks of one host are strung together besides.
 *
 *  An IPv4 address within IPv6 ("::ffff:192.0.2.1") is the IPv4 address. */
#ifndef THA_VIEW_SOURCE_H
#define THA_VIEW_SOURCE_H

#include "builder.h"
#include "view.h"

#define THA_SOURCE_OF_PORT 0x80000000U

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

/** The slot of @p key with @p port (0 = of the host), or the free one where it would be; NULL when the table has neither. */
_Atomic uint32_t *tha_source_find_slot(const struct tha_half *half, const struct tha_source_key *key, uint32_t port);

/** The index of the target in a slot. */
static inline uint32_t tha_source_target(uint32_t slot)
{
    return (slot & ~THA_SOURCE_OF_PORT) - 1;
}

/** Writes a target's address into its record. */
void tha_source_take_host(struct tha_view_builder *builder, struct tha_target_record *record, const struct tha_addr *addr);

/** Fills the slots, once all targets are written. The targets of a trunk stand together. */
void tha_source_write(struct tha_view_builder *builder, const struct tha_view_catalogue *catalogue);

#endif
