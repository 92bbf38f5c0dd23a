/** @file card.h  Cards: what a candidate says of a target, ready to be copied
 *
 *  Copying is most of what a selection costs. In a card the rooms of texts have fixed sizes: one set for short texts and no
 *  outboundRoute, which most are, one for short texts with it, and one for any; so the copying needs no lengths and,
 *  unrolled, no loops.
 *
 *  It also moves whole blocks, which no atomic operation can. A card is written once, before its half is published, and only
 *  overwritten by the load after next. A reader who is that late may copy a mixture, but the fence behind the copying lets
 *  it find the generation changed, and it tries again. The thread sanitizer knows of no such second look: hence
 *  THA_CARD_LATE. */
#ifndef THA_VIEW_CARD_H
#define THA_VIEW_CARD_H

#include "builder.h"
#include "half.h"
#include "record.h"

/** Which set. */
enum tha_card_form { THA_CARD_IS_BARE, THA_CARD_IS_SHORT, THA_CARD_IS_LONG };

/** How many blocks each text has room for; 0 = it is empty. */
struct tha_card_shape {
    uint32_t trunk_id, trunk_group_id, target, uri, outbound_route;
};

#define THA_CARD_BARE  ((struct tha_card_shape){2, 2, 2, 3, 0})
#define THA_CARD_SHORT ((struct tha_card_shape){2, 2, 2, 3, 2})
#define THA_CARD_LONG  ((struct tha_card_shape){THA_ID_BLOCKS, THA_ID_BLOCKS, THA_ID_BLOCKS, THA_URI_BLOCKS, THA_ID_BLOCKS})

/** May be late, and is found out: no word of it to the thread sanitizer. */
#define THA_CARD_LATE __attribute__((no_sanitize("thread")))

struct tha_card_texts {
    const char *trunk_id, *trunk_group_id, *target, *uri, *outbound_route;
};

/** What a call asks of a card besides its texts. */
struct tha_card_keys {
    uint32_t trunk; /**< reference to its record */
    uint32_t target_slot;
    uint32_t codecs;
};

/** Writes a card. Returns the reference to it; see the builder's `err`. */
uint32_t tha_card_take(struct tha_view_builder *builder, const struct tha_card_keys *keys,
                       const struct tha_card_texts *texts);

/** References to the texts of a card that its trunk's record has in common with it. */
void tha_card_refer(const struct tha_half *half, uint32_t card, uint32_t *ret_trunk_id, uint32_t *ret_uri);

/** Copies a text, which a zero ends always. Returns where the next one begins. */
static inline __attribute__((always_inline)) const _Atomic uint64_t *tha_card_copy_text(const _Atomic uint64_t *from,
                                                                                        uint32_t blocks, char *buf)
{
    if (!blocks) {
        buf[0] = '\0';
        return from;
    }
#pragma GCC unroll 8
    for (uint32_t i = 0; i < blocks; i++)
        memcpy(buf + i * THA_BLOCK_SIZE, &from[i * THA_BLOCK_WORDS], THA_BLOCK_SIZE);
    buf[blocks * THA_BLOCK_SIZE - 1] = '\0';

    return from + blocks * THA_BLOCK_WORDS;
}

static inline __attribute__((always_inline)) void
tha_card_copy_texts(const _Atomic uint64_t *from, const struct tha_card_shape shape, trunkha_candidate *candidate)
{
    from = tha_card_copy_text(from, shape.trunk_id, candidate->trunk_id);
    from = tha_card_copy_text(from, shape.trunk_group_id, candidate->trunk_group_id);
    from = tha_card_copy_text(from, shape.target, candidate->target);
    from = tha_card_copy_text(from, shape.uri, candidate->uri);
    tha_card_copy_text(from, shape.outbound_route, candidate->outbound_route);
}

static inline const struct tha_trunk_record *tha_card_trunk(const struct tha_half *half, const struct tha_card *card)
{
    return tha_half_at(half, tha_get32(&card->trunk));
}

/** Fills in a candidate but for `why`. */
void tha_card_copy(const struct tha_half *half, const struct tha_card *card, trunkha_candidate *candidate);

/** Of the texts the first two only. */
void tha_card_copy_ids(const struct tha_card *card, char *trunk_id, char *trunk_group_id);

/** The same as tha_card_copy(), for a function that is THA_CARD_LATE. */
static inline __attribute__((always_inline)) void
tha_card_copy_inline(const struct tha_half *half, const struct tha_card *card, trunkha_candidate *candidate)
{
    uint32_t form = tha_get32(&card->form);

    candidate->health = tha_view_trunk_health(tha_card_trunk(half, card));
    memset(candidate->reserved, 0, sizeof(candidate->reserved));

    if (__builtin_expect(form == THA_CARD_IS_BARE, 1))
        tha_card_copy_texts(card->texts, THA_CARD_BARE, candidate);
    else if (form == THA_CARD_IS_SHORT)
        tha_card_copy_texts(card->texts, THA_CARD_SHORT, candidate);
    else
        tha_card_copy_texts(card->texts, THA_CARD_LONG, candidate);
    atomic_thread_fence(memory_order_acquire);
}

#endif
