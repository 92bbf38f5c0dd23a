#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "core/call.h"

START_TEST(seconds_of_retry_after_become_milliseconds)
{
    ck_assert_uint_eq(tha_call_read_retry_after("5"), 5000);
    ck_assert_uint_eq(tha_call_read_retry_after(" 5 "), 5000);
    ck_assert_uint_eq(tha_call_read_retry_after("\t18000\r\n"), 18000000);
    ck_assert_uint_eq(tha_call_read_retry_after("00120"), 120000);
}
END_TEST

START_TEST(comments_and_parameters_of_retry_after_are_passed_over)
{
    static const char *const fives[] = {
        "5 (busy)",        "5(busy)",           "5 ()",      "5 (a (b) c) ", "5 (a \\) b)",
        "5;duration=3600", "5 ; duration=3600", "5 (x);y=z", "5;x=\"(\"",
    };

    for (size_t i = 0; i < sizeof(fives) / sizeof(fives[0]); i++)
        ck_assert_msg(tha_call_read_retry_after(fives[i]) == 5000, "%s", fives[i]);
}
END_TEST

START_TEST(what_is_no_retry_after_is_none)
{
    static const char *const wrong[] = {
        "",        " ",        "0",       "-5",        "+5",
        "5.5",     "abc",      "5x",      "5 x",       "0x5",
        "5,6",     "5 6",      "(busy)",  ";5=5",      "5 (busy",
        "5 (a\\)", "5 (a (b)", "5 (a) b", "5 (a) (b)", "Fri, 13 Nov 2026 12:00:00 GMT",
    };

    ck_assert_uint_eq(tha_call_read_retry_after(NULL), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(tha_call_read_retry_after(wrong[i]) == 0, "%s", wrong[i]);
}
END_TEST

START_TEST(an_absurd_retry_after_is_as_long_as_can_be_told)
{
    ck_assert_uint_eq(tha_call_read_retry_after("4294966"), 4294966000U);
    ck_assert_uint_eq(tha_call_read_retry_after("4294967"), 4294967000U);
    ck_assert_uint_eq(tha_call_read_retry_after("4294968"), UINT32_MAX);
    ck_assert_uint_eq(tha_call_read_retry_after("4294967296"), UINT32_MAX);
    ck_assert_uint_eq(tha_call_read_retry_after("18446744073709551616"), UINT32_MAX);
    ck_assert_uint_eq(tha_call_read_retry_after("99999999999999999999999999999999999999999"), UINT32_MAX);
}
END_TEST

START_TEST(the_q850_cause_is_found_among_protocols_and_parameters)
{
    ck_assert_uint_eq(tha_call_read_q850("Q.850;cause=34;text=\"No circuit\""), 34);
    ck_assert_uint_eq(tha_call_read_q850("SIP;cause=503, Q.850 ; cause = 17"), 17);
    ck_assert_uint_eq(tha_call_read_q850("q.850;CAUSE=17"), 17);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=\"x\";cause=17;y"), 17);
    ck_assert_uint_eq(tha_call_read_q850(" Q.850\t;\tcause=1"), 1);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;cause=127 , SIP;cause=17"), 127);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;cause=016"), 16);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=none,Q.850;cause=41,Q.850;cause=17"), 41);
}
END_TEST

START_TEST(separators_in_quoted_texts_separate_nothing)
{
    ck_assert_uint_eq(tha_call_read_q850("SIP;text=\", Q.850;cause=17\";cause=503"), 0);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=\"a;cause=17,b\";cause=34"), 34);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=\"a\\\";cause=17\";cause=34"), 34);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=\"never ends;cause=17"), 0);
    ck_assert_uint_eq(tha_call_read_q850("Q.850;text=\"ends in \\"), 0);
}
END_TEST

START_TEST(what_is_no_q850_cause_is_none)
{
    static const char *const wrong[] = {
        "",
        "Q.850",
        "Q.850;",
        "Q.850,cause=17",
        "cause=17",
        ";cause=17",
        "SIP;cause=17",
        "Q.8500;cause=17",
        "XQ.850;cause=17",
        "Q 850;cause=17",
        "Q.850;cause",
        "Q.850;cause=",
        "Q.850;cause=x",
        "Q.850;cause=17x",
        "Q.850;cause=1 7",
        "Q.850;cause=-17",
        "Q.850;cause=0",
        "Q.850;cause=128",
        "Q.850;cause=4294967313",
        "Q.850;cause=18446744073709551633",
        "Q.850;causes=17",
        "Q.850;xcause=17",
        "Q.850;cause 17",
        "Q.850;cause=\"17\"",
    };

    ck_assert_uint_eq(tha_call_read_q850(NULL), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(tha_call_read_q850(wrong[i]) == 0, "%s", wrong[i]);
}
END_TEST

START_TEST(values_of_more_than_1024_bytes_are_not_read)
{
    char value[1026];

    memset(value, ' ', sizeof(value));
    memcpy(value, "5", 1);
    value[1024] = '\0';
    ck_assert_uint_eq(tha_call_read_retry_after(value), 5000);
    memcpy(value, "Q.850;cause=17", 14);
    ck_assert_uint_eq(tha_call_read_q850(value), 17);

    value[1024] = ' ';
    value[1025] = '\0';
    ck_assert_uint_eq(tha_call_read_q850(value), 0);
    memcpy(value, "5             ", 14);
    ck_assert_uint_eq(tha_call_read_retry_after(value), 0);
}
END_TEST

/** Each in memory of exactly its length, so that a sanitizer sees a read too far. */
START_TEST(no_prefix_of_a_value_is_read_past_its_end)
{
    static const char *const values[] = {
        "120 (I'm \\(in\\) a (long) meeting) ;duration=3600",
        "SIP ;cause=503 ;text=\"a \\\" b, c\" , Q.850 ;cause = 34 ;text=\"No circuit\"",
    };

    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len <= strlen(values[i]); len++) {
            char *value = strndup(values[i], len);
            uint32_t retry_after_ms = tha_call_read_retry_after(value);
            uint32_t cause = tha_call_read_q850(value);

            ck_assert(!retry_after_ms || i == 0);
            ck_assert(!cause || (i == 1 && (cause == 3 || cause == 34)));
            free(value);
        }
    }
}
END_TEST

SUITE("call_headers", seconds_of_retry_after_become_milliseconds, comments_and_parameters_of_retry_after_are_passed_over,
      what_is_no_retry_after_is_none, an_absurd_retry_after_is_as_long_as_can_be_told,
      the_q850_cause_is_found_among_protocols_and_parameters, separators_in_quoted_texts_separate_nothing,
      what_is_no_q850_cause_is_none, values_of_more_than_1024_bytes_are_not_read, no_prefix_of_a_value_is_read_past_its_end)
