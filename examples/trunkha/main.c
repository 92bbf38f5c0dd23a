/* trunkha: the command line, an example program on the public API of the library. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <trunkha.h>

#include "commands.h"

struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* NULL = comes with a later release */
};

static const struct command commands[] = {
    {"lint", "checks a configuration, and tells what faults would cost", command_lint},
    {"simulate", "plays outages to a configuration on a virtual clock", command_simulate},
    {"probe", "sends OPTIONS to a SIP address, like ping", command_probe},
    {"run", "the daemon: probes the trunks of a configuration", command_run},
    {"status", "the table of groups, trunks and targets of a running daemon", command_status},
    {"route", "the trunks for the next call of a profile, best first, and why", command_route},
    {"watch", "follows the events of a running daemon", command_watch},
    {"allowlist", "every address of every trunk, for a firewall", command_allowlist},
    {"demo", "two carriers on loopback, one dies and returns; about 15 seconds", command_demo},
    {"check", "status as a line for Nagios and Icinga", NULL},
    {"enable", "takes a trunk back into service", NULL},
    {"disable", "takes a trunk out of service", NULL},
    {"drain", "lets the calls of a trunk end and sends no new ones", NULL},
    {"reload", "makes a running daemon read its configuration again", NULL},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_commands(FILE *out, bool are_later)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if ((commands[i].run == NULL) == are_later)
            fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
}

static void print_help(FILE *out)
{
    fputs("Usage: trunkha COMMAND [OPTION...]\n"
          "High availability for SIP trunks: probes carriers, judges their health, names the trunk for the next call.\n\n"
          "Commands:\n",
          out);
    print_commands(out, false);
    fputs("\nNot supported yet:\n", out);
    print_commands(out, true);
    fputs("\n\"trunkha COMMAND --help\" tells the options and exit codes of a command.\n"
          "  --help     this text\n"
          "  --version  the version of the library\n\n"
          "Environment:\n"
          "  TRUNKHA_VIEW      the view that status, route and watch read when --view is not given\n"
          "  TRUNKHA_PASSWORD  for probe --auth\n"
          "  NO_COLOR          if set and not empty: no colour on terminals either\n",
          out);
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[0], commands[i].name))
            continue;
        if (commands[i].run)
            return commands[i].run(argc, argv);
        fprintf(stderr, "trunkha: \"%s\" is not supported yet; it comes with a later release\n", argv[0]);
        return EXIT_REFUSED;
    }

    fprintf(stderr, "trunkha: there is no command \"%s\"; write one of these:\n", argv[0]);
    print_commands(stderr, false);

    return EXIT_REFUSED;
}

static int run_program(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_REFUSED;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("trunkha %s\n", trunkha_version());
        return 0;
    }

    return run_command(argc - 1, argv + 1);
}

/** A descriptor that the caller closed must not become one of our sockets: it is opened so that using it fails. */
static void occupy_standard_descriptors(void)
{
    static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0)
            return;
}

int main(int argc, char **argv)
{
    int status;

    occupy_standard_descriptors();
    status = run_program(argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        perror("trunkha: cannot write to standard output");
        return EXIT_REFUSED;
    }

    return status;
}
