#include <stdio.h>

#include "../suite.h"
#include "dns_zone.h"

static struct zone zone;

static void open_zone(void)
{
    zone_open(&zone);
}

static void close_zone(void)
{
    zone_close(&zone);
}

/** What a name has come to. */
struct outcome {
    struct tha_lookup_result result;
    struct tha_location locations[THA_DNS_LOCATIONS_MAX];
    char text[8192];
};

static void answer_all(struct tha_lookup *lookup)
{
    struct tha_dns_question question;
    uint32_t place;

    while (tha_lookup_next_question(lookup, &place, &question)) {
        struct tha_dns_answer answer = zone_answer(&zone, &question);

        tha_lookup_answer(lookup, place, &answer);
    }
    ck_assert_uint_le(zone.n_asked, THA_LOOKUP_QUESTIONS_MAX);
}

static struct outcome resolve_name(const struct tha_name *name)
{
    struct tha_lookup *lookup;
    struct outcome out;

    zone.asked[0] = '\0';
    zone.n_asked = 0;
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, name, &lookup), 0);
    answer_all(lookup);
    ck_assert(tha_lookup_is_done(lookup, &out.result));
    memcpy(out.locations, out.result.locations, out.result.n_locations * sizeof(out.locations[0]));
    zone_text(out.locations, out.result.n_locations, out.text, sizeof(out.text));
    ck_assert_int_eq(out.result.trouble == THA_DNS_FINE, out.result.n_locations > 0);
    tha_lookup_free(lookup);

    return out;
}

static struct outcome resolve(uint16_t port)
{
    return resolve_name(&(struct tha_name){.host = "c.example", .port = port});
}

static struct outcome resolve_over(uint8_t transport, uint16_t port)
{
    return resolve_name(
        &(struct tha_name){.host = "c.example", .port = port, .has_transport = true, .transport = transport});
}

/* ---- Which questions */

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

/* ---- NAPTR */

START_TEST(naptr_records_go_by_order_and_then_preference)
{
    open_zone();
    zone_naptr(&zone, "c.example", 20, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    zone_naptr(&zone, "c.example", 10, 9, "s", "SIP+D2T", "_sip._tcp.c.example");
    zone_naptr(&zone, "c.example", 10, 5, "S", "sips+d2t", "_sips._tcp.other.example");
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 1, "a.example", 60);
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 2, "a.example", 60);
    zone_srv(&zone, "_sips._tcp.other.example", 0, 0, 3, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);

    ck_assert_str_eq(resolve(0).text, "tls:192.0.2.1:3 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sips._tcp.other.example");
    ck_assert_str_eq(resolve(0).text, "tcp:192.0.2.1:2 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sip._tcp.c.example");
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:1 0/0");
    close_zone();
}
END_TEST

START_TEST(naptr_records_that_we_cannot_use_are_passed_over)
{
    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIP+D2S", "_sip._sctp.c.example");
    zone_naptr(&zone, "c.example", 2, 1, "s", "SIPS+D2U", "_sips._udp.c.example");
    zone_naptr(&zone, "c.example", 3, 1, "u", "SIP+D2T", "_sip._tcp.c.example");
    zone_naptr(&zone, "c.example", 4, 1, "a", "SIP+D2T", "c.example");
    zone_naptr(&zone, "c.example", 5, 1, "", "SIP+D2T", "_sip._tcp.c.example");
    zone_naptr(&zone, "c.example", 6, 1, "s", "SIP+D2T", "");
    zone_naptr(&zone, "c.example", 7, 1, "s", "E2U+sip", "_sip._tcp.c.example");
    zone_srv(&zone, "_sips._tcp.c.example", 0, 0, 5061, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);

    ck_assert_str_eq(resolve(0).text, "tls:192.0.2.1:5061 0/0"); /* as if there were none */
    ck_assert_ptr_null(strstr(zone.asked, "sctp"));
    close_zone();
}
END_TEST

START_TEST(naptr_without_any_srv_record_keeps_to_its_best_transport)
{
    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIPS+D2T", "_sips._tcp.c.example");
    zone_naptr(&zone, "c.example", 2, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    zone_host(&zone, "c.example", "192.0.2.1", 60);

    ck_assert_str_eq(resolve(0).text, "tls:192.0.2.1:5061 0/0"); /* RFC 3263 section 4.2 */
    close_zone();
}
END_TEST

START_TEST(only_the_first_naptr_records_are_followed)
{
    static char owners[20][32];

    open_zone();
    for (int i = 0; i < 20; i++) {
        sprintf(owners[i], "_sip._udp.%d.example", i);
        zone_naptr(&zone, "c.example", 20 - i, 1, "s", "SIP+D2U", owners[i]);
    }
    resolve(0);
    ck_assert_ptr_nonnull(strstr(zone.asked, "NAPTR c.example, SRV _sip._udp.19.example"));
    ck_assert_ptr_nonnull(strstr(zone.asked, "SRV _sip._udp.12.example"));
    ck_assert_ptr_null(strstr(zone.asked, "SRV _sip._udp.11.example"));
    close_zone();
}
END_TEST

START_TEST(without_naptr_the_first_of_udp_tcp_and_tls_with_srv_records_wins)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 1, "a.example", 60);
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 2, "a.example", 60);
    zone_srv(&zone, "_sips._tcp.c.example", 0, 0, 3, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "c.example", "192.0.2.9", 60);

    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:1 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sip._udp.c.example");
    ck_assert_str_eq(resolve(0).text, "tcp:192.0.2.1:2 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sip._tcp.c.example");
    ck_assert_str_eq(resolve(0).text, "tls:192.0.2.1:3 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sips._tcp.c.example");
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.9:5060 0/0");
    close_zone();
}
END_TEST

START_TEST(the_best_transport_is_waited_for_and_the_others_are_not)
{
    const struct tha_name name = {.host = "c.example"};
    struct tha_dns_question question, questions[3];
    struct tha_lookup_result result;
    struct tha_dns_answer answer;
    struct tha_lookup *lookup;
    uint32_t place, places[3];

    open_zone();
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 2, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
    ck_assert(tha_lookup_next_question(lookup, &place, &question));
    ck_assert(!tha_lookup_next_question(lookup, &places[0], &questions[0]));
    answer = zone_answer(&zone, &question);
    tha_lookup_answer(lookup, place, &answer);
    for (int i = 0; i < 3; i++)
        ck_assert(tha_lookup_next_question(lookup, &places[i], &questions[i]));

    answer = zone_answer(&zone, &questions[1]);
    tha_lookup_answer(lookup, places[1], &answer);
    ck_assert(!tha_lookup_next_question(lookup, &place, &question)); /* UDP would go before it */
    answer = zone_answer(&zone, &questions[0]);
    tha_lookup_answer(lookup, places[0], &answer);
    answer_all(lookup); /* TLS has not been answered, and need not be */
    ck_assert(tha_lookup_is_done(lookup, &result));
    ck_assert_uint_eq(result.n_locations, 1);
    tha_lookup_free(lookup);
    close_zone();
}
END_TEST

/* ---- SRV */

START_TEST(a_target_that_is_the_root_says_that_the_service_is_not_offered)
{
    struct outcome out;

    open_zone();
    zone.negative_ttl_s = 7;
    zone_srv(&zone, "_sips._tcp.c.example", 0, 0, 5061, "", 90);
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    out = resolve_over(THA_TRANSPORT_TLS, 0);
    ck_assert_uint_eq(out.result.trouble, THA_DNS_TROUBLE_NOT_OFFERED);
    ck_assert_uint_eq(out.result.ttl_s, 90);
    ck_assert_str_eq(zone.asked, "SRV _sips._tcp.c.example");
    close_zone();
}
END_TEST

START_TEST(udp_that_is_not_offered_goes_on_to_tcp_but_not_to_the_name_itself)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 0, "", 60);
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 2, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "c.example", "192.0.2.9", 60);

    ck_assert_str_eq(resolve(0).text, "tcp:192.0.2.1:2 0/0");
    zone_clear(&zone, THA_DNS_SRV, "_sip._tcp.c.example");
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_NOT_OFFERED);
    close_zone();
}
END_TEST

START_TEST(tcp_that_is_not_offered_says_nothing_of_udp)
{
    open_zone();
    zone_srv(&zone, "_sip._tcp.c.example", 0, 0, 0, "", 60);
    zone_host(&zone, "c.example", "192.0.2.9", 60);
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.9:5060 0/0");
    close_zone();
}
END_TEST

START_TEST(srv_records_with_port_0_are_passed_over)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 0, "a.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5070, "b.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "b.example", "192.0.2.2", 60);
    zone_host(&zone, "c.example", "192.0.2.9", 60);

    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.2:5070 1/0");
    ck_assert_ptr_null(strstr(zone.asked, "a.example"));

    zone_clear(&zone, THA_DNS_SRV, "_sip._udp.c.example");
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 0, "a.example", 60);
    ck_assert_uint_eq(resolve_over(THA_TRANSPORT_UDP, 0).result.trouble, THA_DNS_TROUBLE_NOT_OFFERED);
    close_zone();
}
END_TEST

START_TEST(one_name_in_two_records_is_asked_for_once)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5070, "a.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_UDP, 0).text, "udp:192.0.2.1:5060 0/0, udp:192.0.2.1:5070 1/0");
    ck_assert_str_eq(zone.asked, "SRV _sip._udp.c.example, A a.example, AAAA a.example");
    close_zone();
}
END_TEST

START_TEST(the_weight_of_a_target_is_divided_among_its_addresses)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 90, 5060, "a.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 1, 2, 5060, "b.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 2, 0, 5060, "d.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "a.example", "192.0.2.2", 60);
    zone_host(&zone, "a.example", "0.0.0.0", 60);
    zone_host(&zone, "a.example", "2001:db8::1", 60);
    zone_host(&zone, "b.example", "192.0.2.3", 60);
    zone_host(&zone, "b.example", "192.0.2.4", 60);
    zone_host(&zone, "b.example", "192.0.2.5", 60);
    zone_host(&zone, "d.example", "192.0.2.6", 60);

    ck_assert_str_eq(resolve_over(THA_TRANSPORT_UDP, 0).text,
                     "udp:192.0.2.1:5060 0/30, udp:192.0.2.2:5060 0/30, udp:[2001:db8::1]:5060 0/30, "
                     "udp:192.0.2.3:5060 1/1, udp:192.0.2.4:5060 1/1, udp:192.0.2.5:5060 1/1, udp:192.0.2.6:5060 2/0");
    close_zone();
}
END_TEST

START_TEST(an_address_that_is_named_twice_is_one_with_the_best_priority)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 5, 50, 5060, "a.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 2, 10, 5060, "b.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 2, 20, 5060, "d.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 2, 20, 5061, "d.example", 60);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "b.example", "192.0.2.1", 60);
    zone_host(&zone, "d.example", "192.0.2.1", 60);
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_UDP, 0).text, "udp:192.0.2.1:5060 2/20, udp:192.0.2.1:5061 2/20");
    close_zone();
}
END_TEST

START_TEST(a_rotated_answer_is_the_same_list)
{
    static const char *const ips[] = {"192.0.2.7", "192.0.2.70", "10.0.0.1", "192.0.2.6"};
    static const char *const targets[] = {"a.example", "b.example", "d.example"};
    char first[1024] = "";

    for (unsigned turn = 0; turn < 12; turn++) {
        struct outcome out;

        open_zone();
        for (unsigned i = 0; i < 3; i++)
            zone_srv(&zone, "_sip._udp.c.example", 1, 10, 5060 + (int)((i + turn) % 3), targets[(i + turn) % 3], 60);
        for (unsigned i = 0; i < 4; i++) {
            zone_host(&zone, "a.example", ips[(i + turn) % 4], 60);
            zone_host(&zone, "b.example", ips[(i + turn + 1) % 4], 60);
        }
        zone_host(&zone, "d.example", "2001:db8::2", 60);
        out = resolve(0);
        if (!turn)
            strcpy(first, out.text);
        ck_assert_uint_eq(out.result.n_locations, 9);
        ck_assert_str_eq(out.text, first);
        close_zone();
    }
    ck_assert_ptr_nonnull(strstr(first, "udp:[2001:db8::2]:5062 1/10, udp:10.0.0.1:5060 1/2, "));
}
END_TEST

/* ---- Failures */

START_TEST(a_name_that_is_not_there_and_one_without_addresses_are_told_apart)
{
    open_zone();
    zone.negative_ttl_s = 17;
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_NO_NAME);
    ck_assert_uint_eq(resolve(5060).result.trouble, THA_DNS_TROUBLE_NO_NAME);
    ck_assert_uint_eq(resolve(5060).result.ttl_s, 17);
    zone_add(&zone, 16, "c.example", 60); /* a TXT record */
    ck_assert_uint_eq(resolve(5060).result.trouble, THA_DNS_TROUBLE_NO_ADDRESS);
    ck_assert_uint_eq(resolve(5060).result.ttl_s, 17);
    zone.negative_ttl_s = 0;
    ck_assert_uint_eq(resolve(5060).result.ttl_s, 0);
    close_zone();
}
END_TEST

START_TEST(srv_targets_that_are_not_there_are_no_missing_name)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 60);
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_NO_ADDRESS);
    close_zone();
}
END_TEST

START_TEST(a_failure_on_the_way_is_a_failure)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    zone_fail(&zone, THA_DNS_NAPTR, "c.example", THA_DNS_SILENT);
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_SILENT);
    zone_clear(&zone, THA_DNS_NAPTR, "c.example");
    zone_fail(&zone, THA_DNS_SRV, "_sip._udp.c.example", THA_DNS_FAILED);
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_FAILED);
    ck_assert_uint_eq(resolve_over(THA_TRANSPORT_UDP, 0).result.trouble, THA_DNS_TROUBLE_FAILED);
    ck_assert_uint_eq(resolve_over(THA_TRANSPORT_UDP, 0).result.ttl_s, 0);
    ck_assert_str_eq(resolve_over(THA_TRANSPORT_TCP, 0).text, "tcp:192.0.2.1:5060 0/0");
    close_zone();
}
END_TEST

START_TEST(a_failure_of_what_would_not_have_been_taken_does_not_matter)
{
    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "c.example", 60);
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    zone_fail(&zone, THA_DNS_SRV, "_sip._tcp.c.example", THA_DNS_FAILED);
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:5060 0/0");
    close_zone();
}
END_TEST

START_TEST(a_server_that_does_not_know_naptr_or_srv_has_none)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    zone_fail(&zone, THA_DNS_NAPTR, "c.example", THA_DNS_FAILED);
    zone_set(&zone, THA_DNS_NAPTR, "c.example")->answer.rcode = 4;
    zone_fail(&zone, THA_DNS_SRV, "_sip._udp.c.example", THA_DNS_FAILED);
    zone_set(&zone, THA_DNS_SRV, "_sip._udp.c.example")->answer.rcode = 4;
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:5060 0/0");

    zone_fail(&zone, THA_DNS_A, "c.example", THA_DNS_FAILED);
    zone_set(&zone, THA_DNS_A, "c.example")->answer.rcode = 4;
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_FAILED);
    close_zone();
}
END_TEST

START_TEST(a_target_that_fails_is_lost_alone_and_the_result_says_so)
{
    struct outcome out;

    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 60);
    zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5060, "b.example", 60);
    zone_host(&zone, "b.example", "192.0.2.2", 60);
    zone_fail(&zone, THA_DNS_A, "a.example", THA_DNS_SILENT);
    zone_fail(&zone, THA_DNS_AAAA, "a.example", THA_DNS_FAILED);
    out = resolve(0);
    ck_assert_str_eq(out.text, "udp:192.0.2.2:5060 1/0");
    ck_assert(out.result.is_partial);

    zone_clear(&zone, THA_DNS_A, "b.example");
    out = resolve(0);
    ck_assert_uint_eq(out.result.trouble, THA_DNS_TROUBLE_SILENT); /* the first of them */
    ck_assert(!out.result.is_partial);
    close_zone();
}
END_TEST

START_TEST(addresses_that_no_peer_can_have_are_passed_over)
{
    static const char *const bad[] = {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255",
                                      "::",      "ff02::1", "fe80::1",   "febf::1",         "::ffff:192.0.2.1"};

    open_zone();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        zone_host(&zone, "c.example", bad[i], 60);
    ck_assert_uint_eq(resolve(5060).result.trouble, THA_DNS_TROUBLE_NO_ADDRESS);

    zone_host(&zone, "c.example", "127.0.0.1", 60);
    zone_host(&zone, "c.example", "223.255.255.255", 60);
    zone_host(&zone, "c.example", "::1", 60);
    zone_host(&zone, "c.example", "fec0::1", 60);
    ck_assert_str_eq(resolve(5060).text, "udp:127.0.0.1:5060 0/0, udp:223.255.255.255:5060 0/0, "
                                         "udp:[::1]:5060 0/0, udp:[fec0::1]:5060 0/0");
    close_zone();
}
END_TEST

START_TEST(a_record_of_the_wrong_family_is_no_address)
{
    open_zone();
    zone_host(&zone, "x.example", "2001:db8::1", 60);
    zone_add(&zone, THA_DNS_A, "c.example", 60)->addr = zone_set(&zone, THA_DNS_AAAA, "x.example")->records[0].addr;
    zone_add(&zone, THA_DNS_A, "c.example", 60);
    ck_assert_uint_eq(resolve(5060).result.trouble, THA_DNS_TROUBLE_NO_ADDRESS);
    close_zone();
}
END_TEST

START_TEST(a_name_that_a_prefix_makes_too_long_has_no_srv_records)
{
    static char host[THA_DNS_NAME_SIZE];
    const struct tha_name over_udp = {.host = host, .has_transport = true};

    open_zone();
    memset(host, 'x', sizeof(host) - 1);
    zone_host(&zone, host, "192.0.2.1", 60);
    ck_assert_str_eq(resolve_name(&over_udp).text, "udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(zone.n_asked, 2);
    ck_assert_str_eq(resolve_name(&(struct tha_name){.host = host}).text, "udp:192.0.2.1:5060 0/0");
    close_zone();
}
END_TEST

/* ---- Times */

START_TEST(the_smallest_ttl_on_the_way_counts)
{
    struct outcome out;

    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 50);
    zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5060, "b.example", 50);
    zone_host(&zone, "a.example", "192.0.2.1", 60);
    zone_host(&zone, "b.example", "192.0.2.2", 40);
    zone.negative_ttl_s = 5; /* of AAAA: does not count */
    out = resolve(0);
    ck_assert_uint_eq(out.locations[0].ttl_s, 50);
    ck_assert_uint_eq(out.locations[1].ttl_s, 40);
    ck_assert_uint_eq(out.result.ttl_s, 40);

    zone_set(&zone, THA_DNS_NAPTR, "c.example")->records[0].ttl_s = 30;
    ck_assert_uint_eq(resolve(0).result.ttl_s, 30);
    close_zone();
}
END_TEST

START_TEST(a_ttl_of_0_is_one)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 0);
    ck_assert_uint_eq(resolve(5060).result.ttl_s, 0);
    ck_assert_uint_eq(resolve(5060).result.trouble, THA_DNS_FINE);
    close_zone();
}
END_TEST

/* ---- Bounds */

START_TEST(no_more_than_32_targets_are_asked_for_the_best_ones)
{
    static char targets[100][32];
    struct outcome out;

    open_zone();
    for (int i = 0; i < 100; i++) {
        sprintf(targets[i], "t%d.example", i);
        zone_srv(&zone, "_sip._udp.c.example", 100 - i / 2, i % 2, 5060, targets[i], 60);
    }
    zone_host(&zone, "t67.example", "192.0.2.67", 60);
    zone_host(&zone, "t68.example", "192.0.2.68", 60);
    zone_host(&zone, "t69.example", "192.0.2.69", 60);
    zone_host(&zone, "t99.example", "192.0.2.99", 60);
    out = resolve_over(THA_TRANSPORT_UDP, 0);
    ck_assert_str_eq(out.text, "udp:192.0.2.99:5060 51/1, udp:192.0.2.69:5060 66/1, udp:192.0.2.68:5060 66/0");
    ck_assert(out.result.is_cut);
    ck_assert_uint_eq(zone.n_asked, 1 + 64);
    close_zone();
}
END_TEST

START_TEST(no_more_than_64_locations_are_taken_whatever_their_order)
{
    char first[8192] = "";

    for (int turn = 0; turn < 2; turn++) {
        struct outcome out;

        open_zone();
        for (int i = 0; i < 200; i++) {
            char ip[32];

            sprintf(ip, "192.0.2.%d", turn ? 200 - i : i + 1);
            zone_host(&zone, i % 3 ? "a.example" : "b.example", ip, 60);
        }
        zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5060, "a.example", 60);
        zone_srv(&zone, "_sip._udp.c.example", 2, 0, 5060, "b.example", 60);
        out = resolve(0);
        ck_assert_uint_eq(out.result.n_locations, THA_DNS_LOCATIONS_MAX);
        ck_assert(out.result.is_cut);
        if (turn == 0)
            for (int i = 0; i < 64; i++)
                ck_assert_uint_eq(out.locations[i].priority, 1);
        close_zone();
        strcpy(first, out.text);
    }

    open_zone();
    for (int i = 64; i > 0; i--) {
        char ip[32];

        sprintf(ip, "192.0.2.%d", i);
        zone_host(&zone, "c.example", ip, 60);
    }
    ck_assert_uint_eq(resolve(5060).result.n_locations, 64);
    ck_assert(!resolve(5060).result.is_cut);
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
    ck_assert(!result.is_partial);
    tha_lookup_free(lookup);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    const struct tha_name name = {.host = "c.example"};
    unsigned n_failed = 0;

    open_zone();
    zone_naptr(&zone, "c.example", 1, 1, "s", "SIP+D2U", "_sip._udp.c.example");
    zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5060, "a.example", 60);
    for (int i = 0; i < 200; i++) { /* fills more than the first chunk of its memory */
        char ip[32];

        sprintf(ip, "2001:db8::%d", i);
        zone_srv(&zone, "_sip._udp.c.example", 2, 0, 5060 + i, i % 2 ? "b.example" : "d.example", 60);
        zone_host(&zone, "a.example", ip, 60);
        zone_host(&zone, "b.example", ip, 60);
        zone_host(&zone, "d.example", ip, 60);
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
            ck_assert(failing.has_failed == (result.trouble == THA_DNS_TROUBLE_FAILED || result.is_partial));
        }
        tha_lookup_free(lookup);
        ck_assert_int_eq(failing.blocks, 0);
        n_failed += failing.has_failed;
        if (!failing.has_failed)
            break;
    }
    ck_assert_uint_ge(n_failed, 2);
    close_zone();
}
END_TEST

/* ---- Anything */

static void check_result(const struct tha_lookup_result *result)
{
    ck_assert_uint_le(result->n_locations, THA_DNS_LOCATIONS_MAX);
    ck_assert_int_eq(result->trouble == THA_DNS_FINE, result->n_locations > 0);
    for (uint32_t i = 0; i < result->n_locations; i++) {
        const struct tha_location *a = &result->locations[i];

        ck_assert_uint_ne(a->addr.port, 0);
        ck_assert_uint_ge(a->ttl_s, result->ttl_s);
        for (uint32_t j = i + 1; j < result->n_locations; j++) {
            const struct tha_location *b = &result->locations[j];

            ck_assert(!tha_addr_is_equal(&a->addr, &b->addr));
            ck_assert(a->priority < b->priority || (a->priority == b->priority && a->weight >= b->weight));
            ck_assert_uint_eq(a->addr.transport, b->addr.transport);
        }
    }
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
    for (int i = 0; i < 20000; i++) {
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
                ck_assert_uint_lt(n_asked++, THA_LOOKUP_QUESTIONS_MAX);
                places[n_open] = place;
                types[n_open++] = question.type;
            }
            ck_assert_uint_gt(n_open, 0);
            chosen = (uint32_t)rand() % n_open;
            answer = any_answer(types[chosen], records);
            ck_assert_int_eq(tha_lookup_answer(lookup, places[chosen], &answer), 0);
            places[chosen] = places[--n_open];
            types[chosen] = types[n_open];
        }
        check_result(&result);
        n_fine += result.trouble == THA_DNS_FINE;
        tha_lookup_free(lookup);
    }
    ck_assert_uint_gt(n_fine, 1000);
}
END_TEST

SUITE("lookup", a_port_asks_for_both_families_and_for_nothing_else, both_families_are_asked_for_at_once,
      a_transport_asks_for_its_own_srv_records, a_transport_without_srv_records_takes_the_name_itself_and_the_default_port,
      a_transport_is_never_exchanged_for_another, naptr_records_go_by_order_and_then_preference,
      naptr_records_that_we_cannot_use_are_passed_over, naptr_without_any_srv_record_keeps_to_its_best_transport,
      only_the_first_naptr_records_are_followed, without_naptr_the_first_of_udp_tcp_and_tls_with_srv_records_wins,
      the_best_transport_is_waited_for_and_the_others_are_not,
      a_target_that_is_the_root_says_that_the_service_is_not_offered,
      udp_that_is_not_offered_goes_on_to_tcp_but_not_to_the_name_itself, tcp_that_is_not_offered_says_nothing_of_udp,
      srv_records_with_port_0_are_passed_over, one_name_in_two_records_is_asked_for_once,
      the_weight_of_a_target_is_divided_among_its_addresses, an_address_that_is_named_twice_is_one_with_the_best_priority,
      a_rotated_answer_is_the_same_list, a_name_that_is_not_there_and_one_without_addresses_are_told_apart,
      srv_targets_that_are_not_there_are_no_missing_name, a_failure_on_the_way_is_a_failure,
      a_failure_of_what_would_not_have_been_taken_does_not_matter, a_server_that_does_not_know_naptr_or_srv_has_none,
      a_target_that_fails_is_lost_alone_and_the_result_says_so, addresses_that_no_peer_can_have_are_passed_over,
      a_record_of_the_wrong_family_is_no_address, a_name_that_a_prefix_makes_too_long_has_no_srv_records,
      the_smallest_ttl_on_the_way_counts, a_ttl_of_0_is_one, no_more_than_32_targets_are_asked_for_the_best_ones,
      no_more_than_64_locations_are_taken_whatever_their_order, answers_to_nothing_change_nothing, any_allocation_may_fail,
      whatever_is_answered_in_whatever_order_there_is_an_end_within_bounds)
