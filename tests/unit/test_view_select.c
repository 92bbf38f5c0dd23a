#include "base/text.h"
#include "test_view.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The trunk ids of a selection from "RP", as "t0 t1 ...". */
static const char *selected(const trunkha_view *view)
{
    static char text[256];
    trunkha_candidate to[8];
    size_t n = COUNT(to);

    text[0] = '\0';
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    for (size_t i = 0; i < n; i++)
        tha_text_print(text + strlen(text), sizeof(text) - strlen(text), i ? " %s" : "%s", to[i].trunk_id);

    return text;
}

static trunkha_candidate first(const trunkha_view *view)
{
    trunkha_candidate to;
    size_t n = 1;

    ck_assert_int_eq(trunkha_view_select(view, "RP", &to, &n), 0);

    return to;
}

/** Makes "RP" one run over the first trunks. */
static void set_run(trunkha_view *view, uint8_t run, const uint16_t *weights, uint32_t n)
{
    struct tha_route_entry entries[MAX_TRUNKS] = {0};

    for (uint32_t i = 0; i < n; i++) {
        entries[i] = (struct tha_route_entry){
            .target = i, .why = TRUNKHA_WHY_PREFERRED, .run = i ? run : (uint8_t)(run | THA_RUN_START)};
        entries[i].weight = weights ? weights[i] : 0;
    }

    tha_view_set_route(view, 0, entries, n, 0);
}

/** How often each trunk goes first in @p picks selections. */
static void count_firsts(const trunkha_view *view, uint32_t *counts, uint32_t picks)
{
    memset(counts, 0, MAX_TRUNKS * sizeof(*counts));
    for (uint32_t i = 0; i < picks; i++)
        counts[atoi(first(view).trunk_id + 1)]++;
}

static void set_admin(trunkha_view *view, uint32_t trunk, uint32_t admin)
{
    tha_view_set_trunk(view, trunk, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_DOWN, .admin = admin});
}

/** Readers look at whole seconds of a coarse clock: an age is to be a second beyond what it tells, and more. */
static void make_stale(trunkha_view *view, uint64_t age_ms)
{
    tha_view_beat(view, fixture_now_ms() - age_ms, 0);
}

START_TEST(a_candidate_says_all_there_is_to_know_of_its_trunk)
{
    struct fixture f;
    trunkha_candidate to[3], expected = {.trunk_id = "t1",
                                         .trunk_group_id = "g1",
                                         .target = "udp:192.0.2.1:5001",
                                         .uri = "sip:192.0.2.1:5001",
                                         .outbound_route = "GW-1",
                                         .health = TRUNKHA_HEALTH_AVAILABLE,
                                         .why = TRUNKHA_WHY_STANDBY};
    trunkha_view *view;
    size_t n = 3;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, NULL);
    tha_view_set_trunk(view, 1, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_AVAILABLE});

    memset(to, 0, sizeof(to));
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(to[0].trunk_id, "t0");
    ck_assert_uint_eq(to[0].why, TRUNKHA_WHY_PREFERRED);
    ck_assert_mem_eq(&to[1], &expected, sizeof(expected));
    fixture_done(view, NULL);
}
END_TEST

START_TEST(texts_of_any_length_come_out_whole)
{
    for (size_t len = 1; len < TRUNKHA_ID_SIZE; len++) {
        char id[TRUNKHA_ID_SIZE] = "", uri[TRUNKHA_URI_SIZE] = "", route[TRUNKHA_ID_SIZE] = "";
        trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;
        trunkha_candidate to;
        struct fixture f;
        trunkha_view *view;
        size_t n = 1;

        memset(id, 'i', len);
        memset(uri, 'u', 2 * len + 1);
        memset(route, 'r', TRUNKHA_ID_SIZE - 1 - len);
        fixture_init(&f, 1, 1);
        f.trunks[0].id = f.trunks[0].name = id;
        f.groups[0].id = f.profiles[0].id = id;
        f.trunks[0].uri = uri;
        f.trunks[0].outbound_route = route;
        view = fixture_view(&f, NULL);

        memset(&to, 'x', sizeof(to));
        ck_assert_int_eq(trunkha_view_select(view, id, &to, &n), 0);
        ck_assert_str_eq(to.trunk_id, id);
        ck_assert_str_eq(to.trunk_group_id, id);
        ck_assert_str_eq(to.uri, uri);
        ck_assert_str_eq(to.outbound_route, route);
        ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &status), 0);
        ck_assert_str_eq(status.name, id);
        ck_assert_str_eq(status.trunk_group_id, id);
        fixture_done(view, NULL);
    }
}
END_TEST

START_TEST(no_more_are_given_than_asked_for)
{
    struct fixture f;
    trunkha_candidate to[2] = {0};
    trunkha_view *view;
    size_t n = 1;

    fixture_init(&f, 3, 1);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(to[1].trunk_id, "");
    ck_assert_str_eq(selected(view), "t0 t1 t2");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(every_profile_is_found_among_thousands_and_no_other)
{
    enum { PROFILES = 5000 };
    static char ids[PROFILES][TRUNKHA_ID_SIZE];
    static struct tha_view_profile profiles[PROFILES];
    trunkha_profile_status status = TRUNKHA_PROFILE_STATUS_INIT;
    trunkha_candidate to;
    struct fixture f;
    trunkha_view *view = NULL;
    size_t n = 1;

    fixture_init(&f, 2, 1);
    for (uint32_t i = 0; i < PROFILES; i++) {
        snprintf(ids[i], sizeof(ids[i]), i % 2 ? "customer-%05u-inbound-profile-of-the-usual-kind" : "%u", i);
        profiles[i] = (struct tha_view_profile){.id = ids[i], .configured = &f.order[i % 2], .n_targets = 1};
    }
    f.catalogue.profiles = profiles;
    f.catalogue.n_profiles = PROFILES;
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 1, &view), 0);
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), 0);
    tha_view_publish(view);
    make_stale(view, THA_VIEW_STALE_MS + 2000); /* the configured order says which profile it was */

    for (uint32_t i = 0; i < PROFILES; i++) {
        ck_assert_int_eq(trunkha_view_select(view, ids[i], &to, &n), 0);
        ck_assert_str_eq(to.trunk_id, i % 2 ? "t1" : "t0");
        ck_assert_int_eq(trunkha_view_get_profile(view, i, &status), 0);
        ck_assert_str_eq(status.id, ids[i]);
    }
    ck_assert_int_eq(trunkha_view_select(view, "customer-00001-inbound-profile-of-the-usual-kinD", &to, &n),
                     TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_select(view, "5000", &to, &n), TRUNKHA_ERR_NOTFOUND);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(ids_that_differ_only_in_length_are_told_apart)
{
    const char *const ids[] = {"aaaaaaa", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaaaa", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa"};
    struct tha_view_profile profiles[COUNT(ids)];
    trunkha_candidate to;
    struct fixture f;
    trunkha_view *view = NULL;
    size_t n = 1;

    fixture_init(&f, COUNT(ids), 1);
    for (uint32_t i = 0; i < COUNT(ids); i++)
        profiles[i] = (struct tha_view_profile){.id = ids[i], .configured = &f.order[i], .n_targets = 1};
    f.catalogue.profiles = profiles;
    f.catalogue.n_profiles = COUNT(ids);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 1, &view), 0);
    ck_assert_int_eq(tha_view_prepare(view, &f.catalogue), 0);
    tha_view_publish(view);
    make_stale(view, THA_VIEW_STALE_MS + 2000);

    for (uint32_t i = 0; i < COUNT(ids); i++) {
        ck_assert_int_eq(trunkha_view_select(view, ids[i], &to, &n), 0);
        ck_assert_str_eq(to.trunk_id, f.trunks[i].id);
    }
    ck_assert_int_eq(trunkha_view_select(view, "aaaaaaaaaaa", &to, &n), TRUNKHA_ERR_NOTFOUND);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(wrong_arguments_and_unknown_profiles_are_refused)
{
    char too_long[TRUNKHA_ID_SIZE + 1] = "";
    trunkha_candidate to;
    struct fixture f;
    trunkha_view *view;
    size_t n = 1, none = 0;

    memset(too_long, 'x', TRUNKHA_ID_SIZE);
    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(trunkha_view_select(NULL, "RP", &to, &n), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_select(view, NULL, &to, &n), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_select(view, "RP", NULL, &n), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_select(view, "RP", &to, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_select(view, "RP", &to, &none), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_explain(view, "RP", &to, &none), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_select(view, "", &to, &n), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_select(view, "R", &to, &n), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_select(view, "RPX", &to, &n), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_view_select(view, too_long, &to, &n), TRUNKHA_ERR_NOTFOUND);
    ck_assert_uint_eq(n, 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(before_the_first_load_there_is_nothing_to_select_from)
{
    trunkha_view *view = NULL;
    trunkha_candidate to;
    size_t n = 1;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 1, &view), 0);
    ck_assert_int_eq(trunkha_view_select(view, "RP", &to, &n), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_view_explain(view, "RP", &to, &n), TRUNKHA_ERR_STATE);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(those_passed_over_are_explained_but_never_selected)
{
    struct tha_route_entry entries[] = {{.target = 1, .why = TRUNKHA_WHY_PREFERRED},
                                        {.target = 0, .why = TRUNKHA_WHY_DISABLED},
                                        {.target = 2, .why = TRUNKHA_WHY_DRAINING}};
    trunkha_candidate to[4];
    struct fixture f;
    trunkha_view *view;
    size_t n = 4;

    fixture_init(&f, 3, 1);
    view = fixture_view(&f, NULL);
    tha_view_set_route(view, 0, entries, 3, 1);
    ck_assert_str_eq(selected(view), "t1");
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(to[2].trunk_id, "t2");
    ck_assert_uint_eq(to[2].why, TRUNKHA_WHY_DRAINING);

    tha_view_set_route(view, 0, &entries[1], 2, THA_NONE);
    n = 4;
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), TRUNKHA_ERR_UNAVAILABLE);
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 2);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_stale_view_gives_the_order_of_the_configuration)
{
    trunkha_candidate to[4];
    struct fixture f;
    trunkha_view *view;
    size_t n = 4;

    fixture_init(&f, 4, 1);
    view = fixture_view(&f, NULL);
    fixture_set_order(view, (uint32_t[]){3, 2, 1, 0, THA_NONE});
    set_admin(view, 1, TRUNKHA_ADMIN_DISABLED);
    set_admin(view, 0, TRUNKHA_ADMIN_DRAINING);

    make_stale(view, THA_VIEW_STALE_MS - 1000);
    ck_assert_str_eq(selected(view), "t3 t2 t1 t0");
    make_stale(view, THA_VIEW_STALE_MS + 2000);
    ck_assert_str_eq(selected(view), "t2 t3");
    ck_assert_uint_eq(first(view).why, TRUNKHA_WHY_STALE);

    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 4);
    ck_assert_str_eq(to[2].trunk_id, "t0");
    ck_assert_uint_eq(to[2].why, TRUNKHA_WHY_DRAINING);
    ck_assert_str_eq(to[3].trunk_id, "t1");
    ck_assert_uint_eq(to[3].why, TRUNKHA_WHY_DISABLED);

    set_admin(view, 2, TRUNKHA_ADMIN_DISABLED);
    set_admin(view, 3, TRUNKHA_ADMIN_DISABLED);
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), TRUNKHA_ERR_UNAVAILABLE);
    make_stale(view, 0);
    ck_assert_str_eq(selected(view), "t3 t2 t1 t0");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_stale_view_names_no_inbound_trunk)
{
    trunkha_candidate to[2];
    struct fixture f;
    trunkha_view *view;
    size_t n = 2;

    fixture_init(&f, 2, 1);
    f.trunks[0].direction = THA_DIRECTION_INBOUND;
    view = fixture_view(&f, NULL);
    make_stale(view, THA_VIEW_STALE_MS + 2000);
    ck_assert_str_eq(selected(view), "t1");
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_str_eq(to[1].trunk_id, "t0");
    ck_assert_uint_eq(to[1].why, TRUNKHA_WHY_INBOUND);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(round_robin_gives_each_its_turn)
{
    const char *const turns[] = {"t0 t1 t2", "t1 t2 t0", "t2 t0 t1"};
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 3, 1);
    view = fixture_view(&f, NULL);
    set_run(view, THA_RUN_ROUND_ROBIN, NULL, 3);
    for (uint32_t i = 0; i < 9; i++)
        ck_assert_str_eq(selected(view), turns[i % 3]);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(profiles_take_turns_apart_from_each_other)
{
    struct tha_route_entry entries[] = {{.target = 0, .run = THA_RUN_ROUND_ROBIN | THA_RUN_START},
                                        {.target = 1, .run = THA_RUN_ROUND_ROBIN}};
    trunkha_candidate to;
    struct fixture f;
    trunkha_view *view;
    size_t n = 1;

    fixture_init(&f, 1, 2);
    view = fixture_view(&f, NULL);
    tha_view_set_route(view, 0, entries, 2, 0);
    tha_view_set_route(view, 1, entries, 2, 0);
    for (int i = 0; i < 6; i++) {
        ck_assert_str_eq(first(view).trunk_id, i % 2 ? "t1" : "t0");
        ck_assert_int_eq(trunkha_view_select(view, "g0", &to, &n), 0);
        ck_assert_str_eq(to.trunk_id, i % 2 ? "t1" : "t0");
    }
    fixture_done(view, NULL);
}
END_TEST

START_TEST(explaining_takes_no_turn)
{
    trunkha_candidate to[2];
    struct fixture f;
    trunkha_view *view;
    size_t n = 2;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, NULL);
    set_run(view, THA_RUN_ROUND_ROBIN, NULL, 2);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
        ck_assert_str_eq(to[0].trunk_id, "t0");
    }
    ck_assert_str_eq(selected(view), "t0 t1");
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_str_eq(to[0].trunk_id, "t1");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(shares_are_exact_over_a_hundred_calls_and_near_over_ten)
{
    const uint16_t weights[] = {70, 20, 10};
    uint32_t counts[MAX_TRUNKS];
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 3, 1);
    view = fixture_view(&f, NULL);
    set_run(view, THA_RUN_WEIGHTED, weights, 3);
    count_firsts(view, counts, 37); /* any hundred: not only those that begin with the first */
    for (int round = 0; round < 50; round++) {
        count_firsts(view, counts, 100);
        for (uint32_t i = 0; i < 3; i++)
            ck_assert_uint_eq(counts[i], weights[i]);
        count_firsts(view, counts, 10);
        for (uint32_t i = 0; i < 3; i++)
            ck_assert_int_le(abs((int)counts[i] - weights[i] / 10), 2);
    }
    fixture_done(view, NULL);
}
END_TEST

START_TEST(weights_may_be_large_and_many)
{
    uint16_t weights[MAX_TRUNKS];
    uint32_t counts[MAX_TRUNKS];
    struct fixture f;
    trunkha_view *view;

    for (uint32_t i = 0; i < MAX_TRUNKS; i++)
        weights[i] = UINT16_MAX;
    fixture_init(&f, MAX_TRUNKS, 1);
    view = fixture_view(&f, NULL);
    set_run(view, THA_RUN_WEIGHTED, weights, MAX_TRUNKS);
    count_firsts(view, counts, 100 * MAX_TRUNKS);
    for (uint32_t i = 0; i < MAX_TRUNKS; i++)
        ck_assert_int_le(abs((int)counts[i] - 100), 2);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(weight_zero_never_goes_first_unless_all_have_it)
{
    const uint16_t some[] = {0, 1, 0}, none[] = {0, 0, 0};
    uint32_t counts[MAX_TRUNKS];
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 3, 1);
    view = fixture_view(&f, NULL);
    set_run(view, THA_RUN_WEIGHTED, some, 3);
    count_firsts(view, counts, 30);
    ck_assert_uint_eq(counts[1], 30);
    ck_assert_str_eq(selected(view), "t1 t2 t0");

    set_run(view, THA_RUN_WEIGHTED, none, 3);
    count_firsts(view, counts, 30);
    ck_assert_uint_eq(counts[0], 10);
    ck_assert_uint_eq(counts[1], 10);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(only_the_members_of_a_run_change_places)
{
    const uint8_t run = THA_RUN_ROUND_ROBIN;
    const struct tha_route_entry entries[] = {{.target = 0},
                                              {.target = 1, .run = run | THA_RUN_START},
                                              {.target = 2, .run = run},
                                              {.target = 3, .run = run | THA_RUN_START},
                                              {.target = 4, .run = run},
                                              {.target = 5}};
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 6, 1);
    view = fixture_view(&f, NULL);
    tha_view_set_route(view, 0, entries, 6, 0);
    ck_assert_str_eq(selected(view), "t0 t1 t2 t3 t4 t5");
    ck_assert_str_eq(selected(view), "t0 t2 t1 t4 t3 t5");
    ck_assert_str_eq(selected(view), "t0 t1 t2 t3 t4 t5");
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_select", a_candidate_says_all_there_is_to_know_of_its_trunk, texts_of_any_length_come_out_whole,
      no_more_are_given_than_asked_for, every_profile_is_found_among_thousands_and_no_other,
      ids_that_differ_only_in_length_are_told_apart, wrong_arguments_and_unknown_profiles_are_refused,
      before_the_first_load_there_is_nothing_to_select_from, those_passed_over_are_explained_but_never_selected,
      a_stale_view_gives_the_order_of_the_configuration, a_stale_view_names_no_inbound_trunk,
      round_robin_gives_each_its_turn, profiles_take_turns_apart_from_each_other, explaining_takes_no_turn,
      shares_are_exact_over_a_hundred_calls_and_near_over_ten, weights_may_be_large_and_many,
      weight_zero_never_goes_first_unless_all_have_it, only_the_members_of_a_run_change_places)
