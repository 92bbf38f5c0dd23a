#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <trunkha.h>

bool terminal_has_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(fileno(out)) && !(no_color && *no_color);
}

const char *terminal_colour(const char *word)
{
    static const char *const colours[] = {
        [TRUNKHA_HEALTH_UNKNOWN] = "\033[1m",
        [TRUNKHA_HEALTH_AVAILABLE] = "\033[32m",
        [TRUNKHA_HEALTH_DEGRADED] = "\033[33m",
        [TRUNKHA_HEALTH_DOWN] = "\033[1;31m",
    };

    for (unsigned health = 0; health < sizeof(colours) / sizeof(colours[0]); health++)
        if (!strcmp(word, trunkha_health_name(health)))
            return colours[health];

    return "";
}
