/** @file table_parts.h  The parts of making a table, shared by its own files only */
#ifndef THA_CORE_TABLE_PARTS_H
#define THA_CORE_TABLE_PARTS_H

#include "core/table.h"

/** One budget for each peer address; what was spent there before counts on. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_table_set_up_budgets(struct tha_table *table, const struct tha_table *old, uint64_t now_ms);

/** Lists the trunks that have a name, as @p old has them if its model is the same. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_table_list_names(struct tha_table *table, const struct tha_table *old);

/** Finds what stays from @p old (NULL = nothing): trunks by id, their targets by address, profiles by id; and gives every
 *  target a slot, the old one where it had one. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_table_match(struct tha_table *table, const struct tha_table *old);

#endif
