/* One peer on a clock of its own: all of its targets fail, or return, together, and one of them is watched. Judge, schedule
 * and budget are those of the core.
 *
 * At worst the fault comes right after a probe of the one that is watched, the next comes as late as jitter can have it, the
 * others stand in its way with theirs, and the budget is as empty as probes at their shortest intervals leave it; where it
 * has less than all of them ask for, each probe waits as long as the budget may have it wait (budget.h). On average the
 * others are spread over the interval, and the fault comes at any moment between two probes. */
#include <errno.h>
#include <stddef.h>

#include "forecast_parts.h"

#define WATCHED    0U          /* its place among the players */
#define ROUNDS     4U          /* before the fault: how often the one that is watched is probed at least ... */
#define ROUNDS_ONE 64U         /* ... and when it is alone, so that its budget comes to rest */
#define STEPS_MAX  4000000U    /* of one play: beyond it is for ever */
#define PLENTY     0x10000000U /* probes a minute: never used up */

#define WELL THA_PROBED_FAULTS /* beside the faults: it answers */

/** What comes of probes, by enum trunkha_fault. */
static const struct tha_evidence evidence[] = {
    [TRUNKHA_FAULT_SILENCE] = {.kind = THA_EVIDENCE_TIMED_OUT},
    [TRUNKHA_FAULT_REFUSED] = {.kind = THA_EVIDENCE_REFUSED, .system_error = ECONNREFUSED},
    [TRUNKHA_FAULT_REJECTED] = {.kind = THA_EVIDENCE_ANSWERED, .code = 503},
    [WELL] = {.kind = THA_EVIDENCE_ANSWERED, .code = 200},
};

/** Where jitter puts the next probe. */
enum jitter { JITTER_SOONEST, JITTER_NONE, JITTER_LATEST };

struct play {
    struct tha_forecast *forecast;
    struct tha_forecast_player *players;
    uint32_t n;
    struct tha_budget budget;
    uint64_t now_ms;
    uint64_t n_steps;
    uint64_t delay_ms; /**< what each probe waits for its turn, beside what the budget says */
    uint8_t outcome;   /**< of probes that leave now */
    uint8_t jitter, jitter_of_watched;
};

static bool is_watched(const struct play *play, const struct tha_forecast_player *player)
{
    return player == &play->players[WATCHED];
}

/** In half milliseconds: who is watched goes after all others of its millisecond. */
static void wait_until(struct play *play, struct tha_forecast_player *player, uint64_t when_ms)
{
    tha_heap_set(&play->forecast->timers, &player->timer, 2 * when_ms + is_watched(play, player));
}

static uint32_t index_of(const struct play *play, const struct tha_forecast_player *player)
{
    return (uint32_t)(player - play->players);
}

/** When the first in either line may ask. */
static void wake(struct play *play)
{
    for (int is_undecided = false; is_undecided <= true; is_undecided++) {
        uint32_t first = tha_queue_first(&play->budget.queues[is_undecided]);

        if (first != THA_NONE)
            wait_until(play, &play->players[first], tha_budget_opens(&play->budget, is_undecided));
    }
}

/** Only one that is not in line changes. */
static void account(struct play *play, struct tha_forecast_player *player)
{
    bool is_undecided = tha_health_is_undecided(&player->health);

    if (is_undecided && !player->is_undecided)
        play->budget.undecided++;
    if (!is_undecided && player->is_undecided)
        play->budget.undecided--;
    player->is_undecided = is_undecided;
    wake(play);
}

/** When the next probe is due, as jitter has it. */
static uint64_t due_ms(const struct tha_forecast_player *player, uint8_t jitter)
{
    uint32_t period = tha_schedule_period(player->keepalive, &player->health, false);
    uint32_t width = tha_schedule_width(player->keepalive, &player->health, period);
    uint64_t soonest = player->sent_ms + period - width;

    return jitter == JITTER_SOONEST ? soonest : jitter == JITTER_NONE ? soonest + width : soonest + 2 * width;
}

static void plan(struct play *play, struct tha_forecast_player *player)
{
    uint64_t when = due_ms(player, is_watched(play, player) ? play->jitter_of_watched : play->jitter) + play->delay_ms;

    wait_until(play, player, when > play->now_ms ? when : play->now_ms);
}

/** Is it its turn? Else it waits for that, as in the core. */
static bool has_turn(struct play *play, struct tha_forecast_player *player)
{
    struct tha_queue *queue = &play->budget.queues[player->is_undecided];
    struct tha_waiter *waiters = play->forecast->waiters;
    uint32_t index = index_of(play, player);
    bool is_waiting = tha_waiter_is_queued(&waiters[index]);
    bool has = !tha_budget_is_behind(&play->budget, index, player->is_undecided) &&
               tha_budget_has(&play->budget, player->is_undecided, play->now_ms);

    if (has && is_waiting)
        tha_queue_leave(queue, waiters, index);
    if (!has && !is_waiting) {
        tha_heap_remove(&play->forecast->timers, &player->timer);
        tha_queue_join(queue, waiters, index);
    }
    wake(play);

    return has;
}

static void ask(struct play *play, struct tha_forecast_player *player)
{
    uint32_t takes_ms = play->outcome == TRUNKHA_FAULT_SILENCE ? player->keepalive->timeout_ms : 0;

    if (!has_turn(play, player))
        return;

    tha_budget_take(&play->budget, player->is_undecided);
    wake(play);
    player->sent_ms = play->now_ms;
    player->n_sent++;
    player->outcome = play->outcome;
    player->is_probing = true;
    wait_until(play, player, play->now_ms + takes_ms);
}

static void hear(struct play *play, struct tha_forecast_player *player)
{
    player->is_probing = false;
    tha_health_judge(&player->health, player->keepalive, &evidence[player->outcome], false, play->now_ms);
    account(play, player);
    plan(play, player);
}

/** Returns whether it may go on. */
static bool step(struct play *play)
{
    struct tha_timer *timer = tha_heap_first(&play->forecast->timers);
    struct tha_forecast_player *player = THA_CONTAINER(timer, struct tha_forecast_player, timer);

    play->now_ms = timer->when / 2;
    if (player->is_probing)
        hear(play, player);
    else
        ask(play, player);

    return ++play->n_steps < STEPS_MAX;
}

/* ---- Before ---- */

static void cast(struct play *play, uint32_t trunk)
{
    struct tha_forecast *forecast = play->forecast;

    if (!tha_forecast_is_probed(&forecast->model->trunks[trunk]))
        return;
    forecast->waiters[play->n] = (struct tha_waiter){.next = 0};
    play->players[play->n++] = (struct tha_forecast_player){.keepalive = forecast->model->trunks[trunk].keepalive};
}

/** All of them, in the state that @p outcome has brought them to. */
static void begin(struct play *play, struct tha_forecast *forecast, uint32_t watched, uint8_t outcome)
{
    const struct tha_forecast_peer *peer = &forecast->peers[forecast->peer_of[watched]];

    *play = (struct play){.forecast = forecast, .players = forecast->players, .outcome = outcome};
    while (tha_heap_first(&forecast->timers)) /* who still waits from the play before */
        tha_heap_remove(&forecast->timers, tha_heap_first(&forecast->timers));
    tha_budget_init(&play->budget, tha_budget_max(&peer->allowed), 0);
    cast(play, watched);
    for (uint32_t i = peer->first_trunk; i != THA_NONE; i = forecast->next_there[i]) {
        if (i != watched)
            cast(play, i);
    }

    for (uint32_t i = 0; i < play->n; i++) {
        struct tha_forecast_player *player = &play->players[i];

        do
            tha_health_judge(&player->health, player->keepalive, &evidence[outcome], false, 0);
        while (outcome != WELL && player->health.state != TRUNKHA_HEALTH_DOWN);
        account(play, player);
    }
}

/** Has the budget what all of them ask for in the long run? */
static bool is_enough(const struct play *play, uint8_t jitter)
{
    uint64_t demand = 0; /* in millionths of a probe a minute */

    for (uint32_t i = 0; i < play->n; i++)
        demand += UINT64_C(60000000000) / (due_ms(&play->players[i], jitter) - play->players[i].sent_ms);

    return demand <= UINT64_C(1000000) * tha_budget_lasting(&play->budget);
}

/** Do several ask for more than there is, while all is well or once they are DOWN? One alone makes do with less. */
static bool is_crowded(struct tha_forecast *forecast, uint32_t watched)
{
    static const uint8_t outcomes[] = {WELL, TRUNKHA_FAULT_SILENCE};
    struct play play;

    for (size_t i = 0; i < sizeof(outcomes); i++) {
        begin(&play, forecast, watched, outcomes[i]);
        if (play.n > 1 && !is_enough(&play, JITTER_NONE))
            return true;
    }

    return false;
}

/** In a crowd there is no saying who stands in the way: the one that is watched plays alone, with the longest waits. */
static void wait_for_crowd(struct play *play)
{
    play->delay_ms = tha_budget_longest_wait_ms(&play->budget, play->n);
    play->n = 1;
    tha_budget_init(&play->budget, PLENTY, 0);
}

/** Until the one that is watched is probed once more after some rounds. False = that never happens. */
static bool rehearse(struct play *play)
{
    uint32_t n_rounds = play->n == 1 ? ROUNDS_ONE : ROUNDS;

    while (play->players[WATCHED].n_sent < n_rounds) {
        if (!step(play))
            return false;
    }
    if (play->outcome == WELL)
        step(play); /* its answer is there at once */

    return true;
}

/* ---- The worst ---- */

/** The others are probed @p lead_ms before the one that is watched, as far as jitter can have it so. */
static void stand_in_its_way(struct play *play, uint64_t lead_ms)
{
    uint64_t when = due_ms(&play->players[WATCHED], JITTER_LATEST) + play->delay_ms;

    wait_until(play, &play->players[WATCHED], when);
    when = when > lead_ms + play->now_ms ? when - lead_ms : play->now_ms;
    for (uint32_t i = 1; i < play->n; i++) {
        uint64_t latest = due_ms(&play->players[i], JITTER_LATEST);

        wait_until(play, &play->players[i], when < latest ? when : latest);
    }
}

/** From now until the one that is watched is @p state. */
static uint32_t run_until(struct play *play, uint8_t state)
{
    uint64_t from_ms = play->now_ms;

    while (play->players[WATCHED].health.state != state) {
        if (!step(play) || play->now_ms - from_ms >= THA_FOR_EVER)
            return THA_FOR_EVER;
    }

    return (uint32_t)(play->now_ms - from_ms);
}

static uint32_t play_worst(struct tha_forecast *forecast, uint32_t watched, uint8_t before, uint8_t after, uint64_t lead_ms)
{
    struct play play;
    bool has_crowd = is_crowded(forecast, watched);
    bool has_rest;

    begin(&play, forecast, watched, before);
    if (has_crowd)
        wait_for_crowd(&play);
    has_rest = is_enough(&play, JITTER_SOONEST);
    play.jitter = play.jitter_of_watched = has_rest ? JITTER_SOONEST : JITTER_NONE;
    for (uint32_t i = 0; i < play.n; i++)
        wait_until(&play, &play.players[i], 0);
    if (!rehearse(&play))
        return THA_FOR_EVER;

    if (!has_rest)
        play.budget.tokens = 0;
    play.outcome = after;
    play.jitter = JITTER_SOONEST;
    play.jitter_of_watched = JITTER_LATEST;
    if (before == WELL)
        stand_in_its_way(&play, lead_ms);

    return run_until(&play, after == WELL ? TRUNKHA_HEALTH_AVAILABLE : TRUNKHA_HEALTH_DOWN);
}

/** Others stand most in the way when they have just become suspect, ask for the second time, or are DOWN. */
static uint32_t worst_of(struct tha_forecast *forecast, uint32_t watched, uint8_t fault)
{
    const struct tha_keepalive *keepalive = forecast->model->trunks[watched].keepalive;
    const uint64_t leads[] = {0, keepalive->timeout_ms, keepalive->suspect_interval_ms, UINT32_MAX};
    uint32_t n = forecast->peers[forecast->peer_of[watched]].n_probed > 1 ? 4 : 1;
    uint32_t worst = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t detection = play_worst(forecast, watched, WELL, fault, leads[i]);

        worst = detection > worst ? detection : worst;
    }

    return worst;
}

/* ---- The mean ---- */

/** Long periods are hit more often than short ones: the mean of what is left of one is more than half of the mean period, by
 *  the variance of an even spread over twice the width. */
static uint32_t mean_excess(const struct tha_forecast_player *player)
{
    uint64_t period = tha_schedule_period(player->keepalive, &player->health, false);
    uint64_t width = tha_schedule_width(player->keepalive, &player->health, (uint32_t)period);

    return (uint32_t)(width * width / (6 * period));
}

/** Until the one that is watched is probed next. False = that never happens. */
static bool run_until_probe(struct play *play)
{
    uint32_t n_sent = play->players[WATCHED].n_sent;

    while (play->players[WATCHED].n_sent == n_sent) {
        if (!step(play))
            return false;
    }

    return true;
}

static uint32_t mean_of(struct tha_forecast *forecast, uint32_t watched, uint8_t fault)
{
    struct play play;
    uint64_t from_ms, due, until_probe_ms;
    uint32_t excess, detection;

    begin(&play, forecast, watched, WELL);
    play.jitter = play.jitter_of_watched = JITTER_NONE;
    for (uint32_t i = 0; i < play.n; i++)
        wait_until(&play, &play.players[i], (uint64_t)play.players[i].keepalive->interval_ms * i / play.n);
    if (!rehearse(&play))
        return THA_FOR_EVER;

    from_ms = play.now_ms;
    due = due_ms(&play.players[WATCHED], JITTER_NONE);
    excess = mean_excess(&play.players[WATCHED]);
    play.outcome = fault;
    if (!run_until_probe(&play))
        return THA_FOR_EVER;
    until_probe_ms = (play.now_ms - from_ms) / 2 + (play.now_ms > due ? 0 : excess); /* one that is late is always as late */
    detection = run_until(&play, TRUNKHA_HEALTH_DOWN);

    return detection == THA_FOR_EVER ? THA_FOR_EVER : (uint32_t)until_probe_ms + detection;
}

/* ---- All of it ---- */

/** Trunks often have a block of their own that says the same as others; only what probes look like is of no matter. */
static bool is_same(const struct tha_keepalive *a, const struct tha_keepalive *b)
{
    return a == b || !memcmp(a, b, offsetof(struct tha_keepalive, text));
}

const struct tha_forecast_costs *tha_forecast_play(struct tha_forecast *forecast, uint32_t trunk)
{
    struct tha_forecast_costs *costs = &forecast->peers[forecast->peer_of[trunk]].costs;
    const struct tha_keepalive *keepalive = forecast->model->trunks[trunk].keepalive;

    if (costs->keepalive && is_same(costs->keepalive, keepalive))
        return costs;

    costs->keepalive = keepalive;
    for (uint8_t fault = 0; fault < THA_PROBED_FAULTS; fault++) {
        bool is_found = tha_health_is_failure(keepalive, &evidence[fault]);

        costs->worst_ms[fault] = is_found ? worst_of(forecast, trunk, fault) : THA_FOR_EVER;
        costs->mean_ms[fault] = costs->worst_ms[fault] < THA_FOR_EVER ? mean_of(forecast, trunk, fault) : THA_FOR_EVER;
    }
    costs->recovery_ms = play_worst(forecast, trunk, TRUNKHA_FAULT_SILENCE, WELL, 0);

    return costs;
}
