#include "sim/world.h"

#include <string.h>

#include "../suite.h"
#include "base/heap.h"
#include "config/config.h"

#define RTT 20U

static const char config[] =
    "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"},"
    " {\"id\": \"b\", \"sipAddress\": \"192.0.2.2\"}]}, {\"id\": \"h\", \"trunks\": [{\"id\": \"c\", \"sipAddress\":"
    " \"192.0.2.3\"}]}]}";

enum { A, B, C };

static const char *const of_a[] = {"a"}, *const of_group[] = {"g"}, *const of_address[] = {"192.0.2.1:5060"};

static struct tha_model *model;
static struct tha_world *world;
static struct tha_scenario_step steps[8];
static struct tha_scenario scenario;

static struct tha_scenario_step *step(const char *const *whom, uint32_t of, uint32_t conduct)
{
    struct tha_scenario_step *added = &steps[scenario.n_steps++];

    *added = (struct tha_scenario_step){
        .kind = THA_STEP_MANNER, .whom = whom, .n_whom = whom != NULL, .of = of, .manner = {conduct, 0, 0, RTT, 0, 0, 0}};

    return added;
}

static void make_world(void)
{
    ck_assert_int_eq(tha_config_read(&tha_mem_default, config, strlen(config), NULL, NULL, &model), 0);
    scenario.steps = steps;
    scenario.rtt_ms = RTT;
    ck_assert_int_eq(tha_world_new(&tha_mem_default, &scenario, model, 1, &world), 0);
}

static void end_world(void)
{
    world = tha_world_free(world);
    model = tha_model_free(model);
    scenario = (struct tha_scenario){.n_steps = 0};
}

static uint32_t conduct_of(uint32_t trunk, uint32_t of, uint64_t now_ms)
{
    struct tha_echo echo;

    tha_world_send(world, trunk, &model->trunks[trunk].addr, of, now_ms, &echo);

    return echo.conduct;
}

START_TEST(carriers_do_well_until_a_step_says_otherwise)
{
    step(of_a, THA_CONDUCT_OF_BOTH, THA_CONDUCT_SILENT);
    make_world();
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 1), THA_CONDUCT_WELL);
    tha_world_take_step(world, &steps[0], 2);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(conduct_of(B, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_WELL);
    end_world();
}
END_TEST

START_TEST(probes_and_calls_can_be_told_apart)
{
    step(of_a, THA_CONDUCT_OF_CALLS, THA_CONDUCT_MUTE);
    make_world();
    tha_world_take_step(world, &steps[0], 2);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_WELL);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_MUTE);
    ck_assert(tha_world_is_faulty(world, A, &model->trunks[A].addr, 2));
    end_world();
}
END_TEST

START_TEST(group_is_all_of_its_trunks_and_nobody_is_everybody)
{
    step(of_group, THA_CONDUCT_OF_BOTH, THA_CONDUCT_REFUSED);
    step(NULL, THA_CONDUCT_OF_BOTH, THA_CONDUCT_SILENT);
    make_world();
    tha_world_take_step(world, &steps[0], 2);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(B, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(C, THA_CONDUCT_OF_CALLS, 2), THA_CONDUCT_WELL);
    tha_world_take_step(world, &steps[1], 3);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 3), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(conduct_of(C, THA_CONDUCT_OF_CALLS, 3), THA_CONDUCT_SILENT);
    end_world();
}
END_TEST

START_TEST(address_without_a_port_is_whatever_is_there)
{
    static const char *const of_host[] = {"192.0.2.1:0"};
    struct tha_addr other;
    struct tha_echo echo;

    step(of_host, THA_CONDUCT_OF_BOTH, THA_CONDUCT_REFUSED);
    step(of_address, THA_CONDUCT_OF_BOTH, THA_CONDUCT_SILENT);
    make_world();
    other = model->trunks[A].addr;
    other.port = 5070;
    tha_world_take_step(world, &steps[0], 2);
    tha_world_send(world, A, &other, THA_CONDUCT_OF_PROBES, 2, &echo);
    ck_assert_uint_eq(echo.conduct, THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(B, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_WELL);
    tha_world_take_step(world, &steps[1], 3);
    tha_world_send(world, A, &other, THA_CONDUCT_OF_PROBES, 3, &echo);
    ck_assert_uint_eq(echo.conduct, THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 3), THA_CONDUCT_SILENT);
    end_world();
}
END_TEST

START_TEST(later_word_counts_be_it_of_an_address_or_of_a_trunk)
{
    step(of_address, THA_CONDUCT_OF_BOTH, THA_CONDUCT_REFUSED);
    step(of_a, THA_CONDUCT_OF_BOTH, THA_CONDUCT_SILENT);
    make_world();
    tha_world_take_step(world, &steps[0], 2);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_REFUSED);
    ck_assert_uint_eq(conduct_of(B, THA_CONDUCT_OF_PROBES, 2), THA_CONDUCT_WELL);
    tha_world_take_step(world, &steps[1], 3);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 3), THA_CONDUCT_SILENT);
    tha_world_take_step(world, &steps[0], 4);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_PROBES, 4), THA_CONDUCT_REFUSED);
    end_world();
}
END_TEST

START_TEST(flapping_begins_with_being_down_and_flips_to_the_millisecond)
{
    struct tha_scenario_step *flapping = step(of_a, THA_CONDUCT_OF_BOTH, THA_CONDUCT_SILENT);
    const struct tha_addr *addr;

    flapping->manner.down_ms = 100;
    flapping->manner.up_ms = 300;
    make_world();
    addr = &model->trunks[A].addr;
    tha_world_take_step(world, flapping, 1000);

    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 1000), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(tha_world_next_flip(world, A, addr, 1000), 1100);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 1099), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 1100), THA_CONDUCT_WELL);
    ck_assert_uint_eq(tha_world_next_flip(world, A, addr, 1100), 1400);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 1399), THA_CONDUCT_WELL);
    ck_assert_uint_eq(conduct_of(A, THA_CONDUCT_OF_CALLS, 1400), THA_CONDUCT_SILENT);
    ck_assert_uint_eq(tha_world_next_flip(world, B, &model->trunks[B].addr, 1400), THA_NEVER);
    end_world();
}
END_TEST

START_TEST(loss_takes_its_share_and_is_no_fault)
{
    struct tha_scenario_step *lossy = step(of_a, THA_CONDUCT_OF_BOTH, THA_CONDUCT_WELL);
    unsigned lost = 0;

    lossy->manner.loss_permille = 300;
    make_world();
    tha_world_take_step(world, lossy, 0);
    for (unsigned i = 0; i < 10000; i++)
        lost += conduct_of(A, THA_CONDUCT_OF_PROBES, i) == THA_CONDUCT_SILENT;
    ck_assert_uint_ge(lost, 2800);
    ck_assert_uint_le(lost, 3200);
    ck_assert(!tha_world_is_faulty(world, A, &model->trunks[A].addr, 0));
    end_world();
}
END_TEST

START_TEST(line_that_is_cut_silences_everybody)
{
    struct tha_scenario_step *cut = step(NULL, 0, 0);

    *cut = (struct tha_scenario_step){.kind = THA_STEP_HOME, .is_cut = true};
    make_world();
    tha_world_take_step(world, cut, 5);
    for (uint32_t trunk = A; trunk <= C; trunk++) {
        ck_assert_uint_eq(conduct_of(trunk, THA_CONDUCT_OF_PROBES, 5), THA_CONDUCT_SILENT);
        ck_assert(tha_world_is_faulty(world, trunk, &model->trunks[trunk].addr, 5));
    }
    cut->is_cut = false;
    tha_world_take_step(world, cut, 6);
    ck_assert_uint_eq(conduct_of(C, THA_CONDUCT_OF_PROBES, 6), THA_CONDUCT_WELL);
    end_world();
}
END_TEST

SUITE("sim world", carriers_do_well_until_a_step_says_otherwise, probes_and_calls_can_be_told_apart,
      group_is_all_of_its_trunks_and_nobody_is_everybody, address_without_a_port_is_whatever_is_there,
      later_word_counts_be_it_of_an_address_or_of_a_trunk, flapping_begins_with_being_down_and_flips_to_the_millisecond,
      loss_takes_its_share_and_is_no_fault, line_that_is_cut_silences_everybody)
