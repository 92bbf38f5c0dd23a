/* Selection from many threads while states change, configurations are reloaded and the operator speaks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "../suite.h"
#include "world.h"

#define N_THREADS 6
#define ROUNDS    40

struct crowd {
    struct world world;
    atomic_bool is_over;
    atomic_ulong selections;
    atomic_uint wrong;
};

static bool is_one_of_ours(const trunkha_candidate *candidate)
{
    return !strcmp(candidate->trunk_id, "a1") || !strcmp(candidate->trunk_id, "b1");
}

static void *select_all_the_time(void *arg)
{
    struct crowd *crowd = arg;

    while (!atomic_load(&crowd->is_over)) {
        trunkha_candidate to[4];
        size_t count = 4;
        int err = trunkha_route_select(crowd->world.engine, "out", to, &count);

        if (err || !count || count > 2)
            atomic_fetch_add(&crowd->wrong, 1);
        for (size_t i = 0; !err && i < count; i++)
            atomic_fetch_add(&crowd->wrong, !is_one_of_ours(&to[i]));
        atomic_fetch_add(&crowd->selections, 1);
    }

    return NULL;
}

static void *read_all_the_time(void *arg)
{
    struct crowd *crowd = arg;
    trunkha_cursor cursor = TRUNKHA_CURSOR_INIT;

    while (!atomic_load(&crowd->is_over)) {
        trunkha_event event = TRUNKHA_EVENT_INIT;
        uint64_t before = cursor.sequence;
        char *json = NULL;

        if (!trunkha_view_next_event(crowd->world.view, &cursor, &event) && cursor.sequence <= before)
            atomic_fetch_add(&crowd->wrong, 1);
        if (trunkha_view_status_json(crowd->world.view, &json) || !strstr(json, "\"test\""))
            atomic_fetch_add(&crowd->wrong, 1);
        trunkha_free(json);
    }

    return NULL;
}

START_TEST(eight_threads_select_and_read_while_everything_changes)
{
    static struct crowd crowd;
    pthread_t threads[N_THREADS + 1];

    world_open(&crowd.world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(crowd.world.engine), 0);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, select_all_the_time, &crowd), 0);
    ck_assert_int_eq(pthread_create(&threads[N_THREADS], NULL, read_all_the_time, &crowd), 0);

    for (int i = 0; i < ROUNDS; i++) {
        const char *json = world_config(&crowd.world, NULL, i % 2 ? ",'x-odd': true" : NULL, i % 3 ? ",'weight': 7" : NULL);

        ck_assert_int_eq(mock_tell(crowd.world.carriers, i % 2 ? "set 0 mode=answer" : "set 0 mode=silent"), 0);
        ck_assert_int_eq(trunkha_engine_load(crowd.world.engine, json, strlen(json), NULL), 0);
        ck_assert_int_eq(trunkha_trunk_set_admin(crowd.world.engine, "b1",
                                                 i % 2 ? TRUNKHA_ADMIN_ENABLED : TRUNKHA_ADMIN_DRAINING, 0, NULL, 0),
                         0);
        for (int nap = 0; nap < 10; nap++)
            world_nap();
    }

    atomic_store(&crowd.is_over, true);
    for (int i = 0; i <= N_THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&crowd.wrong), 0);
    ck_assert_uint_gt(atomic_load(&crowd.selections), 1000);
    world_close(&crowd.world);
}
END_TEST

SUITE("threads", eight_threads_select_and_read_while_everything_changes)
