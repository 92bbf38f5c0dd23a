#include "adapters/answer.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define LATER                                                                                                               \
    "From: <sip:peer@198.51.100.7>;tag=p1\r\nTo: <sip:us>\r\nCall-ID: c1\r\nCSeq: 5 OPTIONS\r\nContact: <sip:peer>\r\n"     \
    "Content-Length: 0\r\n\r\n"
#define REQUEST                                                                                                             \
    "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKp;rport\r\nMax-Forwards: 70\r\n" LATER

static char answer[4096];
static struct tha_addr to;

static enum tha_answer_kind answer_as(const struct tha_answerer *us, const char *ip, const char *text)
{
    struct tha_udp_packet request = {.data = text, .len = strlen(text)};
    enum tha_answer_kind kind;
    size_t len = 0;

    ck_assert(tha_addr_parse_ip(&request.peer, ip, strlen(ip)));
    request.peer.port = 40000;
    kind = tha_answer_write(&request, us, answer, sizeof(answer) - 1, &len, &to);
    answer[len] = '\0';

    return kind;
}

static enum tha_answer_kind answer_from(const char *ip, const char *text, bool is_draining)
{
    return answer_as(&(struct tha_answerer){.is_draining = is_draining, .secret = 1}, ip, text);
}

static enum tha_answer_kind answer_to(const char *text)
{
    return answer_from("198.51.100.7", text, false);
}

static void assert_says(const char *text)
{
    ck_assert_msg(strstr(answer, text) != NULL, "\"%s\" is missing in:\n%s", text, answer);
}

START_TEST(options_is_answered_200_with_what_an_answer_repeats)
{
    ck_assert_int_eq(answer_to(REQUEST), THA_ANSWER_GIVEN);
    ck_assert_int_eq(strncmp(answer, "SIP/2.0 200 OK\r\n", 16), 0);
    assert_says("\r\nVia: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKp;rport=40000;received=198.51.100.7\r\n");
    assert_says("\r\nFrom: <sip:peer@198.51.100.7>;tag=p1\r\n");
    assert_says("\r\nTo: <sip:us>;tag=");
    assert_says("\r\nCall-ID: c1\r\n");
    assert_says("\r\nCSeq: 5 OPTIONS\r\n");
    assert_says("\r\nAllow: OPTIONS\r\n");
    assert_says("\r\nAccept: application/sdp\r\n");
    assert_says("\r\nContent-Length: 0\r\n\r\n");
    ck_assert_ptr_null(strstr(answer, "Contact"));
}
END_TEST

START_TEST(with_a_host_for_calls_they_are_allowed)
{
    ck_assert_int_eq(answer_as(&(struct tha_answerer){.takes_calls = true}, "198.51.100.7", REQUEST), THA_ANSWER_GIVEN);
    assert_says("\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n");
}
END_TEST

START_TEST(answer_goes_to_the_source_port_when_rport_is_asked_for)
{
    answer_to(REQUEST);
    ck_assert_uint_eq(to.port, 40000);
    ck_assert_uint_eq(to.ip[3], 7);
}
END_TEST

START_TEST(answer_goes_to_the_port_of_the_via_without_rport)
{
    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP pbx.example:5070;branch=b\r\n" LATER),
                     THA_ANSWER_GIVEN);
    ck_assert_uint_eq(to.port, 5070);
    ck_assert_uint_eq(to.ip[0], 198); /* not where the name may point */
    assert_says("Via: SIP/2.0/UDP pbx.example:5070;branch=b;received=198.51.100.7\r\n");

    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nv:SIP / 2.0 / UDP  pbx.example ;branch=b\r\n" LATER),
                     THA_ANSWER_GIVEN);
    ck_assert_uint_eq(to.port, 5060);

    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/udp pbx.example:99\r\n" LATER), THA_ANSWER_GIVEN);
    ck_assert_uint_eq(to.port, 99);

    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::7];branch=b\r\n" LATER),
                     THA_ANSWER_GIVEN);
    ck_assert_uint_eq(to.port, 5060);

    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::7]:99\r\n" LATER), THA_ANSWER_GIVEN);
    ck_assert_uint_eq(to.port, 99);
}
END_TEST

START_TEST(received_is_written_without_brackets_for_ipv6)
{
    ck_assert_int_eq(answer_from("2001:db8::7", REQUEST, false), THA_ANSWER_GIVEN);
    assert_says(";received=2001:db8::7\r\n");
}
END_TEST

START_TEST(all_vias_are_repeated_and_only_the_top_one_is_marked)
{
    ck_assert_int_eq(answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a;rport;branch=1, SIP/2.0/TCP b;branch=2\r\n"
                               "Via: SIP/2.0/UDP c;branch=3;rport\r\n" LATER),
                     THA_ANSWER_GIVEN);
    assert_says("\r\nVia: SIP/2.0/UDP a;rport=40000;branch=1;received=198.51.100.7, SIP/2.0/TCP b;branch=2\r\n"
                "Via: SIP/2.0/UDP c;branch=3;rport\r\n");
}
END_TEST

START_TEST(to_tag_is_the_same_for_a_retransmission_and_kept_when_there_is_one)
{
    char first[sizeof(answer)];

    answer_to(REQUEST);
    strcpy(first, answer);
    answer_to(REQUEST);
    ck_assert_str_eq(answer, first);

    answer_to("OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a;rport\r\nFrom: <sip:p>\r\nTo: <sip:us>;tag=kept\r\n"
              "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n");
    assert_says("\r\nTo: <sip:us>;tag=kept\r\n");
}
END_TEST

START_TEST(options_is_answered_503_while_draining)
{
    ck_assert_int_eq(answer_from("198.51.100.7", REQUEST, true), THA_ANSWER_GIVEN);
    ck_assert_int_eq(strncmp(answer, "SIP/2.0 503 Service Unavailable\r\n", 33), 0);
    assert_says("\r\nRetry-After: 30\r\n");
}
END_TEST

START_TEST(other_methods_are_answered_405_and_ack_not_at_all)
{
    ck_assert_int_eq(answer_to("INVITE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a;rport\r\nFrom: <sip:p>;tag=1\r\nTo: <sip:us>\r\n"
                               "Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"),
                     THA_ANSWER_REJECTED);
    ck_assert_int_eq(strncmp(answer, "SIP/2.0 405 Method Not Allowed\r\n", 32), 0);
    assert_says("\r\nAllow: OPTIONS\r\n");
    assert_says("\r\nCSeq: 1 INVITE\r\n");

    ck_assert_int_eq(answer_to("ACK sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a;rport\r\nFrom: <sip:p>;tag=1\r\nTo: <sip:us>\r\n"
                               "Call-ID: c\r\nCSeq: 1 ACK\r\n\r\n"),
                     THA_ANSWER_NONE);
}
END_TEST

START_TEST(malformed_requests_are_not_answered)
{
    static const char *const requests[] = {
        "",
        "a a a a a a a a",
        "OPTIONS sip:us SIP/2.0\r\n\r\n",
        "OPTIONS sip:us SIP/2.0\r\n" LATER, /* no Via */
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: UDP a\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia:\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a:0\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a:65536\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a:\r\n" LATER,
        "INVITE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n" LATER, /* CSeq names another method */
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nCall-ID: twice\r\n" LATER,
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:p>\r\nTo: <sip:us>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n",
    };

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        ck_assert_msg(answer_to(requests[i]) == THA_ANSWER_MALFORMED, "%zu: %s", i, requests[i]);
}
END_TEST

START_TEST(request_whose_answer_would_be_too_long_is_not_answered)
{
    static char request[8192];

    strcpy(request, "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP a;x=");
    memset(request + strlen(request), 'y', sizeof(answer));
    strcat(request, "\r\n" LATER);
    ck_assert_int_eq(answer_to(request), THA_ANSWER_MALFORMED);
}
END_TEST

SUITE("answer", options_is_answered_200_with_what_an_answer_repeats, with_a_host_for_calls_they_are_allowed,
      answer_goes_to_the_source_port_when_rport_is_asked_for, answer_goes_to_the_port_of_the_via_without_rport,
      received_is_written_without_brackets_for_ipv6, all_vias_are_repeated_and_only_the_top_one_is_marked,
      to_tag_is_the_same_for_a_retransmission_and_kept_when_there_is_one, options_is_answered_503_while_draining,
      other_methods_are_answered_405_and_ack_not_at_all, malformed_requests_are_not_answered,
      request_whose_answer_would_be_too_long_is_not_answered)
