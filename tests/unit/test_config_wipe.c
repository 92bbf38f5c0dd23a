/* Every block that is given back is searched for the password that was in the file. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"

static const char secret[] = "correct horse battery staple";

struct block {
    size_t size;
    char bytes[] __attribute__((aligned(16)));
};

static unsigned n_found; /* blocks with the secret in them when they were given back */

static void *get(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    ck_assert_ptr_nonnull(block);
    block->size = size;

    return block->bytes;
}

static struct block *block_of(void *ptr)
{
    return (struct block *)(void *)((char *)ptr - offsetof(struct block, bytes));
}

static void give_back(void *ptr)
{
    if (!ptr)
        return;
    n_found += memmem(block_of(ptr)->bytes, block_of(ptr)->size, secret, sizeof(secret) - 1) != NULL;
    free(block_of(ptr));
}

static void *searching_realloc(void *ptr, size_t size, void *user_data)
{
    void *moved = size ? get(size) : NULL;

    (void)user_data;
    if (ptr && moved)
        memcpy(moved, ptr, block_of(ptr)->size < size ? block_of(ptr)->size : size);
    give_back(ptr);

    return moved;
}

/** jansson's scanner leaves in its buffer, with its quote, what it has read last: that is beyond us. Its strings are not. */
static void give_back_of_jansson(void *ptr)
{
    if (ptr && block_of(ptr)->bytes[0] == '"')
        free(block_of(ptr));
    else
        give_back(ptr);
}

static int read_with(const char *keys)
{
    static const struct tha_mem mem = {searching_realloc, NULL};
    struct tha_model *model = NULL;
    char json[1024];
    int err;

    snprintf(json, sizeof(json),
             "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\", \"outboundAuthMethod\": \"DIGEST\","
             "  \"outboundAuth\": {\"username\": \"u\", \"password\": \"%s\"}%s}]}",
             secret, keys);
    n_found = 0;
    json_set_alloc_funcs(get, give_back_of_jansson);
    err = tha_config_read(&mem, json, strlen(json), NULL, NULL, &model);
    if (!err) {
        ck_assert_str_eq(model->trunks[0].reach->auth->password, secret);
        ck_assert_uint_eq(n_found, 0);
    }
    tha_model_free(model);
    json_set_alloc_funcs(malloc, free);

    return err;
}

START_TEST(password_is_wiped_with_its_model)
{
    ck_assert_int_eq(read_with(""), 0);
    ck_assert_uint_eq(n_found, 0);
}
END_TEST

START_TEST(password_is_wiped_when_the_file_is_refused)
{
    ck_assert_int_eq(read_with(", \"weight\": -1"), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_found, 0);
}
END_TEST

START_TEST(password_under_a_wrong_key_is_wiped_too)
{
    char keys[100];

    snprintf(keys, sizeof(keys), ", \"pasword\": [{\"x\": \"%s\"}]", secret);
    ck_assert_int_eq(read_with(keys), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_found, 0);
}
END_TEST

/** What would be found, if it were not wiped. */
START_TEST(search_finds_what_is_there)
{
    char *text = searching_realloc(NULL, sizeof(secret), NULL);

    memcpy(text, secret, sizeof(secret));
    n_found = 0;
    searching_realloc(text, 0, NULL);
    ck_assert_uint_eq(n_found, 1);
}
END_TEST

SUITE("config wipe", password_is_wiped_with_its_model, password_is_wiped_when_the_file_is_refused,
      password_under_a_wrong_key_is_wiped_too, search_finds_what_is_there)
