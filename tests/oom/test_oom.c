/* The n-th allocation fails, n = 1, 2, 3 ... until nothing does: an error or success, no crash, no leak, no half truth. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../suite.h"
#include "failing_malloc.h"
#include "mock.h"
#include "trunkha.h"

#define ALLOCATIONS_MAX 5000

static struct mock *carriers;
static char config[2048], config_2[2048];

static void write_config(char *buf, size_t size, const char *more)
{
    char a[32], b[32];

    mock_address(carriers, 0, a, sizeof(a));
    mock_address(carriers, 1, b, sizeof(b));
    snprintf(buf, size,
             "{\"trunkGroups\": [{\"id\": \"a\", \"failoverTrunkGroupId\": \"b\", \"trunks\": [{\"id\": \"a1\","
             "\"sipAddress\": \"%s\"%s}]}, {\"id\": \"b\", \"trunks\": [{\"id\": \"b1\", \"sipAddress\": \"%s\"}]}],"
             "\"keepalive\": {\"interval\": 1, \"headers\": {\"X-Test\": \"yes\"}}}",
             a, more, b);
}

/* check allocates too: while allocations fail, what is wrong is only noted. */
static const char *complaint;

#define EXPECT(condition)                                                                                                   \
    do {                                                                                                                    \
        if (!(condition) && !complaint)                                                                                     \
            complaint = #condition;                                                                                         \
    } while (0)

static void nap(void)
{
    const struct timespec two_ms = {0, 2000000};

    nanosleep(&two_ms, NULL);
}

/** Waits until a1 has answered, as long as its probe is not lost for want of memory. */
static void wait_for_an_answer(const trunkha_view *view)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;

    for (int i = 0; i < 2000; i++, nap()) {
        if (!trunkha_view_get_trunk(view, 0, &trunk) && trunk.health == TRUNKHA_HEALTH_AVAILABLE)
            return;
    }
    EXPECT(!"probing has stopped");
}

static void on_event(const trunkha_event *event, void *user_data)
{
    char *json = NULL;

    (void)user_data;
    if (trunkha_event_json(event, &json))
        return;
    EXPECT(strstr(json, "\"instanceId\":"));
    EXPECT(strstr(json, "\"reasonCode\":"));
    EXPECT(strstr(json, "\"metadata\":{"));
    trunkha_free(json);
}

static void look(const trunkha_view *view)
{
    trunkha_candidate to[4];
    size_t count = 4;
    char *json = NULL;

    EXPECT(!trunkha_view_select(view, "a", to, &count));
    EXPECT(count >= 1); /* one that asked for a pause is passed over */
    if (!trunkha_view_status_json(view, &json))
        EXPECT(strstr(json, "\"routingProfiles\":"));
    trunkha_free(json);
    json = NULL;
    if (!trunkha_view_route_json(view, "a", &json))
        EXPECT(strstr(json, "\"passedOver\":"));
    trunkha_free(json);
}

static void report(trunkha_call *call, uint32_t code, trunkha_step *step)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;

    report.kind = TRUNKHA_REPORT_RESPONSE;
    report.code = code;
    report.retry_after = "5";
    EXPECT(!trunkha_call_report(call, &report, step));
}

/** a1 fails calls until it is on trial, b1 answers them. */
static void place_calls(trunkha_view *view)
{
    for (int i = 0; i < 4; i++) {
        trunkha_step step = TRUNKHA_STEP_INIT;
        trunkha_call *call = NULL;
        char *json = NULL;
        int err = trunkha_call_begin(view, "a", NULL, &call, &step);

        EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM);
        if (err)
            continue;
        report(call, 503, &step);
        report(call, 200, &step);
        if (!trunkha_call_json(call, &json))
            EXPECT(strstr(json, "\"attempts\":"));
        trunkha_free(json);
        trunkha_call_end(call);
    }
}

static void live(void)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_engine *engine = NULL;
    trunkha_view *view;
    int err;

    options.event_cb = on_event;
    if (trunkha_engine_new(&options, &engine)) {
        EXPECT(!engine);
        return;
    }
    view = trunkha_engine_view(engine);
    err = trunkha_engine_load(engine, config, strlen(config), &diag);
    if (err) {
        EXPECT(err == TRUNKHA_ERR_NOMEM);
        EXPECT(diag.message[0]);
    } else if (!trunkha_engine_start(engine)) {
        wait_for_an_answer(view);
        trunkha_engine_dispatch(engine);
        look(view);
        place_calls(view);
        err = trunkha_engine_load(engine, config_2, strlen(config_2), NULL);
        EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM);
        look(view);
        trunkha_trunk_set_admin(engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 60000);
        trunkha_engine_dispatch(engine);
    }
    trunkha_view_unref(view);
    trunkha_engine_unref(engine);
}

START_TEST(any_allocation_may_fail)
{
    unsigned long n;

    carriers = mock_start(2, 580);
    ck_assert_ptr_nonnull(carriers);
    write_config(config, sizeof(config), "");
    write_config(config_2, sizeof(config_2), ", \"weight\": 5");
    live(); /* what is allocated once and kept, by the C library for one, is so from here on */

    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        long before = failing_malloc_count();
        bool has_failed;

        failing_malloc_arm(n);
        live();
        has_failed = failing_malloc_has_failed();
        failing_malloc_arm(0);
        ck_assert_msg(!complaint, "allocation %lu: %s", n, complaint);
        if (!has_failed)
            break;
        ck_assert_msg(failing_malloc_count() == before, "allocation %lu: %ld blocks leaked", n,
                      failing_malloc_count() - before);
    }
    ck_assert_uint_gt(n, 50);
    ck_assert_uint_lt(n, ALLOCATIONS_MAX);
    printf("%lu allocations failed in turn\n", n - 1);
    carriers = mock_stop(carriers);
}
END_TEST

SUITE("oom", any_allocation_may_fail)
