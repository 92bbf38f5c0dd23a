#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/address.h"

static void expect_target(const char *text, const char *target, const char *uri)
{
    struct tha_config_sip_address address;
    char target_buf[THA_ADDR_TEXT_SIZE];
    const char *problem = tha_config_read_sip_address(text, &address);

    ck_assert_msg(!problem, "%s: %s", text, problem);
    ck_assert(!address.is_name);
    ck_assert_str_eq(tha_addr_text(&address.addr, target_buf, sizeof(target_buf)), target);
    ck_assert_str_eq(address.uri, uri);
}

/** @p transport NULL = the DNS says. */
static void expect_name(const char *text, const char *host, unsigned port, const char *transport, const char *uri)
{
    struct tha_config_sip_address address;
    const char *problem = tha_config_read_sip_address(text, &address);

    ck_assert_msg(!problem, "%s: %s", text, problem);
    ck_assert_msg(address.is_name && !address.addr.family, "%s", text);
    ck_assert_ptr_eq(address.name.host, address.host);
    ck_assert_str_eq(address.host, host);
    ck_assert_uint_eq(address.name.port, port);
    ck_assert_msg(address.name.has_transport == !!transport, "%s", text);
    if (transport)
        ck_assert_str_eq(tha_transport_name(address.name.transport), transport);
    ck_assert_str_eq(address.uri, uri);
}

static void expect_refusal(const char *text)
{
    struct tha_config_sip_address address = {.uri = "untouched"};

    ck_assert_msg(tha_config_read_sip_address(text, &address), "%s", text);
    ck_assert_str_eq(address.uri, "untouched");
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
    expect_refusal("192.0.2.1:0");
    expect_refusal("192.0.2.1:65536");
    expect_refusal("192.0.2.1:000080");
    expect_refusal("192.0.2.1:-1");
    expect_refusal("192.0.2.1:+5");
    expect_refusal("192.0.2.1:");
    expect_refusal("[2001:db8::1]:");
    expect_refusal("carrier.example:0");
}
END_TEST

START_TEST(transport_and_scheme_decide_about_the_port_of_an_address)
{
    expect_target("sip:192.0.2.1;transport=tcp", "tcp:192.0.2.1:5060", "sip:192.0.2.1;transport=tcp");
    expect_target("192.0.2.1;transport=TLS", "tls:192.0.2.1:5061", "sip:192.0.2.1;transport=tls");
    expect_target("192.0.2.1:5060;transport=tls", "tls:192.0.2.1:5060", "sip:192.0.2.1:5060;transport=tls");
    expect_target("sips:192.0.2.1", "tls:192.0.2.1:5061", "sips:192.0.2.1");
    expect_target("SIPS:u@[2001:db8::1]:7", "tls:[2001:db8::1]:7", "sips:[2001:db8::1]:7");
    expect_target("sips:192.0.2.1;transport=tcp", "tls:192.0.2.1:5061", "sips:192.0.2.1;transport=tcp");
    expect_target("sips:192.0.2.1;transport=tls", "tls:192.0.2.1:5061", "sips:192.0.2.1;transport=tls");
    expect_refusal("sips:192.0.2.1;transport=udp");
    expect_refusal("sips:carrier.example;transport=UDP");
}
END_TEST

START_TEST(names_are_kept_as_they_are_looked_up)
{
    expect_name("carrier.example", "carrier.example", 0, NULL, "sip:carrier.example");
    expect_name("Carrier.EXAMPLE.", "carrier.example", 0, NULL, "sip:carrier.example");
    expect_name("host1", "host1", 0, NULL, "sip:host1");
    expect_name("sip:u:p@x-y_z.example:5070;lr", "x-y_z.example", 5070, NULL, "sip:x-y_z.example:5070");
    expect_name("a;transport=udp", "a", 0, "udp", "sip:a;transport=udp");
    expect_name("a:1;transport=tcp", "a", 1, "tcp", "sip:a:1;transport=tcp");
    expect_name("a;transport=tls", "a", 0, "tls", "sip:a;transport=tls");
    expect_name("sips:a", "a", 0, "tls", "sips:a");
    expect_name("sips:a;transport=tcp", "a", 0, "tls", "sips:a;transport=tcp");
    expect_name("1a.a1", "1a.a1", 0, NULL, "sip:1a.a1");
}
END_TEST

START_TEST(host_of_an_address_has_no_brackets)
{
    struct tha_config_sip_address address;

    ck_assert_ptr_null(tha_config_read_sip_address("sips:[2001:DB8::1]:5061", &address));
    ck_assert_str_eq(address.host, "2001:db8::1");
    ck_assert_ptr_null(tha_config_read_sip_address("192.0.2.1:5061", &address));
    ck_assert_str_eq(address.host, "192.0.2.1");
}
END_TEST

START_TEST(names_have_bounds)
{
    char label[65], text[200];

    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    expect_name(label, label, 0, NULL, strcat(strcpy(text, "sip:"), label));
    label[63] = 'a';
    label[64] = '\0';
    expect_refusal(label);

    label[60] = '\0';
    snprintf(text, sizeof(text), "%s.%s.%s", label, label, "x");
    ck_assert_uint_eq(strlen(text) + strlen("sip:"), TRUNKHA_URI_SIZE - 1);
    ck_assert_ptr_null(tha_config_read_sip_address(text, &(struct tha_config_sip_address){.is_name = false}));
    strcat(text, "y");
    expect_refusal(text);
    memset(text, 'a', sizeof(text));
    for (size_t i = 9; i < sizeof(text); i += 10)
        text[i] = '.';
    text[sizeof(text) - 1] = '\0';
    expect_refusal(text);
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
        ".",
        "a..b",
        "a..",
        "carrier.example.7",
        "7",
        "caf\xc3\xa9",
        "a b",
        "a\r\nb",
        "a@b",
        "<sip:a>",
        "sip:a?b=c",
        "sip:192.0.2.1;transport=sctp",
        "192.0.2.1;transport=",
        "carrier.example;transport",
        "carrier.example:0",
        "sip:192.0.2.1;maddr=192.0.2.2",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(texts[i]);
}
END_TEST

START_TEST(address_of_no_single_peer_is_wrong)
{
    static const char *const texts[] = {
        "0.0.0.0", "::", "[::]:5060", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "::ffff:192.0.2.1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(texts[i]);
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
    expect_refusal(text);
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

static void expect_ip(const char *text, const char *wanted)
{
    char buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;
    const char *problem = tha_config_read_ip_address(text, 53, &addr);

    ck_assert_msg(!problem == !!wanted, "%s", text);
    if (wanted)
        ck_assert_str_eq(tha_addr_text(&addr, buf, sizeof(buf)), wanted);
}

START_TEST(plain_addresses_may_have_a_port)
{
    expect_ip("192.0.2.1", "udp:192.0.2.1:53");
    expect_ip("192.0.2.1:1", "udp:192.0.2.1:1");
    expect_ip("2001:db8::1", "udp:[2001:db8::1]:53");
    expect_ip("[2001:db8::1]", "udp:[2001:db8::1]:53");
    expect_ip("[2001:db8::1]:65535", "udp:[2001:db8::1]:65535");
}
END_TEST

START_TEST(other_plain_addresses_are_refused)
{
    static const char *const texts[] = {
        "",
        "x",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2",
        "[192.0.2.1]",
        "[2001:db8::1",
        "udp:192.0.2.1:1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "::ffff:192.0.2.1",
        "carrier.example",
        " 192.0.2.1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_ip(texts[i], NULL);
}
END_TEST

START_TEST(certificates_name_hosts_and_addresses)
{
    static const char *const good[] = {"", "carrier.example", "A-b_c", "192.0.2.1", "2001:db8::1"};
    static const char *const bad[] = {".", "a.", "a b", "[2001:db8::1]", "192.0.2", "a:5061", "*.example", "sip:a"};
    enum tha_config_code code;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(!tha_config_check_host(good[i], &code), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(tha_config_check_host(bad[i], &code), "%s", bad[i]);
}
END_TEST

SUITE("config address", address_takes_every_form, of_parameters_only_the_transport_stays, ports_go_from_1_to_65535,
      transport_and_scheme_decide_about_the_port_of_an_address, names_are_kept_as_they_are_looked_up,
      host_of_an_address_has_no_brackets, names_have_bounds, nonsense_is_wrong, address_of_no_single_peer_is_wrong,
      endless_parameters_are_refused, listen_address_names_transport_address_and_port, other_listen_addresses_are_refused,
      plain_addresses_may_have_a_port, other_plain_addresses_are_refused, certificates_name_hosts_and_addresses)
