/* Which trunks have a name (many may share one), and which has an id. */
#include "table_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/core.h"

static int compare(const void *a, const void *b, void *trunks)
{
    const struct tha_trunk_model *of = trunks;

    return tha_names_compare(of[*(const uint32_t *)a].dns_name, of[*(const uint32_t *)b].dns_name);
}

int tha_table_list_names(struct tha_table *table, const struct tha_table *old)
{
    const struct tha_model *model = table->model;

    for (uint32_t i = 0; i < model->n_trunks; i++)
        table->n_named += model->trunks[i].dns_name != NULL;
    if (!table->n_named)
        return 0;

    table->by_name = tha_mem_zalloc(&table->mem, table->n_named, sizeof(*table->by_name));
    if (!table->by_name)
        return TRUNKHA_ERR_NOMEM;
    if (old && old->model == model) {
        memcpy(table->by_name, old->by_name, table->n_named * sizeof(*table->by_name));
        return 0;
    }
    for (uint32_t i = 0, next = 0; i < model->n_trunks; i++) {
        if (model->trunks[i].dns_name)
            table->by_name[next++] = i;
    }
    qsort_r(table->by_name, table->n_named, sizeof(*table->by_name), compare, model->trunks);

    return 0;
}

uint32_t tha_table_find_trunk(const struct tha_table *table, const char *id)
{
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        if (!strcmp(table->model->trunks[i].id, id))
            return i;
    }

    return THA_NONE;
}

const uint32_t *tha_table_find_name(const struct tha_table *table, const struct tha_name *name, uint32_t *ret_count)
{
    const struct tha_trunk_model *trunks = table->model->trunks;
    uint32_t first = 0, end = table->n_named, n = 0;

    while (first < end) {
        uint32_t middle = first + (end - first) / 2;

        if (tha_names_compare(trunks[table->by_name[middle]].dns_name, name) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    while (first + n < table->n_named && !tha_names_compare(trunks[table->by_name[first + n]].dns_name, name))
        n++;
    *ret_count = n;

    return n ? &table->by_name[first] : NULL;
}
