/** @file names_parts.h  The names of a configuration, shared by their own files only */
#ifndef THA_CORE_NAMES_PARTS_H
#define THA_CORE_NAMES_PARTS_H

#include "base/map.h"
#include "core/lookup_parts.h"
#include "core/names.h"

/** One name, whatever number of trunks has it. */
struct tha_entry {
    struct tha_timer ask; /**< when it is looked up; not while it is */
    struct tha_timer end; /**< when its locations are dropped, since lookups fail */
    struct tha_name name; /**< its host stands at the end of `key` */
    uint32_t slot;        /**< THA_NONE = it is not being looked up */
    bool is_committed;
    bool is_lame;   /**< its last lookup has failed: its `ask` is in `lame_asks` */
    bool is_wanted; /**< by the model that is just being committed */

    struct tha_location *locations; /**< those that count, then those that leave */
    uint32_t n_locations;
    uint32_t n_leaving;
    uint32_t trouble;
    uint32_t ttl_s;
    uint64_t resolved_ms;
    bool is_known;

    uint64_t asked_ms;   /**< when the last lookup began */
    uint64_t ends_ms;    /**< when the TTL of its locations does; 0 = there were none yet */
    uint32_t held_ttl_s; /**< of its locations, at most `maxTtl` */
    uint32_t n_failures; /**< in a row */

    uint32_t news; /**< that has not been told yet */
    uint32_t told; /**< of what is told only once */
    struct tha_entry *next_news;
    char key[];
};

/** Names by their keys, and in the order of the model. */
struct tha_index {
    struct tha_map map;
    struct tha_entry **entries;
    uint32_t count;
};

/** A lookup under way. */
struct tha_asking {
    struct tha_entry *entry; /**< NULL = the slot is free */
    struct tha_lookup *lookup;
    uint64_t serial; /**< in the ids of its questions: no other lookup ever has it */
};

struct tha_names {
    struct tha_mem mem;
    uint64_t random;
    struct tha_dns_settings settings;
    struct tha_index index;
    struct tha_index prepared;
    struct tha_dns_settings prepared_settings;
    struct tha_heap asks;
    struct tha_heap lame_asks;
    struct tha_heap ends;
    struct tha_asking asking[THA_NAMES_ASKING_MAX];
    uint64_t busy;  /**< a bit for each slot that is taken */
    uint64_t lame;  /**< for each that is taken by a name whose last lookup has failed */
    uint64_t ready; /**< and for each that may have a question to be sent */
    uint64_t last_serial;
    struct tha_entry *first_news;
    struct tha_entry *last_news;
};

void tha_names_tell(struct tha_names *names, struct tha_entry *entry, uint32_t news);

/* ---- names_ask.c: lookups under way */

/** Gives up the lookup of @p entry, if there is one. */
void tha_names_cancel(struct tha_names *names, struct tha_entry *entry);

/* ---- names_plan.c: when */

/** A lookup has come to its end. */
void tha_names_plan(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result,
                    uint64_t now_ms);

/** It is not looked up any more. */
void tha_names_unplan(struct tha_names *names, struct tha_entry *entry);

/** As soon as @p when_ms, but never sooner than 1 s after the last time; a lookup planned for earlier stays. */
void tha_names_hasten(struct tha_names *names, struct tha_entry *entry, uint64_t when_ms);

/** The settings may have changed. */
void tha_names_replan(struct tha_names *names, struct tha_entry *entry, uint64_t now_ms);

/* ---- names_change.c: to which addresses */

/** What a lookup has found takes the place of what was known. Returns 0 or NOMEM: then nothing has changed. */
int tha_names_take(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result);

/** All that count leave. */
void tha_names_drop(struct tha_names *names, struct tha_entry *entry);

#endif
