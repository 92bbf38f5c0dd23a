#include "api/line.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"

static char room[256];

static struct tha_json_line begin(size_t size)
{
    struct tha_json_line line = {.text = room, .size = size};

    tha_json_line_begin(&line);

    return line;
}

static void expect(struct tha_json_line *line, const char *text)
{
    tha_json_line_end(line);
    ck_assert(!line->is_cut);
    ck_assert_uint_eq(line->len, strlen(text));
    ck_assert_int_eq(memcmp(line->text, text, line->len), 0);
}

START_TEST(members_stand_behind_each_other)
{
    struct tha_json_line line = begin(sizeof(room));

    tha_json_line_number(&line, "a", 0);
    tha_json_line_number(&line, "b", UINT64_MAX);
    tha_json_line_hex(&line, "c", 0xc0ffee);
    tha_json_line_true(&line, "d");
    tha_json_line_word(&line, "e", "word");
    expect(&line, "{\"a\":0,\"b\":18446744073709551615,\"c\":\"0000000000c0ffee\",\"d\":true,\"e\":\"word\"}\n");
}
END_TEST

START_TEST(lists_of_objects_have_their_commas)
{
    struct tha_json_line line = begin(sizeof(room));

    tha_json_line_open_list(&line, "l");
    for (unsigned i = 0; i < 2; i++) {
        tha_json_line_open_object(&line);
        tha_json_line_number(&line, "n", i);
        tha_json_line_close_object(&line);
    }
    tha_json_line_close_list(&line);
    tha_json_line_true(&line, "x");
    expect(&line, "{\"l\":[{\"n\":0},{\"n\":1}],\"x\":true}\n");
}
END_TEST

START_TEST(texts_of_peers_are_escaped)
{
    struct tha_json_line line = begin(sizeof(room));

    tha_json_line_text(&line, "t", "a\"b\\c\r\n\x7f\xc3\xa9");
    expect(&line, "{\"t\":\"a\\u0022b\\u005cc\\u000d\\u000a\\u007f\xc3\xa9\"}\n");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_escaped_one_by_one)
{
    struct tha_json_line line = begin(sizeof(room));

    tha_json_line_text(&line, "t", "\xc3\xa9\xff");
    expect(&line, "{\"t\":\"\\u00c3\\u00a9\\u00ff\"}\n");
}
END_TEST

START_TEST(addresses_read_as_everywhere)
{
    const char *const texts[] = {"udp:192.0.2.1:5060", "tls:10.0.0.255:65535", "tcp:[2001:db8::1]:1"};

    for (size_t i = 0; i < 3; i++) {
        struct tha_json_line line = begin(sizeof(room));
        struct tha_addr addr;
        char wanted[64];

        ck_assert(tha_addr_parse_text(&addr, texts[i]));
        tha_json_line_addr(&line, "a", &addr);
        snprintf(wanted, sizeof(wanted), "{\"a\":\"%s\"}\n", texts[i]);
        expect(&line, wanted);
    }
}
END_TEST

START_TEST(no_byte_is_written_beyond_the_room)
{
    for (size_t size = 1; size < 24; size++) {
        struct tha_json_line line = begin(size);

        memset(room + 1, '#', sizeof(room) - 1);
        tha_json_line_text(&line, "key", "0123456789\n");
        tha_json_line_end(&line);
        ck_assert(line.is_cut);
        ck_assert_uint_le(line.len, size);
        ck_assert_int_eq(room[size], '#');
    }
}
END_TEST

SUITE("record line", members_stand_behind_each_other, lists_of_objects_have_their_commas, texts_of_peers_are_escaped,
      bytes_that_are_no_text_are_escaped_one_by_one, addresses_read_as_everywhere, no_byte_is_written_beyond_the_room)
