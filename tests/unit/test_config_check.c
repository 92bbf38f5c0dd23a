#include <string.h>

#include "../suite.h"
#include "config/check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void expect_code(tha_config_check check, const char *text, enum tha_config_code wanted)
{
    enum tha_config_code code = THA_CODE_JSON_SYNTAX;
    const char *problem = check(text, &code);

    ck_assert_msg(!problem == !wanted, "\"%s\": %s", text, problem ? problem : "nothing wrong");
    if (wanted)
        ck_assert_msg(code == wanted, "\"%s\": TH%03d", text, code);
}

#define GOOD 0

START_TEST(id_is_a_label_that_is_not_empty)
{
    expect_code(tha_config_check_id, "Carrier A / \xc3\xa9", GOOD);
    expect_code(tha_config_check_id, "", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_id, "a\nb", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_label, "", GOOD);
    expect_code(tha_config_check_label, "a\x7f", THA_CODE_BAD_VALUE);
}
END_TEST

START_TEST(token_is_one_word)
{
    expect_code(tha_config_check_token, "G.711-a%*_+`'~!", GOOD);
    expect_code(tha_config_check_token, "", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_token, "a b", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_token, "a/b", THA_CODE_BAD_VALUE);
}
END_TEST

START_TEST(uri_is_bare_and_has_a_sip_scheme)
{
    static const char *const bad[] = {"sip:",     "sips:",   "tel:+1",      "192.0.2.1",   "<sip:a@b>",
                                      "sip:a@b>", "sip:a b", "sip:\"a\"@b", "sip:\xc3\xa9"};

    expect_code(tha_config_check_uri, "", GOOD);
    expect_code(tha_config_check_uri, "sip:a@b;transport=udp", GOOD);
    expect_code(tha_config_check_uri, "SIPS:b", GOOD);
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_code(tha_config_check_uri, bad[i], THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_uri, "sip:a\r\nVia: x", THA_CODE_HEADER_INJECTION);
    expect_code(tha_config_check_uri, "\tsip:a", THA_CODE_HEADER_INJECTION);
}
END_TEST

START_TEST(header_name_is_a_token_that_the_probe_does_not_write)
{
    static const char *const own[] = {
        "Via",     "v", "FROM",           "f", "To",         "t",     "Call-ID", "i", "cseq", "Max-Forwards",
        "Contact", "m", "Content-Length", "L", "User-Agent", "Accept"};

    expect_code(tha_config_check_header_name, "X-Site", GOOD);
    expect_code(tha_config_check_header_name, "Route", GOOD);
    expect_code(tha_config_check_header_name, "Accept-Language", GOOD);
    expect_code(tha_config_check_header_name, "", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_header_name, "X:", THA_CODE_BAD_VALUE);
    expect_code(tha_config_check_header_name, "X\r", THA_CODE_HEADER_INJECTION);
    for (size_t i = 0; i < COUNT(own); i++)
        expect_code(tha_config_check_header_name, own[i], THA_CODE_BAD_VALUE);
}
END_TEST

START_TEST(header_value_has_no_control_characters)
{
    expect_code(tha_config_check_header_value, "", GOOD);
    expect_code(tha_config_check_header_value, "a; b=\"c\" \xc3\xa9", GOOD);
    expect_code(tha_config_check_header_value, "a\rb", THA_CODE_HEADER_INJECTION);
    expect_code(tha_config_check_header_value, "a\nb", THA_CODE_HEADER_INJECTION);
    expect_code(tha_config_check_header_value, "a\tb", THA_CODE_HEADER_INJECTION);
}
END_TEST

START_TEST(utf8_is_strict)
{
    static const char *const good[] = {
        "",
        "a",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xe2\x82(",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xe9",
    };

    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(tha_config_is_utf8(good[i]), "good %zu", i);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!tha_config_is_utf8(bad[i]), "bad %zu", i);
}
END_TEST

SUITE("config check", id_is_a_label_that_is_not_empty, token_is_one_word, uri_is_bare_and_has_a_sip_scheme,
      header_name_is_a_token_that_the_probe_does_not_write, header_value_has_no_control_characters, utf8_is_strict)
