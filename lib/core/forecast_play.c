/* One peer on a clock of its own: all of its targets fail, or return, together, and one of them is watched. Judge, schedule
 * and budget are those of the core. */
#include <errno.h>

#include "forecast_parts.h"

#define STEPS_MAX       8000000U /* of all plays of a forecast together; what is not played is bounded */
#define STEPS_MAX_ALONE 1000000U /* of one play, by one player */

const struct tha_evidence *tha_forecast_evidence(uint8_t outcome)
{
    static const struct tha_evidence evidence[] = {
        [TRUNKHA_FAULT_SILENCE] = {.kind = THA_EVIDENCE_TIMED_OUT},
        [TRUNKHA_FAULT_REFUSED] = {.kind = THA_EVIDENCE_REFUSED, .system_error = ECONNREFUSED},
        [TRUNKHA_FAULT_REJECTED] = {.kind = THA_EVIDENCE_ANSWERED, .code = 503},
        [THA_WELL] = {.kind = THA_EVIDENCE_ANSWERED, .code = 200},
    };

    return &evidence[outcome];
}

/** In half milliseconds: who is watched goes after all others of its millisecond. */
static void wait_until(struct tha_forecast_stage *stage, uint32_t index, uint64_t when_ms)
{
    tha_heap_set(&stage->forecast->timers, &stage->players[index].timer, 2 * when_ms + (index == THA_WATCHED));
}

/** When the first in either line may ask. */
static void wake(struct tha_forecast_stage *stage)
{
    for (int is_undecided = false; is_undecided <= true; is_undecided++) {
        uint32_t first = tha_queue_first(&stage->budget.queues[is_undecided]);

        if (first != THA_NONE)
            wait_until(stage, first, tha_budget_opens(&stage->budget, is_undecided));
    }
}

/** Only one that is not in line changes. */
static void account(struct tha_forecast_stage *stage, struct tha_forecast_player *player)
{
    bool is_undecided = tha_health_is_undecided(&player->health);

    if (is_undecided && !player->is_undecided)
        stage->budget.undecided++;
    if (!is_undecided && player->is_undecided)
        stage->budget.undecided--;
    player->is_undecided = is_undecided;
    wake(stage);
}

uint64_t tha_forecast_due_ms(struct tha_forecast_stage *stage, uint32_t index, uint8_t jitter)
{
    const struct tha_forecast_player *player = &stage->players[index];
    uint32_t period = tha_schedule_period(player->keepalive, &player->health, stage->is_held);
    uint32_t width = tha_schedule_width(player->keepalive, &player->health, period);
    uint64_t soonest = player->sent_ms + period - width;

    switch (jitter) {
    case THA_JITTER_NONE:
        return soonest + width;
    case THA_JITTER_LATEST:
        return soonest + 2 * width;
    case THA_JITTER_RANDOM:
        return soonest + tha_random_below(&stage->random, 2 * width + 1);
    default:
        return soonest;
    }
}

void tha_forecast_plan(struct tha_forecast_stage *stage, uint32_t index, uint64_t when_ms)
{
    if (stage->players[index].is_probing || tha_waiter_is_queued(&stage->forecast->waiters[index]))
        return;

    wait_until(stage, index, when_ms > stage->now_ms ? when_ms : stage->now_ms);
}

/** Is it its turn? Else it waits for that, as in the core. */
static bool has_turn(struct tha_forecast_stage *stage, uint32_t index, bool is_undecided)
{
    struct tha_queue *queue = &stage->budget.queues[is_undecided];
    struct tha_waiter *waiters = stage->forecast->waiters;
    bool is_waiting = tha_waiter_is_queued(&waiters[index]);
    bool has = !tha_budget_is_behind(&stage->budget, index, is_undecided) &&
               tha_budget_has(&stage->budget, is_undecided, stage->now_ms);

    if (has && is_waiting)
        tha_queue_leave(queue, waiters, index);
    if (!has && !is_waiting) {
        tha_heap_remove(&stage->forecast->timers, &stage->players[index].timer);
        tha_queue_join(queue, waiters, index);
        stage->has_waited = true;
    }
    wake(stage);

    return has;
}

static void ask(struct tha_forecast_stage *stage, uint32_t index)
{
    struct tha_forecast_player *player = &stage->players[index];
    uint32_t takes_ms = stage->outcome == TRUNKHA_FAULT_SILENCE ? player->keepalive->timeout_ms : 0;

    if (!has_turn(stage, index, player->is_undecided))
        return;

    tha_budget_take(&stage->budget, player->is_undecided);
    wake(stage);
    player->sent_ms = stage->now_ms;
    player->n_sent++;
    player->outcome = stage->outcome;
    player->is_probing = true;
    wait_until(stage, index, stage->now_ms + takes_ms);
}

static void hear(struct tha_forecast_stage *stage, uint32_t index)
{
    struct tha_forecast_player *player = &stage->players[index];
    uint8_t jitter = index == THA_WATCHED ? stage->jitter_of_watched : stage->jitter;

    player->is_probing = false;
    tha_health_judge(&player->health, player->keepalive, tha_forecast_evidence(player->outcome), false, stage->now_ms);
    account(stage, player);
    tha_forecast_plan(stage, index, tha_forecast_due_ms(stage, index, jitter));
}

bool tha_forecast_is_played_out(const struct tha_forecast *forecast)
{
    return forecast->n_steps >= STEPS_MAX;
}

/** May it go on? */
static bool has_steps(struct tha_forecast_stage *stage, uint32_t n)
{
    stage->n_steps += n;
    if (stage->n == 1)
        return stage->n_steps < STEPS_MAX_ALONE;
    stage->forecast->n_steps += n;

    return !tha_forecast_is_played_out(stage->forecast);
}

/** Returns whether it may go on. */
static bool step(struct tha_forecast_stage *stage)
{
    struct tha_timer *timer = tha_heap_first(&stage->forecast->timers);
    struct tha_forecast_player *player = THA_CONTAINER(timer, struct tha_forecast_player, timer);
    uint32_t index = (uint32_t)(player - stage->players);

    stage->now_ms = timer->when / 2;
    if (player->is_probing)
        hear(stage, index);
    else
        ask(stage, index);

    return has_steps(stage, 1);
}

/* ---- Before ---- */

static void cast(struct tha_forecast_stage *stage, uint32_t trunk)
{
    struct tha_forecast *forecast = stage->forecast;

    if (!tha_forecast_is_probed(&forecast->model->trunks[trunk]))
        return;
    forecast->waiters[stage->n] = (struct tha_waiter){.next = 0};
    stage->players[stage->n++] =
        (struct tha_forecast_player){.keepalive = forecast->model->trunks[trunk].keepalive, .trunk = trunk};
}

void tha_forecast_begin(struct tha_forecast_stage *stage, struct tha_forecast *forecast, uint32_t watched, uint8_t outcome,
                        bool is_alone)
{
    const struct tha_forecast_peer *peer = &forecast->peers[forecast->peer_of[watched]];

    *stage = (struct tha_forecast_stage){
        .forecast = forecast, .players = forecast->players, .random = 1, .outcome = outcome, .is_held = outcome != THA_WELL};
    while (tha_heap_first(&forecast->timers)) /* who was still planned in the play before */
        tha_heap_remove(&forecast->timers, tha_heap_first(&forecast->timers));
    tha_budget_init(&stage->budget, tha_budget_max(&peer->allowed), 0);
    cast(stage, watched);
    for (uint32_t i = peer->first_trunk; i != THA_NONE && !is_alone; i = forecast->next_there[i]) {
        if (i != watched)
            cast(stage, i);
    }

    for (uint32_t i = 0; i < stage->n; i++) {
        struct tha_forecast_player *player = &stage->players[i];

        do
            tha_health_judge(&player->health, player->keepalive, tha_forecast_evidence(outcome), false, 0);
        while (outcome != THA_WELL && player->health.state != TRUNKHA_HEALTH_DOWN);
        account(stage, player);
    }
    has_steps(stage, stage->n);
}

bool tha_forecast_is_enough(struct tha_forecast_stage *stage, uint8_t jitter)
{
    uint64_t demand = 0; /* in millionths of a probe a minute */

    for (uint32_t i = 0; i < stage->n; i++)
        demand += UINT64_C(60000000000) / (tha_forecast_due_ms(stage, i, jitter) - stage->players[i].sent_ms);

    return demand <= UINT64_C(1000000) * tha_budget_lasting(&stage->budget);
}

/* ---- Until ---- */

bool tha_forecast_run_probes(struct tha_forecast_stage *stage, uint32_t n)
{
    uint32_t end = stage->players[THA_WATCHED].n_sent + n;

    while (stage->players[THA_WATCHED].n_sent < end) {
        if (!step(stage))
            return false;
    }
    if (stage->outcome == THA_WELL)
        step(stage); /* its answer is there at once */

    return true;
}

bool tha_forecast_run_to(struct tha_forecast_stage *stage, uint64_t when_ms)
{
    while (tha_heap_next(&stage->forecast->timers) < 2 * when_ms) {
        if (!step(stage))
            return false;
    }
    stage->now_ms = when_ms;

    return true;
}

uint32_t tha_forecast_run_until(struct tha_forecast_stage *stage, uint8_t state)
{
    uint64_t from_ms = stage->now_ms;

    while (stage->players[THA_WATCHED].health.state != state) {
        if (!step(stage) || stage->now_ms - from_ms >= THA_FOR_EVER)
            return THA_FOR_EVER;
    }

    return (uint32_t)(stage->now_ms - from_ms);
}
