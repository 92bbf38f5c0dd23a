/** @file recording.h  What an engine has heard, line by line, so that it can be played again
 *
 *  Plain structs: api/record.c writes the lines, config/recording.c reads them. Everything lives in one arena. Times are
 *  milliseconds from the first line. */
#ifndef THA_SIM_RECORDING_H
#define THA_SIM_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/abilities.h"
#include "core/dns.h"
#include "core/evidence.h"
#include "core/model.h"
#include "core/news.h"

/** Of the format. */
#define THA_RECORDING_FORMAT 1

enum tha_input_kind {
    THA_INPUT_LOAD,  /**< a configuration was taken over; its trunks follow */
    THA_INPUT_TRUNK, /**< one of them: `trunk` */
    THA_INPUT_START,
    THA_INPUT_STOP,
    THA_INPUT_TURN,     /**< the engine has asked its core what it wants: later than the inputs that it is joined to, or
                             with none, for something was due */
    THA_INPUT_PROBE,    /**< one has left */
    THA_INPUT_EVIDENCE, /**< and what came of it */
    THA_INPUT_CLOSED,   /**< a connection has ended; with or without `evidence` */
    THA_INPUT_CALL,     /**< `call` */
    THA_INPUT_REQUEST,  /**< a request has come `from` */
    THA_INPUT_ABILITIES,
    THA_INPUT_FINDING,
    THA_INPUT_ANSWER,  /**< of the DNS */
    THA_INPUT_REFRESH, /**< other name servers answer */
    THA_INPUT_ADMIN,
    THA_INPUT_FAILBACK,
    THA_INPUT_TOLD, /**< no input, but what the engine has said: an event, to compare with */
    THA_INPUT_KINDS
};

/** A target by its trunk and address, or (family 0) the trunk alone. */
struct tha_recorded_target {
    const char *trunk_id;
    struct tha_addr addr;
};

struct tha_recorded_call {
    struct tha_news news; /**< without slots, times and texts */
    const char *profile_id;
    uint32_t age_ms;       /**< since it, or its attempt, began */
    uint32_t active_calls; /**< on its trunk */
};

struct tha_recorded_event {
    uint32_t type; /**< enum trunkha_event_type */
    uint32_t health;
    uint32_t previous_health;
    uint32_t reason;
    const char *entity_id;
    const char *trunk_id; /**< ACTIVE_CHANGE */
};

struct tha_recorded_input {
    uint64_t at_ms;
    uint64_t due_ms;   /**< since when something had been to be done that the engine had not seen to; UINT64_MAX = nothing */
    uint8_t kind;      /**< enum tha_input_kind */
    bool is_joined;    /**< the engine did nothing between the line before and this one */
    bool has_evidence; /**< CLOSED */
    uint32_t target;   /**< index, or THA_NONE: there is none, or it was gone already */
    union {
        struct {
            uint64_t schedule, judging;
        } trunk;                      /**< TRUNK: see tha_recording_schedule(), tha_recording_judging() */
        struct tha_evidence evidence; /**< EVIDENCE, CLOSED */
        struct tha_abilities abilities;
        const struct tha_recorded_call *call;
        const struct tha_addr *from;
        struct {
            uint32_t event_type;
            const char *detail;
        } finding;
        struct {
            uint32_t question; /**< index */
            const struct tha_dns_answer *answer;
        } dns;
        struct {
            uint32_t admin, reason, for_ms;
        } admin;
        const char *profile_id; /**< FAILBACK */
        const struct tha_recorded_event *told;
    };
};

struct tha_recording {
    struct tha_arena arena;
    int64_t started_unix_ms; /**< the wall clock at its first line */
    uint64_t seed;           /**< of the core that heard it */
    const char *version;     /**< of the library that wrote it */
    const struct tha_recorded_input *inputs;
    uint32_t n_inputs;
    const struct tha_recorded_target *targets;
    uint32_t n_targets;
    const struct tha_dns_question *const *questions; /**< each once */
    uint32_t n_questions;
    uint32_t n_loads;
    bool is_cut; /**< its last line was not whole, and left out */
};

/** NULL is fine; returns NULL. */
struct tha_recording *tha_recording_free(struct tha_recording *recording);

/** A number for the intervals and the address by which the probes of @p trunk leave; no secret goes into it. */
uint64_t tha_recording_schedule(const struct tha_trunk_model *trunk);

/** The same for what makes the state of the trunk @p index, which says by which of the intervals. */
uint64_t tha_recording_judging(const struct tha_model *model, uint32_t index);

/** The words of the format, in the order of their enums; NULL past the last. */
const char *tha_recording_input_word(uint32_t kind);
const char *tha_recording_evidence_word(uint32_t kind);
const char *tha_recording_news_word(uint32_t kind);
const char *tha_recording_outcome_word(uint32_t outcome);

/** "SRV"; NULL for what is no enum tha_dns_type. */
const char *tha_recording_type_word(uint32_t type);

/** "ECONNREFUSED" and back; what has no name here is EIO. */
const char *tha_recording_error_word(int system_error);
int tha_recording_error(const char *word);

#endif
