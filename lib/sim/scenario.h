/** @file scenario.h  A world that is made up: what every carrier does over time, and who calls
 *
 *  Plain structs, made by config/scenario.c from JSON; everything lives in one arena. Times are milliseconds from the start. */
#ifndef THA_SIM_SCENARIO_H
#define THA_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"

/** How a carrier takes what it is sent. */
enum tha_conduct {
    THA_CONDUCT_WELL,    /**< answers 200 to probes, and takes calls */
    THA_CONDUCT_SILENT,  /**< nothing comes back */
    THA_CONDUCT_REFUSED, /**< ICMP, RST */
    THA_CONDUCT_CODE,    /**< answers `code` at once */
    THA_CONDUCT_MUTE,    /**< calls: 100 and nothing more; probes: as WELL */
};

/** What a step speaks of. */
enum tha_conduct_of { THA_CONDUCT_OF_PROBES = 1, THA_CONDUCT_OF_CALLS = 2, THA_CONDUCT_OF_BOTH = 3 };

struct tha_manner {
    uint32_t conduct;        /**< enum tha_conduct */
    uint32_t code;           /**< CODE: 300 to 699 */
    uint32_t retry_after_s;  /**< CODE, to calls; 0 = none */
    uint32_t rtt_ms;
    uint32_t loss_permille;  /**< of round trips: a probe or an INVITE is repeated (RFC 3261 timers A and E), until one comes
                                  through or its time is up */
    uint32_t up_ms, down_ms; /**< flapping: the conduct holds for `down_ms`, then WELL for `up_ms`, and so on; 0 = does not */
};

enum tha_scenario_step_kind {
    THA_STEP_MANNER,  /**< carriers do so from now on */
    THA_STEP_ADDRESS, /**< the name of a trunk comes to other addresses: what the DNS says */
    THA_STEP_DNS,     /**< name servers are silent, fail, or answer again */
    THA_STEP_ADMIN,   /**< the operator speaks */
    THA_STEP_HOME,    /**< our own line is cut, or mended: silence for everything, calls included */
    THA_STEP_FAILBACK /**< the operator lets a profile go back */
};

struct tha_scenario_step {
    uint64_t at_ms;
    uint32_t kind;             /**< enum tha_scenario_step_kind */
    const char *const *whom;   /**< ids of trunks or of groups, addresses such as "192.0.2.1:5060", port 0:
                                    whatever port; none = all */
    uint32_t n_whom;
    uint32_t of;               /**< MANNER: enum tha_conduct_of */
    struct tha_manner manner;  /**< MANNER */
    const char *name;          /**< ADDRESS: the host; FAILBACK: the profile */
    const struct tha_addr *addresses; /**< ADDRESS: with ports, 0 = that of the name; none = no such name */
    uint32_t n_addresses;
    uint32_t ttl_s;            /**< ADDRESS */
    uint32_t dns;              /**< DNS: enum tha_dns_outcome: ANSWERED, FAILED, SILENT */
    uint32_t admin;            /**< ADMIN: enum trunkha_admin */
    uint32_t for_ms;           /**< ADMIN: 0 = until told otherwise */
    bool is_cut;               /**< HOME */
    uint32_t line;             /**< where it stands in the scenario, for messages */
};

/** Calls of one kind, at random moments (a Poisson process). */
struct tha_call_load {
    const char *profile;
    double per_second;
    uint64_t from_ms, until_ms;
    uint32_t ring_after_ms;   /**< 180 comes so long after the INVITE has reached a carrier that is well */
    uint32_t answer_after_ms; /**< mean, exponential, from the 180 */
    uint32_t duration_ms;     /**< mean, exponential, from the answer */
    uint32_t patience_ms;     /**< a caller gives up who hears nothing for so long */
    uint32_t busy_permille;   /**< 486 in place of 180 */
    uint32_t no_answer_permille; /**< rings, and nobody is there */
};

struct tha_scenario {
    struct tha_arena arena;
    const char *name;
    const char *about;      /**< a sentence; "" = none */
    uint64_t duration_ms;
    uint64_t seed;
    uint32_t rtt_ms;        /**< of every carrier, until a step says otherwise */
    const struct tha_scenario_step *steps; /**< in the order of time; those of one moment in that of the file */
    uint32_t n_steps;
    const struct tha_call_load *loads;
    uint32_t n_loads;
};

/** "carrier-a: code 503, retryAfter 30 s": what happens, for people; cut where @p size ends. */
void tha_scenario_describe(const struct tha_scenario *scenario, const struct tha_scenario_step *step, char *buf, size_t size);

/** NULL is fine; returns NULL. */
struct tha_scenario *tha_scenario_free(struct tha_scenario *scenario);

#endif
