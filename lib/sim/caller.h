/** @file caller.h  One call as its caller lives it: what he hears of each attempt, and when he has had enough
 *
 *  | stage      | then                                                        | heard                       | stage      |
 *  |------------|-------------------------------------------------------------|-----------------------------|------------|
 *  | SENDING    | a lost INVITE, or one to a silent carrier, is sent again    |                             | SENDING    |
 *  | ECHOING    | what the INVITE has brought comes back                      | 100, a code, a refusal      | PROCEEDING |
 *  | PROCEEDING | the callee is found                                         | 180, or 486                 | RINGING    |
 *  | RINGING    | he answers                                                  | 200                         | TALKING    |
 *  | TALKING    | one of them hangs up                                        | END, or CUT by a fault      |            |
 *  | any        | the carrier has died, is mute, or it is over                |                             | STUCK      |
 *
 *  Before it rings the caller loses patience some time; the library's deadlines are heard as TIME. */
#ifndef THA_SIM_CALLER_H
#define THA_SIM_CALLER_H

#include "agenda.h"
#include "flight.h"
#include "trunkha.h"
#include "world.h"

enum tha_caller_stage {
    THA_CALLER_STUCK,
    THA_CALLER_SENDING,
    THA_CALLER_ECHOING,
    THA_CALLER_PROCEEDING,
    THA_CALLER_RINGING,
    THA_CALLER_TALKING
};

enum tha_heard {
    THA_HEARD_NOTHING,
    THA_HEARD_REPORT, /**< something that the library must know */
    THA_HEARD_END,
    THA_HEARD_CUT
};

struct tha_caller {
    /* What those who talk need, and they are the most, stands together: */
    struct tha_due due;
    uint64_t next_ms; /**< when the next thing happens of itself */
    uint64_t token;
    uint32_t trunk;       /**< where the current attempt went: index ... */
    struct tha_addr addr; /**< ... and address */
    uint8_t stage;        /**< enum tha_caller_stage */
    bool is_calling;
    trunkha_call *call;      /**< until it is answered; NULL = `token` has it */
    struct tha_caller *next; /**< of those that are free */

    uint64_t begun_ms;
    uint64_t attempt_ms;  /**< when the current attempt began */
    uint64_t deadline_ms; /**< of the library */
    uint64_t patience_ms; /**< when the caller gives up */
    struct tha_flight flight;
    struct tha_echo echo;
    uint32_t first_trunk; /**< of the first attempt */
    uint32_t attempts;

    /* What fate has in store: drawn before the first attempt, so that it is the same whatever the settings are. */
    uint32_t ring_after_ms;
    uint64_t answer_after_ms, duration_ms;
    bool is_busy, is_nobody_there;

    bool was_hurt;   /**< a carrier's fault, or our own line's, has kept something from him */
    bool has_user;   /**< the callee's side has said the last word */
    bool has_had_it; /**< he has given up */
    char retry_after[12];
};

/** An INVITE goes out now to @p trunk at @p addr. */
void tha_caller_dial(struct tha_caller *caller, struct tha_world *world, uint32_t trunk, const struct tha_addr *addr,
                     uint64_t now_ms);

/** The library wants to know after @p wait_ms, UINT32_MAX = never. */
void tha_caller_expect(struct tha_caller *caller, uint32_t wait_ms, uint64_t now_ms);

/** Nothing happens in the world before @p quiet_until_ms. If it rings by then, and before the library asks, nobody would
 *  notice the 100: it is left out. */
void tha_caller_make_haste(struct tha_caller *caller, uint64_t quiet_until_ms);

/** When something happens to him. */
uint64_t tha_caller_next_ms(const struct tha_caller *caller);

/** What happens now: enum tha_heard. @p ret_report: filled in when it is a REPORT; texts are borrowed from @p caller. */
uint32_t tha_caller_hear(struct tha_caller *caller, struct tha_world *world, uint64_t now_ms, trunkha_report *ret_report);

/** Was it the callee's, or the caller's own doing that this call was not answered? */
bool tha_caller_is_to_blame(const struct tha_caller *caller);

#endif
