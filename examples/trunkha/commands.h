/** @file commands.h  The subcommands: each gets its own name as argv[0] and returns the exit code of the program */
#ifndef TRUNKHA_COMMANDS_H
#define TRUNKHA_COMMANDS_H

/** A wrong command line, no daemon to ask, or a daemon that cannot start; the same number for every command. */
#define EXIT_REFUSED 3

int command_lint(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_run(int argc, char **argv);
int command_status(int argc, char **argv);
int command_route(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_allowlist(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_demo(int argc, char **argv);

#endif
