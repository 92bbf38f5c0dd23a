#include "adapters/printable.h"

#include <string.h>

#include "../suite.h"
#include "base/text.h"

static const struct sample {
    const char *text, *printable;
} samples[] = {
    {"", ""},
    {"sip.carrier.example", "sip.carrier.example"},
    {"a\r\nb\tc\x7f", "a??b?c?"},
    {"M\xc3\xbcnchen", "M\xc3\xbcnchen"},
    {"\xc2\xa0\xc2\x9f\xc2\x80", "\xc2\xa0????"}, /* U+0080 to U+009F are controls */
    {"M\xfcnchen", "M?nchen"},
    {"\xc3", "?"},
    {"\xe2\x82\xac\xff", "????"},
};

START_TEST(controls_and_what_is_not_utf8_are_masked)
{
    for (unsigned i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        char text[64];

        strcpy(text, samples[i].text);
        ck_assert_str_eq(tha_printable(text), samples[i].printable);
        ck_assert(tha_text_is_utf8(text));
    }
}
END_TEST

START_TEST(copies_are_cut_and_keep_their_zeros_visible)
{
    char buf[6];

    ck_assert_str_eq(tha_printable_copy(buf, sizeof(buf), "a\0b", 3), "a?b");
    ck_assert_str_eq(tha_printable_copy(buf, sizeof(buf), "abcdefgh", 8), "abcde");
    ck_assert_str_eq(tha_printable_copy(buf, sizeof(buf), "", 0), "");
    ck_assert(tha_text_is_utf8(tha_printable_copy(buf, sizeof(buf), "abcd\xc3\xbc", 6)));
}
END_TEST

SUITE("printable", controls_and_what_is_not_utf8_are_masked, copies_are_cut_and_keep_their_zeros_visible)
