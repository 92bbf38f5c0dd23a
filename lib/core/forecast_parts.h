/** @file forecast_parts.h  The parts of a forecast, shared by its own files only */
#ifndef THA_CORE_FORECAST_PARTS_H
#define THA_CORE_FORECAST_PARTS_H

#include "base/map.h"
#include "base/random.h"
#include "core/call.h"
#include "core/forecast.h"
#include "machine.h"

#define THA_FOR_EVER UINT32_MAX

/** Faults that probes find: all but that of the DNS. */
#define THA_PROBED_FAULTS 3
/** Beside the faults: it answers. */
#define THA_WELL THA_PROBED_FAULTS

/** What a peer's fault and its end come to, for a trunk with these settings. */
struct tha_forecast_costs {
    const struct tha_keepalive *keepalive; /**< NULL = nothing is known yet */
    uint32_t worst_ms[THA_PROBED_FAULTS];  /**< until DOWN */
    uint32_t mean_ms[THA_PROBED_FAULTS];
    uint32_t recovery_ms; /**< until AVAILABLE, at most */
};

/** Who shares one address, and its budget. */
struct tha_forecast_peer {
    const char *host;     /**< "192.0.2.1", or a name */
    uint32_t first_trunk; /**< the others follow in `next_there` */
    uint32_t n_probed;    /**< of its trunks */
    struct tha_budget_share allowed;
    struct tha_forecast_costs costs; /**< worked out last */
};

/** A target in a play. */
struct tha_forecast_player {
    struct tha_timer timer; /**< next probe, or what comes of the one under way */
    struct tha_health health;
    const struct tha_keepalive *keepalive;
    uint64_t sent_ms;
    uint32_t trunk;
    uint32_t n_sent;
    uint8_t outcome; /**< of the probe under way */
    bool is_probing;
    bool is_undecided; /**< counted in the budget as such */
};

/** Where jitter puts the next probe. */
enum tha_forecast_jitter {
    THA_JITTER_SOONEST,
    THA_JITTER_NONE,
    THA_JITTER_LATEST,
    THA_JITTER_RANDOM,
};

/** The place among the players of the one that is watched. */
#define THA_WATCHED 0U

/** One peer on a clock of its own. */
struct tha_forecast_stage {
    struct tha_forecast *forecast;
    struct tha_forecast_player *players;
    uint32_t n;
    struct tha_budget budget;
    uint64_t now_ms;
    uint64_t n_steps;
    uint64_t random;
    uint8_t outcome; /**< of probes that leave now */
    uint8_t jitter, jitter_of_watched;
    bool is_held;    /**< trunks that are well again are in their hold-down */
    bool has_waited; /**< somebody, for his turn */
};

struct tha_forecast {
    struct tha_mem mem;
    const struct tha_model *model;
    struct tha_arena names;
    struct tha_map by_host;
    struct tha_forecast_peer *peers;
    uint32_t *peer_of;                   /**< by trunk */
    uint32_t *next_there;                /**< by trunk: the next one with the same peer, or THA_NONE */
    struct tha_forecast_player *players; /**< room for those of the greatest peer */
    struct tha_waiter *waiters;          /**< likewise */
    struct tha_heap timers;              /**< likewise */
    uint64_t hurry;                      /**< what all targets ask for at their shortest intervals, as tha_core.rate */
    uint64_t n_steps;                    /**< of all plays */
    uint32_t n_peers;
};

static inline bool tha_forecast_is_probed(const struct tha_trunk_model *trunk)
{
    return trunk->keepalive->enabled && trunk->admin != TRUNKHA_ADMIN_DISABLED;
}

/** forecast_rate.c: the shortest time between two probes of one target. */
uint32_t tha_forecast_shortest_ms(const struct tha_keepalive *keepalive);

/* ---- forecast_play.c: a peer, played to judge, schedule and budget */

/** What comes of a probe, by enum trunkha_fault, and THA_WELL. */
const struct tha_evidence *tha_forecast_evidence(uint8_t outcome);

/** Was so much played that nothing but who is alone is played any more? Then all else lasts for ever. */
bool tha_forecast_is_played_out(const struct tha_forecast *forecast);

/** All trunks at the address of @p watched, or that one alone, in the state that @p outcome has brought them to; none is
 *  planned. */
void tha_forecast_begin(struct tha_forecast_stage *stage, struct tha_forecast *forecast, uint32_t watched, uint8_t outcome,
                        bool is_alone);

/** Plans the next probe of a player that is neither probing nor waiting for its turn; of any other nothing changes. */
void tha_forecast_plan(struct tha_forecast_stage *stage, uint32_t index, uint64_t when_ms);

/** When the next probe is due, as @p jitter has it. */
uint64_t tha_forecast_due_ms(struct tha_forecast_stage *stage, uint32_t index, uint8_t jitter);

/** Has the budget what all of them ask for in the long run? */
bool tha_forecast_is_enough(struct tha_forecast_stage *stage, uint8_t jitter);

/** Until the one that is watched has been probed @p n times more. False = that never happens. */
bool tha_forecast_run_probes(struct tha_forecast_stage *stage, uint32_t n);

/** Until @p when_ms. Returns likewise. */
bool tha_forecast_run_to(struct tha_forecast_stage *stage, uint64_t when_ms);

/** From now until the one that is watched is @p state; THA_FOR_EVER = that never happens. */
uint32_t tha_forecast_run_until(struct tha_forecast_stage *stage, uint8_t state);

/* ---- forecast_worst.c, forecast_mean.c: what it takes */

/** From the state that @p before has brought all to until @p trunk is in that of @p after, one of them being THA_WELL.
 *  @p ret_has_waited: may the budget make anybody wait? */
uint32_t tha_forecast_worst_ms(struct tha_forecast *forecast, uint32_t trunk, uint8_t before, uint8_t after,
                               bool *ret_has_waited);

/** Until @p fault is detected, over all moments at which it may happen; THA_FOR_EVER: that cannot be played. */
uint32_t tha_forecast_mean_ms(struct tha_forecast *forecast, uint32_t trunk, uint8_t fault, bool has_waited);

/* ---- forecast_call.c: what a caller waits */

/** @p fault: as enum trunkha_fault; @p proceeds: every trunk says 100 first. FOR_EVER = no other trunk is tried. */
uint32_t tha_forecast_wait_ms(const struct tha_call_settings *settings, uint32_t n_trunks, uint32_t fault, bool proceeds);

#endif
