/** @file cases.h  The case folders of tests/config, and what tha_config_read() makes of a case, as text */
#ifndef TESTS_CONFIG_CASES_H
#define TESTS_CONFIG_CASES_H

#include <stddef.h>

#include "config/config.h"

#define CASES_MAX 200
#define TEXT_SIZE ((size_t)256 * 1024)

struct cases {
    char dir[512];
    char names[CASES_MAX][64];
    int count;
};

struct text {
    char bytes[TEXT_SIZE];
    size_t len;
};

/** The folders in @p dir/@p kind, in alphabetical order. Ends the program when there are none. */
void cases_find(struct cases *cases, const char *dir, const char *kind);

/** Reads @p file of a case; an absent one is empty. */
void cases_read(const struct cases *cases, int index, const char *file, struct text *ret_text);
void cases_write(const struct cases *cases, int index, const char *file, const struct text *text);

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A trunkha_finding_cb; @p user_data is a struct text. */
void text_add_finding(const trunkha_finding *finding, void *user_data);

void text_add_model(struct text *text, const struct tha_model *model);

/** Lints @p json as a case of lint/ wants it: with the lines of its file `settings`, and with names looked up in its file
 *  `dns`, if there are such. Returns what tha_config_read_as() does. */
int cases_lint(const struct cases *cases, int index, const struct tha_mem *mem, const char *json, size_t len,
               trunkha_finding_cb finding_cb, void *user_data);

/** The variables that cases use. */
void cases_set_environment(void);

#endif
