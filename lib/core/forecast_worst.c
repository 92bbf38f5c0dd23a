/* At worst the fault comes right after a probe of the one that is watched, its next comes as late as jitter can have it, the
 * others stand in its way with theirs, and the budget is as empty as probes at their shortest intervals leave it.
 *
 * There are too many ways to stand in its way to play them all, so where any of those that are played has anybody wait for
 * the budget, another turn of all is added. It never takes longer than with every wait at the budget's longest (budget.h):
 * that counts where it is less, or where there is too much to play. */
#include "forecast_parts.h"

#define ROUNDS    4U          /* before the fault: how often the one that is watched is probed */
#define LINEUPS   16U         /* numbers of early ones, at most */
#define PLENTY    0x10000000U /* probes a minute: never used up */
#define MINUTE_MS 60000U

/** Who stands where: so many others are asked right at the fault, the rest @p lead_ms before the one that is watched. */
struct lineup {
    uint32_t n_early;
    uint32_t shift; /**< whose turn it is to be early */
    uint64_t lead_ms;
};

struct outage {
    struct tha_forecast *forecast;
    uint32_t watched;
    uint8_t before, after;
    uint32_t n; /**< targets at the address */
};

static uint8_t state_of(uint8_t outcome)
{
    return outcome == THA_WELL ? TRUNKHA_HEALTH_AVAILABLE : TRUNKHA_HEALTH_DOWN;
}

static uint32_t add(uint32_t ms, uint64_t more_ms)
{
    return more_ms < THA_FOR_EVER - ms ? ms + (uint32_t)more_ms : THA_FOR_EVER;
}

/* ---- The one that is watched, alone ---- */

/** It has just been probed. */
static void start_alone(struct tha_forecast_stage *stage, const struct outage *outage)
{
    tha_forecast_begin(stage, outage->forecast, outage->watched, outage->before, true);
    stage->jitter_of_watched = THA_JITTER_LATEST;
    tha_forecast_plan(stage, THA_WATCHED, 0);
    tha_forecast_run_probes(stage, 1);
    stage->outcome = outage->after;
}

/** It has an address of its own. */
static uint32_t play_alone(const struct outage *outage)
{
    struct tha_forecast_stage stage;

    start_alone(&stage, outage);
    if (!tha_forecast_is_enough(&stage, THA_JITTER_SOONEST))
        stage.budget.tokens = 0;

    return tha_forecast_run_until(&stage, state_of(outage->after));
}

/** Each of its probes waits as long as the budget may have it wait. */
static uint32_t bound(const struct outage *outage)
{
    struct tha_forecast_stage stage;
    uint64_t wait_ms;
    uint32_t took;

    start_alone(&stage, outage);
    wait_ms = tha_budget_longest_wait_ms(&stage.budget, outage->n);
    tha_budget_init(&stage.budget, PLENTY, 0);
    took = tha_forecast_run_until(&stage, state_of(outage->after));

    return add(took, wait_ms * (stage.players[THA_WATCHED].n_sent - 1));
}

/* ---- All of them ---- */

static void stand_in_its_way(struct tha_forecast_stage *stage, const struct lineup *lineup)
{
    uint64_t when = tha_forecast_due_ms(stage, THA_WATCHED, THA_JITTER_LATEST);

    tha_forecast_plan(stage, THA_WATCHED, when);
    when = when > lineup->lead_ms ? when - lineup->lead_ms : 0;
    for (uint32_t i = 1; i < stage->n; i++) {
        uint32_t place = (i - 1 + lineup->shift) % (stage->n - 1);
        uint64_t latest = tha_forecast_due_ms(stage, i, THA_JITTER_LATEST);

        stage->players[i].is_probing = false; /* what it has under way may as well have been over before */
        tha_forecast_plan(stage, i, place < lineup->n_early ? stage->now_ms + place : when < latest ? when : latest);
    }
}

/** Until the one that is watched has just been probed, and the budget is as empty as they make it. */
static bool rehearse(struct tha_forecast_stage *stage)
{
    bool has_rest = tha_forecast_is_enough(stage, THA_JITTER_SOONEST);
    bool is_done;

    for (uint32_t i = 0; i < (has_rest ? stage->n : 1); i++)
        tha_forecast_plan(stage, i, 0);
    is_done = tha_forecast_run_probes(stage, has_rest ? ROUNDS : 1);
    if (!has_rest)
        stage->budget.tokens = 0;

    return is_done;
}

static uint32_t play(const struct outage *outage, const struct lineup *lineup, bool *inout_has_waited)
{
    struct tha_forecast_stage stage;
    uint32_t took;

    if (tha_forecast_is_played_out(outage->forecast))
        return THA_FOR_EVER;

    tha_forecast_begin(&stage, outage->forecast, outage->watched, outage->before, false);
    stage.jitter = stage.jitter_of_watched = THA_JITTER_SOONEST;
    if (!rehearse(&stage))
        return THA_FOR_EVER;

    stage.outcome = outage->after;
    stage.jitter_of_watched = THA_JITTER_LATEST;
    stand_in_its_way(&stage, lineup);
    took = tha_forecast_run_until(&stage, state_of(outage->after));
    *inout_has_waited |= stage.has_waited;

    return took;
}

/** Others stand most in the way when they ask together with it, have just become suspect, or ask for the second time. */
static uint32_t play_with(const struct outage *outage, uint32_t n_early, bool *inout_has_waited)
{
    const struct tha_keepalive *keepalive = outage->forecast->model->trunks[outage->watched].keepalive;
    const uint64_t leads[] = {0, keepalive->timeout_ms, keepalive->suspect_interval_ms};
    uint32_t n_leads = n_early < outage->n - 1 ? sizeof(leads) / sizeof(leads[0]) : 1;
    uint32_t worst = 0;

    for (uint32_t i = 0; i < n_leads; i++) {
        struct lineup lineup = {n_early, n_early + i, leads[i]};
        uint32_t took = play(outage, &lineup, inout_has_waited);

        worst = took > worst ? took : worst;
    }

    return worst;
}

/** Only where some wait does it matter how many are early. */
static uint32_t play_all(const struct outage *outage, bool *inout_has_waited)
{
    uint32_t step = (outage->n + LINEUPS - 1) / LINEUPS;
    uint32_t worst = play_with(outage, 0, inout_has_waited);
    uint32_t took = play_with(outage, outage->n - 1, inout_has_waited);

    worst = took > worst ? took : worst;
    for (uint32_t n_early = step; n_early < outage->n - 1 && *inout_has_waited; n_early += step) {
        took = play_with(outage, n_early, inout_has_waited);
        worst = took > worst ? took : worst;
    }

    return worst;
}

static uint64_t turn_of_all_ms(const struct outage *outage)
{
    const struct tha_forecast_peer *peer = &outage->forecast->peers[outage->forecast->peer_of[outage->watched]];
    struct tha_budget budget;
    uint32_t lasting;

    tha_budget_init(&budget, tha_budget_max(&peer->allowed), 0);

    lasting = tha_budget_lasting(&budget);

    return ((uint64_t)outage->n * MINUTE_MS + lasting - 1) / lasting;
}

uint32_t tha_forecast_worst_ms(struct tha_forecast *forecast, uint32_t trunk, uint8_t before, uint8_t after,
                               bool *ret_has_waited)
{
    struct outage outage = {forecast, trunk, before, after, forecast->peers[forecast->peer_of[trunk]].n_probed};
    uint32_t played, at_most;

    *ret_has_waited = false;
    if (outage.n == 1)
        return play_alone(&outage);

    played = play_all(&outage, ret_has_waited);
    if (played == THA_FOR_EVER)
        *ret_has_waited = true;
    if (*ret_has_waited)
        played = add(played, turn_of_all_ms(&outage));
    at_most = bound(&outage);

    return played < at_most ? played : at_most;
}
