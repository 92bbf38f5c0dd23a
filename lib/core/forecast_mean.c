/* On average the fault comes at any moment between two probes. Where the budget makes nobody wait, who is watched is as good
 * as alone; else the moments of a sample are played, the others where chance has put them. */
#include "forecast_parts.h"

#define ROUNDS     4U /* before the fault: how often the one that is watched is probed */
#define SAMPLE_MIN 4U
#define SAMPLE_MAX 32U
#define SAMPLE_ALL 2048U /* targets in all plays of a sample, if that is not too few plays */

/** Long periods are hit more often than short ones: the mean of what is left of one is more than half of the mean period, by
 *  the variance of an even spread over twice the width. */
static uint32_t mean_excess(const struct tha_forecast_player *player)
{
    uint64_t period = tha_schedule_period(player->keepalive, &player->health, false);
    uint64_t width = tha_schedule_width(player->keepalive, &player->health, (uint32_t)period);

    return (uint32_t)(width * width / (6 * period));
}

static uint32_t play_alone(struct tha_forecast *forecast, uint32_t watched, uint8_t fault)
{
    struct tha_forecast_stage stage;
    uint64_t from_ms, due, until_probe_ms;
    uint32_t excess, detection;

    tha_forecast_begin(&stage, forecast, watched, THA_WELL, true);
    stage.jitter_of_watched = THA_JITTER_NONE;
    tha_forecast_plan(&stage, THA_WATCHED, 0);
    if (!tha_forecast_run_probes(&stage, ROUNDS))
        return THA_FOR_EVER;

    from_ms = stage.now_ms;
    due = tha_forecast_due_ms(&stage, THA_WATCHED, THA_JITTER_NONE);
    excess = mean_excess(&stage.players[THA_WATCHED]);
    stage.outcome = fault;
    if (!tha_forecast_run_probes(&stage, 1))
        return THA_FOR_EVER;
    until_probe_ms =
        (stage.now_ms - from_ms) / 2 + (stage.now_ms > due ? 0 : excess); /* one that is late is always as late */
    detection = tha_forecast_run_until(&stage, TRUNKHA_HEALTH_DOWN);

    return detection == THA_FOR_EVER ? THA_FOR_EVER : (uint32_t)until_probe_ms + detection;
}

/** With jitter they come to be anywhere; without it they stay where the comb of the start has put them. */
static uint64_t place_of(struct tha_forecast_stage *stage, uint32_t index)
{
    const struct tha_forecast_player *player = &stage->players[index];

    if (player->keepalive->jitter_permille)
        return tha_random_below(&stage->random, player->keepalive->interval_ms);

    return tha_schedule_place_ms(player->trunk, stage->forecast->model->n_trunks, player->keepalive->interval_ms);
}

/** A fault at the moment number @p nth of @p n, that are spread over two periods. */
static uint32_t play_moment(struct tha_forecast *forecast, uint32_t watched, uint8_t fault, uint32_t nth, uint32_t n)
{
    struct tha_forecast_stage stage;
    uint64_t last_ms, period_ms;

    tha_forecast_begin(&stage, forecast, watched, THA_WELL, false);
    stage.random += nth;
    stage.jitter = stage.jitter_of_watched = THA_JITTER_RANDOM;
    if (!tha_forecast_is_enough(&stage, THA_JITTER_NONE))
        stage.budget.tokens = 0;
    for (uint32_t i = 0; i < stage.n; i++)
        tha_forecast_plan(&stage, i, place_of(&stage, i));

    if (!tha_forecast_run_probes(&stage, ROUNDS))
        return THA_FOR_EVER;
    last_ms = stage.now_ms;
    if (!tha_forecast_run_probes(&stage, 1))
        return THA_FOR_EVER;
    period_ms = stage.now_ms - last_ms;
    if (!tha_forecast_run_to(&stage, stage.now_ms + period_ms * (2 * nth + 1) / n))
        return THA_FOR_EVER;
    stage.outcome = fault;

    return tha_forecast_run_until(&stage, TRUNKHA_HEALTH_DOWN);
}

static uint32_t sample(struct tha_forecast *forecast, uint32_t watched, uint8_t fault)
{
    uint32_t n = SAMPLE_ALL / forecast->peers[forecast->peer_of[watched]].n_probed;
    uint64_t sum = 0;

    if (tha_forecast_is_played_out(forecast))
        return THA_FOR_EVER;

    n = n < SAMPLE_MIN ? SAMPLE_MIN : n > SAMPLE_MAX ? SAMPLE_MAX : n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t took = play_moment(forecast, watched, fault, i, n);

        if (took == THA_FOR_EVER)
            return THA_FOR_EVER;
        sum += took;
    }

    return (uint32_t)(sum / n);
}

uint32_t tha_forecast_mean_ms(struct tha_forecast *forecast, uint32_t trunk, uint8_t fault, bool has_waited)
{
    uint32_t n = forecast->peers[forecast->peer_of[trunk]].n_probed;

    return has_waited && n > 1 ? sample(forecast, trunk, fault) : play_alone(forecast, trunk, fault);
}
