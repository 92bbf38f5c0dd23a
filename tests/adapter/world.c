#include "world.h"

#include <stdio.h>
#include <time.h>

#define LIFE_S 170

const char *world_config(const struct world *world, const char *listen, const char *more, const char *a_more)
{
    static _Thread_local char json[2048];

    snprintf(json, sizeof(json),
             "{'trunkGroups': [{'id': 'carrier-a', 'trunks': [{'id': 'a1', 'sipAddress': '%s'%s}]},"
             "{'id': 'carrier-b', 'trunks': [{'id': 'b1', 'sipAddress': '%s'}]}],"
             "'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'carrier-a', 'secondaryTrunkGroup': 'carrier-b',"
             "'failback': {'holdDown': 1}}],"
             "'keepalive': {'interval': 1, 'suspectInterval': 0.5, 'downInterval': 0.5, 'timeout': 0.5, 'jitter': 0.1},"
             "'sip': {'listen': ['%s']}, 'instance': {'id': 'test'}%s}",
             world->a, a_more ? a_more : "", world->b, listen ? listen : "udp:0.0.0.0:0", more ? more : "");
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return json;
}

void world_open(struct world *world, const trunkha_options *options, const char *listen)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    const char *json;

    memset(world, 0, sizeof(*world));
    world->carriers = mock_start(2, LIFE_S);
    ck_assert_ptr_nonnull(world->carriers);
    mock_address(world->carriers, 0, world->a, sizeof(world->a));
    mock_address(world->carriers, 1, world->b, sizeof(world->b));

    ck_assert_int_eq(trunkha_engine_new(options, &world->engine), 0);
    json = world_config(world, listen, NULL, NULL);
    ck_assert_msg(!trunkha_engine_load(world->engine, json, strlen(json), &diag), "%u:%u: %s", diag.line, diag.column,
                  diag.message);
    world->view = trunkha_engine_view(world->engine);
}

void world_close(struct world *world)
{
    world->view = trunkha_view_unref(world->view);
    world->engine = trunkha_engine_unref(world->engine);
    world->carriers = mock_stop(world->carriers);
}

void world_nap(void)
{
    const struct timespec nap = {0, 5000000};

    nanosleep(&nap, NULL);
}

trunkha_trunk_status world_trunk(const struct world *world, const char *trunk_id)
{
    trunkha_trunk_status status = TRUNKHA_TRUNK_STATUS_INIT;

    for (uint32_t i = 0; !trunkha_view_get_trunk(world->view, i, &status); i++) {
        if (!strcmp(status.id, trunk_id))
            return status;
    }
    ck_abort_msg("no trunk %s", trunk_id);
}

bool world_wait_health(const struct world *world, const char *trunk_id, uint32_t health)
{
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        if (world_trunk(world, trunk_id).health == health)
            return true;
    }

    return false;
}

bool world_wait_active(const struct world *world, const char *trunk_id)
{
    for (int i = 0; i < WORLD_NAPS; i++, world_nap()) {
        trunkha_candidate to;
        size_t count = 1;

        if (!trunkha_route_select(world->engine, "out", &to, &count) && !strcmp(to.trunk_id, trunk_id))
            return true;
    }

    return false;
}
