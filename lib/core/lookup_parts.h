/** @file lookup_parts.h  The parts of a resolution, shared by its own files only */
#ifndef THA_CORE_LOOKUP_PARTS_H
#define THA_CORE_LOOKUP_PARTS_H

#include "base/arena.h"
#include "core/lookup.h"

#define THA_OFFERS_MAX   8U  /* NAPTR records that are followed */
#define THA_TARGETS_MAX  THA_SRV_TARGETS_MAX /* SRV records that are followed */
#define THA_N_TRANSPORTS 3U
#define THA_OWNER_SIZE   (THA_DNS_NAME_SIZE + sizeof("_sips._tcp.") - 1)
#define THA_NO_TTL       UINT32_MAX

/* ---- lookup_records.c: what an answer is good for */

struct tha_records {
    struct tha_dns_record *at; /**< those that can be used, in an order that does not depend on that of the answer */
    uint32_t count;
    uint32_t ttl_s;   /**< the smallest of all; without any: how long that holds, or THA_NO_TTL */
    bool is_declined; /**< there are SRV records, but none that can be used */
    bool is_cut;      /**< the last ones were left out */
};

/** Copies what can be used of an answer to a question for @p type. Returns 0 or NOMEM. */
int tha_records_keep(struct tha_arena *arena, uint32_t type, const struct tha_dns_answer *answer,
                     struct tha_records *ret_records);

/** To which transport does a NAPTR record lead (RFC 3263 section 4.1)? False: to none that we can use. */
bool tha_records_transport(const struct tha_dns_record *naptr, uint8_t *ret_transport);

/* ---- lookup_order.c: what a name comes to */

/** Locations in their order, each address once; the first of all that were put in. */
struct tha_locations {
    struct tha_location at[THA_DNS_LOCATIONS_MAX];
    uint32_t count;
    bool is_cut;
};

/** Of two with the same address the one that goes first stays. */
void tha_locations_put(struct tha_locations *locations, const struct tha_location *location);

/* ---- The resolution itself */

enum tha_stage { THA_STAGE_NAPTR, THA_STAGE_OFFERS, THA_STAGE_TARGETS, THA_STAGE_DONE };

enum tha_standing { THA_NOT_ASKED, THA_AWAITED, THA_ANSWERED };

struct tha_lookup_question {
    uint32_t type;
    const char *name;
    uint32_t standing; /**< enum tha_standing */
    uint32_t outcome;
    struct tha_records records;
};

/** SRV records that there may be, for one transport. */
struct tha_lookup_offer {
    uint8_t transport;
    uint32_t place; /**< of the question for them */
};

/** A name that is asked for its addresses. */
struct tha_lookup_target {
    const struct tha_dns_record *srv; /**< NULL = the name that is looked up itself */
    uint32_t places[2];               /**< of the questions for A and AAAA; targets of one name share them */
};

struct tha_lookup {
    struct tha_arena arena; /**< this struct lives in it, too */
    const struct tha_name *name;
    char owners[THA_N_TRANSPORTS][THA_OWNER_SIZE]; /**< of SRV records, where no NAPTR record names another */
    uint32_t stage;
    struct tha_lookup_question questions[THA_LOOKUP_QUESTIONS_MAX];
    uint32_t n_questions;
    uint32_t next_question;
    struct tha_lookup_offer offers[THA_OFFERS_MAX]; /**< the best one first */
    uint32_t n_offers;
    uint8_t transport; /**< that was chosen */
    uint32_t ttl_s;    /**< the smallest on the way to the targets */
    bool is_cut;
    struct tha_lookup_target targets[THA_TARGETS_MAX];
    uint32_t n_targets;
    struct tha_locations locations;
    struct tha_lookup_result result;
};

/** @p name must stay. Returns the place of the question, which may have been there already. */
uint32_t tha_lookup_ask(struct tha_lookup *lookup, uint32_t type, const char *name);

bool tha_lookup_has_failed(const struct tha_lookup_question *question);

/** @p ttl_s: THA_NO_TTL = not said. */
void tha_lookup_finish(struct tha_lookup *lookup, uint32_t trouble, uint32_t ttl_s);

/** Because of @p question. */
void tha_lookup_finish_failed(struct tha_lookup *lookup, const struct tha_lookup_question *question);

/* ---- lookup_offers.c: NAPTR and SRV */

/** The SRV records that RFC 3263 expects without NAPTR records. */
void tha_offers_begin(struct tha_lookup *lookup);

/** Those that the NAPTR records name, now that they are known. */
void tha_offers_follow(struct tha_lookup *lookup);

/** Goes on to the targets of the best offer, as soon as it is known which one that is. */
void tha_offers_choose(struct tha_lookup *lookup);

/* ---- lookup_targets.c: A and AAAA */

/** @p srv: NULL = of the name itself. */
void tha_targets_begin(struct tha_lookup *lookup, uint8_t transport, const struct tha_records *srv);

/** Comes to a result, as soon as everything was answered. */
void tha_targets_finish(struct tha_lookup *lookup);

static inline uint32_t tha_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

#endif
