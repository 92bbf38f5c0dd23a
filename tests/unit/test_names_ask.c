/* The names themselves, over loads, and how many are looked up at a time. */
#include "../suite.h"
#include "names_world.h"

static struct world world;

#define N_NAMES 10000

/** A configuration of many names. */
static struct tha_model *many_names(void)
{
    static struct tha_trunk_model trunks[N_NAMES];
    static struct tha_name names[N_NAMES];
    static char hosts[N_NAMES][32];
    static struct tha_model model;

    for (uint32_t i = 0; i < N_NAMES; i++) {
        sprintf(hosts[i], "h%u.example", i);
        names[i] = (struct tha_name){.host = hosts[i], .port = 5060};
        trunks[i].dns_name = &names[i];
    }
    model = (struct tha_model){.trunks = trunks, .n_trunks = N_NAMES, .dns = {.max_ttl_s = 300, .min_ttl_s = 5}};

    return &model;
}

/** A question that was sent. */
struct sent {
    uint64_t id;
    struct tha_dns_question question;
};

static uint32_t send_all(struct sent *sent, uint32_t max)
{
    uint32_t n = 0;

    while (n < max && tha_names_next_question(world.names, world.now_ms, &sent[n].id, &sent[n].question))
        n++;

    return n;
}

static void answer(const struct sent *sent)
{
    struct tha_dns_answer its = zone_answer(&world.zone, &sent->question);

    tha_names_answer(world.names, sent->id, &its, world.now_ms);
}

START_TEST(no_more_than_64_names_are_looked_up_at_a_time_and_all_of_them_are)
{
    static struct sent sent[4 * THA_NAMES_ASKING_MAX];
    static bool was_asked[N_NAMES];
    unsigned n_asked = 0;
    uint32_t n;

    world_prepare(&world, 0);
    ck_assert_int_eq(tha_names_prepare(world.names, many_names()), 0);
    tha_names_commit(world.names, world.now_ms);

    while ((n = send_all(sent, 4 * THA_NAMES_ASKING_MAX)) > 0) {
        if (n != 2 * THA_NAMES_ASKING_MAX && n_asked + n / 2 != N_NAMES)
            ck_abort_msg("%u questions at once", n);
        if (n == 2 * THA_NAMES_ASKING_MAX && tha_names_next_expiry(world.names) != THA_NEVER)
            ck_abort_msg("woken although all are busy");
        for (uint32_t i = 0; i < n; i++) {
            unsigned name = (unsigned)atoi(sent[i].question.name + 1);

            n_asked += !was_asked[name];
            was_asked[name] = true;
            answer(&sent[i]);
        }
    }
    ck_assert_uint_eq(n_asked, N_NAMES);
    ck_assert_uint_ge(tha_names_next_expiry(world.names), world.now_ms + 1000);
    world_close(&world);
}
END_TEST

START_TEST(a_slow_name_does_not_keep_the_others_from_their_turn)
{
    static struct sent sent[4 * THA_NAMES_ASKING_MAX];
    uint32_t n;

    world_prepare(&world, 0);
    ck_assert_int_eq(tha_names_prepare(world.names, many_names()), 0);
    tha_names_commit(world.names, world.now_ms);

    ck_assert_uint_eq(send_all(sent, 4 * THA_NAMES_ASKING_MAX), 128);
    answer(&sent[20]);
    ck_assert_uint_eq(send_all(sent + 128, 1), 0); /* half of a name */
    answer(&sent[21]);
    n = send_all(sent + 128, 128);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(sent[128].question.name, sent[129].question.name);
    ck_assert_str_ne(sent[128].question.name, sent[20].question.name);
    world_close(&world);
}
END_TEST

/** Asks what is to be asked now. Of the first @p n_lame names the DNS says nothing, and that only 3 s later; the others do
 *  not exist. @p n_asked: counts for each name. */
static void live_3_s(uint32_t n_lame, unsigned *n_asked)
{
    static const struct tha_dns_answer silence = {.outcome = THA_DNS_SILENT};
    static struct sent unanswered[2 * THA_NAMES_ASKING_MAX];
    uint32_t n = 0;
    struct sent sent;

    while (send_all(&sent, 1)) {
        uint32_t name = (uint32_t)atoi(sent.question.name + 1);

        n_asked[name]++;
        if (name < n_lame)
            unanswered[n++] = sent;
        else
            answer(&sent);
    }
    world.now_ms += 3000;
    while (n > 0)
        tha_names_answer(world.names, unanswered[--n].id, &silence, world.now_ms);
}

START_TEST(names_that_always_fail_keep_the_others_from_nothing_and_have_their_turn)
{
    static unsigned n_asked[N_NAMES];
    struct tha_model *model = many_names();

    model->n_trunks = 2100;
    world_prepare(&world, 0);
    ck_assert_int_eq(tha_names_prepare(world.names, model), 0);
    tha_names_commit(world.names, world.now_ms);
    while (world.now_ms < WORLD_START + 120000) /* each is asked for the first time */
        live_3_s(2000, n_asked);
    memset(n_asked, 0, sizeof(n_asked));
    while (world.now_ms < WORLD_START + 420000)
        live_3_s(2000, n_asked);
    for (uint32_t i = 0; i < 2000; i++)
        ck_assert_uint_ge(n_asked[i], 2); /* A and AAAA; half of the places for 300 s are enough for all */
    for (uint32_t i = 2000; i < 2100; i++)
        ck_assert_uint_ge(n_asked[i], 2 * 9); /* that there is none is good for 30 s */
    world_close(&world);
}
END_TEST

START_TEST(names_of_the_same_words_are_one)
{
    static const struct tha_name base = {.host = "a.example", .port = 5060, .has_transport = true, .transport = 1};
    struct tha_name other = base;

    ck_assert_int_eq(tha_names_compare(&base, &other), 0);
    other.host = "b.example";
    ck_assert_int_lt(tha_names_compare(&base, &other), 0);
    ck_assert_int_gt(tha_names_compare(&other, &base), 0);
    other = base;
    other.port = 0;
    ck_assert_int_gt(tha_names_compare(&base, &other), 0);
    other = base;
    other.transport = 2;
    ck_assert_int_lt(tha_names_compare(&base, &other), 0);
    other = base;
    other.has_transport = false;
    ck_assert_int_gt(tha_names_compare(&base, &other), 0);
    other.transport = 0;
    ck_assert_int_gt(tha_names_compare(&base, &other), 0); /* what is not given is not UDP */

    world_prepare(&world, 4);
    for (int i = 0; i < 4; i++)
        world.hosts[i] = base;
    world.hosts[2].transport = 2;
    world_commit(&world);
    world_run(&world, WORLD_START);
    ck_assert_uint_eq(world.n_asked, 2);
    world_close(&world);
}
END_TEST

START_TEST(trunks_without_a_name_need_nothing)
{
    world_prepare(&world, 2);
    world.trunks[0].dns_name = NULL;
    world.trunks[1].dns_name = NULL;
    world_commit(&world);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), THA_NEVER);
    tha_names_refresh(world.names, world.now_ms);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), THA_NEVER);
    world_close(&world);
    ck_assert_ptr_null(tha_names_free(NULL));
}
END_TEST

START_TEST(a_name_that_is_only_prepared_is_not_known_and_not_asked_for)
{
    world_prepare(&world, 1);
    ck_assert_int_eq(tha_names_prepare(world.names, &world.model), 0);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), THA_NEVER);
    ck_assert(!world_state(&world, 0).is_known);
    ck_assert_int_eq(tha_names_prepare(world.names, &world.model), 0); /* drops the first */
    tha_names_commit(world.names, world.now_ms);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), world.now_ms);
    world_close(&world);
}
END_TEST

START_TEST(what_is_known_of_names_that_stay_is_kept_over_a_load)
{
    uint64_t next_ms;

    world_open(&world, 2);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    zone_host(&world.zone, "b.example", "192.0.2.2", 100);
    world_run(&world, WORLD_START + 1000);
    world_news(&world, 0);
    next_ms = tha_names_next_expiry(world.names);

    world.model.n_trunks = 3;
    world_commit(&world);
    world_run(&world, WORLD_START + 1000);
    ck_assert_uint_eq(world.n_asked, 3); /* the new one */
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    ck_assert_uint_eq(world_news(&world, 0), 0);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), WORLD_START + 31000); /* c is not there */
    world_run(&world, WORLD_START + 32000);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), WORLD_START + 61000);
    world_run(&world, next_ms);
    ck_assert_uint_eq(world.asked_ms[world.n_asked - 1], next_ms);
    world_close(&world);
}
END_TEST

START_TEST(names_that_go_are_forgotten_with_their_news_and_their_questions)
{
    struct tha_dns_question question;
    struct sent sent[8];
    uint64_t id;

    world_open(&world, 2);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    zone_host(&world.zone, "b.example", "192.0.2.2", 100);
    ck_assert_uint_eq(send_all(sent, 8), 4);
    for (int i = 0; i < 3; i++) {
        if (i != 1)
            answer(&sent[i]);
    }
    answer(&sent[1]);
    ck_assert_str_eq(sent[1].question.name, sent[0].question.name); /* one is through, the other half */

    world.model.n_trunks = 0;
    world_commit(&world);
    answer(&sent[3]);
    ck_assert_uint_eq(world_news(&world, 0) | world_news(&world, 1), 0);
    ck_assert_uint_eq(world_state(&world, 0).n_locations, 0);
    ck_assert_uint_eq(tha_names_next_expiry(world.names), THA_NEVER);

    world.model.n_trunks = 2; /* and back again: as new */
    world_commit(&world);
    ck_assert(!world_state(&world, 0).is_known);
    ck_assert(tha_names_next_question(world.names, world.now_ms, &id, &question));
    answer(&sent[3]);
    ck_assert(!world_state(&world, 0).is_known && !world_state(&world, 1).is_known);
    world_close(&world);
}
END_TEST

START_TEST(the_news_of_names_that_stay_outlive_a_load)
{
    world_open(&world, 3);
    for (int i = 0; i < 3; i++)
        zone_host(&world.zone, world.hosts[i].host, "192.0.2.1", 100);
    world_run(&world, WORLD_START);
    world.trunks[0].dns_name = &world.hosts[1];
    world.trunks[1].dns_name = &world.hosts[1];
    world.trunks[2].dns_name = &world.hosts[3];
    world_commit(&world);
    world_run(&world, WORLD_START);
    ck_assert_uint_eq(world_news(&world, 1), THA_NAMES_ADDRESSES);
    world_close(&world);
}
END_TEST

START_TEST(a_lookup_under_way_goes_on_over_a_load)
{
    static char host[] = "a.example";
    struct sent sent[4];

    world_prepare(&world, 1);
    world.hosts[0].host = host;
    world_commit(&world);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    ck_assert_uint_eq(send_all(sent, 4), 2);
    answer(&sent[0]);

    world.hosts[0].host = "a.example";
    world_commit(&world);
    memset(host, 'x', sizeof(host) - 1); /* the model of before is gone */
    answer(&sent[1]);
    ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
    world_close(&world);
}
END_TEST

START_TEST(a_refresh_gives_up_what_was_asked_of_other_servers)
{
    struct sent sent[8];

    world_open(&world, 1);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    ck_assert_uint_eq(send_all(sent, 4), 2);
    world.now_ms += 2000;
    tha_names_refresh(world.names, world.now_ms);
    answer(&sent[0]);
    answer(&sent[1]);
    ck_assert(!world_state(&world, 0).is_known);
    ck_assert_uint_eq(send_all(sent + 4, 4), 2);
    ck_assert_uint_ne(sent[4].id, sent[0].id);
    answer(&sent[4]);
    answer(&sent[1]);
    ck_assert(!world_state(&world, 0).is_known);
    answer(&sent[5]);
    ck_assert(world_state(&world, 0).is_known);
    world_close(&world);
}
END_TEST

START_TEST(answers_with_ids_that_nobody_has_given_are_ignored)
{
    struct tha_dns_answer failed = {.outcome = THA_DNS_FAILED};
    struct sent sent[4];

    world_open(&world, 1);
    zone_host(&world.zone, "a.example", "192.0.2.1", 100);
    tha_names_answer(world.names, 0, &failed, world.now_ms);
    ck_assert_uint_eq(send_all(sent, 4), 2);
    for (uint64_t bit = 1; bit; bit <<= 1)
        tha_names_answer(world.names, sent[0].id ^ bit, &failed, world.now_ms);
    world_close(&world);

    srand(1);
    world_open(&world, 1);
    ck_assert_uint_eq(send_all(sent, 4), 2);
    for (int i = 0; i < 100000; i++)
        tha_names_answer(world.names, (uint64_t)rand() << 17 ^ (uint64_t)rand(), &failed, world.now_ms);
    world_close(&world);
}
END_TEST

START_TEST(a_name_too_long_for_any_server_ends_without_a_question)
{
    static char host[THA_DNS_NAME_SIZE + 1];

    memset(host, 'x', sizeof(host) - 1);
    world_prepare(&world, 1);
    world.hosts[0].host = host;
    world_commit(&world);
    world_run(&world, WORLD_START + 1000);
    ck_assert_uint_eq(world.n_asked, 0);
    ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_TROUBLE_NO_NAME);
    ck_assert_uint_eq(world_news(&world, 0), THA_NAMES_TROUBLE);
    world_close(&world);
}
END_TEST

/* ---- Out of memory */

START_TEST(a_load_that_fails_leaves_everything_as_it_was)
{
    for (unsigned n = 1;; n++) {
        int err;

        world_open(&world, 2);
        zone_host(&world.zone, "a.example", "192.0.2.1", 100);
        world_run(&world, WORLD_START);
        world_news(&world, 0);

        world.model.n_trunks = 4;
        world.failing = (struct failing){.left = n, .blocks = world.failing.blocks};
        err = tha_names_prepare(world.names, &world.model);
        ck_assert_int_eq(err != 0, world.failing.has_failed);
        world.failing.left = 0;
        ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0");
        ck_assert_uint_eq(world_news(&world, 0), 0);
        world_run(&world, WORLD_START + 100000);
        ck_assert(!world_state(&world, 2).is_known);
        world_close(&world);
        if (!err)
            break;
    }
}
END_TEST

START_TEST(a_lookup_that_runs_out_of_memory_is_tried_again)
{
    for (unsigned n = 1;; n++) {
        bool has_failed;

        world_open(&world, 1);
        zone_host(&world.zone, "a.example", "192.0.2.1", 100);
        zone_host(&world.zone, "a.example", "2001:db8::1", 100);
        world.failing = (struct failing){.left = n, .blocks = world.failing.blocks};
        world_run(&world, WORLD_START);
        has_failed = world.failing.has_failed;
        world.failing.left = 0;
        if (has_failed)
            ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_TROUBLE_FAILED);
        world_run(&world, WORLD_START + 1000);
        ck_assert_uint_eq(world_state(&world, 0).trouble, THA_DNS_FINE);
        ck_assert_str_eq(world_text(&world, 0), "udp:192.0.2.1:5060 0/0, udp:[2001:db8::1]:5060 0/0");
        world_close(&world);
        if (!has_failed)
            break;
    }
}
END_TEST

START_TEST(an_engine_of_names_that_cannot_be_made_is_none)
{
    struct failing failing = {.left = 1};
    struct tha_mem mem = {failing_realloc, &failing};
    struct tha_names *names = NULL;

    ck_assert_int_eq(tha_names_new(&mem, 1, &names), TRUNKHA_ERR_NOMEM);
    ck_assert_ptr_null(names);
}
END_TEST

SUITE("names_ask", no_more_than_64_names_are_looked_up_at_a_time_and_all_of_them_are,
      a_slow_name_does_not_keep_the_others_from_their_turn,
      names_that_always_fail_keep_the_others_from_nothing_and_have_their_turn, names_of_the_same_words_are_one,
      trunks_without_a_name_need_nothing, a_name_that_is_only_prepared_is_not_known_and_not_asked_for,
      what_is_known_of_names_that_stay_is_kept_over_a_load, names_that_go_are_forgotten_with_their_news_and_their_questions,
      the_news_of_names_that_stay_outlive_a_load, a_lookup_under_way_goes_on_over_a_load,
      a_refresh_gives_up_what_was_asked_of_other_servers, answers_with_ids_that_nobody_has_given_are_ignored,
      a_name_too_long_for_any_server_ends_without_a_question, a_load_that_fails_leaves_everything_as_it_was,
      a_lookup_that_runs_out_of_memory_is_tried_again, an_engine_of_names_that_cannot_be_made_is_none)
