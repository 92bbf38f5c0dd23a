#include <stdlib.h>
#include <string.h>

#include "../config/zone.h"
#include "../suite.h"

static struct {
    unsigned count;
    char codes[256], message[512];
} told;

static void take(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    told.count++;
    strncat(told.codes, finding->code, sizeof(told.codes) - strlen(told.codes) - 1);
    strncpy(told.message, finding->message, sizeof(told.message) - 1);
}

static int lint(const char *json, const struct tha_config_resolver *resolver)
{
    struct tha_config_wish wish = {.lints = true, .resolver = resolver};

    memset(&told, 0, sizeof(told));

    return tha_config_read_as(&tha_mem_default, json, strlen(json), &wish, take, NULL, NULL);
}

static unsigned count_questions(const char *lines, const char *json)
{
    struct zone zone = {.lines = lines};
    struct tha_config_resolver resolver = zone_resolver(&zone);

    ck_assert_int_eq(lint(json, &resolver), 0);

    return zone.n_asked;
}

START_TEST(each_name_is_looked_up_once)
{
    ck_assert_uint_eq(count_questions("a.example 192.0.2.1 60\n",
                                      "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"},"
                                      "{\"id\": \"b\", \"sipAddress\": \"sip:A.example\"},"
                                      "{\"id\": \"c\", \"sipAddress\": \"a.example:5070\"}]}"),
                      2);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(disabled_trunks_are_not_looked_up)
{
    ck_assert_uint_eq(count_questions("a.example 192.0.2.1 60\n",
                                      "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"gone.example\", "
                                      "\"adminState\": \"disabled\"},"
                                      "{\"id\": \"b\", \"sipAddress\": \"a.example\", \"adminState\": \"disabled\"},"
                                      "{\"id\": \"c\", \"sipAddress\": \"a.example\", \"adminState\": \"draining\"}]}"),
                      1);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(addresses_are_not_looked_up)
{
    ck_assert_uint_eq(count_questions("", "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}"), 0);
}
END_TEST

static const char five[] =
    "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"},"
    "{\"id\": \"b\", \"sipAddress\": \"b.example\"}, {\"id\": \"c\", \"sipAddress\": \"c.example\"},"
    "{\"id\": \"d\", \"sipAddress\": \"d.example\"}, {\"id\": \"e\", \"sipAddress\": \"e.example\"}]}";

START_TEST(third_silence_in_a_row_is_the_last)
{
    ck_assert_uint_eq(count_questions("", five), 3);
    ck_assert_str_eq(told.codes, "TH048");
    ck_assert_str_eq(told.message, "5 of 5 names could not be looked up, that of trunk \"a\" first: no DNS server has "
                                   "answered in time (asked: those of /etc/resolv.conf)");
}
END_TEST

START_TEST(servers_that_fail_go_on_being_asked)
{
    ck_assert_uint_eq(count_questions("a.example FAILED\nb.example FAILED\nc.example FAILED\nd.example FAILED\n"
                                      "e.example NO_NAME\n",
                                      five),
                      5);
    ck_assert_str_eq(told.codes, "TH048TH046");
}
END_TEST

START_TEST(servers_of_the_file_are_named)
{
    static const char lists[][2][256] = {
        {"{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"}], \"dns\": {\"servers\": [\"192.0.2.1:53\"]}}",
         "(asked: 192.0.2.1:53)"},
        {"{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"}],"
         "\"dns\": {\"servers\": [\"192.0.2.1\", \"${TRUNKHA_TEST_SERVER}\"]}}",
         "(asked: 192.0.2.1, ${TRUNKHA_TEST_SERVER})"},
    };

    setenv("TRUNKHA_TEST_SERVER", "192.0.2.2", 1);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        ck_assert_uint_eq(count_questions("", lists[i][0]), 1);
        ck_assert_str_eq(told.codes, "TH048");
        ck_assert_ptr_nonnull(strstr(told.message, lists[i][1]));
    }
}
END_TEST

START_TEST(an_answer_between_silences_keeps_asking)
{
    ck_assert_uint_eq(count_questions("c.example 192.0.2.1 60\n", five), 5);
    ck_assert_str_eq(told.codes, "TH048");
    ck_assert_uint_eq(count_questions("c.example NO_NAME\n", five), 5);
    ck_assert_str_eq(told.codes, "TH048TH046");
}
END_TEST

static int refuse(const struct tha_name *name, const struct tha_dns_settings *settings, struct tha_location *ret_locations,
                  struct tha_srv_targets *ret_targets, struct tha_lookup_result *ret_result, void *user_data)
{
    (void)name, (void)settings, (void)ret_locations, (void)ret_targets, (void)ret_result;

    return *(const int *)user_data;
}

START_TEST(resolver_that_fails_is_silent_unless_memory_has_ended)
{
    int err = TRUNKHA_ERR_SYSTEM;
    struct tha_config_resolver resolver = {refuse, &err};

    ck_assert_int_eq(lint(five, &resolver), 0);
    ck_assert_str_eq(told.codes, "TH048");
    err = TRUNKHA_ERR_NOMEM;
    ck_assert_int_eq(lint(five, &resolver), TRUNKHA_ERR_NOMEM);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(nothing_is_looked_up_for_a_configuration_with_errors)
{
    struct zone zone = {.lines = ""};
    struct tha_config_resolver resolver = zone_resolver(&zone);

    ck_assert_int_eq(lint("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"}], \"b\": 1}", &resolver),
                     TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(zone.n_asked, 0);
}
END_TEST

SUITE("lint names", each_name_is_looked_up_once, disabled_trunks_are_not_looked_up, addresses_are_not_looked_up,
      third_silence_in_a_row_is_the_last, servers_that_fail_go_on_being_asked, servers_of_the_file_are_named,
      an_answer_between_silences_keeps_asking, resolver_that_fails_is_silent_unless_memory_has_ended,
      nothing_is_looked_up_for_a_configuration_with_errors)
