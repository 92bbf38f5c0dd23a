#include "dns_reply.h"

#include <ctype.h>
#include <string.h>

#define HEADER_SIZE 12
#define UDP_MAX     512 /* RFC 1035 section 4.2.1 */
#define ALIASES_MAX 20

enum { RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5 };
enum { AT_FLAGS = 2, AT_QUESTIONS = 4, AT_ANSWERS = 6, AT_AUTHORITY = 8, AT_ADDITIONAL = 10 };
enum { FLAG_QR = 0x8000, FLAG_TC = 0x0200, FLAG_RD = 0x0100, FLAG_RA = 0x0080 };

static uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void set_u16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

bool dns_request_read(struct dns_request *request, const uint8_t *bytes, size_t len, bool is_tcp)
{
    size_t at = HEADER_SIZE, used = 0;

    if (len < HEADER_SIZE + 5 || bytes[AT_FLAGS] & 0x80 || get_u16(bytes + AT_QUESTIONS) != 1)
        return false;

    while (at < len && bytes[at]) {
        size_t label = bytes[at++];

        if (label > 63 || at + label >= len || used + label + 2 > DNS_NAME_SIZE)
            return false;
        if (used)
            request->name[used++] = '.';
        for (size_t i = 0; i < label; i++)
            request->name[used++] = (char)tolower(bytes[at++]);
    }
    if (at + 5 > len)
        return false;

    request->name[used] = '\0';
    request->type = get_u16(bytes + at + 1);
    request->bytes = bytes;
    request->len = at + 5;
    request->is_tcp = is_tcp;

    return true;
}

/* -- pieces of a message -- */

static void put(struct dns_message *message, const void *bytes, size_t len)
{
    if (message->len + len <= sizeof(message->bytes)) {
        memcpy(message->bytes + message->len, bytes, len);
        message->len += len;
    }
}

static void put_u16(struct dns_message *message, unsigned value)
{
    uint8_t bytes[2];

    set_u16(bytes, value);
    put(message, bytes, sizeof(bytes));
}

static void put_u32(struct dns_message *message, uint32_t value)
{
    put_u16(message, value >> 16);
    put_u16(message, value & 0xffff);
}

static void add_to(struct dns_message *message, size_t counter, unsigned value)
{
    set_u16(message->bytes + counter, get_u16(message->bytes + counter) + value);
}

static void set_flags(struct dns_message *message, unsigned flags)
{
    set_u16(message->bytes + AT_FLAGS, flags);
}

static void put_name(struct dns_message *message, const struct dns_request *request, const char *name, bool is_loop)
{
    uint8_t wire[DNS_NAME_SIZE];

    if (is_loop)
        put_u16(message, 0xc000U | (unsigned)message->len); /* to itself */
    else if (!strcmp(name, request->name))
        put_u16(message, 0xc000U | HEADER_SIZE);
    else
        put(message, wire, dns_wire_name(name, wire));
}

static void put_record(struct dns_message *message, const struct dns_request *request, const struct dns_record *record,
                       bool is_loop)
{
    put_name(message, request, record->name, is_loop);
    put_u16(message, record->type);
    put_u16(message, 1);
    put_u32(message, record->ttl_s);
    put_u16(message, record->rdlen);
    put(message, record->rdata, record->rdlen);
}

static void begin(const struct dns_request *request, struct dns_message *message)
{
    message->len = 0;
    put(message, request->bytes, request->len);
    set_flags(message, FLAG_QR | FLAG_RD | FLAG_RA);
    memset(message->bytes + AT_ANSWERS, 0, 6);
}

/* -- what there is to be said -- */

static bool exists(const struct dns_script *script, const char *name)
{
    for (size_t i = 0; i < script->n_records; i++) {
        if (!strcmp(script->records[i].name, name))
            return true;
    }

    return false;
}

static const struct dns_record *find_alias(const struct dns_script *script, const char *name)
{
    for (size_t i = 0; i < script->n_records; i++) {
        if (script->records[i].type == TYPE_CNAME && !strcmp(script->records[i].name, name))
            return &script->records[i];
    }

    return NULL;
}

static unsigned put_records(const struct dns_script *script, const struct dns_request *request, const char *name,
                            bool is_loop, struct dns_message *message)
{
    unsigned n = 0;

    for (size_t i = 0; i < script->n_records; i++) {
        const struct dns_record *record = &script->records[i];

        if (strcmp(record->name, name) || record->type != request->type)
            continue;
        put_record(message, request, record, is_loop);
        n++;
    }
    add_to(message, AT_ANSWERS, n);

    return n;
}

static void put_soa(const struct dns_script *script, const struct dns_request *request, struct dns_message *message)
{
    struct dns_record soa = {.name = "example", .type = TYPE_SOA, .ttl_s = 86400, .rdlen = 22};

    if (!script->negative_ttl_s)
        return;
    set_u16(soa.rdata + 18, script->negative_ttl_s >> 16); /* two roots, four numbers, and this one */
    set_u16(soa.rdata + 20, script->negative_ttl_s & 0xffff);
    put_record(message, request, &soa, false);
    add_to(message, AT_AUTHORITY, 1);
}

static void put_answer(const struct dns_script *script, const struct dns_request *request, enum dns_manner manner,
                       struct dns_message *message)
{
    const struct dns_record *alias = find_alias(script, request->name);
    const char *name = request->name;

    for (unsigned hops = 0; alias && hops < ALIASES_MAX; hops++) {
        put_record(message, request, alias, manner == MANNER_LOOP);
        add_to(message, AT_ANSWERS, 1);
        name = alias->alias;
        alias = manner == MANNER_NO_CHASE ? NULL : find_alias(script, name);
    }
    if (manner == MANNER_NO_CHASE && name != request->name)
        return;
    if (put_records(script, request, name, manner == MANNER_LOOP, message))
        return;

    put_soa(script, request, message);
    if (!exists(script, name))
        set_flags(message, FLAG_QR | FLAG_RD | FLAG_RA | RCODE_NXDOMAIN);
}

/* -- manners -- */

static void put_extra(const struct dns_request *request, struct dns_message *message)
{
    static const struct dns_record unasked[] = {
        {.name = "elsewhere.example", .type = TYPE_A, .ttl_s = 1, .rdlen = 4, .rdata = {203, 0, 113, 66}},
        {.name = "broken.example", .type = TYPE_SRV, .ttl_s = 1, .rdlen = 3},
    };
    struct dns_record ours = unasked[0];

    strcpy(ours.name, request->name);
    put_record(message, request, &ours, false);
    put_record(message, request, &unasked[0], false);
    put_record(message, request, &unasked[1], false);
    message->len -= 2;
    add_to(message, AT_ADDITIONAL, 3);
}

/* What is behind @p len is lost, and TC says so. */
static void cut(struct dns_message *message, size_t len)
{
    message->len = len;
    message->bytes[AT_FLAGS] |= FLAG_TC >> 8;
}

static void put_failure(enum dns_manner manner, struct dns_message *message)
{
    unsigned rcode = manner == MANNER_SERVFAIL  ? RCODE_SERVFAIL
                     : manner == MANNER_REFUSED ? RCODE_REFUSED
                     : manner == MANNER_NOTIMP  ? RCODE_NOTIMP
                                                : RCODE_FORMERR;

    set_flags(message, FLAG_QR | FLAG_RD | FLAG_RA | rcode);
    if (rcode == RCODE_FORMERR) {
        set_u16(message->bytes + AT_QUESTIONS, 0);
        message->len = HEADER_SIZE;
    }
}

static void put_referral(const struct dns_request *request, struct dns_message *message)
{
    static const struct dns_record ns = {.name = "example", .type = 2, .ttl_s = 60, .rdlen = 1};

    put_record(message, request, &ns, false);
    add_to(message, AT_AUTHORITY, 1);
    set_flags(message, FLAG_QR | FLAG_RD);
}

static bool is_cut(enum dns_manner manner, bool is_tcp)
{
    return manner == MANNER_CUT_ALWAYS || (!is_tcp && manner >= MANNER_CUT && manner <= MANNER_CUT_DRIP);
}

void dns_reply_write(const struct dns_script *script, const struct dns_request *request, enum dns_manner manner,
                     struct dns_message *ret_message)
{
    begin(request, ret_message);
    if (manner >= MANNER_SERVFAIL && manner <= MANNER_FORMERR) {
        put_failure(manner, ret_message);
        return;
    }
    if (manner == MANNER_REFERRAL) {
        put_referral(request, ret_message);
        return;
    }
    if (manner == MANNER_GARBAGE) {
        add_to(ret_message, AT_ANSWERS, 7);
        put(ret_message, "\x3fnonsense\xff\xff\xff\xff\xff", 14);
        return;
    }

    put_answer(script, request, manner, ret_message);
    if (manner == MANNER_SHORT)
        ret_message->len--;
    if (manner == MANNER_EXTRA)
        put_extra(request, ret_message);
    if (is_cut(manner, request->is_tcp))
        cut(ret_message, request->len + (ret_message->len - request->len) / 2);
    else if (!request->is_tcp && manner != MANNER_LONG && ret_message->len > UDP_MAX)
        cut(ret_message, UDP_MAX);
}

void dns_reply_forge(const struct dns_request *request, enum dns_manner manner, struct dns_message *ret_message)
{
    struct dns_record forged = {.type = TYPE_A, .ttl_s = 3600, .rdlen = 4, .rdata = {203, 0, 113, 66}};

    strcpy(forged.name, request->name);
    begin(request, ret_message);
    put_record(ret_message, request, &forged, false);
    add_to(ret_message, AT_ANSWERS, 1);
    if (manner == MANNER_WRONG_ID)
        ret_message->bytes[1] ^= 1;
    if (manner == MANNER_WRONG_QUESTION)
        ret_message->bytes[HEADER_SIZE + 1] ^= 1;
    if (manner == MANNER_NO_RESPONSE)
        set_flags(ret_message, FLAG_RD);
}
