#include "../suite.h"
#include "names_world.h"

#define A "a.example"

static struct world world;

/** Looks the name up again, until @p ms after the start. */
static void run(uint64_t ms)
{
    world_run(&world, WORLD_START + ms);
}

static void open_with(const char *ip)
{
    world_open(&world, 1);
    zone_host(&world.zone, A, ip, 10);
    run(0);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
}

static void now_is(const char *ip)
{
    zone_clear(&world.zone, THA_DNS_A, A);
    zone_host(&world.zone, A, ip, 10);
}

START_TEST(nothing_is_known_before_the_first_answer)
{
    struct tha_name_state state;

    world_open(&world, 1);
    zone_host(&world.zone, A, "192.0.2.1", 42);
    state = world_state(&world, 0);
    ck_assert(!state.is_known);
    ck_assert_uint_eq(state.n_locations, 0);
    ck_assert_uint_eq(state.resolved_ms, 0);

    run(0);
    state = world_state(&world, 0);
    ck_assert(state.is_known);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(state.ttl_s, 42);
    ck_assert_uint_eq(state.resolved_ms, WORLD_START);
    ck_assert_uint_eq(state.trouble, THA_DNS_FINE);
    world_close(&world);
}
END_TEST

START_TEST(an_address_that_vanishes_stays_behind_the_new_one_until_that_was_judged)
{
    open_with("192.0.2.1");
    now_is("192.0.2.2");
    run(10000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0 | udp:192.0.2.1:5060 0/0");
    run(60000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0 | udp:192.0.2.1:5060 0/0");

    tha_names_settle(world.names, &world.hosts[0]);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0");
    tha_names_settle(world.names, &world.hosts[0]);
    tha_names_settle(world.names, &world.hosts[1]); /* is not in the model */
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(what_leaves_in_several_changes_leaves_together)
{
    open_with("192.0.2.1");
    now_is("192.0.2.2");
    run(10000);
    now_is("192.0.2.3");
    run(20000);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.3:5060 0/0 | udp:192.0.2.2:5060 0/0, udp:192.0.2.1:5060 0/0");
    tha_names_settle(world.names, &world.hosts[0]);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.3:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(a_leaving_address_that_comes_back_counts_again)
{
    open_with("192.0.2.1");
    now_is("192.0.2.2");
    run(10000);
    world_news(&world, 0);
    now_is("192.0.2.1");
    run(20000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0 | udp:192.0.2.2:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(no_more_leave_than_can_have_been_there_at_once)
{
    open_with("192.0.2.1");
    for (unsigned i = 1; i <= 100; i++) {
        char ip[32];

        sprintf(ip, "198.51.100.%u", i);
        now_is(ip);
        run(10000 * i);
    }
    ck_assert_uint_eq(world_state(&world, 0).n_leaving, THA_DNS_LOCATIONS_MAX);
    ck_assert_ptr_nonnull(strstr(world_text(&world, 0), "198.51.100.100:5060 0/0 | udp:198.51.100.99:5060 0/0"));
    world_close(&world);
}
END_TEST

START_TEST(another_order_or_ttl_is_no_news_but_is_known)
{
    struct zone_set *set;

    world_open(&world, 1);
    zone_host(&world.zone, A, "192.0.2.1", 10);
    zone_host(&world.zone, A, "192.0.2.2", 10);
    run(0);
    world_news(&world, 0);

    set = zone_set(&world.zone, THA_DNS_A, A);
    set->records[2] = set->records[0];
    set->records[0] = set->records[1];
    set->records[1] = set->records[2];
    set->records[0].ttl_s = set->records[1].ttl_s = 11;
    run(10000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0, udp:192.0.2.2:5060 0/0");
    ck_assert_uint_eq(world_state(&world, 0).locations[0].ttl_s, 11);
    ck_assert_uint_eq(world_state(&world, 0).ttl_s, 11);
    world_close(&world);
}
END_TEST

START_TEST(another_priority_or_weight_is_news_and_nothing_leaves)
{
    const char *owner = "_sip._udp.a.example";
    struct tha_dns_record *record;

    world_prepare(&world, 1);
    world.hosts[0] = (struct tha_name){.host = A, .has_transport = true};
    world_commit(&world);
    zone_host(&world.zone, A, "192.0.2.1", 10);
    zone_srv(&world.zone, owner, 1, 2, 5070, A, 10);
    record = &zone_set(&world.zone, THA_DNS_SRV, owner)->records[0];
    run(0);
    world_news(&world, 0);

    record->srv.weight = 3;
    run(10000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5070 1/3");
    record->srv.priority = 4;
    run(20000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5070 4/3");
    run(30000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    world_close(&world);
}
END_TEST

START_TEST(a_service_that_is_decidedly_not_offered_any_more_takes_its_addresses_along)
{
    const char *owner = "_sip._udp.a.example";

    world_prepare(&world, 1);
    world.hosts[0] = (struct tha_name){.host = A, .has_transport = true};
    world_commit(&world);
    zone_host(&world.zone, A, "192.0.2.1", 10);
    zone_srv(&world.zone, owner, 1, 2, 5070, A, 10);
    run(0);
    world_news(&world, 0);

    zone_clear(&world.zone, THA_DNS_SRV, owner);
    zone_srv(&world.zone, owner, 0, 0, 0, "", 10);
    run(10000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES | THA_NAMES_TROUBLE);
    ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_TROUBLE_NOT_OFFERED);
    ck_assert_str_eq(world_text(&world, 0), " | udp:192.0.2.1:5070 1/2");
    run(50000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    tha_names_settle(world.names, &world.hosts[0]);
    ck_assert_uint_eq(world_state(&world, 0).n_locations, 0);
    world_close(&world);
}
END_TEST

START_TEST(a_partial_result_takes_away_only_what_is_certain)
{
    world_open(&world, 1);
    zone_host(&world.zone, A, "192.0.2.1", 10);
    zone_host(&world.zone, A, "2001:db8::1", 10);
    run(0);
    world_news(&world, 0);

    zone_fail(&world.zone, THA_DNS_AAAA, A, THA_DNS_SILENT);
    run(10000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0, udp:[2001:db8::1]:5060 0/0");
    now_is("192.0.2.2");
    run(30000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES); /* of IPv4, all is known */
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0, udp:[2001:db8::1]:5060 0/0 | udp:192.0.2.1:5060 0/0");

    zone_clear(&world.zone, THA_DNS_AAAA, A);
    run(70000);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.2:5060 0/0 | udp:[2001:db8::1]:5060 0/0, udp:192.0.2.1:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(without_keep_last_good_a_partial_result_is_all_there_is)
{
    world_prepare(&world, 1);
    world.model.dns.keep_last_good = false;
    world_commit(&world);
    zone_host(&world.zone, A, "192.0.2.1", 10);
    zone_host(&world.zone, A, "2001:db8::1", 10);
    run(0);
    zone_fail(&world.zone, THA_DNS_AAAA, A, THA_DNS_SILENT);
    run(10000);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0 | udp:[2001:db8::1]:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(a_long_ttl_is_told_once)
{
    world_open(&world, 1);
    zone_host(&world.zone, A, "192.0.2.1", 300);
    run(0);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    zone_set(&world.zone, THA_DNS_A, A)->records[0].ttl_s = 301;
    run(300000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_LONG_TTL);
    run(2000000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    world_close(&world);
}
END_TEST

START_TEST(a_long_ttl_that_waits_to_be_told_is_not_lost_with_a_load)
{
    world_open(&world, 1);
    zone_host(&world.zone, A, "192.0.2.1", 301);
    run(0);
    world_commit(&world);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES | THA_NAMES_LONG_TTL);
    world_close(&world);
}
END_TEST

START_TEST(more_addresses_than_are_taken_are_told_once)
{
    world_open(&world, 1);
    for (int i = 1; i <= 65; i++) {
        char ip[32];

        sprintf(ip, "192.0.2.%d", i);
        zone_host(&world.zone, A, ip, 10);
    }
    run(0);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES | THA_NAMES_CUT);
    ck_assert_uint_eq(world_state(&world, 0).n_locations, THA_DNS_LOCATIONS_MAX);
    run(100000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    world_close(&world);
}
END_TEST

START_TEST(news_come_once_for_all_that_has_come_together_in_the_order_of_the_first)
{
    const struct tha_name *name;
    uint32_t news;

    world_open(&world, 3);
    for (int i = 0; i < 3; i++)
        zone_host(&world.zone, world.hosts[i].host, "192.0.2.1", 301);
    run(0);
    for (int i = 0; i < 3; i++) {
        ck_assert(tha_names_next_news(world.names, &name, &news));
        ck_assert_uint_eq(news, THA_NAMES_ADDRESSES | THA_NAMES_LONG_TTL | THA_NAMES_LOOKED_UP);
    }
    ck_assert(!tha_names_next_news(world.names, &name, &news));
    run(290000);
    for (int i = 0; i < 3; i++) {
        ck_assert(tha_names_next_news(world.names, &name, &news));
        ck_assert_uint_eq(news, THA_NAMES_LOOKED_UP);
    }
    ck_assert(!tha_names_next_news(world.names, &name, &news));
    world_close(&world);
}
END_TEST

static bool is_unique(const struct tha_name_state *state)
{
    for (uint32_t i = 0; i < state->n_locations; i++) {
        for (uint32_t j = i + 1; j < state->n_locations; j++) {
            if (tha_addr_is_equal(&state->locations[i].addr, &state->locations[j].addr))
                return false;
        }
    }

    return true;
}

/** Other addresses, failures, answers that say no. */
static void anything(struct world *in)
{
    struct zone_set *set = zone_set(&in->zone, rand() % 2 ? THA_DNS_A : THA_DNS_AAAA, in->hosts[rand() % 4].host);

    set->answer.outcome = rand() % 3 ? 0U : (uint32_t)rand() % 4;
    set->answer.n_records = 0;
    in->zone.negative_ttl_s = (uint32_t)rand() % 40;
    for (int n = rand() % 80; n > 0; n--) {
        char ip[32];

        sprintf(ip, set->type == THA_DNS_A ? "192.0.2.%d" : "2001:db8::%d", rand() % 100);
        zone_host(&in->zone, set->name, ip, (uint32_t)rand() % 400);
    }
}

START_TEST(whatever_is_answered_locations_are_within_bounds_and_each_address_is_one)
{
    srand(9);
    world_open(&world, 4);
    world.before_answer = anything;
    for (uint64_t i = 0; i < 5000; i++) {
        struct tha_name_state state;

        if (rand() % 50 == 0) {
            world.model.dns.keep_last_good = rand() % 2;
            world_commit(&world);
        }
        run(i * 1000);
        state = world_state(&world, (uint32_t)(i % 4));
        if (state.n_locations > 2 * THA_DNS_LOCATIONS_MAX || state.n_leaving > state.n_locations || !is_unique(&state))
            ck_abort_msg("%u locations, %u of them leave", state.n_locations, state.n_leaving);
        if (world_news(&world, (uint32_t)(i % 4)) & THA_NAMES_ADDRESSES && rand() % 2)
            tha_names_settle(world.names, &world.hosts[i % 4]);
    }
    world_close(&world);
}
END_TEST

SUITE("names_change", nothing_is_known_before_the_first_answer,
      an_address_that_vanishes_stays_behind_the_new_one_until_that_was_judged,
      what_leaves_in_several_changes_leaves_together, a_leaving_address_that_comes_back_counts_again,
      no_more_leave_than_can_have_been_there_at_once, another_order_or_ttl_is_no_news_but_is_known,
      another_priority_or_weight_is_news_and_nothing_leaves,
      a_service_that_is_decidedly_not_offered_any_more_takes_its_addresses_along,
      a_partial_result_takes_away_only_what_is_certain, without_keep_last_good_a_partial_result_is_all_there_is,
      a_long_ttl_is_told_once, a_long_ttl_that_waits_to_be_told_is_not_lost_with_a_load,
      more_addresses_than_are_taken_are_told_once, news_come_once_for_all_that_has_come_together_in_the_order_of_the_first,
      whatever_is_answered_locations_are_within_bounds_and_each_address_is_one)
