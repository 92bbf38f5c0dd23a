#include "../config/read.h"
#include "../suite.h"

/** A trunk of that address with those keys. */
static struct tha_model *read_trunk(const char *address, const char *keys)
{
    return read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"%s\"%s}]}", address, keys);
}

static bool has_reach(const char *address, const char *keys)
{
    struct tha_model *model = read_trunk(address, keys);
    bool has = model->trunks[0].reach;

    tha_model_free(model);

    return has;
}

START_TEST(plain_udp_trunk_has_no_reach)
{
    ck_assert(!has_reach("192.0.2.1", ""));
    ck_assert(!has_reach("carrier.example;transport=udp", ""));
    ck_assert(!has_reach("192.0.2.1", ", \"localAddress\": \"\", \"outboundAuthMethod\": \"NONE\", \"tls\": {}"));
    ck_assert(!has_reach("192.0.2.1", ", \"nat\": {\"enabled\": true}"));
}
END_TEST

START_TEST(whatever_needs_more_than_a_udp_socket_has_a_reach)
{
    ck_assert(has_reach("192.0.2.1;transport=tcp", ""));
    ck_assert(has_reach("sips:192.0.2.1", ""));
    ck_assert(has_reach("carrier.example", ""));
    ck_assert(has_reach("192.0.2.1", ", \"localAddress\": \"192.0.2.100\""));
    ck_assert(has_reach("192.0.2.1", ", \"nat\": {\"enabled\": true, \"publicAddress\": \"198.51.100.1\"}"));
    ck_assert(has_reach("192.0.2.1", ", \"outboundAuthMethod\": \"DIGEST\","
                                     "  \"outboundAuth\": {\"username\": \"u\", \"password\": \"p\"}"));
}
END_TEST

START_TEST(credentials_are_those_of_the_file)
{
    struct tha_model *model =
        read_trunk("192.0.2.1", ", \"outboundAuth\": {\"password\": \"p\\\"w\", \"realm\": \"r\", \"username\": \"u\"},"
                                "  \"outboundAuthMethod\": \"DIGEST\"");
    const struct tha_credentials *auth = model->trunks[0].reach->auth;

    ck_assert_str_eq(auth->username, "u");
    ck_assert_str_eq(auth->password, "p\"w");
    ck_assert_str_eq(auth->realm, "r");
    tha_model_free(model);
}
END_TEST

START_TEST(equal_tls_settings_are_one)
{
    struct tha_model *model =
        read_model("{\"trunkGroups\": [{\"id\": \"a\", \"trunks\": ["
                   "   {\"id\": \"a1\", \"sipAddress\": \"sips:a1.example\"},"
                   "   {\"id\": \"a2\", \"sipAddress\": \"sips:a2.example\", \"tls\": {\"caFile\": \"x\"}},"
                   "   {\"id\": \"a3\", \"sipAddress\": \"sips:a3.example\", \"tls\": {\"minVersion\": \"1.2\"}},"
                   "   {\"id\": \"a4\", \"sipAddress\": \"sips:a4.example\", \"tls\": {\"caFile\": \"x\"}},"
                   "   {\"id\": \"a5\", \"sipAddress\": \"sips:a5.example\", \"tls\": {\"certFile\": \"x\"}},"
                   "   {\"id\": \"a6\", \"sipAddress\": \"sips:a6.example\", \"tls\": {\"minVersion\": \"1.3\"}},"
                   "   {\"id\": \"a7\", \"sipAddress\": \"sips:a7.example\", \"tls\": {\"serverName\": \"x\"}}]}]}");
    const struct tha_trunk_model *t = model->trunks;

    ck_assert_ptr_eq(t[0].reach->tls, t[2].reach->tls);
    ck_assert_ptr_eq(t[1].reach->tls, t[3].reach->tls);
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < i; j++)
            ck_assert((t[i].reach->tls == t[j].reach->tls) == (i - j == 2 && i < 4));
    }
    ck_assert_str_eq(t[0].reach->tls->ca_file, "");
    ck_assert(t[0].reach->tls->verify);
    tha_model_free(model);
}
END_TEST

START_TEST(longest_tls_settings_differ_in_their_last_letter)
{
    static char format[] = "{\"trunkGroups\": [{\"id\": \"a\", \"trunks\": [%s, %s]}]}";
    char path[1000], trunks[2][1400];
    struct tha_model *model;

    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    for (int i = 0; i < 2; i++)
        snprintf(trunks[i], sizeof(trunks[i]),
                 "{\"id\": \"%d\", \"sipAddress\": \"sips:a\", \"tls\": {\"caFile\": \"%s\", \"serverName\": \"%c\"}}", i,
                 path, 'a' + i);
    model = read_model(format, trunks[0], trunks[1]);
    ck_assert_ptr_ne(model->trunks[0].reach->tls, model->trunks[1].reach->tls);
    tha_model_free(model);
}
END_TEST

SUITE("config reach", plain_udp_trunk_has_no_reach, whatever_needs_more_than_a_udp_socket_has_a_reach,
      credentials_are_those_of_the_file, equal_tls_settings_are_one, longest_tls_settings_differ_in_their_last_letter)
