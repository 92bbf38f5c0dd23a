#include <stdio.h>

#include "../suite.h"
#include "base/map.h"

START_TEST(finds_what_was_put_and_nothing_else)
{
    static char keys[3000][12];
    struct tha_map map;

    tha_map_init(&map, &tha_mem_default);
    ck_assert_ptr_null(tha_map_find(&map, "k0"));
    for (int i = 0; i < 3000; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        ck_assert_int_eq(tha_map_put(&map, keys[i], keys[i]), 0);
    }
    ck_assert_uint_eq(map.count, 3000);
    for (int i = 0; i < 3000; i++)
        ck_assert_ptr_eq(tha_map_find(&map, keys[i]), keys[i]);
    ck_assert_ptr_null(tha_map_find(&map, "k3000"));
    tha_map_done(&map);
}
END_TEST

START_TEST(putting_again_replaces)
{
    struct tha_map map;
    int one, two;

    tha_map_init(&map, &tha_mem_default);
    tha_map_put(&map, "key", &one);
    tha_map_put(&map, "key", &two);
    ck_assert_ptr_eq(tha_map_find(&map, "key"), &two);
    ck_assert_uint_eq(map.count, 1);
    tha_map_done(&map);
}
END_TEST

SUITE("map", finds_what_was_put_and_nothing_else, putting_again_replaces)
