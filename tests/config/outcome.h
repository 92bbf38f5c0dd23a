/** @file outcome.h  What comes of a case as text, compared with the file `expect` in its folder */
#ifndef TESTS_CONFIG_OUTCOME_H
#define TESTS_CONFIG_OUTCOME_H

#include <check.h>

#include "cases.h"

/** Reads @p input, of the case @p index, and puts what came of it into @p ret_text. Returns what reading returned. */
typedef int (*outcome_of)(const struct cases *cases, int index, const struct text *input, struct text *ret_text);

/** Fails the test when anything but the expectation comes out, or a secret. Returns what reading returned, and @p ret_text
 *  (may be NULL) is what came out, until the next time. */
int outcome_expect(const struct cases *cases, int index, outcome_of outcome, const char **ret_text);

/** Writes what comes out as the expectation: to be read before it is committed. */
void outcome_accept(const struct cases *cases, outcome_of outcome);

/** Runs @p tcase as a suite; returns the program's exit code. */
int outcome_run(const char *name, TCase *tcase);

#endif
