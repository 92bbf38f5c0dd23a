/** @file options.h  The command line of a subcommand: one table serves reading, complaints and --help */
#ifndef TRUNKHA_OPTIONS_H
#define TRUNKHA_OPTIONS_H

#include <stdint.h>

enum option_kind {
    OPTION_FLAG,    /**< no value; `into` is a bool */
    OPTION_TEXT,    /**< `into` is a const char *, borrowed from argv */
    OPTION_CHOICE,  /**< one of `value`, "table|wide|json"; `into` as for TEXT */
    OPTION_NUMBER,  /**< `min` to `max`; `into` is a uint64_t */
    OPTION_SECONDS, /**< decimals allowed; `min` to `max` milliseconds; `into` is a uint32_t of milliseconds */
    OPTION_TEXTS,   /**< may be repeated; `into` is a struct option_texts */
    OPTION_LATER,   /**< refused: not supported yet */
};

/** What a repeated option has gathered: as many as a line may have. */
struct option_texts {
    const char *texts[64]; /**< borrowed from argv */
    uint32_t count;
};

struct option {
    const char *name;  /**< as it is written: "-c", "--timeout"; NULL ends the table */
    const char *value; /**< how the help calls the value: "N"; NULL = takes none */
    enum option_kind kind;
    void *into; /**< untouched when the option is not given */
    uint64_t min, max;
    const char *help;
};

struct manual {
    const char *command;
    const char *argument; /**< what must be given, such as "FILE"; "[FILE]" = may be left out; NULL = none */
    const char *about;    /**< lines that end in a line feed */
    const char *exits;    /**< the exit codes, likewise */
    const char *second;   /**< a second argument, that may be left out; NULL = none */
};

/** Reads the arguments of a command; --help is answered and mistakes are told here.
 *  Returns -1 to go on, or the exit code: 0 after --help, EXIT_REFUSED after a mistake.
 *  @p ret_arguments: borrowed; one, or two if the manual has a second; those left out stay as they are. May be NULL if the
 *  command takes none. */
int options_read(const struct manual *manual, const struct option *options, int argc, char **argv,
                 const char **ret_arguments);

/** Tells a mistake that only the command itself can see. Returns EXIT_REFUSED. */
__attribute__((format(printf, 2, 3))) int options_refuse(const struct manual *manual, const char *format, ...);

#endif
