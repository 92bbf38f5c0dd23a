#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/scan.h"

static struct tha_config_text text_of(const char *json)
{
    return (struct tha_config_text){.json = json, .len = strlen(json)};
}

static void expect_position(const char *json, const struct tha_config_path *path, bool of_key, uint32_t line,
                            uint32_t column)
{
    struct tha_config_text text = text_of(json);
    struct tha_config_position position;

    ck_assert(tha_config_find_position(&text, path, of_key, &position));
    ck_assert_uint_eq(position.line, line);
    ck_assert_uint_eq(position.column, column);
}

static void expect_token(const char *json, size_t end, size_t token, const char *pointer)
{
    struct tha_config_text text = text_of(json);
    char buf[64];

    ck_assert_uint_eq(tha_config_find_token(&text, end, buf, sizeof(buf)), token);
    ck_assert_str_eq(buf, pointer);
}

START_TEST(document_begins_behind_its_white_space)
{
    expect_position("\n  {}", NULL, false, 2, 3);
}
END_TEST

START_TEST(value_and_key_have_their_own_positions)
{
    struct tha_config_path path = {NULL, "b", 0};

    expect_position("{\"a\": 1,\n \"b\" :  2}", &path, false, 2, 9);
    expect_position("{\"a\": 1,\n \"b\" :  2}", &path, true, 2, 2);
}
END_TEST

START_TEST(element_is_found_behind_nested_values_and_brackets_in_strings)
{
    struct tha_config_path list = {NULL, "l", 0}, path = {&list, NULL, 2};

    expect_position("{\"x\": \"]}\\\"{\", \"l\": [[1, {\"y\": [\"]\"]}], \"a,b\", true]}", &path, false, 1, 48);
}
END_TEST

START_TEST(element_has_no_key_and_its_own_place_serves)
{
    struct tha_config_path path = {NULL, NULL, 1};

    expect_position("[1,\n2]", &path, true, 2, 1);
}
END_TEST

START_TEST(key_is_found_through_its_escapes)
{
    struct tha_config_path path = {NULL, "a\"\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e/", 0};

    expect_position("{\"b\":0, \"\\u0061\\\"\\n\\u00E9\\u20ac\\ud83d\\udcde\\/\": 7}", &path, false, 1, 49);
}
END_TEST

START_TEST(column_counts_bytes_and_carriage_returns)
{
    struct tha_config_path path = {NULL, "b", 0};

    expect_position("{\"\xc3\xa9\": 1, \"b\": 2}", &path, true, 1, 11);
    expect_position("{\r\n\"b\": 2}", &path, true, 2, 1);
}
END_TEST

START_TEST(absent_value_is_not_found)
{
    struct tha_config_path object = {NULL, "a", 0}, below = {&object, "b", 0}, element = {&object, NULL, 5};
    struct tha_config_text text = text_of("{\"a\": [1]}"), other = text_of("{\"b\": 1}");
    struct tha_config_position position = {7, 7, 7};

    ck_assert(!tha_config_find_position(&text, &below, false, &position));
    ck_assert(!tha_config_find_position(&other, &object, false, &position));
    ck_assert(!tha_config_find_position(&other, &element, false, &position));
    ck_assert_uint_eq(position.line, 7);
}
END_TEST

START_TEST(token_gets_the_pointer_of_its_value)
{
    static const char json[] = "{\"a\": [1, {\"b/c\": 22}], \"d\": 3";

    expect_token(json, 8, 7, "/a/0");
    expect_token(json, 16, 11, "/a/1/b~1c");
    expect_token(json, 20, 18, "/a/1/b~1c");
    expect_token(json, 22, 21, "/a");
    expect_token(json, sizeof(json) - 1, 29, "/d");
}
END_TEST

START_TEST(string_where_a_colon_belongs_names_nothing)
{
    expect_token("{\"password\" \"hunter2\"", 21, 12, "/password");
}
END_TEST

START_TEST(empty_text_has_no_token)
{
    expect_token("", 0, 0, "");
    expect_token("  ", 2, 2, "");
}
END_TEST

START_TEST(pointer_ends_where_depth_or_room_end)
{
    char deep[400];

    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    expect_token(deep, 399, 398, "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0");
    expect_token("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]], 2", 45, 44,
                 "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/1");
    expect_token("{\"a-key-that-is-much-longer-than-the-room-there-is-for-the-whole-pointer\": 1", 76, 75, "");
}
END_TEST

START_TEST(bookmark_changes_no_answer)
{
    static const size_t indices[] = {900, 901, 5000, 4999, 9999, 0, 9999};
    struct tha_config_path list = {NULL, "l", 0}, path = {&list, NULL, 0};
    char *json = malloc(9 * 10000 + 16);
    struct tha_config_text text = {.json = json};
    struct tha_config_position position;

    text.len = (size_t)sprintf(json, "{\"l\": [\n");
    for (unsigned i = 0; i < 10000; i++)
        text.len += (size_t)sprintf(json + text.len, i ? ",\n[%u]" : "[%u]", i);
    text.len += (size_t)sprintf(json + text.len, "\n]}");

    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
        path.index = indices[i];
        ck_assert(tha_config_find_position(&text, &path, false, &position));
        ck_assert_uint_eq(position.line, indices[i] + 2);
        ck_assert_uint_eq(position.column, 1);
        ck_assert_int_eq(atoi(json + position.offset + 1), (int)indices[i]);
    }
    ck_assert_ptr_nonnull(text.element.outer);
    path.index = 10000;
    ck_assert(!tha_config_find_position(&text, &path, false, &position));
    free(json);
}
END_TEST

START_TEST(bookmark_in_an_object_changes_no_answer)
{
    static const char *const keys[] = {"k", "l", "k", "a", "k", "none", "l"};
    static const char head[] = "{\"a\": 1, \"x-long\": \"", tail[] = "\", \"k\": 2, \"l\": {\"k\": 3}}";
    enum { FILL = 20000, END = sizeof(head) - 1 + FILL };
    static const size_t offsets[] = {END + 8, END + 16, END + 8, 6, END + 8, 0, END + 16};
    char *json = malloc(END + sizeof(tail));
    struct tha_config_text text = {.json = json, .len = END + sizeof(tail) - 1};
    struct tha_config_position position;

    memset(json, 'n', END);
    memcpy(json, head, sizeof(head) - 1);
    memcpy(json + END, tail, sizeof(tail));

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct tha_config_path path = {NULL, keys[i], 0}, inner = {&path, "k", 0};

        ck_assert_int_eq(tha_config_find_position(&text, &path, false, &position), offsets[i] != 0);
        if (offsets[i]) {
            ck_assert_uint_eq(position.offset, offsets[i]);
            ck_assert_uint_eq(position.column, offsets[i] + 1);
        }
        ck_assert_int_eq(tha_config_find_position(&text, &inner, false, &position), *keys[i] == 'l');
    }
    ck_assert_ptr_nonnull(text.member.outer);
    free(json);
}
END_TEST

START_TEST(positions_are_right_forwards_and_backwards)
{
    static const char json[] = "ab\ncd\n\nefghi";
    static const struct tha_config_position expected[] = {{1, 1, 2}, {2, 1, 3},  {3, 2, 1}, {4, 2, 2}, {6, 3, 1}, {9, 4, 3},
                                                          {9, 4, 3}, {11, 4, 5}, {7, 4, 1}, {0, 1, 1}, {5, 2, 3}};
    struct tha_config_text text = {.json = json, .len = sizeof(json) - 1};

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct tha_config_position position = tha_config_get_position(&text, expected[i].offset);

        ck_assert_uint_eq(position.line, expected[i].line);
        ck_assert_uint_eq(position.column, expected[i].column);
    }
}
END_TEST

/** Each piece in a block of exactly its size, so that a sanitizer sees a byte too far. */
START_TEST(no_piece_of_a_text_makes_it_read_too_far)
{
    static const char json[] = "{\"a\\u00e9\\\\\": [1, \"\\ud83d\\udcde\\\"\", {\"b\": \"x\\n\"}], \"c\": tru";
    struct tha_config_path c = {NULL, "c", 0}, a = {NULL, "a\xc3\xa9\\", 0}, element = {&a, NULL, 2}, b = {&element, "b", 0};
    struct tha_config_position position;
    size_t found = 0;

    for (size_t len = 1; len < sizeof(json); len++) {
        char *copy = malloc(len), pointer[32];
        struct tha_config_text text = {.json = copy, .len = len};

        memcpy(copy, json, len);
        found += tha_config_find_position(&text, &c, false, &position);
        found += tha_config_find_position(&text, &b, false, &position);
        ck_assert_uint_lt(tha_config_find_token(&text, len, pointer, sizeof(pointer)), len);
        free(copy);
    }
    ck_assert_uint_gt(found, 0);
}
END_TEST

SUITE("config scan", document_begins_behind_its_white_space, value_and_key_have_their_own_positions,
      element_is_found_behind_nested_values_and_brackets_in_strings, element_has_no_key_and_its_own_place_serves,
      key_is_found_through_its_escapes, column_counts_bytes_and_carriage_returns, absent_value_is_not_found,
      token_gets_the_pointer_of_its_value, string_where_a_colon_belongs_names_nothing, empty_text_has_no_token,
      pointer_ends_where_depth_or_room_end, bookmark_changes_no_answer, bookmark_in_an_object_changes_no_answer,
      positions_are_right_forwards_and_backwards, no_piece_of_a_text_makes_it_read_too_far)
