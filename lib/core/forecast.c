#include <stddef.h>
#include <string.h>

#include "forecast_parts.h"

/* ---- Who is where ---- */

static const char *host_of(const struct tha_trunk_model *trunk, char buf[THA_ADDR_TEXT_SIZE])
{
    return trunk->dns_name ? trunk->dns_name->host : tha_addr_host_text(&trunk->addr, buf, THA_ADDR_TEXT_SIZE);
}

static struct tha_forecast_peer *add_peer(struct tha_forecast *forecast, const char *host)
{
    struct tha_forecast_peer *peer = &forecast->peers[forecast->n_peers];

    peer->host = tha_arena_strdup(&forecast->names, host);
    peer->first_trunk = THA_NONE;
    if (!peer->host || tha_map_put(&forecast->by_host, peer->host, peer))
        return NULL;
    forecast->n_peers++;

    return peer;
}

static int place(struct tha_forecast *forecast, uint32_t index)
{
    const struct tha_trunk_model *trunk = &forecast->model->trunks[index];
    char text[THA_ADDR_TEXT_SIZE];
    const char *host = host_of(trunk, text);
    struct tha_forecast_peer *peer = tha_map_find(&forecast->by_host, host);

    if (!peer)
        peer = add_peer(forecast, host);
    if (!peer)
        return TRUNKHA_ERR_NOMEM;

    forecast->peer_of[index] = (uint32_t)(peer - forecast->peers);
    forecast->next_there[index] = peer->first_trunk;
    peer->first_trunk = index;
    tha_budget_add_share(&peer->allowed, trunk->keepalive);
    if (tha_forecast_is_probed(trunk)) {
        peer->n_probed++;
        forecast->hurry += 1000000 / tha_forecast_shortest_ms(trunk->keepalive);
    }

    return 0;
}

static int make_room(struct tha_forecast *forecast)
{
    uint32_t n = forecast->model->n_trunks + 1;

    forecast->peers = tha_mem_zalloc(&forecast->mem, n, sizeof(*forecast->peers));
    forecast->peer_of = tha_mem_zalloc(&forecast->mem, n, sizeof(*forecast->peer_of));
    forecast->next_there = tha_mem_zalloc(&forecast->mem, n, sizeof(*forecast->next_there));

    return forecast->peers && forecast->peer_of && forecast->next_there ? 0 : TRUNKHA_ERR_NOMEM;
}

static int make_room_for_players(struct tha_forecast *forecast)
{
    uint32_t most = 1;

    for (uint32_t i = 0; i < forecast->n_peers; i++) {
        uint32_t n_probed = forecast->peers[i].n_probed;

        most = n_probed > most ? n_probed : most;
    }
    forecast->players = tha_mem_zalloc(&forecast->mem, most, sizeof(*forecast->players));
    forecast->waiters = tha_mem_zalloc(&forecast->mem, most, sizeof(*forecast->waiters));

    return forecast->players && forecast->waiters ? tha_heap_reserve(&forecast->timers, most) : TRUNKHA_ERR_NOMEM;
}

int tha_forecast_new(const struct tha_mem *mem, const struct tha_model *model, struct tha_forecast **ret_forecast)
{
    struct tha_forecast *forecast = tha_mem_zalloc(mem, 1, sizeof(*forecast));
    int err;

    if (!forecast)
        return TRUNKHA_ERR_NOMEM;

    forecast->mem = *mem;
    forecast->model = model;
    tha_arena_init(&forecast->names, mem);
    tha_map_init(&forecast->by_host, mem);
    tha_heap_init(&forecast->timers, mem);
    err = make_room(forecast);
    for (uint32_t i = 0; i < model->n_trunks && !err; i++)
        err = place(forecast, i);
    if (!err)
        err = make_room_for_players(forecast);

    if (err)
        tha_forecast_free(forecast);
    else
        *ret_forecast = forecast;

    return err;
}

struct tha_forecast *tha_forecast_free(struct tha_forecast *forecast)
{
    if (!forecast)
        return NULL;

    tha_heap_done(&forecast->timers);
    tha_mem_free(&forecast->mem, forecast->waiters);
    tha_mem_free(&forecast->mem, forecast->players);
    tha_mem_free(&forecast->mem, forecast->next_there);
    tha_mem_free(&forecast->mem, forecast->peer_of);
    tha_mem_free(&forecast->mem, forecast->peers);
    tha_map_done(&forecast->by_host);
    tha_arena_done(&forecast->names);

    return tha_mem_free(&forecast->mem, forecast);
}

/* ---- Who carries the calls ---- */

/** The best priority among those that take calls; UINT32_MAX = none does. */
static uint32_t best_priority(const struct tha_model *model, const struct tha_group_model *group)
{
    uint32_t best = UINT32_MAX;

    for (uint32_t i = group->first_trunk; i < group->first_trunk + group->n_trunks; i++) {
        if (tha_trunk_takes_calls(&model->trunks[i]) && model->trunks[i].priority < best)
            best = model->trunks[i].priority;
    }

    return best;
}

/** The first of the chain in which anybody takes calls. */
static const struct tha_group_model *first_group(const struct tha_model *model, const struct tha_profile_model *profile)
{
    uint32_t i = 0;

    while (i + 1 < profile->n_groups && best_priority(model, &model->groups[profile->groups[i]]) == UINT32_MAX)
        i++;

    return &model->groups[profile->groups[i]];
}

/* ---- Detection ---- */

static void raise_to(uint32_t *inout_worst, uint32_t value)
{
    if (value > *inout_worst)
        *inout_worst = value;
}

static void raise_detection(trunkha_forecast_fault *inout_fault, uint32_t worst_ms, uint32_t mean_ms)
{
    raise_to(&inout_fault->worst_detection_ms, worst_ms);
    raise_to(&inout_fault->mean_detection_ms, mean_ms);
}

/** The name is looked up again shortly before its TTL ends, or at the very end; then nobody answers in time. */
static void add_dns(const struct tha_dns_settings *dns, trunkha_forecast_fault *inout_fault)
{
    uint64_t hold_ms = UINT64_C(1000) * (dns->max_ttl_s > dns->min_ttl_s ? dns->max_ttl_s : dns->min_ttl_s);
    uint64_t shortest_ms = UINT64_C(1000) * dns->min_ttl_s;
    uint64_t latest_ms = tha_names_lead_ms(hold_ms, THA_NAMES_LEADS - 1);
    uint64_t mean_ms = tha_names_lead_ms(hold_ms, THA_NAMES_LEADS / 2);

    raise_detection(inout_fault, (uint32_t)(latest_ms > shortest_ms ? latest_ms : shortest_ms) + dns->timeout_ms,
                    (uint32_t)(mean_ms / 2) + dns->timeout_ms);
}

/* ---- Failback ---- */

/** What one fall and one rise, close together, ask for. */
static uint32_t hold_down_ms(const struct tha_profile_model *profile, const struct tha_damping *damping)
{
    struct tha_trunk trunk = {.flap_level = 0};
    uint32_t damped_ms;

    tha_damping_note(&trunk, damping, 0);
    tha_damping_note(&trunk, damping, 0);
    damped_ms = tha_damping_hold_ms(&trunk, damping);

    return profile->hold_down_ms > damped_ms ? profile->hold_down_ms : damped_ms;
}

static uint32_t failback_ms(const struct tha_profile_model *profile, const struct tha_keepalive *keepalive,
                            uint32_t recovery_ms)
{
    uint32_t hold_ms = hold_down_ms(profile, &keepalive->damping);

    if (profile->failback == THA_FAILBACK_MANUAL || recovery_ms >= THA_FOR_EVER - hold_ms)
        return THA_FOR_EVER;

    return recovery_ms + hold_ms;
}

/* ---- A trunk ---- */

/** Trunks often have a block of their own that says the same as others; only what probes look like is of no matter. */
static bool is_same(const struct tha_keepalive *a, const struct tha_keepalive *b)
{
    return a == b || !memcmp(a, b, offsetof(struct tha_keepalive, text));
}

static void find_fault(struct tha_forecast *forecast, uint32_t trunk, uint8_t fault, struct tha_forecast_costs *costs)
{
    const struct tha_keepalive *keepalive = forecast->model->trunks[trunk].keepalive;
    bool has_waited;

    costs->worst_ms[fault] = costs->mean_ms[fault] = THA_FOR_EVER;
    if (!tha_health_is_failure(keepalive, tha_forecast_evidence(fault)))
        return;

    costs->worst_ms[fault] = tha_forecast_worst_ms(forecast, trunk, THA_WELL, fault, &has_waited);
    if (costs->worst_ms[fault] == THA_FOR_EVER)
        return;

    costs->mean_ms[fault] = tha_forecast_mean_ms(forecast, trunk, fault, has_waited);
    if (costs->mean_ms[fault] == THA_FOR_EVER)
        costs->mean_ms[fault] = costs->worst_ms[fault] / 2; /* about that, where there is too much to play */
}

/** They live until the next call for the same peer. */
static const struct tha_forecast_costs *costs_of(struct tha_forecast *forecast, uint32_t trunk)
{
    struct tha_forecast_costs *costs = &forecast->peers[forecast->peer_of[trunk]].costs;
    const struct tha_keepalive *keepalive = forecast->model->trunks[trunk].keepalive;
    bool has_waited;

    if (costs->keepalive && is_same(costs->keepalive, keepalive))
        return costs;

    costs->keepalive = keepalive;
    for (uint8_t fault = 0; fault < THA_PROBED_FAULTS; fault++)
        find_fault(forecast, trunk, fault, costs);
    costs->recovery_ms = tha_forecast_worst_ms(forecast, trunk, TRUNKHA_FAULT_SILENCE, THA_WELL, &has_waited);

    return costs;
}

/* ---- A profile ---- */

static uint32_t count_trunks(const struct tha_model *model, const struct tha_profile_model *profile)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < profile->n_groups; i++) {
        const struct tha_group_model *group = &model->groups[profile->groups[i]];

        for (uint32_t j = 0; j < group->n_trunks; j++)
            n += tha_trunk_takes_calls(&model->trunks[group->first_trunk + j]);
    }

    return n;
}

static void forecast_carrier(struct tha_forecast *forecast, const struct tha_profile_model *profile, uint32_t trunk,
                             trunkha_forecast *result)
{
    static const struct tha_forecast_costs not_probed = {
        .worst_ms = {THA_FOR_EVER, THA_FOR_EVER, THA_FOR_EVER},
        .mean_ms = {THA_FOR_EVER, THA_FOR_EVER, THA_FOR_EVER},
        .recovery_ms = THA_FOR_EVER,
    };
    const struct tha_trunk_model *model = &forecast->model->trunks[trunk];
    const struct tha_forecast_costs *costs = model->keepalive->enabled ? costs_of(forecast, trunk) : &not_probed;

    for (uint32_t i = 0; i < THA_PROBED_FAULTS; i++)
        raise_detection(&result->faults[i], costs->worst_ms[i], costs->mean_ms[i]);
    if (model->dns_name)
        add_dns(&forecast->model->dns, &result->faults[TRUNKHA_FAULT_DNS]);
    if (result->n_trunks > 1) /* with nowhere else to go, calls never went away */
        raise_to(&result->failback_ms, failback_ms(profile, model->keepalive, costs->recovery_ms));
}

/** Of those that carry calls while all is well: all of the best priority, where they take turns, else the first of them. */
static void forecast_carriers(struct tha_forecast *forecast, const struct tha_profile_model *profile,
                              trunkha_forecast *result)
{
    const struct tha_model *model = forecast->model;
    const struct tha_group_model *group = first_group(model, profile);
    uint32_t priority = best_priority(model, group);

    for (uint32_t i = group->first_trunk; i < group->first_trunk + group->n_trunks; i++) {
        if (!tha_trunk_takes_calls(&model->trunks[i]) || model->trunks[i].priority != priority)
            continue;
        forecast_carrier(forecast, profile, i, result);
        if (group->strategy == THA_STRATEGY_ACTIVE_STANDBY)
            break;
    }
}

static void forecast_calls(const struct tha_call_settings *settings, trunkha_forecast *result)
{
    for (uint32_t i = 0; i < THA_PROBED_FAULTS; i++)
        result->faults[i].worst_post_dial_ms = tha_forecast_wait_ms(settings, result->n_trunks, i, false);
    result->worst_no_ring_ms = tha_forecast_wait_ms(settings, result->n_trunks, TRUNKHA_FAULT_SILENCE, true);
}

void tha_forecast_profile(struct tha_forecast *forecast, uint32_t index, trunkha_forecast *ret_forecast)
{
    const struct tha_profile_model *profile = &forecast->model->profiles[index];

    *ret_forecast = (trunkha_forecast){
        .size = sizeof(*ret_forecast),
        .is_group = profile->is_group,
        .n_trunks = count_trunks(forecast->model, profile),
    };
    tha_text_copy(ret_forecast->profile_id, sizeof(ret_forecast->profile_id), profile->id);
    if (ret_forecast->n_trunks) {
        forecast_carriers(forecast, profile, ret_forecast);
        forecast_calls(profile->call, ret_forecast);
    }
}
