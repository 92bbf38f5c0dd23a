#include <string.h>

#include "../suite.h"
#include "config/address.h"

static void expect_target(const char *text, const char *target, const char *uri)
{
    char uri_buf[TRUNKHA_URI_SIZE], target_buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;
    bool is_unsupported = true;
    const char *problem = tha_config_read_sip_address(text, &addr, uri_buf, sizeof(uri_buf), &is_unsupported);

    ck_assert_msg(!problem, "%s: %s", text, problem);
    ck_assert(!is_unsupported);
    ck_assert_str_eq(tha_addr_text(&addr, target_buf, sizeof(target_buf)), target);
    ck_assert_str_eq(uri_buf, uri);
}

static void expect_refusal(const char *text, bool wanted_unsupported)
{
    char uri_buf[TRUNKHA_URI_SIZE] = "untouched";
    struct tha_addr addr = {.port = 77};
    bool is_unsupported = !wanted_unsupported;

    ck_assert_msg(tha_config_read_sip_address(text, &addr, uri_buf, sizeof(uri_buf), &is_unsupported), "%s", text);
    ck_assert_msg(is_unsupported == wanted_unsupported, "%s", text);
    ck_assert_str_eq(uri_buf, "untouched");
    ck_assert_uint_eq(addr.port, 77);
}

START_TEST(address_takes_every_form)
{
    expect_target("192.0.2.1", "udp:192.0.2.1:5060", "sip:192.0.2.1");
    expect_target("192.0.2.1:5070", "udp:192.0.2.1:5070", "sip:192.0.2.1:5070");
    expect_target("2001:db8::1", "udp:[2001:db8::1]:5060", "sip:[2001:db8::1]");
    expect_target("[2001:DB8:0:0::1]", "udp:[2001:db8::1]:5060", "sip:[2001:db8::1]");
    expect_target("[2001:db8::1]:5062", "udp:[2001:db8::1]:5062", "sip:[2001:db8::1]:5062");
    expect_target("SIP:192.0.2.1", "udp:192.0.2.1:5060", "sip:192.0.2.1");
    expect_target("sip:user@192.0.2.1", "udp:192.0.2.1:5060", "sip:192.0.2.1");
    expect_target("sip:a:b@[2001:db8::1]:1", "udp:[2001:db8::1]:1", "sip:[2001:db8::1]:1");
}
END_TEST

START_TEST(of_parameters_only_the_transport_stays)
{
    expect_target("sip:192.0.2.1;lr;Transport=UDP;x=y", "udp:192.0.2.1:5060", "sip:192.0.2.1;transport=udp");
    expect_target("192.0.2.1:5070;transport=udp", "udp:192.0.2.1:5070", "sip:192.0.2.1:5070;transport=udp");
    expect_target("sip:192.0.2.1;", "udp:192.0.2.1:5060", "sip:192.0.2.1");
}
END_TEST

START_TEST(ports_go_from_1_to_65535)
{
    expect_target("192.0.2.1:1", "udp:192.0.2.1:1", "sip:192.0.2.1:1");
    expect_target("192.0.2.1:65535", "udp:192.0.2.1:65535", "sip:192.0.2.1:65535");
    expect_refusal("192.0.2.1:0", false);
    expect_refusal("192.0.2.1:65536", false);
    expect_refusal("192.0.2.1:000080", false);
    expect_refusal("192.0.2.1:-1", false);
    expect_refusal("192.0.2.1:+5", false);
    expect_refusal("192.0.2.1:", false);
    expect_refusal("[2001:db8::1]:", false);
    expect_refusal("carrier.example:0", false);
}
END_TEST

START_TEST(what_comes_later_is_unsupported_and_not_wrong)
{
    static const char *const texts[] = {
        "carrier.example",
        "carrier.example.",
        "host1",
        "sip:carrier.example:5070",
        "sip:u:p@x-y_z.example;lr",
        "sips:192.0.2.1",
        "sip:192.0.2.1;transport=tcp",
        "192.0.2.1;transport=TLS",
        "sip:192.0.2.1;maddr=192.0.2.2",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(texts[i], true);
}
END_TEST

START_TEST(nonsense_is_wrong)
{
    static const char *const texts[] = {
        "",
        ":",
        ":5060",
        "sip:",
        "sip:@",
        "[",
        "[]",
        "[]:5060",
        "[::1",
        "[::1]x",
        "[::1]]",
        "[192.0.2.1]",
        "[carrier.example]",
        "999.1.2.3",
        "192.0.2",
        "1.2.3.4.5",
        "2001:zz::1",
        "1.2.3.4:5:6",
        "fe80::1%eth0",
        "192.0.2.1/24",
        ".example",
        "caf\xc3\xa9",
        "a b",
        "a\r\nb",
        "a@b",
        "<sip:a>",
        "sip:a?b=c",
        "sip:192.0.2.1;transport=sctp",
        "192.0.2.1;transport=",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(texts[i], false);
}
END_TEST

START_TEST(address_of_no_single_peer_is_wrong)
{
    static const char *const texts[] = {
        "0.0.0.0", "::", "[::]:5060", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "::ffff:192.0.2.1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(texts[i], false);
    expect_target("223.255.255.255", "udp:223.255.255.255:5060", "sip:223.255.255.255");
    expect_target("240.0.0.1", "udp:240.0.0.1:5060", "sip:240.0.0.1");
    expect_target("127.0.0.1", "udp:127.0.0.1:5060", "sip:127.0.0.1");
}
END_TEST

START_TEST(endless_parameters_are_refused)
{
    char text[200] = "192.0.2.1";

    for (size_t i = 0; i < 40; i++)
        strcat(text, ";x");
    expect_refusal(text, false);
}
END_TEST

static void expect_listen(const char *text, const char *wanted)
{
    char buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;
    bool is_unsupported;
    const char *problem = tha_config_read_listen_address(text, &addr, &is_unsupported);

    ck_assert_msg(!problem == !!wanted, "%s", text);
    if (wanted)
        ck_assert_str_eq(tha_addr_text(&addr, buf, sizeof(buf)), wanted);
}

START_TEST(listen_address_names_transport_address_and_port)
{
    expect_listen("udp:0.0.0.0:0", "udp:0.0.0.0:0");
    expect_listen("UDP:127.0.0.1:65535", "udp:127.0.0.1:65535");
    expect_listen("udp:[::]:5060", "udp:[::]:5060");
    expect_listen("udp:[::1]:0", "udp:[::1]:0");
}
END_TEST

START_TEST(other_listen_addresses_are_refused)
{
    static const char *const texts[] = {
        "",
        "udp",
        "udp:",
        "udp::",
        "udp:0.0.0.0",
        "udp:0.0.0.0:",
        "udp:0.0.0.0:65536",
        "udp::::0",
        "udp:::1:0",
        "0.0.0.0:5060",
        "udp:[0.0.0.0]:0",
        "udp:host:5060",
        "udp:[::]5060",
        "sctp:0.0.0.0:0",
        "udp:224.0.0.1:0",
        "udp:255.255.255.255:0",
        "tcp:0.0.0.0:0",
        "TLS:0.0.0.0:0",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_listen(texts[i], NULL);
}
END_TEST

SUITE("config address", address_takes_every_form, of_parameters_only_the_transport_stays, ports_go_from_1_to_65535,
      what_comes_later_is_unsupported_and_not_wrong, nonsense_is_wrong, address_of_no_single_peer_is_wrong,
      endless_parameters_are_refused, listen_address_names_transport_address_and_port, other_listen_addresses_are_refused)
