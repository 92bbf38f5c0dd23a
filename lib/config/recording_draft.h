/** @file recording_draft.h  A recording in the making, shared by the files that read it */
#ifndef THA_CONFIG_RECORDING_DRAFT_H
#define THA_CONFIG_RECORDING_DRAFT_H

#include "reader.h"
#include "sim/recording.h"

struct tha_recording_draft {
    struct tha_config_reader reader; /**< findings, and texts that are kept once */
    struct tha_recording *recording;
    struct tha_recorded_input *inputs;
    uint32_t n_inputs;
    struct tha_recorded_target *targets;
    uint32_t n_targets, targets_capacity;
    struct tha_map target_ids; /**< by "trunk udp:192.0.2.1:5060": the index and one */
    const struct tha_dns_question **questions;
    uint32_t n_questions, questions_capacity;
    struct tha_map question_ids; /**< by "A name", likewise */
    struct tha_map configured;   /**< trunks by id, of the configuration that it will be played to */
    uint32_t n_configured, n_not_configured; /**< of those that were loaded */
    const struct tha_mem *mem;
    size_t line_at;     /**< where the line begins that is being read */
    bool has_complaint; /**< about it */
    bool is_out_of_memory;
};

/** Says what is wrong with the line, unless that was said already. */
void tha_recording_complain(struct tha_recording_draft *draft, enum tha_config_code code, const char *format, ...)
    THA_PRINTF(3, 4);

/** The line says that @p trunk_id was loaded, for the first time. */
void tha_recording_meet_trunk(struct tha_recording_draft *draft, const char *trunk_id);

/** Reads the line @p object into @p input, whose time is known, or complains. */
void tha_recording_read_input(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input);

/* Members of a line; what has no sound value is a complaint. */

/** A whole number from 0 to @p max; 0 if there is none. */
uint64_t tha_recording_get_number(struct tha_recording_draft *draft, const json_t *object, const char *key, uint64_t max);
/** 16 digits. */
uint64_t tha_recording_get_hex(struct tha_recording_draft *draft, const json_t *object, const char *key);
/** Kept; of less than @p size bytes. "" if there is none, or nothing but a complaint. */
const char *tha_recording_get_text(struct tha_recording_draft *draft, const json_t *object, const char *key, size_t size);

#endif
