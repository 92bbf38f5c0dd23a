/** @file names.h  The names of a configuration: when each is looked up, and to which addresses it comes now
 *
 *  No I/O; time is an argument. Names of the same words are one, whatever number of trunks has them. TTLs hold between
 *  `minTtl` and `maxTtl`; a name is looked up again shortly before they end, and once more at the very end where a resolver
 *  counts its copy down. When addresses change, new ones stand beside those that leave until tha_names_settle(). While
 *  lookups fail, the last good addresses stay (`keepLastGood`) and lookups are tried again, at first soon, then every 30 s.
 *  Where only the questions for one family fail, only the addresses of that family stay. A service that is decidedly not
 *  offered any more takes its addresses along at once.
 *  No more than THA_NAMES_ASKING_MAX names are looked up at a time; of those whose last lookup has failed, and which may
 * hold their place for as long as a time-out takes, no more than THA_NAMES_LAME_MAX: they do not keep the others waiting. */
#ifndef THA_CORE_NAMES_H
#define THA_CORE_NAMES_H

#include "base/heap.h"
#include "core/lookup.h"

#define THA_NAMES_ASKING_MAX 64U
#define THA_NAMES_LAME_MAX   (THA_NAMES_ASKING_MAX / 2)

struct tha_names;

/** @p seed makes the jitter of refreshes. Returns 0 or NOMEM. */
int tha_names_new(const struct tha_mem *mem, uint64_t seed, struct tha_names **ret_names);

/** NULL is fine; returns NULL. */
struct tha_names *tha_names_free(struct tha_names *names);

/** First half of a load: room for every name of @p model. What runs is not touched. Preparing again drops what was prepared
 *  before. Returns 0 or NOMEM. */
int tha_names_prepare(struct tha_names *names, const struct tha_model *model);

/** Second half: the names of the prepared model are the ones that count. What is known of names that stay is kept. The model
 *  must live until the next commit. */
void tha_names_commit(struct tha_names *names, uint64_t now_ms);

/** What is known of a name; everything is borrowed until the next call that may change it. */
struct tha_name_state {
    const struct tha_location *locations; /**< those that count, then those that leave */
    uint32_t n_locations;
    uint32_t n_leaving;   /**< the last ones of them */
    uint32_t trouble;     /**< enum tha_dns_trouble: of the last lookup */
    uint32_t ttl_s;       /**< as it came with the locations */
    uint64_t resolved_ms; /**< when the locations were last confirmed; 0 = never */
    bool is_known;        /**< a lookup has come to an end since the name is here */
};

/** Of a name of the model that was committed, or (all zero) of one that is only prepared. */
void tha_names_get(const struct tha_names *names, const struct tha_name *name, struct tha_name_state *ret_state);

/** When to come back; THA_NEVER = not of its own accord. */
uint64_t tha_names_next_expiry(const struct tha_names *names);

/** The next question to be sent; false = none. Each is to be answered with tha_names_answer(), be it as SILENT. @p ret_id: 0
 *  is never one. */
bool tha_names_next_question(struct tha_names *names, uint64_t now_ms, uint64_t *ret_id,
                             struct tha_dns_question *ret_question);

/** The question asked under @p id; false when that is not known (any more). */
bool tha_names_get_question(const struct tha_names *names, uint64_t id, struct tha_dns_question *ret_question);

/** An id that is not known (any more) is ignored. */
void tha_names_answer(struct tha_names *names, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms);

enum tha_names_news {
    THA_NAMES_ADDRESSES = 1, /**< the locations have changed */
    THA_NAMES_TROUBLE = 2,   /**< `trouble` has changed */
    THA_NAMES_LONG_TTL = 4,  /**< its TTL is above 300 s; told once a name */
    THA_NAMES_CUT = 8,       /**< it comes to more addresses than we take; told once a name */
    THA_NAMES_LOOKED_UP = 16 /**< a look-up has come to an end, whatever came of it */
};

/** The next name that something is to be said of; each once for all that has come together. @p ret_news: THA_NAMES_* bits.
 *  The name lives as long as the committed model. */
bool tha_names_next_news(struct tha_names *names, const struct tha_name **ret_name, uint32_t *ret_news);

/** The new addresses of @p name have been judged: those that leave go now, without news. */
void tha_names_settle(struct tha_names *names, const struct tha_name *name);

/** Other servers answer from now on: everything is looked up again soon, evenly over some seconds. */
void tha_names_refresh(struct tha_names *names, uint64_t now_ms);

/** How long after it was found a name is looked up again whose addresses hold for @p hold_ms: one of THA_NAMES_LEADS times,
 *  the soonest is @p nth 0. */
uint64_t tha_names_lead_ms(uint64_t hold_ms, uint32_t nth);
#define THA_NAMES_LEADS 41U

/** An order of names in which only those of the same words are equal: below 0, 0, above 0. */
int tha_names_compare(const struct tha_name *a, const struct tha_name *b);

#endif
