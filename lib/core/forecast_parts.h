/** @file forecast_parts.h  The parts of a forecast, shared by its own files only */
#ifndef THA_CORE_FORECAST_PARTS_H
#define THA_CORE_FORECAST_PARTS_H

#include "base/map.h"
#include "core/call.h"
#include "core/forecast.h"
#include "machine.h"

#define THA_FOR_EVER UINT32_MAX

/** Faults that probes find: all but that of the DNS. */
#define THA_PROBED_FAULTS 3

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
    uint32_t per_minute;  /**< probes while all is well, rounded up */
    uint32_t burst;       /**< the most of them in any second; 0 = not worked out yet */
    struct tha_budget_share allowed;
    struct tha_forecast_costs costs; /**< worked out last */
};

/** A target in a play. */
struct tha_forecast_player {
    struct tha_timer timer; /**< next probe, or what comes of the one under way */
    struct tha_health health;
    const struct tha_keepalive *keepalive;
    uint64_t sent_ms;
    uint32_t n_sent;
    uint8_t outcome; /**< of the probe under way */
    bool is_probing;
    bool is_undecided; /**< counted in the budget as such */
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
    uint32_t n_peers;
};

static inline bool tha_forecast_is_probed(const struct tha_trunk_model *trunk)
{
    return trunk->keepalive->enabled && trunk->admin != TRUNKHA_ADMIN_DISABLED;
}

/** The shortest time between two probes of one target. */
uint32_t tha_forecast_shortest_ms(const struct tha_keepalive *keepalive);

/* ---- forecast_play.c: faults played to judge, schedule and budget */

/** @p trunk: one that is probed. The costs live until the next call for the same peer. */
const struct tha_forecast_costs *tha_forecast_play(struct tha_forecast *forecast, uint32_t trunk);

/* ---- forecast_rate.c: what a peer is asked */

/** Probes a minute while all is well, rounded up, and the most in any second. */
uint32_t tha_forecast_per_minute(const struct tha_forecast *forecast, const struct tha_forecast_peer *peer);
uint32_t tha_forecast_burst(const struct tha_forecast *forecast, const struct tha_forecast_peer *peer);

/* ---- forecast_call.c: what a caller waits */

/** @p fault: as enum trunkha_fault; @p proceeds: every trunk says 100 first. FOR_EVER = no other trunk is tried. */
uint32_t tha_forecast_wait_ms(const struct tha_call_settings *settings, uint32_t n_trunks, uint32_t fault, bool proceeds);

#endif
