/* Structs of older and newer callers. */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/abi.h"
#include "trunkha.h"

struct grown {
    size_t size;
    uint32_t old_field;
    uint32_t new_field;
};

START_TEST(a_shorter_struct_keeps_our_defaults_and_is_not_read_past_its_end)
{
    struct grown ours = {sizeof(ours), 1, 2};
    size_t old_size = offsetof(struct grown, new_field);
    unsigned char *theirs = malloc(old_size); /* exactly the old length: a sanitizer sees a read too far */

    memcpy(theirs, &(struct grown){old_size, 7, 0}, old_size);
    ck_assert_int_eq(tha_abi_read(&ours, sizeof(ours), theirs), 0);
    ck_assert_uint_eq(ours.old_field, 7);
    ck_assert_uint_eq(ours.new_field, 2);
    ck_assert_uint_eq(ours.size, sizeof(ours));
    free(theirs);
}
END_TEST

START_TEST(a_longer_struct_is_good_only_when_the_rest_is_zero)
{
    struct {
        struct grown known;
        uint32_t unknown[2];
    } theirs = {{sizeof(theirs), 3, 4}, {0, 0}};
    struct grown ours = {sizeof(ours), 0, 0};

    ck_assert_int_eq(tha_abi_read(&ours, sizeof(ours), &theirs), 0);
    ck_assert_uint_eq(ours.new_field, 4);
    theirs.unknown[1] = 1;
    ck_assert_int_eq(tha_abi_read(&ours, sizeof(ours), &theirs), TRUNKHA_ERR_INVALID);
    theirs.known.size = 3;
    ck_assert_int_eq(tha_abi_read(&ours, sizeof(ours), &theirs), TRUNKHA_ERR_INVALID);
}
END_TEST

START_TEST(writing_stays_within_what_the_caller_knows)
{
    const struct grown ours = {sizeof(ours), 5, 6};
    size_t old_size = offsetof(struct grown, new_field);
    unsigned char *theirs = malloc(old_size);
    struct grown seen = {0};
    struct {
        struct grown known;
        uint32_t unknown;
    } newer = {{sizeof(newer), 0, 0}, 9};

    memcpy(theirs, &(struct grown){old_size, 0, 0}, old_size);
    ck_assert_int_eq(tha_abi_write(theirs, &ours, sizeof(ours)), 0);
    memcpy(&seen, theirs, old_size);
    ck_assert_uint_eq(seen.old_field, 5);
    ck_assert_uint_eq(seen.size, old_size);
    free(theirs);

    ck_assert_int_eq(tha_abi_write(&newer, &ours, sizeof(ours)), 0);
    ck_assert_uint_eq(newer.known.new_field, 6);
    ck_assert_uint_eq(newer.known.size, sizeof(newer));
    ck_assert_uint_eq(newer.unknown, 9);
}
END_TEST

SUITE("abi", a_shorter_struct_keeps_our_defaults_and_is_not_read_past_its_end,
      a_longer_struct_is_good_only_when_the_rest_is_zero, writing_stays_within_what_the_caller_knows)
