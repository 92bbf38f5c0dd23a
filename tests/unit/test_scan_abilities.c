#include "adapters/scan_abilities.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define METHOD(name) tha_method_bit(name, sizeof(name) - 1)
#define OPTION(name) tha_option_bit(name, sizeof(name) - 1)
#define CODEC(name)  tha_codec_bit(name, sizeof(name) - 1)

/** Exactly as long as it is, so that a sanitizer sees every step too far. */
static struct tha_abilities scan(const char *headers, const char *body)
{
    size_t len = strlen("SIP/2.0 200 OK\r\n\r\n") + strlen(headers) + strlen(body);
    struct tha_abilities abilities = {1, 1, 1};
    char *packet = malloc(len + 1);

    ck_assert_int_eq(snprintf(packet, len + 1, "SIP/2.0 200 OK\r\n%s\r\n%s", headers, body), (int)len);
    packet = realloc(packet, len);
    tha_scan_abilities(packet, len, &abilities);
    free(packet);

    return abilities;
}

START_TEST(methods_of_all_allow_headers_are_read)
{
    struct tha_abilities abilities = scan("Allow: INVITE, ACK,BYE\r\nVia: x\r\nallow:PRACK ,NOSUCH\r\n", "");

    ck_assert_uint_eq(abilities.methods, METHOD("INVITE") | METHOD("ACK") | METHOD("BYE") | METHOD("PRACK"));
    ck_assert_uint_eq(abilities.options, 0);
    ck_assert_uint_eq(abilities.codecs, 0);
}
END_TEST

START_TEST(supported_that_is_empty_differs_from_none)
{
    ck_assert_uint_eq(scan("Supported: \r\n", "").options, THA_OPTIONS_SAID);
    ck_assert_uint_eq(scan("Unsupported: timer\r\n", "").options, 0);
    ck_assert_uint_eq(scan("k: 100rel, Timer\r\n", "").options, THA_OPTIONS_SAID | OPTION("100rel") | OPTION("timer"));
}
END_TEST

static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 97\r\n"
                          "a=rtpmap:97 iLBC/8000\r\nm=video 4002 RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\n"
                          "m=audio 4004 RTP/AVP 99\r\na=rtpmap:99 opus/48000/2\r\n";

START_TEST(codecs_of_audio_are_read_by_number_and_by_name)
{
    uint32_t expected = CODEC("PCMU") | CODEC("PCMA") | CODEC("iLBC") | CODEC("opus");

    ck_assert_uint_eq(scan("Content-Type: application/sdp\r\n", sdp).codecs, expected);
    ck_assert_uint_eq(scan("c: Application/SDP;charset=utf-8\r\n", sdp).codecs, expected);
}
END_TEST

START_TEST(body_of_another_type_is_not_read)
{
    ck_assert_uint_eq(scan("Content-Type: application/sdpx\r\n", sdp).codecs, 0);
    ck_assert_uint_eq(scan("Content-Type: text/plain\r\n", sdp).codecs, 0);
    ck_assert_uint_eq(scan("", sdp).codecs, 0);
}
END_TEST

START_TEST(what_follows_the_body_is_not_read)
{
    ck_assert_uint_eq(scan("Content-Type: application/sdp\r\nContent-Length: 24\r\n",
                           "m=audio 4000 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8\r\n")
                          .codecs,
                      CODEC("PCMU"));
}
END_TEST

START_TEST(nonsense_says_nothing_and_harms_nobody)
{
    static const char *const bodies[] = {"m=audio",
                                         "m=audio ",
                                         "m=audio 1",
                                         "m=audio 1 RTP/AVP",
                                         "m=audio 1 RTP/AVP 4711 -1 x",
                                         "m=audio 1 2\na=rtpmap:",
                                         "m=audio 1 2\na=rtpmap:97",
                                         "m=audio 1 2\na=rtpmap:97 /",
                                         "\n\n\nm",
                                         "a=rtpmap:0 PCMU/8000"};
    struct tha_abilities abilities;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        ck_assert_uint_eq(scan("Content-Type: application/sdp\r\n", bodies[i]).codecs, 0);

    ck_assert_uint_eq(scan("Allow: ,,,\r\nAllow:\r\n", "").methods, 0);
    tha_scan_abilities("SIP/2.0", 7, &abilities);
    ck_assert_uint_eq(abilities.methods, 0);
    ck_assert_uint_eq(scan("Allow INVITE\r\nAllow: ACK\r\n", "").methods, 0); /* no header at all: not read on */
}
END_TEST

START_TEST(answer_cut_anywhere_is_read_within_its_bounds)
{
    static const char whole[] = "SIP/2.0 200 OK\r\nAllow: INVITE\r\nk: timer\r\nc: application/sdp\r\nl: 60\r\n\r\n"
                                "m=audio 4000 RTP/AVP 0 8 97\r\na=rtpmap:97 iLBC/8000\r\n";
    const uint32_t possible = CODEC("PCMU") | CODEC("PCMA") | CODEC("iLBC") | CODEC("G722"); /* 9, of 97 */
    struct tha_abilities abilities;

    for (size_t len = 0; len < sizeof(whole); len++) {
        char *cut = malloc(len ? len : 1);

        memcpy(cut, whole, len);
        tha_scan_abilities(cut, len, &abilities);
        ck_assert_uint_eq(abilities.codecs & ~possible, 0);
        free(cut);
    }
}
END_TEST

SUITE("scan_abilities", methods_of_all_allow_headers_are_read, supported_that_is_empty_differs_from_none,
      codecs_of_audio_are_read_by_number_and_by_name, body_of_another_type_is_not_read, what_follows_the_body_is_not_read,
      nonsense_says_nothing_and_harms_nobody, answer_cut_anywhere_is_read_within_its_bounds)
