/** @file view.h  The table of trunk states that any thread or process reads without waiting
 *
 *  One writer (the engine's thread), any number of readers. The table lies in memory shared through mmap, anonymous or
 *  named, so that it works after fork() and in other processes; one code path serves both.
 *
 *      header | event ring | calls | half 0 | half 1
 *
 *  A half holds one generation of the *catalogue* (ids, names, profiles: it changes on load only) and the states that
 *  belong to it. A load writes the half that nobody reads and then flips `generation`; a reader that finds it changed after
 *  it copied tries again. Within a half, each state and the order of each profile are kept twice: the writer fills the one
 *  not in use and then flips its version. So a reader always finds a whole one, and a writer killed half-way blocks nobody.
 *  Tries are bounded; after the last one a reader takes what it has.
 *
 *  The calls' part has as many writers as there are calls: calls.h.
 *
 *  Nothing read from the table is used before it was checked against what is mapped: a corrupt table gives wrong answers or
 *  errors, not crashes.
 *
 *  layout.h shows the table. The writer is builder.c (fills a half), catalogue.c, source_write.c and write.c, the readers
 * are read.c, source.c and, on order.c, select.c and pick.c; ring.c is both; record.c, event.c, card.c and settings.c are
 * what both must agree on; memory.c and name.c hold the mapping. Of calls, gauge.c counts with window.c, running.c lists,
 * and reports.c tells the writer. */
#ifndef THA_VIEW_VIEW_H
#define THA_VIEW_VIEW_H

#include "base/mem.h"
#include "core/model.h"
#include "core/state.h"

/** Nobody refreshed the view for this long: states no longer count, the order of the configuration does. */
#define THA_VIEW_STALE_MS 300000U

/** How often the writer beats at least, and after how long a silent writer is taken for dead. */
#define THA_VIEW_BEAT_MS 2000U
#define THA_VIEW_DEAD_MS 5000U

/* ---- The catalogue, as the writer hands it over; everything is copied ---- */

struct tha_view_profile {
    const char *id;
    const uint32_t *configured; /**< targets in the order of the configuration: used when the view is stale */
    uint32_t n_targets;
    const struct tha_call_settings *call; /**< profiles with the same settings share the pointer */
    bool is_group;
};

struct tha_view_target {
    struct tha_addr addr;
    uint32_t trunk; /**< index in the model */
    uint32_t slot;  /**< its number: stays over loads */
};

struct tha_view_catalogue {
    const struct tha_model *model; /**< groups and trunks are published in its order */
    const uint32_t *trunk_slots;   /**< numbers of the trunks: stay over loads */
    const struct tha_view_target *targets;
    uint32_t n_targets;
    const struct tha_view_profile *profiles;
    uint32_t n_profiles;
    const char *instance_id;
};

/* ---- Who is it? source.c ---- */

/** Finds the trunk that a packet from @p addr (port 0 = any) is from: see trunkha_trunk_of_source(). @p ret_trunk_slot: its
 *  number; NULL is fine. Errors: NOTFOUND, STATE; then what the outputs hold says nothing. Wait-free, any thread. */
int tha_view_find_source(const trunkha_view *view, const struct tha_addr *addr, trunkha_source *ret_source,
                         uint32_t *ret_trunk_slot);

/** How many inbound trunks a request proves at most. */
#define THA_HEARD_MAX 64U

/** Reports that a request has come from @p addr, once a second for each inbound trunk of that host, whatever the ports: as
 *  THA_NEWS_HEARD. Errors: NOTFOUND (no trunk of any direction has that address), STATE, ACCESS. Wait-free, any thread. */
int tha_view_note_request(trunkha_view *view, const struct tha_addr *addr, uint64_t now_ms);

/* ---- Writing: one thread. When another writer has taken the name over, nothing of this has an effect any more. ---- */

/** Makes a view to write to. @p name NULL = anonymous, else published as such, mode 0640; a table that a dead writer left is
 *  taken over: its readers stay, see the last states until this writer publishes, and the last events until it appends one.
 *  @p ring_size: events kept, a power of two up to 65536. Errors: INVALID (also: bad name), NOMEM, BUSY, ACCESS, SYSTEM. */
int tha_view_new(const struct tha_mem *mem, const char *name, uint32_t ring_size, trunkha_view **ret_view);

/** Writes a catalogue into the half that nobody reads. States start as UNKNOWN, orders empty; until tha_view_publish() the
 *  tha_view_set_x() calls below go to that half. Errors: NOMEM (also: no room in shared memory), BUSY (another writer has
 *  the name now); then all is as before. */
int tha_view_prepare(trunkha_view *view, const struct tha_view_catalogue *catalogue);

/** Makes the prepared half the one that is read. What was prepared and not published is written over by the next load. */
void tha_view_publish(trunkha_view *view);

void tha_view_set_target(trunkha_view *view, uint32_t target, const struct tha_target_state *state);
void tha_view_set_trunk(trunkha_view *view, uint32_t trunk, const struct tha_trunk_state *state);
void tha_view_set_group(trunkha_view *view, uint32_t group, uint32_t health);

/** @p entries: at most the profile's n_targets. @p active_trunk: index or THA_NONE. */
void tha_view_set_route(trunkha_view *view, uint32_t profile, const struct tha_route_entry *entries, uint32_t n_entries,
                        uint32_t active_trunk);

/** What the peer of a target has said that it can do. */
void tha_view_set_abilities(trunkha_view *view, uint32_t target, const struct tha_abilities *abilities);

/** What a trunk lacks. */
void tha_view_set_lack(trunkha_view *view, uint32_t trunk, const struct tha_lack *lack);

/** What is known of the name of a trunk that has one. */
struct tha_view_name {
    uint32_t trouble;     /**< enum tha_dns_trouble */
    uint32_t ttl_s;       /**< 0 = never resolved */
    uint64_t resolved_ms; /**< on the core's clock; 0 = never */
};
void tha_view_set_name(trunkha_view *view, uint32_t trunk, const struct tha_view_name *name);

/** Says that the writer lives. @p now_ms on CLOCK_MONOTONIC; @p unix_ms the same moment, so that readers can tell dates.
 *  It also makes more room for running calls before that runs out, and some seconds after a load gives back the memory of
 *  the catalogue before. */
void tha_view_beat(trunkha_view *view, uint64_t now_ms, int64_t unix_ms);

/** Appends to the ring; the oldest event gives way. A sequence that is not the last one's plus one begins a new ring. */
void tha_view_append_event(trunkha_view *view, const trunkha_event *event);

/** From now on the time of whoever uses this handle is @p now_ms on the core's clock, and stands still until the next word;
 *  0 = it is the machine's again. For simulations: one thread at a time. */
void tha_view_set_time(trunkha_view *view, uint64_t now_ms);

/** The writer ends in order: readers see at once that the view is no longer live. */
void tha_view_retire(trunkha_view *view);

#endif
