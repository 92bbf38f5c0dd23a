/* From names to addresses, and to what the whole resolution has come to: A and AAAA records. */
#include "base/text.h"
#include "lookup_parts.h"

#define DEFAULT_PORT     5060U /* RFC 3261 section 19.1.2 */
#define DEFAULT_TLS_PORT 5061U

static void add_target(struct tha_lookup *lookup, const struct tha_dns_record *srv)
{
    const char *host = srv ? srv->srv.target : lookup->name->host;

    lookup->targets[lookup->n_targets++] = (struct tha_lookup_target){
        .srv = srv,
        .places = {tha_lookup_ask(lookup, THA_DNS_A, host), tha_lookup_ask(lookup, THA_DNS_AAAA, host)},
    };
}

void tha_targets_begin(struct tha_lookup *lookup, uint8_t transport, const struct tha_records *srv)
{
    lookup->stage = THA_STAGE_TARGETS;
    lookup->transport = transport;
    lookup->next_question = lookup->n_questions; /* offers that were not asked for yet are of no use any more */

    if (!srv)
        add_target(lookup, NULL);
    for (uint32_t i = 0; srv && i < srv->count; i++)
        add_target(lookup, &srv->at[i]);
}

static const struct tha_lookup_question *question_of(const struct tha_lookup *lookup, const struct tha_lookup_target *target,
                                                     uint32_t i)
{
    return &lookup->questions[target->places[i]];
}

static uint16_t port_of(const struct tha_lookup *lookup, const struct tha_lookup_target *target)
{
    if (target->srv)
        return target->srv->srv.port;
    if (lookup->name->port)
        return lookup->name->port;

    return lookup->transport == THA_TRANSPORT_TLS ? DEFAULT_TLS_PORT : DEFAULT_PORT;
}

/** What each of a target's addresses gets of its weight: something, if it has any. */
static uint16_t share_of(const struct tha_lookup *lookup, const struct tha_lookup_target *target)
{
    uint32_t n = question_of(lookup, target, 0)->records.count + question_of(lookup, target, 1)->records.count;
    uint32_t weight = target->srv ? target->srv->srv.weight : 0;

    return (uint16_t)(n < weight ? weight / n : weight > 0);
}

static void put_addresses(struct tha_lookup *lookup, const struct tha_lookup_target *target,
                          const struct tha_records *records)
{
    struct tha_location location = {.priority = target->srv ? target->srv->srv.priority : 0};

    for (uint32_t i = 0; i < records->count; i++) {
        location.weight = share_of(lookup, target);
        location.addr = records->at[i].addr;
        location.addr.port = port_of(lookup, target);
        location.addr.transport = lookup->transport;
        location.ttl_s = tha_least(lookup->ttl_s, records->at[i].ttl_s);
        tha_locations_put(&lookup->locations, &location);
    }
    lookup->is_cut = lookup->is_cut || records->is_cut;
}

static void finish_fine(struct tha_lookup *lookup)
{
    uint32_t ttl_s = THA_NO_TTL;

    for (uint32_t i = 0; i < lookup->locations.count; i++)
        ttl_s = tha_least(ttl_s, lookup->locations.at[i].ttl_s);
    tha_lookup_finish(lookup, THA_DNS_FINE, ttl_s);
}

static bool are_all_answered(const struct tha_lookup *lookup)
{
    for (uint32_t i = 0; i < 2 * lookup->n_targets; i++) {
        if (question_of(lookup, &lookup->targets[i / 2], i % 2)->standing != THA_ANSWERED)
            return false;
    }

    return true;
}

void tha_targets_finish(struct tha_lookup *lookup)
{
    const struct tha_lookup_question *failed = NULL;
    bool is_no_name = !lookup->targets[0].srv;
    uint32_t ttl_s = lookup->ttl_s;

    if (!are_all_answered(lookup))
        return;

    for (uint32_t i = 0; i < 2 * lookup->n_targets; i++) {
        const struct tha_lookup_target *target = &lookup->targets[i / 2];
        const struct tha_lookup_question *question = question_of(lookup, target, i % 2);

        put_addresses(lookup, target, &question->records);
        if (tha_lookup_has_failed(question)) {
            failed = failed ? failed : question;
            lookup->result.lacks_ipv4 |= question->type == THA_DNS_A;
            lookup->result.lacks_ipv6 |= question->type == THA_DNS_AAAA;
        }
        is_no_name = is_no_name && question->outcome == THA_DNS_NO_NAME;
        ttl_s = tha_least(ttl_s, question->records.ttl_s);
    }

    if (lookup->locations.count)
        finish_fine(lookup);
    else if (failed)
        tha_lookup_finish_failed(lookup, failed);
    else
        tha_lookup_finish(lookup, is_no_name ? THA_DNS_TROUBLE_NO_NAME : THA_DNS_TROUBLE_NO_ADDRESS, ttl_s);
}

void tha_lookup_get_srv_targets(const struct tha_lookup *lookup, struct tha_srv_targets *ret_targets)
{
    ret_targets->count = 0;
    for (uint32_t i = 0; i < lookup->n_targets; i++) {
        if (lookup->targets[i].srv)
            tha_text_copy(ret_targets->names[ret_targets->count++], THA_DNS_NAME_SIZE, lookup->targets[i].srv->srv.target);
    }
}
