/** @file finding.h  The catalogue of what can be wrong, and the list of what was found, in the order of the file */
#ifndef THA_CONFIG_FINDING_H
#define THA_CONFIG_FINDING_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/text.h"
#include "config.h"
#include "scan.h"

/** Permanent: TH001 is 1. What reading finds is below 20; the rules of lint.h begin there, and after them what is found in
 *  recordings. */
enum tha_config_code {
    THA_CODE_JSON_SYNTAX = 1,
    THA_CODE_DUPLICATE_KEY = 2,
    THA_CODE_UNKNOWN_KEY = 3,
    THA_CODE_WRONG_TYPE = 4,
    THA_CODE_OUT_OF_RANGE = 5,
    THA_CODE_BAD_VALUE = 6,
    THA_CODE_MISSING_KEY = 7,
    THA_CODE_DUPLICATE_ID = 8,
    THA_CODE_UNKNOWN_REFERENCE = 9,
    THA_CODE_FAILOVER_CYCLE = 10,
    THA_CODE_ENVIRONMENT_UNSET = 11,
    THA_CODE_NOT_SUPPORTED_YET = 12,
    THA_CODE_TLS_SRP_SPELLING = 13,
    THA_CODE_TOO_LONG = 14,
    THA_CODE_HEADER_INJECTION = 15,
    THA_CODE_TLS_TOO_OLD = 16,
    THA_CODE_TLS_NOT_VERIFIED = 17,
    THA_CODE_WITHOUT_EFFECT = 18,
    THA_CODE_BAD_PAIR = 19,
    THA_CODE_LONG_TTL = 20,
    THA_CODE_KEEPALIVE_OFF = 21,
    THA_CODE_INTERVAL_SHORT = 22,
    THA_CODE_INTERVAL_LONG = 23,
    THA_CODE_ONE_FAILURE = 24,
    THA_CODE_EQUAL_PRIORITY = 25,
    THA_CODE_BALANCED_STANDBY = 26,
    THA_CODE_SAME_CREDENTIALS = 27,
    THA_CODE_SAME_ADDRESS = 28,
    THA_CODE_SAME_NETWORK = 29,
    THA_CODE_SAME_SRV_TARGET = 30,
    THA_CODE_SAME_DOMAIN = 31,
    THA_CODE_CODECS_DIFFER = 32,
    THA_CODE_METHODS_DIFFER = 33,
    THA_CODE_NO_G711 = 34,
    THA_CODE_SRTP_WITHOUT_TLS = 35,
    THA_CODE_RAW_ADDRESS = 36,
    THA_CODE_NO_SECONDARY = 37,
    THA_CODE_NO_AUTOMATIC_FAILOVER = 38,
    THA_CODE_SLOW_FAILOVER = 39,
    THA_CODE_FAILOVER_PAST_TOTAL = 40,
    THA_CODE_HALF_PAIR_PROBED = 41,
    THA_CODE_WEBHOOK_PLAIN = 42,
    THA_CODE_WEBHOOK_UNSIGNED = 43,
    THA_CODE_ALERT_ON_ADMIN = 44,
    THA_CODE_STRAY_ADDRESS = 45,
    THA_CODE_NOTHING_BEHIND_NAME = 46,
    THA_CODE_UNKNOWN_IGNORE = 47,
    THA_CODE_NOT_LOOKED_UP = 48,
    THA_CODE_RECORDING_CUT = 49,
    THA_CODE_NOT_CONFIGURED = 50,
    THA_CODE_NOTHING_TO_REPLAY = 51,
};
#define THA_CODE_FIRST_OF_LINT       THA_CODE_LONG_TTL
#define THA_CODE_FIRST_OF_RECORDINGS THA_CODE_RECORDING_CUT
#define THA_CODES                    52 /* with that of 0, which is none */

struct tha_config_finding {
    enum tha_config_code code;
    struct tha_config_position position;
    const char *pointer;
    const char *message;
    const char *fix; /**< NULL = that of the catalogue */
};

/** A value that does not come from the text: a setting has put it there. */
struct tha_config_origin {
    const struct tha_config_origin *before; /**< NULL = it is the first */
    const struct tha_config_path *path;
    const char *setting; /**< without the value, which may be a secret */
};

/** What reading has found so far. */
struct tha_config_report {
    struct tha_config_text text;
    const struct tha_config_origin *origins; /**< the last first; NULL = all is of the text */
    const struct json_t *root;               /**< where warnings are silenced; NULL = not parsed yet */
    struct tha_arena arena;
    struct tha_config_finding findings[THA_FINDINGS_MAX];
    uint32_t count;
    uint32_t n_errors;                                 /**< those that found no room included */
    uint32_t n_unsupported;                            /**< of these: TH012 */
    uint32_t n_warnings;                               /**< told */
    uint32_t n_told[THA_CODES], n_left_out[THA_CODES]; /**< by code; silenced ones are neither */
    bool is_out_of_memory;
};

void tha_config_init_report(struct tha_config_report *report, const struct tha_mem *mem, const char *json, size_t len);
void tha_config_done_report(struct tha_config_report *report);

/** Adds a finding about the value at @p path; its position is looked up in the text. One about what a setting has put in
 * says so, and has none.
 *  @p fix is copied; NULL = what a message of reading has behind ": write", or else what the catalogue says. */
void tha_config_add_finding(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_path *path,
                            const char *fix, const char *format, ...) THA_PRINTF(5, 6);

/** The same about a place in a text that is not JSON. */
void tha_config_add_finding_at(struct tha_config_report *report, enum tha_config_code code, size_t offset,
                               const char *pointer, const char *fix, const char *message);

/** The same about something that stands in no text. */
void tha_config_add_finding_nowhere(struct tha_config_report *report, enum tha_config_code code, const char *fix,
                                    const char *format, ...) THA_PRINTF(4, 5);

/** True when one more finding would only be counted: its message need not be good. */
static inline bool tha_config_is_full(const struct tha_config_report *report)
{
    return report->count >= THA_FINDINGS_MAX;
}

/** Is there, apart from what is not supported yet, nothing that a model cannot be made of? */
static inline bool tha_config_is_sound(const struct tha_config_report *report)
{
    return !report->is_out_of_memory && report->n_errors == report->n_unsupported;
}

/** What reading comes to: 0, TRUNKHA_ERR_CONFIG or TRUNKHA_ERR_NOMEM. */
static inline int tha_config_get_result(const struct tha_config_report *report)
{
    if (report->is_out_of_memory)
        return TRUNKHA_ERR_NOMEM;

    return report->n_errors ? TRUNKHA_ERR_CONFIG : 0;
}

void tha_config_tell_findings(const struct tha_config_report *report, trunkha_finding_cb finding_cb, void *user_data);

#endif
