#include <string.h>

#include "../suite.h"
#include "view/words.h"

#define FIELD 64U

/** Room for a field, and a word behind it that nobody may touch. */
static _Atomic uint64_t shared[FIELD / sizeof(uint64_t) + 1];

static void fill(uint64_t word)
{
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
        shared[i] = word;
}

static void store_and_load(size_t length)
{
    struct tha_words in = {.next = shared}, out = {.next = shared};
    char text[FIELD] = "", back[FIELD];

    fill(UINT64_MAX);
    memset(text, 'x', length);
    memset(back, 'y', sizeof(back));
    tha_words_put_text(&in, text, sizeof(text));
    tha_words_get_text(&out, back, sizeof(back));

    ck_assert_str_eq(back, text);
    ck_assert_uint_eq((size_t)(in.next - shared), length / 8 + 1);
    ck_assert_ptr_eq(in.next, out.next);
    ck_assert_uint_eq(in.check, out.check);
    ck_assert_uint_eq(shared[length / 8 + 1], UINT64_MAX);
}

START_TEST(a_text_takes_the_words_up_to_its_zero_and_comes_back)
{
    for (size_t length = 0; length < FIELD; length++)
        store_and_load(length);
}
END_TEST

START_TEST(numbers_and_texts_follow_each_other)
{
    const uint64_t numbers[] = {1, 0, UINT64_MAX};
    struct tha_words in = {.next = shared}, out = {.next = shared};
    char first[16] = "eleven char", second[16] = "", back[16];
    uint64_t numbers_back[3];

    tha_words_put_numbers(&in, numbers, sizeof(numbers));
    tha_words_put_text(&in, second, sizeof(second));
    tha_words_put_text(&in, first, sizeof(first));
    tha_words_get_numbers(&out, numbers_back, sizeof(numbers_back));

    ck_assert_mem_eq(numbers_back, numbers, sizeof(numbers));
    tha_words_get_text(&out, back, sizeof(back));
    ck_assert_str_eq(back, "");
    tha_words_get_text(&out, back, sizeof(back));
    ck_assert_str_eq(back, first);
    ck_assert_uint_eq(in.check, out.check);
}
END_TEST

START_TEST(a_text_without_a_zero_ends_with_its_field)
{
    struct tha_words out = {.next = shared};
    char back[FIELD + 1];

    fill(UINT64_C(0x7878787878787878));
    back[FIELD] = '!';
    tha_words_get_text(&out, back, FIELD);

    ck_assert_uint_eq(strlen(back), FIELD - 1);
    ck_assert_int_eq(back[FIELD], '!');
    ck_assert_uint_eq((size_t)(out.next - shared), FIELD / 8);
}
END_TEST

START_TEST(the_check_tells_other_words_and_another_order_apart)
{
    struct tha_words a = {.next = shared}, b = {.next = shared}, c = {.next = shared};

    tha_words_put(&a, 1);
    tha_words_put(&a, 2);
    tha_words_put(&b, 2);
    tha_words_put(&b, 1);
    tha_words_put(&c, 1);
    tha_words_put(&c, 3);

    ck_assert_uint_ne(a.check, b.check);
    ck_assert_uint_ne(a.check, c.check);
}
END_TEST

SUITE("view_words", a_text_takes_the_words_up_to_its_zero_and_comes_back, numbers_and_texts_follow_each_other,
      a_text_without_a_zero_ends_with_its_field, the_check_tells_other_words_and_another_order_apart)
