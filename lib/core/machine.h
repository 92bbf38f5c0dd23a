/** @file machine.h  The inside of the core, shared by its own files only */
#ifndef THA_CORE_MACHINE_H
#define THA_CORE_MACHINE_H

#include <string.h>

#include "base/text.h"
#include "core/core.h"
#include "core/names.h"
#include "core/pace.h"
#include "core/table.h"

struct tha_core {
    struct tha_mem mem;
    struct tha_table *table; /**< NULL before the first load */
    struct tha_heap probes;  /**< timers of targets */
    struct tha_heap admins;  /**< timers of trunks */
    struct tha_heap holds;   /**< timers of profiles */
    struct tha_heap cares;   /**< timers of targets in trouble with calls */
    struct tha_names *names;
    struct tha_pace pace;
    uint64_t random;
    uint64_t rate; /**< of all targets together, in millionths of a probe a millisecond */

    uint32_t dirty_target, dirty_trunk, dirty_profile; /**< heads of lists, or THA_NONE */
    trunkha_event *events;
    uint32_t n_events, next_event, events_capacity;
    uint32_t lost;

    uint32_t known_group, known_health; /**< the last one shown, as long as no trunk changes; THA_NONE = none */
    uint32_t n_voters;                  /**< trunks that a fault at home would silence */
    uint32_t n_silent;                  /**< those of them that give no answer now */
    uint32_t n_closed;                  /**< trunks that take no new calls: draining or disabled */
    uint64_t next_knock_ms;             /**< requests of peers are looked at again from then on */
    uint64_t readdress_ms;              /**< when addresses that have changed may be taken over; THA_NEVER = none have */
    uint64_t readdressed_ms;            /**< when that was done last */
    uint64_t fault_ended_ms;            /**< probes sent before then were sent into the fault at home */
    bool is_local_fault;
    bool is_started;
    bool spares_calls;   /**< see tha_core_spare_calls() */
    bool follows_probes; /**< it hears of them instead of asking for them */
    char warning[448];   /**< for the log; "" = none waits */
    char told[448];      /**< the one that is being handed out */
};

#define THA_CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* core.c */
/** With its model. NULL is fine. */
void tha_core_free_table(struct tha_table *table);
/** What follows from a judgement, whatever it was made on. @p previous and @p blamed: state and reason before; @p detail:
 *  why the state has changed. */
void tha_core_follow(struct tha_core *core, struct tha_target *target, uint32_t previous, uint32_t blamed,
                     const char *detail, uint64_t now_ms);

/* show.c: what is to be shown */
void tha_show_target(struct tha_core *core, struct tha_target *target);
void tha_show_trunk(struct tha_core *core, struct tha_trunk *trunk);
void tha_show_profile(struct tha_core *core, uint32_t profile);
/** The next of what is to be shown; false when nothing is. */
bool tha_show_take(struct tha_core *core, uint64_t now_ms, struct tha_action *ret_action);

/* schedule.c: when is a target probed next? */
/** The interval that @p health asks for, without jitter. A trunk that is held down is watched as closely as one that is DOWN:
 *  its health must be unbroken. */
uint32_t tha_schedule_period(const struct tha_keepalive *keepalive, const struct tha_health *health, bool is_held);
/** How far jitter moves @p period_ms at most, either way. Not while a target is in doubt: detection is worked out from it, not
 *  a millisecond longer. */
uint32_t tha_schedule_width(const struct tha_keepalive *keepalive, const struct tha_health *health, uint32_t period_ms);
/** Goes on with a timer from before a load, unless the interval is shorter now; false: it wants a new place in the comb. */
bool tha_schedule_resume(struct tha_core *core, struct tha_target *target, uint64_t now_ms);
void tha_schedule_first(struct tha_core *core, struct tha_target *target, uint64_t when_ms);
void tha_schedule_next(struct tha_core *core, struct tha_target *target, uint64_t now_ms);
void tha_schedule_stop(struct tha_core *core, struct tha_target *target);
/** When the one at @p place, from 0, of a comb of @p n leaves: from the first one on. */
uint64_t tha_schedule_place_ms(uint64_t place, uint64_t n, uint64_t interval_ms);
/** Spreads every target for which @p is_wanted holds evenly over the first seconds from @p now_ms. */
void tha_schedule_comb(struct tha_core *core, bool (*is_wanted)(const struct tha_core *, const struct tha_target *),
                       uint64_t now_ms);
/** The same for every target that ought to be probed and has no time for it yet. */
void tha_schedule_newcomers(struct tha_core *core, uint64_t now_ms);
bool tha_schedule_take(struct tha_core *core, uint64_t now_ms, uint32_t *ret_slot);
uint64_t tha_schedule_next_expiry(const struct tha_core *core);
/** When the first target, if nobody probes it, has not been heard of for too long. */
uint64_t tha_schedule_next_silence(const struct tha_core *core);
/** A probe has left, asked for or not. */
void tha_schedule_note_probe(struct tha_core *core, struct tha_target *target, uint64_t now_ms);
/** How many probes may leave in any THA_PACE_WINDOW_MS when all targets together ask for @p rate: see tha_core.rate. */
uint32_t tha_schedule_limit(uint64_t rate);

/** Probes a target in doubt at once, if the last probe is not too fresh. */
void tha_schedule_hurry(struct tha_core *core, struct tha_target *target, uint64_t now_ms);

/* rollup.c: target -> trunk -> group */
/** @p cause: the target that changed, or NULL. */
void tha_rollup_trunk(struct tha_core *core, uint32_t trunk, const struct tha_target *cause, uint32_t reason,
                      const char *detail, uint64_t now_ms);
/** When a hold-down of @p hold_down_ms, or longer if it flaps, ends that began when the trunk became AVAILABLE again;
 *  0 = there is none. */
uint64_t tha_rollup_release_ms(const struct tha_core *core, uint32_t trunk, uint32_t hold_down_ms);
/** A probe has failed: a hold-down that runs waits for unbroken health, and begins anew. */
void tha_rollup_break(struct tha_core *core, uint32_t trunk, uint64_t now_ms);
/** The trunk is DOWN as before, but for another reason. */
void tha_rollup_blame(struct tha_core *core, uint32_t trunk, uint32_t reason);
void tha_rollup_show_profiles(struct tha_core *core, uint32_t group);
uint32_t tha_rollup_group_health(const struct tha_table *table, uint32_t group);

/* fault.c: is it us? */
/** Looks at @p trunk after its targets were judged; when all trunks have fallen silent together, the fault is at home. */
void tha_fault_note(struct tha_core *core, uint32_t trunk, uint64_t now_ms);
/** Somebody answered: if there was a fault at home it is over, and all are probed at once. */
void tha_fault_end(struct tha_core *core, uint64_t now_ms);
/** Counts anew, and judges anew, after a load or a word of the operator. */
void tha_fault_recount(struct tha_core *core, uint64_t now_ms);

/* route.c: the order of a profile */
void tha_route_order(struct tha_core *core, uint32_t profile, uint64_t now_ms, struct tha_action *ret_action);

/* damping.c: trunks that come and go */
/** A change to or from DOWN. */
void tha_damping_note(struct tha_trunk *trunk, const struct tha_damping *damping, uint64_t now_ms);
/** How long the last recovery has to last before failback; 0 = no longer than any. */
uint32_t tha_damping_hold_ms(const struct tha_trunk *trunk, const struct tha_damping *damping);

/* care.c: targets in trouble with calls */
/** It asked for a pause. */
void tha_care_cool(struct tha_core *core, struct tha_target *target, uint32_t cool_ms, uint64_t now_ms);
bool tha_care_is_cooling(const struct tha_target *target);
/** Puts it on trial, or ends that, as its health says. To be called whenever it was judged. */
void tha_care_follow(struct tha_core *core, struct tha_target *target, uint64_t now_ms);
/** What became of a call on trial. */
void tha_care_judge_trial(struct tha_core *core, struct tha_target *target, bool has_failed, uint64_t now_ms);
/** Sets its timer, or forgets it when there is nothing to care for any more. */
void tha_care_resume(struct tha_core *core, struct tha_target *target);
void tha_care_drop(struct tha_core *core, struct tha_target *target);
void tha_care_expire(struct tha_core *core, uint64_t now_ms);

/* addresses.c: names and what they come to */
/** Tells what has come and gone since @p old, and lets go of those that leave where nobody judges the new ones. */
void tha_addresses_follow_load(struct tha_core *core, const struct tha_table *old, uint64_t now_ms);
/** A target of @p trunk was judged: are those that leave needed any longer? */
void tha_addresses_follow_judgement(struct tha_core *core, uint32_t trunk, uint64_t now_ms);
/** What has become known of one name; false when there is nothing more. */
bool tha_addresses_take_news(struct tha_core *core, uint64_t now_ms);
uint64_t tha_addresses_next_expiry(const struct tha_core *core);

/* hear.c: requests from peers, and what else is seen of them */
/** A request has come from a target of an inbound trunk. */
void tha_hear_target(struct tha_core *core, struct tha_target *target, uint64_t now_ms);
/** The same from the host of @p heard, whichever of its ports: other hosts of the trunk have shown nothing. */
void tha_hear_host(struct tha_core *core, const struct tha_target *heard, uint64_t now_ms);
/** One that nobody probes and that was not heard of for long: nothing is known of it any more. */
void tha_hear_nothing(struct tha_core *core, struct tha_target *target, uint64_t now_ms);

/* tell.c: events */
/** About a trunk whose state stays; the event is complete but for what the caller adds. NULL = not told. */
trunkha_event *tha_tell_of_trunk(struct tha_core *core, uint32_t type, uint32_t trunk, const struct tha_target *target,
                                 uint32_t reason, const char *detail);
void tha_tell_target(struct tha_core *core, const struct tha_target *target, uint32_t previous, const char *detail);
void tha_tell_trunk(struct tha_core *core, uint32_t trunk, uint32_t previous, const struct tha_target *cause,
                    const char *detail);
void tha_tell_active(struct tha_core *core, uint32_t profile, const char *previous_id, uint32_t reason);
void tha_tell_probe_rejected(struct tha_core *core, const struct tha_target *target);
void tha_tell_call(struct tha_core *core, const struct tha_news *news);
/** The last call has gone from a draining trunk. */
void tha_tell_drained(struct tha_core *core, uint32_t trunk);
void tha_tell_local_fault(struct tha_core *core, bool has_begun);

/* admin.c */
void tha_admin_expire(struct tha_core *core, uint64_t now_ms);
/** What was measured of the trunk is of no worth any more: UNKNOWN with a clean record. */
void tha_admin_forget(struct tha_core *core, uint32_t trunk, uint64_t now_ms);
/** Rolls the trunk up; @p is_news: tells of it even when its state stays. */
void tha_admin_tell(struct tha_core *core, uint32_t trunk, uint32_t reason, bool is_news, const char *text, uint64_t now_ms);
bool tha_admin_is_probed(const struct tha_core *core, const struct tha_target *target);

#endif
