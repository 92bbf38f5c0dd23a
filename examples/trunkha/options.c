#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define ARGUMENTS_MAX 2

struct reader {
    const struct manual *manual;
    const struct option *options;
    char **rest; /* what was not read yet; ends in NULL */
    const char *arguments[ARGUMENTS_MAX];
    size_t n_arguments;
};

int options_refuse(const struct manual *manual, const char *format, ...)
{
    va_list ap;

    fprintf(stderr, "trunkha %s: ", manual->command);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, "; see \"trunkha %s --help\"\n", manual->command);

    return EXIT_REFUSED;
}

static void print_usage(const struct manual *manual)
{
    printf("Usage: trunkha %s", manual->command);
    if (manual->argument)
        printf(" %s", manual->argument);
    if (manual->second)
        printf(" [%s]", manual->second);
    puts(" [OPTION...]");
}

static int print_help(const struct manual *manual, const struct option *options)
{
    print_usage(manual);
    printf("%s\nOptions:\n", manual->about);
    for (const struct option *o = options; o->name; o++) {
        char left[40];

        snprintf(left, sizeof(left), "%s %s", o->name, o->value ? o->value : "");
        printf("  %-26s %s%s\n", left, o->help, o->kind == OPTION_LATER ? " (not supported yet)" : "");
    }
    printf("  %-26s this text\n\nExit codes:\n%s", "--help", manual->exits);

    return 0;
}

static bool is_choice(const char *choices, const char *word)
{
    size_t len = strlen(word);

    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (len && strcspn(c, "|") == len && !strncmp(c, word, len))
            return true;

    return false;
}

static bool read_number(const struct option *option, const char *text)
{
    unsigned long long number;
    char *end;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || number < option->min || number > option->max)
        return false;
    *(uint64_t *)option->into = number;

    return true;
}

static bool read_seconds(const struct option *option, const char *text)
{
    double ms;
    char *end;

    if (strspn(text, "0123456789.") != strlen(text) || !*text)
        return false;
    ms = round(strtod(text, &end) * 1000);
    if (*end || end == text || ms < (double)option->min || ms > (double)option->max)
        return false;
    *(uint32_t *)option->into = (uint32_t)ms;

    return true;
}

static bool add_text(const struct option *option, const char *text)
{
    struct option_texts *texts = option->into;

    if (texts->count >= sizeof(texts->texts) / sizeof(texts->texts[0]))
        return false;
    texts->texts[texts->count++] = text;

    return true;
}

static int read_value(const struct reader *reader, const struct option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_CHOICE:
        if (!is_choice(option->value, text))
            return options_refuse(reader->manual, "%s \"%s\": write one of %s", option->name, text, option->value);
        *(const char **)option->into = text;
        break;
    case OPTION_NUMBER:
        if (!read_number(option, text))
            return options_refuse(reader->manual, "%s \"%s\": write a whole number from %llu to %llu", option->name, text,
                                  (unsigned long long)option->min, (unsigned long long)option->max);
        break;
    case OPTION_SECONDS:
        if (!read_seconds(option, text))
            return options_refuse(reader->manual, "%s \"%s\": write seconds from %g to %g", option->name, text,
                                  (double)option->min / 1000, (double)option->max / 1000);
        break;
    case OPTION_TEXTS:
        if (!add_text(option, text))
            return options_refuse(reader->manual, "%s \"%s\": too many of them", option->name, text);
        break;
    default:
        *(const char **)option->into = text;
    }

    return -1;
}

/** Finds the option that @p word names: "--timeout", "--timeout=2", "-c", "-c5".
 *  @p ret_value: what is glued to it, or NULL. */
static const struct option *find_option(const struct option *options, const char *word, const char **ret_value)
{
    for (const struct option *o = options; o->name; o++) {
        size_t len = strlen(o->name);
        bool is_long = o->name[1] == '-';

        if (strncmp(word, o->name, len) || (is_long && word[len] && word[len] != '='))
            continue;
        *ret_value = !word[len] ? NULL : word + len + is_long;
        return o;
    }

    return NULL;
}

static int refuse_unknown(const struct reader *reader, const char *word)
{
    char known[512] = "";
    size_t len = 0;

    for (const struct option *o = reader->options; o->name && len < sizeof(known); o++)
        if (o->kind != OPTION_LATER)
            len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "", o->name);

    return options_refuse(reader->manual, "unknown option \"%s\"; there are: %s", word, len ? known : "none");
}

static int read_option(struct reader *reader, const char *word)
{
    const char *value = NULL;
    const struct option *option = find_option(reader->options, word, &value);

    if (!option)
        return refuse_unknown(reader, word);
    if (option->kind == OPTION_LATER)
        return options_refuse(reader->manual, "%s is not supported yet", option->name);
    if (option->kind == OPTION_FLAG) {
        if (value)
            return options_refuse(reader->manual, "%s takes no value", option->name);
        *(bool *)option->into = true;
        return -1;
    }
    if (!value)
        value = *reader->rest ? *reader->rest++ : NULL;
    if (!value)
        return options_refuse(reader->manual, "%s needs a value: write %s %s", option->name, option->name, option->value);

    return read_value(reader, option, value);
}

static int read_argument(struct reader *reader, const char *word)
{
    size_t max = !reader->manual->argument ? 0 : !reader->manual->second ? 1 : ARGUMENTS_MAX;

    if (reader->n_arguments >= max)
        return options_refuse(reader->manual, "\"%s\" is too much", word);
    reader->arguments[reader->n_arguments++] = word;

    return -1;
}

static int read_all(struct reader *reader)
{
    bool only_arguments = false;
    int status = -1;

    while (status < 0 && *reader->rest) {
        const char *word = *reader->rest++;

        if (only_arguments || word[0] != '-' || !word[1])
            status = read_argument(reader, word);
        else if (!strcmp(word, "--"))
            only_arguments = true;
        else if (!strcmp(word, "--help") || !strcmp(word, "-h"))
            status = print_help(reader->manual, reader->options);
        else
            status = read_option(reader, word);
    }

    return status;
}

int options_read(const struct manual *manual, const struct option *options, int argc, char **argv,
                 const char **ret_arguments)
{
    struct reader reader = {.manual = manual, .options = options, .rest = argv + 1};
    int status = argc > 0 ? read_all(&reader) : EXIT_REFUSED;

    if (status >= 0)
        return status;
    if (manual->argument && *manual->argument != '[' && !reader.n_arguments)
        return options_refuse(manual, "%s is missing", manual->argument);
    for (size_t i = 0; i < reader.n_arguments; i++)
        ret_arguments[i] = reader.arguments[i];

    return -1;
}
