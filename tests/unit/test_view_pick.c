#include <pthread.h>
#include <sys/wait.h>

#include "test_view.h"
#include "view/handle.h"

#define THREADS 8

static trunkha_view *new_view(struct fixture *f, uint32_t n_trunks)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    ck_assert_int_eq(tha_view_reserve_gauges(view, TRUNK_SLOT(n_trunks), TARGET_SLOT(n_trunks), f->catalogue.n_profiles), 0);
    fixture_load(f, view);

    return view;
}

/** The order of "RP": trunks in their order, with the bits of @p runs. */
static void set_runs(trunkha_view *view, const uint8_t *runs, uint32_t n)
{
    struct tha_route_entry entries[MAX_TRUNKS];

    for (uint32_t i = 0; i < n; i++)
        entries[i] = (struct tha_route_entry){
            .target = i,
            .why = runs[i] & THA_RUN_TRIAL ? TRUNKHA_WHY_LAST_RESORT : TRUNKHA_WHY_PREFERRED,
            .run = runs[i],
        };
    tha_view_set_route(view, 0, entries, n, 0);
}

static void set_limits(trunkha_view *view, uint32_t trunk, uint32_t max_calls, uint32_t calls_per_second)
{
    tha_view_set_limits(view, TRUNK_SLOT(trunk), max_calls, calls_per_second);
}

static uint64_t now_ms;

static int pick(trunkha_view *view, struct tha_view_pick *ret_pick)
{
    const struct tha_view_wish wish = {.now_ms = now_ms};

    return tha_view_pick(view, "RP", &wish, ret_pick);
}

/** The number of the trunk that was picked; -1 = none. */
static int picked(trunkha_view *view)
{
    struct tha_view_pick to;

    return pick(view, &to) ? -1 : atoi(to.candidate.trunk_id + 1);
}

static void leave(trunkha_view *view, uint32_t trunk)
{
    tha_view_leave(view, TRUNK_SLOT(trunk));
}

/** What was passed over, as "t1:11 t2:8". */
static const char *passed(const struct tha_view_pick *to)
{
    static char text[1024];

    text[0] = '\0';
    for (uint32_t i = 0; i < to->n_passed; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), i ? " %.63s:%u" : "%.63s:%u", to->passed[i].trunk_id,
                 to->passed[i].why);

    return text;
}

static void setup(struct fixture *f, uint32_t n_trunks, trunkha_view **ret_view)
{
    now_ms = fixture_now_ms();
    fixture_init(f, n_trunks, 1);
    *ret_view = new_view(f, n_trunks);
}

START_TEST(a_pick_says_all_there_is_to_know)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = fixture_now_ms();
    fixture_init(&f, 3, 1);
    f.trunks[0].codecs = 77;
    view = new_view(&f, 3);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t0");
    ck_assert_str_eq(to.candidate.trunk_group_id, "g0");
    ck_assert_str_eq(to.candidate.target, "udp:192.0.2.1:5000");
    ck_assert_str_eq(to.candidate.outbound_route, "GW-0");
    ck_assert_uint_eq(to.candidate.why, TRUNKHA_WHY_PREFERRED);
    ck_assert_uint_eq(to.trunk_slot, TRUNK_SLOT(0));
    ck_assert_uint_eq(to.target_slot, TARGET_SLOT(0));
    ck_assert_uint_eq(to.codecs, 77);
    ck_assert_uint_eq(to.profile, 0);
    ck_assert_uint_eq(to.n_passed, 0);
    ck_assert_mem_eq(&to.settings, &f.call, sizeof(f.call));
    fixture_done(view, NULL);
}
END_TEST

START_TEST(each_profile_has_its_settings)
{
    struct tha_call_settings other = {.no_response_ms = 1, .max_attempts = 2};
    struct tha_view_wish wish = {0};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = wish.now_ms = fixture_now_ms();
    fixture_init(&f, 3, 1);
    tha_codes_put(&other.reroute, 503, true);
    f.profiles[1].call = &other; /* between two that share theirs */
    view = new_view(&f, 3);
    for (uint32_t i = 0; i < 4; i++) {
        tha_view_set_route(view, i, &(struct tha_route_entry){.target = 0}, 1, 0);
        ck_assert_int_eq(tha_view_pick(view, f.profiles[i].id, &wish, &to), 0);
        ck_assert_mem_eq(&to.settings, i == 1 ? &other : &f.call, sizeof(other));
        ck_assert_uint_eq(to.profile, i);
    }
    fixture_done(view, NULL);
}
END_TEST

START_TEST(settings_are_sane_whatever_the_table_says)
{
    struct tha_call_settings mad;
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = fixture_now_ms();
    memset(&mad, 0xff, sizeof(mad));
    fixture_init(&f, 1, 1);
    f.profiles[0].call = &mad;
    view = new_view(&f, 1);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_uint_eq(to.settings.max_attempts, THA_ATTEMPTS_MAX);
    ck_assert_uint_eq(to.settings.retry_budget_percent, 100);
    for (unsigned code = 100; code < 700; code++)
        ck_assert(tha_codes_has(&to.settings.reroute, code) == (code != 486 && code != 487 && code < 600));

    memset(&mad, 0, sizeof(mad));
    fixture_load(&f, view);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_uint_eq(to.settings.max_attempts, 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_cannot_be_picked_from_is_an_error)
{
    const struct tha_view_wish wish = {0};
    struct tha_view_pick to;
    trunkha_view *view = NULL;
    struct fixture f;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), TRUNKHA_ERR_STATE);
    fixture_init(&f, 1, 1);
    fixture_load(&f, view);
    ck_assert_int_eq(tha_view_pick(view, "nobody", &wish, &to), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(tha_view_pick(view, "", &wish, &to), TRUNKHA_ERR_NOTFOUND);
    ck_assert(tha_view_has_calls(view));
    ck_assert(!tha_view_has_calls(NULL));
    fixture_done(view, NULL);
}
END_TEST

START_TEST(calls_are_counted_where_they_are)
{
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 0);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_int_eq(picked(view), 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 5);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(1)), 0);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &status), 0);
    ck_assert_uint_eq(status.active_calls, 5);

    fixture_load(&f, view);          /* a load changes nothing of it */
    for (uint32_t i = 0; i < 6; i++) /* one too many */
        leave(view, 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 0);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_trunk_that_was_tried_is_not_picked_again)
{
    const uint32_t tried[] = {TRUNK_SLOT(0), TRUNK_SLOT(2)};
    struct tha_view_wish wish = {.tried = tried, .n_tried = 2};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 4, &view);
    wish.now_ms = now_ms;
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_str_eq(passed(&to), "t0:13");
    fixture_set_order(view, (uint32_t[]){2, 0, THA_NONE});
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), TRUNKHA_ERR_UNAVAILABLE);
    ck_assert_str_eq(passed(&to), "t2:13 t0:13");
    ck_assert_uint_eq(to.profile, 0);
    ck_assert_uint_eq(to.settings.no_response_ms, f.call.no_response_ms);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_second_target_of_a_trunk_is_not_told_twice_nor_picked_after_the_first)
{
    const uint32_t tried[] = {TRUNK_SLOT(0)};
    struct tha_view_wish wish = {.tried = tried, .n_tried = 1};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = wish.now_ms = fixture_now_ms();
    fixture_init(&f, 3, 1);
    f.targets[1].trunk = 0;
    view = new_view(&f, 3);
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t2");
    ck_assert_str_eq(passed(&to), "t0:13");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(only_a_trunk_with_other_codecs_is_picked_when_that_is_wished)
{
    struct tha_view_wish wish = {.codecs = 5};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = wish.now_ms = fixture_now_ms();
    fixture_init(&f, 3, 1);
    f.trunks[0].codecs = 5;
    f.trunks[1].codecs = 0; /* who knows which */
    f.trunks[2].codecs = 6;
    view = new_view(&f, 3);
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t2");
    ck_assert_uint_eq(to.codecs, 6);
    ck_assert_str_eq(passed(&to), "t0:14 t1:14");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_full_trunk_is_passed_over_until_a_call_leaves)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    set_limits(view, 0, 2, 0);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED, 0}, 2);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_str_eq(passed(&to), "t0:11");
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 2);
    leave(view, 0);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(picked(view), 1);
    set_limits(view, 0, 0, 0);
    ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(when_all_are_full_nothing_is_picked)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    set_limits(view, 0, 1, 0);
    set_limits(view, 1, 1, 0);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED, THA_RUN_LIMITED}, 2);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(picked(view), 1);
    ck_assert_int_eq(pick(view, &to), TRUNKHA_ERR_UNAVAILABLE);
    ck_assert_str_eq(passed(&to), "t0:11 t1:11");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(no_second_ever_sees_more_calls_than_allowed)
{
    struct fixture f;
    trunkha_view *view;
    struct tha_view_pick to;
    uint64_t started[400];
    uint32_t n = 0;

    setup(&f, 1, &view);
    set_limits(view, 0, 0, 5);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED}, 1);
    for (uint32_t i = 0; i < 10000; i += 7) { /* ten seconds, and always more callers than allowed */
        if (!pick(view, &to))
            started[n++] = now_ms;
        else
            ck_assert_str_eq(passed(&to), "t0:12");
        now_ms += 7;
    }
    for (uint32_t i = 5; i < n; i++)
        ck_assert_uint_ge(started[i], started[i - 5] + 1000);
    ck_assert_uint_ge(n, 5 * 9); /* of each eleven tenths */
    ck_assert_uint_le(n, 5 * 11);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), n);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_selection_passes_over_what_is_full_and_an_explanation_tells)
{
    trunkha_candidate to[4];
    struct fixture f;
    trunkha_view *view;
    size_t n = 1;

    setup(&f, 4, &view);
    tha_view_beat(view, now_ms, 0);
    set_limits(view, 0, 1, 0);
    set_limits(view, 1, 0, 1);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED, THA_RUN_LIMITED, 0, 0}, 4);
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_str_eq(to[0].trunk_id, "t0"); /* nobody counts selections */
    now_ms = fixture_now_ms();
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(picked(view), 1);

    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_str_eq(to[0].trunk_id, "t2");
    n = 4;
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 2);
    n = 4;
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 4);
    ck_assert_str_eq(to[1].trunk_id, "t3");
    ck_assert_str_eq(to[2].trunk_id, "t0");
    ck_assert_uint_eq(to[2].why, TRUNKHA_WHY_FULL);
    ck_assert_str_eq(to[3].trunk_id, "t1");
    ck_assert_uint_eq(to[3].why, TRUNKHA_WHY_RATE);
    n = 3;
    ck_assert_int_eq(trunkha_view_explain(view, "RP", to, &n), 0);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(to[0].trunk_id, "t2");
    ck_assert_str_eq(to[1].trunk_id, "t3"); /* those that can be tried come first when there is little room */
    ck_assert_str_eq(to[2].trunk_id, "t0");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(those_passed_over_by_the_order_are_told_after_those_passed_over_by_the_call)
{
    const struct tha_route_entry order[] = {{.target = 0, .run = THA_RUN_LIMITED},
                                            {.target = 1},
                                            {.target = 2, .why = TRUNKHA_WHY_DISABLED},
                                            {.target = 3, .why = TRUNKHA_WHY_COOLING}};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 4, &view);
    set_limits(view, 0, 1, 0);
    tha_view_set_route(view, 0, order, 4, 0);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(passed(&to), "t2:8 t3:10");
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_str_eq(passed(&to), "t0:11 t2:8 t3:10");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(no_more_are_told_as_passed_over_than_there_is_room_for)
{
    uint8_t runs[40];
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 40, &view);
    memset(runs, THA_RUN_LIMITED, sizeof(runs));
    set_runs(view, runs, 40);
    for (uint32_t i = 0; i < 39; i++) {
        set_limits(view, i, 1, 0);
        ck_assert_int_eq(picked(view), (int)i);
    }
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t39");
    ck_assert_uint_eq(to.n_passed, THA_PASSED_MAX);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_target_on_trial_gets_one_call_before_all_others)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    set_runs(view, (uint8_t[]){0, THA_RUN_TRIAL}, 2);
    ck_assert_int_eq(picked(view), 0); /* not armed */
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_uint_eq(to.candidate.why, TRUNKHA_WHY_TRIAL);
    ck_assert_uint_eq(to.trunk_slot, TRUNK_SLOT(1));
    ck_assert_uint_eq(to.n_passed, 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(1)), 1);
    ck_assert_int_eq(picked(view), 0);
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    tha_view_arm_trial(view, TARGET_SLOT(1), false);
    ck_assert_int_eq(picked(view), 0);
    set_runs(view, (uint8_t[]){0, 0}, 2); /* armed, and not in line */
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_trial_that_a_call_cannot_take_is_left_for_the_next)
{
    const uint32_t tried[] = {TRUNK_SLOT(1)};
    struct tha_view_wish wish = {.tried = tried, .n_tried = 1};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    wish.now_ms = now_ms;
    set_limits(view, 1, 1, 0);
    set_runs(view, (uint8_t[]){0, THA_RUN_TRIAL | THA_RUN_LIMITED}, 2);
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t0");
    ck_assert_int_eq(picked(view), 1);
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(picked(view), 0); /* the one is still there: it is full */
    leave(view, 1);
    ck_assert_int_eq(picked(view), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_stale_view_is_picked_from_in_the_order_of_the_configuration)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    now_ms = fixture_now_ms();
    fixture_init(&f, 4, 1);
    f.trunks[1].max_calls = 1;
    view = new_view(&f, 4);
    fixture_set_order(view, (uint32_t[]){3, 2, 1, 0, THA_NONE});
    tha_view_set_trunk(view, 0, &(struct tha_trunk_state){.admin = TRUNKHA_ADMIN_DRAINING});
    set_limits(view, 1, 1, 0);
    tha_view_beat(view, now_ms - THA_VIEW_STALE_MS + 1, 0);
    ck_assert_int_eq(picked(view), 3);
    tha_view_beat(view, now_ms - THA_VIEW_STALE_MS, 0);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_uint_eq(to.candidate.why, TRUNKHA_WHY_STALE);
    ck_assert_str_eq(passed(&to), "t0:9");
    ck_assert_int_eq(pick(view, &to), 0); /* limits hold all the same */
    ck_assert_str_eq(to.candidate.trunk_id, "t2");
    ck_assert_str_eq(passed(&to), "t1:11 t0:9");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_call_that_moves_on_takes_no_turn)
{
    const uint8_t run = THA_RUN_ROUND_ROBIN;
    const uint32_t tried[] = {TRUNK_SLOT(0)};
    struct tha_view_wish wish = {.tried = tried, .n_tried = 1};
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 3, &view);
    wish.now_ms = now_ms;
    set_runs(view, (uint8_t[]){run | THA_RUN_START, run, run}, 3);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_int_eq(tha_view_pick(view, "RP", &wish, &to), 0);
    ck_assert_str_eq(to.candidate.trunk_id, "t1");
    ck_assert_int_eq(picked(view), 1);
    ck_assert_int_eq(picked(view), 2);
    ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(limits_and_trials_do_not_break_a_run)
{
    const uint8_t run = THA_RUN_ROUND_ROBIN;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 3, &view);
    set_runs(view, (uint8_t[]){run | THA_RUN_START, run | THA_RUN_LIMITED, run}, 3);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(picked(view), i % 3);
    set_runs(view, (uint8_t[]){run | THA_RUN_START, run | THA_RUN_START, run}, 3); /* two runs: the first has one trunk */
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_trunk_with_the_fewest_calls_goes_first)
{
    const uint8_t run = THA_RUN_LEAST_CALLS;
    trunkha_candidate to[3];
    struct fixture f;
    trunkha_view *view;
    size_t n = 3;

    setup(&f, 3, &view);
    set_runs(view, (uint8_t[]){run | THA_RUN_START, run, run}, 3);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(picked(view), i % 3);
    leave(view, 2);
    leave(view, 2);
    leave(view, 1);
    ck_assert_int_eq(trunkha_view_select(view, "RP", to, &n), 0);
    ck_assert_str_eq(to[0].trunk_id, "t2");
    ck_assert_str_eq(to[1].trunk_id, "t1");
    ck_assert_str_eq(to[2].trunk_id, "t0");
    ck_assert_int_eq(picked(view), 2);
    ck_assert_int_eq(picked(view), 1); /* a tie: in their order */
    ck_assert_int_eq(picked(view), 2);
    ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(of_a_long_run_at_least_the_first_has_the_fewest_calls)
{
    enum { TARGETS = 100 };
    struct tha_route_entry entries[TARGETS];
    static struct tha_view_target targets[TARGETS];
    static uint32_t order[TARGETS];
    struct fixture f;
    trunkha_view *view;

    now_ms = fixture_now_ms();
    fixture_init(&f, 4, 1);
    for (uint32_t i = 0; i < TARGETS; i++) {
        order[i] = i;
        targets[i] = f.targets[i / 25];
        entries[i] = (struct tha_route_entry){.target = i, .run = THA_RUN_LEAST_CALLS};
    }
    entries[0].run |= THA_RUN_START;
    f.catalogue.targets = targets;
    f.catalogue.n_targets = TARGETS;
    f.profiles[0].configured = order;
    f.profiles[0].n_targets = TARGETS;
    view = new_view(&f, 4);
    tha_view_set_route(view, 0, entries, TARGETS, 0);
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(picked(view), i % 4);
    leave(view, 2);
    ck_assert_int_eq(picked(view), 2);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_trial_at_the_end_of_a_very_long_order_is_found)
{
    enum { TARGETS = THA_PICK_MAX + 44 };
    static struct tha_route_entry entries[TARGETS];
    static struct tha_view_target targets[TARGETS];
    static uint32_t order[TARGETS];
    struct fixture f;
    trunkha_view *view;

    now_ms = fixture_now_ms();
    fixture_init(&f, 2, 1);
    for (uint32_t i = 0; i < TARGETS; i++) {
        order[i] = i;
        targets[i] = f.targets[i == TARGETS - 1];
        entries[i] = (struct tha_route_entry){.target = i, .why = TRUNKHA_WHY_STANDBY};
    }
    entries[TARGETS - 1].why = TRUNKHA_WHY_LAST_RESORT;
    entries[TARGETS - 1].run = THA_RUN_TRIAL;
    f.catalogue.targets = targets;
    f.catalogue.n_targets = TARGETS;
    f.profiles[0].configured = order;
    f.profiles[0].n_targets = TARGETS;
    view = new_view(&f, 2);
    tha_view_set_route(view, 0, entries, TARGETS, 0);
    ck_assert_int_eq(picked(view), 0);
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(picked(view), 1);
    ck_assert_int_eq(picked(view), 0);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_pick_that_is_given_back_leaves_trunk_and_trial_to_the_next)
{
    struct tha_view_pick to;
    struct fixture f;
    trunkha_view *view;

    setup(&f, 2, &view);
    set_runs(view, (uint8_t[]){0, THA_RUN_TRIAL}, 2);
    tha_view_arm_trial(view, TARGET_SLOT(1), true);
    ck_assert_int_eq(pick(view, &to), 0);
    ck_assert_uint_eq(to.candidate.why, TRUNKHA_WHY_TRIAL);
    tha_view_give_back(view, &to);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(1)), 0);
    ck_assert_int_eq(picked(view), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(retries_are_a_share_of_the_calls_but_always_ten_in_ten_seconds)
{
    uint64_t start_ms = 1000000;
    struct fixture f;
    trunkha_view *view;
    int n;

    setup(&f, 1, &view);
    for (n = 0; tha_view_may_retry(view, 0, 20, start_ms); n++)
        ;
    ck_assert_int_eq(n, 10);
    for (int i = 0; i < 100; i++)
        tha_view_count_call(view, 0, start_ms + 5000);
    for (n = 0; tha_view_may_retry(view, 0, 20, start_ms + 9999); n++)
        ;
    ck_assert_int_eq(n, 10); /* twenty of the hundred, ten of which were made before */
    ck_assert(!tha_view_may_retry(view, 0, 20, start_ms + 10999));
    ck_assert(tha_view_may_retry(view, 0, 20, start_ms + 11000)); /* the first ten are over */
    ck_assert(tha_view_may_retry(view, 1, 20, start_ms));         /* another profile */
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_has_no_gauge_has_no_limit_and_crashes_nobody)
{
    struct fixture f;
    trunkha_view *view = NULL;

    now_ms = fixture_now_ms();
    fixture_init(&f, 1, 1);
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    fixture_load(&f, view);
    set_limits(view, 0, 1, 1);
    tha_view_arm_trial(view, TARGET_SLOT(0), true);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED | THA_RUN_TRIAL}, 1);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(picked(view), 0);
    leave(view, 0);
    tha_view_leave(view, UINT32_MAX);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 0);
    tha_view_count_call(view, 0, now_ms);
    ck_assert(tha_view_may_retry(view, 0, 0, now_ms));
    ck_assert_int_eq(tha_view_reserve_gauges(view, THA_TRUNK_GAUGES + 1, 1, 1), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(tha_view_reserve_gauges(view, 1, THA_TARGET_GAUGES + 1, 1), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(tha_view_reserve_gauges(view, 1, 1, THA_PROFILE_GAUGES + 1), TRUNKHA_ERR_NOMEM);
    ck_assert_int_eq(tha_view_reserve_gauges(view, THA_TRUNK_GAUGES, THA_TARGET_GAUGES, THA_PROFILE_GAUGES), 0);
    ck_assert_int_eq(picked(view), 0);
    ck_assert_uint_eq(tha_view_active_calls(view, TRUNK_SLOT(0)), 1);
    fixture_done(view, NULL);
}
END_TEST

/* ---- many at a time ---- */

struct crowd {
    trunkha_view *view;
    uint32_t max_calls;
    _Atomic uint32_t on_trunk, trials, picks;
    _Atomic bool has_failed;
};

static void *call_often(void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 20000; i++) {
        int trunk = picked(crowd->view);

        if (trunk == 0 && ++crowd->on_trunk > crowd->max_calls)
            crowd->has_failed = true;
        if (trunk < 0)
            crowd->has_failed = true;
        if (trunk == 0) {
            crowd->picks++;
            crowd->on_trunk--;
        }
        leave(crowd->view, (uint32_t)trunk);
    }

    return NULL;
}

static void *call_once(void *arg)
{
    struct crowd *crowd = arg;
    struct tha_view_pick to;

    if (pick(crowd->view, &to))
        crowd->has_failed = true;
    else if (to.candidate.why == TRUNKHA_WHY_TRIAL)
        crowd->trials++;

    return NULL;
}

static void run_crowd(struct crowd *crowd, void *(*start)(void *))
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, start, crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!crowd->has_failed);
}

START_TEST(threads_never_exceed_max_calls)
{
    struct crowd crowd = {.max_calls = 3};
    struct fixture f;

    setup(&f, 2, &crowd.view);
    set_limits(crowd.view, 0, 3, 0);
    set_runs(crowd.view, (uint8_t[]){THA_RUN_LIMITED, 0}, 2);
    run_crowd(&crowd, call_often);
    ck_assert_uint_gt(crowd.picks, 0);
    ck_assert_uint_eq(tha_view_active_calls(crowd.view, TRUNK_SLOT(0)), 0);
    ck_assert_uint_eq(tha_view_active_calls(crowd.view, TRUNK_SLOT(1)), 0);
    fixture_done(crowd.view, NULL);
}
END_TEST

START_TEST(one_of_many_threads_gets_a_trial)
{
    struct crowd crowd = {0};
    struct fixture f;

    setup(&f, 2, &crowd.view);
    set_runs(crowd.view, (uint8_t[]){0, THA_RUN_TRIAL}, 2);
    for (uint32_t i = 1; i <= 100; i++) {
        tha_view_arm_trial(crowd.view, TARGET_SLOT(1), true);
        run_crowd(&crowd, call_once);
        ck_assert_uint_eq(crowd.trials, i);
    }
    fixture_done(crowd.view, NULL);
}
END_TEST

static void *load_often(void *arg)
{
    struct crowd *crowd = arg;
    struct fixture f;

    fixture_init(&f, 2, 1);
    for (int i = 0; i < 500; i++)
        fixture_load(&f, crowd->view);

    return NULL;
}

START_TEST(calls_go_on_being_counted_while_the_catalogue_is_replaced)
{
    struct crowd crowd = {.max_calls = UINT32_MAX};
    struct fixture f;
    pthread_t loader;

    setup(&f, 2, &crowd.view);
    ck_assert_int_eq(pthread_create(&loader, NULL, load_often, &crowd), 0);
    run_crowd(&crowd, call_often);
    pthread_join(loader, NULL);
    ck_assert_uint_eq(tha_view_active_calls(crowd.view, TRUNK_SLOT(0)), 0);
    ck_assert_uint_eq(tha_view_active_calls(crowd.view, TRUNK_SLOT(1)), 0);
    fixture_done(crowd.view, NULL);
}
END_TEST

START_TEST(processes_share_the_limits)
{
    struct fixture f;
    trunkha_view *view;
    int status;
    pid_t pid;

    setup(&f, 2, &view);
    set_limits(view, 0, 2, 0);
    set_runs(view, (uint8_t[]){THA_RUN_LIMITED, 0}, 2);
    ck_assert_int_eq(picked(view), 0);
    pid = fork();
    if (!pid)
        _exit(picked(view) == 0 && picked(view) == 1 ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(picked(view), 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(random_bytes_in_the_gauges_crash_nobody)
{
    const uint8_t all = THA_RUN_LIMITED | THA_RUN_TRIAL;
    trunkha_candidate to[4];
    struct fixture f;
    trunkha_view *view;
    uint8_t *gauges;

    setup(&f, 4, &view);
    gauges = (uint8_t *)view->table + THA_TRUNKS_OFFSET + TRUNK_SLOT(0) * sizeof(struct tha_trunk_gauge);
    set_runs(view, (uint8_t[]){all, all, all | THA_RUN_LEAST_CALLS, all | THA_RUN_LEAST_CALLS}, 4);
    srand(6);
    for (int i = 0; i < 3000; i++) {
        int trunk = picked(view);
        size_t n = 4;

        for (int j = 0; j < 10; j++)
            gauges[(size_t)rand() % (4 * sizeof(struct tha_trunk_gauge))] = (uint8_t)rand();
        ((uint8_t *)view->calls)[(size_t)rand() % offsetof(struct tha_calls, head)] = (uint8_t)rand();
        if (trunk >= 0 && rand() % 2)
            leave(view, (uint32_t)trunk);
        trunkha_view_explain(view, "RP", to, &n);
        tha_view_count_call(view, 0, now_ms++);
        tha_view_may_retry(view, 0, 20, now_ms);
    }
    fixture_done(view, NULL);
}
END_TEST

SUITE("view_pick", a_pick_says_all_there_is_to_know, each_profile_has_its_settings,
      settings_are_sane_whatever_the_table_says, what_cannot_be_picked_from_is_an_error, calls_are_counted_where_they_are,
      a_trunk_that_was_tried_is_not_picked_again, the_second_target_of_a_trunk_is_not_told_twice_nor_picked_after_the_first,
      only_a_trunk_with_other_codecs_is_picked_when_that_is_wished, a_full_trunk_is_passed_over_until_a_call_leaves,
      when_all_are_full_nothing_is_picked, no_second_ever_sees_more_calls_than_allowed,
      a_selection_passes_over_what_is_full_and_an_explanation_tells,
      those_passed_over_by_the_order_are_told_after_those_passed_over_by_the_call,
      no_more_are_told_as_passed_over_than_there_is_room_for, a_target_on_trial_gets_one_call_before_all_others,
      a_trial_that_a_call_cannot_take_is_left_for_the_next, a_stale_view_is_picked_from_in_the_order_of_the_configuration,
      a_call_that_moves_on_takes_no_turn, limits_and_trials_do_not_break_a_run, the_trunk_with_the_fewest_calls_goes_first,
      of_a_long_run_at_least_the_first_has_the_fewest_calls, a_trial_at_the_end_of_a_very_long_order_is_found,
      a_pick_that_is_given_back_leaves_trunk_and_trial_to_the_next,
      retries_are_a_share_of_the_calls_but_always_ten_in_ten_seconds, what_has_no_gauge_has_no_limit_and_crashes_nobody,
      threads_never_exceed_max_calls, one_of_many_threads_gets_a_trial,
      calls_go_on_being_counted_while_the_catalogue_is_replaced, processes_share_the_limits,
      random_bytes_in_the_gauges_crash_nobody)
