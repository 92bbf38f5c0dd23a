#include "../suite.h"
#include "names_world.h"

static struct world world;

/** Nothing is asked at t - 1, one lookup begins at t. Returns t, from the start. */
static uint64_t next_lookup(void)
{
    uint64_t next_ms = tha_names_next_expiry(world.names);
    uint32_t n_asked = world.n_asked;
    struct tha_dns_question question;
    uint64_t id;

    ck_assert(!tha_names_next_question(world.names, next_ms - 1, &id, &question));
    world_run(&world, next_ms);
    ck_assert_uint_eq(world.n_asked, n_asked + 1);

    return next_ms - WORLD_START;
}

/** The same, but no lookup is due between @p from_ms and @p to_ms of it. */
#define ck_assert_between(ms, from_ms, to_ms)                                                                               \
    do {                                                                                                                    \
        uint64_t is_ms = (ms);                                                                                              \
        ck_assert_uint_ge(is_ms, (from_ms));                                                                                \
        ck_assert_uint_le(is_ms, (to_ms));                                                                                  \
    } while (0)

static void open_with_ttl(uint32_t ttl_s)
{
    world_open(&world, 1);
    zone_host(&world.zone, "a.example", "192.0.2.1", ttl_s);
    world_run(&world, WORLD_START);
    ck_assert_uint_eq(world.n_asked, 1);
}

static void set_ttl(uint32_t ttl_s)
{
    zone_set(&world.zone, THA_DNS_A, "a.example")->records[0].ttl_s = ttl_s;
}

static void answer_with(uint32_t outcome)
{
    zone_fail(&world.zone, THA_DNS_A, "a.example", outcome);
    zone_fail(&world.zone, THA_DNS_AAAA, "a.example", outcome);
}

static void mend_dns(void)
{
    answer_with(THA_DNS_ANSWERED);
}

START_TEST(a_name_is_looked_up_again_shortly_before_its_ttl_ends)
{
    uint64_t last = 0;

    open_with_ttl(100);
    for (int i = 0; i < 20; i++) {
        uint64_t next = next_lookup();

        ck_assert_between(next - last, 88000, 92000);
        last = next;
    }
    world_close(&world);
}
END_TEST

START_TEST(names_do_not_march_in_step)
{
    world_open(&world, 4);
    for (int i = 0; i < 4; i++)
        zone_host(&world.zone, world.hosts[i].host, "192.0.2.1", 100);
    world_run(&world, WORLD_START + 100000);
    ck_assert_uint_eq(world.n_asked, 8);
    ck_assert_uint_ne(world.asked_ms[4], world.asked_ms[5]);
    ck_assert_uint_ne(world.asked_ms[5], world.asked_ms[6]);
    ck_assert_uint_ne(world.asked_ms[6], world.asked_ms[7]);
    world_close(&world);
}
END_TEST

START_TEST(a_ttl_holds_for_min_ttl_at_least)
{
    open_with_ttl(0);
    ck_assert_between(next_lookup(), 4400, 4600);
    ck_assert_uint_eq(world_state(&world, 0).ttl_s, 0);
    world_close(&world);

    open_with_ttl(3);
    for (uint32_t i = 1; i < 20; i++)
        ck_assert_between(next_lookup(), i * 4400, i * 4600);
    world_close(&world);
}
END_TEST

START_TEST(a_ttl_holds_for_max_ttl_at_most)
{
    open_with_ttl(UINT32_MAX);
    ck_assert_between(next_lookup(), 264000, 276000);
    ck_assert_uint_eq(world_state(&world, 0).ttl_s, UINT32_MAX);
    world_close(&world);
}
END_TEST

START_TEST(a_copy_is_asked_for_again_when_it_ends)
{
    uint64_t first, copy_s;

    open_with_ttl(60);
    copy_s = (60000 - (tha_names_next_expiry(world.names) - WORLD_START) + 999) / 1000;
    set_ttl((uint32_t)copy_s);
    first = next_lookup();
    ck_assert_between(first, 52800, 55200);
    ck_assert_uint_eq(next_lookup(), 60000);
    world_close(&world);
}
END_TEST

START_TEST(a_copy_that_ends_at_another_time_is_believed)
{
    uint64_t first;

    open_with_ttl(60);
    set_ttl(20);
    first = next_lookup();
    ck_assert_uint_eq(next_lookup(), first + 20000);
    ck_assert_between(next_lookup(), first + 37600, first + 38400); /* 20 s are its TTL now */
    world_close(&world);
}
END_TEST

START_TEST(a_ttl_that_has_become_shorter_than_min_ttl_holds_for_min_ttl)
{
    uint64_t first;

    open_with_ttl(300);
    set_ttl(3);
    first = next_lookup();
    ck_assert_uint_eq(next_lookup(), first + 5000);
    ck_assert_between(next_lookup(), first + 9400, first + 9600);
    world_close(&world);
}
END_TEST

START_TEST(lookups_of_a_name_are_a_second_apart_at_least)
{
    open_with_ttl(60);
    world.model.dns.min_ttl_s = 0;
    world_commit(&world);
    set_ttl(0);
    world_run(&world, WORLD_START + 80000);
    ck_assert_uint_gt(world.n_asked, 10);
    for (uint32_t i = 1; i < world.n_asked; i++)
        ck_assert_uint_ge(world.asked_ms[i], world.asked_ms[i - 1] + 1000);
    world_close(&world);
}
END_TEST

/* A resolver that caches: it asks its authority when its copy has ended, and counts down until then. */

static uint64_t copy_ends_ms; /**< 0 = it has none */
static uint64_t change_ms;    /**< when the authority's address changes */
static uint32_t authority_ttl_s;
static bool rounds_up;
static bool has_new_copy;

static void count_down(struct world *in)
{
    struct zone_set *set = zone_set(&in->zone, THA_DNS_A, "a.example");
    uint64_t left_ms;

    if (in->now_ms >= copy_ends_ms) {
        copy_ends_ms = in->now_ms + UINT64_C(1000) * authority_ttl_s;
        has_new_copy = in->now_ms >= change_ms;
    }
    left_ms = copy_ends_ms - in->now_ms;
    set->records[0].ttl_s = (uint32_t)(rounds_up ? (left_ms + 999) / 1000 : left_ms / 1000);
    set->records[0].addr.ip[3] = has_new_copy ? 2 : 1;
}

/** How long after the change the new address is in use. */
static uint64_t change_takes_ms(uint32_t ttl_s, uint64_t copy_age_ms, uint64_t after_ms)
{
    world_prepare(&world, 1);
    zone_host(&world.zone, "a.example", "192.0.2.1", ttl_s);
    authority_ttl_s = ttl_s;
    copy_ends_ms = WORLD_START + UINT64_C(1000) * ttl_s - copy_age_ms;
    change_ms = WORLD_START + after_ms;
    has_new_copy = false;
    world.before_answer = count_down;
    world_commit(&world);

    while (!strstr(world_text(&world, 0), "192.0.2.2"))
        world_run(&world, tha_names_next_expiry(world.names));
    for (uint32_t i = 1; i < world.n_asked; i++) {
        if (world.asked_ms[i] < world.asked_ms[i - 1] + 1000)
            ck_abort_msg("asked twice within a second");
    }
    world_close(&world);

    return world.now_ms - change_ms;
}

START_TEST(a_changed_address_is_in_use_within_its_ttl_and_a_second_even_behind_a_cache)
{
    static const uint32_t ttls_s[] = {5, 6, 7, 10, 13, 30, 60, 299, 300};

    srand(5);
    for (int i = 0; i < 3000; i++) {
        uint32_t ttl_s = ttls_s[(unsigned)rand() % 9];
        uint64_t copy_age_ms = (uint64_t)rand() % (ttl_s * 1000);
        uint64_t after_ms = (uint64_t)rand() % (ttl_s * 3000);
        uint64_t takes_ms;

        rounds_up = rand() % 2;
        takes_ms = change_takes_ms(ttl_s, copy_age_ms, after_ms);
        if (takes_ms > UINT64_C(1000) * ttl_s + 1000)
            ck_abort_msg("TTL %u s, copy of %u ms, %s: %u ms", ttl_s, (unsigned)copy_age_ms, rounds_up ? "up" : "down",
                         (unsigned)takes_ms);
    }
}
END_TEST

START_TEST(failures_are_tried_again_after_1_2_4_8_16_and_then_every_30_seconds)
{
    static const uint64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
    uint64_t last;

    open_with_ttl(100);
    answer_with(THA_DNS_SILENT);
    last = next_lookup();
    for (unsigned i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        uint64_t next = next_lookup();

        ck_assert_uint_eq(next - last, waits_ms[i]);
        last = next;
    }

    mend_dns();
    last = next_lookup();
    answer_with(THA_DNS_FAILED);
    last = next_lookup();
    ck_assert_uint_eq(next_lookup() - last, 1000); /* from the beginning */
    next_lookup();
    answer_with(THA_DNS_NO_NAME); /* is an answer */
    next_lookup();
    answer_with(THA_DNS_FAILED);
    last = next_lookup();
    ck_assert_uint_eq(next_lookup() - last, 1000);
    next_lookup();
    tha_names_refresh(world.names, world.now_ms); /* other servers */
    last = next_lookup();
    ck_assert_uint_eq(next_lookup() - last, 1000);
    world_close(&world);
}
END_TEST

START_TEST(the_last_good_addresses_stay_while_lookups_fail)
{
    struct tha_name_state state;

    open_with_ttl(100);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    answer_with(THA_DNS_SILENT);
    world_run(&world, WORLD_START + 1000000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE); /* once */
    state = world_state(&world, 0);
    ck_assert_uint_eq(state.trouble, THA_DNS_TROUBLE_SILENT);
    ck_assert_uint_eq(state.n_locations, 1);
    ck_assert_uint_eq(state.n_leaving, 0);
    ck_assert_uint_eq(state.resolved_ms, WORLD_START);

    answer_with(THA_DNS_FAILED);
    world_run(&world, WORLD_START + 1040000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    mend_dns();
    world_run(&world, WORLD_START + 1080000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_FINE);
    ck_assert_uint_gt(world_state(&world, 0).resolved_ms, WORLD_START + 1040000);
    world_close(&world);
}
END_TEST

START_TEST(without_keep_last_good_they_leave_when_their_ttl_ends)
{
    world_prepare(&world, 1);
    world.model.dns.keep_last_good = false;
    world_commit(&world);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    world_run(&world, WORLD_START + 50000);
    world_news(&world, 0);

    answer_with(THA_DNS_SILENT);
    world_run(&world, WORLD_START + 99999);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    world_run(&world, WORLD_START + 100000);
    ck_assert_str_eq(world_text(&world, 0), " | udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);

    world_run(&world, WORLD_START + 200000);
    ck_assert_uint_eq(world_news(&world, 0), 0);
    mend_dns();
    world_run(&world, WORLD_START + 240000);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES | THA_NAMES_TROUBLE);
    world_close(&world);
}
END_TEST

START_TEST(without_keep_last_good_they_stay_as_long_as_they_are_confirmed)
{
    world_prepare(&world, 1);
    world.model.dns.keep_last_good = false;
    world_commit(&world);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    world_run(&world, WORLD_START + 50000);
    world_news(&world, 0);
    answer_with(THA_DNS_SILENT);
    world_run(&world, WORLD_START + 95000);
    mend_dns();
    world_run(&world, WORLD_START + 400000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(a_name_that_is_gone_keeps_its_addresses_and_is_looked_up_again_every_30_seconds)
{
    uint64_t last;

    open_with_ttl(100);
    answer_with(THA_DNS_NO_NAME);
    last = next_lookup();
    ck_assert_uint_eq(next_lookup() - last, 30000);
    ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_TROUBLE_NO_NAME);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(what_is_not_there_is_looked_for_again_when_its_negative_ttl_ends)
{
    static const uint64_t waits_ms[][2] = {{1, 5000}, {5, 5000}, {6, 6000}, {29, 29000}, {30, 30000}, {86400, 30000}};

    world_open(&world, 1);
    for (unsigned i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        uint64_t last;

        world.zone.negative_ttl_s = (uint32_t)waits_ms[i][0];
        last = next_lookup();
        ck_assert_uint_eq(tha_names_next_expiry(world.names) - WORLD_START - last, waits_ms[i][1]);
    }
    ck_assert(world_state(&world, 0).is_known);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    world_close(&world);
}
END_TEST

START_TEST(a_partial_result_is_completed_soon)
{
    uint64_t last;

    world_open(&world, 1);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    zone_fail(&world.zone, THA_DNS_AAAA, "a.example", THA_DNS_FAILED);
    last = next_lookup();
    ck_assert_uint_eq(next_lookup() - last, 1000);
    last = next_lookup();
    ck_assert_uint_eq(last, 3000);
    zone_clear(&world.zone, THA_DNS_AAAA, "a.example");
    last = next_lookup();
    ck_assert_uint_eq(last, 7000);
    ck_assert_between(next_lookup() - last, 88000, 92000);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    world_close(&world);
}
END_TEST

START_TEST(a_refresh_is_spread_over_5_seconds)
{
    world_open(&world, 4);
    for (int i = 0; i < 4; i++)
        zone_host(&world.zone, world.hosts[i].host, "192.0.2.1", 300);
    world_run(&world, WORLD_START + 10000);
    tha_names_refresh(world.names, world.now_ms);
    world_run(&world, WORLD_START + 20000);
    ck_assert_uint_eq(world.n_asked, 8);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(world_asked(&world, 4 + i), 10000 + 1250 * i);
    world_close(&world);
}
END_TEST

START_TEST(a_refresh_comes_no_sooner_than_a_second_after_the_last_lookup)
{
    open_with_ttl(100);
    world_run(&world, WORLD_START + 300);
    tha_names_refresh(world.names, world.now_ms);
    ck_assert_uint_eq(next_lookup(), 1000);
    tha_names_refresh(world.names, world.now_ms);
    tha_names_refresh(world.names, world.now_ms);
    ck_assert_uint_eq(next_lookup(), 2000);
    world_close(&world);
}
END_TEST

START_TEST(a_refresh_does_not_put_off_what_comes_sooner)
{
    world_open(&world, 2);
    zone_host(&world.zone, "a.example", "192.0.2.1", 300);
    answer_with(THA_DNS_ANSWERED);
    zone_fail(&world.zone, THA_DNS_A, "b.example", THA_DNS_SILENT);
    zone_fail(&world.zone, THA_DNS_AAAA, "b.example", THA_DNS_SILENT);
    world_run(&world, WORLD_START + 500);
    tha_names_refresh(world.names, world.now_ms); /* b would come after 2.5 s */
    world_run(&world, WORLD_START + 1000);
    ck_assert_uint_eq(world.n_asked, 4);
    world_close(&world);
}
END_TEST

START_TEST(a_smaller_max_ttl_counts_at_once)
{
    open_with_ttl(300);
    world_run(&world, WORLD_START + 50000);
    world.model.dns.max_ttl_s = 60;
    world_commit(&world);
    ck_assert_uint_eq(next_lookup(), 110000);
    world_close(&world);
}
END_TEST

START_TEST(keep_last_good_may_be_taken_back)
{
    open_with_ttl(100);
    answer_with(THA_DNS_SILENT);
    world_run(&world, WORLD_START + 500000);
    world_news(&world, 0);
    world.model.dns.keep_last_good = false;
    world_commit(&world);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), world.now_ms);
    world_run(&world, world.now_ms);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_ADDRESSES);
    world_close(&world);
}
END_TEST

SUITE("names_plan", a_name_is_looked_up_again_shortly_before_its_ttl_ends, names_do_not_march_in_step,
      a_ttl_holds_for_min_ttl_at_least, a_ttl_holds_for_max_ttl_at_most, a_copy_is_asked_for_again_when_it_ends,
      a_copy_that_ends_at_another_time_is_believed, a_ttl_that_has_become_shorter_than_min_ttl_holds_for_min_ttl,
      lookups_of_a_name_are_a_second_apart_at_least,
      a_changed_address_is_in_use_within_its_ttl_and_a_second_even_behind_a_cache,
      failures_are_tried_again_after_1_2_4_8_16_and_then_every_30_seconds, the_last_good_addresses_stay_while_lookups_fail,
      without_keep_last_good_they_leave_when_their_ttl_ends, without_keep_last_good_they_stay_as_long_as_they_are_confirmed,
      a_name_that_is_gone_keeps_its_addresses_and_is_looked_up_again_every_30_seconds,
      what_is_not_there_is_looked_for_again_when_its_negative_ttl_ends, a_partial_result_is_completed_soon,
      a_refresh_is_spread_over_5_seconds, a_refresh_comes_no_sooner_than_a_second_after_the_last_lookup,
      a_refresh_does_not_put_off_what_comes_sooner, a_smaller_max_ttl_counts_at_once, keep_last_good_may_be_taken_back)
