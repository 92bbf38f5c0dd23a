#include <string.h>

#include "../suite.h"
#include "base/addr.h"

START_TEST(addresses_are_read_and_written_alike)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "::", "0.0.0.0"};
    char buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;

    for (size_t i = 0; i < 4; i++)
        ck_assert(tha_addr_parse_ip(&addr, texts[i], strlen(texts[i])));
    ck_assert(tha_addr_is_any(&addr));

    ck_assert(tha_addr_parse_ip(&addr, "192.0.2.1", 9));
    addr.port = 5060;
    ck_assert_str_eq(tha_addr_text(&addr, buf, sizeof(buf)), "udp:192.0.2.1:5060");
    ck_assert(tha_addr_parse_ip(&addr, "2001:db8::1", 11));
    addr.port = 5061;
    addr.transport = THA_TRANSPORT_TLS;
    ck_assert_str_eq(tha_addr_text(&addr, buf, sizeof(buf)), "tls:[2001:db8::1]:5061");
    ck_assert_str_eq(tha_addr_host_text(&addr, buf, sizeof(buf)), "[2001:db8::1]");
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const texts[] = {"", "192.0.2", "192.0.2.256", "host", "[::1]", "1:2", "192.0.2.1 "};
    struct tha_addr addr = {.port = 77};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!tha_addr_parse_ip(&addr, texts[i], strlen(texts[i])), "%s", texts[i]);
    ck_assert_uint_eq(addr.port, 77);
}
END_TEST

START_TEST(a_written_address_reads_back)
{
    static const char *const texts[] = {"udp:192.0.2.1:5060", "tcp:192.0.2.1:0", "tls:[2001:db8::1]:65535"};
    char buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert(tha_addr_parse_text(&addr, texts[i]));
        ck_assert_str_eq(tha_addr_text(&addr, buf, sizeof(buf)), texts[i]);
        ck_assert_str_eq(tha_addr_port_text(&addr, buf, sizeof(buf)), texts[i] + strlen("udp:"));
    }
}
END_TEST

START_TEST(what_was_not_written_by_us_does_not_read_back)
{
    static const char *const texts[] = {"",
                                        "192.0.2.1:5060",
                                        "udp:192.0.2.1",
                                        "udp:192.0.2.1:",
                                        "udp:192.0.2.1:x",
                                        "udp:192.0.2.1:65536",
                                        "udp:192.0.2.1:100000",
                                        "sctp:192.0.2.1:5060",
                                        "udp:2001:db8::1:5060",
                                        "udp:[192.0.2.1]:5060",
                                        "udp:[:5060",
                                        "udp:]:5060",
                                        "udp::5060",
                                        "udp:host:5060"};
    struct tha_addr addr;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!tha_addr_parse_text(&addr, texts[i]), "%s", texts[i]);
}
END_TEST

START_TEST(equal_means_port_and_transport_too)
{
    struct tha_addr a, b;

    ck_assert(tha_addr_parse_ip(&a, "192.0.2.1", 9));
    b = a;
    ck_assert(tha_addr_is_equal(&a, &b));
    b.port = 1;
    ck_assert(!tha_addr_is_equal(&a, &b));
    ck_assert(tha_addr_is_same_ip(&a, &b));
    ck_assert(tha_addr_parse_ip(&b, "::ffff:192.0.2.1", 16));
    ck_assert(!tha_addr_is_same_ip(&a, &b));
}
END_TEST

START_TEST(loopback_is_all_of_127_and_one_address_of_version_6)
{
    static const struct {
        const char *ip;
        bool is_loopback;
    } cases[] = {{"127.0.0.1", true}, {"127.255.0.9", true}, {"128.0.0.1", false}, {"::1", true},
                 {"::", false},       {"64:ff9b::1", false}, {"::ffff:0:1", false}};
    struct tha_addr addr;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert(tha_addr_parse_ip(&addr, cases[i].ip, strlen(cases[i].ip)));
        ck_assert_msg(tha_addr_is_loopback(&addr) == cases[i].is_loopback, "%s", cases[i].ip);
    }
}
END_TEST

SUITE("addr", addresses_are_read_and_written_alike, what_is_no_address_is_refused, a_written_address_reads_back,
      what_was_not_written_by_us_does_not_read_back, equal_means_port_and_transport_too,
      loopback_is_all_of_127_and_one_address_of_version_6)
