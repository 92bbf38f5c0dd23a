/* NAPTR and SRV: which transport, which targets. */
#include "test_lookup.h"

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

START_TEST(what_is_of_no_use_any_more_is_not_asked_for)
{
    const struct tha_name name = {.host = "c.example"};
    struct tha_dns_question question;
    struct tha_dns_answer answer;
    struct tha_lookup *lookup;
    uint32_t place;

    open_zone();
    zone_srv(&zone, "_sip._udp.c.example", 0, 0, 5060, "a.example", 60);
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(tha_lookup_next_question(lookup, &place, &question));
        answer = zone_answer(&zone, &question);
        tha_lookup_answer(lookup, place, &answer);
    }
    answer_all(lookup);
    ck_assert_str_eq(zone.asked, "NAPTR c.example, SRV _sip._udp.c.example, A a.example, AAAA a.example");
    tha_lookup_free(lookup);
    close_zone();
}
END_TEST

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

static void fail_with(uint32_t type, const char *name, uint32_t rcode)
{
    zone_fail(&zone, type, name, THA_DNS_FAILED);
    zone_set(&zone, type, name)->answer.rcode = rcode;
}

static void turn_naptr_and_srv_down(uint32_t rcode)
{
    open_zone();
    zone_host(&zone, "c.example", "192.0.2.1", 60);
    fail_with(THA_DNS_NAPTR, "c.example", rcode);
    fail_with(THA_DNS_SRV, "_sip._udp.c.example", rcode);
}

START_TEST(a_server_that_does_not_know_naptr_or_srv_or_refuses_them_has_none)
{
    static const uint32_t not_implemented = 4, refused = 5;

    turn_naptr_and_srv_down(not_implemented);
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:5060 0/0");
    fail_with(THA_DNS_A, "c.example", not_implemented);
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_FAILED);
    close_zone();

    turn_naptr_and_srv_down(refused);
    ck_assert_str_eq(resolve(0).text, "udp:192.0.2.1:5060 0/0");
    fail_with(THA_DNS_A, "c.example", refused);
    ck_assert_uint_eq(resolve(0).result.trouble, THA_DNS_TROUBLE_FAILED);
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

SUITE("lookup_offers", naptr_records_go_by_order_and_then_preference, naptr_records_that_we_cannot_use_are_passed_over,
      naptr_without_any_srv_record_keeps_to_its_best_transport, only_the_first_naptr_records_are_followed,
      without_naptr_the_first_of_udp_tcp_and_tls_with_srv_records_wins,
      the_best_transport_is_waited_for_and_the_others_are_not, what_is_of_no_use_any_more_is_not_asked_for,
      a_target_that_is_the_root_says_that_the_service_is_not_offered,
      udp_that_is_not_offered_goes_on_to_tcp_but_not_to_the_name_itself, tcp_that_is_not_offered_says_nothing_of_udp,
      srv_records_with_port_0_are_passed_over, a_failure_on_the_way_is_a_failure,
      a_failure_of_what_would_not_have_been_taken_does_not_matter,
      a_server_that_does_not_know_naptr_or_srv_or_refuses_them_has_none,
      a_name_that_a_prefix_makes_too_long_has_no_srv_records)
