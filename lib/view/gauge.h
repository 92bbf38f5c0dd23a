/** @file gauge.h  What is counted of trunks, targets and profiles while calls are made
 *
 *  A gauge takes memory when it is first touched, a look included: who asks of limits touches those of limited trunks only,
 *  and of active calls only when a call was ever made. */
#ifndef THA_VIEW_GAUGE_H
#define THA_VIEW_GAUGE_H

#include "handle.h"

/** Counts a call on a trunk. Returns 0, or TRUNKHA_WHY_FULL or TRUNKHA_WHY_RATE, and then it is not counted.
 *  @p is_limited: ask for the limits. */
uint32_t tha_gauge_enter(trunkha_view *view, uint32_t trunk_slot, bool is_limited, uint64_t now_ms);

/** What tha_gauge_enter() would return for a trunk that is limited; nothing is counted. */
uint32_t tha_gauge_look(const trunkha_view *view, uint32_t trunk_slot, uint64_t now_ms);

/** See tha_view_active_calls(). */
uint32_t tha_gauge_active_calls(const struct tha_table *table, uint32_t trunk_slot);

/** Is a request from a trunk's addresses to be reported? Once a second; then that was this time. */
bool tha_gauge_should_hear(trunkha_view *view, uint32_t trunk_slot, uint64_t now_ms);

/** Does a target wait for a call on trial? */
bool tha_gauge_is_on_trial(const trunkha_view *view, uint32_t target_slot);

/** Takes the trial of a target: one caller gets it. */
bool tha_gauge_claim_trial(trunkha_view *view, uint32_t target_slot);

/** Gives a trial back that was not made. */
void tha_gauge_return_trial(trunkha_view *view, uint32_t target_slot);

#endif
