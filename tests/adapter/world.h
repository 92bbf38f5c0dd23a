/** @file world.h  Two mock carriers on loopback and an engine that probes them in a hurry */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <trunkha.h>

#include "mock.h"

struct world {
    struct mock *carriers; /* target 0 is a1, target 1 is b1 */
    char a[32], b[32];     /* their addresses */
    trunkha_engine *engine;
    trunkha_view *view;
};

/** Groups "carrier-a" and "carrier-b" with one trunk each, "a1" and "b1", and the profile "out"; interval 0.5 s, three
 *  failures.
 *  @p listen: where OPTIONS from peers are answered, NULL = any port. Not started yet. */
void world_open(struct world *world, const trunkha_options *options, const char *listen);
void world_close(struct world *world);

/** The configuration of world_open(), with @p more keys at the top level (",'x': 1") and @p a_more in trunk a1. */
const char *world_config(const struct world *world, const char *listen, const char *more, const char *a_more);

/** Waits, up to half a minute, until the trunk is in that state. */
bool world_wait_health(const struct world *world, const char *trunk_id, uint32_t health);

/** Waits until new calls of "out" go to @p trunk_id. */
bool world_wait_active(const struct world *world, const char *trunk_id);

trunkha_trunk_status world_trunk(const struct world *world, const char *trunk_id);

/** A little nap, for loops that wait for something. */
void world_nap(void);

#define WORLD_NAPS 6000 /* half a minute of them */

#endif
