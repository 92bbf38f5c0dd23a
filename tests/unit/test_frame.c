#include "adapters/frame.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define MAX 65536U

/** A message as it may come, and how it is to be cut. */
struct sample {
    const char *text;
    enum tha_frame_kind kind;
};

static const struct sample samples[] = {
    {"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 0\r\n\r\n", THA_FRAME_MESSAGE},
    {"SIP/2.0 200 OK\r\nContent-Length: 5\r\nTo: <sip:b>\r\n\r\nv=0\r\n", THA_FRAME_MESSAGE},
    {"OPTIONS sip:b SIP/2.0\r\nl: 3\r\n\r\nabc", THA_FRAME_MESSAGE},
    {"OPTIONS sip:b SIP/2.0\r\nL:4\r\n\r\n\r\n\r\n", THA_FRAME_MESSAGE}, /* a body that looks like a ping */
    {"OPTIONS sip:b SIP/2.0\r\ncOnTeNt-lEnGtH \t: \t2 \t\r\n\r\nab", THA_FRAME_MESSAGE},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length:\r\n  \r\n\t7\r\n\r\n1234567", THA_FRAME_MESSAGE},
    {"OPTIONS sip:b SIP/2.0\r\nSubject: x\r\n Content-Length: 9\r\n\r\n", THA_FRAME_MESSAGE}, /* folded into Subject */
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 2\r\nl: 2\r\n\r\nab", THA_FRAME_MESSAGE},
    {"OPTIONS sip:b SIP/2.0\nContent-Length: 1\n\nx", THA_FRAME_MESSAGE},
    {"ACK sip:b SIP/2.0\r\nVia: v\r\n\r\n", THA_FRAME_MESSAGE}, /* without a length: no body */
    {"X\r\n\r\n", THA_FRAME_MESSAGE},
    {"\r\n\r\n", THA_FRAME_PING},
    {"", THA_FRAME_MORE},
    {"\r", THA_FRAME_MORE},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 5\r\n\r\n1234", THA_FRAME_MORE},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 65536\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: -1\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: +1\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 1x\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 1, 1\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length:\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 4294967297\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 18446744073709551617\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\nab", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\nContent-Length\r\n\r\n", THA_FRAME_MALFORMED},
    {"OPTIONS sip:b SIP/2.0\r\n folded: from nothing\r\n\r\n", THA_FRAME_MALFORMED},
    {"\rX", THA_FRAME_MALFORMED},
    {"\n\n", THA_FRAME_MALFORMED},
    {" SIP/2.0 200 OK\r\n\r\n", THA_FRAME_MALFORMED},
    {"\x15\x03\x01", THA_FRAME_MALFORMED}, /* a TLS alert */
    {"\xff", THA_FRAME_MALFORMED},
};
#define N_SAMPLES (sizeof(samples) / sizeof(*samples))

/** Malloc'ed to its very length, so that a sanitizer sees a byte read too far. */
static enum tha_frame_kind look(struct tha_frame *frame, const char *text, size_t len, size_t max, size_t *ret_len)
{
    char *exact = malloc(len ? len : 1);
    enum tha_frame_kind kind;

    memcpy(exact, text, len);
    kind = tha_frame_look(frame, exact, len, max, ret_len);
    free(exact);

    return kind;
}

static enum tha_frame_kind look_once(const char *text, size_t len, size_t *ret_len)
{
    struct tha_frame frame = {0};

    return look(&frame, text, len, MAX, ret_len);
}

START_TEST(messages_and_line_ends_are_told_apart)
{
    size_t len = 0;

    for (unsigned i = 0; i < N_SAMPLES; i++) {
        ck_assert_msg(look_once(samples[i].text, strlen(samples[i].text), &len) == samples[i].kind, "sample %u", i);
        if (samples[i].kind == THA_FRAME_MESSAGE || samples[i].kind == THA_FRAME_PING)
            ck_assert_msg(len == strlen(samples[i].text), "sample %u has %zu bytes", i, len);
    }
}
END_TEST

START_TEST(every_split_of_a_message_gives_the_same_message)
{
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        const char *text = samples[i].text;
        size_t whole = strlen(text), len = 0;

        for (size_t first = 0; samples[i].kind == THA_FRAME_MESSAGE && first < whole; first++) {
            struct tha_frame frame = {0};

            ck_assert_msg(look(&frame, text, first, MAX, &len) == THA_FRAME_MORE, "sample %u, %zu bytes", i, first);
            ck_assert_msg(look(&frame, text, whole, MAX, &len) == THA_FRAME_MESSAGE, "sample %u, %zu bytes", i, first);
            ck_assert_uint_eq(len, whole);
        }
    }
}
END_TEST

START_TEST(message_that_comes_byte_by_byte_is_whole_with_its_last_byte)
{
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        struct tha_frame frame = {0};
        size_t whole = strlen(samples[i].text), len = 0;
        enum tha_frame_kind kind = THA_FRAME_MORE;

        if (samples[i].text[0] == '\r')
            continue; /* line ends have tests of their own */
        for (size_t n = 1; n <= whole && kind == THA_FRAME_MORE; n++) {
            kind = look(&frame, samples[i].text, n, MAX, &len);
            ck_assert_msg(n == whole || kind == THA_FRAME_MORE || kind == samples[i].kind, "sample %u, %zu bytes", i, n);
        }
        ck_assert_msg(kind == samples[i].kind, "sample %u", i);
    }
}
END_TEST

START_TEST(messages_behind_each_other_are_cut_one_by_one)
{
    char stream[8192];
    size_t end = 0, at = 0, len = 0;

    for (unsigned i = 0; i < N_SAMPLES; i++) {
        if (samples[i].kind == THA_FRAME_MESSAGE || samples[i].kind == THA_FRAME_PING)
            end += (size_t)sprintf(stream + end, "%s", samples[i].text);
    }
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        if (samples[i].kind != THA_FRAME_MESSAGE && samples[i].kind != THA_FRAME_PING)
            continue;
        ck_assert_msg(look_once(stream + at, end - at, &len) == samples[i].kind, "sample %u", i);
        ck_assert_uint_eq(len, strlen(samples[i].text));
        at += len;
    }
    ck_assert_uint_eq(at, end);
}
END_TEST

START_TEST(lone_line_end_is_a_pong_until_more_of_a_ping_comes)
{
    size_t len = 0;

    ck_assert_int_eq(look_once("\r\n", 2, &len), THA_FRAME_PONG);
    ck_assert_uint_eq(len, 2);
    ck_assert_int_eq(look_once("\r\n\r", 3, &len), THA_FRAME_MORE);
    ck_assert_int_eq(look_once("\r\n\r\n", 4, &len), THA_FRAME_PING);
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(look_once("\r\n\r\n\r\n", 6, &len), THA_FRAME_PING);
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(look_once("\r\nS", 3, &len), THA_FRAME_PONG);
    ck_assert_uint_eq(len, 2);
    ck_assert_int_eq(look_once("\r\n\rS", 4, &len), THA_FRAME_PONG);
    ck_assert_uint_eq(len, 2);
}
END_TEST

START_TEST(headers_end_within_their_bound_however_they_come)
{
    static char text[THA_FRAME_HEADER_MAX + 64];

    for (size_t header_len = THA_FRAME_HEADER_MAX - 1; header_len <= THA_FRAME_HEADER_MAX + 1; header_len++) {
        enum tha_frame_kind expected = header_len > THA_FRAME_HEADER_MAX ? THA_FRAME_MALFORMED : THA_FRAME_MESSAGE;
        struct tha_frame frame = {0};
        enum tha_frame_kind kind = THA_FRAME_MORE;
        size_t len = 0;

        memset(text, 'x', sizeof(text));
        memcpy(text, "A\r\nB: ", 6);
        memcpy(text + header_len - 4, "\r\n\r\n", 4);
        ck_assert_int_eq(look_once(text, header_len, &len), expected);
        ck_assert_int_eq(look_once(text, sizeof(text), &len), expected);
        for (size_t n = 1; n <= header_len && kind == THA_FRAME_MORE; n++)
            kind = tha_frame_look(&frame, text, n, MAX, &len);
        ck_assert_int_eq(kind, expected);
    }
}
END_TEST

START_TEST(message_may_be_as_long_as_the_bound_and_no_longer)
{
    const char *text = "A\r\nl: 10\r\n\r\n0123456789";
    size_t whole = strlen(text), len = 0;
    struct tha_frame frame = {0}, other = {0};

    ck_assert_int_eq(look(&frame, text, whole, whole, &len), THA_FRAME_MESSAGE);
    ck_assert_uint_eq(len, whole);
    ck_assert_int_eq(look(&other, text, whole, whole - 1, &len), THA_FRAME_MALFORMED);
}
END_TEST

START_TEST(more_header_lines_than_anybody_reads_are_malformed)
{
    char text[4096] = "A\r\n";
    size_t len = 0;

    for (unsigned i = 0; i < 129; i++)
        strcat(text, "B: c\r\n");
    strcat(text, "\r\n");
    ck_assert_int_eq(look_once(text, strlen(text), &len), THA_FRAME_MALFORMED);
}
END_TEST

/** What makes line ends expensive to look at again: one byte at a time, every one of them a line feed or a part of one. */
START_TEST(bytes_are_not_looked_at_again)
{
    static char text[THA_FRAME_HEADER_MAX - 2];
    struct tha_frame frame = {0};
    size_t len = 0, seen = 0;

    memset(text, 'x', sizeof(text));
    for (size_t i = 9; i + 1 < sizeof(text); i += 10)
        text[i] = '\n';
    for (size_t n = 1; n <= sizeof(text); n++) {
        ck_assert_int_eq(tha_frame_look(&frame, text, n, MAX, &len), THA_FRAME_MORE);
        ck_assert_uint_ge(frame.seen, seen);
        ck_assert_uint_le(n - frame.seen, 12); /* at most the line feed and what led to it */
        seen = frame.seen;
    }
}
END_TEST

static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1664525U + 1013904223U;

    return *seed >> 8;
}

/** Bytes that matter to the framing, mostly. */
static size_t make_nonsense(unsigned *seed, char *text, size_t size)
{
    static const char *const pieces[] = {
        "\r\n", "\r\n\r\n", "\r",          "\n", "Content-Length:", "l:",   " 3",  "12", "SIP/2.0 200 OK", "\t",
        "a",    ":",        "99999999999", "-",  "Via: x",          "\x01", "\xfe"};
    size_t len = 0;

    for (unsigned i = draw(seed) % 24; i; i--) {
        const char *piece = pieces[draw(seed) % (sizeof(pieces) / sizeof(*pieces))];

        if (len + strlen(piece) < size)
            len += (size_t)sprintf(text + len, "%s", piece);
    }

    return len;
}

START_TEST(nonsense_is_cut_alike_at_once_and_byte_by_byte)
{
    unsigned seed = 20240229, n_messages = 0;
    char text[512];

    for (unsigned round = 0; round < 200000; round++) {
        size_t whole = make_nonsense(&seed, text, sizeof(text)), len = 0, slow_len = 0;
        struct tha_frame frame = {0}, slow = {0};
        enum tha_frame_kind kind = tha_frame_look(&frame, text, whole, 64, &len), slow_kind = THA_FRAME_MORE;

        n_messages += kind == THA_FRAME_MESSAGE;
        if (kind != THA_FRAME_MORE && kind != THA_FRAME_MALFORMED)
            ck_assert_uint_le(len, whole);
        if (whole && text[0] == '\r')
            continue;
        for (size_t n = 1; n <= whole && slow_kind == THA_FRAME_MORE; n++)
            slow_kind = tha_frame_look(&slow, text, n, 64, &slow_len);
        ck_assert_msg(slow_kind == kind && slow_len == len, "round %u", round);
    }
    ck_assert_uint_gt(n_messages, 1000);
}
END_TEST

SUITE("frame", messages_and_line_ends_are_told_apart, every_split_of_a_message_gives_the_same_message,
      message_that_comes_byte_by_byte_is_whole_with_its_last_byte, messages_behind_each_other_are_cut_one_by_one,
      lone_line_end_is_a_pong_until_more_of_a_ping_comes, headers_end_within_their_bound_however_they_come,
      message_may_be_as_long_as_the_bound_and_no_longer, more_header_lines_than_anybody_reads_are_malformed,
      bytes_are_not_looked_at_again, nonsense_is_cut_alike_at_once_and_byte_by_byte)
