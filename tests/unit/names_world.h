/** @file names_world.h  The names of a configuration on a virtual clock, with a DNS that answers from a zone */
#ifndef TESTS_NAMES_WORLD_H
#define TESTS_NAMES_WORLD_H

#include <stdio.h>

#include "core/names.h"
#include "dns_zone.h"

#define WORLD_START UINT64_C(1000000)
#define WORLD_LOG   256

struct world {
    struct tha_names *names;
    struct tha_model model;
    struct tha_trunk_model trunks[4];
    struct tha_name hosts[4];
    struct zone zone;
    struct failing failing;
    struct tha_mem mem;
    uint64_t now_ms;
    uint64_t asked_ms[WORLD_LOG]; /**< when each question for an A record was sent */
    uint32_t n_asked;
    /** Changes the zone to what it says now; NULL = it stays as it is. */
    void (*before_answer)(struct world *world);
};

static inline void world_commit(struct world *world)
{
    ck_assert_int_eq(tha_names_prepare(world->names, &world->model), 0);
    tha_names_commit(world->names, world->now_ms);
}

/** Names "a.example", "b.example" ... with port 5060, a trunk each; minTtl 5, maxTtl 300, keepLastGood. Nothing is loaded.
 */
static inline void world_prepare(struct world *world, uint32_t n_trunks)
{
    static const char *const hosts[] = {"a.example", "b.example", "c.example", "d.example"};

    *world = (struct world){.now_ms = WORLD_START};
    zone_open(&world->zone);
    world->mem = (struct tha_mem){failing_realloc, &world->failing};
    world->model.trunks = world->trunks;
    world->model.n_trunks = n_trunks;
    world->model.dns =
        (struct tha_dns_settings){.max_ttl_s = 300, .min_ttl_s = 5, .timeout_ms = 3000, .keep_last_good = true};
    for (uint32_t i = 0; i < 4; i++) {
        world->hosts[i] = (struct tha_name){.host = hosts[i], .port = 5060};
        world->trunks[i].dns_name = &world->hosts[i];
    }
    ck_assert_int_eq(tha_names_new(&world->mem, 7, &world->names), 0);
}

static inline void world_open(struct world *world, uint32_t n_trunks)
{
    world_prepare(world, n_trunks);
    world_commit(world);
}

static inline void world_close(struct world *world)
{
    tha_names_free(world->names);
    ck_assert_int_eq(world->failing.blocks, 0);
    zone_close(&world->zone);
}

/** Sends and answers what is to be sent now. */
static inline void world_answer(struct world *world)
{
    struct tha_dns_question question;
    uint64_t id;

    while (tha_names_next_question(world->names, world->now_ms, &id, &question)) {
        struct tha_dns_answer answer;

        if (question.type == THA_DNS_A && world->n_asked < WORLD_LOG)
            world->asked_ms[world->n_asked++] = world->now_ms;
        if (world->before_answer)
            world->before_answer(world);
        world->zone.asked[0] = '\0';
        answer = zone_answer(&world->zone, &question);
        tha_names_answer(world->names, id, &answer, world->now_ms);
    }
}

/** Lets time go by up to and with @p until_ms. */
static inline void world_run(struct world *world, uint64_t until_ms)
{
    while (tha_names_next_expiry(world->names) <= until_ms) {
        uint64_t next_ms = tha_names_next_expiry(world->names);

        world->now_ms = next_ms > world->now_ms ? next_ms : world->now_ms;
        world_answer(world);
    }
    world->now_ms = until_ms;
}

/** From the start of the world, in ms. */
static inline uint64_t world_asked(const struct world *world, uint32_t i)
{
    return i < world->n_asked ? world->asked_ms[i] - WORLD_START : THA_NEVER;
}

static inline struct tha_name_state world_state(const struct world *world, uint32_t i)
{
    struct tha_name_state state;

    tha_names_get(world->names, &world->hosts[i], &state);

    return state;
}

/** The counting locations of the name @p i, then " | " and those that leave. */
static inline const char *world_text(const struct world *world, uint32_t i)
{
    static char text[8192];
    struct tha_name_state state = world_state(world, i);
    uint32_t n = state.n_locations - state.n_leaving;
    size_t len;

    ck_assert_uint_le(state.n_leaving, state.n_locations);
    zone_text(state.locations, n, text, sizeof(text));
    len = strlen(text);
    if (state.n_leaving) {
        strcpy(text + len, " | ");
        zone_text(state.locations + n, state.n_leaving, text + len + 3, sizeof(text) - len - 3);
    }

    return text;
}

/** All news of the name @p i, without that it was looked up; those of others are lost. */
static inline uint32_t world_news(struct world *world, uint32_t i)
{
    const struct tha_name *name;
    uint32_t news, found = 0;

    while (tha_names_next_news(world->names, &name, &news)) {
        ck_assert_uint_ne(news, 0);
        if (!tha_names_compare(name, &world->hosts[i]))
            found |= news;
    }

    return found & ~(uint32_t)THA_NAMES_LOOKED_UP;
}

#endif
