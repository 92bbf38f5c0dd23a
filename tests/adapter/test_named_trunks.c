/* Trunks with names, from the name server to the call: SRV records that change, servers that die. */
#include <stdio.h>

#include "dns_server.h"
#include "../suite.h"
#include "world.h"

/** A world whose a1 is a name; its SRV record leads to the first carrier. */
struct named {
    struct world world;
    struct dns_server *dns;
};

/** An SRV record of that priority that leads to @p carrier, "127.1.0.1:18330". */
static void point_to(const struct named *named, const char *carrier, const char *priority)
{
    const char *colon = strrchr(carrier, ':');
    int len = (int)(colon - carrier);

    ck_assert_int_eq(dns_server_tell(named->dns, "add host-%.*s.example 1 A %.*s", len, carrier, len, carrier), 0);
    ck_assert_int_eq(dns_server_tell(named->dns, "add _sip._udp.sip.example 1 SRV %s 10 %s host-%.*s.example", priority,
                                     colon + 1, len, carrier),
                     0);
}

static void load(struct named *named, const char *dns_more)
{
    struct world *world = &named->world;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    char a[32], dns[160];
    const char *json;

    memcpy(a, world->a, sizeof(a));
    snprintf(world->a, sizeof(world->a), "sip:sip.example;transport=udp");
    snprintf(dns, sizeof(dns), ", 'dns': {'servers': ['127.0.0.1:%u'], 'minTtl': 1, 'timeout': 1%s}",
             dns_server_port(named->dns), dns_more);
    json = world_config(world, NULL, dns, NULL);
    ck_assert_msg(!trunkha_engine_load(world->engine, json, strlen(json), &diag), "%s", diag.message);
    memcpy(world->a, a, sizeof(a));
}

static void open_named(struct named *named, const char *dns_more)
{
    named->dns = dns_server_start("127.0.0.1", 0);
    ck_assert_ptr_nonnull(named->dns);
    world_open(&named->world, NULL, NULL);
    point_to(named, named->world.a, "10");
    load(named, dns_more);
    ck_assert_int_eq(trunkha_engine_start(named->world.engine), 0);
}

static void close_named(struct named *named)
{
    world_close(&named->world);
    dns_server_stop(named->dns);
}

static const char *first_target(const struct world *world)
{
    static trunkha_candidate to;
    size_t n = 1;

    return trunkha_view_select(world->view, "carrier-a", &to, &n) ? "udp:none" : to.target;
}

static bool wait_target(const struct world *world, const char *address)
{
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        if (!strcmp(first_target(world) + strlen("udp:"), address))
            return true;
    }

    return false;
}

static bool wait_dns(const struct world *world, uint32_t dns)
{
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        if (world_trunk(world, "a1").dns == dns)
            return true;
    }

    return false;
}

START_TEST(a_name_becomes_targets_and_follows_its_records)
{
    struct named named;
    struct world *world = &named.world;

    open_named(&named, "");
    ck_assert(world_wait_health(world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(wait_target(world, world->a));
    ck_assert_uint_eq(world_trunk(world, "a1").ttl_s, 1);
    ck_assert_int_gt(world_trunk(world, "a1").resolved, 0);
    ck_assert_int_eq(dns_server_tell(named.dns, "remove _sip._udp.sip.example"), 0);
    point_to(&named, world->b, "10");
    ck_assert(wait_target(world, world->b));
    ck_assert_uint_eq(world_trunk(world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    close_named(&named);
}
END_TEST

START_TEST(a_dead_name_server_takes_no_address_away)
{
    struct named named;
    struct world *world = &named.world;

    open_named(&named, "");
    ck_assert(world_wait_health(world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(dns_server_tell(named.dns, "how * silent"), 0);
    ck_assert(wait_dns(world, TRUNKHA_DNS_SILENT));
    ck_assert_str_eq(first_target(world) + strlen("udp:"), world->a);
    ck_assert_uint_eq(world_trunk(world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_int_eq(dns_server_tell(named.dns, "how * plain"), 0);
    ck_assert(wait_dns(world, TRUNKHA_DNS_FINE));
    close_named(&named);
}
END_TEST

START_TEST(a_name_without_a_server_is_down_for_dns_and_comes_up)
{
    struct named named;
    struct world *world = &named.world;

    named.dns = dns_server_start("127.0.0.1", 0);
    ck_assert_int_eq(dns_server_tell(named.dns, "how * servfail"), 0);
    world_open(world, NULL, NULL);
    load(&named, "");
    ck_assert_int_eq(trunkha_engine_start(world->engine), 0);
    ck_assert(world_wait_health(world, "a1", TRUNKHA_HEALTH_DOWN));
    ck_assert_uint_eq(world_trunk(world, "a1").reason, TRUNKHA_REASON_DNS_FAILURE);
    ck_assert(world_wait_active(world, "b1"));

    point_to(&named, world->a, "10");
    ck_assert_int_eq(dns_server_tell(named.dns, "how * plain"), 0);
    ck_assert(world_wait_health(world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    close_named(&named);
}
END_TEST

START_TEST(the_better_priority_is_used_while_it_is_well)
{
    struct named named;
    struct world *world = &named.world;

    open_named(&named, "");
    point_to(&named, world->b, "20");
    ck_assert(wait_target(world, world->a));
    ck_assert_int_eq(mock_tell(world->carriers, "set 0 mode=silent"), 0);
    ck_assert(wait_target(world, world->b));
    close_named(&named);
}
END_TEST

SUITE("named trunks", a_name_becomes_targets_and_follows_its_records, a_dead_name_server_takes_no_address_away,
      a_name_without_a_server_is_down_for_dns_and_comes_up, the_better_priority_is_used_while_it_is_well)
