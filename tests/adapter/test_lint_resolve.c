/* Lint with live look-ups: a name server of our own behind the public function. */
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "dns_server.h"
#include "trunkha.h"

#define TELL(server, ...) ck_assert_int_eq(dns_server_tell(server, __VA_ARGS__), 0)

static char codes[256];

static void take(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    strncat(codes, finding->code, sizeof(codes) - strlen(codes) - 1);
}

static const char *lint(uint16_t port, uint32_t resolve)
{
    trunkha_lint_options options = TRUNKHA_LINT_OPTIONS_INIT;
    char json[512];

    snprintf(json, sizeof(json),
             "{\"trunkGroups\": [{\"id\": \"a\", \"failoverTrunkGroupId\": \"b\", \"sipAddress\": \"sip.a.example\"},"
             "{\"id\": \"b\", \"sipAddress\": \"sip.b.example\"}],"
             "\"dns\": {\"servers\": [\"127.0.0.1:%u\"], \"timeout\": 20}}",
             port);
    codes[0] = '\0';
    options.resolve = resolve;
    ck_assert_int_eq(trunkha_config_lint(json, strlen(json), &options, take, NULL), 0);

    return codes;
}

START_TEST(what_two_names_have_in_common_shows_in_the_dns_only)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    TELL(server, "add _sip._udp.sip.a.example 600 SRV 10 1 5060 edge.example");
    TELL(server, "add _sip._udp.sip.b.example 60 SRV 10 1 5060 edge.example");
    TELL(server, "add edge.example 600 A 192.0.2.1");
    ck_assert_str_eq(lint(dns_server_port(server), 0), "");
    ck_assert_str_eq(lint(dns_server_port(server), 1), "TH020TH028TH030");
    dns_server_stop(server);
}
END_TEST

START_TEST(name_without_anything_behind_it_is_found)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    TELL(server, "add sip.a.example 60 A 192.0.2.1");
    ck_assert_str_eq(lint(dns_server_port(server), 1), "TH046");
    dns_server_stop(server);
}
END_TEST

START_TEST(server_that_fails_says_nothing_about_the_names)
{
    static const char *const manners[] = {"servfail", "refused", "garbage"};
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        TELL(server, "how * %s", manners[i]);
        ck_assert_str_eq(lint(dns_server_port(server), 1), "TH048");
    }
    dns_server_stop(server);
}
END_TEST

START_TEST(server_that_is_dead_says_nothing_about_the_names)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);
    uint16_t port = dns_server_port(server);

    dns_server_stop(server);
    ck_assert_str_eq(lint(port, 1), "TH048");
}
END_TEST

START_TEST(server_that_fails_for_one_name_leaves_the_other_to_be_judged)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    TELL(server, "how sip.b.example servfail");
    TELL(server, "how _sip._udp.sip.b.example servfail");
    ck_assert_str_eq(lint(dns_server_port(server), 1), "TH046TH048");
    dns_server_stop(server);
}
END_TEST

SUITE("lint resolve", what_two_names_have_in_common_shows_in_the_dns_only, name_without_anything_behind_it_is_found,
      server_that_fails_says_nothing_about_the_names, server_that_is_dead_says_nothing_about_the_names,
      server_that_fails_for_one_name_leaves_the_other_to_be_judged)
