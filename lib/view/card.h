/** @file card.h  Cards: what a candidate says of a target, ready to be copied
 *
 *  Copying is most of what a selection costs. In a card the rooms of texts have fixed sizes, one set for short texts, which
 *  most are, and one for any; so the copying needs no lengths and, unrolled, no loops. */
#ifndef THA_VIEW_CARD_H
#define THA_VIEW_CARD_H

#include "builder.h"
#include "half.h"
#include "record.h"

/** How many blocks each text has room for. */
struct tha_card_shape {
    uint32_t trunk_id, trunk_group_id, target, uri, outbound_route;
};

#define THA_CARD_SHORT ((struct tha_card_shape){1, 1, 2, 2, 1})
#define THA_CARD_LONG  ((struct tha_card_shape){THA_ID_BLOCKS, THA_ID_BLOCKS, THA_ID_BLOCKS, THA_URI_BLOCKS, THA_ID_BLOCKS})

struct tha_card_texts {
    const char *trunk_id, *trunk_group_id, *target, *uri, *outbound_route;
};

/** Writes a card. @p trunk: reference to its record. Returns the reference to the card; see the builder's `err`. */
uint32_t tha_card_take(struct tha_view_builder *builder, uint32_t trunk, const struct tha_card_texts *texts);

static inline __attribute__((always_inline)) void
tha_card_copy_texts(const _Atomic uint64_t *from, const struct tha_card_shape shape, trunkha_candidate *candidate)
{
    tha_copy_text(candidate->trunk_id, from, shape.trunk_id);
    from += shape.trunk_id * THA_BLOCK_WORDS;
    tha_copy_text(candidate->trunk_group_id, from, shape.trunk_group_id);
    from += shape.trunk_group_id * THA_BLOCK_WORDS;
    tha_copy_text(candidate->target, from, shape.target);
    from += shape.target * THA_BLOCK_WORDS;
    tha_copy_text(candidate->uri, from, shape.uri);
    from += shape.uri * THA_BLOCK_WORDS;
    tha_copy_text(candidate->outbound_route, from, shape.outbound_route);
}

/** The rare case, kept out of the way of the other. */
void tha_card_copy_long(const struct tha_card *card, trunkha_candidate *candidate);

static inline const struct tha_trunk_record *tha_card_trunk(const struct tha_half *half, const struct tha_card *card)
{
    return tha_half_at(half, tha_low(tha_get64(&card->head)));
}

/** Fills in a candidate but for `why`. */
static inline void tha_card_copy(const struct tha_half *half, const struct tha_card *card, trunkha_candidate *candidate)
{
    candidate->health = tha_view_trunk_health(tha_card_trunk(half, card));
    memset(candidate->reserved, 0, sizeof(candidate->reserved));

    if (tha_get64(&card->head) & THA_CARD_IS_LONG)
        tha_card_copy_long(card, candidate);
    else
        tha_card_copy_texts(card->texts, THA_CARD_SHORT, candidate);
}

#endif
