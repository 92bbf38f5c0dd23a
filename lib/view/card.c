#include "card.h"

#define HEAD_BLOCKS (sizeof(struct tha_card) / THA_BLOCK_SIZE)
#define MAX_BLOCKS  (HEAD_BLOCKS + 4 * THA_ID_BLOCKS + THA_URI_BLOCKS)

static const struct tha_card_shape shapes[] = {
    [THA_CARD_IS_BARE] = THA_CARD_BARE,
    [THA_CARD_IS_SHORT] = THA_CARD_SHORT,
    [THA_CARD_IS_LONG] = THA_CARD_LONG,
};

/** Whatever its form is said to be. */
static struct tha_card_shape shape_of(const struct tha_card *card)
{
    uint32_t form = tha_get32(&card->form);

    return form < THA_CARD_IS_LONG ? shapes[form] : shapes[THA_CARD_IS_LONG];
}

static bool is_too_long(const char *text, uint32_t blocks)
{
    return blocks ? strnlen(text, TRUNKHA_URI_SIZE) >= blocks * THA_BLOCK_SIZE : text[0] != '\0';
}

static bool fits(const struct tha_card_texts *texts, struct tha_card_shape shape)
{
    return !is_too_long(texts->trunk_id, shape.trunk_id) && !is_too_long(texts->trunk_group_id, shape.trunk_group_id) &&
           !is_too_long(texts->target, shape.target) && !is_too_long(texts->uri, shape.uri) &&
           !is_too_long(texts->outbound_route, shape.outbound_route);
}

static enum tha_card_form form_of(const struct tha_card_texts *texts)
{
    if (fits(texts, THA_CARD_BARE))
        return THA_CARD_IS_BARE;

    return fits(texts, THA_CARD_SHORT) ? THA_CARD_IS_SHORT : THA_CARD_IS_LONG;
}

/** Returns where the next text goes. */
static uint64_t *put_text(uint64_t *to, const char *text, uint32_t blocks)
{
    if (blocks)
        memcpy(to, text, strnlen(text, blocks * THA_BLOCK_SIZE - 1));

    return to + blocks * THA_BLOCK_WORDS;
}

uint32_t tha_card_take(struct tha_view_builder *builder, const struct tha_card_keys *keys,
                       const struct tha_card_texts *texts)
{
    enum tha_card_form form = form_of(texts);
    struct tha_card_shape shape = shapes[form];
    const uint32_t head[sizeof(struct tha_card) / sizeof(uint32_t)] = {keys->trunk, form, keys->target_slot, keys->codecs};
    uint64_t words[MAX_BLOCKS * THA_BLOCK_WORDS] = {0};
    uint64_t *to = &words[HEAD_BLOCKS * THA_BLOCK_WORDS];

    memcpy(words, head, sizeof(head));
    to = put_text(to, texts->trunk_id, shape.trunk_id);
    to = put_text(to, texts->trunk_group_id, shape.trunk_group_id);
    to = put_text(to, texts->target, shape.target);
    to = put_text(to, texts->uri, shape.uri);
    to = put_text(to, texts->outbound_route, shape.outbound_route);

    return tha_view_take_words(builder, words, (size_t)(to - words));
}

void tha_card_refer(const struct tha_half *half, uint32_t card, uint32_t *ret_trunk_id, uint32_t *ret_uri)
{
    const struct tha_card *place = tha_half_at(half, card);
    const struct tha_card_shape shape = shape_of(place);
    uint32_t texts = card + (uint32_t)sizeof(*place);

    *ret_trunk_id = texts + shape.trunk_id - 1;
    *ret_uri = texts + (shape.trunk_id + shape.trunk_group_id + shape.target) * THA_BLOCK_SIZE + shape.uri - 1;
}

THA_CARD_LATE void tha_card_copy_ids(const struct tha_card *card, char *trunk_id, char *trunk_group_id)
{
    const struct tha_card_shape shape = shape_of(card);

    tha_card_copy_text(tha_card_copy_text(card->texts, shape.trunk_id, trunk_id), shape.trunk_group_id, trunk_group_id);
    atomic_thread_fence(memory_order_acquire);
}

THA_CARD_LATE void tha_card_copy(const struct tha_half *half, const struct tha_card *card, trunkha_candidate *candidate)
{
    tha_card_copy_inline(half, card, candidate);
}
