/** @file bytes.h  Bytes that wait: put in at the end, taken from the front; an empty one holds no memory */
#ifndef THA_ADAPTERS_BYTES_H
#define THA_ADAPTERS_BYTES_H

#include "base/mem.h"

struct tha_bytes {
    char *data; /**< NULL = empty */
    size_t from;
    size_t end;
    size_t size;
};

/** Room for @p more bytes behind the last. Returns 0 or NOMEM; then nothing has changed. */
int tha_bytes_reserve(struct tha_bytes *bytes, const struct tha_mem *mem, size_t more);

/** Returns 0 or NOMEM; then nothing has changed. */
int tha_bytes_put(struct tha_bytes *bytes, const struct tha_mem *mem, const void *data, size_t len);

/** Lets go of the first @p len bytes. */
void tha_bytes_skip(struct tha_bytes *bytes, const struct tha_mem *mem, size_t len);

/** Moves at most @p size bytes to @p buf. Returns how many. */
size_t tha_bytes_take(struct tha_bytes *bytes, const struct tha_mem *mem, void *buf, size_t size);

void tha_bytes_done(struct tha_bytes *bytes, const struct tha_mem *mem);

static inline size_t tha_bytes_len(const struct tha_bytes *bytes)
{
    return bytes->end - bytes->from;
}

#endif
