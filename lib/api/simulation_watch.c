/* The profiles whose changes of trunk a simulation counts. */
#include "simulation.h"

static int watch(trunkha_simulation *simulation, const char *profile_id)
{
    return *profile_id ? tha_map_put(&simulation->watched, profile_id, simulation) : 0;
}

static int watch_called(trunkha_simulation *simulation)
{
    const struct tha_scenario *scenario = simulation->scenario;
    const struct tha_recording *recording = simulation->recording;
    int err = 0;

    for (uint32_t i = 0; scenario && i < scenario->n_loads && !err; i++)
        err = watch(simulation, scenario->loads[i].profile);
    for (uint32_t i = 0; recording && i < recording->n_inputs && !err; i++) {
        if (recording->inputs[i].kind == THA_INPUT_CALL)
            err = watch(simulation, recording->inputs[i].call->profile_id);
    }

    return err;
}

int tha_simulation_watch(trunkha_simulation *simulation, const struct tha_model *model)
{
    bool has_own = model->n_profiles > model->n_groups;
    int err = watch_called(simulation);

    for (uint32_t i = 0; i < model->n_profiles && !err; i++) {
        if (!has_own || !model->profiles[i].is_group)
            err = watch(simulation, model->profiles[i].id);
    }

    return err;
}
