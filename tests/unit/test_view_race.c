#include <pthread.h>
#include <sched.h>

#include "test_view.h"

#define READERS 2
#define ROUNDS  20000

/* Readers against a busy writer, who pauses a little: tries are bounded. What is written together must be read together. Run
 * it under the thread sanitizer too. */

struct race {
    trunkha_view *view;
    bool (*is_good)(const trunkha_view *view); /* reads and compares; check's own assertions are for one thread only */
    _Atomic bool is_over;
    _Atomic bool has_failed;
};

static void *read_often(void *arg)
{
    struct race *race = arg;

    do {
        if (!race->is_good(race->view))
            race->has_failed = true;
    } while (!race->is_over);

    return NULL;
}

static void start_readers(struct race *race, pthread_t *threads)
{
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_often, race), 0);
}

static void stop_readers(struct race *race, pthread_t *threads)
{
    race->is_over = true;
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!race->has_failed);
}

static bool are_states_whole(const trunkha_view *view)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;

    return !trunkha_view_get_trunk(view, 0, &trunk) && !trunkha_view_get_target(view, 0, &target) &&
           trunk.health == trunk.admin && trunk.health == trunk.reason % 16 && trunk.reason == trunk.since % 256 &&
           trunk.dns == trunk.ttl_s && trunk.dns == trunk.resolved && target.health == target.last_response &&
           target.health == target.rtt_us % 256 && target.rtt_us == target.failed_attempts &&
           target.rtt_us % 65536 == target.loss_permille && target.rtt_us == target.since;
}

START_TEST(a_state_is_never_read_half_old_and_half_new)
{
    pthread_t threads[READERS];
    struct race race = {.is_good = are_states_whole};
    struct fixture f;

    fixture_init(&f, 1, 1);
    f.trunks[0].direction = THA_DIRECTION_INBOUND; /* it has room for a name's state */
    race.view = fixture_view(&f, NULL);
    tha_view_beat(race.view, 1, 1); /* dates are times */
    start_readers(&race, threads);
    for (uint32_t i = 0; i < 5 * ROUNDS; i++) {
        uint32_t n = i % 256;

        tha_view_set_trunk(race.view, 0, &(struct tha_trunk_state){n % 16, n % 16, n, i});
        tha_view_set_name(race.view, 0, &(struct tha_view_name){i, i, i});
        tha_view_set_target(race.view, 0, &(struct tha_target_state){n, n, i, i, i, n, i, i, i});
        sched_yield();
    }
    stop_readers(&race, threads);
    fixture_done(race.view, NULL);
}
END_TEST

/** In every order that is set, 1 comes after 0, 2 after 1, 0 after 2. */
static bool is_order_whole(const trunkha_view *view)
{
    trunkha_candidate to[4];
    size_t n = 4;

    if (trunkha_view_select(view, "RP", to, &n))
        return false;

    for (size_t i = 1; i < n; i++) {
        if (to[i].trunk_id[1] != "1203"[to[i - 1].trunk_id[1] - '0'])
            return false;
    }

    return n == 2 || n == 3;
}

START_TEST(an_order_is_never_read_half_old_and_half_new)
{
    pthread_t threads[READERS];
    struct race race = {.is_good = is_order_whole};
    struct fixture f;

    fixture_init(&f, 3, 1);
    race.view = fixture_view(&f, NULL);
    start_readers(&race, threads);
    for (uint32_t i = 0; i < 2 * ROUNDS; i++) { /* an odd number of orders: each comes into either place */
        fixture_set_order(race.view, (uint32_t[]){0, 1, 2, THA_NONE});
        sched_yield();
        fixture_set_order(race.view, (uint32_t[]){2, 0, THA_NONE});
        sched_yield();
        fixture_set_order(race.view, (uint32_t[]){1, 2, 0, THA_NONE});
        sched_yield();
    }
    stop_readers(&race, threads);
    fixture_done(race.view, NULL);
}
END_TEST

/** Every text of generation a begins with "a", of generation b with "b". */
static void mark(struct fixture *f, char letter)
{
    for (uint32_t i = 0; i < f->model.n_trunks; i++) {
        for (int j = 0; j < 5; j++)
            f->texts[i][j][0] = letter;
    }
    f->catalogue.instance_id = f->texts[0][2];
}

static bool is_source_whole(const trunkha_view *view)
{
    struct tha_addr addr;
    trunkha_source source;
    uint32_t slot;

    tha_addr_parse_ip(&addr, "192.0.2.1", strlen("192.0.2.1"));
    addr.port = 5001;

    return !tha_view_find_source(view, &addr, &source, &slot) && slot == TRUNK_SLOT(1) && source.trunk_id[1] == '1' &&
           source.trunk_id[0] == source.trunk_group_id[0] && source.trunks == (source.trunk_id[0] == 'a' ? 2 : 3);
}

static bool is_catalogue_whole(const trunkha_view *view)
{
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_candidate to[3];
    size_t n = 3;
    char letter;

    if (trunkha_view_select(view, "RP", to, &n))
        return false;

    letter = to[0].trunk_id[0];
    for (size_t i = 0; i < n; i++) {
        if (to[i].trunk_id[0] != letter || to[i].trunk_group_id[0] != letter || to[i].uri[0] != letter ||
            to[i].outbound_route[0] != letter || to[i].trunk_id[1] != (char)('0' + i))
            return false;
    }

    return n == (letter == 'a' ? 2 : 3) && !trunkha_view_get_group(view, 1, &group) && group.id[0] == group.name[0] &&
           !trunkha_view_get_trunk(view, 1, &trunk) && trunk.id[0] == trunk.trunk_group_id[0] && is_source_whole(view);
}

START_TEST(a_catalogue_is_never_read_half_old_and_half_new)
{
    pthread_t threads[READERS];
    struct race race = {.is_good = is_catalogue_whole};
    uint64_t now_ms = fixture_now_ms();
    struct fixture a, b;

    fixture_init(&a, 2, 1);
    fixture_init(&b, 3, 1);
    mark(&a, 'a');
    mark(&b, 'b');
    race.view = fixture_view(&a, NULL);
    start_readers(&race, threads);
    for (uint32_t i = 0; i < ROUNDS / 4; i++) {
        fixture_load(&b, race.view);
        fixture_load(&a, race.view);
        tha_view_beat(race.view, now_ms += 10000, 0); /* gives the memory of the one before back, which may still be read */
    }
    stop_readers(&race, threads);
    fixture_done(race.view, NULL);
}
END_TEST

/** Read or counted as lost: no event is forgotten. */
static bool are_events_whole(const trunkha_view *view)
{
    trunkha_event event = {.size = sizeof(event)};
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;
    uint64_t told = 0;

    while (!trunkha_view_next_event(view, &cursor, &event)) {
        told = told ? told + event.lost + 1 : event.sequence;
        if (event.sequence != told || cursor.sequence != told || event.timestamp != (int64_t)told ||
            event.active_calls != (uint32_t)told)
            return false;
    }

    return true;
}

START_TEST(an_event_is_read_whole_or_counted_as_lost)
{
    pthread_t threads[READERS];
    struct race race = {.is_good = are_events_whole};

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 4, &race.view), 0);
    start_readers(&race, threads);
    for (uint64_t i = 1; i <= 5 * ROUNDS; i++) {
        const trunkha_event event = {
            .size = sizeof(event), .sequence = i, .timestamp = (int64_t)i, .active_calls = (uint32_t)i};

        tha_view_append_event(race.view, &event);
    }
    stop_readers(&race, threads);
    fixture_done(race.view, NULL);
}
END_TEST

static bool take_turns(const trunkha_view *view)
{
    trunkha_candidate to;
    size_t n = 1;

    for (int i = 0; i < 3000; i++) {
        if (trunkha_view_select(view, "RP", &to, &n))
            return false;
    }

    return true;
}

START_TEST(threads_share_the_turns_of_round_robin)
{
    const struct tha_route_entry run[] = {{.target = 0, .run = THA_RUN_ROUND_ROBIN | THA_RUN_START},
                                          {.target = 1, .run = THA_RUN_ROUND_ROBIN}};
    pthread_t threads[READERS];
    struct race race = {.is_good = take_turns, .is_over = true}; /* each reads one time */
    trunkha_candidate to;
    struct fixture f;
    size_t n = 1;

    fixture_init(&f, 2, 1);
    race.view = fixture_view(&f, NULL);
    tha_view_set_route(race.view, 0, run, 2, 0);
    start_readers(&race, threads);
    stop_readers(&race, threads);
    ck_assert_int_eq(trunkha_view_select(race.view, "RP", &to, &n), 0);
    ck_assert_str_eq(to.trunk_id, "t0"); /* an even number of turns was taken, none twice and none left out */
    fixture_done(race.view, NULL);
}
END_TEST

SUITE("view_race", a_state_is_never_read_half_old_and_half_new, an_order_is_never_read_half_old_and_half_new,
      a_catalogue_is_never_read_half_old_and_half_new, an_event_is_read_whole_or_counted_as_lost,
      threads_share_the_turns_of_round_robin)
