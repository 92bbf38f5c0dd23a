/** @file hardship.h  What whoever reads the cases has to survive: want of memory, texts cut short, nonsense */
#ifndef TESTS_CONFIG_HARDSHIP_H
#define TESTS_CONFIG_HARDSHIP_H

#include "cases.h"

/** Reads @p json, which is made of the case @p index, with @p mem, looks whether what it has become is sound, and releases
 *  it. Returns what reading returned. */
typedef int (*hardship_reader)(int index, const struct tha_mem *mem, const char *json, size_t len,
                               trunkha_finding_cb finding_cb, void *user_data);

/** Every case with the first, the second, the third ... allocation failing, until none fails any more. Only what goes
 * through the hook can fail: jansson has its own. */
void hardship_starve(const struct cases *cases, hardship_reader read);

/** Every case, which is good, as far as one byte, two bytes ... in equal steps. */
void hardship_cut(const struct cases *cases, hardship_reader read);

/** Every case changed at random, but always in the same way. @p pieces: what means something in such a text, NULL behind the
 *  last. Returns how many were good still. */
unsigned hardship_mutate(const struct cases *cases, hardship_reader read, const char *const *pieces);

/** For each case. */
#define HARDSHIP_MUTATIONS 256

#endif
