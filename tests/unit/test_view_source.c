#include <netinet/in.h>

#include "test_view.h"
#include "view/handle.h"

/** Its host and port, and which way the calls of its trunk go. */
static void place(struct fixture *f, uint32_t target, const char *ip, uint16_t port, uint32_t direction)
{
    ck_assert(tha_addr_parse_ip(&f->targets[target].addr, ip, strlen(ip)));
    f->targets[target].addr.port = port;
    f->trunks[f->targets[target].trunk].direction = direction;
}

static struct tha_addr addr_of(const char *ip, uint16_t port)
{
    struct tha_addr addr;

    ck_assert(tha_addr_parse_ip(&addr, ip, strlen(ip)));
    addr.port = port;

    return addr;
}

static void assert_is_from(const trunkha_view *view, const char *ip, uint16_t port, const char *trunk_id)
{
    const struct tha_addr addr = addr_of(ip, port);
    trunkha_source source;
    uint32_t slot;

    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), 0);
    ck_assert_str_eq(source.trunk_id, trunk_id);
    ck_assert_uint_eq(slot, TRUNK_SLOT((uint32_t)atoi(trunk_id + 1)));
}

static void assert_is_nobodys(const trunkha_view *view, const char *ip, uint16_t port)
{
    const struct tha_addr addr = addr_of(ip, port);
    trunkha_source source;
    uint32_t slot;

    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), TRUNKHA_ERR_NOTFOUND);
}

START_TEST(a_packet_is_from_the_trunk_that_has_its_address)
{
    const struct tha_addr addr = addr_of("198.51.100.7", 5060);
    trunkha_source source = TRUNKHA_SOURCE_INIT;
    struct fixture f;
    trunkha_view *view;
    uint32_t slot;

    fixture_init(&f, 2, 2);
    place(&f, 3, "198.51.100.7", 5060, THA_DIRECTION_OUTBOUND);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), 0);
    ck_assert_str_eq(source.trunk_id, "t3");
    ck_assert_str_eq(source.trunk_group_id, "g1");
    ck_assert_uint_eq(source.direction, TRUNKHA_DIRECTION_OUTBOUND);
    ck_assert_uint_eq(source.trunks, 1);
    ck_assert_uint_eq(slot, TRUNK_SLOT(3));
    assert_is_from(view, "198.51.100.7", 0, "t3");
    assert_is_from(view, "198.51.100.7", 40000, "t3");
    assert_is_nobodys(view, "198.51.100.8", 5060);
    assert_is_nobodys(view, "198.51.100.8", 0);
    assert_is_nobodys(view, "2001:db8::1", 5060);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_same_port_goes_before_any_port)
{
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 3);
    place(&f, 0, "192.0.2.1", 5060, THA_DIRECTION_INBOUND);
    place(&f, 1, "192.0.2.1", 5070, THA_DIRECTION_OUTBOUND);
    place(&f, 2, "192.0.2.1", 5080, THA_DIRECTION_BOTH);
    view = fixture_view(&f, NULL);
    assert_is_from(view, "192.0.2.1", 5060, "t0");
    assert_is_from(view, "192.0.2.1", 5070, "t1");
    assert_is_from(view, "192.0.2.1", 5080, "t2");
    assert_is_from(view, "192.0.2.1", 5090, "t0");
    assert_is_from(view, "192.0.2.1", 0, "t0");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(inbound_goes_before_both_before_outbound)
{
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 6);
    place(&f, 0, "192.0.2.1", 5060, THA_DIRECTION_OUTBOUND);
    place(&f, 1, "192.0.2.1", 5060, THA_DIRECTION_BOTH);
    place(&f, 2, "192.0.2.1", 5060, THA_DIRECTION_INBOUND);
    place(&f, 3, "192.0.2.1", 5060, THA_DIRECTION_INBOUND); /* of two alike the first one counts */
    place(&f, 4, "192.0.2.1", 5070, THA_DIRECTION_OUTBOUND);
    place(&f, 5, "192.0.2.1", 5070, THA_DIRECTION_BOTH);
    view = fixture_view(&f, NULL);
    assert_is_from(view, "192.0.2.1", 5060, "t2");
    assert_is_from(view, "192.0.2.1", 5070, "t5");
    assert_is_from(view, "192.0.2.1", 0, "t2");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_trunk_is_counted_once_whatever_its_ports)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5001), other = addr_of("192.0.2.9", 0);
    trunkha_source source;
    struct fixture f;
    trunkha_view *view;
    uint32_t slot;

    fixture_init(&f, 1, 4);
    f.targets[1].trunk = 0;
    place(&f, 3, "192.0.2.9", 5060, THA_DIRECTION_BOTH);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), 0);
    ck_assert_str_eq(source.trunk_id, "t0");
    ck_assert_uint_eq(source.trunks, 2);
    ck_assert_int_eq(tha_view_find_source(view, &other, &source, &slot), 0);
    ck_assert_uint_eq(source.trunks, 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(ipv4_within_ipv6_is_ipv4)
{
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 4);
    place(&f, 0, "2001:db8::1", 5060, THA_DIRECTION_BOTH);
    place(&f, 1, "2001:db8::2", 5060, THA_DIRECTION_BOTH);
    place(&f, 2, "192.0.2.1", 5060, THA_DIRECTION_BOTH);
    place(&f, 3, "::ffff:192.0.2.2", 5060, THA_DIRECTION_BOTH);
    view = fixture_view(&f, NULL);
    assert_is_from(view, "2001:db8::1", 5060, "t0");
    assert_is_from(view, "2001:db8::2", 0, "t1");
    assert_is_from(view, "::ffff:192.0.2.1", 5060, "t2");
    assert_is_from(view, "192.0.2.2", 5060, "t3");
    assert_is_nobodys(view, "::192.0.2.1", 5060);
    assert_is_nobodys(view, "2001:db8::3", 5060);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(only_the_addresses_of_this_moment_count)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 0);
    trunkha_source source;
    struct fixture f;
    trunkha_view *view;
    uint32_t slot;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(tha_view_note_request(view, &addr, 1), TRUNKHA_ERR_STATE);
    fixture_init(&f, 1, 1);
    fixture_load(&f, view);
    assert_is_from(view, "192.0.2.1", 5000, "t0");

    place(&f, 0, "192.0.2.2", 5000, THA_DIRECTION_BOTH);
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), 0);
    assert_is_nobodys(view, "192.0.2.2", 5000);
    tha_view_publish(view);
    assert_is_from(view, "192.0.2.2", 5000, "t0");
    assert_is_nobodys(view, "192.0.2.1", 5000);

    f.catalogue.n_targets = 0; /* as long as its name was not looked up */
    f.catalogue.n_profiles = 0;
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), 0);
    tha_view_publish(view);
    assert_is_nobodys(view, "192.0.2.2", 5000);
    fixture_done(view, NULL);
}
END_TEST

/** The rules once more, without any hash. */
static bool is_better(const struct fixture *f, uint32_t target, uint32_t than, uint16_t port)
{
    static const int ranks[] = {[THA_DIRECTION_INBOUND] = 0, [THA_DIRECTION_BOTH] = 1, [THA_DIRECTION_OUTBOUND] = 2};
    const struct tha_view_target *a = &f->targets[target], *b = &f->targets[than];

    if (port && (a->addr.port == port) != (b->addr.port == port))
        return a->addr.port == port;

    return ranks[f->trunks[a->trunk].direction] < ranks[f->trunks[b->trunk].direction];
}

static uint32_t expected_trunk(const struct fixture *f, const struct tha_addr *addr, uint32_t *ret_trunks)
{
    uint32_t best = THA_NONE;
    uint64_t trunks = 0;

    for (uint32_t i = 0; i < f->catalogue.n_targets; i++) {
        if (!tha_addr_is_same_ip(&f->targets[i].addr, addr))
            continue;
        trunks |= UINT64_C(1) << f->targets[i].trunk;
        if (best == THA_NONE || is_better(f, i, best, addr->port))
            best = i;
    }
    *ret_trunks = (uint32_t)__builtin_popcountll(trunks);

    return best == THA_NONE ? THA_NONE : f->targets[best].trunk;
}

static void assert_answers_match(const struct fixture *f, const trunkha_view *view)
{
    char ip[32];

    for (unsigned host = 0; host < 10; host++) {
        snprintf(ip, sizeof(ip), host % 2 ? "192.0.2.%u" : "2001:db8::%u", host);
        for (uint16_t port = 0; port < 8; port++) {
            const struct tha_addr addr = addr_of(ip, port);
            uint32_t trunks, slot, trunk = expected_trunk(f, &addr, &trunks);
            trunkha_source source;
            int err = tha_view_find_source(view, &addr, &source, &slot);

            ck_assert_int_eq(err, trunk == THA_NONE ? TRUNKHA_ERR_NOTFOUND : 0);
            if (err)
                continue;
            ck_assert_uint_eq(slot, TRUNK_SLOT(trunk));
            ck_assert_str_eq(source.trunk_id, f->trunks[trunk].id);
            ck_assert_uint_eq(source.direction, f->trunks[trunk].direction);
            ck_assert_uint_eq(source.trunks, trunks);
        }
    }
}

START_TEST(any_catalogue_is_answered_by_the_rules)
{
    trunkha_view *view = NULL;
    struct fixture f;

    srand(1);
    fixture_init(&f, 1, 32);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    for (int round = 0; round < 200; round++) {
        uint32_t trunk = 0;

        f.catalogue.n_targets = 32 + (uint32_t)rand() % (MAX_TRUNKS - 31);
        f.targets[0].trunk = 0;
        for (uint32_t i = 0; i < f.catalogue.n_targets; i++) {
            char ip[32];
            unsigned host = (unsigned)rand() % (round % 2 ? 8 : 2);

            if (i && trunk < 31 && rand() % 2)
                trunk++;
            f.targets[i].trunk = trunk;
            snprintf(ip, sizeof(ip), host % 2 ? "192.0.2.%u" : "2001:db8::%u", host);
            place(&f, i, ip, (uint16_t)(1 + rand() % 6), (uint32_t)rand() % 3);
        }
        fixture_load(&f, view);
        assert_answers_match(&f, view);
    }
    fixture_done(view, NULL);
}
END_TEST

/** The slots of the trunks that were reported as heard since the last time, in order, and of their last target; returns how
 *  many. */
static uint32_t take_heard(trunkha_view *view, uint32_t *slots, uint32_t *target_slot)
{
    struct tha_news news;
    uint32_t n = 0;

    while (tha_view_take_news(view, fixture_now_ms(), &news)) {
        ck_assert_uint_eq(news.kind, THA_NEWS_HEARD);
        slots[n++] = news.trunk_slot;
        *target_slot = news.target_slot;
    }

    return n;
}

START_TEST(a_request_is_reported_of_every_inbound_trunk_of_its_host)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 40000), outbound = addr_of("192.0.2.2", 5060);
    const struct tha_addr foreign = addr_of("192.0.2.3", 5060);
    uint32_t slots[MAX_TRUNKS], target_slot;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 7);
    place(&f, 0, "192.0.2.1", 5060, THA_DIRECTION_OUTBOUND);
    place(&f, 1, "192.0.2.1", 5060, THA_DIRECTION_INBOUND);
    place(&f, 2, "192.0.2.1", 5061, THA_DIRECTION_INBOUND);
    f.targets[3].trunk = 2;
    place(&f, 3, "192.0.2.1", 5062, THA_DIRECTION_INBOUND);
    place(&f, 4, "192.0.2.1", 40000, THA_DIRECTION_BOTH);
    place(&f, 5, "192.0.2.2", 5060, THA_DIRECTION_OUTBOUND);
    place(&f, 6, "192.0.2.1", 5060, THA_DIRECTION_INBOUND);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(7), TARGET_SLOT(7), 2), 0);

    ck_assert_int_eq(tha_view_note_request(view, &addr, 5000), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 3);
    ck_assert_uint_eq(slots[0], TRUNK_SLOT(1));
    ck_assert_uint_eq(slots[1], TRUNK_SLOT(2));
    ck_assert_uint_eq(slots[2], TRUNK_SLOT(6));
    ck_assert_uint_eq(target_slot, TARGET_SLOT(6));
    ck_assert_int_eq(tha_view_note_request(view, &outbound, 5000), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 0);
    ck_assert_int_eq(tha_view_note_request(view, &foreign, 5000), TRUNKHA_ERR_NOTFOUND);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(requests_are_reported_once_a_second)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5000);
    uint32_t slots[MAX_TRUNKS], target_slot;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 1);
    f.trunks[0].direction = THA_DIRECTION_INBOUND;
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(1), TARGET_SLOT(1), 2), 0);
    for (uint32_t ms = 0; ms < 1000; ms++)
        ck_assert_int_eq(tha_view_note_request(view, &addr, UINT32_MAX - 500 + (uint64_t)ms), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 1);
    ck_assert_int_eq(tha_view_note_request(view, &addr, UINT32_MAX + UINT64_C(499)), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 0);
    ck_assert_int_eq(tha_view_note_request(view, &addr, UINT32_MAX + UINT64_C(500)), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(no_more_inbound_trunks_are_reported_at_a_time_than_said)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5000);
    uint32_t slots[2 * THA_HEARD_MAX], target_slot;
    struct fixture f;
    trunkha_view *view;

    ck_assert_uint_eq(THA_HEARD_MAX, MAX_TRUNKS);
    fixture_init(&f, 1, MAX_TRUNKS);
    for (uint32_t i = 0; i < MAX_TRUNKS; i++)
        f.trunks[i].direction = THA_DIRECTION_INBOUND;
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(MAX_TRUNKS), TARGET_SLOT(MAX_TRUNKS), 2), 0);
    ck_assert_int_eq(tha_view_note_request(view, &addr, 5000), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), THA_HEARD_MAX);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_view_that_may_not_be_written_reports_nothing)
{
    const struct tha_addr addr = addr_of("192.0.2.1", 5000);
    trunkha_source source;
    struct fixture f;
    trunkha_view *view;
    struct tha_calls *calls;
    uint32_t slot;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    calls = view->calls;
    view->calls = NULL;
    ck_assert_int_eq(tha_view_note_request(view, &addr, 5000), TRUNKHA_ERR_ACCESS);
    ck_assert_int_eq(tha_view_find_source(view, &addr, &source, &slot), 0);
    view->calls = calls;
    fixture_done(view, NULL);
}
END_TEST

/* ---- with addresses of the system's ---- */

START_TEST(addresses_of_the_system_are_understood)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(5001), .sin_addr.s_addr = htonl(0xc0000201)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(5060)};
    struct sockaddr_storage none = {.ss_family = AF_UNIX};
    trunkha_source source = TRUNKHA_SOURCE_INIT;
    uint32_t slots[MAX_TRUNKS], target_slot;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 3);
    place(&f, 2, "2001:db8::2", 5060, THA_DIRECTION_INBOUND);
    memcpy(&v6.sin6_addr, f.targets[2].addr.ip, 16);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(3), TARGET_SLOT(3), 2), 0);

    ck_assert_int_eq(trunkha_trunk_of_source(view, (struct sockaddr *)&v4, &source), 0);
    ck_assert_str_eq(source.trunk_id, "t1");
    ck_assert_uint_eq(source.size, sizeof(source));
    ck_assert_int_eq(trunkha_trunk_of_source(view, (struct sockaddr *)&v6, &source), 0);
    ck_assert_str_eq(source.trunk_id, "t2");
    ck_assert_int_eq(trunkha_trunk_note_request(view, (struct sockaddr *)&v6), 0);
    ck_assert_uint_eq(take_heard(view, slots, &target_slot), 1);
    ck_assert_uint_eq(slots[0], TRUNK_SLOT(2));

    ck_assert_int_eq(trunkha_trunk_of_source(view, (struct sockaddr *)&none, &source), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(NULL, (struct sockaddr *)&v4, &source), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(view, NULL, &source), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(view, (struct sockaddr *)&v4, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(view, (struct sockaddr *)&none), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(NULL, (struct sockaddr *)&v4), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(view, NULL), TRUNKHA_ERR_INVALID);
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_source", a_packet_is_from_the_trunk_that_has_its_address, the_same_port_goes_before_any_port,
      inbound_goes_before_both_before_outbound, a_trunk_is_counted_once_whatever_its_ports, ipv4_within_ipv6_is_ipv4,
      only_the_addresses_of_this_moment_count, any_catalogue_is_answered_by_the_rules,
      a_request_is_reported_of_every_inbound_trunk_of_its_host, requests_are_reported_once_a_second,
      no_more_inbound_trunks_are_reported_at_a_time_than_said, a_view_that_may_not_be_written_reports_nothing,
      addresses_of_the_system_are_understood)
