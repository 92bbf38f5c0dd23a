#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/environment.h"

static char buf[32];

static void set_environment(void)
{
    setenv("THA_A", "alpha", 1);
    setenv("_THA_2", "2", 1);
    setenv("THA_EMPTY", "", 1);
    setenv("THA_NESTED", "${THA_A}", 1);
    unsetenv("THA_UNSET");
}

static enum tha_config_expansion expand(const char *raw, size_t size)
{
    const char *name;
    size_t len;

    set_environment();

    return tha_config_expand(raw, buf, size, &name, &len);
}

static void expect_text(const char *raw, const char *text)
{
    ck_assert_int_eq(expand(raw, sizeof(buf)), THA_EXPANSION_DONE);
    ck_assert_str_eq(buf, text);
}

START_TEST(names_are_replaced_wherever_they_stand)
{
    expect_text("${THA_A}", "alpha");
    expect_text("<${THA_A}>${_THA_2}", "<alpha>2");
    expect_text("${THA_EMPTY}", "");
    expect_text("no name", "no name");
}
END_TEST

START_TEST(dollar_without_brace_stands_for_itself)
{
    expect_text("$THA_A $ $$ {THA_A}", "$THA_A $ $$ {THA_A}");
    expect_text("$${THA_A}", "$alpha");
}
END_TEST

START_TEST(what_was_put_in_is_not_looked_at_again)
{
    expect_text("${THA_NESTED}", "${THA_A}");
}
END_TEST

START_TEST(unset_name_is_pointed_at)
{
    const char *name = NULL;
    size_t len = 0;

    set_environment();
    ck_assert_int_eq(tha_config_expand("${THA_A}${THA_UNSET}", buf, sizeof(buf), &name, &len), THA_EXPANSION_UNSET);
    ck_assert_uint_eq(len, 9);
    ck_assert(!strncmp(name, "THA_UNSET}", 10));
}
END_TEST

START_TEST(name_longer_than_any_is_unset)
{
    char raw[400] = "${";

    memset(raw + 2, 'A', 300);
    strcpy(raw + 302, "}");
    ck_assert_int_eq(expand(raw, sizeof(buf)), THA_EXPANSION_UNSET);
}
END_TEST

START_TEST(brace_must_hold_a_name_and_close)
{
    static const char *const texts[] = {"${",       "${}",      "${THA_A",     "${1A}",
                                        "${THA A}", "${THA-A}", "${${THA_A}}", "x${\xc3\xa9}"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(expand(texts[i], sizeof(buf)) == THA_EXPANSION_MALFORMED, "%s", texts[i]);
}
END_TEST

START_TEST(result_fits_up_to_the_last_byte)
{
    ck_assert_int_eq(expand("<${THA_A}>", 8), THA_EXPANSION_DONE);
    ck_assert_str_eq(buf, "<alpha>");
    ck_assert_int_eq(expand("<${THA_A}>", 7), THA_EXPANSION_TOO_LONG);
    ck_assert_int_eq(expand("<${THA_A}", 6), THA_EXPANSION_TOO_LONG);
    ck_assert_int_eq(expand("<<${THA_A}", 2), THA_EXPANSION_TOO_LONG);
}
END_TEST

SUITE("config environment", names_are_replaced_wherever_they_stand, dollar_without_brace_stands_for_itself,
      what_was_put_in_is_not_looked_at_again, unset_name_is_pointed_at, name_longer_than_any_is_unset,
      brace_must_hold_a_name_and_close, result_fits_up_to_the_last_byte)
