/* Two carriers, one dies, the next call goes to the other; and it comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../suite.h"
#include "world.h"

START_TEST(the_next_call_goes_to_the_other_carrier_and_back)
{
    struct world world;
    trunkha_candidate to[4];
    size_t count = 4;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_health(&world, "b1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_active(&world, "a1"));

    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=silent"), 0);
    ck_assert(world_wait_active(&world, "b1"));
    ck_assert_int_eq(trunkha_route_select(world.engine, "out", to, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(to[1].trunk_id, "a1");
    ck_assert_uint_eq(to[1].why, TRUNKHA_WHY_LAST_RESORT);
    ck_assert_uint_eq(world_trunk(&world, "a1").reason, TRUNKHA_REASON_KEEPALIVE_FAILURE);

    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=answer"), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert(world_wait_active(&world, "a1"));
    world_close(&world);
}
END_TEST

START_TEST(a_candidate_says_all_that_a_host_needs)
{
    struct world world;
    trunkha_candidate to[4];
    size_t count = 4;
    char text[64];

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_route_select(world.engine, "out", to, &count), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(to[0].trunk_id, "a1");
    ck_assert_str_eq(to[0].trunk_group_id, "carrier-a");
    snprintf(text, sizeof(text), "udp:%s", world.a);
    ck_assert_str_eq(to[0].target, text);
    snprintf(text, sizeof(text), "sip:%s", world.a);
    ck_assert_str_eq(to[0].uri, text);
    ck_assert_uint_eq(to[0].health, TRUNKHA_HEALTH_UNKNOWN);
    count = 1;
    ck_assert_int_eq(trunkha_route_select(world.engine, "out", to, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(trunkha_route_select(world.engine, "nowhere", to, &count), TRUNKHA_ERR_NOTFOUND);
    world_close(&world);
}
END_TEST

START_TEST(a_bad_reload_says_where_and_what_ran_goes_on)
{
    static const char bad[] = "{\n  \"trunkGroups\": [{\"id\": \"x\", \"sipAdress\": \"192.0.2.1\"}]\n}";
    struct world world;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_engine_load(world.engine, bad, strlen(bad), &diag), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(diag.line, 2);
    ck_assert_ptr_nonnull(strstr(diag.message, "sipAddress"));
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert(world_wait_active(&world, "a1"));
    world_close(&world);
}
END_TEST

START_TEST(a_reload_keeps_the_health_and_the_source_port)
{
    struct world world;
    const char *json;
    int64_t since;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    since = world_trunk(&world, "a1").since;
    json = world_config(&world, NULL, ",'x-note': 'changed'", ",'outboundRoute': 'GW-A'");
    ck_assert_int_eq(trunkha_engine_load(world.engine, json, strlen(json), NULL), 0);
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_int_le(labs((long)(world_trunk(&world, "a1").since - since)), 2); /* two clocks, read one after the other */

    /* the mock answers the port that it is asked from: probes go on being answered */
    ck_assert_int_eq(mock_tell(world.carriers, "set 1 mode=silent"), 0);
    ck_assert(world_wait_health(&world, "b1", TRUNKHA_HEALTH_DOWN));
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    world_close(&world);
}
END_TEST

START_TEST(a_listen_address_that_is_taken_fails_the_reload_and_not_the_engine)
{
    struct world world, other;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    const char *json;
    char listen[32];
    unsigned port = 20000 + (unsigned)getpid() % 20000;

    snprintf(listen, sizeof(listen), "udp:127.0.0.1:%u", port);
    world_open(&other, NULL, listen);
    ck_assert_int_eq(trunkha_engine_start(other.engine), 0);
    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    json = world_config(&world, listen, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_load(world.engine, json, strlen(json), &diag), TRUNKHA_ERR_SYSTEM);
    ck_assert_ptr_nonnull(strstr(diag.message, "127.0.0.1"));
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    world_close(&world);
    world_close(&other);
}
END_TEST

START_TEST(an_operator_disables_drains_and_enables)
{
    struct world world;
    trunkha_candidate to[2];
    size_t count = 2;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "a1", TRUNKHA_ADMIN_DISABLED, TRUNKHA_REASON_LICENSE_ISSUE,
                                             "licence ended", 0),
                     0);
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(world_trunk(&world, "a1").reason, TRUNKHA_REASON_LICENSE_ISSUE);
    ck_assert_int_eq(trunkha_route_select(world.engine, "out", to, &count), 0);
    ck_assert_str_eq(to[0].trunk_id, "b1");
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(trunkha_route_select(world.engine, "carrier-a", to, &count), TRUNKHA_ERR_UNAVAILABLE);
    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "a1", TRUNKHA_ADMIN_ENABLED, 0, NULL, 0), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "zz", TRUNKHA_ADMIN_ENABLED, 0, NULL, 0), TRUNKHA_ERR_NOTFOUND);
    world_close(&world);
}
END_TEST

START_TEST(wrong_order_and_wrong_arguments_get_an_error)
{
    trunkha_engine *engine = NULL;
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    trunkha_candidate to[1];
    size_t count = 1;
    char *json = NULL;

    ck_assert_int_eq(trunkha_engine_new(NULL, NULL), TRUNKHA_ERR_INVALID);
    options.size = 3;
    ck_assert_int_eq(trunkha_engine_new(&options, &engine), TRUNKHA_ERR_INVALID);
    options = (trunkha_options)TRUNKHA_OPTIONS_INIT;
    options.instance_id = "\xff";
    ck_assert_int_eq(trunkha_engine_new(&options, &engine), TRUNKHA_ERR_INVALID);
    options = (trunkha_options)TRUNKHA_OPTIONS_INIT;
    options.view_name = "../etc/passwd";
    ck_assert_int_eq(trunkha_engine_new(&options, &engine), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_null(engine);

    ck_assert_int_eq(trunkha_engine_new(NULL, &engine), 0);
    ck_assert_int_eq(trunkha_engine_start(engine), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_engine_stop(engine), 0);
    ck_assert_int_eq(trunkha_route_select(engine, "out", to, &count), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_trunk_set_admin(engine, "a", TRUNKHA_ADMIN_ENABLED, 0, NULL, 0), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_engine_load(engine, NULL, 0, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_load(engine, "", 0, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_int_eq(trunkha_engine_load_file(engine, "/nonexistent/trunks.json", NULL), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_engine_load_file(engine, "/", NULL), TRUNKHA_ERR_SYSTEM);
    ck_assert_int_eq(trunkha_event_json(NULL, &json), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_null(trunkha_engine_unref(engine));

    ck_assert_ptr_null(trunkha_engine_unref(NULL));
    ck_assert_ptr_null(trunkha_engine_ref(NULL));
    ck_assert_ptr_null(trunkha_engine_view(NULL));
    ck_assert_int_eq(trunkha_engine_fd(NULL), -1);
    ck_assert_int_eq(trunkha_engine_load(NULL, "{}", 2, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_start(NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_stop(NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_dispatch(NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_stats(NULL, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_route_select(NULL, "out", to, &count), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_config_check(NULL, 0, NULL, NULL), TRUNKHA_ERR_INVALID);
}
END_TEST

START_TEST(a_started_engine_stops_once_and_does_not_start_again)
{
    struct world world;
    trunkha_stats stats = TRUNKHA_STATS_INIT;
    const char *json;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert_int_eq(trunkha_engine_start(world.engine), TRUNKHA_ERR_STATE);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_engine_stop(world.engine), 0);
    ck_assert_int_eq(trunkha_engine_stop(world.engine), 0);
    ck_assert_int_eq(trunkha_engine_start(world.engine), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_engine_stats(world.engine, &stats), 0);
    ck_assert_uint_gt(stats.probes_answered, 0);
    ck_assert_uint_ge(stats.probes_sent, stats.probes_answered);
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE); /* the view keeps the last states */

    json = world_config(&world, NULL, NULL, ",'weight': 9");
    for (int i = 0; i < 400; i++) /* until every probe would be due */
        world_nap();
    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 0), 0);
    ck_assert_int_eq(trunkha_engine_load(world.engine, json, strlen(json), NULL), 0);
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    world_close(&world);
}
END_TEST

SUITE("engine", the_next_call_goes_to_the_other_carrier_and_back, a_candidate_says_all_that_a_host_needs,
      a_bad_reload_says_where_and_what_ran_goes_on, a_reload_keeps_the_health_and_the_source_port,
      a_listen_address_that_is_taken_fails_the_reload_and_not_the_engine, an_operator_disables_drains_and_enables,
      wrong_order_and_wrong_arguments_get_an_error, a_started_engine_stops_once_and_does_not_start_again)
