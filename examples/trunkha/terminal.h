/** @file terminal.h  Colour for the words that name a state, on terminals only and never the only sign; secrets */
#ifndef TRUNKHA_TERMINAL_H
#define TRUNKHA_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** True when @p out is a terminal and NO_COLOR is not set. */
bool terminal_has_colour(FILE *out);

/** The escape sequence for a state such as "DOWN"; "" for any other word. */
const char *terminal_colour(const char *word);

/** Ends a colour. */
#define TERMINAL_PLAIN "\033[0m"

/** Asks for a line on the terminal of this process without showing what is typed. False when there is no terminal, or the
 *  line is empty or longer than @p size. */
bool terminal_read_secret(const char *prompt, char *ret_buf, size_t size);

#endif
