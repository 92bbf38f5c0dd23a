/** @file call.h  A call's handle: the machine, what it has been through, and its place in the shared list */
#ifndef THA_API_CALL_H
#define THA_API_CALL_H

#include "core/call.h"
#include "view/calls.h"
#include "view/handle.h"

/** Most trunks passed over that a record keeps. */
#define THA_RECORD_PASSED_MAX 16U

struct tha_attempt_record {
    char trunk_id[TRUNKHA_ID_SIZE];
    char target[TRUNKHA_ID_SIZE];
    char outbound_route[TRUNKHA_ID_SIZE];
    uint64_t started_ms;
    uint32_t duration_ms; /**< until its result was known */
    uint32_t result;      /**< enum trunkha_call_result */
    uint32_t code;
    uint32_t q850_cause;
    uint32_t why; /**< enum trunkha_why */
};

struct tha_passed_record {
    struct tha_view_passed passed;
    uint32_t attempt; /**< for which it was passed over, from 1 */
};

struct trunkha_call {
    trunkha_view *view; /**< a reference */
    struct tha_call machine;
    struct tha_call_settings settings;
    struct tha_view_call entry; /**< as it stands in the list */
    uint64_t token;             /**< in the list; 0 = there was no room */
    uint32_t profile;           /**< index, for the retry budget */
    uint32_t codecs;            /**< of the trunk of the current attempt */
    uint32_t result;            /**< enum trunkha_call_result: of the call */
    uint32_t n_passed;
    bool has_post_dial; /**< the caller has heard something */
    uint32_t tried[THA_ATTEMPTS_MAX]; /**< trunk slots */
    struct tha_passed_record passed[THA_RECORD_PASSED_MAX];
    struct tha_attempt_record attempts[]; /**< room for settings.max_attempts */
};

/* call_record.c: what it has been through */
/** Keeps the choice for the attempt that begins now. */
void tha_call_record_attempt(trunkha_call *call, const struct tha_view_pick *pick, uint64_t now_ms);
/** @p attempt: for which they were passed over, also when that did not come to be. */
void tha_call_record_passed(trunkha_call *call, const struct tha_view_pick *pick, uint32_t attempt);
struct tha_attempt_record *tha_call_current_attempt(trunkha_call *call);

/** One line for the event of the current attempt: why it went there. */
void tha_call_describe_attempt(const trunkha_call *call, char *buf, size_t size);
/** One line for the event of the call's end: its attempts. */
void tha_call_describe(const trunkha_call *call, char *buf, size_t size);

/* call_told.c: what others know of it */
/** Enters it in the list of running calls, if there is room. */
void tha_call_enter(trunkha_call *call, uint64_t now_ms);
/** False when the call has been taken for forgotten meanwhile: then it has no trunk any more, and gets none. */
bool tha_call_update_entry(trunkha_call *call, uint64_t now_ms);
/** The caller has heard something: from now on, if not before. */
void tha_call_note_post_dial(trunkha_call *call, uint64_t now_ms);
/** News of the current attempt; @p verdict: NULL = it has just begun. */
void tha_call_post_attempt(trunkha_call *call, uint32_t kind, const struct tha_call_verdict *verdict);
/** The current attempt rings, is answered or has failed: in the list and as news. */
void tha_call_tell(trunkha_call *call, const struct tha_call_heard *heard, const struct tha_call_verdict *verdict,
                   uint64_t now_ms);
/** News of the end of a call that is not in the list any more. */
void tha_call_post_end(trunkha_view *view, const struct tha_view_call *entry, uint32_t result, uint64_t now_ms);

#endif
