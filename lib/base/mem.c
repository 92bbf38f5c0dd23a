#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *default_realloc(void *ptr, size_t size, void *user_data)
{
    (void)user_data;

    if (!size) {
        free(ptr);
        return NULL;
    }

    return realloc(ptr, size);
}

const struct tha_mem tha_mem_default = {default_realloc, NULL};

void *tha_mem_zalloc(const struct tha_mem *mem, size_t count, size_t size)
{
    void *ptr = tha_mem_resize(mem, NULL, count, size);

    if (ptr)
        memset(ptr, 0, count * size);

    return ptr;
}

void *tha_mem_resize(const struct tha_mem *mem, void *array, size_t count, size_t size)
{
    if (!count || !size)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return NULL;

    return mem->realloc_cb(array, count * size, mem->user_data);
}

void *tha_mem_free(const struct tha_mem *mem, void *ptr)
{
    if (ptr)
        mem->realloc_cb(ptr, 0, mem->user_data);

    return NULL;
}
