/* The n-th allocation fails, n = 1, 2, 3 ... until nothing does: an error or success, no crash, no leak, no half truth. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../adapter/player.h"
#include "../suite.h"
#include "failing_malloc.h"
#include "mock.h"
#include "peers.h"
#include "trunkha.h"

#define ALLOCATIONS_MAX 5000

#define HELLO "MESSAGE sip:x SIP/2.0\r\nCall-ID: hello\r\nContent-Length: 0\r\n\r\n"

static struct mock *carriers;
static struct peers peers;
static char config[2048], config_2[2048];
static bool is_about_reaching; /* calls, events and tables are not looked at: they are the same however a trunk is reached */

/** "a1" at @p uri with @p more keys, "b1" behind it. */
static void write_config(char *buf, size_t size, const char *uri, const char *more)
{
    char b[32];

    mock_address(carriers, 1, b, sizeof(b));
    snprintf(buf, size,
             "{\"trunkGroups\": [{\"id\": \"a\", \"failoverTrunkGroupId\": \"b\", \"trunks\": [{\"id\": \"a1\","
             "\"sipAddress\": \"%s\"%s}]}, {\"id\": \"b\", \"trunks\": [{\"id\": \"b1\", \"sipAddress\": \"%s\"}]}],"
             "\"keepalive\": {\"interval\": 1, \"suspectInterval\": 0.5, \"headers\": {\"X-Test\": \"yes\"}},"
             "\"dns\": {\"servers\": [\"%s\"], \"timeout\": 0.5}}",
             uri, more, b, peers.dns);
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

static bool has_answered(const trunkha_view *view)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;

    return !trunkha_view_get_trunk(view, 0, &trunk) && trunk.health == TRUNKHA_HEALTH_AVAILABLE;
}

/** Waits until a1 has answered, as long as its probe is not lost for want of memory. */
static void wait_for_an_answer(const trunkha_view *view)
{
    for (int i = 0; i < 2000 && !has_answered(view); i++)
        nap();
    EXPECT(has_answered(view));
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

    if (is_about_reaching)
        return;
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
    for (int i = 0; i < 4 && !is_about_reaching; i++) {
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

/** The host's messages and credentials, and who a packet is from: each does its work or says that it cannot. */
static void reach(trunkha_engine *engine, trunkha_view *view)
{
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    const struct sockaddr_in stranger = {.sin_family = AF_INET};
    trunkha_source source = TRUNKHA_SOURCE_INIT;
    char local[TRUNKHA_ID_SIZE], *header = NULL;
    int err;

    EXPECT(!trunkha_view_get_target(view, 0, &target));
    err = trunkha_message_local(engine, "a1", target.target, local, sizeof(local));
    EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM || err == TRUNKHA_ERR_UNAVAILABLE || err == TRUNKHA_ERR_SYSTEM);
    err = trunkha_message_send(engine, "a1", target.target, HELLO, strlen(HELLO));
    EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM || err == TRUNKHA_ERR_UNAVAILABLE || err == TRUNKHA_ERR_SYSTEM);
    err = trunkha_trunk_authorize(engine, "a1", 401, "Digest realm=\"r\", nonce=\"n\"", "INVITE", "sip:x", &header);
    EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM || err == TRUNKHA_ERR_UNAVAILABLE);
    EXPECT(!err == !!header);
    trunkha_free(header);
    EXPECT(trunkha_trunk_of_source(view, (const struct sockaddr *)&stranger, &source) == TRUNKHA_ERR_NOTFOUND);
    EXPECT(trunkha_trunk_note_request(view, (const struct sockaddr *)&stranger) == TRUNKHA_ERR_NOTFOUND);
}

static uint32_t generation_of(const trunkha_view *view)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;

    EXPECT(!trunkha_view_get_info(view, &info));

    return info.generation;
}

static void load_again(trunkha_engine *engine, trunkha_view *view)
{
    uint32_t before = generation_of(view);
    int err = trunkha_engine_load(engine, config_2, strlen(config_2), NULL);

    EXPECT(err == 0 || err == TRUNKHA_ERR_NOMEM);
    EXPECT(!err || generation_of(view) == before);
}

static void on_message(const trunkha_message *message, void *user_data)
{
    (void)user_data;
    EXPECT(!strcmp(message->trunk_id, "a1"));
}

/** The @p nth allocation fails; 0 = none. */
static void live(unsigned long nth)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    trunkha_engine *engine = NULL;
    trunkha_view *view;
    int err;

    options.event_cb = is_about_reaching ? NULL : on_event;
    options.message_cb = on_message;
    failing_malloc_arm(nth);
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
        reach(engine, view);
        look(view);
        place_calls(view);
        load_again(engine, view);
        look(view);
        trunkha_trunk_set_admin(engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 60000);
        trunkha_engine_dispatch(engine);
    }
    trunkha_view_unref(view);
    trunkha_engine_unref(engine);
}

/** @p more: keys of the trunk, @p more_2 after a reload. */
static void fail_each(const char *uri, const char *more, const char *more_2)
{
    unsigned long n;

    write_config(config, sizeof(config), uri, more);
    write_config(config_2, sizeof(config_2), uri, more_2);
    live(0); /* what is allocated once and kept, by the C library for one, is so from here on */
    ck_assert_msg(!complaint, "without any failure: %s", complaint);

    for (n = 1; n < ALLOCATIONS_MAX; n++) {
        long before = failing_malloc_count();
        bool has_failed;

        live(n);
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
    printf("%s: %lu allocations failed in turn\n", uri, n - 1);
}

static void setup(void)
{
    carriers = mock_start(2, 580);
    ck_assert_ptr_nonnull(carriers);
    peers_start(&peers);
}

static void teardown(void)
{
    is_about_reaching = false;
    peers_stop(&peers);
    carriers = mock_stop(carriers);
}

START_TEST(any_allocation_for_an_address_may_fail)
{
    char a[32];

    setup();
    mock_address(carriers, 0, a, sizeof(a));
    fail_each(a, "", ", \"weight\": 5");
    teardown();
}
END_TEST

#define AUTH(password)                                                                                                      \
    ", \"outboundAuthMethod\": \"DIGEST\", \"outboundAuth\": {\"username\": \"u\", \"password\": \"" password "\"}"

START_TEST(any_allocation_for_a_name_with_credentials_may_fail)
{
    setup();
    is_about_reaching = true;
    fail_each(peers.named, AUTH("secret"), AUTH("other"));
    teardown();
}
END_TEST

START_TEST(any_allocation_for_a_tcp_connection_may_fail)
{
    setup();
    is_about_reaching = true;
    fail_each(peers.tcp, "", ", \"localAddress\": \"127.0.0.5\"");
    teardown();
}
END_TEST

START_TEST(any_allocation_for_a_tls_connection_may_fail)
{
    char more[512], more_2[512];

    setup();
    is_about_reaching = true;
    snprintf(more, sizeof(more), ", \"localAddress\": \"127.0.0.5\", \"tls\": {\"caFile\": \"%s\"}" AUTH("secret"),
             player_certificate("ca.pem"));
    snprintf(more_2, sizeof(more_2), ", \"tls\": {\"caFile\": \"%s\", \"minVersion\": \"1.3\"}",
             player_certificate("ca.pem"));
    fail_each(peers.tls, more, more_2);
    teardown();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        any_allocation_for_an_address_may_fail, any_allocation_for_a_name_with_credentials_may_fail,
        any_allocation_for_a_tcp_connection_may_fail, any_allocation_for_a_tls_connection_may_fail};

    failing_malloc_spare_openssl();

    return run_suite("oom", tests, sizeof(tests) / sizeof(tests[0]));
}
