#include <string.h>

#include "../suite.h"
#include "base/text.h"

START_TEST(copying_cuts_between_characters)
{
    char buf[5];

    ck_assert(tha_text_copy(buf, sizeof(buf), "abcd"));
    ck_assert_str_eq(buf, "abcd");
    ck_assert(!tha_text_copy(buf, sizeof(buf), "abcde"));
    ck_assert_str_eq(buf, "abcd");
    ck_assert(!tha_text_copy(buf, sizeof(buf), "abc\xc3\xa9"));
    ck_assert_str_eq(buf, "abc");
    ck_assert(!tha_text_copy(buf, sizeof(buf), "ab\xe2\x82\xac"));
    ck_assert_str_eq(buf, "ab");
    ck_assert(tha_text_copy(buf, sizeof(buf), "a\xe2\x82\xac"));
    ck_assert_str_eq(buf, "a\xe2\x82\xac");
    ck_assert(tha_text_copy(buf, sizeof(buf), NULL));
    ck_assert_str_eq(buf, "");
    ck_assert(!tha_text_copy(buf, 0, "x"));
}
END_TEST

START_TEST(printing_cuts_between_characters)
{
    char buf[6];

    ck_assert(tha_text_print(buf, sizeof(buf), "%d", 12345));
    ck_assert(!tha_text_print(buf, sizeof(buf), "%s%s", "abcd", "\xc3\xa9"));
    ck_assert_str_eq(buf, "abcd");
}
END_TEST

START_TEST(utf8_is_told_from_what_is_not)
{
    static const char *const good[] = {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"};
    static const char *const bad[] = {"\x80", "\xc3",     "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xff", "a\xe2\x82"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(tha_text_is_utf8(good[i]), "good %zu", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!tha_text_is_utf8(bad[i]), "bad %zu", i);
}
END_TEST

START_TEST(the_nearest_word_is_the_one_that_was_meant)
{
    static const char *const words[] = {"interval", "suspectInterval", "downInterval", "timeout"};

    ck_assert_str_eq(tha_text_nearest("intervall", words, 4), "interval");
    ck_assert_str_eq(tha_text_nearest("Interval", words, 4), "interval");
    ck_assert_str_eq(tha_text_nearest("suspect_interval", words, 4), "suspectInterval");
    ck_assert_str_eq(tha_text_nearest("timout", words, 4), "timeout");
    ck_assert_ptr_null(tha_text_nearest("codecs", words, 4));
    ck_assert_ptr_null(tha_text_nearest("a very long word that nobody has ever meant to write here at all", words, 4));
}
END_TEST

START_TEST(words_are_compared_without_case_and_only_as_a_whole)
{
    ck_assert(tha_text_is_word("sip+d2u", "SIP+D2U and more", 7));
    ck_assert(tha_text_is_word("", "x", 0));
    ck_assert(!tha_text_is_word("sip", "sips", 4));
    ck_assert(!tha_text_is_word("sips", "sip", 3));
    ck_assert(!tha_text_is_word("a[", "a{", 2)); /* no letters */
    ck_assert(!tha_text_is_word("a", "b", 1));
}
END_TEST

SUITE("text", copying_cuts_between_characters, printing_cuts_between_characters, utf8_is_told_from_what_is_not,
      the_nearest_word_is_the_one_that_was_meant, words_are_compared_without_case_and_only_as_a_whole)
