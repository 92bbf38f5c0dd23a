/* What an answer is good for: records that lead nowhere are passed over, the others are sorted and copied. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lookup_parts.h"

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* ---- A and AAAA */

static bool is_peer_ipv4(const uint8_t *ip)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    bool is_multicast = (ip[0] & 0xf0) == 0xe0;

    return ip[0] != 0 && !is_multicast && memcmp(ip, broadcast, sizeof(broadcast)) != 0;
}

static bool is_peer_ipv6(const uint8_t *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* IPv4 in disguise: RFC 4291 section 2.5.5.2 */
    bool is_multicast = ip[0] == 0xff;
    bool is_link_local = ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80; /* no record says on which link */

    return !is_multicast && !is_link_local && memcmp(ip, mapped, sizeof(mapped)) != 0;
}

static bool is_peer(const struct tha_dns_record *record, uint8_t family)
{
    if (record->addr.family != family || tha_addr_is_any(&record->addr))
        return false;

    return family == 4 ? is_peer_ipv4(record->addr.ip) : is_peer_ipv6(record->addr.ip);
}

static int compare_addresses(const struct tha_dns_record *a, const struct tha_dns_record *b)
{
    return memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));
}

/* ---- SRV */

/** The target "." (RFC 2782), and a port that nobody can listen on, offer nothing. */
static bool is_offered(const struct tha_dns_record *record)
{
    return record->srv.target[0] && record->srv.port;
}

static int compare_srv(const struct tha_dns_record *a, const struct tha_dns_record *b)
{
    int order = compare(a->srv.priority, b->srv.priority);

    if (!order)
        order = compare(b->srv.weight, a->srv.weight);
    if (!order)
        order = strcmp(a->srv.target, b->srv.target);

    return order ? order : compare(a->srv.port, b->srv.port);
}

/* ---- NAPTR */

bool tha_records_transport(const struct tha_dns_record *naptr, uint8_t *ret_transport)
{
    static const char *const services[] = {
        [THA_TRANSPORT_UDP] = "SIP+D2U",
        [THA_TRANSPORT_TCP] = "SIP+D2T",
        [THA_TRANSPORT_TLS] = "SIPS+D2T",
    };

    for (uint8_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (tha_text_is_word(services[i], naptr->naptr.service, strlen(naptr->naptr.service))) {
            *ret_transport = i;
            return true;
        }
    }

    return false;
}

/** Only the flag "s" says that the replacement has SRV records (RFC 3403 section 4.1, RFC 3263 section 4.1). */
static bool leads_to_srv(const struct tha_dns_record *record)
{
    uint8_t ignored;

    return tha_text_is_word("s", record->naptr.flags, strlen(record->naptr.flags)) && record->naptr.replacement[0] &&
           tha_records_transport(record, &ignored);
}

static int compare_naptr(const struct tha_dns_record *a, const struct tha_dns_record *b)
{
    int order = compare(a->naptr.order, b->naptr.order);

    if (!order)
        order = compare(a->naptr.preference, b->naptr.preference);
    if (!order)
        order = strcmp(a->naptr.service, b->naptr.service);

    return order ? order : strcmp(a->naptr.replacement, b->naptr.replacement);
}

/* ---- All types */

static bool is_usable(uint32_t type, const struct tha_dns_record *record)
{
    switch (type) {
    case THA_DNS_A:
        return is_peer(record, 4);
    case THA_DNS_AAAA:
        return is_peer(record, 6);
    case THA_DNS_SRV:
        return is_offered(record);
    default:
        return leads_to_srv(record);
    }
}

static uint32_t limit_of(uint32_t type)
{
    return type == THA_DNS_SRV ? THA_TARGETS_MAX : type == THA_DNS_NAPTR ? THA_OFFERS_MAX : THA_DNS_LOCATIONS_MAX;
}

static int compare_records(const void *a, const void *b, void *user_data)
{
    const struct tha_dns_record *const *record_a = a, *const *record_b = b;
    const uint32_t *type = user_data;

    switch (*type) {
    case THA_DNS_SRV:
        return compare_srv(*record_a, *record_b);
    case THA_DNS_NAPTR:
        return compare_naptr(*record_a, *record_b);
    default:
        return compare_addresses(*record_a, *record_b);
    }
}

static int copy_text(struct tha_arena *arena, const char **text)
{
    *text = tha_arena_strdup(arena, *text);

    return *text ? 0 : TRUNKHA_ERR_NOMEM;
}

static int copy_record(struct tha_arena *arena, uint32_t type, const struct tha_dns_record *from, struct tha_dns_record *to)
{
    *to = *from;
    if (type == THA_DNS_SRV)
        return copy_text(arena, &to->srv.target);
    if (type != THA_DNS_NAPTR)
        return 0;

    to->naptr.flags = "s"; /* of all that are usable */
    if (copy_text(arena, &to->naptr.service))
        return TRUNKHA_ERR_NOMEM;

    return copy_text(arena, &to->naptr.replacement);
}

static uint32_t n_records_of(const struct tha_dns_answer *answer)
{
    if (answer->outcome != THA_DNS_ANSWERED)
        return 0;

    return answer->n_records < THA_DNS_RECORDS_MAX ? answer->n_records : THA_DNS_RECORDS_MAX;
}

static void pick_usable(uint32_t type, const struct tha_dns_answer *answer, const struct tha_dns_record **ret_picked,
                        struct tha_records *ret_records)
{
    uint32_t n_records = n_records_of(answer);

    if (!n_records && answer->negative_ttl_s)
        ret_records->ttl_s = answer->negative_ttl_s;
    for (uint32_t i = 0; i < n_records; i++) {
        ret_records->ttl_s = tha_least(ret_records->ttl_s, answer->records[i].ttl_s);
        if (is_usable(type, &answer->records[i]))
            ret_picked[ret_records->count++] = &answer->records[i];
    }
    ret_records->is_declined = type == THA_DNS_SRV && n_records && !ret_records->count;
    ret_records->is_cut = answer->n_records > THA_DNS_RECORDS_MAX;
}

int tha_records_keep(struct tha_arena *arena, uint32_t type, const struct tha_dns_answer *answer,
                     struct tha_records *ret_records)
{
    const struct tha_dns_record *picked[THA_DNS_RECORDS_MAX];
    struct tha_records records = {.ttl_s = THA_NO_TTL};
    int err = 0;

    pick_usable(type, answer, picked, &records);
    qsort_r(picked, records.count, sizeof(picked[0]), compare_records, &type);
    if (records.count > limit_of(type)) {
        records.count = limit_of(type);
        records.is_cut = true;
    }

    records.at = tha_arena_alloc(arena, records.count, sizeof(*records.at));
    if (!records.at)
        return TRUNKHA_ERR_NOMEM;
    for (uint32_t i = 0; i < records.count && !err; i++)
        err = copy_record(arena, type, picked[i], &records.at[i]);
    if (!err)
        *ret_records = records;

    return err;
}
