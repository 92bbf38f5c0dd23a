/* Files too large or too regular for a case folder: references, chains and what the model shares. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"

#define MANY 10000U

static char *json;
static size_t len, room;
static struct tha_model *model;
static unsigned n_findings;
static char first_code[8], first_pointer[128];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
    va_list ap;

    if (room - len < 1024) {
        room = room * 2 + 4096;
        json = realloc(json, room);
        ck_assert_ptr_nonnull(json);
    }
    va_start(ap, format);
    len += (size_t)vsnprintf(json + len, room - len, format, ap);
    va_end(ap);
}

static void count_finding(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    if (n_findings++)
        return;
    snprintf(first_code, sizeof(first_code), "%s", finding->code);
    snprintf(first_pointer, sizeof(first_pointer), "%s", finding->pointer);
}

static int load(void)
{
    return tha_config_read(&tha_mem_default, json, len, count_finding, NULL, &model);
}

static void start_file(void)
{
    len = 0;
    n_findings = 0;
    model = NULL;
    add("{\"trunkGroups\": [");
}

static void end_file(void)
{
    model = tha_model_free(model);
    free(json);
    json = NULL;
    room = 0;
}

/** @p count groups in short form, each with the next one behind it. */
static void add_line_of_groups(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        add("%s{\"id\": \"g%u\", \"sipAddress\": \"192.0.2.%u\"", i ? ", " : "", i, i % 250 + 1);
        if (i + 1 < count)
            add(", \"failoverTrunkGroupId\": \"g%u\"", i + 1);
        add("}");
    }
}

START_TEST(chain_may_have_32_groups)
{
    start_file();
    add_line_of_groups(32);
    add("]}");

    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(model->n_profiles, 32);
    ck_assert_uint_eq(model->profiles[0].n_groups, 32);
    ck_assert_uint_eq(model->profiles[0].groups[31], 31);
    ck_assert_uint_eq(model->profiles[31].n_groups, 1);
    end_file();
}
END_TEST

START_TEST(chain_may_not_have_33_groups)
{
    start_file();
    add_line_of_groups(33);
    add("]}");

    ck_assert_int_eq(load(), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, 1);
    ck_assert_str_eq(first_code, "TH005");
    ck_assert_str_eq(first_pointer, "/trunkGroups/0/failoverTrunkGroupId");
    end_file();
}
END_TEST

START_TEST(long_line_of_groups_ends_in_as_many_findings_as_are_told)
{
    start_file();
    add_line_of_groups(MANY);
    add("]}");

    ck_assert_int_eq(load(), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, THA_FINDINGS_MAX);
    end_file();
}
END_TEST

START_TEST(circle_of_many_groups_is_one_finding)
{
    start_file();
    add_line_of_groups(MANY - 1);
    add(", {\"id\": \"last\", \"sipAddress\": \"192.0.2.1\", \"failoverTrunkGroupId\": \"last\"}]}");

    ck_assert_int_eq(load(), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, 1);
    ck_assert_str_eq(first_code, "TH010");
    ck_assert_str_eq(first_pointer, "/trunkGroups/9999/failoverTrunkGroupId");
    end_file();
}
END_TEST

static void add_trunks(unsigned count)
{
    add("{\"id\": \"a\", \"trunks\": [");
    for (unsigned i = 0; i < count; i++)
        add("%s{\"id\": \"t%u\", \"name\": \"t%u\", \"sipAddress\": \"10.%u.%u.%u\", \"outboundRoute\": \"west\"}", i ? ", " : "",
            i, i, i >> 16, i >> 8 & 255, i & 255);
    add("]}");
}

START_TEST(many_trunks_share_what_is_equal)
{
    start_file();
    add_trunks(MANY);
    add("]}");

    ck_assert_int_eq(load(), 0);
    ck_assert_uint_eq(model->n_trunks, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        ck_assert_ptr_eq(model->trunks[i].id, model->trunks[i].name);
        ck_assert_ptr_eq(model->trunks[i].outbound_route, model->trunks[0].outbound_route);
        ck_assert_ptr_eq(model->trunks[i].keepalive, model->keepalive);
        ck_assert_uint_eq(model->trunks[i].addr.ip[3], i & 255);
    }
    end_file();
}
END_TEST

START_TEST(last_of_many_ids_is_told_when_it_was_taken_by_the_first)
{
    start_file();
    add_trunks(MANY);
    add(", {\"id\": \"t0\", \"sipAddress\": \"192.0.2.1\"}]}");

    ck_assert_int_eq(load(), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, 1);
    ck_assert_str_eq(first_code, "TH008");
    ck_assert_str_eq(first_pointer, "/trunkGroups/1/id");
    end_file();
}
END_TEST

START_TEST(mere_check_gives_no_model)
{
    start_file();
    add_trunks(1);
    add("]}");

    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, len, NULL, NULL, NULL), 0);
    end_file();
}
END_TEST

START_TEST(failed_reading_leaves_the_model_alone)
{
    struct tha_model *before = (struct tha_model *)(void *)&len;

    start_file();
    model = before;
    ck_assert_int_eq(load(), TRUNKHA_ERR_CONFIG);
    ck_assert_ptr_eq(model, before);
    model = NULL;

    ck_assert_int_eq(tha_config_read(&tha_mem_default, NULL, 0, NULL, NULL, NULL), TRUNKHA_ERR_CONFIG);
    end_file();
}
END_TEST

SUITE("config reference", chain_may_have_32_groups, chain_may_not_have_33_groups,
      long_line_of_groups_ends_in_as_many_findings_as_are_told, circle_of_many_groups_is_one_finding,
      many_trunks_share_what_is_equal, last_of_many_ids_is_told_when_it_was_taken_by_the_first, mere_check_gives_no_model,
      failed_reading_leaves_the_model_alone)
