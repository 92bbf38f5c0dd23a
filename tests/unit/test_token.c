#include "adapters/token.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "adapters/hex.h"

START_TEST(drawn_tokens_are_unlike_each_other_and_count_cseq_up)
{
    struct tha_entropy entropy = {.left = 0};
    struct tha_token token = {.cseq = 0}, before;

    for (uint32_t i = 1; i <= 1000; i++) { /* the kernel is asked again several times */
        before = token;
        tha_token_draw(&token, &entropy);
        ck_assert_uint_eq(token.cseq, i);
        ck_assert_uint_ne(token.branch, before.branch);
        ck_assert_uint_ne(token.call_id, before.call_id);
        ck_assert_uint_ne(token.branch, token.call_id);
    }
}
END_TEST

START_TEST(cseq_stays_below_two_to_the_thirty_one)
{
    struct tha_entropy entropy = {.left = 0};
    struct tha_token token = {.cseq = INT32_MAX - 1};

    tha_token_draw(&token, &entropy);
    ck_assert_uint_eq(token.cseq, INT32_MAX);
    tha_token_draw(&token, &entropy);
    ck_assert_uint_eq(token.cseq, 1);
}
END_TEST

START_TEST(branch_of_ours_gives_slot_and_number)
{
    static const char branch[] = "z9hG4bK-0000002a0123456789abcdef";
    uint64_t number;
    uint32_t slot;

    ck_assert(tha_token_read_branch(branch, strlen(branch), &slot, &number));
    ck_assert_uint_eq(slot, 42);
    ck_assert_uint_eq(number, 0x0123456789abcdef);
}
END_TEST

START_TEST(branch_of_another_form_is_not_ours)
{
    static const char *const branches[] = {
        "",
        "z9hG4bK-",
        "z9hG4bK-0000002a0123456789abcde",
        "z9hG4bK-0000002a0123456789abcdef0",
        "z9hg4bk-0000002a0123456789abcdef",
        "z9hG4bK-0000002A0123456789abcdef",
        "z9hG4bK-0000002a0123456789abcdeg",
        "z9hG4bK-0000002a0123456789abcde ",
        "z9hG4bK-0000002/0123456789abcdef",
        "z9hG4bK-0000002:0123456789abcdef",
        "z9hG4bK-0000002`0123456789abcdef",
    };
    uint64_t number;
    uint32_t slot;

    for (size_t i = 0; i < sizeof(branches) / sizeof(branches[0]); i++)
        ck_assert_msg(!tha_token_read_branch(branches[i], strlen(branches[i]), &slot, &number), "%s", branches[i]);
}
END_TEST

START_TEST(hex_digits_read_back_as_the_number_they_were_made_of)
{
    static const uint32_t numbers[] = {0, 1, 9, 10, 15, 16, 0x9a9a9a9a, 0xa9a9a9a9, 0x12345678, 0x90abcdef, UINT32_MAX};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint64_t digits = tha_hex_digits(numbers[i]);
        char expected[9], text[9] = "";
        uint32_t number;

        memcpy(text, &digits, sizeof(digits));
        snprintf(expected, sizeof(expected), "%08x", numbers[i]);
        ck_assert_str_eq(text, expected);
        ck_assert(tha_hex_read(text, &number));
        ck_assert_uint_eq(number, numbers[i]);
    }
}
END_TEST

START_TEST(only_the_sixteen_digits_are_hex)
{
    for (int c = 0; c < 256; c++) {
        char text[9] = "00000000";
        uint32_t number;

        text[c % 8] = (char)c;
        ck_assert_msg(tha_hex_read(text, &number) == (c && strchr("0123456789abcdef", c) != NULL), "%d", c);
    }
}
END_TEST

START_TEST(branch_is_found_in_a_request_that_came_back_cut)
{
    static const char request[] =
        "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK-000000070000000000000001;rport";
    uint64_t number;
    uint32_t slot;

    ck_assert(tha_token_find_branch(request, sizeof(request) - 1, &slot, &number));
    ck_assert_uint_eq(slot, 7);
    ck_assert_uint_eq(number, 1);
    ck_assert(!tha_token_find_branch(request, sizeof(request) - 8, &slot, &number));
    ck_assert(!tha_token_find_branch(request, 8, &slot, &number));
    ck_assert(!tha_token_find_branch(request, 0, &slot, &number));
}
END_TEST

SUITE("token", drawn_tokens_are_unlike_each_other_and_count_cseq_up, cseq_stays_below_two_to_the_thirty_one,
      branch_of_ours_gives_slot_and_number, branch_of_another_form_is_not_ours,
      hex_digits_read_back_as_the_number_they_were_made_of, only_the_sixteen_digits_are_hex,
      branch_is_found_in_a_request_that_came_back_cut)
