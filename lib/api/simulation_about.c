/* What is played: the scenario in its own words, or when the recording began. */
#include "base/abi.h"
#include "base/text.h"
#include "simulation.h"

int trunkha_simulation_get_about(const trunkha_simulation *simulation, trunkha_simulation_about *ret_about)
{
    trunkha_simulation_about about = TRUNKHA_SIMULATION_ABOUT_INIT;

    if (!simulation || !ret_about)
        return TRUNKHA_ERR_INVALID;

    about.duration_ms = simulation->duration_ms;
    if (simulation->scenario) {
        about.n_steps = simulation->scenario->n_steps;
        tha_text_copy(about.name, sizeof(about.name), simulation->scenario->name);
        tha_text_copy(about.about, sizeof(about.about), simulation->scenario->about);
    } else {
        about.recorded = simulation->recording->started_unix_ms;
    }

    return tha_abi_write(ret_about, &about, sizeof(about));
}

int trunkha_simulation_get_step(const trunkha_simulation *simulation, uint32_t index, trunkha_simulation_step *ret_step)
{
    trunkha_simulation_step step = TRUNKHA_SIMULATION_STEP_INIT;

    if (!simulation || !ret_step)
        return TRUNKHA_ERR_INVALID;
    if (!simulation->scenario || index >= simulation->scenario->n_steps)
        return TRUNKHA_ERR_END;

    step.at_ms = simulation->scenario->steps[index].at_ms;
    tha_scenario_describe(simulation->scenario, &simulation->scenario->steps[index], step.text, sizeof(step.text));

    return tha_abi_write(ret_step, &step, sizeof(step));
}
