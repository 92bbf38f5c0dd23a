/** @file sim.h  The whole core on a virtual clock, in a world of scripted carriers: hours of trunk life in milliseconds */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/core.h"

struct sim;

/** How a carrier takes a probe. */
struct sim_manner {
    int code;          /**< answer; 0 = silence; below 0 = refused at once */
    uint32_t delay_ms; /**< of the answer */
};

#define SIM_OK      ((struct sim_manner){200, 20})
#define SIM_SILENT  ((struct sim_manner){0, 0})
#define SIM_REFUSED ((struct sim_manner){-1, 0})

/** An event with the moment it was told. */
struct sim_event {
    uint64_t at_ms;
    trunkha_event event;
};

/** Loads @p json and starts at time 1000000 (so that "before the start" can be told); every carrier answers 200. */
struct sim *sim_new(const char *json);
/** sim_new(), and @p ms have passed. */
struct sim *sim_new_at(const char *json, uint64_t ms);
/** sim_new() in a world where the DNS says @p zone: see sim_set_zone(). */
struct sim *sim_new_with_zone(const char *json, const char *zone);
struct sim *sim_new_with_seed(const char *json, uint64_t seed);
void sim_free(struct sim *sim);

/** Another configuration, now. */
void sim_reload(struct sim *sim, const char *json);

/** From now on trunk @p trunk_id behaves like this. */
void sim_behave(struct sim *sim, const char *trunk_id, struct sim_manner manner);
void sim_behave_all(struct sim *sim, struct sim_manner manner);

/** The same of an address, "udp:192.0.2.1:5060", before it is anybody's; it outranks what its trunk does. */
void sim_behave_at(struct sim *sim, const char *target, struct sim_manner manner);

/** What the DNS says from now on: see zone.h; NULL = it is silent, SIM_DNS_FAILS = its servers fail. Names are of no matter
 *  in worlds without them. */
void sim_set_zone(struct sim *sim, const char *zone);
#define SIM_DNS_FAILS "fails"

/** How often the DNS was asked so far. */
unsigned sim_questions(const struct sim *sim);

/** "192.0.2.1 192.0.2.2/unknown 192.0.2.3/down": the addresses of a trunk in the order of @p profile, with their states but
 * for AVAILABLE. Static storage of the sim. */
const char *sim_addresses(struct sim *sim, const char *profile, const char *trunk_id);

/** Milliseconds since the start, and the same moment on the core's clock. */
uint64_t sim_now(const struct sim *sim);
uint64_t sim_core_now(const struct sim *sim);

/** Lets time pass until @p ms after the start, everything due then included. */
void sim_run_to(struct sim *sim, uint64_t ms);

int sim_set_admin(struct sim *sim, const char *trunk_id, uint32_t admin, uint32_t reason, uint32_t for_ms);

/** What is published now. */
const struct tha_trunk_state *sim_trunk(const struct sim *sim, const char *trunk_id);
const struct tha_target_state *sim_target(const struct sim *sim, const char *trunk_id);

/** "a1 b1 | c1": the trunks in the order of @p profile, those passed over behind the bar. Static storage of the sim. */
const char *sim_order(struct sim *sim, const char *profile);
/** The trunk that carries new calls, "" = none. */
const char *sim_active(const struct sim *sim, const char *profile);
const struct tha_route_entry *sim_entries(const struct sim *sim, const char *profile, uint32_t *ret_count);

/** The @p nth event (from 0) of @p type about @p entity_id since the last sim_forget(); NULL if there was none. */
const struct sim_event *sim_event(const struct sim *sim, uint32_t type, const char *entity_id, unsigned nth);
unsigned sim_count_events(const struct sim *sim, uint32_t type, const char *entity_id);
void sim_forget(struct sim *sim);

/** Probes sent to @p trunk_id so far (NULL = to all), the last one's time, and the most in any window of @p window_ms. */
unsigned sim_probes(const struct sim *sim, const char *trunk_id);
uint64_t sim_last_probe(const struct sim *sim, const char *trunk_id);
unsigned sim_most_probes(const struct sim *sim, const char *trunk_id, uint64_t window_ms);

/** The last line for the log, "" = there was none. */
const char *sim_warning(const struct sim *sim);

/** While set, carriers do as they like but the core hears nothing of it. */
void sim_lose_results(struct sim *sim, bool is_lost);

/** Hands in evidence out of the ordinary. */
void sim_report(struct sim *sim, const char *trunk_id, const struct tha_evidence *evidence);

/** What may be told of a call. */
#define SIM_BEGUN ((struct tha_news){.kind = THA_NEWS_BEGUN})
#define SIM_UNANSWERED                                                                                                      \
    ((struct tha_news){                                                                                                     \
        .kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_NO_RESPONSE, .weight = THA_WEIGHT_HARD, .flags = THA_NEWS_SILENT})
#define SIM_UNAVAILABLE                                                                                                     \
    ((struct tha_news){.kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_FAILED, .weight = THA_WEIGHT_HARD, .code = 503})
#define SIM_SERVER_ERROR                                                                                                    \
    ((struct tha_news){.kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_FAILED, .weight = THA_WEIGHT_SOFT, .code = 500})
#define SIM_BUSY                                                                                                            \
    ((struct tha_news){.kind = THA_NEWS_FAILED, .result = TRUNKHA_CALL_FAILED, .flags = THA_NEWS_USER, .code = 486})
#define SIM_RINGING ((struct tha_news){.kind = THA_NEWS_RINGING, .flags = THA_NEWS_USER})
#define SIM_ANSWERED                                                                                                        \
    ((struct tha_news){.kind = THA_NEWS_ANSWERED, .result = TRUNKHA_CALL_ANSWERED, .flags = THA_NEWS_USER, .code = 200})
#define SIM_ENDED ((struct tha_news){.kind = THA_NEWS_ENDED, .result = TRUNKHA_CALL_ANSWERED})

/** A call on @p trunk_id reports, while that many calls are on it. */
void sim_call(struct sim *sim, const char *trunk_id, struct tha_news news, uint32_t active_calls);
/** The same of the call that was let through on trial. */
void sim_trial_call(struct sim *sim, const char *trunk_id, struct tha_news news);
/** Waits the trunk's target for a call on trial? */
bool sim_is_armed(const struct sim *sim, const char *trunk_id);
/** Would a call of the profile be let through to it, when it is armed? */
bool sim_takes_trials(struct sim *sim, const char *profile, const char *trunk_id);

/** The connection to the trunk's first target has ended; @p evidence NULL = in order. */
void sim_close(struct sim *sim, const char *trunk_id, const struct tha_evidence *evidence);

/** The trunk's target number @p nth says what it can do. */
void sim_say_abilities(struct sim *sim, const char *trunk_id, unsigned nth, struct tha_abilities abilities);

/** A request comes from the trunk's address. */
void sim_knock(struct sim *sim, const char *trunk_id);

int sim_fail_back(struct sim *sim, const char *profile);

const struct tha_core *sim_core(const struct sim *sim);

#endif
