/* How many findings are told, and which. */
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"

#define TRUNKS 120

static struct {
    unsigned count;
    unsigned of_code[100];
    uint32_t line;
    char last[512];
} told;

static void take(const trunkha_finding *finding, void *user_data)
{
    unsigned code;

    (void)user_data;
    ck_assert_int_eq(sscanf(finding->code, "TH%3u", &code), 1);
    ck_assert_uint_lt(code, 100);
    ck_assert_uint_ge(finding->line, told.line);
    told.line = finding->line;
    told.count++;
    told.of_code[code]++;
    snprintf(told.last, sizeof(told.last), "%s", finding->message);
}

/** @p TRUNKS trunks, a line each, with @p members; @p more stands at the top. */
static void lint(const char *members, const char *more)
{
    static char json[64 * 1024];
    struct tha_config_wish wish = {.lints = true};
    size_t len = (size_t)snprintf(json, sizeof(json), "{%s\"trunkGroups\": [", more);

    for (int i = 0; i < TRUNKS; i++)
        len += (size_t)snprintf(json + len, sizeof(json) - len, "%s\n{\"id\": \"t%d\", \"sipAddress\": \"10.0.%d.1\"%s}",
                                i ? "," : "", i, i, members);
    len += (size_t)snprintf(json + len, sizeof(json) - len, "]}");
    ck_assert_uint_lt(len, sizeof(json));

    memset(&told, 0, sizeof(told));
    ck_assert_int_eq(tha_config_read_as(&tha_mem_default, json, len, &wish, take, NULL, NULL), 0);
}

START_TEST(rule_that_finds_much_is_told_twenty_times_and_counted)
{
    lint(", \"mediaEncryption\": \"SRTP\"", "");
    ck_assert_uint_eq(told.count, 20);
    ck_assert_uint_eq(told.of_code[35], 20);
    ck_assert_str_eq(told.last, "trunk \"t19\" encrypts its media, but sends the keys over UDP (and 100 more like it)");
}
END_TEST

START_TEST(rule_that_finds_much_leaves_room_to_the_others)
{
    lint(", \"codecs\": [{\"type\": \"G729\"}], \"mediaEncryption\": \"SRTP\", \"keepalive\": {\"interval\": 5}", "");
    ck_assert_uint_eq(told.of_code[22], 20);
    ck_assert_uint_eq(told.of_code[34], 20);
    ck_assert_uint_eq(told.of_code[35], 20);
    ck_assert_uint_eq(told.count, 60);
}
END_TEST

START_TEST(silenced_findings_take_no_room)
{
    lint(", \"mediaEncryption\": \"TLS_SRP\", \"x-lint-ignore\": [\"TH013\"]", "");
    ck_assert_uint_eq(told.of_code[13], 0);
    ck_assert_uint_eq(told.of_code[35], 20);

    lint(", \"mediaEncryption\": \"TLS_SRP\"", "\"x-lint-ignore\": [\"srtp-without-tls\"], ");
    ck_assert_uint_eq(told.of_code[13], 50);
    ck_assert_uint_eq(told.of_code[35], 0);
    ck_assert_str_eq(told.last, "\"TLS_SRP\" is read as \"TLS_SRTP\" (and 70 more like it)");
}
END_TEST

SUITE("finding", rule_that_finds_much_is_told_twenty_times_and_counted, rule_that_finds_much_leaves_room_to_the_others,
      silenced_findings_take_no_room)
