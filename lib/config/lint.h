/** @file lint.h  The rules of the lint catalogue: what may be loaded, but will hurt
 *
 *  A rule is a function that looks at one aspect of a sound configuration; lint.c lists them all. Rules see what is in
 *  force (the model) and what stands in the file (for the place of a finding). Each adds findings of its own codes only. */
#ifndef THA_CONFIG_LINT_H
#define THA_CONFIG_LINT_H

#include "draft.h"
#include "lint_ignore.h"

/** What the DNS says of a name now. */
struct tha_lint_answer {
    uint32_t trunk;   /**< the first that has the name */
    uint32_t trouble; /**< enum tha_dns_trouble */
    const struct tha_location *locations;
    uint32_t n_locations;
    const char *const *srv_targets; /**< host names that its SRV records point to */
    uint32_t n_srv_targets;
};

/** Groups that stand in for each other, one after the other; of several equal chains one. */
struct tha_lint_chain {
    const uint32_t *trunks; /**< that take calls, group by group */
    uint32_t n_trunks;
};

struct tha_lint {
    struct tha_config_report *report;
    const struct tha_config_draft *draft; /**< its model is complete */
    const struct tha_model *model;        /**< the same */
    const json_t *root;
    const struct tha_lint_answer *const *answers; /**< of each trunk, NULL = not looked up; NULL = no name is */
    const struct tha_lint_chain *chains;
    uint32_t n_chains;
    struct tha_arena *scratch;
};

typedef void (*tha_lint_rule)(struct tha_lint *lint);

/** lint.c: looks names up, unless @p resolver is NULL, and runs every rule; findings go to the report of @p draft. */
void tha_lint(struct tha_config_draft *draft, const struct tha_config_resolver *resolver);

/** Scratch memory; NULL when out of memory, which the report then says. */
void *tha_lint_alloc(struct tha_lint *lint, size_t count, size_t size);

/* ---- lint_place.c: where things stand in the file, and how messages call them ---- */

/** Frames for the path of a trunk or profile, and of one key in it. Lives on the stack of the rule. */
struct tha_lint_place {
    struct tha_config_path root, item, list, entry, key;
};

/** The path of trunk @p trunk, or of its @p key; of the trunk itself when the key does not stand there, NULL = none. */
const struct tha_config_path *tha_lint_trunk(const struct tha_lint *lint, uint32_t trunk, const char *key,
                                             struct tha_lint_place *place);
const struct tha_config_path *tha_lint_group(const struct tha_lint *lint, uint32_t group, const char *key,
                                             struct tha_lint_place *place);
/** Of a profile of the file, not of those that groups are by themselves. */
const struct tha_config_path *tha_lint_profile(const struct tha_lint *lint, uint32_t profile, const char *key,
                                               struct tha_lint_place *place);

/** What stands in the file there; NULL = nothing. Borrowed. */
const json_t *tha_lint_trunk_json(const struct tha_lint *lint, uint32_t trunk);
const json_t *tha_lint_group_json(const struct tha_lint *lint, uint32_t group);
const json_t *tha_lint_profile_json(const struct tha_lint *lint, uint32_t profile);

#define THA_LINT_LABEL_SIZE 256

/** `trunk "a1"`, as it stands in the file. Returns @p buf. */
const char *tha_lint_name_trunk(const struct tha_lint *lint, uint32_t trunk, char buf[THA_LINT_LABEL_SIZE]);

/** `trunk "a1" (/trunkGroups/0/trunks/0)`. Returns @p buf. */
const char *tha_lint_name_other(const struct tha_lint *lint, uint32_t trunk, char buf[THA_LINT_LABEL_SIZE]);

/* ---- lint_chain.c: who stands in for whom ---- */

/** Of two in one chain: does one wait for the other to fail? Not when they share the calls of a group. */
bool tha_lint_stands_in(const struct tha_model *model, uint32_t trunk, uint32_t other);

/** Makes the list of chains, those of the file's profiles first, until they have half a million trunks between them; without
 * it when out of memory. */
void tha_lint_find_chains(struct tha_lint *lint);

/** Two trunks that one code is about, told once however many chains they share. */
struct tha_lint_pairs {
    uint32_t *others; /**< of each trunk that was told of: the other one; NULL = out of memory */
};

void tha_lint_init_pairs(struct tha_lint *lint, struct tha_lint_pairs *ret_pairs);

/** True once for each @p trunk, and for each two of them in one direction only. */
bool tha_lint_add_pair(struct tha_lint_pairs *pairs, uint32_t trunk, uint32_t other);
bool tha_lint_has_pair(const struct tha_lint_pairs *pairs, uint32_t trunk, uint32_t other);

/* ---- lint_names.c: what the DNS says ---- */

void tha_lint_look_up(struct tha_lint *lint, const struct tha_config_resolver *resolver);

/* ---- The rules ---- */

void tha_lint_keepalive(struct tha_lint *lint);   /* TH021 to TH024 */
void tha_lint_half_pairs(struct tha_lint *lint);  /* TH041 */
void tha_lint_strategies(struct tha_lint *lint);  /* TH025, TH026 */
void tha_lint_credentials(struct tha_lint *lint); /* TH027 */
void tha_lint_paths(struct tha_lint *lint);       /* TH028 to TH031 */
void tha_lint_media(struct tha_lint *lint);       /* TH032 to TH035 */
void tha_lint_addresses(struct tha_lint *lint);   /* TH036 */
void tha_lint_stray(struct tha_lint *lint);       /* TH045 */
void tha_lint_profiles(struct tha_lint *lint);    /* TH037, TH038 */
void tha_lint_times(struct tha_lint *lint);       /* TH039, TH040 */
void tha_lint_events(struct tha_lint *lint);      /* TH042 to TH044 */
void tha_lint_names(struct tha_lint *lint);       /* TH020, TH046, TH048 */
void tha_lint_ignores(struct tha_lint *lint);     /* TH047 */

#endif
