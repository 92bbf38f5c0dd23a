#include "test_lookup.h"

START_TEST(a_port_asks_for_both_families_and_for_nothing_else)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    zone_host(&zone, "c.example", "2001:db8::1", 60);
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5070, "x.example", 60);

    ck_assert_str_eq(resolve(5080).text, "udp:192.0.2.1:5080 0/0, udp:[2001:db8::1]:5080 0/0");
    ck_assert_str_eq(zone.asked, "A c.example, AAAA c.example");
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_TLS, 5080).text, "tls:192.0.2.1:5080 0/0, tls:[2001:db8::1]:5080 0/0");
    ck_assert_str_eq(zone.asked, "A c.example, AAAA c.example");
    close_zone();
}
END_TEST

START_TEST(both_families_are_asked_for_at_once)
{
    const struct tha_name name = {.host = "c.example", .port = 5060};
    struct tha_dns_question question;
    struct tha_lookup *lookup;
    uint32_t place;

    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
    ck_assert(tha_lookup_next_question(lookup, &place, &question));
    ck_assert(tha_lookup_next_question(lookup, &place, &question));
    ck_assert(!tha_lookup_next_question(lookup, &place, &question));
    tha_lookup_free(lookup);
    ck_assert_ptr_null(tha_lookup_free(NULL));
}
END_TEST

START_TEST(a_transport_asks_for_its_own_srv_records)
{
    static const char *const owners[] = {"_sip._udp.c.example", "_sip._tcp.c.example", "_sips._tcp.c.example"};
    char asked[128], text[128];

    for (uint8_t i = 0; i < 3; i++) {
        open_zone();
        zone_srv(&zone, owners[i], 1, 2, 5070, "a.example", 60);
        zone_host(&zone, "a.example", "192.0.2.1", 60);
        sprintf(asked, "SRV %s, A a.example, AAAA a.example", owners[i]);
        sprintf(text, "%s:192.0.2.1:5070 1/2", tha_transport_name(i));
        ck_assert_str_eq(resolve_over(i, 0).text, text);
        ck_assert_str_eq(zone.asked, asked);
        close_zone();
    }
}
END_TEST

START_TEST(a_transport_without_srv_records_takes_the_name_itself_and_the_default_port)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_UDP, 0).text, "udp:192.0.2.1:5060 0/0");
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_TCP, 0).text, "tcp:192.0.2.1:5060 0/0");
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_TLS, 0).text, "tls:192.0.2.1:5061 0/0");
    ck_assert_str_eq(zone.asked, "SRV _sips._tcp.c.example, A c.example, AAAA c.example");
    close_zone();
}
END_TEST

START_TEST(a_transport_is_never_exchanged_for_another)
{
    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 60);
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 5060, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);

    ck_assert_uint_eq(resolve_over(THA_TRANSPORT_TLS, 0).result.trouble, THA_DNS_TROUBLE_NO_ADDRESS);
    ck_assert_str_eq(zone.asked, "SRV _sips._tcp.c.example, A c.example, AAAA c.example");
    close_zone();
}
END_TEST

START_TEST(answers_to_nothing_change_nothing)
{
    const struct tha_name name = {.host = "c.example", .port = 5060};
    struct tha_dns_record record = {.ttl_s = 60};
    struct tha_dns_answer good = {.records = &record, .n_records = 1};
    struct tha_dns_answer bad = {.outcome = THA_DNS_FAILED};
    struct tha_dns_question question;
    struct tha_lookup_result result;
    struct tha_lookup *lookup;
    uint32_t a, aaaa;

    tha_addr_parse_ip(&record.addr, "192.0.2.1", 9);
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
    tha_lookup_answer(lookup, 0, &bad); /* not asked yet */
    ck_assert(tha_lookup_next_question(lookup, &a, &question));
    ck_assert(tha_lookup_next_question(lookup, &aaaa, &question));
    tha_lookup_answer(lookup, 99, &bad);
    tha_lookup_answer(lookup, UINT32_MAX, &bad);
    tha_lookup_answer(lookup, a, &good);
    tha_lookup_answer(lookup, a, &bad); /* a second time */
    ck_assert(!tha_lookup_is_done(lookup, &result));
    good.n_records = 0;
    tha_lookup_answer(lookup, aaaa, &good);
    tha_lookup_answer(lookup, aaaa, &bad);
    ck_assert(tha_lookup_is_done(lookup, &result));
    ck_assert_uint_eq(result.trouble, THA_DNS_FINE);
    ck_assert(!result.lacks_ipv4 && !result.lacks_ipv6);
    tha_lookup_free(lookup);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    const struct tha_name name = {.host = "c.example"};
    unsigned n_failed = 0;

    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    for (int i = 0; i < 16 * 64; i++) { /* fills more than the first chunk of its memory */
        static const char *const targets[] = {"a", "b", "d", "e", "f", "g", "h", "i",
                                              "j", "k", "l", "m", "n", "o", "p", "q"};
        char ip[32];

        sprintf(ip, "2001:db8::%x", i);
        zone_host(&zone, targets[i % 16], ip, 60);
        if (i < 16)
            zone_srv(&zone, "_sip._udp.c.example", 2, 0, 5060, targets[i], 60);
    }

    for (unsigned n = 1;; n++) {
        struct failing failing = {.left = n};
        struct tha_mem mem = {failing_realloc, &failing};
        struct tha_lookup_result result;
        struct tha_lookup *lookup = NULL;

        zone.n_asked = 0;
        if (!tha_lookup_new(&mem, &name, &lookup)) {
            answer_all(lookup);
            ck_assert(tha_lookup_is_done(lookup, &result));
            ck_assert(failing.has_failed ==
                      (result.trouble == THA_DNS_TROUBLE_FAILED || result.lacks_ipv4 || result.lacks_ipv6));
        }
        tha_lookup_free(lookup);
        ck_assert_int_eq(failing.blocks, 0);
        n_failed += failing.has_failed;
        if (!failing.has_failed)
            break;
    }
    ck_assert_uint_ge(n_failed, 4);
    close_zone();
}
END_TEST

/* ---- Anything */

static bool stands_before(const struct tha_location *a, const struct tha_location *b)
{
    if (tha_addr_is_equal(&a->addr, &b->addr) || a->addr.transport != b->addr.transport)
        return false;

    return a->priority < b->priority || (a->priority == b->priority && a->weight >= b->weight);
}

/** One assertion for all: check writes a line to a file for each. */
static bool is_sound(const struct tha_lookup_result *result)
{
    bool is = result->n_locations <= THA_DNS_LOCATIONS_MAX && (result->trouble == THA_DNS_FINE) == (result->n_locations > 0);

    for (uint32_t i = 0; is && i < result->n_locations; i++) {
        const struct tha_location *location = &result->locations[i];

        is = location->addr.port != 0 && location->ttl_s >= result->ttl_s;
        for (uint32_t j = i + 1; is && j < result->n_locations; j++)
            is = stands_before(location, &result->locations[j]);
    }

    return is;
}

static const char *any_of(const char *const *words, int count)
{
    return words[rand() % count];
}

/** Records of all types at once: only those of the type asked for are looked at. */
static void any_record(uint32_t type, struct tha_dns_record *record)
{
    static const char *const names[] = {"", "a", "b", "c.example", "_sip._udp.c.example", "x.y.z", "*", "d", "e"};
    static const char *const flags[] = {"s", "S", "u", "", "sa"};
    static const char *const services[] = {"SIP+D2U", "SIP+D2T", "SIPS+D2T", "", "sip+d2u", "SIP+D2", "SIP+D2UX"};

    *record = (struct tha_dns_record){.ttl_s = rand() % 3 ? (uint32_t)rand() % 100 : UINT32_MAX - (uint32_t)(rand() % 2)};
    if (type == THA_DNS_SRV) {
        record->srv.priority = (uint16_t)(rand() % 3 ? rand() % 3 : 65535);
        record->srv.weight = (uint16_t)(rand() % 3 ? rand() % 3 : 65535);
        record->srv.port = (uint16_t)(rand() % 5);
        record->srv.target = any_of(names, 9);
    } else if (type == THA_DNS_NAPTR) {
        record->naptr.order = (uint16_t)(rand() % 3);
        record->naptr.preference = (uint16_t)(rand() % 3);
        record->naptr.flags = any_of(flags, 5);
        record->naptr.service = any_of(services, 7);
        record->naptr.replacement = any_of(names, 9);
    } else {
        record->addr.family = (uint8_t)(rand() % 20 ? type == THA_DNS_A ? 4 : 6 : rand() % 8);
        for (int i = 0; i < (record->addr.family == 4 ? 4 : 16); i++)
            record->addr.ip[i] = (uint8_t)(rand() % 4 ? rand() % 4 + 1 : rand());
    }
}

static struct tha_dns_answer any_answer(uint32_t type, struct tha_dns_record *records)
{
    struct tha_dns_answer answer = {
        .outcome = rand() % 4 ? 0U : (uint32_t)rand() % 4,
        .rcode = (uint32_t)(rand() % 6),
        .negative_ttl_s = (uint32_t)(rand() % 3),
        .records = records,
    };

    if (answer.outcome == THA_DNS_ANSWERED)
        answer.n_records = (uint32_t)rand() % (rand() % 3 ? 4U : THA_DNS_RECORDS_MAX + 1);
    for (uint32_t i = 0; i < answer.n_records; i++)
        any_record(type, &records[i]);

    return answer;
}

START_TEST(whatever_is_answered_in_whatever_order_there_is_an_end_within_bounds)
{
    static struct tha_dns_record records[THA_DNS_RECORDS_MAX];
    unsigned n_fine = 0;

    srand(3);
    for (int i = 0; i < 5000; i++) {
        const struct tha_name name = {.host = "c.example",
                                      .port = (uint16_t)(rand() % 4 ? 0 : 1),
                                      .has_transport = rand() % 3 == 0,
                                      .transport = (uint8_t)(rand() % 3)};
        uint32_t places[THA_LOOKUP_QUESTIONS_MAX], types[THA_LOOKUP_QUESTIONS_MAX], n_open = 0, n_asked = 0;
        struct tha_dns_question question;
        struct tha_lookup_result result;
        struct tha_lookup *lookup;

        ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
        while (!tha_lookup_is_done(lookup, &result)) {
            struct tha_dns_answer answer;
            uint32_t place, chosen;

            while (tha_lookup_next_question(lookup, &place, &question)) {
                n_asked++;
                places[n_open] = place;
                types[n_open++] = question.type;
            }
            ck_assert(n_open && n_asked <= THA_LOOKUP_QUESTIONS_MAX);
            chosen = (uint32_t)rand() % n_open;
            answer = any_answer(types[chosen], records);
            tha_lookup_answer(lookup, places[chosen], &answer);
            places[chosen] = places[--n_open];
            types[chosen] = types[n_open];
        }
        ck_assert(is_sound(&result));
        n_fine += result.trouble == THA_DNS_FINE;
        tha_lookup_free(lookup);
    }
    ck_assert_uint_gt(n_fine, 1000);
}
END_TEST

SUITE("lookup", a_port_asks_for_both_families_and_for_nothing_else, both_families_are_asked_for_at_once,
      a_transport_asks_for_its_own_srv_records, a_transport_without_srv_records_takes_the_name_itself_and_the_default_port,
      a_transport_is_never_exchanged_for_another, answers_to_nothing_change_nothing, any_allocation_may_fail,
      whatever_is_answered_in_whatever_order_there_is_an_end_within_bounds)
