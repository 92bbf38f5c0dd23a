/* What the forecast promises, and what the core then does: many random configurations, and faults at their worst moments. */
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"
#include "core/forecast.h"
#include "sim.h"
#include "worlds.h"

#define N_WORLDS          240U
#define WELL              ((struct sim_manner){200, 0})
#define REJECTED          ((struct sim_manner){503, 0})
#define FOR_EVER          UINT32_MAX
#define N_GAPS            100U /* looked through for the widest one */
#define N_MOMENTS         24U
#define N_MOMENTS_OF_MANY 96U

/** Two carriers: the first with some trunks at one address, the second well for ever. */
struct world {
    uint32_t seed;
    uint32_t n;
    uint32_t interval_ms, suspect_ms, down_ms, timeout_ms, jitter_permille;
    uint32_t max_failed, recovery, max_per_minute, hold_down_ms;
    char json[4096];
};

static uint32_t random_between(uint32_t *state, uint32_t least, uint32_t most)
{
    *state = *state * 1664525U + 1013904223U;

    return least + (uint32_t)((uint64_t)(*state >> 8) * (most - least + 1) >> 24);
}

static void write_world(struct world *world)
{
    size_t room = sizeof(world->json);
    size_t len = (size_t)snprintf(
        world->json, room,
        "{'keepalive': {'interval': %.3f, 'suspectInterval': %.3f, 'downInterval': %.3f, 'timeout': %.3f, 'jitter': %.3f,"
        " 'maxFailedAttempts': %u, 'recoveryAttempts': %u, 'maxProbesPerMinute': %u},"
        " 'routingProfiles': [{'id': 'out', 'primaryTrunkGroup': 'a', 'secondaryTrunkGroup': 'b',"
        " 'failback': {'holdDown': %.3f}}],"
        " 'trunkGroups': [{'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}, {'id': 'a', 'trunks': [",
        world->interval_ms / 1e3, world->suspect_ms / 1e3, world->down_ms / 1e3, world->timeout_ms / 1e3,
        world->jitter_permille / 1e3, world->max_failed, world->recovery, world->max_per_minute, world->hold_down_ms / 1e3);

    for (uint32_t i = 1; i <= world->n; i++)
        len +=
            (size_t)snprintf(world->json + len, room - len, "%s{'id': 'a%u', 'sipAddress': '192.0.2.1:%u', 'priority': %u}",
                             i > 1 ? ", " : "", i, 5060 + i, i);
    snprintf(world->json + len, room - len, "]}]}");
}

static struct world make_world(uint32_t number)
{
    static const uint32_t jitters[] = {0, 50, 100, 200, 500};
    uint32_t random = number * 7919 + 1;
    struct world world = {.seed = number + 1};
    uint32_t needed;

    world.n = random_between(&random, 0, 2) ? 1 : random_between(&random, 2, 6);
    world.interval_ms = random_between(&random, 1000, random_between(&random, 0, 1) ? 10000 : 90000);
    world.suspect_ms = random_between(&random, 500, 6000);
    world.down_ms = random_between(&random, 500, 30000);
    world.timeout_ms = random_between(&random, 100, 5000);
    world.jitter_permille = jitters[random_between(&random, 0, 4)];
    world.max_failed = random_between(&random, 1, 6);
    world.recovery = random_between(&random, 1, 4);
    world.hold_down_ms = random_between(&random, 0, 60000);
    needed = world.n * 60000 / world.interval_ms;
    if (!random_between(&random, 0, 2))
        world.max_per_minute = random_between(&random, needed + needed / 2 + 4, 3 * needed + 20);
    write_world(&world);

    return world;
}

/** Gives the same world two thirds of the budget that it needs. False = that is none. */
static bool make_crowd(struct world *world)
{
    world->max_per_minute = world->n * 60000 / world->interval_ms * 2 / 3;
    write_world(world);

    return world->n > 1 && world->max_per_minute >= 2;
}

struct foreseen {
    trunkha_forecast of_profile;
    trunkha_forecast_peer peer; /**< 192.0.2.1; zeros if that is not probed */
};

static struct foreseen foresee(const char *world, uint32_t profile)
{
    char *json = strdup(world);
    struct tha_model *model = NULL;
    struct tha_forecast *forecast = NULL;
    struct foreseen result = {0};
    uint32_t place = 0;

    ck_assert_ptr_nonnull(json);
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), NULL, NULL, &model), 0);
    ck_assert_int_eq(tha_forecast_new(&tha_mem_default, model, &forecast), 0);
    tha_forecast_profile(forecast, profile, &result.of_profile);
    while (strcmp(result.peer.peer, "192.0.2.1") != 0 && tha_forecast_next_peer(forecast, &place, &result.peer))
        ;
    if (strcmp(result.peer.peer, "192.0.2.1") != 0)
        result.peer = (trunkha_forecast_peer){0};
    tha_forecast_free(forecast);
    tha_model_free(model);
    free(json);

    return result;
}

static trunkha_forecast forecast_of(const char *world, uint32_t profile)
{
    return foresee(world, profile).of_profile;
}

/* ---- The simulated world ---- */

static struct sim *start(const struct world *world, uint32_t seed)
{
    struct sim *sim = sim_new_with_seed(world->json, seed * UINT64_C(0x9E3779B97F4A7C15));

    sim_behave_all(sim, WELL);
    sim_run_to(sim, 1000); /* all have been probed */

    return sim;
}

static struct sim_manner manner_of(uint32_t fault)
{
    return fault == TRUNKHA_FAULT_SILENCE ? SIM_SILENT : fault == TRUNKHA_FAULT_REFUSED ? SIM_REFUSED : REJECTED;
}

static void behave(struct sim *sim, const struct world *world, struct sim_manner manner)
{
    char id[8];

    for (uint32_t i = 1; i <= world->n; i++) {
        snprintf(id, sizeof(id), "a%u", i);
        sim_behave(sim, id, manner);
    }
}

/** The probe of a1, of the next N_GAPS, after which the longest time passes until the next. */
static uint64_t find_widest_gap(struct sim *sim, uint32_t step_ms)
{
    uint64_t begin = 0, widest = 0, last = sim_last_probe(sim, "a1");

    for (uint32_t n = 0; n < N_GAPS;) {
        uint64_t at;

        sim_run_to(sim, sim_now(sim) + step_ms);
        at = sim_last_probe(sim, "a1");
        if (at == last)
            continue;
        if (n++ > 2 && at - last > widest) {
            widest = at - last;
            begin = last;
        }
        last = at;
    }

    return begin;
}

static uint32_t shortest_of(const struct world *world)
{
    uint32_t shortest = world->interval_ms < world->down_ms ? world->interval_ms : world->down_ms;

    return (shortest - shortest * world->jitter_permille / 1000) * 9 / 10;
}

/** From now until a1 is @p health. */
static uint64_t time_until(struct sim *sim, uint32_t health, uint64_t at_most_ms)
{
    uint64_t from_ms = sim_now(sim);
    unsigned nth = sim_count_events(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1");
    const struct sim_event *event;

    sim_run_to(sim, from_ms + at_most_ms);
    for (; (event = sim_event(sim, TRUNKHA_EVENT_TRUNK_STATE, "a1", nth)); nth++) {
        if (event->event.health == health)
            return event->at_ms - from_ms;
    }

    return UINT64_MAX;
}

/* ---- Detection ---- */

static uint64_t detect_at_worst(const struct world *world, uint32_t fault, uint32_t at_most_ms)
{
    struct sim *sim = start(world, world->seed);
    uint64_t begin = find_widest_gap(sim, shortest_of(world)), took;

    sim_free(sim);
    sim = start(world, world->seed);
    sim_run_to(sim, begin);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), begin);
    behave(sim, world, manner_of(fault));
    took = time_until(sim, TRUNKHA_HEALTH_DOWN, at_most_ms);
    sim_free(sim);

    return took;
}

/** Several trunks whose probes wait for their peer's budget are as unlucky as it counts on only in some of its worlds. */
START_TEST(detection_never_takes_longer_than_the_worst_and_comes_near_it)
{
    unsigned n_near = 0, n_found = 0, n_alone = 0;

    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);
        uint32_t fault = i % 3;
        uint32_t worst = forecast_of(world.json, 0).faults[fault].worst_detection_ms;
        uint64_t took;

        if (worst == FOR_EVER)
            continue;
        took = detect_at_worst(&world, fault, worst + 100000);
        if (took > worst || (world.n == 1 && took * 100 < (uint64_t)worst * 95))
            ck_abort_msg("%u ms instead of %u after fault %u in %s", (unsigned)took, worst, fault, world.json);
        n_found++;
        n_alone += world.n == 1;
        n_near += took * 100 >= (uint64_t)worst * 95;
    }
    ck_assert_uint_ge(n_alone, 100);
    ck_assert_uint_ge(n_found, N_WORLDS * 9 / 10);
    ck_assert_uint_ge(n_near, n_found * 9 / 10);
}
END_TEST

START_TEST(detection_never_takes_longer_than_the_worst_in_a_crowd)
{
    unsigned n_found = 0;

    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);
        uint32_t fault = i % 3, worst;
        uint64_t took;

        if (!make_crowd(&world))
            continue;
        worst = forecast_of(world.json, 0).faults[fault].worst_detection_ms;
        took = detect_at_worst(&world, fault, worst + 100000);
        if (took > worst || took * 5 < worst * 2)
            ck_abort_msg("%u ms instead of %u after fault %u in %s", (unsigned)took, worst, fault, world.json);
        n_found++;
    }
    ck_assert_uint_ge(n_found, 40);
}
END_TEST

/** In part number @p nth of @p n: alone, of an interval; several, long after the start, of several turns. */
static uint64_t moment_of(const struct world *world, uint32_t *random, uint32_t nth, uint32_t n)
{
    uint32_t turn_ms = world->max_per_minute ? world->n * 60000 / world->max_per_minute : 0;
    uint32_t part_ms = (world->n == 1 ? world->interval_ms : 8 * (world->interval_ms + turn_ms)) / n;

    return (world->n == 1 ? 3 : 100) * (uint64_t)world->interval_ms + nth * part_ms + random_between(random, 0, part_ms);
}

static uint64_t detect_at_random(const struct world *world, uint32_t fault, uint32_t nth, uint32_t n, uint32_t at_most_ms)
{
    struct sim *sim = start(world, world->seed * 1000 + nth);
    uint32_t random = world->seed * 31 + nth * 7717;
    uint64_t took;

    random_between(&random, 0, 1);
    sim_run_to(sim, 1000 + moment_of(world, &random, nth, n));
    behave(sim, world, manner_of(fault));
    took = time_until(sim, TRUNKHA_HEALTH_DOWN, at_most_ms);
    sim_free(sim);

    return took;
}

static double mean_to_forecast(const struct world *world, uint32_t fault)
{
    trunkha_forecast_fault forecast = forecast_of(world->json, 0).faults[fault];
    uint32_t n = world->n == 1 ? N_MOMENTS : N_MOMENTS_OF_MANY;
    double mean = 0;

    for (uint32_t i = 0; i < n; i++)
        mean += (double)detect_at_random(world, fault, i, n, forecast.worst_detection_ms + 1000) / n;

    return mean / forecast.mean_detection_ms;
}

/** Of one world there are few moments: what is off by chance there is right on average over all of them. */
START_TEST(detection_takes_the_mean_on_average)
{
    double sum = 0;

    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);
        double ratio = mean_to_forecast(&world, i % 3);

        ck_assert_double_eq_tol(ratio, 1, world.n == 1 ? 0.3 : 0.2);
        sum += ratio;
    }
    ck_assert_double_eq_tol(sum / N_WORLDS, 1, 0.01);
}
END_TEST

START_TEST(detection_takes_the_mean_in_a_crowd)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);

        if (!make_crowd(&world))
            continue;
        ck_assert_double_eq_tol(mean_to_forecast(&world, i % 3), 1, 0.2);
        n++;
    }
    ck_assert_uint_ge(n, 40);
}
END_TEST

/** The other one is asked five times as often, and its failing probes have used the budget up before the first of a1. */
#define UNEQUAL_PAIR                                                                                                        \
    "{'keepalive': {'jitter': 0, 'maxFailedAttempts': 6, 'maxProbesPerMinute': 11}, 'routingProfiles': [{'id': 'out',"      \
    " 'primaryTrunkGroup': 'a', 'secondaryTrunkGroup': 'b'}], 'trunkGroups': ["                                             \
    "{'id': 'b', 'trunks': [{'id': 'b1', 'sipAddress': '198.51.100.1'}]}, {'id': 'a', 'trunks': ["                          \
    "{'id': 'a1', 'sipAddress': '192.0.2.1:5061', 'keepalive': {'interval': 60.206, 'suspectInterval': 0.893,"              \
    " 'downInterval': 23.164, 'timeout': 2.001}}, {'id': 'a2', 'sipAddress': '192.0.2.1:5062', 'priority': 1,"              \
    " 'keepalive': {'interval': 12.655, 'suspectInterval': 1.921, 'downInterval': 11.254, 'timeout': 3.515}}]}]}"

START_TEST(another_trunk_that_is_asked_more_often_delays_no_longer_than_the_worst)
{
    uint32_t worst = forecast_of(UNEQUAL_PAIR, 0).faults[TRUNKHA_FAULT_SILENCE].worst_detection_ms;
    struct sim *sim = sim_new(UNEQUAL_PAIR);
    uint64_t took;

    sim_behave_all(sim, WELL);
    sim_run_to(sim, 241157);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_behave(sim, "a2", SIM_SILENT);
    took = time_until(sim, TRUNKHA_HEALTH_DOWN, 2 * worst);
    ck_assert_uint_gt(took, 111053); /* what was once taken for the worst */
    ck_assert_uint_le(took, worst);
    sim_free(sim);
}
END_TEST

/* ---- Failback ---- */

/** The probe of a1 while it is DOWN after which the longest time passes, is the last to be lost. */
static uint64_t fail_back_at_worst(const struct world *world, uint32_t at_most_ms)
{
    struct sim *sim = start(world, world->seed);
    uint64_t begin, back_ms = UINT64_MAX;
    const struct sim_event *event;
    unsigned nth;

    behave(sim, world, SIM_SILENT);
    sim_run_to(sim, 1000000);
    begin = find_widest_gap(sim, shortest_of(world));
    sim_free(sim);

    sim = start(world, world->seed);
    behave(sim, world, SIM_SILENT);
    sim_run_to(sim, begin);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), begin);
    behave(sim, world, WELL);
    sim_forget(sim);
    sim_run_to(sim, begin + at_most_ms);
    nth = sim_count_events(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out");
    event = nth ? sim_event(sim, TRUNKHA_EVENT_ACTIVE_CHANGE, "out", nth - 1) : NULL;
    if (event && !strcmp(sim_active(sim, "out"), "a1"))
        back_ms = event->at_ms - begin;
    sim_free(sim);

    return back_ms;
}

/** Jitter would have to be at its worst with each of the probes that bring it back: all but the first are left to chance. */
START_TEST(failback_never_takes_longer_than_forecast_and_comes_near_it)
{
    unsigned n_near = 0, n_back = 0;

    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);
        uint32_t worst = forecast_of(world.json, 0).failback_ms;
        uint64_t chance = 2 * (uint64_t)(world.recovery - 1) * (world.down_ms * world.jitter_permille / 1000), took;

        if (worst == FOR_EVER)
            continue;
        took = fail_back_at_worst(&world, worst + 100000);
        if (took > worst || (world.n == 1 && took * 100 < (worst - chance) * 95))
            ck_abort_msg("%u ms instead of %u in %s", (unsigned)took, worst, world.json);
        n_back++;
        n_near += took * 100 >= (worst - chance) * 95;
    }
    ck_assert_uint_ge(n_back, N_WORLDS * 9 / 10);
    ck_assert_uint_ge(n_near, n_back * 9 / 10);
}
END_TEST

/* ---- To the millisecond, where nothing is random ---- */

START_TEST(detection_comes_exactly_when_the_worst_says)
{
    static const struct sim_manner manners[] = {{0, 0}, {-1, 0}, {503, 0}};
    trunkha_forecast forecast = forecast_of(TWO_CARRIERS, 0);

    for (uint32_t fault = 0; fault < 3; fault++) {
        struct sim *sim = sim_new(TWO_CARRIERS);
        uint32_t worst = forecast.faults[fault].worst_detection_ms;

        sim_behave_all(sim, WELL);
        sim_run_to(sim, 60000); /* a1 is probed right then */
        ck_assert_uint_eq(sim_last_probe(sim, "a1"), 60000);
        sim_behave(sim, "a1", manners[fault]);
        sim_run_to(sim, 60000 + worst - 1);
        ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_AVAILABLE);
        sim_run_to(sim, 60000 + worst);
        ck_assert_uint_eq(sim_trunk(sim, "a1")->health, TRUNKHA_HEALTH_DOWN);
        sim_free(sim);
    }
}
END_TEST

START_TEST(failback_comes_exactly_when_the_forecast_says)
{
    struct sim *sim = sim_new(TWO_CARRIERS);
    uint32_t failback = forecast_of(TWO_CARRIERS, 0).failback_ms;

    sim_behave_all(sim, WELL);
    sim_run_to(sim, 20);
    sim_behave(sim, "a1", SIM_SILENT);
    sim_run_to(sim, 51000);
    ck_assert_uint_eq(sim_last_probe(sim, "a1"), 51000);
    sim_behave(sim, "a1", WELL);
    sim_run_to(sim, 51000 + failback - 1);
    ck_assert_str_eq(sim_active(sim, "out"), "b1");
    sim_run_to(sim, 51000 + failback);
    ck_assert_str_eq(sim_active(sim, "out"), "a1");
    sim_free(sim);
}
END_TEST

/* ---- Names ---- */

#define NAMED "{'trunkGroups': [{'id': 'g', 'trunks': [{'id': 't', 'sipAddress': 'sip:carrier.example:5060'}]}]}"
#define ZONE  "carrier.example A 3600 192.0.2.1\n"

START_TEST(loss_of_the_dns_is_told_within_the_worst_and_comes_near_it)
{
    uint32_t worst = forecast_of(NAMED, 0).faults[TRUNKHA_FAULT_DNS].worst_detection_ms;
    struct sim *sim = sim_new_with_zone(NAMED, ZONE);
    const struct sim_event *event;

    sim_run_to(sim, 1000);
    sim_forget(sim);
    sim_set_zone(sim, NULL);
    sim_run_to(sim, 1000 + worst);
    event = sim_event(sim, TRUNKHA_EVENT_ADDRESS_CHANGE, "t", 0);
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->event.reason, TRUNKHA_REASON_DNS_FAILURE);
    ck_assert_uint_ge(event->at_ms, (uint64_t)worst * 95 / 100);
    sim_free(sim);
}
END_TEST

/* ---- What a peer is asked ---- */

/** All but those of b1. */
static unsigned probes_of_peer(const struct sim *sim)
{
    return sim_probes(sim, NULL) - sim_probes(sim, "b1");
}

START_TEST(no_second_sees_more_probes_than_the_burst_and_no_minute_more_than_the_rate)
{
    for (uint32_t i = 0; i < N_WORLDS; i++) {
        struct world world = make_world(i);
        trunkha_forecast_peer peer = foresee(world.json, 0).peer;
        struct sim *sim = start(&world, world.seed);
        unsigned n = probes_of_peer(sim);

        sim_run_to(sim, 601000);
        n = probes_of_peer(sim) - n;
        ck_assert_uint_le(n, peer.probes_per_minute * 11 + world.n);
        ck_assert_uint_ge(n + 10 + world.n, peer.probes_per_minute * 9);

        sim_behave_all(sim, SIM_SILENT); /* a fault at home, and its end */
        sim_run_to(sim, 780000);
        sim_behave_all(sim, WELL);
        sim_run_to(sim, 900000);
        n = sim_most_probes(sim, NULL, 1000);
        ck_assert_uint_le(n, peer.probe_burst + sim_most_probes(sim, "b1", 1000));
        sim_free(sim);
    }
}
END_TEST

SUITE("sim: forecast", detection_never_takes_longer_than_the_worst_and_comes_near_it,
      detection_never_takes_longer_than_the_worst_in_a_crowd,
      another_trunk_that_is_asked_more_often_delays_no_longer_than_the_worst, detection_takes_the_mean_on_average,
      detection_takes_the_mean_in_a_crowd, failback_never_takes_longer_than_forecast_and_comes_near_it,
      detection_comes_exactly_when_the_worst_says, failback_comes_exactly_when_the_forecast_says,
      loss_of_the_dns_is_told_within_the_worst_and_comes_near_it,
      no_second_sees_more_probes_than_the_burst_and_no_minute_more_than_the_rate)
