#include "adapters/resolve_once.h"

#include <string.h>

#include "../suite.h"
#include "dns_server.h"

#define TELL(server, ...) ck_assert_int_eq(dns_server_tell(server, __VA_ARGS__), 0)

static struct tha_location locations[THA_DNS_LOCATIONS_MAX];
static struct tha_srv_targets targets;
static struct tha_lookup_result result;

static void resolve(const struct dns_server *server, const char *host, uint32_t timeout_ms)
{
    const struct tha_addr addr = {.ip = {127, 0, 0, 1}, .port = dns_server_port(server), .family = 4};
    const struct tha_dns_settings settings = {.timeout_ms = timeout_ms, .servers = &addr, .n_servers = 1};
    const struct tha_name name = {.host = host};

    memset(&result, 0, sizeof(result));
    ck_assert_int_eq(tha_resolve_once(&name, &settings, locations, &targets, &result), 0);
}

START_TEST(name_is_resolved_by_naptr_srv_and_addresses)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);
    char text[THA_ADDR_TEXT_SIZE];

    TELL(server, "add carrier.example 300 NAPTR 10 10 s SIP+D2T - _sip._tcp.carrier.example");
    TELL(server, "add _sip._tcp.carrier.example 60 SRV 10 1 5070 a.example");
    TELL(server, "add _sip._tcp.carrier.example 60 SRV 20 1 5080 b.example");
    TELL(server, "add a.example 30 A 192.0.2.1");
    TELL(server, "add b.example 120 AAAA 2001:db8::1");
    resolve(server, "carrier.example", 20000);
    ck_assert_uint_eq(result.trouble, THA_DNS_FINE);
    ck_assert_uint_eq(result.n_locations, 2);
    ck_assert_ptr_eq(result.locations, locations);
    ck_assert_str_eq(tha_addr_text(&locations[0].addr, text, sizeof(text)), "tcp:192.0.2.1:5070");
    ck_assert_str_eq(tha_addr_text(&locations[1].addr, text, sizeof(text)), "tcp:[2001:db8::1]:5080");
    ck_assert_uint_eq(locations[0].ttl_s, 30);
    ck_assert_uint_eq(targets.count, 2);
    ck_assert_str_eq(targets.names[0], "a.example");
    ck_assert_str_eq(targets.names[1], "b.example");
    dns_server_stop(server);
}
END_TEST

START_TEST(trouble_is_told)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    resolve(server, "nobody.example", 20000);
    ck_assert_uint_eq(result.trouble, THA_DNS_TROUBLE_NO_NAME);
    ck_assert_uint_eq(result.n_locations, 0);
    ck_assert_uint_eq(targets.count, 0);
    TELL(server, "how * servfail");
    resolve(server, "carrier.example", 20000);
    ck_assert_uint_eq(result.trouble, THA_DNS_TROUBLE_FAILED);
    TELL(server, "how * silent");
    resolve(server, "carrier.example", 100);
    ck_assert_uint_eq(result.trouble, THA_DNS_TROUBLE_SILENT);
    dns_server_stop(server);
}
END_TEST

SUITE("resolve_once", name_is_resolved_by_naptr_srv_and_addresses, trouble_is_told)
