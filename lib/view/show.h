/** @file show.h  From the core to the view: what it wants shown, what it tells, and the catalogue of what it runs
 *
 *  For everybody who has a core: an engine, and a simulation of one. Of the core only plain structs are looked at. Its table
 *  is another one than that of layout.h: the two never meet in one file. */
#ifndef THA_VIEW_SHOW_H
#define THA_VIEW_SHOW_H

#include "core/core.h"
#include "view.h"

/** tha_view_prepare() with what @p table holds, and room for its gauges. @p mem: for the meantime. Errors: as there. */
int tha_view_prepare_table(trunkha_view *view, const struct tha_mem *mem, const struct tha_table *table,
                           const char *instance_id);

/** The limits of its trunks hold from now on. */
void tha_view_set_table_limits(trunkha_view *view, const struct tha_table *table);

/** Carries out an action that shows something; others are none of the view's business. */
void tha_view_show(trunkha_view *view, const struct tha_action *action);

/** What an event of the core leaves open. */
struct tha_view_teller {
    const char *instance_id;
    uint64_t sequence;
    int64_t now_unix_ms;
    int64_t started_unix_ms;
    int64_t unix_offset_ms; /**< Unix time less the core's clock, now */
};

/** Completes @p event and appends it to the ring. */
void tha_view_tell(trunkha_view *view, const struct tha_view_teller *teller, trunkha_event *event);

#endif
