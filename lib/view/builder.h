/** @file builder.h  Fills a half from its beginning: header, slots, arrays, then texts */
#ifndef THA_VIEW_BUILDER_H
#define THA_VIEW_BUILDER_H

#include "half.h"

struct tha_view_builder {
    struct tha_half *half;
    uint64_t offset; /**< of the half in the table */
    uint64_t used;   /**< bytes of the half */
    uint64_t roomy;  /**< bytes of the half that can be written */
    int fd;          /**< of the table; -1 = anonymous */
    int err;         /**< the first error; after it nothing more is taken, so that one look at the end will do */
};

/** Begins the half of @p generation: no arrays, and @p n_slots free slots. */
void tha_view_builder_init(struct tha_view_builder *builder, struct tha_table *table, uint32_t generation, int fd,
                           uint64_t n_slots);

/** Takes an array; its elements hold what was there before. NULL when there is no room. */
void *tha_view_take_array(struct tha_view_builder *builder, enum tha_array array, uint64_t count, size_t size);

/** Takes @p bytes; returns the reference to them. */
uint32_t tha_view_take(struct tha_view_builder *builder, uint64_t bytes);

/** Copies @p words; returns the reference to them. */
uint32_t tha_view_take_words(struct tha_view_builder *builder, const uint64_t *words, size_t count);

/** Copies @p text and makes @p ref point to it. @p size: of the fields it is read into; what is longer is cut. NULL = "". */
void tha_view_take_text(struct tha_view_builder *builder, tha_text_ref *ref, const char *text, size_t size);

#endif
