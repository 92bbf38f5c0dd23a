#include "scenario.h"

#include <stddef.h>

struct tha_scenario *tha_scenario_free(struct tha_scenario *scenario)
{
    struct tha_arena arena;

    if (!scenario)
        return NULL;

    arena = scenario->arena; /* the scenario lives in its own arena */
    tha_arena_done(&arena);

    return NULL;
}
