/** @file name.h  The name under which other processes find a table: who may write there
 *
 *  A named table is the shared memory object "/trunkha.NAME", mode 0640. It stays when its writer ends; the next one of the
 *  name takes it over, unless the writer lives. */
#ifndef THA_VIEW_NAME_H
#define THA_VIEW_NAME_H

#include "handle.h"

/** Makes the caller the writer of @p name. Errors: INVALID (no such name possible), BUSY, ACCESS, NOMEM, SYSTEM. */
int tha_view_claim(const char *name, int *ret_fd, struct tha_table **ret_table);

/** Says in @p table that this process writes it from now on. */
void tha_view_sign(struct tha_table *table);

#endif
