/* Which transport, and which names with which ports: NAPTR and SRV records. */
#include "lookup_parts.h"

_Static_assert(THA_OFFERS_MAX >= THA_N_TRANSPORTS, "one each, without NAPTR records");

static void add_offer(struct tha_lookup *lookup, uint8_t transport, const char *owner)
{
    lookup->offers[lookup->n_offers++] = (struct tha_lookup_offer){transport, tha_lookup_ask(lookup, THA_DNS_SRV, owner)};
}

void tha_offers_begin(struct tha_lookup *lookup)
{
    const struct tha_name *name = lookup->name;

    lookup->stage = THA_STAGE_OFFERS;
    for (uint8_t i = 0; i < THA_N_TRANSPORTS; i++) {
        if (!name->has_transport || name->transport == i)
            add_offer(lookup, i, lookup->owners[i]);
    }
}

void tha_offers_follow(struct tha_lookup *lookup)
{
    const struct tha_lookup_question *naptr = &lookup->questions[0];
    uint8_t transport;

    if (naptr->standing != THA_ANSWERED)
        return;
    if (tha_lookup_has_failed(naptr)) {
        tha_lookup_finish_failed(lookup, naptr);
        return;
    }
    if (!naptr->records.count) {
        tha_offers_begin(lookup);
        return;
    }

    lookup->stage = THA_STAGE_OFFERS;
    lookup->ttl_s = naptr->records.ttl_s;
    for (uint32_t i = 0; i < naptr->records.count; i++) {
        if (tha_records_transport(&naptr->records.at[i], &transport))
            add_offer(lookup, transport, naptr->records.at[i].naptr.replacement);
    }
}

static void take_offer(struct tha_lookup *lookup, uint8_t transport, const struct tha_records *srv)
{
    lookup->ttl_s = tha_least(lookup->ttl_s, srv->ttl_s);
    lookup->is_cut = srv->is_cut;
    tha_targets_begin(lookup, transport, srv);
}

/** No SRV record can be used: the name itself over the best transport (RFC 3263 section 4.2), unless it has said that this
 * is not offered. */
static void do_without_offers(struct tha_lookup *lookup)
{
    const struct tha_records *best = &lookup->questions[lookup->offers[0].place].records;

    if (best->is_declined)
        tha_lookup_finish(lookup, THA_DNS_TROUBLE_NOT_OFFERED, tha_least(lookup->ttl_s, best->ttl_s));
    else
        tha_targets_begin(lookup, lookup->offers[0].transport, NULL);
}

void tha_offers_choose(struct tha_lookup *lookup)
{
    for (uint32_t i = 0; i < lookup->n_offers; i++) {
        const struct tha_lookup_question *question = &lookup->questions[lookup->offers[i].place];

        if (question->standing != THA_ANSWERED)
            return;
        if (tha_lookup_has_failed(question)) { /* it may be better than those after it: nobody knows */
            tha_lookup_finish_failed(lookup, question);
            return;
        }
        if (question->records.count) {
            take_offer(lookup, lookup->offers[i].transport, &question->records);
            return;
        }
    }

    do_without_offers(lookup);
}
