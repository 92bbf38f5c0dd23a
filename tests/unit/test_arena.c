#include <stdint.h>
#include <string.h>

#include "../suite.h"
#include "base/arena.h"

START_TEST(everything_is_zeroed_aligned_and_apart)
{
    struct tha_arena arena;
    unsigned char *last = NULL;

    tha_arena_init(&arena, &tha_mem_default);
    for (size_t size = 1; size < 3000; size += 37) {
        unsigned char *bytes = tha_arena_alloc(&arena, 1, size);

        ck_assert_uint_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(bytes[i], 0);
        memset(bytes, 0xff, size);
        ck_assert_ptr_ne(bytes, last);
        last = bytes;
        ck_assert_str_eq(tha_arena_strdup(&arena, "text"), "text");
    }
    ck_assert_ptr_nonnull(tha_arena_alloc(&arena, 1, 1000000));
    ck_assert_str_eq(tha_arena_strndup(&arena, "abcdef", 3), "abc");
    ck_assert_ptr_null(tha_arena_alloc(&arena, SIZE_MAX / 2, 4));
    tha_arena_done(&arena);
}
END_TEST

SUITE("arena", everything_is_zeroed_aligned_and_apart)
