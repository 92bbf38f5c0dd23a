/** @file abi.h  Structs that grow: both sides say in their first field, `size`, how much of it they know */
#ifndef THA_BASE_ABI_H
#define THA_BASE_ABI_H

#include <stddef.h>

/** Copies a caller's struct into @p ours, whose @p our_size bytes hold the defaults. A shorter one leaves the rest as it is;
 *  a longer one is good only when what we do not know is zero. Returns 0 or TRUNKHA_ERR_INVALID. */
int tha_abi_read(void *ours, size_t our_size, const void *theirs);

/** Copies as much of @p ours as the caller knows into @p theirs, whose `size` stays. Returns 0 or TRUNKHA_ERR_INVALID. */
int tha_abi_write(void *theirs, const void *ours, size_t our_size);

#endif
