#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "core/abilities.h"

static uint16_t method(const char *name)
{
    return tha_method_bit(name, strlen(name));
}

static uint16_t option(const char *name)
{
    return tha_option_bit(name, strlen(name));
}

static uint32_t codec(const char *name)
{
    return tha_codec_bit(name, strlen(name));
}

static bool is_one_bit(uint32_t set)
{
    return set && !(set & (set - 1));
}

START_TEST(every_name_is_the_name_of_its_bit)
{
    const char *name;
    unsigned n = 0;

    for (; (name = tha_method_name(UINT16_MAX, n)); n++)
        ck_assert_str_eq(tha_method_name(method(name), 0), name);
    ck_assert_uint_eq(n, 14);
    for (n = 0; (name = tha_option_name(UINT16_MAX, n)); n++)
        ck_assert_str_eq(tha_option_name(option(name), 0), name);
    ck_assert_uint_ge(n, 10);
    for (n = 0; (name = tha_codec_name(UINT32_MAX, n)); n++)
        ck_assert_str_eq(tha_codec_name(codec(name), 0), name);
    ck_assert_uint_ge(n, 10);
}
END_TEST

START_TEST(every_name_has_a_bit_of_its_own)
{
    uint32_t all = 0;

    for (unsigned i = 0; tha_codec_name(UINT32_MAX, i); i++) {
        uint32_t bit = codec(tha_codec_name(UINT32_MAX, i));

        ck_assert(is_one_bit(bit));
        ck_assert_uint_eq(all & bit, 0);
        all |= bit;
    }
    for (unsigned i = 0; tha_option_name(UINT16_MAX, i); i++)
        ck_assert_uint_eq(option(tha_option_name(UINT16_MAX, i)) & THA_OPTIONS_SAID, 0);
}
END_TEST

START_TEST(methods_are_case_sensitive_and_option_tags_and_codecs_are_not)
{
    ck_assert(is_one_bit(method("INVITE")));
    ck_assert_uint_eq(method("invite"), 0);
    ck_assert_uint_eq(option("100REL"), option("100rel"));
    ck_assert_uint_eq(codec("pcma"), codec("PCMA"));
    ck_assert_uint_eq(codec("Opus"), codec("OPUS"));
}
END_TEST

START_TEST(names_that_nobody_knows_have_no_bit)
{
    static const char *const names[] = {"", "X", "INVITEX", "INVIT", "100re", "100relx", "PCM", "PCMAX", "PCMA/8000"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_uint_eq(method(names[i]), 0);
        ck_assert_uint_eq(option(names[i]), 0);
        ck_assert_uint_eq(codec(names[i]), 0);
    }
    ck_assert_uint_eq(tha_method_bit("INVITE", 5), 0);
    ck_assert_uint_eq(tha_method_bit("BYE, INVITE", 3), method("BYE")); /* a piece of a line, without a zero */
    ck_assert_uint_eq(tha_method_bit("ACK\0\0", 5), 0);
}
END_TEST

START_TEST(a_codec_is_one_whatever_it_is_called)
{
    ck_assert(is_one_bit(codec("PCMA")));
    ck_assert_uint_eq(codec("G711A"), codec("PCMA"));
    ck_assert_uint_eq(codec("g711u"), codec("PCMU"));
    ck_assert_uint_eq(codec("ulaw"), codec("PCMU"));
    ck_assert_uint_eq(codec("G729A"), codec("G729"));
    ck_assert_uint_eq(codec("AMRWB"), codec("AMR-WB"));
    ck_assert_uint_ne(codec("AMR-WB"), codec("AMR"));
    ck_assert_str_eq(tha_codec_name(codec("G711A"), 0), "PCMA");
}
END_TEST

START_TEST(static_payload_types_are_those_of_rfc_3551)
{
    ck_assert_uint_eq(tha_codec_bit_of_payload(0), codec("PCMU"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(3), codec("GSM"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(4), codec("G723"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(8), codec("PCMA"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(9), codec("G722"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(15), codec("G728"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(18), codec("G729"));
    ck_assert_uint_eq(tha_codec_bit_of_payload(1), 0);
    ck_assert_uint_eq(tha_codec_bit_of_payload(13), 0); /* comfort noise */
    ck_assert_uint_eq(tha_codec_bit_of_payload(19), 0);
    ck_assert_uint_eq(tha_codec_bit_of_payload(96), 0);
    ck_assert_uint_eq(tha_codec_bit_of_payload(UINT32_MAX), 0);
}
END_TEST

START_TEST(the_members_of_a_set_come_in_a_fixed_order_and_end)
{
    uint16_t set = (uint16_t)(method("UPDATE") | method("INVITE") | method("BYE"));

    ck_assert_str_eq(tha_method_name(set, 0), "INVITE");
    ck_assert_str_eq(tha_method_name(set, 1), "BYE");
    ck_assert_str_eq(tha_method_name(set, 2), "UPDATE");
    ck_assert_ptr_null(tha_method_name(set, 3));
    ck_assert_ptr_null(tha_method_name(0, 0));
    ck_assert_ptr_null(tha_option_name(THA_OPTIONS_SAID, 0));
}
END_TEST

static const char *less(const struct tha_abilities *a, const struct tha_abilities *b, char *buf, size_t size)
{
    struct tha_abilities difference = tha_abilities_less(a, b);

    return tha_abilities_text(&difference, buf, size);
}

START_TEST(a_difference_names_what_one_has_and_the_other_has_not)
{
    struct tha_abilities a = {
        .methods = (uint16_t)(method("INVITE") | method("PRACK")),
        .options = (uint16_t)(THA_OPTIONS_SAID | option("100rel") | option("timer")),
        .codecs = codec("PCMA") | codec("PCMU"),
    };
    struct tha_abilities b = {
        .methods = method("INVITE"), .options = (uint16_t)(THA_OPTIONS_SAID | option("timer")), .codecs = codec("PCMU")};
    char buf[128];

    ck_assert_str_eq(less(&a, &b, buf, sizeof(buf)), "PRACK, 100rel, PCMA");
    ck_assert_str_eq(less(&b, &a, buf, sizeof(buf)), "");
    ck_assert_str_eq(less(&a, &a, buf, sizeof(buf)), "");
}
END_TEST

START_TEST(what_was_not_said_is_no_difference)
{
    struct tha_abilities all = {method("INVITE"), (uint16_t)(THA_OPTIONS_SAID | option("100rel")), codec("PCMA")};
    struct tha_abilities none = {0, 0, 0};
    struct tha_abilities no_options = {0, THA_OPTIONS_SAID, 0};
    char buf[128];

    ck_assert_str_eq(less(&all, &none, buf, sizeof(buf)), "");
    ck_assert_str_eq(less(&all, &no_options, buf, sizeof(buf)), "100rel");
}
END_TEST

START_TEST(a_difference_never_leaves_its_room)
{
    struct tha_abilities all = {UINT16_MAX, UINT16_MAX, UINT32_MAX};
    struct tha_abilities least = {method("INVITE"), THA_OPTIONS_SAID, codec("PCMA")};
    char buf[512], full[512];

    less(&all, &least, full, sizeof(full));
    ck_assert_uint_lt(strlen(full), 400);
    for (size_t size = 1; size <= strlen(full) + 1; size++) {
        size_t len;

        memset(buf, '#', sizeof(buf));
        less(&all, &least, buf, size);
        len = strlen(buf);
        ck_assert(len < size && buf[size] == '#');
        ck_assert(!len || (buf[len - 1] != ' ' && buf[len - 1] != ','));
    }
    ck_assert_str_eq(buf, full);
    buf[0] = '#';
    less(&all, &least, buf, 0);
    ck_assert_int_eq(buf[0], '#');
}
END_TEST

SUITE("abilities", every_name_is_the_name_of_its_bit, every_name_has_a_bit_of_its_own,
      methods_are_case_sensitive_and_option_tags_and_codecs_are_not, names_that_nobody_knows_have_no_bit,
      a_codec_is_one_whatever_it_is_called, static_payload_types_are_those_of_rfc_3551,
      the_members_of_a_set_come_in_a_fixed_order_and_end, a_difference_names_what_one_has_and_the_other_has_not,
      what_was_not_said_is_no_difference, a_difference_never_leaves_its_room)
