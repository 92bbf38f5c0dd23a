/* Several targets share a budget that is smaller than what they ask for: everybody gets a turn, in the order of waiting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "sim.h"

#define WORLD_SIZE (1024 * 1024U)
#define STEP_MS    400U /* less than the shortest interval of these worlds */
#define N_WATCHED  64U  /* at most */
#define WELL       ((struct sim_manner){200, 0})
#define FAILS      ((struct sim_manner){503, 0})

/* ---- Worlds of many trunks at one address ---- */

/** Trunks t0, t1, ..., each with a keepalive block of its own, in groups of 100: g0, g1, ... */
static char *world_of(unsigned n, const char *keepalive, const char *(*of_trunk)(unsigned))
{
    char *json = malloc(WORLD_SIZE);
    size_t len;

    ck_assert_ptr_nonnull(json);
    len = (size_t)snprintf(json, WORLD_SIZE, "{'keepalive': {%s}, 'trunkGroups': [", keepalive);
    for (unsigned i = 0; i < n; i++) {
        if (i % 100 == 0)
            len += (size_t)snprintf(json + len, WORLD_SIZE - len, "%s{'id': 'g%u', 'trunks': [", i ? "]}," : "", i / 100);
        len += (size_t)snprintf(json + len, WORLD_SIZE - len,
                                "%s{'id': 't%u', 'sipAddress': '192.0.2.1:%u', 'keepalive': {%s}}", i % 100 ? "," : "", i,
                                5060 + i, of_trunk ? of_trunk(i) : "");
    }
    len += (size_t)snprintf(json + len, WORLD_SIZE - len, "]}]}");
    ck_assert_uint_lt(len, WORLD_SIZE);

    return json;
}

static struct sim *start(unsigned n, const char *keepalive, const char *(*of_trunk)(unsigned))
{
    char *json = world_of(n, keepalive, of_trunk);
    struct sim *sim = sim_new(json);

    free(json);

    return sim;
}

static void reload(struct sim *sim, unsigned n, const char *keepalive)
{
    char *json = world_of(n, keepalive, NULL);

    sim_reload(sim, json);
    free(json);
}

static const char *id_of(unsigned i)
{
    static char id[16];

    snprintf(id, sizeof(id), "t%u", i);

    return id;
}

/* ---- What is measured ---- */

/** The longest time from one probe to the next, and to the end, of each trunk. */
struct gaps {
    uint64_t last_ms[N_WATCHED];
    uint64_t widest_ms[N_WATCHED];
    bool is_probed[N_WATCHED]; /* it has been, ever */
    unsigned n;
};

static struct gaps gaps_from_now(const struct sim *sim, unsigned n)
{
    struct gaps gaps = {.n = n};

    for (unsigned i = 0; i < n; i++)
        gaps.last_ms[i] = sim_now(sim);

    return gaps;
}

static void widen(struct gaps *gaps, unsigned i, uint64_t at_ms)
{
    if (at_ms > gaps->last_ms[i] + gaps->widest_ms[i])
        gaps->widest_ms[i] = at_ms - gaps->last_ms[i];
}

static uint64_t last_probe(const struct sim *sim, struct gaps *gaps, unsigned i)
{
    if (!gaps->is_probed[i])
        gaps->is_probed[i] = sim_probes(sim, id_of(i)) > 0;

    return gaps->is_probed[i] ? sim_last_probe(sim, id_of(i)) : 0;
}

/** No target is probed twice within a step: none is missed. */
static void watch_to(struct sim *sim, struct gaps *gaps, uint64_t end_ms)
{
    while (sim_now(sim) < end_ms) {
        sim_run_to(sim, sim_now(sim) + STEP_MS);
        for (unsigned i = 0; i < gaps->n; i++) {
            uint64_t at = last_probe(sim, gaps, i);

            if (at > gaps->last_ms[i]) {
                widen(gaps, i, at);
                gaps->last_ms[i] = at;
            }
        }
    }
    for (unsigned i = 0; i < gaps->n; i++)
        widen(gaps, i, end_ms);
}

static uint64_t widest_of(const struct gaps *gaps)
{
    uint64_t widest = 0;

    for (unsigned i = 0; i < gaps->n; i++)
        widest = gaps->widest_ms[i] > widest ? gaps->widest_ms[i] : widest;

    return widest;
}

/* ---- Turns ---- */

/* 45 of the 60 probes a minute come one after another: one turn of 20 is 26.7 s, and jitter lets some go before others. */
#define FAIR_TURN_MS 27000U
#define SCARCE       "'interval': 10, 'maxProbesPerMinute': 60"

START_TEST(twenty_that_share_60_a_minute_are_each_probed_every_27_s)
{
    static const char *const jitters[] = {SCARCE ", 'jitter': 0", SCARCE, SCARCE ", 'jitter': 0.5"};
    static const uint32_t blurs_ms[] = {0, 2 * 1000, 2 * 5000};

    for (unsigned i = 0; i < 3; i++) {
        struct sim *sim = start(20, jitters[i], NULL);
        struct gaps gaps = gaps_from_now(sim, 20);

        watch_to(sim, &gaps, 1800000);
        ck_assert_uint_le(widest_of(&gaps), FAIR_TURN_MS + blurs_ms[i]);
        ck_assert_uint_le(sim_most_probes(sim, NULL, 60000), 60);
        ck_assert_uint_ge(sim_probes(sim, NULL), 45 * 30);
        sim_free(sim);
    }
}
END_TEST

static const char *eager_but_the_first(unsigned i)
{
    return i ? "'downInterval': 0.5" : "";
}

/* The derived budget of ten with an interval of 30 s is 140 a minute, that is 105 one after another. */
START_TEST(a_crowd_of_dead_ones_takes_no_turn_from_the_one_that_lives)
{
    struct sim *sim = start(10, "'interval': 30, 'jitter': 0", eager_but_the_first);
    struct gaps gaps;

    sim_run_to(sim, 60000);
    for (unsigned i = 1; i < 10; i++)
        sim_behave(sim, id_of(i), SIM_REFUSED);
    sim_run_to(sim, 200000);
    ck_assert_uint_eq(sim_trunk(sim, "t9")->health, TRUNKHA_HEALTH_DOWN);
    gaps = gaps_from_now(sim, 1);
    watch_to(sim, &gaps, 1000000);
    ck_assert_uint_le(gaps.widest_ms[0], 30000 + 10 * 60000 / 105);
    sim_free(sim);
}
END_TEST

/* Every second one fails and fails, but never so often in a row that it would be DOWN. */
START_TEST(those_in_doubt_leave_every_other_turn_to_settled_ones)
{
    struct sim *sim =
        start(12, "'interval': 5, 'suspectInterval': 0.5, 'maxProbesPerMinute': 60, 'maxFailedAttempts': 10", NULL);
    struct gaps gaps;

    sim_run_to(sim, 60000);
    for (unsigned i = 1; i < 12; i += 2)
        sim_behave(sim, id_of(i), FAILS);
    gaps = gaps_from_now(sim, 12);
    for (uint64_t end_ms = 65000; end_ms < 1000000; end_ms += 5000) {
        watch_to(sim, &gaps, end_ms);
        for (unsigned i = 1; i < 12; i += 2)
            sim_behave(sim, id_of(i), sim_target(sim, id_of(i))->failed_attempts < 4 ? FAILS : WELL);
    }
    ck_assert_uint_le(widest_of(&gaps), 5500 + (2 * 12 + 12) * 1334);
    ck_assert_uint_le(gaps.widest_ms[0], 5500 + 2 * 12 * 1334);
    sim_free(sim);
}
END_TEST

START_TEST(who_fails_is_asked_again_at_once_though_many_wait)
{
    struct sim *sim = start(20, SCARCE, NULL);
    uint64_t first_ms;

    sim_run_to(sim, 300000);
    sim_behave(sim, "t7", SIM_REFUSED);
    while (!sim_target(sim, "t7")->failed_attempts)
        sim_run_to(sim, sim_now(sim) + 10);
    first_ms = sim_now(sim);
    while (sim_trunk(sim, "t7")->health != TRUNKHA_HEALTH_DOWN)
        sim_run_to(sim, sim_now(sim) + 10);
    ck_assert_uint_le(sim_now(sim) - first_ms, 2 * (3000 + 2 * 1334));
    sim_free(sim);
}
END_TEST

/* ---- The order outlasts ---- */

START_TEST(a_load_every_second_takes_no_turn_away)
{
    struct sim *sim = start(20, SCARCE, NULL);
    struct gaps gaps = gaps_from_now(sim, 20);

    for (uint64_t end_ms = 1000; end_ms <= 300000; end_ms += 1000) {
        watch_to(sim, &gaps, end_ms);
        reload(sim, 20, SCARCE);
    }
    ck_assert_uint_le(widest_of(&gaps), FAIR_TURN_MS + 2000);
    ck_assert_uint_le(sim_most_probes(sim, NULL, 60000), 60);
    sim_free(sim);
}
END_TEST

START_TEST(another_budget_holds_from_the_load_that_brings_it)
{
    struct sim *sim = start(20, "'interval': 10, 'maxProbesPerMinute': 20", NULL);
    struct gaps gaps;

    sim_run_to(sim, 300000);
    reload(sim, 20, "'interval': 10, 'maxProbesPerMinute': 1000");
    sim_run_to(sim, 303000);
    gaps = gaps_from_now(sim, 20);
    watch_to(sim, &gaps, 400000);
    ck_assert_uint_le(widest_of(&gaps), 11100);

    reload(sim, 20, SCARCE);
    sim_run_to(sim, 460000);
    gaps = gaps_from_now(sim, 20);
    watch_to(sim, &gaps, 800000);
    ck_assert_uint_le(widest_of(&gaps), FAIR_TURN_MS + 2000);
    sim_free(sim);
}
END_TEST

START_TEST(who_is_disabled_while_it_waits_holds_nobody_up)
{
    struct sim *sim = start(20, SCARCE, NULL);
    struct gaps gaps;
    unsigned n;

    sim_run_to(sim, 100000);
    for (unsigned i = 0; i < 10; i++)
        sim_set_admin(sim, id_of(2 * i), TRUNKHA_ADMIN_DISABLED, 0, 0);
    n = sim_probes(sim, "t4");
    sim_run_to(sim, 130000);
    gaps = gaps_from_now(sim, 20);
    watch_to(sim, &gaps, 300000);
    ck_assert_uint_eq(sim_probes(sim, "t4"), n);
    for (unsigned i = 1; i < 20; i += 2)
        ck_assert_uint_le(gaps.widest_ms[i], FAIR_TURN_MS / 2 + 2000);

    for (unsigned i = 0; i < 10; i++)
        sim_set_admin(sim, id_of(2 * i), TRUNKHA_ADMIN_ENABLED, 0, 0);
    gaps = gaps_from_now(sim, 20);
    watch_to(sim, &gaps, 600000);
    ck_assert_uint_le(widest_of(&gaps), 2 * FAIR_TURN_MS); /* who is UNKNOWN goes first, once */
    sim_free(sim);
}
END_TEST

START_TEST(disabling_and_enabling_again_and_again_takes_no_turn_from_others)
{
    struct sim *sim = start(20, SCARCE, NULL);
    struct gaps gaps;

    sim_run_to(sim, 100000);
    gaps = gaps_from_now(sim, 20);
    for (uint64_t end_ms = 100500; end_ms < 400000; end_ms += 500) {
        watch_to(sim, &gaps, end_ms);
        sim_set_admin(sim, "t0", TRUNKHA_ADMIN_DISABLED, 0, 0);
        sim_set_admin(sim, "t0", TRUNKHA_ADMIN_ENABLED, 0, 0);
    }
    for (unsigned i = 1; i < 20; i++)
        ck_assert_uint_le(gaps.widest_ms[i], 2 * FAIR_TURN_MS + 2000);
    sim_free(sim);
}
END_TEST

START_TEST(who_waits_goes_when_nobody_probes_any_more_and_comes_back)
{
    struct sim *sim = start(5, "'interval': 5, 'maxProbesPerMinute': 2", NULL);

    sim_run_to(sim, 30000);
    for (unsigned i = 0; i < 5; i++)
        sim_set_admin(sim, id_of(i), TRUNKHA_ADMIN_DISABLED, 0, 0);
    ck_assert_uint_eq(tha_core_next_expiry(sim_core(sim)), THA_NEVER);
    sim_set_admin(sim, "t3", TRUNKHA_ADMIN_ENABLED, 0, 0);
    sim_run_to(sim, 90000);
    ck_assert_str_eq(sim_order(sim, "g0"), "t3 | t0 t1 t2 t4");
    sim_free(sim);
}
END_TEST

START_TEST(ten_thousand_at_one_address_take_turns_too)
{
    struct sim *sim = start(10000, "'interval': 60, 'maxProbesPerMinute': 12000", NULL);
    unsigned n;

    sim_behave_all(sim, WELL);
    sim_run_to(sim, 100000);
    n = sim_probes(sim, "t17");
    sim_run_to(sim, 100000 + 3 * 67000); /* 9,000 a minute */
    ck_assert_uint_ge(sim_probes(sim, "t17") - n, 2);
    ck_assert_uint_le(sim_probes(sim, "t17") - n, 4);
    ck_assert_uint_ge(sim_probes(sim, "t9999"), 3);
    sim_free(sim);
}
END_TEST

/* ---- Any world ---- */

static uint32_t random_between(uint32_t *state, uint32_t least, uint32_t most)
{
    *state = *state * 1664525U + 1013904223U;

    return least + (uint32_t)((uint64_t)(*state >> 8) * (most - least + 1) >> 24);
}

static uint32_t trunk_random;

static const char *some_intervals(unsigned i)
{
    static char buf[128];

    (void)i;
    snprintf(buf, sizeof(buf), "'interval': %u, 'suspectInterval': %.1f, 'downInterval': %.1f",
             random_between(&trunk_random, 1, 20), random_between(&trunk_random, 5, 50) / 10.0,
             random_between(&trunk_random, 5, 200) / 10.0);

    return buf;
}

/** A trunk does something else. */
static void stir(struct sim *sim, unsigned n, uint32_t *random)
{
    static const struct sim_manner manners[] = {{200, 0}, {200, 10}, {503, 5}, {-1, 0}, {0, 0}};

    sim_behave(sim, id_of(random_between(random, 0, n - 1)), manners[random_between(random, 0, 4)]);
}

START_TEST(nobody_ever_waits_longer_than_the_bound)
{
    for (uint32_t seed = 1; seed <= 16; seed++) {
        uint32_t random = seed * 7919;
        unsigned n = random_between(&random, 2, 40), max = random_between(&random, 2, seed % 2 ? 8 : 120);
        uint64_t bound_ms, end_ms = 0;
        struct tha_budget budget;
        struct gaps gaps;
        struct sim *sim;
        char keepalive[128];

        snprintf(keepalive, sizeof(keepalive), "'maxProbesPerMinute': %u, 'timeout': 0.5, 'jitter': 0.%u", max,
                 random_between(&random, 0, 5));
        trunk_random = random;
        sim = start(n, keepalive, some_intervals);
        tha_budget_init(&budget, max, 0);
        bound_ms = 20000 * 3 / 2 + 500 + tha_budget_longest_wait_ms(&budget, n);
        gaps = gaps_from_now(sim, n);
        while (end_ms < 8 * bound_ms && end_ms < 600000) {
            watch_to(sim, &gaps, end_ms += random_between(&random, 100, 20000));
            stir(sim, n, &random);
        }
        if (widest_of(&gaps) > bound_ms || sim_most_probes(sim, NULL, 60000) > max)
            ck_abort_msg("seed %u: %u ms of %u", seed, (unsigned)widest_of(&gaps), (unsigned)bound_ms);
        sim_free(sim);
    }
}
END_TEST

SUITE("sim: turns", twenty_that_share_60_a_minute_are_each_probed_every_27_s,
      a_crowd_of_dead_ones_takes_no_turn_from_the_one_that_lives, those_in_doubt_leave_every_other_turn_to_settled_ones,
      who_fails_is_asked_again_at_once_though_many_wait, a_load_every_second_takes_no_turn_away,
      another_budget_holds_from_the_load_that_brings_it, who_is_disabled_while_it_waits_holds_nobody_up,
      disabling_and_enabling_again_and_again_takes_no_turn_from_others,
      who_waits_goes_when_nobody_probes_any_more_and_comes_back, ten_thousand_at_one_address_take_turns_too,
      nobody_ever_waits_longer_than_the_bound)
