/** @file table.h  Aligned columns */
#ifndef TRUNKHA_TABLE_H
#define TRUNKHA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table {
    size_t columns; /**< set by the caller; the rest starts as zero */
    char **cells;
    size_t n_cells, room;
    bool is_broken; /**< out of memory */
};

/** Adds the next cell; @p text is copied and cleaned. */
__attribute__((format(printf, 2, 3))) void table_add(struct table *table, const char *format, ...);

/** Prints the rows and empties the table; false when memory ran out on the way. */
bool table_print(struct table *table, FILE *out);

/** Empties it unprinted. */
void table_clear(struct table *table);

#endif
