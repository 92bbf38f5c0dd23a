#include "builder.h"

#include "handle.h"

/** Room in shared memory is made in steps of this. */
#define STEP ((uint64_t)256 * 1024)

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/** Takes @p bytes; returns where in the half they begin. */
static uint64_t take(struct tha_view_builder *b, uint64_t bytes)
{
    uint64_t start = b->used;
    uint64_t roomy = round_up(start + bytes, STEP);

    if (!b->err && start + bytes > THA_HALF_SIZE)
        b->err = TRUNKHA_ERR_NOMEM;
    if (!b->err && roomy > b->roomy) {
        b->err = tha_view_make_room(b->fd, b->offset + b->roomy, roomy - b->roomy);
        b->roomy = roomy;
    }
    if (!b->err)
        b->used = start + bytes;

    return start;
}

void tha_view_builder_init(struct tha_view_builder *b, struct tha_table *table, uint32_t generation, int fd,
                           uint64_t n_slots)
{
    *b = (struct tha_view_builder){
        .half = tha_table_half(table, generation),
        .offset = tha_half_offset(generation),
        .fd = fd,
    };

    take(b, round_up(sizeof(*b->half) + n_slots * sizeof(tha_ref), THA_LINE_SIZE));
    if (b->err)
        return;

    for (int i = 0; i < THA_ARRAY_COUNT; i++)
        tha_put64(&b->half->arrays[i], 0);
    tha_put32(&b->half->n_slots, (uint32_t)n_slots);
    for (uint64_t i = 0; i < n_slots; i++)
        tha_put32(&b->half->slots[i], 0);
}

void *tha_view_take_array(struct tha_view_builder *b, enum tha_array array, uint64_t count, size_t size)
{
    uint64_t start = take(b, round_up(count * size, THA_LINE_SIZE));

    if (b->err)
        return NULL;

    tha_put64(&b->half->arrays[array], tha_pack((uint32_t)count, (uint32_t)(start / THA_LINE_SIZE)));

    return (void *)((uintptr_t)b->half + start);
}

uint32_t tha_view_take(struct tha_view_builder *b, uint64_t bytes)
{
    return (uint32_t)take(b, round_up(bytes, THA_BLOCK_SIZE));
}

uint32_t tha_view_take_words(struct tha_view_builder *b, const uint64_t *words, size_t count)
{
    uint32_t ref = tha_view_take(b, count * sizeof(*words));
    _Atomic uint64_t *to = tha_half_at(b->half, ref);

    for (size_t i = 0; i < count && !b->err; i++)
        tha_put64(&to[i], words[i]);

    return ref;
}

void tha_view_take_text(struct tha_view_builder *b, tha_text_ref *ref, const char *text, size_t size)
{
    uint64_t words[THA_URI_BLOCKS * THA_BLOCK_WORDS] = {0};
    size_t len = text ? strnlen(text, size - 1) : 0;
    uint32_t blocks = (uint32_t)len / THA_BLOCK_SIZE + 1;

    if (len)
        memcpy(words, text, len);
    tha_put32(ref, len ? tha_view_take_words(b, words, blocks * THA_BLOCK_WORDS) + blocks - 1 : 0);
}
