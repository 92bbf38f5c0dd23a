/* Eight threads place calls while carriers die and return, configurations are reloaded and the operator speaks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../suite.h"
#include "world.h"

#define N_THREADS 8
#define ROUNDS    30
#define STEPS_MAX 20

struct crowd {
    struct world world;
    atomic_bool is_over;
    atomic_ulong begun, stopped, answered;
    atomic_uint wrong;
};

static uint32_t some_code(unsigned *seed)
{
    static const uint32_t codes[] = {100, 180, 200, 200, 200, 404, 486, 500, 503, 503};

    return codes[(unsigned)rand_r(seed) % (sizeof(codes) / sizeof(codes[0]))];
}

/** Lets the call have whatever fate; true when it was answered. */
static bool live(struct crowd *crowd, trunkha_call *call, trunkha_step *step, unsigned *seed)
{
    char tried[2] = {0, 0};

    for (int i = 0; i < STEPS_MAX && step->action != TRUNKHA_STEP_STOP; i++) {
        trunkha_report report = TRUNKHA_REPORT_INIT;

        if (step->action == TRUNKHA_STEP_TRY && tried[step->to.trunk_id[0] == 'b']++)
            atomic_fetch_add(&crowd->wrong, 1); /* each trunk at most once a call */
        report.kind = (unsigned)rand_r(seed) % 8 ? TRUNKHA_REPORT_RESPONSE : TRUNKHA_REPORT_TRANSPORT_ERROR;
        report.code = some_code(seed);
        if (trunkha_call_report(call, &report, step))
            atomic_fetch_add(&crowd->wrong, 1);
        if (step->action == TRUNKHA_STEP_WAIT && step->wait_ms == UINT32_MAX)
            return true;
    }

    return false;
}

static void *place_calls(void *arg)
{
    struct crowd *crowd = arg;
    unsigned seed = (unsigned)atomic_fetch_add(&crowd->begun, 1) + 1;

    while (!atomic_load(&crowd->is_over)) {
        trunkha_step step = TRUNKHA_STEP_INIT;
        trunkha_call *call = NULL;
        uint64_t token = 0;

        if (trunkha_call_begin(crowd->world.view, "out", NULL, &call, &step)) {
            atomic_fetch_add(&crowd->wrong, 1);
            continue;
        }
        atomic_fetch_add(&crowd->begun, 1);
        if (!live(crowd, call, &step, &seed)) {
            atomic_fetch_add(&crowd->stopped, 1);
            trunkha_call_end(call);
        } else if (trunkha_call_detach(call, &token) || trunkha_view_end_call(crowd->world.view, token)) {
            atomic_fetch_add(&crowd->wrong, 1);
        } else {
            atomic_fetch_add(&crowd->answered, 1);
        }
    }

    return NULL;
}

START_TEST(eight_threads_place_calls_while_everything_changes)
{
    static struct crowd crowd;
    pthread_t threads[N_THREADS];
    uint32_t place = 0;
    trunkha_call_status left = TRUNKHA_CALL_STATUS_INIT;

    world_open(&crowd.world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(crowd.world.engine), 0);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, place_calls, &crowd), 0);

    for (int i = 0; i < ROUNDS; i++) {
        const char *json =
            world_config(&crowd.world, NULL, i % 2 ? ",'x-odd': true" : NULL, i % 3 ? ",'maxCalls': 3" : NULL);

        ck_assert_int_eq(mock_tell(crowd.world.carriers, i % 2 ? "set 0 mode=answer" : "set 0 mode=silent"), 0);
        ck_assert_int_eq(trunkha_engine_load(crowd.world.engine, json, strlen(json), NULL), 0);
        ck_assert_int_eq(trunkha_profile_failback(crowd.world.engine, "out"), 0);
        for (int nap = 0; nap < 10; nap++)
            world_nap();
    }

    atomic_store(&crowd.is_over, true);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&crowd.wrong), 0);
    ck_assert_uint_gt(atomic_load(&crowd.answered), 100);
    ck_assert_uint_gt(atomic_load(&crowd.stopped), 100);
    ck_assert_int_eq(trunkha_view_next_call(crowd.world.view, NULL, &place, &left), TRUNKHA_ERR_END);
    ck_assert_uint_eq(world_trunk(&crowd.world, "a1").active_calls, 0);
    ck_assert_uint_eq(world_trunk(&crowd.world, "b1").active_calls, 0);
    world_close(&crowd.world);
}
END_TEST

SUITE("call threads", eight_threads_place_calls_while_everything_changes)
