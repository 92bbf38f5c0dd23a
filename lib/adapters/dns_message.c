#include "adapters/dns_room.h"

#include <ctype.h>
#include <string.h>

#include <re.h>

/* libre decodes names and records. Its decoder fails as a whole for one bad record, does not mind where the data of a record
 * end, and goes through whatever is there: so records are found here, and only those that matter are shown to it, each in
 * its bounds. Its names are bounded in length and jumps (255). */

#define LABEL_MAX   63  /* RFC 1035 section 2.3.4 */
#define RECORDS_MAX 512 /* of all kinds, of a section: signatures may stand between those that matter */
#define CNAMES_MAX  16  /* followed within an answer */

#define TTL_MAX 0x7fffffffU /* RFC 2181 section 8: above it, zero is meant */

/** A message being read. */
struct reading {
    struct tha_arena *arena;
    const struct tha_dns_query *query;
    struct mbuf packet;
    struct dnshdr header;
    struct dnsrr *found[THA_DNS_RECORDS_MAX]; /**< of the type asked for, or CNAMEs, in the order of the message */
    uint32_t n_found;
    uint32_t n_broken; /**< records that should have been among them */
};

/* -- writing -- */

/** Letters, digits, '-' and '_', in labels of a lawful length: whatever else is in a name, we cannot use it. */
static bool is_name(const char *name)
{
    size_t label = 0, len = strlen(name);

    for (const char *p = name; *p; p++) {
        if (*p == '.' ? label == 0 : !isalnum((unsigned char)*p) && *p != '-' && *p != '_')
            return false;
        label = *p == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return false;
    }

    return label > 0 && len < THA_DNS_NAME_SIZE - 2;
}

bool tha_dns_message_write(struct tha_dns_query *query, uint16_t id)
{
    const struct dnshdr header = {.id = id, .opcode = DNS_OPCODE_QUERY, .rd = true, .nq = 1};
    struct mbuf *message = is_name(query->question.name) ? mbuf_alloc(sizeof(query->bytes)) : NULL;
    bool is_written;

    if (!message)
        return false;

    is_written = !dns_hdr_encode(message, &header) && !dns_dname_encode(message, query->question.name, NULL, 0, false) &&
                 !mbuf_write_u16(message, htons((uint16_t)query->question.type)) &&
                 !mbuf_write_u16(message, htons(DNS_CLASS_IN)) && message->end <= sizeof(query->bytes);
    if (is_written) {
        query->len = message->end;
        memcpy(query->bytes, message->buf, query->len);
    }
    mem_deref(message);

    return is_written;
}

/* -- is it ours? -- */

/** Lengths of labels are not letters: the question can be compared as it stands (RFC 4343). */
static bool is_same_question(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (tolower(a[i]) != tolower(b[i]))
            return false;
    }

    return true;
}

static bool is_refusal(const struct dnshdr *header)
{
    return header->rcode != DNS_RCODE_OK && header->rcode != DNS_RCODE_NAME_ERR;
}

/** Whoever does not understand the question may leave it out. */
static bool is_ours(const struct reading *reading)
{
    const struct tha_dns_query *query = reading->query;
    const struct dnshdr *header = &reading->header;
    const struct mbuf *packet = &reading->packet;

    if (!header->qr || header->opcode != DNS_OPCODE_QUERY || memcmp(packet->buf, query->bytes, 2))
        return false;
    if (header->nq == 0)
        return is_refusal(header);

    return header->nq == 1 && packet->end >= query->len &&
           is_same_question(packet->buf + DNS_HEADER_SIZE, query->bytes + DNS_HEADER_SIZE, query->len - DNS_HEADER_SIZE);
}

/** A server that does not go and ask others, and sends us to them. */
static bool is_referral(const struct dnshdr *header)
{
    return header->rcode == DNS_RCODE_OK && !header->nans && !header->aa && !header->ra;
}

/* -- records -- */

/** Where a record begins and ends, and what it is. */
struct place {
    size_t start;
    size_t end;
    uint16_t type;
    uint16_t class;
};

static bool skip_name(struct mbuf *packet)
{
    while (mbuf_get_left(packet)) {
        uint8_t length = mbuf_read_u8(packet);
        bool is_pointer = length > LABEL_MAX;
        size_t rest = is_pointer ? 1 : length;

        if (mbuf_get_left(packet) < rest)
            return false;
        packet->pos += rest;
        if (is_pointer || !length)
            return true;
    }

    return false;
}

/** The record at the position of the packet, which moves behind it; false: it is not all there. */
static bool next_record(struct mbuf *packet, struct place *ret_place)
{
    struct place place = {.start = packet->pos};
    uint16_t rdlen;

    if (!skip_name(packet) || mbuf_get_left(packet) < 10)
        return false;
    place.type = ntohs(mbuf_read_u16(packet));
    place.class = ntohs(mbuf_read_u16(packet));
    packet->pos += 4;
    rdlen = ntohs(mbuf_read_u16(packet));
    if (mbuf_get_left(packet) < rdlen)
        return false;
    packet->pos += rdlen;
    place.end = packet->pos;
    *ret_place = place;

    return true;
}

/** NULL: its data are not what they should be, or do not end where they should, or no memory. */
static struct dnsrr *decode_record(const struct mbuf *packet, const struct place *place)
{
    struct mbuf part = *packet;
    struct dnsrr *record;

    part.pos = place->start;
    if (dns_rr_decode(&part, &record, 0))
        return NULL;

    return part.pos == place->end ? record : mem_deref(record);
}

static void lower(char *text)
{
    for (; text && *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static bool is_graphic(const char *text)
{
    for (; *text; text++) {
        if (!isgraph((unsigned char)*text))
            return false;
    }

    return true;
}

static bool is_name_or_root(const char *name)
{
    return !*name || is_name(name);
}

/** Makes its names lower case; false: there is something in it that we could not even print. */
static bool tidy(struct dnsrr *record)
{
    lower(record->name);
    switch (record->type) {
    case DNS_TYPE_CNAME:
        lower(record->rdata.cname.cname);
        return is_name(record->rdata.cname.cname);
    case DNS_TYPE_SRV:
        lower(record->rdata.srv.target);
        return is_name_or_root(record->rdata.srv.target);
    case DNS_TYPE_NAPTR:
        lower(record->rdata.naptr.replace);
        return is_name_or_root(record->rdata.naptr.replace) && is_graphic(record->rdata.naptr.flags) &&
               is_graphic(record->rdata.naptr.services);
    default:
        return true;
    }
}

static void keep(struct reading *reading, const struct place *place)
{
    struct dnsrr *record;

    if (place->class != DNS_CLASS_IN || (place->type != reading->query->question.type && place->type != DNS_TYPE_CNAME))
        return;
    if (reading->n_found == THA_DNS_RECORDS_MAX)
        return;

    record = decode_record(&reading->packet, place);
    if (record && tidy(record)) {
        reading->found[reading->n_found++] = record;
    } else {
        reading->n_broken++;
        mem_deref(record);
    }
}

/** The answer section alone: nobody asked for the others. False: it is not all there. */
static bool find_records(struct reading *reading)
{
    struct place place;

    for (unsigned i = 0; i < reading->header.nans && i < RECORDS_MAX; i++) {
        if (!next_record(&reading->packet, &place))
            return false;
        keep(reading, &place);
    }

    return true;
}

static uint32_t ttl_of(const struct dnsrr *record)
{
    return record->ttl > TTL_MAX ? 0 : (uint32_t)record->ttl;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* -- what they say -- */

static bool is_about(const struct dnsrr *record, uint32_t type, const char *name)
{
    return record->type == type && !strcmp(record->name, name);
}

static const struct dnsrr *find(const struct reading *reading, uint32_t type, const char *name)
{
    for (uint32_t i = 0; i < reading->n_found; i++) {
        if (is_about(reading->found[i], type, name))
            return reading->found[i];
    }

    return NULL;
}

/** Follows the CNAMEs from the name asked for to that which the records are of, or should be. NULL: they go round. */
static const char *follow(const struct reading *reading, uint32_t *ret_ttl_s)
{
    const char *name = reading->query->question.name;

    *ret_ttl_s = reading->query->max_ttl_s;
    for (unsigned hops = 0; hops <= CNAMES_MAX; hops++) {
        const struct dnsrr *cname = find(reading, DNS_TYPE_CNAME, name);

        if (!cname || find(reading, reading->query->question.type, name))
            return name;
        *ret_ttl_s = smaller(*ret_ttl_s, ttl_of(cname));
        name = cname->rdata.cname.cname;
    }

    return NULL;
}

static bool copy_record(struct tha_arena *arena, const struct dnsrr *from, struct tha_dns_record *to)
{
    switch (from->type) {
    case DNS_TYPE_A: {
        uint32_t ip = htonl(from->rdata.a.addr);

        to->addr.family = 4;
        memcpy(to->addr.ip, &ip, sizeof(ip));
        return true;
    }
    case DNS_TYPE_AAAA:
        to->addr.family = 6;
        memcpy(to->addr.ip, from->rdata.aaaa.addr, 16);
        return true;
    case DNS_TYPE_SRV:
        to->srv.priority = from->rdata.srv.pri;
        to->srv.weight = from->rdata.srv.weight;
        to->srv.port = from->rdata.srv.port;
        to->srv.target = tha_arena_strdup(arena, from->rdata.srv.target);
        return to->srv.target;
    case DNS_TYPE_NAPTR:
        to->naptr.order = from->rdata.naptr.order;
        to->naptr.preference = from->rdata.naptr.pref;
        to->naptr.flags = tha_arena_strdup(arena, from->rdata.naptr.flags);
        to->naptr.service = tha_arena_strdup(arena, from->rdata.naptr.services);
        to->naptr.replacement = tha_arena_strdup(arena, from->rdata.naptr.replace);
        return to->naptr.flags && to->naptr.service && to->naptr.replacement;
    default:
        return false;
    }
}

/** The records of @p name, each for no longer than the CNAMEs that lead to it. False: no memory. */
static bool copy_records(const struct reading *reading, const char *name, uint32_t ttl_s, struct tha_dns_answer *answer)
{
    struct tha_dns_record *records = tha_arena_alloc(reading->arena, reading->n_found + 1, sizeof(*records));

    if (!records)
        return false;

    answer->records = records;
    for (uint32_t i = 0; i < reading->n_found; i++) {
        const struct dnsrr *record = reading->found[i];

        if (!is_about(record, reading->query->question.type, name))
            continue;
        records[answer->n_records].ttl_s = smaller(ttl_s, ttl_of(record));
        if (!copy_record(reading->arena, record, &records[answer->n_records++]))
            return false;
    }

    return true;
}

/** RFC 2308 section 5: the smaller one of the SOA's TTL and of what it says of "none"; 0 = there is no SOA. */
static uint32_t negative_ttl(struct reading *reading)
{
    struct place place;

    for (unsigned i = 0; i < reading->header.nauth && i < RECORDS_MAX; i++) {
        struct dnsrr *soa;
        uint32_t ttl_s = 0;

        if (!next_record(&reading->packet, &place))
            return 0;
        if (place.type != DNS_TYPE_SOA || place.class != DNS_CLASS_IN)
            continue;
        soa = decode_record(&reading->packet, &place);
        if (soa && soa->rdata.soa.ttlmin <= TTL_MAX)
            ttl_s = smaller(ttl_of(soa), soa->rdata.soa.ttlmin);
        mem_deref(soa);
        return ttl_s;
    }

    return 0;
}

/** RFC 6604: where there are CNAMEs, NXDOMAIN is said of the name that they end in. */
static enum tha_dns_kind say_none(struct reading *reading, uint32_t outcome, uint32_t ttl_s, struct tha_dns_reply *reply)
{
    reply->answer.outcome = outcome;
    reply->answer.negative_ttl_s = smaller(ttl_s, negative_ttl(reading));

    return THA_DNS_REPLY_ANSWER;
}

static enum tha_dns_kind read_answer(struct reading *reading, struct tha_dns_reply *reply)
{
    const char *name = find_records(reading) ? follow(reading, &reply->ttl_s) : NULL;

    if (!name)
        return THA_DNS_REPLY_MALFORMED;
    if (reading->header.rcode == DNS_RCODE_NAME_ERR)
        return say_none(reading, THA_DNS_NO_NAME, reply->ttl_s, reply);
    if (!copy_records(reading, name, reply->ttl_s, &reply->answer))
        return THA_DNS_REPLY_MALFORMED;
    if (reply->answer.n_records)
        return THA_DNS_REPLY_ANSWER;
    if (reading->n_broken)
        return THA_DNS_REPLY_MALFORMED;
    if (name == reading->query->question.name)
        return say_none(reading, THA_DNS_ANSWERED, reply->ttl_s, reply);

    reply->alias = tha_arena_strdup(reading->arena, name);

    return reply->alias ? THA_DNS_REPLY_ALIAS : THA_DNS_REPLY_MALFORMED;
}

static enum tha_dns_kind read_message(struct reading *reading, struct tha_dns_reply *reply)
{
    if (dns_hdr_decode(&reading->packet, &reading->header) || !is_ours(reading))
        return THA_DNS_REPLY_FOREIGN;

    reply->rcode = reading->header.rcode;
    if (is_refusal(&reading->header) || is_referral(&reading->header))
        return THA_DNS_REPLY_FAILURE;
    if (reading->header.tc)
        return THA_DNS_REPLY_CUT;

    reading->packet.pos = reading->query->len;

    return read_answer(reading, reply);
}

void tha_dns_message_read(struct tha_arena *arena, const struct tha_dns_query *query, const uint8_t *message, size_t len,
                          struct tha_dns_reply *ret_reply)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)message; /* no decoder of libre's writes to them */
    struct reading reading = {.arena = arena, .query = query, .packet = {.buf = bytes, .size = len, .end = len}};

    *ret_reply = (struct tha_dns_reply){.rcode = 0};
    ret_reply->kind = read_message(&reading, ret_reply);
    while (reading.n_found)
        mem_deref(reading.found[--reading.n_found]);
}
