/* The trunks of all runs, told apart by their ids. */
#include <string.h>

#include "simulate.h"

static bool is_at(const struct simulated *run, uint32_t index, const char *id)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

    return !trunkha_simulation_get_trunk(run->simulation, index, &trunk) && !strcmp(trunk.trunk_id, id);
}

/** Mostly it is where it is in the other run, at @p guess. */
static uint32_t find(const struct simulated *run, const char *id, uint32_t guess)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

    if (is_at(run, guess, id))
        return guess;
    for (uint32_t i = 0; !trunkha_simulation_get_trunk(run->simulation, i, &trunk); i++) {
        if (!strcmp(trunk.trunk_id, id))
            return i;
    }

    return NO_TRUNK;
}

/** Looks for the trunk @p index of the run @p from in all runs. False when one before has it: then it was told already. */
static bool locate(const struct simulate *simulate, size_t from, uint32_t index, struct simulate_trunk *trunk)
{
    for (size_t i = 0; i < simulate->n_runs; i++) {
        trunk->index[i] = find(&simulate->runs[i], trunk->id, index);
        if (i < from && trunk->index[i] != NO_TRUNK)
            return false;
    }

    return true;
}

bool simulate_next_trunk(const struct simulate *simulate, struct simulate_trunk *inout_trunk)
{
    while (inout_trunk->next_run < simulate->n_runs) {
        size_t run = inout_trunk->next_run;
        uint32_t index = inout_trunk->next_index++;
        trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;

        if (trunkha_simulation_get_trunk(simulate->runs[run].simulation, index, &trunk)) {
            inout_trunk->next_run++;
            inout_trunk->next_index = 0;
            continue;
        }
        memcpy(inout_trunk->id, trunk.trunk_id, sizeof(inout_trunk->id));
        if (locate(simulate, run, index, inout_trunk))
            return true;
    }

    return false;
}
