#include "adapters/bytes.h"

#include <stdint.h>
#include <string.h>

#include "../suite.h"

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    unsigned *left = user_data;

    if (size && !(*left)--)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(bytes_leave_in_the_order_they_came)
{
    struct tha_bytes bytes = {.data = NULL};
    unsigned char in = 0, out = 0, buf[97];

    for (unsigned round = 0; round < 2000; round++) {
        size_t n = round % 13 * 7, got;

        for (size_t i = 0; i < n; i++)
            buf[i] = in++;
        ck_assert_int_eq(tha_bytes_put(&bytes, &tha_mem_default, buf, n), 0);
        got = tha_bytes_take(&bytes, &tha_mem_default, buf, round % 11 * 9);
        for (size_t i = 0; i < got; i++)
            ck_assert_uint_eq(buf[i], out++);
    }
    ck_assert_uint_eq((unsigned char)(in - out), tha_bytes_len(&bytes) % 256);
    tha_bytes_done(&bytes, &tha_mem_default);
}
END_TEST

START_TEST(empty_ones_hold_no_memory)
{
    struct tha_bytes bytes = {.data = NULL};
    char buf[8];

    ck_assert_int_eq(tha_bytes_put(&bytes, &tha_mem_default, "", 0), 0);
    ck_assert_ptr_null(bytes.data);
    ck_assert_uint_eq(tha_bytes_take(&bytes, &tha_mem_default, buf, sizeof(buf)), 0);
    ck_assert_int_eq(tha_bytes_put(&bytes, &tha_mem_default, "abc", 3), 0);
    tha_bytes_skip(&bytes, &tha_mem_default, 2);
    ck_assert_ptr_nonnull(bytes.data);
    tha_bytes_skip(&bytes, &tha_mem_default, 1);
    ck_assert_ptr_null(bytes.data);
    ck_assert_uint_eq(bytes.size, 0);
}
END_TEST

START_TEST(want_of_memory_changes_nothing)
{
    unsigned left = 1;
    const struct tha_mem mem = {failing_realloc, &left};
    struct tha_bytes bytes = {.data = NULL};
    char big[2000] = "", buf[8];

    ck_assert_int_eq(tha_bytes_put(&bytes, &mem, "abcd", 4), 0);
    ck_assert_int_eq(tha_bytes_put(&bytes, &mem, big, sizeof(big)), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(tha_bytes_reserve(&bytes, &mem, SIZE_MAX), TRUNKHA_ERR_NOMEM);
    ck_assert_uint_eq(tha_bytes_len(&bytes), 4);
    ck_assert_uint_eq(tha_bytes_take(&bytes, &mem, buf, sizeof(buf)), 4);
    ck_assert_int_eq(memcmp(buf, "abcd", 4), 0);
}
END_TEST

static void *counting_realloc(void *ptr, size_t size, void *user_data)
{
    ++*(unsigned *)user_data;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(many_little_pieces_cost_few_allocations)
{
    unsigned n_calls = 0;
    const struct tha_mem mem = {counting_realloc, &n_calls};
    struct tha_bytes bytes = {.data = NULL};

    for (unsigned i = 0; i < 65536; i++)
        ck_assert_int_eq(tha_bytes_put(&bytes, &mem, "x", 1), 0);
    ck_assert_uint_le(n_calls, 8);
    tha_bytes_done(&bytes, &mem);
}
END_TEST

SUITE("bytes", bytes_leave_in_the_order_they_came, empty_ones_hold_no_memory, want_of_memory_changes_nothing,
      many_little_pieces_cost_few_allocations)
