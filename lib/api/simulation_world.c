/* The source of a scenario: its steps, its carriers, its DNS, its callers, in the order of time. */
#include "simulation.h"

#include <string.h>

uint64_t tha_simulation_step_ms(const trunkha_simulation *simulation)
{
    uint32_t next = simulation->next_step;

    return next < simulation->scenario->n_steps ? THA_SIM_START_MS + simulation->scenario->steps[next].at_ms : THA_NEVER;
}

/* ---- What is true of a trunk ---- */

/** A trunk fails when all of its targets do. */
static void weigh_trunk(trunkha_simulation *simulation, uint32_t index, uint64_t now_ms)
{
    const struct tha_table *table = tha_core_table(simulation->machine.core);
    const struct tha_trunk *trunk = &table->trunks[index];
    const struct tha_name *name = tha_table_trunk_model(table, index)->dns_name;
    bool is_faulty = trunk->n_targets || (name && !tha_resolver_leads_somewhere(simulation->resolver, name));
    uint64_t flip_ms = THA_NEVER;

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_addr *addr = &table->targets[trunk->first_target + i].addr;
        uint64_t next_ms = tha_world_next_flip(simulation->world, index, addr, now_ms);

        is_faulty = is_faulty && tha_world_is_faulty(simulation->world, index, addr, now_ms);
        flip_ms = next_ms < flip_ms ? next_ms : flip_ms;
    }

    tha_tally_note_fault(simulation->tally, index, is_faulty, now_ms - THA_SIM_START_MS);
    tha_agenda_set(&simulation->agenda, &simulation->flips[index].due, flip_ms);
}

static void weigh_all(trunkha_simulation *simulation, uint64_t now_ms)
{
    uint32_t n_trunks = tha_core_table(simulation->machine.core)->model->n_trunks;

    for (uint32_t i = 0; i < n_trunks; i++)
        weigh_trunk(simulation, i, now_ms);
}

/* ---- Steps ---- */

static bool is_meant(const struct tha_model *model, uint32_t trunk, const struct tha_scenario_step *step)
{
    for (uint32_t i = 0; i < step->n_whom; i++) {
        if (!strcmp(step->whom[i], model->trunks[trunk].id) ||
            !strcmp(step->whom[i], model->groups[model->trunks[trunk].group].id))
            return true;
    }

    return !step->n_whom;
}

static int obey_operator(trunkha_simulation *simulation, const struct tha_scenario_step *step, uint64_t now_ms)
{
    struct tha_core *core = simulation->machine.core;
    const struct tha_model *model = tha_core_table(core)->model;
    int err = 0;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++) {
        if (is_meant(model, i, step))
            err =
                tha_core_set_admin(core, model->trunks[i].id, step->admin, TRUNKHA_REASON_NONE, NULL, step->for_ms, now_ms);
    }

    return err;
}

static int take_step(trunkha_simulation *simulation, const struct tha_scenario_step *step, uint64_t now_ms)
{
    tha_world_take_step(simulation->world, step, now_ms);
    tha_resolver_take_step(simulation->resolver, step);

    if (step->kind == THA_STEP_ADMIN)
        return obey_operator(simulation, step, now_ms);
    if (step->kind == THA_STEP_FAILBACK)
        return tha_core_fail_back(simulation->machine.core, step->name, now_ms);

    return 0;
}

/** Before anything else of the same moment. */
static int take_steps(trunkha_simulation *simulation, uint64_t now_ms)
{
    if (tha_simulation_step_ms(simulation) > now_ms)
        return 0;

    while (tha_simulation_step_ms(simulation) <= now_ms) {
        int err = take_step(simulation, &simulation->scenario->steps[simulation->next_step], now_ms);

        if (err)
            return err;
        simulation->next_step++;
    }
    weigh_all(simulation, now_ms);

    return 0;
}

int tha_simulation_begin_world(trunkha_simulation *simulation)
{
    return take_steps(simulation, simulation->machine.now_ms);
}

/* ---- What is due ---- */

static void take_probe(trunkha_simulation *simulation, struct tha_due *due, uint64_t now_ms)
{
    struct tha_evidence evidence;
    uint32_t slot;

    if (tha_probes_take(simulation->probes, due, now_ms, &slot, &evidence))
        tha_core_report(simulation->machine.core, slot, &evidence, now_ms);
}

static void take_answer(trunkha_simulation *simulation, struct tha_due *due, uint64_t now_ms)
{
    struct tha_dns_answer answer;
    uint64_t id = tha_resolver_answer(simulation->resolver, due, &answer);

    tha_core_answer_question(simulation->machine.core, id, &answer, now_ms);
}

/** Calls are none of the core's business until it looks for their reports. */
static bool is_for_core(const struct tha_due *due)
{
    return due->kind == THA_DUE_PROBE || due->kind == THA_DUE_ANSWER;
}

static int take_due(trunkha_simulation *simulation, struct tha_due *due, uint64_t now_ms)
{
    switch (due->kind) {
    case THA_DUE_FLIP:
        weigh_trunk(simulation, ((struct tha_flip *)due)->trunk, now_ms);
        return 0;
    case THA_DUE_PROBE:
        take_probe(simulation, due, now_ms);
        return 0;
    case THA_DUE_ANSWER:
        take_answer(simulation, due, now_ms);
        return 0;
    case THA_DUE_ARRIVAL:
        return tha_simulation_take_arrival(simulation, due);
    default:
        return tha_simulation_take_caller(simulation, due);
    }
}

/* ---- The source ---- */

static uint64_t on_next_ms(void *user_data)
{
    const trunkha_simulation *simulation = user_data;
    uint64_t step = tha_simulation_step_ms(simulation), due = tha_agenda_next_ms(&simulation->agenda);

    return step < due ? step : due;
}

static int on_take(uint64_t now_ms, void *user_data)
{
    trunkha_simulation *simulation = user_data;
    bool is_quiet = tha_simulation_step_ms(simulation) > now_ms;
    struct tha_due *due;
    int err = take_steps(simulation, now_ms);

    while (!err && (due = tha_agenda_first(&simulation->agenda, now_ms))) {
        is_quiet = is_quiet && !is_for_core(due);
        err = take_due(simulation, due, now_ms);
    }

    return err || !is_quiet ? err : THA_SIM_QUIET;
}

static void on_probe(uint32_t slot, uint64_t now_ms, void *user_data)
{
    trunkha_simulation *simulation = user_data;
    const struct tha_table *table = tha_core_table(simulation->machine.core);

    tha_tally_note_probe(simulation->tally, table->targets[tha_table_target_of_slot(table, slot)].trunk);
    tha_probes_send(simulation->probes, slot, now_ms);
}

static void on_cancel(uint32_t slot, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    tha_probes_cancel(simulation->probes, slot);
}

static void on_ask(uint64_t id, const struct tha_dns_question *question, uint64_t now_ms, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    tha_resolver_ask(simulation->resolver, id, question, now_ms);
}

static int on_prepare(const struct tha_table *table, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    return tha_probes_reserve(simulation->probes, table->n_slots);
}

static void on_commit(const struct tha_table *table, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    for (uint32_t slot = 0; slot < table->n_slots; slot++) {
        uint32_t index = tha_table_target_of_slot(table, slot);
        const struct tha_target *target = index == THA_NONE ? NULL : &table->targets[index];
        struct tha_probes_target set = {.addr = {.family = 0}};

        if (target)
            set = (struct tha_probes_target){target->addr, target->trunk, tha_table_keepalive(table, target)->timeout_ms};
        tha_probes_set_target(simulation->probes, slot, target ? &set : NULL);
    }
    weigh_all(simulation, simulation->machine.now_ms);
}

/* ---- Its life ---- */

static int make_flips(trunkha_simulation *simulation, uint32_t n_trunks)
{
    simulation->flips = tha_mem_zalloc(&simulation->mem, n_trunks, sizeof(*simulation->flips));
    if (!simulation->flips)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < n_trunks; i++)
        simulation->flips[i] = (struct tha_flip){.due.kind = THA_DUE_FLIP, .trunk = i};

    return 0;
}

int tha_simulation_make_world(trunkha_simulation *simulation, const struct tha_model *model, uint64_t seed)
{
    const struct tha_mem *mem = &simulation->mem;
    struct tha_agenda *agenda = &simulation->agenda;
    const struct tha_scenario *scenario = simulation->scenario;
    int err;

    simulation->source = (struct tha_sim_source){
        .next_ms = on_next_ms,
        .take = on_take,
        .probe = on_probe,
        .cancel = on_cancel,
        .ask = on_ask,
        .prepare = on_prepare,
        .commit = on_commit,
        .shown = tha_simulation_note_shown,
        .told = tha_simulation_note_told,
        .user_data = simulation,
    };
    tha_agenda_init(agenda, THA_SIM_START_MS);
    err = make_flips(simulation, model->n_trunks);
    if (!err)
        err = tha_world_new(mem, scenario, model, seed, &simulation->world);
    if (!err)
        err = tha_resolver_new(mem, model, agenda, &simulation->resolver);
    if (!err)
        err = tha_probes_new(mem, simulation->world, agenda, &simulation->probes);
    if (!err)
        err = tha_callers_new(mem, scenario, seed, THA_SIM_START_MS, agenda, &simulation->callers);

    return err;
}

void tha_simulation_free_world(trunkha_simulation *simulation)
{
    simulation->callers = tha_callers_free(simulation->callers);
    simulation->probes = tha_probes_free(simulation->probes);
    simulation->resolver = tha_resolver_free(simulation->resolver);
    simulation->world = tha_world_free(simulation->world);
    simulation->flips = tha_mem_free(&simulation->mem, simulation->flips);
}
