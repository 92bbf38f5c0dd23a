/** @file lookup.h  One resolution of a name, question by question (RFC 3263 section 4, RFC 2782)
 *
 *  No I/O, no clock. A port in the name: A and AAAA. A transport: SRV of that transport, then A and AAAA. Neither: NAPTR,
 *  then SRV for UDP, TCP and TLS in this order, then A and AAAA over UDP. NAPTR and SRV records that lead to no transport or
 *  name that we can use are passed over; of the transports that are offered the best one is taken, and no other is ever
 *  fallen back to. SRV records of which none can be used (target ".", port 0) say that the service is not offered. A failure
 *  of NAPTR or SRV, as long as the answer could have made a difference, is the failure of the resolution; one of A or AAAA
 *  only if no other has given an address. */
#ifndef THA_CORE_LOOKUP_H
#define THA_CORE_LOOKUP_H

#include "base/mem.h"
#include "core/dns.h"
#include "core/model.h"

struct tha_lookup;

/** @p name must stay until the lookup is freed. Returns 0 or NOMEM. */
int tha_lookup_new(const struct tha_mem *mem, const struct tha_name *name, struct tha_lookup **ret_lookup);

/** NULL is fine; returns NULL. */
struct tha_lookup *tha_lookup_free(struct tha_lookup *lookup);

/** The next question to be asked now; false: none before an answer to one asked already, or ever. @p ret_place is its
 *  number, for tha_lookup_answer(); at most THA_LOOKUP_QUESTIONS_MAX are asked in all. */
bool tha_lookup_next_question(struct tha_lookup *lookup, uint32_t *ret_place, struct tha_dns_question *ret_question);

#define THA_LOOKUP_QUESTIONS_MAX 73U /* NAPTR, SRV of 8 owners, A and AAAA of 32 targets */
#define THA_SRV_TARGETS_MAX      32U

/** Returns 0 or NOMEM: then the question counts as failed. */
int tha_lookup_answer(struct tha_lookup *lookup, uint32_t place, const struct tha_dns_answer *answer);

struct tha_lookup_result {
    uint32_t trouble;                     /**< enum tha_dns_trouble; FINE: at least one location */
    const struct tha_location *locations; /**< by priority, then weight, then address; each address once; borrowed */
    uint32_t n_locations;
    uint32_t ttl_s; /**< the smallest on the way to any of them, SRV and NAPTR included; with trouble: how long that holds,
                         0 = not said */
    bool is_cut;     /**< there were more than we take */
    bool lacks_ipv4; /**< FINE, but a question for A records has failed: there may be more of them */
    bool lacks_ipv6; /**< the same of AAAA */
};

/** Hosts that SRV records point to, one for each record that is followed. */
struct tha_srv_targets {
    char names[THA_SRV_TARGETS_MAX][THA_DNS_NAME_SIZE];
    uint32_t count;
};

/** Of a lookup that is done: those that its addresses were asked of. */
void tha_lookup_get_srv_targets(const struct tha_lookup *lookup, struct tha_srv_targets *ret_targets);

/** False while answers are awaited. */
bool tha_lookup_is_done(const struct tha_lookup *lookup, struct tha_lookup_result *ret_result);

#endif
