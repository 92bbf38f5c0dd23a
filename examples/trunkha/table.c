#include "table.h"

#include <stdarg.h>
#include <stdlib.h>

#include "terminal.h"
#include "text.h"

#define GAP 2

static bool make_room(struct table *table)
{
    size_t room = table->room ? 2 * table->room : 64;
    char **cells;

    if (table->n_cells < table->room)
        return true;
    cells = realloc(table->cells, room * sizeof(*cells));
    if (!cells)
        return false;
    table->cells = cells;
    table->room = room;

    return true;
}

void table_add(struct table *table, const char *format, ...)
{
    char *cell = NULL;
    va_list ap;

    va_start(ap, format);
    if (!make_room(table) || vasprintf(&cell, format, ap) < 0) {
        table->is_broken = true;
    } else {
        text_clean(cell);
        table->cells[table->n_cells++] = cell;
    }
    va_end(ap);
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->n_cells; i += table->columns) {
        size_t cell = text_width(table->cells[i]);

        width = cell > width ? cell : width;
    }

    return width;
}

/** The last cells of a row that are empty leave no blanks behind. */
static bool is_rest_empty(const struct table *table, size_t cell)
{
    for (; cell < table->n_cells; cell++) {
        if (*table->cells[cell])
            return false;
        if (cell % table->columns == table->columns - 1)
            break;
    }

    return true;
}

static void print_cell(const struct table *table, size_t cell, size_t width, bool has_colour, FILE *out)
{
    const char *text = table->cells[cell];
    const char *colour = has_colour ? terminal_colour(text) : "";
    bool is_last = cell % table->columns == table->columns - 1 || is_rest_empty(table, cell + 1);

    fprintf(out, "%s%s%s", colour, text, *colour ? TERMINAL_PLAIN : "");
    if (is_last)
        fputc('\n', out);
    else
        fprintf(out, "%*s", (int)(width - text_width(text)) + GAP, "");
}

static void print_rows(const struct table *table, const size_t *widths, FILE *out)
{
    bool has_colour = terminal_has_colour(out);

    for (size_t row = 0; row < table->n_cells; row += table->columns) {
        size_t cell = row;

        do
            print_cell(table, cell, widths[cell - row], has_colour, out);
        while (!is_rest_empty(table, ++cell) && cell % table->columns);
    }
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){.columns = table->columns};
}

bool table_print(struct table *table, FILE *out)
{
    size_t *widths = calloc(table->columns, sizeof(*widths));
    bool is_whole = widths && !table->is_broken;

    if (is_whole) {
        for (size_t column = 0; column < table->columns; column++)
            widths[column] = column_width(table, column);
        print_rows(table, widths, out);
    }
    table_clear(table);
    free(widths);

    return is_whole;
}
