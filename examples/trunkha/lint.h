/** @file lint.h  The forms in which "trunkha lint" tells what it finds
 *
 *  Each lint_print_*() checks the configuration, prints what is found and counts it. They return 0, TRUNKHA_ERR_CONFIG when
 *  there are errors, or another TRUNKHA_ERR_*. */
#ifndef TRUNKHA_LINT_H
#define TRUNKHA_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <trunkha.h>

#include "findings.h"

struct lint {
    struct findings counts;
    const char *json; /**< the configuration */
    size_t len;
    trunkha_lint_options options;
    bool with_groups; /**< forecasts of groups too, though there are profiles */
};

int lint_print_text(struct lint *lint);
int lint_print_json(struct lint *lint);

/** FILE:LINE:COLUMN: warning: message [TH031] */
int lint_print_gcc(struct lint *lint);

/** Workflow commands, which GitHub shows beside the lines of a change. */
int lint_print_github(struct lint *lint);

/** Static Analysis Results Interchange Format 2.1.0 (OASIS). */
int lint_print_sarif(struct lint *lint);

/** Prints @p object and gives its reference back. Returns NOMEM, also for NULL, or 0: what could not be written, main()
 * tells. */
int lint_print_object(json_t *object);

/* ---- lint_forecast.c: what a fault would cost ---- */

/** Tables of what each kind of fault costs, of what goes on without one, and of what carriers are asked. Nothing for a bad
 *  configuration. */
int lint_print_forecast(const struct lint *lint);

/** The same as lists of @p object: `routingProfiles` and `addresses`, empty for a bad configuration. False when out of
 * memory, also for an @p object of NULL. */
bool lint_add_forecast(const struct lint *lint, json_t *object);

/* ---- lint_rules.c: the catalogue ---- */

/** A rule of the catalogue as an object; new. */
json_t *lint_rule_json(const trunkha_rule *rule);

/** Number of the rule in the catalogue, -1 = it has none of this code or slug. @p ret_rule may be NULL. */
int lint_find_rule(const char *name, trunkha_rule *ret_rule);

/** Tells one rule; of a name that is none, tells on standard error which one may be meant. Returns an exit code. */
int lint_explain(const char *name, bool as_json);

/** Tells all rules. Returns an exit code. */
int lint_list(bool as_json);

#endif
