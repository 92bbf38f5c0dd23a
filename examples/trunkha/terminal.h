/** @file terminal.h  Colour for the words that name a state: on terminals only, and never the only sign */
#ifndef TRUNKHA_TERMINAL_H
#define TRUNKHA_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/** True when @p out is a terminal and NO_COLOR is not set. */
bool terminal_has_colour(FILE *out);

/** The escape sequence for a state such as "DOWN"; "" for any other word. */
const char *terminal_colour(const char *word);

/** Ends a colour. */
#define TERMINAL_PLAIN "\033[0m"

#endif
