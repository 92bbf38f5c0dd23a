#include "adapters/re_compat.h"

#include <stdio.h>

#include "../suite.h"
#include "adapters/loop.h"

/* Stands in for libre's own, by --wrap of the linker: the program is linked with one libre, and told of another. */
static const char *loaded_version;

const char *__wrap_sys_libre_version_get(void);
const char *__wrap_sys_libre_version_get(void)
{
    return loaded_version;
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    (void)loop;
    *(bool *)user_data = true;

    return 0;
}

static void on_end(void *user_data)
{
    (void)user_data;
}

static void on_log(int level, const char *message, void *user_data)
{
    ck_assert_int_eq(level, TRUNKHA_LOG_ERROR);
    snprintf(user_data, 256, "%s", message);
}

/** What tha_loop_new() returns with that libre; @p ret_message: what it logs, 256 bytes. */
static int start_with(const char *version, char *ret_message)
{
    bool was_started = false;
    const struct tha_loop_handlers handlers = {.start = on_start, .end = on_end, .user_data = &was_started};
    const struct tha_log log = {on_log, ret_message};
    struct tha_loop *loop = NULL;
    int err;

    *ret_message = '\0';
    loaded_version = version;
    err = tha_loop_new(&tha_mem_default, &log, &handlers, &loop);
    ck_assert_int_eq(was_started, !err);
    tha_loop_free(loop);

    return err;
}

START_TEST(loop_turns_on_the_libre_it_was_built_for)
{
    char message[256];

    ck_assert_int_eq(start_with(LIBRE_VERSION, message), 0);
    ck_assert_int_eq(start_with(LIBRE_VERSION "-dev", message), 0);
    ck_assert_str_eq(message, "");
}
END_TEST

START_TEST(loop_refuses_another_libre_and_names_both)
{
    const char *others[] = {"0.6.1", "99.0.0", LIBRE_VERSION "0", "?", ""};
    char message[256];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_int_eq(start_with(others[i], message), TRUNKHA_ERR_SYSTEM);
        ck_assert_ptr_nonnull(strstr(message, LIBRE_VERSION));
        ck_assert_ptr_nonnull(strstr(message, others[i]));
    }
}
END_TEST

SUITE("re_compat", loop_turns_on_the_libre_it_was_built_for, loop_refuses_another_libre_and_names_both)
