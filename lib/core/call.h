/** @file call.h  One call: what is heard of its attempts in, what to do next out; time is an argument
 *
 *  | phase     | heard                                      | next phase            | verdict                        |
 *  |-----------|--------------------------------------------|-----------------------|--------------------------------|
 *  | IDLE      | tha_call_start_attempt()                   | TRYING                |                                |
 *  | TRYING    | 100                                        | PROCEEDING            | WAIT                           |
 *  | TRYING    | nothing in `no_response_ms`                | IDLE                  | NEXT, give up; hard, silent    |
 *  | TRYING .. | 18x (101 to 199)                           | RINGING               | WAIT; user                     |
 *  | TRYING .. | no 18x in `no_ring_ms` from its start      | IDLE                  | NEXT, give up; soft            |
 *  | TRYING .. | `total_ms` from the first attempt's start  | OVER                  | STOP, give up                  |
 *  | RINGING   | no final answer in `ring_ms`               | OVER                  | STOP, give up                  |
 *  | any       | its transaction has timed out              | as above              | as the deadline of the phase   |
 *  | TRYING .. | transport error                            | IDLE                  | NEXT; hard                     |
 *  | any       | 2xx                                        | ANSWERED              | WAIT; user                     |
 *  | any       | 3xx to 6xx: see call_codes.c               | IDLE or OVER          | NEXT or STOP                   |
 *  | any       | the caller gave up                         | OVER                  | STOP 487, give up              |
 *
 *  "TRYING .." is TRYING or PROCEEDING. RINGING knows no NEXT, and counts nothing against the trunk: what would be NEXT is
 *  STOP there. NEXT becomes STOP when all of `max_attempts` or `total_ms` are used up; when the caller of this file finds no
 *  other trunk, or no retry is left in the budget, it calls tha_call_stop(). The code of a STOP is the best response of all
 *  attempts (RFC 3261 section 16.7 step 6); one that was given up counts as 408, a transport error as 503, and 503 is passed
 *  on as 500. */
#ifndef THA_CORE_CALL_H
#define THA_CORE_CALL_H

#include <stdbool.h>

#include "core/model.h"
#include "core/news.h"

enum tha_call_phase {
    THA_CALL_IDLE,       /**< between attempts */
    THA_CALL_TRYING,     /**< an INVITE is out, nothing has come back */
    THA_CALL_PROCEEDING, /**< 100 */
    THA_CALL_RINGING,    /**< 18x, passed on to the caller */
    THA_CALL_ANSWERED,
    THA_CALL_OVER
};

struct tha_call {
    const struct tha_call_settings *settings; /**< borrowed */
    uint64_t begun_ms;                        /**< of the first attempt */
    uint64_t attempt_ms;                      /**< of the current one */
    uint64_t ringing_ms;
    uint32_t phase;      /**< enum tha_call_phase */
    uint32_t n_attempts; /**< so far, the current one included */
    uint32_t best_code;  /**< of the attempts that have ended; 0 = none has */
};

/** Something heard of the attempt under way; of abandoned attempts nothing is said here. */
struct tha_call_heard {
    uint32_t kind;           /**< enum trunkha_report_kind */
    uint32_t code;           /**< RESPONSE: 100 to 699 */
    uint32_t q850_cause;     /**< 0 = none */
    uint32_t retry_after_ms; /**< 0 = none, or not a sane one */
};

enum tha_call_next { THA_CALL_WAIT, THA_CALL_NEXT, THA_CALL_STOP };

struct tha_call_verdict {
    uint32_t next;     /**< enum tha_call_next */
    uint32_t code;     /**< STOP: for the caller */
    bool gives_up;     /**< the attempt under way is to be cancelled */
    bool is_news;      /**< the first 18x, an answer, or the end of the attempt: `result` and what follows say which */
    bool other_codecs; /**< NEXT: only a trunk with other codecs makes sense */
    uint8_t result;    /**< enum trunkha_call_result: UNDER_WAY = the first 18x */
    uint8_t weight;    /**< see THA_WEIGHT_HARD */
    uint8_t flags;     /**< THA_NEWS_USER, THA_NEWS_SILENT */
    uint32_t cool_ms;  /**< at most `max_retry_after_ms` */
};

/** @p settings: borrowed as long as @p call is used. */
void tha_call_init(struct tha_call *call, const struct tha_call_settings *settings);

/** An INVITE goes out now. In IDLE only. */
void tha_call_start_attempt(struct tha_call *call, uint64_t now_ms);

/** Deadlines that have passed by @p now_ms go before a 1xx that came too late, but not before a final response. In ANSWERED
 *  and OVER nothing happens: WAIT; likewise in IDLE, unless the caller gives up: STOP 487, no news of an attempt. */
void tha_call_hear(struct tha_call *call, const struct tha_call_heard *heard, uint64_t now_ms,
                   struct tha_call_verdict *ret_verdict);

/** No other trunk can be tried: the call is OVER. Returns the code for the caller; 503 when there was no attempt at all, 408
 *  when none brought a final response. */
uint32_t tha_call_stop(struct tha_call *call);

/** When to hear of TRUNKHA_REPORT_TIME; UINT64_MAX = no deadline runs. */
uint64_t tha_call_deadline(const struct tha_call *call);

/* ---- call_codes.c: the table of response codes ---- */

struct tha_call_judgement {
    bool reroutes;
    bool other_codecs; /**< reroutes only where the codecs differ */
    uint8_t weight;
    uint8_t flags;
    bool cools; /**< Retry-After speaks of the trunk */
};

/** Judges a final response 300 to 699 that came before any 18x (@p is_ringing: after). */
struct tha_call_judgement tha_call_judge(const struct tha_call_settings *settings, uint32_t code, uint32_t q850_cause,
                                         bool is_ringing);

/** The better of two final responses to pass on, @p other if they are equal; 0 = none. RFC 3261 section 16.7 step 6. */
uint32_t tha_call_better(uint32_t code, uint32_t other);

/* ---- call_headers.c: what a response says besides its code ---- */

/** Milliseconds of a Retry-After value (RFC 3261 section 20.33), at most UINT32_MAX; 0 when it is none, malformed, zero or
 *  negative. NULL is fine. */
uint32_t tha_call_read_retry_after(const char *value);

/** The first cause from 1 to 127 of a Q.850 reason (RFC 3326); 0 = none. NULL is fine. */
uint32_t tha_call_read_q850(const char *value);

#endif
