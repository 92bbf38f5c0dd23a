
#include "../suite.h"
#include "config/codes.h"

static struct tha_codes failing(const struct tha_config_codes *failure, const struct tha_config_codes *accepted)
{
    struct tha_codes codes;

    tha_config_combine_codes(failure, accepted, &codes);

    return codes;
}

START_TEST(codes_go_from_100_to_699)
{
    struct tha_config_codes codes = {.classes = 0};

    ck_assert(!tha_config_add_code(&codes, 99));
    ck_assert(tha_config_add_code(&codes, 100));
    ck_assert(tha_config_add_code(&codes, 699));
    ck_assert(!tha_config_add_code(&codes, 700));
    ck_assert(!tha_config_add_code(&codes, -503));
    ck_assert(!tha_config_add_code(&codes, 4294967299LL));
    ck_assert(tha_codes_has(&codes.exact, 100) && tha_codes_has(&codes.exact, 699) && !tha_codes_has(&codes.exact, 503));
}
END_TEST

START_TEST(classes_go_from_1xx_to_6xx_in_either_case)
{
    struct tha_config_codes codes = {.classes = 0};

    ck_assert(tha_config_add_code_text(&codes, "1xx"));
    ck_assert(tha_config_add_code_text(&codes, "6XX"));
    ck_assert(tha_config_add_code_text(&codes, "5xX"));
    ck_assert_uint_eq(codes.classes, 1U << 1 | 1U << 5 | 1U << 6);
}
END_TEST

START_TEST(other_texts_are_no_codes)
{
    static const char *const texts[] = {"",    "5",   "50",  "5x",  "0xx",  "7xx",  "xxx",
                                        "5xy", "5x3", "099", "700", "5xxx", "5033", " 50"};
    struct tha_config_codes codes = {.classes = 0};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!tha_config_add_code_text(&codes, texts[i]), "\"%s\"", texts[i]);
    ck_assert_uint_eq(codes.classes, 0);
}
END_TEST

START_TEST(exact_code_beats_a_class)
{
    struct tha_config_codes failure = {.classes = 0}, accepted = {.classes = 0};
    struct tha_codes codes;

    ck_assert(tha_config_add_code_text(&failure, "5xx") && tha_config_add_code_text(&accepted, "501"));
    ck_assert(tha_config_add_code_text(&failure, "404") && tha_config_add_code_text(&accepted, "4xx"));
    codes = failing(&failure, &accepted);

    ck_assert(tha_codes_has(&codes, 500) && !tha_codes_has(&codes, 501) && tha_codes_has(&codes, 502));
    ck_assert(!tha_codes_has(&codes, 403) && tha_codes_has(&codes, 404) && !tha_codes_has(&codes, 405));
}
END_TEST

START_TEST(tie_is_accepted)
{
    struct tha_config_codes failure = {.classes = 0}, accepted = {.classes = 0};
    struct tha_codes codes;

    ck_assert(tha_config_add_code(&failure, 403) && tha_config_add_code(&accepted, 403));
    ck_assert(tha_config_add_code_text(&failure, "6xx") && tha_config_add_code_text(&accepted, "6xx"));
    codes = failing(&failure, &accepted);

    ck_assert(!tha_codes_has(&codes, 403) && !tha_codes_has(&codes, 600));
}
END_TEST

START_TEST(code_in_no_list_is_accepted)
{
    struct tha_config_codes none = {.classes = 0};
    struct tha_codes codes = failing(&none, &none);

    for (unsigned code = 100; code <= 699; code++)
        ck_assert(!tha_codes_has(&codes, code));
}
END_TEST

START_TEST(set_is_empty_until_something_is_added)
{
    struct tha_config_codes one = {.classes = 0}, class = {.classes = 0};

    ck_assert(!tha_config_has_codes(&one));
    ck_assert(tha_config_add_code(&one, 699) && tha_config_has_codes(&one));
    ck_assert(tha_config_add_code_text(&class, "6xx") && tha_config_has_codes(&class));
}
END_TEST

SUITE("config codes", codes_go_from_100_to_699, classes_go_from_1xx_to_6xx_in_either_case, other_texts_are_no_codes,
      exact_code_beats_a_class, tie_is_accepted, code_in_no_list_is_accepted, set_is_empty_until_something_is_added)
