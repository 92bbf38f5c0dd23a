/* A and AAAA: which addresses, in which order, for how long. */
#include "test_lookup.h"

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
    ck_assert(out.result.lacks_ipv4 && out.result.lacks_ipv6);

    zone_clear(&zone, THA_DNS_A, "b.example");
    out = resolve(0);
    ck_assert_uint_eq(out.result.trouble, THA_DNS_TROUBLE_SILENT); /* the first of them */
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

START_TEST(records_in_an_answer_that_says_no_are_not_believed)
{
    const struct tha_name name = {.host = "c.example", .port = 5060};
    struct tha_dns_record record = {.ttl_s = 60};
    struct tha_dns_answer no = {.outcome = THA_DNS_NO_NAME, .records = &record, .n_records = 1};
    struct tha_dns_question question;
    struct tha_lookup_result result;
    struct tha_lookup *lookup;
    uint32_t place;

    tha_addr_parse_ip(&record.addr, "192.0.2.1", 9);
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, &name, &lookup), 0);
    while (tha_lookup_next_question(lookup, &place, &question))
        tha_lookup_answer(lookup, place, &no);
    ck_assert(tha_lookup_is_done(lookup, &result));
    ck_assert_uint_eq(result.trouble, THA_DNS_TROUBLE_NO_NAME);
    tha_lookup_free(lookup);
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

START_TEST(no_more_than_32_targets_are_asked_for_the_best_ones)
{
    static char targets[100][32];
    struct outcome out;

    open_zone();
    for (int i = 0; i < 100; i++) {
        sprintf(targets[i], "t%d.example", i);
        zone_srv(&zone, "_sip._udp.c.example", 100 - i / 3, i % 3, 5060, targets[i], 60);
    }
    zone_host(&zone, "t66.example", "192.0.2.66", 60);
    zone_host(&zone, "t67.example", "192.0.2.67", 60);
    zone_host(&zone, "t68.example", "192.0.2.68", 60);
    zone_host(&zone, "t69.example", "192.0.2.69", 60);
    zone_host(&zone, "t99.example", "192.0.2.99", 60);
    out = resolve_over(THA_TRANSPORT_UDP, 0);
    ck_assert_str_eq(out.text, "udp:192.0.2.99:5060 67/0, udp:192.0.2.69:5060 77/0, udp:192.0.2.68:5060 78/2");
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
            int number = turn ? 200 - i : i + 1;
            char ip[32];

            sprintf(ip, "192.0.2.%d", number);
            zone_host(&zone, number % 4 ? "a.example" : "b.example", ip, 60);
        }
        zone_srv(&zone, "_sip._udp.c.example", 2, 0, 5060, "a.example", 60);
        zone_srv(&zone, "_sip._udp.c.example", 1, 0, 5060, "b.example", 60);
        out = resolve(0);
        ck_assert_uint_eq(out.result.n_locations, THA_DNS_LOCATIONS_MAX);
        ck_assert(out.result.is_cut);
        ck_assert_uint_eq(out.locations[49].priority, 1);
        ck_assert_uint_eq(out.locations[50].priority, 2);
        if (turn)
            ck_assert_str_eq(out.text, first);
        strcpy(first, out.text);
        close_zone();
    }
}
END_TEST

START_TEST(just_64_locations_are_all_of_them)
{
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

SUITE("lookup_targets", one_name_in_two_records_is_asked_for_once, the_weight_of_a_target_is_divided_among_its_addresses,
      an_address_that_is_named_twice_is_one_with_the_best_priority, a_rotated_answer_is_the_same_list,
      a_name_that_is_not_there_and_one_without_addresses_are_told_apart, srv_targets_that_are_not_there_are_no_missing_name,
      a_target_that_fails_is_lost_alone_and_the_result_says_so, addresses_that_no_peer_can_have_are_passed_over,
      records_in_an_answer_that_says_no_are_not_believed, a_record_of_the_wrong_family_is_no_address,
      the_smallest_ttl_on_the_way_counts, a_ttl_of_0_is_one, no_more_than_32_targets_are_asked_for_the_best_ones,
      no_more_than_64_locations_are_taken_whatever_their_order, just_64_locations_are_all_of_them)
