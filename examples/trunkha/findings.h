/** @file findings.h  What the library finds in a configuration, for people */
#ifndef TRUNKHA_FINDINGS_H
#define TRUNKHA_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>
#include <trunkha.h>

struct findings {
    const char *file; /**< as the user wrote it */
    FILE *out;
    unsigned errors, warnings;
};

/** Prints one finding as compilers do, so that editors find the place. @p user_data: struct findings. */
void findings_print_cb(const trunkha_finding *finding, void *user_data);

/** The file's name, to begin a line with: build servers obey lines that begin with "::" or "##", and it may be a stranger's.
 */
void findings_print_file(const struct findings *findings, FILE *out);

/** One finding as a JSON object; new. */
json_t *findings_json(const trunkha_finding *finding);

void findings_count(struct findings *findings, const trunkha_finding *finding);

/** "error" or "warning". */
const char *findings_severity(uint32_t severity);

#endif
