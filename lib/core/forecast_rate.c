/* What a peer is asked: while all is well, and at worst in one second. */
#include "forecast_parts.h"

#define SECOND_MS 1000U

static struct tha_budget budget_of(const struct tha_forecast_peer *peer)
{
    struct tha_budget budget;

    tha_budget_init(&budget, tha_budget_max(&peer->allowed), 0);

    return budget;
}

/** While all is well, rounded up. */
static uint32_t per_minute(const struct tha_forecast *forecast, const struct tha_forecast_peer *peer)
{
    struct tha_budget budget = budget_of(peer);
    uint64_t wanted = 0; /* in millionths */

    for (uint32_t i = peer->first_trunk; i != THA_NONE; i = forecast->next_there[i]) {
        const struct tha_trunk_model *trunk = &forecast->model->trunks[i];

        if (tha_forecast_is_probed(trunk))
            wanted += UINT64_C(60000000000) / trunk->keepalive->interval_ms;
    }

    wanted = (wanted + 999999) / 1000000;

    return wanted < tha_budget_lasting(&budget) ? (uint32_t)wanted : tha_budget_lasting(&budget);
}

uint32_t tha_forecast_shortest_ms(const struct tha_keepalive *keepalive)
{
    static const struct tha_health healths[] = {
        {.state = TRUNKHA_HEALTH_AVAILABLE},
        {.state = TRUNKHA_HEALTH_AVAILABLE, .failed = 1},
        {.state = TRUNKHA_HEALTH_DOWN},
    };
    uint32_t shortest = UINT32_MAX;

    for (size_t i = 0; i < sizeof(healths) / sizeof(healths[0]); i++) {
        uint32_t period = tha_schedule_period(keepalive, &healths[i], false);

        period -= tha_schedule_width(keepalive, &healths[i], period);
        shortest = period < shortest ? period : shortest;
    }

    return shortest;
}

/** What all trunks there would ask for in a second together, if nothing held them back. The last look of a hold-down, and
 * the probe after a fault at home, do not wait for their period. */
static uint64_t most_wanted(const struct tha_forecast *forecast, const struct tha_forecast_peer *peer)
{
    uint64_t wanted = 0;

    for (uint32_t i = peer->first_trunk; i != THA_NONE; i = forecast->next_there[i]) {
        const struct tha_trunk_model *trunk = &forecast->model->trunks[i];

        if (tha_forecast_is_probed(trunk))
            wanted += 2 + (SECOND_MS - 1) / tha_forecast_shortest_ms(trunk->keepalive);
    }

    return wanted;
}

static uint32_t burst(const struct tha_forecast *forecast, const struct tha_forecast_peer *peer)
{
    struct tha_budget budget = budget_of(peer);
    struct tha_pace pace = {.last_ms = 0};
    uint32_t limit = tha_schedule_limit(forecast->hurry);
    uint64_t wanted = most_wanted(forecast, peer);
    uint32_t n = 0;

    for (uint64_t now_ms = 0; now_ms < SECOND_MS; now_ms++) {
        while (n < wanted && tha_budget_has(&budget, true, now_ms) && tha_pace_take(&pace, limit, now_ms)) {
            tha_budget_take(&budget, true);
            n++;
        }
    }

    return n;
}

bool tha_forecast_next_peer(const struct tha_forecast *forecast, uint32_t *inout_place, trunkha_forecast_peer *ret_peer)
{
    const struct tha_forecast_peer *peer = NULL;

    while (*inout_place < forecast->n_peers && !peer) {
        peer = &forecast->peers[(*inout_place)++];
        if (!peer->n_probed)
            peer = NULL;
    }
    if (!peer)
        return false;

    *ret_peer = (trunkha_forecast_peer){
        .size = sizeof(*ret_peer),
        .n_trunks = peer->n_probed,
        .probes_per_minute = per_minute(forecast, peer),
        .probe_burst = burst(forecast, peer),
    };
    tha_text_copy(ret_peer->peer, sizeof(ret_peer->peer), peer->host);

    return true;
}
