/** @file dns_zone.h  What the DNS says in a test: records by name and type, and an allocator that can fail */
#ifndef TESTS_DNS_ZONE_H
#define TESTS_DNS_ZONE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/lookup.h"

#define ZONE_SETS_MAX 64

struct zone_set {
    uint32_t type;
    char name[THA_DNS_NAME_SIZE];
    struct tha_dns_answer answer;
    struct tha_dns_record records[THA_DNS_RECORDS_MAX];
};

/** Names that are not in it do not exist. */
struct zone {
    struct zone_set *sets;
    uint32_t n_sets;
    uint32_t negative_ttl_s;
    uint32_t n_asked;
    char asked[4096]; /**< "SRV _sip._udp.x, A x, " */
};

static inline void zone_open(struct zone *zone)
{
    *zone = (struct zone){.sets = calloc(ZONE_SETS_MAX, sizeof(*zone->sets))};
    ck_assert_ptr_nonnull(zone->sets);
}

static inline void zone_close(struct zone *zone)
{
    free(zone->sets);
}

static inline struct zone_set *zone_set(struct zone *zone, uint32_t type, const char *name)
{
    struct zone_set *set;

    for (uint32_t i = 0; i < zone->n_sets; i++) {
        if (zone->sets[i].type == type && !strcmp(zone->sets[i].name, name))
            return &zone->sets[i];
    }

    ck_assert_uint_lt(zone->n_sets, ZONE_SETS_MAX);
    set = &zone->sets[zone->n_sets++];
    memset(set, 0, sizeof(*set));
    set->type = type;
    strcpy(set->name, name);
    set->answer.records = set->records;

    return set;
}

static inline struct tha_dns_record *zone_add(struct zone *zone, uint32_t type, const char *name, uint32_t ttl_s)
{
    struct zone_set *set = zone_set(zone, type, name);
    struct tha_dns_record *record = &set->records[set->answer.n_records++];

    ck_assert_uint_le(set->answer.n_records, THA_DNS_RECORDS_MAX);
    record->ttl_s = ttl_s;

    return record;
}

/** A or AAAA, as @p ip is. */
static inline void zone_host(struct zone *zone, const char *name, const char *ip, uint32_t ttl_s)
{
    uint32_t type = strchr(ip, ':') ? THA_DNS_AAAA : THA_DNS_A;

    ck_assert(tha_addr_parse_ip(&zone_add(zone, type, name, ttl_s)->addr, ip, strlen(ip)));
}

static inline void zone_srv(struct zone *zone, const char *name, int priority, int weight, int port, const char *target,
                            uint32_t ttl_s)
{
    struct tha_dns_record *record = zone_add(zone, THA_DNS_SRV, name, ttl_s);

    record->srv.priority = (uint16_t)priority;
    record->srv.weight = (uint16_t)weight;
    record->srv.port = (uint16_t)port;
    record->srv.target = target;
}

static inline void zone_naptr(struct zone *zone, const char *name, int order, int preference, const char *flags,
                              const char *service, const char *replacement)
{
    struct tha_dns_record *record = zone_add(zone, THA_DNS_NAPTR, name, 3600);

    record->naptr.order = (uint16_t)order;
    record->naptr.preference = (uint16_t)preference;
    record->naptr.flags = flags;
    record->naptr.service = service;
    record->naptr.replacement = replacement;
}

static inline void zone_fail(struct zone *zone, uint32_t type, const char *name, uint32_t outcome)
{
    zone_set(zone, type, name)->answer.outcome = outcome;
}

/** Takes all records of a type from a name. */
static inline void zone_clear(struct zone *zone, uint32_t type, const char *name)
{
    struct zone_set *set = zone_set(zone, type, name);

    set->answer.outcome = THA_DNS_ANSWERED;
    set->answer.n_records = 0;
}

static inline const char *zone_type_name(uint32_t type)
{
    return type == THA_DNS_A ? "A" : type == THA_DNS_AAAA ? "AAAA" : type == THA_DNS_SRV ? "SRV" : "NAPTR";
}

static inline struct tha_dns_answer zone_answer(struct zone *zone, const struct tha_dns_question *question)
{
    struct tha_dns_answer answer = {.outcome = THA_DNS_NO_NAME};
    size_t len = strlen(zone->asked);

    zone->n_asked++;
    if (len + THA_DNS_NAME_SIZE + 8 < sizeof(zone->asked))
        sprintf(zone->asked + len, "%s%s %s", len ? ", " : "", zone_type_name(question->type), question->name);

    for (uint32_t i = 0; i < zone->n_sets; i++) {
        const struct zone_set *set = &zone->sets[i];

        if (strcmp(set->name, question->name) != 0)
            continue;
        if (set->type == question->type) {
            answer = set->answer;
            break;
        }
        answer.outcome = THA_DNS_ANSWERED; /* the name is there, with something else */
    }
    if (answer.outcome != THA_DNS_ANSWERED)
        answer.n_records = 0;
    if (!answer.n_records)
        answer.negative_ttl_s = zone->negative_ttl_s;

    return answer;
}

/** "udp:192.0.2.1:5060 10/5, ..." with priority and weight. */
static inline const char *zone_text(const struct tha_location *locations, uint32_t count, char *buf, size_t size)
{
    size_t len = 0;

    buf[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        char addr[THA_ADDR_TEXT_SIZE];

        len += (size_t)snprintf(buf + len, size - len, "%s%s %u/%u", len ? ", " : "",
                                tha_addr_text(&locations[i].addr, addr, sizeof(addr)), locations[i].priority,
                                locations[i].weight);
        ck_assert_uint_lt(len, size);
    }

    return buf;
}

/** Fails the @p left-th allocation, counted from 1; 0 = none. */
struct failing {
    unsigned left;
    bool has_failed;
    long blocks;
};

static inline void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    struct failing *failing = user_data;

    if (!size) {
        failing->blocks--;
        free(ptr);
        return NULL;
    }
    if (failing->left && !--failing->left) {
        failing->has_failed = true;
        return NULL;
    }
    failing->blocks += !ptr;

    return realloc(ptr, size);
}

#endif
