/** @file calls.h  The part of the table that everybody writes: calls, their limits, and what is reported of them
 *
 *      reports | running calls | gauges of trunks | gauges of targets | gauges of profiles
 *
 *  It lies between the event ring and the halves, and survives loads: gauges are found by the *slots* of trunks and targets,
 *  which stay as long as these do. Profiles' gauges are found by index; after a load a budget may for ten seconds count the
 *  calls of another profile.
 *
 *  Every step is a bounded number of atomic operations: no lock is held that a killed process could keep. What a process
 *  that died has left behind is cleared away by the writer: tha_view_reap_call(). A view that was opened without the right
 *  to write has no calls. Nothing read from here is trusted: indices are checked, counts are clamped. */
#ifndef THA_VIEW_CALLS_H
#define THA_VIEW_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model.h"
#include "core/news.h"
#include "trunkha.h"

/** May calls be made through this handle? */
bool tha_view_has_calls(const trunkha_view *view);

/* ---- pick.c: the trunk of an attempt ---- */

/** Most trunks that are told as passed over in one pick. */
#define THA_PASSED_MAX 16U

/** Most entries of an order that one pick looks at. */
#define THA_PICK_MAX 256U

struct tha_view_wish {
    const uint32_t *tried; /**< trunk slots that this call has been to */
    uint32_t n_tried;
    uint32_t codecs; /**< 0 = any; else a trunk is wanted whose codecs are given and others than these */
    uint64_t now_ms;
};

struct tha_view_passed {
    char trunk_id[TRUNKHA_ID_SIZE];
    uint32_t why; /**< enum trunkha_why */
};

struct tha_view_pick {
    trunkha_candidate candidate; /**< complete */
    uint32_t trunk_slot;
    uint32_t target_slot;
    uint32_t codecs;                               /**< of the trunk */
    uint32_t profile;                              /**< index, for the retry budget */
    struct tha_call_settings settings;             /**< of the profile; sane whatever the table says */
    struct tha_view_passed passed[THA_PASSED_MAX]; /**< those before the chosen one, and those that never get calls */
    uint32_t n_passed;
};

/** Picks the first target of the order that this call has not been to, whose trunk is neither full nor too fast, and counts
 *  the call there: release it with tha_view_leave(). A target on trial (THA_RUN_TRIAL, and armed) goes before all: one call
 *  gets it. When none is found *ret_pick has all but the candidate. Errors: NOTFOUND, STATE, ACCESS,
 *  UNAVAILABLE. */
int tha_view_pick(trunkha_view *view, const char *profile, const struct tha_view_wish *wish, struct tha_view_pick *ret_pick);

/* ---- gauge.c: what is counted of trunks, targets and profiles ---- */

/** Undoes a pick that nothing came of: the trunk is left, and a trial goes to the next call. */
void tha_view_give_back(trunkha_view *view, const struct tha_view_pick *pick);

/** The call is not on that trunk any more. */
void tha_view_leave(trunkha_view *view, uint32_t trunk_slot);

/** Calls on a trunk now. */
uint32_t tha_view_active_calls(const trunkha_view *view, uint32_t trunk_slot);

/** For the retry budget. */
void tha_view_count_call(trunkha_view *view, uint32_t profile, uint64_t now_ms);

/** May a call of that profile be tried once more? If so, it is counted: at most @p percent of the calls of the last ten
 *  seconds, but always ten in ten seconds. */
bool tha_view_may_retry(trunkha_view *view, uint32_t profile, uint32_t percent, uint64_t now_ms);

/* ---- running.c: the list of running calls ---- */

struct tha_view_call {
    uint64_t begun_ms;
    uint64_t answered_ms; /**< 0 = not yet */
    uint64_t expires_ms;  /**< when it is taken for forgotten */
    uint32_t trunk_slot;  /**< THA_NONE = it has left its last one */
    uint32_t target_slot;
    uint32_t attempts;
    uint32_t post_dial_ms;
    uint32_t pid;
    uint32_t last_code;
    char call_id[TRUNKHA_ID_SIZE];
    char profile_id[TRUNKHA_ID_SIZE];
    char trunk_id[TRUNKHA_ID_SIZE];
    char target[TRUNKHA_ID_SIZE];
    char detail[96]; /**< its attempts in a line */
};

/** What is no text. */
#define THA_VIEW_CALL_HEAD offsetof(struct tha_view_call, call_id)

/** getpid(), but without a system call each time. */
uint32_t tha_view_own_pid(const trunkha_view *view);

/** Enters a call. Returns its token; 0 when there is no room: the call goes on, unlisted. */
uint64_t tha_view_enter_call(trunkha_view *view, const struct tha_view_call *call);

/** Rewrites what is kept of a call. False, without effect, when it has been taken from the list. */
bool tha_view_update_call(trunkha_view *view, uint64_t token, const struct tha_view_call *call);

/** The call goes on when the process that entered it ends. */
void tha_view_disown_call(trunkha_view *view, uint64_t token);

/** Takes a call from the list: whoever gets true, and nobody else, does what has to be done at its end. @p ret_call may be
 *  NULL. */
bool tha_view_remove_call(trunkha_view *view, uint64_t token, struct tha_view_call *ret_call);

/** What is reported of a call that was taken from the list. */
void tha_view_make_end_news(const struct tha_view_call *call, uint32_t result, uint64_t now_ms, struct tha_news *ret_news);

/** The next running call at or after *inout_place, which is moved behind it; false when there are no more. */
bool tha_view_next_running(const trunkha_view *view, uint32_t *inout_place, uint64_t *ret_token,
                           struct tha_view_call *ret_call);

/** Takes a call that has expired, or whose process has died, from the list: call until false. Looks on from where it was the
 *  time before, at no more than @p n places. On the writer's thread. */
bool tha_view_reap_call(trunkha_view *view, uint32_t n, uint64_t now_ms, struct tha_view_call *ret_call);

/* ---- reports.c: from any thread or process to the writer's ---- */

/** While there are reports the writer looks for more this often. */
#define THA_VIEW_LOOK_MS 50U

/** Hands @p news in; if there is no room for it, that is counted. @p is_urgent: the writer is woken at once if it is in this
 *  process; else it comes by itself, soon while there is something to take. */
void tha_view_post_news(trunkha_view *view, const struct tha_news *news, bool is_urgent);

/** The next report, in order; false when there is none. On the writer's thread. One that a killed process never finished is
 *  passed over after a second. */
bool tha_view_take_news(trunkha_view *view, uint64_t now_ms, struct tha_news *ret_news);

/** The writer is going to sleep for long: the next report of this process wakes it. False when one has come just now. */
bool tha_view_await_news(trunkha_view *view);

/** Reports lost for want of room since the view was made. */
uint64_t tha_view_lost_news(const trunkha_view *view);

/** @p fd: an eventfd that wakes the writer, for reports of this process; -1 = none any more, and the one before is not
 *  written to after that. */
void tha_view_set_doorbell(trunkha_view *view, int fd);

/* ---- gauge.c once more, on the writer's thread ---- */

/** Makes room for as many slots and profiles; NOMEM. Room once made stays. */
int tha_view_reserve_gauges(trunkha_view *view, uint32_t n_trunks, uint32_t n_targets, uint32_t n_profiles);

/** 0 = no limit. */
void tha_view_set_limits(trunkha_view *view, uint32_t trunk_slot, uint32_t max_calls, uint32_t calls_per_second);

/** The next call for which that target would be first in line goes there. */
void tha_view_arm_trial(trunkha_view *view, uint32_t target_slot, bool is_armed);

#endif
