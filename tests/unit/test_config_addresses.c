/* What a configuration names beside its trunks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "trunkha.h"

#define TRUNK "\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\""

static char told[1024];

static void take(const trunkha_config_address *address, void *user_data)
{
    static const char *const uses[] = {"listen", "local", "name server"};
    size_t len = strlen(told);

    ck_assert_ptr_eq(user_data, told);
    ck_assert_uint_eq(address->size, sizeof(*address));
    snprintf(told + len, sizeof(told) - len, "%s %s %u %s\n", uses[address->use], address->address, address->port,
             address->trunk_id);
}

static int read_addresses(const char *json)
{
    told[0] = '\0';

    return trunkha_config_addresses(json, strlen(json), take, told);
}

START_TEST(without_any_only_the_system_s_port_is_told)
{
    ck_assert_int_eq(read_addresses("{" TRUNK "}]}"), 0);
    ck_assert_str_eq(told, "listen 0.0.0.0:0 0 \n");
}
END_TEST

START_TEST(each_is_told_with_its_use)
{
    setenv("TRUNKHA_TEST_PORT", "5062", 1);
    ck_assert_int_eq(read_addresses("{\"dns\": {\"servers\": [\"192.0.2.53\", \"[2001:db8::53]:5353\"]},"
                                    "\"sip\": {\"listen\": [\"udp:0.0.0.0:5060\", \"udp:[::]:${TRUNKHA_TEST_PORT}\"]}," TRUNK
                                    ", \"localAddress\": \"192.0.2.9:5070\"},"
                                    "{\"id\": \"b\", \"trunks\": [{\"id\": \"b1\", \"sipAddress\": \"192.0.2.2\","
                                    "\"localAddress\": \"192.0.2.9\"}]}]}"),
                     0);
    ck_assert_str_eq(told, "listen 0.0.0.0:5060 5060 \n"
                           "listen [::]:5062 5062 \n"
                           "local 192.0.2.9:5070 5070 a\n"
                           "local 192.0.2.9:0 0 b1\n"
                           "name server 192.0.2.53:53 53 \n"
                           "name server [2001:db8::53]:5353 5353 \n");
}
END_TEST

START_TEST(bad_configuration_tells_nothing)
{
    ck_assert_int_eq(read_addresses("{" TRUNK ", \"localAddress\": \"here\"}]}"), TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(told, "");
    ck_assert_int_eq(trunkha_config_addresses(NULL, 0, take, told), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_config_addresses("{}", 2, NULL, told), TRUNKHA_ERR_INVALID);
}
END_TEST

SUITE("config addresses", without_any_only_the_system_s_port_is_told, each_is_told_with_its_use,
      bad_configuration_tells_nothing)
