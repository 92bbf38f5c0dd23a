#include "adapters/sip_scan.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

static struct tha_span span_of(const char *text)
{
    return (struct tha_span){text, strlen(text)};
}

static void assert_param(const char *value, const char *name, const char *expected)
{
    struct tha_span found = {NULL, 0};
    bool is_found = tha_sip_find_param(span_of(value), name, &found);

    ck_assert_msg(is_found == (expected != NULL), "%s in %s", name, value);
    if (expected)
        ck_assert_msg(tha_span_is(found, expected), "%s in %s: %.*s", name, value, (int)found.len, found.p);
}

START_TEST(parameters_are_found_past_quotes_and_brackets)
{
    assert_param("SIP/2.0/UDP h:5060;branch=b1;rport", "branch", "b1");
    assert_param("SIP/2.0/UDP h:5060;rport;branch=b1", "branch", "b1");
    assert_param("SIP/2.0/UDP h:5060 ; Branch = b1 ; rport", "branch", "b1");
    assert_param("SIP/2.0/UDP h:5060\r\n ;branch=b1", "branch", "b1");
    assert_param("SIP/2.0/UDP [2001:db8::1]:5060;branch=b1", "branch", "b1");
    assert_param("SIP/2.0/UDP h;rport", "rport", "");
    assert_param("SIP/2.0/UDP h;rport=", "rport", "");
    assert_param("SIP/2.0/UDP h;x=\"a;branch=no\\\";,\";branch=yes", "branch", "yes");
    assert_param("\"A;tag=no\" <sip:a@b;tag=no>;tag=yes", "tag", "yes");
    assert_param("<sip:a@b>;x-tag=no;tag=yes;tag=no", "tag", "yes");
    assert_param("sip:a@b;tag=yes", "tag", "yes");
}
END_TEST

START_TEST(parameters_that_are_not_there_are_not_found)
{
    assert_param("", "branch", NULL);
    assert_param(";", "branch", NULL);
    assert_param(";;;", "branch", NULL);
    assert_param("h", "branch", NULL);
    assert_param("h;branchx=b", "branch", NULL);
    assert_param("h;x=branch", "branch", NULL);
    assert_param("h;x=\"branch=b", "branch", NULL);
    assert_param("<sip:a;tag=t", "tag", NULL);
    assert_param("\"a\\", "tag", NULL);
    assert_param("\"", "tag", NULL);
    assert_param("<", "tag", NULL);
    assert_param("h;x=y, h2;branch=second", "branch", NULL);
}
END_TEST

START_TEST(first_value_ends_at_a_comma_outside_quotes)
{
    ck_assert(tha_span_is(tha_sip_first_value(span_of("a;x=y")), "a;x=y"));
    ck_assert(tha_span_is(tha_sip_first_value(span_of("a;x=\"1,2\" , b;z")), "a;x=\"1,2\""));
    ck_assert(tha_span_is(tha_sip_first_value(span_of(",b")), ""));
}
END_TEST

static struct tha_sip_cursor cursor_of(const char *text)
{
    return (struct tha_sip_cursor){text, text + strlen(text), THA_SIP_LINES_MAX};
}

START_TEST(header_names_are_known_short_long_and_in_any_case)
{
    static const struct {
        const char *line;
        enum tha_sip_kind kind;
    } cases[] = {
        {"Via: x\r\n", THA_SIP_VIA},
        {"vIA : x\r\n", THA_SIP_VIA},
        {"v:x\r\n", THA_SIP_VIA},
        {"V\t:\tx\t\r\n", THA_SIP_VIA},
        {"FROM: x\r\n", THA_SIP_FROM},
        {"f: x\r\n", THA_SIP_FROM},
        {"to: x\r\n", THA_SIP_TO},
        {"t: x\r\n", THA_SIP_TO},
        {"call-id: x\n", THA_SIP_CALL_ID},
        {"i: x\r\n", THA_SIP_CALL_ID},
        {"CSEQ: x\r\n", THA_SIP_CSEQ},
        {"Content-length: x\r\n", THA_SIP_CONTENT_LENGTH},
        {"l: x\r\n", THA_SIP_CONTENT_LENGTH},
        {"Vie: x\r\n", THA_SIP_OTHER},
        {"Fr\r\n om: x\r\n", THA_SIP_OTHER},
        {"call_id: x\r\n", THA_SIP_OTHER},
        {"From\r\n : x\r\n", THA_SIP_FROM},
        {"Via:\r\n\tx\r\n", THA_SIP_VIA},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tha_sip_cursor cursor = cursor_of(cases[i].line);
        struct tha_sip_header header;

        ck_assert_msg(tha_sip_next_header(&cursor, &header) == THA_SIP_HEADER, "%s", cases[i].line);
        ck_assert_msg(header.kind == cases[i].kind, "%s", cases[i].line);
        if (header.kind != THA_SIP_OTHER)
            ck_assert_msg(tha_span_is(header.value, "x"), "%s", cases[i].line);
        ck_assert_ptr_eq(cursor.p, cursor.end);
    }
}
END_TEST

START_TEST(lines_that_are_no_headers_are_malformed)
{
    static const char *const lines[] = {"", "\r", "Via", "Via: x", "Via\r\n", " Via: x\r\n", "\r\r\n", "X: y"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct tha_sip_cursor cursor = cursor_of(lines[i]);
        struct tha_sip_header header;

        ck_assert_msg(tha_sip_next_header(&cursor, &header) == THA_SIP_MALFORMED, "%zu", i);
    }
}
END_TEST

START_TEST(unknown_headers_may_be_anything)
{
    static const char *const lines[] = {"no colon\r\n", ": x\r\n", "\x80\xff\r\n", "X\r\n"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct tha_sip_cursor cursor = cursor_of(lines[i]);
        struct tha_sip_header header;

        ck_assert_msg(tha_sip_next_header(&cursor, &header) == THA_SIP_HEADER, "%zu", i);
        ck_assert_int_eq(header.kind, THA_SIP_OTHER);
    }
}
END_TEST

START_TEST(empty_line_ends_the_headers_even_before_a_body_that_looks_folded)
{
    struct tha_sip_cursor cursor = cursor_of("\r\n body: x\r\n");
    struct tha_sip_header header;

    ck_assert_int_eq(tha_sip_next_header(&cursor, &header), THA_SIP_BODY);
    ck_assert_str_eq(cursor.p, " body: x\r\n");
}
END_TEST

static enum tha_sip_step last_step(struct tha_sip_cursor cursor)
{
    struct tha_sip_header header;
    enum tha_sip_step step;

    while ((step = tha_sip_next_header(&cursor, &header)) == THA_SIP_HEADER)
        ;

    return step;
}

START_TEST(header_lines_are_bounded_folded_ones_too)
{
    char text[2 * THA_SIP_LINES_MAX * 8] = "";

    for (unsigned i = 0; i < THA_SIP_LINES_MAX; i++)
        strcat(text, i % 2 ? " y\r\n" : "a: x\r\n");
    strcat(text, "\r\n");
    ck_assert_int_eq(last_step(cursor_of(text)), THA_SIP_BODY);

    text[strlen(text) - 2] = '\0';
    strcat(text, " z\r\n\r\n");
    ck_assert_int_eq(last_step(cursor_of(text)), THA_SIP_MALFORMED);

    text[strlen(text) - 6] = '\0';
    strcat(text, "b: z\r\n\r\n");
    ck_assert_int_eq(last_step(cursor_of(text)), THA_SIP_MALFORMED);
}
END_TEST

START_TEST(request_lines_are_read_strictly)
{
    static const struct {
        const char *line;
        const char *method; /* NULL = refused */
    } cases[] = {
        {"OPTIONS sip:a@b SIP/2.0\r\n", "OPTIONS"},
        {"X-y.z! tel:1 SIP/2.0\n", "X-y.z!"},
        {"OPTIONS sip:a@b SIP/2.0", NULL},
        {"OPTIONS  sip:a@b SIP/2.0\r\n", NULL},
        {"OPTIONS sip:a@b SIP/3.0\r\n", NULL},
        {"OPTIONS sip:a b SIP/2.0\r\n", NULL},
        {"OPTIONS  SIP/2.0\r\n", NULL},
        {"OPTIONS SIP/2.0\r\n", NULL},
        {" sip:a SIP/2.0\r\n", NULL},
        {"OPT:IONS sip:a SIP/2.0\r\n", NULL},
        {"\r\n", NULL},
        {"", NULL},
        {"GET / HTTP/1.1\r\n", NULL},
        {"a a a a a a a a\r\n", NULL},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG sip:a SIP/2.0\r\n", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tha_sip_cursor cursor;
        struct tha_span method;
        bool is_read = tha_sip_read_request_line(cases[i].line, strlen(cases[i].line), &method, &cursor);

        ck_assert_msg(is_read == (cases[i].method != NULL), "%s", cases[i].line);
        if (is_read)
            ck_assert(tha_span_is(method, cases[i].method));
    }
}
END_TEST

START_TEST(cseq_is_a_number_a_blank_and_a_method)
{
    struct tha_span method;
    uint32_t number;

    ck_assert(tha_sip_read_cseq(span_of("4294967295 \t OPTIONS"), &number, &method));
    ck_assert_uint_eq(number, UINT32_MAX);
    ck_assert(tha_span_is(method, "OPTIONS"));
    ck_assert(!tha_sip_read_cseq(span_of("4294967296 OPTIONS"), &number, &method));
    ck_assert(!tha_sip_read_cseq(span_of("00000000001 OPTIONS"), &number, &method));
    ck_assert(!tha_sip_read_cseq(span_of("1OPTIONS"), &number, &method));
    ck_assert(!tha_sip_read_cseq(span_of("1"), &number, &method));
    ck_assert(!tha_sip_read_cseq(span_of("OPTIONS"), &number, &method));
    ck_assert(!tha_sip_read_cseq(span_of(""), &number, &method));
}
END_TEST

SUITE("sip_scan", parameters_are_found_past_quotes_and_brackets, parameters_that_are_not_there_are_not_found,
      first_value_ends_at_a_comma_outside_quotes, header_names_are_known_short_long_and_in_any_case,
      lines_that_are_no_headers_are_malformed, unknown_headers_may_be_anything,
      empty_line_ends_the_headers_even_before_a_body_that_looks_folded, header_lines_are_bounded_folded_ones_too,
      request_lines_are_read_strictly, cseq_is_a_number_a_blank_and_a_method)
