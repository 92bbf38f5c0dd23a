/* Events: in order, on the right thread, as JSON that integrations parse; a slow reader is told what it missed. */
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "../suite.h"
#include "world.h"

#define KEPT_MAX 256

struct keeper {
    trunkha_event events[KEPT_MAX];
    atomic_uint count;
    pthread_t thread; /* of the last call */
    trunkha_engine *engine;
    unsigned released_at; /* events told until then */
    bool releases;        /* gives its reference back on the first trunk event */
    bool disables;        /* disables b1 on the first trunk event */
    atomic_bool has_disabled;
};

static void on_event(const trunkha_event *event, void *user_data)
{
    struct keeper *keeper = user_data;
    unsigned count = atomic_load(&keeper->count);

    keeper->thread = pthread_self();
    if (count < KEPT_MAX)
        keeper->events[count] = *event;
    atomic_store(&keeper->count, count + 1);
    if (event->type != TRUNKHA_EVENT_TRUNK_STATE)
        return;
    if (keeper->releases) {
        keeper->released_at = count + 1;
        keeper->engine = trunkha_engine_unref(keeper->engine);
    }
    if (keeper->disables && keeper->engine) {
        trunkha_trunk_set_admin(keeper->engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, "from a callback", 0);
        keeper->has_disabled = true;
        usleep(10000); /* whoever waits for that goes on */
    }
    keeper->releases = keeper->disables = false;
}

static trunkha_options options_of(struct keeper *keeper)
{
    trunkha_options options = TRUNKHA_OPTIONS_INIT;

    options.event_cb = on_event;
    options.event_user_data = keeper;

    return options;
}

static const trunkha_event *find(const struct keeper *keeper, uint32_t type, const char *entity_id)
{
    for (unsigned i = 0; i < keeper->count && i < KEPT_MAX; i++) {
        if (keeper->events[i].type == type && (!entity_id || !strcmp(keeper->events[i].entity_id, entity_id)))
            return &keeper->events[i];
    }

    return NULL;
}

static void dispatch_until(struct world *world, struct keeper *keeper, uint32_t type, const char *entity_id)
{
    for (int i = 0; i < 300 && !find(keeper, type, entity_id); i++) {
        struct pollfd ready = {.fd = trunkha_engine_fd(world->engine), .events = POLLIN};

        poll(&ready, 1, 100);
        ck_assert_int_ge(trunkha_engine_dispatch(world->engine), 0);
    }
    ck_assert_ptr_nonnull(find(keeper, type, entity_id));
}

START_TEST(dispatch_delivers_in_order_on_the_callers_thread)
{
    struct keeper keeper = {.count = 0};
    const trunkha_options options = options_of(&keeper);
    struct world world;

    world_open(&world, &options, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    dispatch_until(&world, &keeper, TRUNKHA_EVENT_TRUNK_STATE, "a1");
    dispatch_until(&world, &keeper, TRUNKHA_EVENT_TRUNK_STATE, "b1");
    ck_assert(pthread_equal(keeper.thread, pthread_self()));
    ck_assert_uint_eq(keeper.events[0].type, TRUNKHA_EVENT_READY);
    for (unsigned i = 0; i < keeper.count; i++) {
        ck_assert_uint_eq(keeper.events[i].sequence, i + 1);
        ck_assert_str_eq(keeper.events[i].instance_id, "test");
        ck_assert_uint_eq(keeper.events[i].lost, 0);
    }
    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=silent"), 0);
    dispatch_until(&world, &keeper, TRUNKHA_EVENT_ACTIVE_CHANGE, "out");
    ck_assert_str_eq(find(&keeper, TRUNKHA_EVENT_ACTIVE_CHANGE, "out")->previous_trunk_id, "a1");
    world_close(&world);
}
END_TEST

START_TEST(the_json_is_what_integrations_parse)
{
    struct keeper keeper = {.count = 0};
    const trunkha_options options = options_of(&keeper);
    struct world world;
    char *text = NULL;
    const char *type = NULL, *entity = NULL, *name = NULL, *state = NULL, *previous = NULL, *reason = NULL, *group = NULL;
    const char *target = NULL, *id = NULL, *instance = NULL, *detail = NULL;
    json_int_t timestamp = 0, sequence = 0;
    int failed = -1, last = -1, calls = -1;
    json_t *object;

    world_open(&world, &options, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    dispatch_until(&world, &keeper, TRUNKHA_EVENT_TRUNK_STATE, "a1");
    ck_assert_int_eq(trunkha_event_json(find(&keeper, TRUNKHA_EVENT_TRUNK_STATE, "a1"), &text), 0);
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_ptr_eq(strstr(text, "{\"eventType\":\"telephony.trunks.stateChange\",\"timestamp\":"), text);
    object = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(json_unpack(object, "{s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:{s:i,s:s,s:i,s:s,s:s,s:i},s:s,s:I,s:s}",
                                 "eventType", &type, "timestamp", &timestamp, "entityId", &entity, "entityName", &name,
                                 "state", &state, "previousState", &previous, "reasonCode", &reason, "metadata",
                                 "failedAttempts", &failed, "trunkGroupId", &group, "lastResponse", &last, "target", &target,
                                 "detail", &detail, "activeCalls", &calls, "id", &id, "sequence", &sequence, "instanceId",
                                 &instance),
                     0);
    ck_assert_str_eq(state, "AVAILABLE");
    ck_assert_str_eq(previous, "UNKNOWN");
    ck_assert_str_eq(reason, "STARTUP");
    ck_assert_str_eq(group, "carrier-a");
    ck_assert_int_eq(last, 200);
    ck_assert_int_eq(failed, 0);
    ck_assert_int_gt(timestamp, 1600000000000);
    ck_assert_str_eq(instance, "test");
    ck_assert_ptr_eq(strstr(id, "test:"), id);
    json_decref(object);
    trunkha_free(text);
    world_close(&world);
}
END_TEST

START_TEST(a_slow_reader_is_told_what_it_missed)
{
    struct keeper keeper = {.count = 0};
    trunkha_options options = options_of(&keeper);
    struct world world;

    options.event_queue_max = 16;
    world_open(&world, &options, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_DISABLED, 0, NULL, 0), 0);
        ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_ENABLED, 0, NULL, 0), 0);
    }
    ck_assert_int_eq(trunkha_engine_stop(world.engine), 0);
    ck_assert_int_eq(trunkha_engine_dispatch(world.engine), 16);
    ck_assert_uint_gt(keeper.events[0].lost, 80);
    ck_assert_uint_eq(keeper.events[0].sequence, keeper.events[0].lost + 1);
    ck_assert_uint_eq(keeper.events[1].lost, 0);
    world_close(&world);
}
END_TEST

START_TEST(events_come_on_the_engines_thread_when_asked_to)
{
    static struct keeper keeper;
    trunkha_options options = options_of(&keeper);
    struct world world;

    keeper = (struct keeper){.disables = true};
    options.events_on_engine_thread = 1;
    world_open(&world, &options, NULL);
    keeper.engine = world.engine;
    ck_assert_int_eq(trunkha_engine_dispatch(world.engine), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "b1", TRUNKHA_HEALTH_DOWN)); /* by the callback's own word */
    ck_assert_int_eq(trunkha_engine_stop(world.engine), 0);
    ck_assert(!pthread_equal(keeper.thread, pthread_self()));
    ck_assert_str_eq(find(&keeper, TRUNKHA_EVENT_TRUNK_STATE, "b1")->detail, "from a callback");
    world_close(&world);
}
END_TEST

START_TEST(what_a_callback_caused_is_delivered_before_the_engine_stops)
{
    static struct keeper keeper;
    trunkha_options options = options_of(&keeper);
    struct world world;

    keeper = (struct keeper){.disables = true};
    options.events_on_engine_thread = 1;
    world_open(&world, &options, NULL);
    keeper.engine = world.engine;
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    while (!keeper.has_disabled)
        sched_yield(); /* then the callback still runs */
    ck_assert_int_eq(trunkha_engine_stop(world.engine), 0);
    ck_assert_ptr_nonnull(find(&keeper, TRUNKHA_EVENT_TRUNK_STATE, "b1"));
    ck_assert_str_eq(find(&keeper, TRUNKHA_EVENT_TRUNK_STATE, "b1")->detail, "from a callback");
    world_close(&world);
}
END_TEST

START_TEST(a_callback_may_release_the_engine)
{
    static struct keeper keeper;

    for (uint32_t on_engine_thread = 0; on_engine_thread <= 1; on_engine_thread++) {
        trunkha_options options = options_of(&keeper);
        trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
        struct world world;

        keeper = (struct keeper){.releases = true};
        options.events_on_engine_thread = on_engine_thread;
        world_open(&world, &options, NULL);
        keeper.engine = world.engine;
        if (!on_engine_thread) {
            ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
            ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
            trunkha_engine_dispatch(world.engine);
        } else {
            ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
        }
        for (int i = 0; i < WORLD_NAPS; i++, world_nap()) { /* until its thread has ended */
            trunkha_view_get_info(world.view, &info);
            if (!info.writer_pid)
                break;
        }
        ck_assert_uint_eq(info.writer_pid, 0);
        ck_assert_uint_eq(keeper.count, keeper.released_at); /* and hears nothing more */
        world.engine = NULL;
        world_close(&world);
    }
}
END_TEST

START_TEST(an_engine_is_released_while_its_thread_is_busy_telling)
{
    static struct keeper keeper;

    for (int i = 0; i < 30; i++) {
        trunkha_options options = options_of(&keeper);
        trunkha_engine *engine = NULL;
        static const char config[] = "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"127.0.0.1:9\"}]}";

        keeper = (struct keeper){.count = 0};
        options.events_on_engine_thread = 1;
        ck_assert_int_eq(trunkha_engine_new(&options, &engine), 0);
        ck_assert_int_eq(trunkha_engine_load(engine, config, strlen(config), NULL), 0);
        ck_assert_int_eq(trunkha_engine_start(engine), 0);
        for (int n = 0; n < i % 5; n++)
            trunkha_trunk_set_admin(engine, "a", n % 2 ? TRUNKHA_ADMIN_ENABLED : TRUNKHA_ADMIN_DISABLED, 0, NULL, 0);
        trunkha_engine_unref(engine);
    }
}
END_TEST

START_TEST(status_and_route_are_json_too)
{
    struct world world;
    char *text = NULL;
    json_t *object;
    const char *state = NULL, *why = NULL;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_AVAILABLE));
    ck_assert_int_eq(trunkha_view_status_json(world.view, &text), 0);
    object = json_loads(text, 0, NULL);
    ck_assert_int_eq(json_unpack(object, "{s:[{s:[{s:s}]}]}", "trunkGroups", "trunks", "state", &state), 0);
    ck_assert_str_eq(state, "AVAILABLE");
    json_decref(object);
    trunkha_free(text);

    ck_assert_int_eq(trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_DRAINING, 0, NULL, 0), 0);
    ck_assert_int_eq(trunkha_view_route_json(world.view, "out", &text), 0);
    object = json_loads(text, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "candidates")), 1);
    ck_assert_int_eq(json_unpack(object, "{s:[{s:s}]}", "passedOver", "why", &why), 0);
    ck_assert_ptr_nonnull(strstr(why, "draining"));
    json_decref(object);
    trunkha_free(text);
    ck_assert_int_eq(trunkha_view_route_json(world.view, "nowhere", &text), TRUNKHA_ERR_NOTFOUND);
    world_close(&world);
}
END_TEST

SUITE("events", dispatch_delivers_in_order_on_the_callers_thread, the_json_is_what_integrations_parse,
      a_slow_reader_is_told_what_it_missed, events_come_on_the_engines_thread_when_asked_to,
      what_a_callback_caused_is_delivered_before_the_engine_stops, a_callback_may_release_the_engine,
      an_engine_is_released_while_its_thread_is_busy_telling, status_and_route_are_json_too)
