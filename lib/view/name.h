/** @file name.h  The name under which other processes find a table: who may write there
 *
 *  A named table is the shared memory object "/trunkha.NAME", mode 0640. It stays when its writer ends; the next one of the
 *  name takes it over, unless the writer lives. One that has begun to beat and then hangs counts as dead: should it wake up,
 *  it finds that its term is over and writes no more. */
#ifndef THA_VIEW_NAME_H
#define THA_VIEW_NAME_H

#include "handle.h"

/** Makes the caller the writer of @p name. Errors: INVALID (no such name possible), BUSY, ACCESS, NOMEM, SYSTEM. */
int tha_view_claim(const char *name, int *ret_fd, struct tha_table **ret_table);

/** Says in @p table that this process writes it from now on. */
void tha_view_sign(struct tha_table *table);

#endif
