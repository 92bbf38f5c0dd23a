#include "abi.h"

#include <string.h>

#include "trunkha.h"

static size_t size_of(const void *sized)
{
    size_t size;

    memcpy(&size, sized, sizeof(size));

    return size;
}

int tha_abi_read(void *ours, size_t our_size, const void *theirs)
{
    size_t their_size = size_of(theirs);

    if (their_size < sizeof(size_t))
        return TRUNKHA_ERR_INVALID;
    for (size_t i = our_size; i < their_size; i++) {
        if (((const unsigned char *)theirs)[i])
            return TRUNKHA_ERR_INVALID;
    }

    memcpy(ours, theirs, their_size < our_size ? their_size : our_size);
    memcpy(ours, &our_size, sizeof(our_size));

    return 0;
}

int tha_abi_write(void *theirs, const void *ours, size_t our_size)
{
    size_t their_size = size_of(theirs);
    size_t known = their_size < our_size ? their_size : our_size;

    if (their_size < sizeof(size_t))
        return TRUNKHA_ERR_INVALID;

    memcpy((char *)theirs + sizeof(size_t), (const char *)ours + sizeof(size_t), known - sizeof(size_t));

    return 0;
}
