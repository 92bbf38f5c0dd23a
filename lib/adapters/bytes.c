#include "adapters/bytes.h"

#include <stdint.h>
#include <string.h>

#define SIZE_MIN 512

int tha_bytes_reserve(struct tha_bytes *bytes, const struct tha_mem *mem, size_t more)
{
    size_t len = tha_bytes_len(bytes);
    size_t size = bytes->size ? bytes->size : SIZE_MIN;
    char *data;

    if (bytes->size - bytes->end >= more)
        return 0;
    if (more > SIZE_MAX / 4)
        return TRUNKHA_ERR_NOMEM;
    if (bytes->from) {
        memmove(bytes->data, bytes->data + bytes->from, len);
        bytes->from = 0;
        bytes->end = len;
    }

    while (size - len < more)
        size *= 2; /* of what arrives in little pieces no byte is moved more than a few times */
    if (size == bytes->size)
        return 0;
    data = tha_mem_resize(mem, bytes->data, size, 1);
    if (!data)
        return TRUNKHA_ERR_NOMEM;

    bytes->data = data;
    bytes->size = size;

    return 0;
}

int tha_bytes_put(struct tha_bytes *bytes, const struct tha_mem *mem, const void *data, size_t len)
{
    int err = len ? tha_bytes_reserve(bytes, mem, len) : 0;

    if (err || !len)
        return err;

    memcpy(bytes->data + bytes->end, data, len);
    bytes->end += len;

    return 0;
}

void tha_bytes_skip(struct tha_bytes *bytes, const struct tha_mem *mem, size_t len)
{
    bytes->from += len;
    if (bytes->from == bytes->end)
        tha_bytes_done(bytes, mem);
}

size_t tha_bytes_take(struct tha_bytes *bytes, const struct tha_mem *mem, void *buf, size_t size)
{
    size_t len = tha_bytes_len(bytes);

    if (len > size)
        len = size;
    if (len)
        memcpy(buf, bytes->data + bytes->from, len);
    tha_bytes_skip(bytes, mem, len);

    return len;
}

void tha_bytes_done(struct tha_bytes *bytes, const struct tha_mem *mem)
{
    bytes->data = tha_mem_free(mem, bytes->data);
    bytes->from = bytes->end = bytes->size = 0;
}
