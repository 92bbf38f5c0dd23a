#include "adapters/wire.h"

#include <string.h>

#include "../suite.h"
#include "adapters/scan_response.h"

static struct tha_wire_local local_of(const char *ip, uint16_t port)
{
    struct tha_wire_local local;
    struct tha_addr addr;

    ck_assert(tha_addr_parse_ip(&addr, ip, strlen(ip)));
    addr.port = port;
    tha_wire_set_local(&local, &addr);

    return local;
}

static void assert_written(const struct tha_wire_request *request, const char *expected)
{
    char buf[2048] = "";
    size_t len = tha_wire_write(request, buf, sizeof(buf) - 1);

    ck_assert_str_eq(buf, expected);
    ck_assert_uint_eq(len, strlen(expected));
}

static const struct tha_token token = {0x0123456789abcdef, 0xfedcba9876543210, 0x00c0ffee, 314159};

START_TEST(request_has_everything_that_rfc_3261_asks_for)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    const struct tha_wire_local local = local_of("192.0.2.9", 5062);
    const struct tha_wire_request request = {&text, "sip:carrier.example", &local, token, 10};

    assert_written(&request, "OPTIONS sip:carrier.example SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK-0000000a0123456789abcdef;rport\r\n"
                             "Max-Forwards: 70\r\n"
                             "From: <sip:ping@192.0.2.9>;tag=00c0ffee\r\n"
                             "To: <sip:carrier.example>\r\n"
                             "Call-ID: fedcba9876543210\r\n"
                             "CSeq: 314159 OPTIONS\r\n"
                             "Contact: <sip:192.0.2.9:5062>\r\n"
                             "Accept: application/sdp\r\n"
                             "User-Agent: trunkha/" TRUNKHA_VERSION "\r\n"
                             "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(request_says_what_the_configuration_gives)
{
    static const struct tha_header headers[] = {{"X-Customer", "4711"}, {"Organization", "Example, Inc."}};
    static const struct tha_probe_text text = {.from_uri = "sip:monitor@pbx.example",
                                               .contact_uri = "sip:pbx.example:5061",
                                               .request_uri = "sip:ping@carrier.example",
                                               .user_agent = "Our SBC",
                                               .max_forwards = 0,
                                               .headers = headers,
                                               .n_headers = 2};
    const struct tha_wire_local local = local_of("2001:db8::1", 5060);
    const struct tha_wire_request request = {&text, "sip:other.example", &local, token, UINT32_MAX - 1};

    assert_written(&request, "OPTIONS sip:ping@carrier.example SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-fffffffe0123456789abcdef;rport\r\n"
                             "Max-Forwards: 0\r\n"
                             "From: <sip:monitor@pbx.example>;tag=00c0ffee\r\n"
                             "To: <sip:ping@carrier.example>\r\n"
                             "Call-ID: fedcba9876543210\r\n"
                             "CSeq: 314159 OPTIONS\r\n"
                             "Contact: <sip:pbx.example:5061>\r\n"
                             "Accept: application/sdp\r\n"
                             "User-Agent: Our SBC\r\n"
                             "X-Customer: 4711\r\n"
                             "Organization: Example, Inc.\r\n"
                             "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(request_over_a_connection_says_its_transport_and_carries_credentials)
{
    static const struct tha_probe_text text = {.max_forwards = 70, .user_agent = "x"};
    const struct tha_wire_local local = local_of("192.0.2.9", 5062);
    const struct tha_wire_request request = {
        &text, "sip:carrier.example", &local, token, 10, THA_TRANSPORT_TLS, {"Authorization: Digest x\r\n", 25}};

    assert_written(&request, "OPTIONS sip:carrier.example SIP/2.0\r\n"
                             "Via: SIP/2.0/TLS 192.0.2.9:5062;branch=z9hG4bK-0000000a0123456789abcdef;rport\r\n"
                             "Max-Forwards: 70\r\n"
                             "From: <sip:ping@192.0.2.9>;tag=00c0ffee\r\n"
                             "To: <sip:carrier.example>\r\n"
                             "Call-ID: fedcba9876543210\r\n"
                             "CSeq: 314159 OPTIONS\r\n"
                             "Contact: <sip:192.0.2.9:5062;transport=tls>\r\n"
                             "Authorization: Digest x\r\n"
                             "Accept: application/sdp\r\n"
                             "User-Agent: x\r\n"
                             "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(request_that_does_not_fit_is_not_written_at_any_size)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    const struct tha_wire_local local = local_of("192.0.2.9", 5062);
    const struct tha_wire_request request = {&text, "sip:carrier.example", &local, token, 10};
    char whole[2048], buf[2048];
    size_t len = tha_wire_write(&request, whole, sizeof(whole));

    for (size_t size = 0; size < len; size++) {
        buf[size] = '#';
        ck_assert_uint_eq(tha_wire_write(&request, buf, size), 0);
        ck_assert_int_eq(buf[size], '#');
    }
    ck_assert_uint_eq(tha_wire_write(&request, buf, len), len);
}
END_TEST

START_TEST(response_that_echoes_the_request_reads_back_as_its_token)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    const struct tha_wire_local local = local_of("2001:db8::1", 5062);
    const struct tha_wire_request request = {&text, "sip:carrier.example", &local, token, 77};
    char packet[2048] = "SIP/2.0 200 OK\r\n", buf[2048] = "";
    struct tha_response response;

    tha_wire_write(&request, buf, sizeof(buf) - 1);
    strcat(packet, strchr(buf, '\n') + 1);

    ck_assert(tha_scan_response(packet, strlen(packet), &response));
    ck_assert(response.is_to_probe);
    ck_assert_uint_eq(response.slot, 77);
    ck_assert_uint_eq(response.token.branch, token.branch);
    ck_assert_uint_eq(response.token.call_id, token.call_id);
    ck_assert_uint_eq(response.token.from_tag, token.from_tag);
    ck_assert_uint_eq(response.token.cseq, token.cseq);
}
END_TEST

SUITE("wire", request_has_everything_that_rfc_3261_asks_for, request_says_what_the_configuration_gives,
      request_over_a_connection_says_its_transport_and_carries_credentials,
      request_that_does_not_fit_is_not_written_at_any_size, response_that_echoes_the_request_reads_back_as_its_token)
