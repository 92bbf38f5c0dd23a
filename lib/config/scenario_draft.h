/** @file scenario_draft.h  A scenario on its way from JSON to plain structs, and the names that it may use */
#ifndef THA_CONFIG_SCENARIO_DRAFT_H
#define THA_CONFIG_SCENARIO_DRAFT_H

#include "draft.h"
#include "sim/scenario.h"

#define THA_SCENARIO_DURATION_MAX (31 * 86400) /* seconds; in milliseconds it fits into 32 bits */
#define THA_SCENARIO_DURATION     3600         /* seconds, when nothing is said */
#define THA_SCENARIO_RTT_MAX      60           /* seconds */
#define THA_SCENARIO_RTT          0.02
#define THA_SCENARIO_CALLS_MAX    64 /* kinds of calls */
#define THA_SCENARIO_STEPS_MAX    10000
#define THA_SCENARIO_WHO_MAX      1000 /* of one step */

/** One entry of `steps`; `step` gets what the others say when all of it was read. */
struct tha_scenario_step_draft {
    struct tha_scenario_step step;
    struct tha_scenario_draft *draft;
    const char **whom; /**< room for what `who` names */
    struct tha_addr *addresses;
    uint32_t n_addresses;
    bool takes_addresses; /**< in `who` */
    bool is_for_all;
    uint32_t verb; /**< what it does: scenario_step.c */
    uint32_t at_ms;
    uint32_t as; /**< enum tha_conduct, of flapping */
    uint32_t loss_millipercent;
    uint32_t retry_after_ms;
    uint32_t ttl_ms;
    uint32_t index; /**< in the file */
};

/** One entry of `calls`. */
struct tha_scenario_load_draft {
    struct tha_call_load load;
    struct tha_scenario_draft *draft;
    uint32_t calls_per_kilosecond;
    uint32_t from_ms, until_ms; /**< until 0: the end */
    uint32_t busy_millipercent, no_answer_millipercent;
};

struct tha_scenario_draft {
    struct tha_config_reader reader;
    struct tha_arena scratch; /**< what the scenario does not keep */
    const struct tha_model *model;
    struct tha_scenario *scenario;
    uint32_t duration_ms;
    uint32_t seed;
    uint32_t rtt_ms;
    json_t *calls_json, *steps_json;      /**< NULL = none */
    struct tha_map whom, hosts, profiles; /**< names that are known, to what they mean */
    struct tha_map addresses;             /**< with and without ports, to the first with its port that is known there */
    struct tha_map moved, ports;          /**< addresses without ports that names come to, and the ports of all names */
};

/* ---- scenario_names.c: what a scenario may speak of */

void tha_scenario_init_names(struct tha_scenario_draft *draft, const struct tha_mem *mem);
void tha_scenario_done_names(struct tha_scenario_draft *draft);

/** Enters the names of the model, and the addresses that `steps` lets names come to. */
void tha_scenario_enter_names(struct tha_scenario_draft *draft);

/** What @p text at @p path stands for: the id of a trunk or a group, or an address if the step may have one (its port 0: all
 *  ports there). NULL after a finding, and for "all", of which @p step takes note. An id outranks a word of the same
 * letters. */
const char *tha_scenario_find_whom(struct tha_scenario_step_draft *step, const struct tha_config_path *path,
                                   const char *text);

/** The profile, or the host, that @p text names; NULL after a finding. */
const char *tha_scenario_find_profile(struct tha_scenario_draft *draft, const struct tha_config_path *path,
                                      const char *text);
const char *tha_scenario_find_host(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *text);

/** The profile of calls that name none: the first. */
const char *tha_scenario_first_profile(struct tha_scenario_draft *draft);

/* ---- scenario_calls.c, scenario_steps.c: into the scenario */

/** Warns of a percentage @p key of @p object that is so small that nothing is left of it. */
void tha_scenario_check_share(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                              const char *key);

void tha_scenario_read_calls(struct tha_scenario_draft *draft, const struct tha_config_path *path, json_t *calls);
void tha_scenario_read_steps(struct tha_scenario_draft *draft, const struct tha_config_path *path, json_t *steps);

/** scenario_step.c: one step. */
void tha_scenario_read_step(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                            struct tha_scenario_step_draft *step);

#endif
