#include "adapters/scan_response.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define VIA     "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-000000050000000000000abc;rport=5060;received=192.0.2.9\r\n"
#define FROM    "From: <sip:ping@192.0.2.9>;tag=0000beef\r\n"
#define TO      "To: <sip:carrier.example>;tag=xyz\r\n"
#define CALL_ID "Call-ID: 00000000000c0de1\r\n"
#define CSEQ    "CSeq: 9 OPTIONS\r\n"
#define REST    "Allow: INVITE, ACK\r\nContent-Length: 0\r\n\r\n"
#define LATER   FROM TO CALL_ID CSEQ REST

enum expected { OURS, OTHERS, MALFORMED };

static const struct {
    const char *why;
    const char *packet;
    enum expected expected;
} table[] = {
    {"as we like it", "SIP/2.0 200 OK\r\n" VIA LATER, OURS},
    {"no phrase", "SIP/2.0 200 \r\n" VIA LATER, OURS},
    {"no blank before no phrase", "SIP/2.0 200\r\n" VIA LATER, OURS},
    {"phrase in UTF-8", "SIP/2.0 200 D'accord, très bien\r\n" VIA LATER, OURS},
    {"bare line feeds",
     "SIP/2.0 200 OK\nv:SIP/2.0/UDP h;branch=z9hG4bK-000000050000000000000abc\nf:<s:a>;tag=0000beef\n"
     "i:00000000000c0de1\nCSeq:9 OPTIONS\n\n",
     OURS},
    {"compact and odd case",
     "SIP/2.0 200 OK\r\nV : SIP / 2.0 / UDP h ; BRANCH = z9hG4bK-000000050000000000000abc\r\n"
     "fRoM:sip:a;tag=0000beef\r\nI:  00000000000c0de1\t\r\ncseq: 9   OPTIONS\r\n\r\n",
     OURS},
    {"folded",
     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n  ;branch=z9hG4bK-000000050000000000000abc\r\nFrom:\r\n\t<sip:a>\r\n"
     " ;tag=0000beef\r\nCall-ID:\r\n 00000000000c0de1\r\nCSeq: 9\r\n OPTIONS\r\n\r\n",
     OURS},
    {"two Vias in one line",
     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK-000000050000000000000abc, "
     "SIP/2.0/UDP i;branch=z9hG4bKx\r\n" LATER,
     OURS},
    {"two Via lines, ours on top", "SIP/2.0 200 OK\r\n" VIA "Via: SIP/2.0/UDP i;branch=z9hG4bKx\r\n" LATER, OURS},
    {"two Via lines, ours below", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP i;branch=z9hG4bKx\r\n" VIA LATER, OTHERS},
    {"two Vias in one line, ours behind",
     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP i;branch=z9hG4bKx, SIP/2.0/UDP h;"
     "branch=z9hG4bK-000000050000000000000abc\r\n" LATER,
     OTHERS},
    {"tag in a display name",
     "SIP/2.0 200 OK\r\n" VIA "From: \";tag=0000dead\" <sip:a;tag=0000dead>;tag=0000beef\r\n" TO CALL_ID CSEQ REST, OURS},
    {"a line of nonsense", "SIP/2.0 200 OK\r\n" VIA "nonsense\r\n" LATER, OURS},
    {"body", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "Content-Length: 3\r\n\r\nabc", OURS},
    {"more body than told", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "Content-Length: 3\r\n\r\nabcd", OURS},
    {"body of headers", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "\r\n" VIA FROM CALL_ID CSEQ, OURS},

    {"another method", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 9 INVITE\r\n" REST, OTHERS},
    {"method in lower case", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 9 options\r\n" REST, OTHERS},
    {"method and more", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 9 OPTIONS x\r\n" REST, OTHERS},
    {"no From tag", "SIP/2.0 200 OK\r\n" VIA "From: <sip:a>\r\n" TO CALL_ID CSEQ REST, OTHERS},
    {"tag inside the brackets", "SIP/2.0 200 OK\r\n" VIA "From: <sip:a;tag=0000beef>\r\n" TO CALL_ID CSEQ REST, OTHERS},
    {"long From tag", "SIP/2.0 200 OK\r\n" VIA "From: <sip:a>;tag=00000beef\r\n" TO CALL_ID CSEQ REST, OTHERS},
    {"From tag in capitals", "SIP/2.0 200 OK\r\n" VIA "From: <sip:a>;tag=0000BEEF\r\n" TO CALL_ID CSEQ REST, OTHERS},
    {"short Call-ID", "SIP/2.0 200 OK\r\n" VIA FROM TO "Call-ID: 0000000000c0de1\r\n" CSEQ REST, OTHERS},
    {"Call-ID with a host", "SIP/2.0 200 OK\r\n" VIA FROM TO "Call-ID: 00000000000c0de1@h\r\n" CSEQ REST, OTHERS},
    {"branch cut", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK-000000050000000000000ab\r\n" LATER, OTHERS},
    {"branch in quotes", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=\"z9hG4bK-000000050000000000000abc\"\r\n" LATER,
     OTHERS},

    {"nothing", "", MALFORMED},
    {"version only", "SIP/2.0", MALFORMED},
    {"version and blank", "SIP/2.0 ", MALFORMED},
    {"two digits", "SIP/2.0 20\r\n" VIA LATER, MALFORMED},
    {"four digits", "SIP/2.0 2000 OK\r\n" VIA LATER, MALFORMED},
    {"no digits", "SIP/2.0 abc OK\r\n" VIA LATER, MALFORMED},
    {"code 099", "SIP/2.0 099 OK\r\n" VIA LATER, MALFORMED},
    {"code 700", "SIP/2.0 700 OK\r\n" VIA LATER, MALFORMED},
    {"code -20", "SIP/2.0 -20 OK\r\n" VIA LATER, MALFORMED},
    {"two blanks", "SIP/2.0  200 OK\r\n" VIA LATER, MALFORMED},
    {"version 3", "SIP/3.0 200 OK\r\n" VIA LATER, MALFORMED},
    {"version in lower case", "sip/2.0 200 OK\r\n" VIA LATER, MALFORMED},
    {"blank in front", " SIP/2.0 200 OK\r\n" VIA LATER, MALFORMED},
    {"HTTP", "HTTP/1.1 200 OK\r\n" VIA LATER, MALFORMED},
    {"status line alone, open", "SIP/2.0 200 OK", MALFORMED},
    {"status line alone", "SIP/2.0 200 OK\r\n", MALFORMED},
    {"status line and end", "SIP/2.0 200 OK\r\n\r\n", MALFORMED},
    {"folded status line", "SIP/2.0 200 OK\r\n and more\r\n" VIA LATER, MALFORMED},
    {"no Via", "SIP/2.0 200 OK\r\n" LATER, MALFORMED},
    {"no branch", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n" LATER, MALFORMED},
    {"no From", "SIP/2.0 200 OK\r\n" VIA TO CALL_ID CSEQ REST, MALFORMED},
    {"no Call-ID", "SIP/2.0 200 OK\r\n" VIA FROM TO CSEQ REST, MALFORMED},
    {"no CSeq", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID REST, MALFORMED},
    {"two Froms", "SIP/2.0 200 OK\r\n" VIA FROM LATER, MALFORMED},
    {"two Call-IDs, one compact", "SIP/2.0 200 OK\r\n" VIA "i: 00000000000c0de1\r\n" LATER, MALFORMED},
    {"two CSeqs", "SIP/2.0 200 OK\r\n" VIA CSEQ LATER, MALFORMED},
    {"CSeq without number", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: OPTIONS\r\n" REST, MALFORMED},
    {"CSeq without method", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 9\r\n" REST, MALFORMED},
    {"CSeq beyond 32 bits", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 4294967305 OPTIONS\r\n" REST, MALFORMED},
    {"headers without end", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID CSEQ, MALFORMED},
    {"half an end", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID CSEQ "\r", MALFORMED},
    {"cut in a header", "SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID CSEQ "Allo", MALFORMED},
    {"a Via without colon", "SIP/2.0 200 OK\r\nVia\r\n" VIA LATER, MALFORMED},
    {"body cut", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "Content-Length: 4\r\n\r\nabc", MALFORMED},
    {"length no number", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "Content-Length: x\r\n\r\n", MALFORMED},
    {"length negative", "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ "Content-Length: -1\r\n\r\n", MALFORMED},
    {"request", "OPTIONS sip:a SIP/2.0\r\n" VIA LATER, MALFORMED},
};

START_TEST(responses_are_sorted_into_ours_others_and_malformed)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t len = strlen(table[i].packet);
        char *exact = malloc(len ? len : 1); /* a sanitizer sees the first byte read too far */
        struct tha_response response;
        bool is_read;

        memcpy(exact, table[i].packet, len);
        is_read = tha_scan_response(exact, len, &response);
        free(exact);

        ck_assert_msg(is_read == (table[i].expected != MALFORMED), "%s", table[i].why);
        if (!is_read)
            continue;
        ck_assert_msg(response.is_to_probe == (table[i].expected == OURS), "%s", table[i].why);
        ck_assert_uint_eq(response.code, 200);
        if (table[i].expected == OURS) {
            ck_assert_msg(response.slot == 5 && response.token.branch == 0xabc, "%s", table[i].why);
            ck_assert_msg(response.token.call_id == 0xc0de1 && response.token.from_tag == 0xbeef, "%s", table[i].why);
            ck_assert_msg(response.token.cseq == 9, "%s", table[i].why);
        }
    }
}
END_TEST

START_TEST(every_code_from_100_to_699_is_read_as_it_stands)
{
    for (unsigned code = 0; code <= 999; code++) {
        struct tha_response response;
        char packet[1024];

        snprintf(packet, sizeof(packet), "SIP/2.0 %03u x\r\n%s", code, VIA LATER);
        ck_assert_msg(tha_scan_response(packet, strlen(packet), &response) == (code >= 100 && code <= 699), "%u", code);
        if (code >= 100 && code <= 699)
            ck_assert_uint_eq(response.code, code);
    }
}
END_TEST

START_TEST(response_cut_anywhere_is_malformed)
{
    static const char packet[] = "SIP/2.0 200 OK\r\n" VIA LATER;

    for (size_t len = 0; len < sizeof(packet) - 1; len++) {
        struct tha_response response;
        char *cut = malloc(len ? len : 1);

        memcpy(cut, packet, len);
        ck_assert_msg(!tha_scan_response(cut, len, &response), "%zu", len);
        free(cut);
    }
}
END_TEST

START_TEST(more_header_lines_than_allowed_are_malformed)
{
    static char packet[16384];
    struct tha_response response;

    strcpy(packet, "SIP/2.0 200 OK\r\n" VIA FROM CALL_ID CSEQ);
    for (unsigned i = 4; i < THA_SIP_LINES_MAX; i++)
        strcat(packet, "X: y\r\n");
    strcat(packet, "\r\n");
    ck_assert(tha_scan_response(packet, strlen(packet), &response));

    packet[strlen(packet) - 2] = '\0';
    strcat(packet, "X: y\r\n\r\n");
    ck_assert(!tha_scan_response(packet, strlen(packet), &response));
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;

    return *state;
}

/** Changes, drops or doubles a few bytes. */
static size_t mutate(char *packet, size_t len, uint32_t *state)
{
    static const char favourites[] = "\r\n \t:;,\"\\<>=\0vV0z";

    for (unsigned n = next_random(state) % 6 + 1; n > 0 && len > 1; n--) {
        size_t at = next_random(state) % len;

        switch (next_random(state) % 4) {
        case 0:
            packet[at] = (char)next_random(state);
            break;
        case 1:
            packet[at] = favourites[next_random(state) % (sizeof(favourites) - 1)];
            break;
        case 2:
            memmove(packet + at, packet + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(packet + at + 1, packet + at, len - at);
            len++;
            break;
        }
    }

    return len;
}

START_TEST(random_mutations_never_read_too_far_and_never_forge_a_token)
{
    uint32_t state = 20260101;
    unsigned n_ours = 0;

    for (unsigned round = 0; round < 200000; round++) {
        size_t pick = round % (sizeof(table) / sizeof(table[0]));
        size_t len = strlen(table[pick].packet);
        char *packet = malloc(len + 8);
        struct tha_response response;

        memcpy(packet, table[pick].packet, len);
        len = mutate(packet, len, &state);
        packet = realloc(packet, len ? len : 1);
        if (tha_scan_response(packet, len, &response) && response.is_to_probe) {
            n_ours++;
            ck_assert_uint_ge(response.code, 100);
            ck_assert_uint_le(response.code, 699);
            ck_assert(memmem(packet, len, THA_BRANCH_PREFIX, strlen(THA_BRANCH_PREFIX)) != NULL);
        }
        free(packet);
    }

    ck_assert_uint_gt(n_ours, 1000); /* the mutations are not so wild that nothing was tested */
}
END_TEST

SUITE("scan_response", responses_are_sorted_into_ours_others_and_malformed, every_code_from_100_to_699_is_read_as_it_stands,
      response_cut_anywhere_is_malformed, more_header_lines_than_allowed_are_malformed,
      random_mutations_never_read_too_far_and_never_forge_a_token)
