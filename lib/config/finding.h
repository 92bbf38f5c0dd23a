/** @file finding.h  The catalogue of what can be wrong, and the list of what was found, in the order of the file */
#ifndef THA_CONFIG_FINDING_H
#define THA_CONFIG_FINDING_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/text.h"
#include "config.h"
#include "scan.h"

/** Permanent: TH001 is 1. Rules of the lint catalogue begin at 20. */
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
};

struct tha_config_finding {
    enum tha_config_code code;
    struct tha_config_position position;
    const char *pointer;
    const char *message;
    const char *fix; /**< NULL = that of the catalogue */
};

/** What reading has found so far. Warnings leave half of the room to errors. */
struct tha_config_report {
    struct tha_config_text text;
    struct tha_arena arena;
    struct tha_config_finding findings[THA_FINDINGS_MAX];
    uint32_t count;
    uint32_t n_errors;   /**< those that found no room included */
    uint32_t n_warnings; /**< likewise */
    bool is_out_of_memory;
};

void tha_config_init_report(struct tha_config_report *report, const struct tha_mem *mem, const char *json, size_t len);
void tha_config_done_report(struct tha_config_report *report);

/** Adds a finding about the value at @p path; its position is looked up in the text.
 *  @p fix is copied; NULL = what the message has behind ": write", or else what the catalogue says. */
void tha_config_add_finding(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_path *path,
                            const char *fix, const char *format, ...) THA_PRINTF(5, 6);

/** The same about a place in a text that is not JSON. */
void tha_config_add_finding_at(struct tha_config_report *report, enum tha_config_code code, size_t offset,
                               const char *pointer, const char *fix, const char *message);

/** True when one more finding would only be counted: its message need not be good. */
static inline bool tha_config_is_full(const struct tha_config_report *report)
{
    return report->count >= THA_FINDINGS_MAX;
}

void tha_config_tell_findings(const struct tha_config_report *report, trunkha_finding_cb finding_cb, void *user_data);

#endif
