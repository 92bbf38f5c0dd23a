/* What a scenario says of itself, and its steps; or when a recording begins. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "simulate_plot.h"

static void describe(struct plot *plot, const trunkha_simulation_about *about)
{
    time_t begun = (time_t)(about->recorded / 1000);
    struct tm utc;

    if (!about->recorded)
        memcpy(plot->about, about->about, sizeof(plot->about));
    else if (gmtime_r(&begun, &utc))
        strftime(plot->about, sizeof(plot->about), "Recorded from %F %T UTC.", &utc);
}

/** After the end nothing happens. */
static int read_steps(struct plot *plot, const trunkha_simulation *simulation, uint32_t n)
{
    plot->steps = calloc(n + 1, sizeof(*plot->steps));
    if (!plot->steps)
        return ENOMEM;

    for (uint32_t i = 0; i < n; i++) {
        struct plot_step *step = &plot->steps[plot->n_steps];

        step->said = (trunkha_simulation_step)TRUNKHA_SIMULATION_STEP_INIT;
        if (trunkha_simulation_get_step(simulation, i, &step->said) || step->said.at_ms >= plot->duration_ms)
            break;
        plot->n_steps++;
    }

    return 0;
}

int plot_read_about(struct plot *plot, const trunkha_simulation *simulation)
{
    trunkha_simulation_about about = TRUNKHA_SIMULATION_ABOUT_INIT;

    trunkha_simulation_get_about(simulation, &about);
    describe(plot, &about);

    return read_steps(plot, simulation, about.n_steps);
}
