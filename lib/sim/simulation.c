#include "simulation.h"

#include <string.h>

#include "base/text.h"
#include "view/calls.h"
#include "view/show.h"

#define EVENTS_KEPT 4096U

/** Turns that the core may want at one moment before time goes on; it never needs more than a few. */
#define TURNS_MAX 1000U

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- Out of the core ---- */

static void publish(struct tha_sim *sim)
{
    if (sim->is_prepared)
        tha_view_publish(sim->view);
    sim->is_prepared = false;
}

static void tell(struct tha_sim *sim, const trunkha_event *event)
{
    const struct tha_view_teller teller = {
        .instance_id = sim->instance_id,
        .sequence = ++sim->sequence,
        .now_unix_ms = (int64_t)sim->now_ms + sim->unix_offset_ms,
        .started_unix_ms = (int64_t)THA_SIM_START_MS + sim->unix_offset_ms,
        .unix_offset_ms = sim->unix_offset_ms,
    };
    trunkha_event complete = *event;

    publish(sim);
    tha_view_tell(sim->view, &teller, &complete);
    sim->source->told(&complete, sim->source->user_data);
}

/** A disabled trunk is not asked again. */
static void cancel_probes(struct tha_sim *sim, uint32_t index)
{
    const struct tha_table *table = tha_core_table(sim->core);
    const struct tha_trunk *trunk = &table->trunks[index];

    for (uint32_t i = 0; i < trunk->n_targets; i++)
        sim->source->cancel(table->targets[trunk->first_target + i].slot, sim->source->user_data);
}

static void carry_out(struct tha_sim *sim, const struct tha_action *action)
{
    tha_view_show(sim->view, action);
    if (action->kind == THA_ACTION_SHOW_TRUNK && action->trunk.state.admin == TRUNKHA_ADMIN_DISABLED)
        cancel_probes(sim, action->index);

    if (action->kind == THA_ACTION_TELL)
        tell(sim, action->event);
    else if (action->kind == THA_ACTION_READDRESS)
        tha_sim_load(sim, NULL); /* the core asks again when there was no memory */
    else
        sim->source->shown(action, sim->now_ms, sim->source->user_data);
}

static void carry_out_all(struct tha_sim *sim)
{
    struct tha_action action;

    while (tha_core_next_action(sim->core, sim->now_ms, &action))
        carry_out(sim, &action);
    publish(sim);
    sim->sequence += tha_core_take_lost(sim->core); /* a gap that every reader sees */
}

static void probe_all(struct tha_sim *sim)
{
    uint32_t slot;

    while (tha_core_next_probe(sim->core, sim->now_ms, &slot)) {
        sim->probes++;
        sim->source->probe(slot, sim->now_ms, sim->source->user_data);
    }
}

static void ask_all(struct tha_sim *sim)
{
    struct tha_dns_question question;
    uint64_t id;

    while (tha_core_next_question(sim->core, sim->now_ms, &id, &question))
        sim->source->ask(id, &question, sim->now_ms, sim->source->user_data);
}

/* ---- Into the core ---- */

static void hear_of_calls(struct tha_sim *sim)
{
    struct tha_news news;

    if (sim->now_ms < sim->next_news_ms)
        return;

    while (tha_view_take_news(sim->view, sim->now_ms, &news))
        tha_core_take_news(sim->core, &news, tha_view_active_calls(sim->view, news.trunk_slot), sim->now_ms);
    sim->next_news_ms = THA_NEVER;
}

void tha_sim_ring(struct tha_sim *sim, bool at_once)
{
    uint64_t when = at_once ? sim->now_ms : sim->now_ms + THA_VIEW_LOOK_MS;

    sim->next_news_ms = earlier(sim->next_news_ms, when);
}

void tha_sim_pump(struct tha_sim *sim)
{
    hear_of_calls(sim);
    carry_out_all(sim);
    probe_all(sim);
    ask_all(sim);
    sim->next_core_ms = tha_core_next_expiry(sim->core);
}

/* ---- Time ---- */

/** When there is something to be done whatever comes in. */
static uint64_t own_next_ms(const struct tha_sim *sim)
{
    const struct tha_sim_source *source = sim->source;
    uint64_t core_ms = sim->next_core_ms;

    return earlier(sim->next_news_ms, source->defer ? source->defer(core_ms, source->user_data) : core_ms);
}

static uint64_t next_ms(const struct tha_sim *sim)
{
    return earlier(own_next_ms(sim), sim->source->next_ms(sim->source->user_data));
}

/** To be seen by whoever reads, the heartbeat need not be an event of its own: nobody reads between two moments. */
static void set_time(struct tha_sim *sim, uint64_t now_ms)
{
    sim->now_ms = now_ms;
    tha_view_set_time(sim->view, now_ms);
    if (now_ms < sim->next_beat_ms)
        return;

    tha_view_beat(sim->view, now_ms, (int64_t)now_ms + sim->unix_offset_ms);
    sim->next_beat_ms = now_ms + THA_VIEW_BEAT_MS;
}

int tha_sim_run(struct tha_sim *sim, uint64_t until_ms)
{
    unsigned turns = 0;
    uint64_t next;

    while ((next = next_ms(sim)) <= until_ms) {
        int err;

        if (next <= sim->now_ms && ++turns == TURNS_MAX)
            next = sim->now_ms + 1; /* who cannot have enough of this moment waits */
        if (next > sim->now_ms) {
            set_time(sim, next);
            turns = 0;
        }
        err = sim->source->take(sim->now_ms, sim->source->user_data);
        if (err != THA_SIM_QUIET || own_next_ms(sim) <= sim->now_ms)
            tha_sim_pump(sim);
        if (err < 0)
            return err;
    }
    if (until_ms > sim->now_ms)
        set_time(sim, until_ms);

    return 0;
}

/* ---- Its life ---- */

int tha_sim_init(struct tha_sim *sim, const struct tha_mem *mem, uint64_t seed, const struct tha_sim_source *source)
{
    int err;

    sim->mem = *mem;
    sim->source = source;
    sim->next_news_ms = THA_NEVER;
    sim->unix_offset_ms = -(int64_t)THA_SIM_START_MS;
    tha_text_copy(sim->instance_id, sizeof(sim->instance_id), "simulation");

    err = tha_core_new(mem, seed, &sim->core);
    if (!err)
        err = tha_view_new(mem, NULL, EVENTS_KEPT, &sim->view);
    if (!err)
        set_time(sim, THA_SIM_START_MS);

    return err;
}

void tha_sim_done(struct tha_sim *sim)
{
    if (sim->view)
        tha_view_retire(sim->view); /* it may outlive us */
    sim->view = trunkha_view_unref(sim->view);
    sim->core = tha_core_free(sim->core);
}

int tha_sim_load(struct tha_sim *sim, struct tha_model *model)
{
    const char *instance_id = model && model->instance_id ? model->instance_id : sim->instance_id;
    struct tha_table *table;
    int err = tha_core_prepare(sim->core, model, sim->now_ms, &table);

    if (err)
        return err;
    err = sim->source->prepare(table, sim->source->user_data);
    if (!err)
        err = tha_view_prepare_table(sim->view, &sim->mem, table, instance_id);
    if (err) {
        tha_table_free(table);
        return err;
    }

    tha_text_copy(sim->instance_id, sizeof(sim->instance_id), instance_id);
    tha_view_set_table_limits(sim->view, table);
    tha_core_commit(sim->core, table, sim->now_ms);
    sim->is_prepared = true;
    sim->source->commit(table, sim->source->user_data);

    return 0;
}

void tha_sim_start(struct tha_sim *sim)
{
    trunkha_event ready = {.size = sizeof(ready), .type = TRUNKHA_EVENT_READY, .reason = TRUNKHA_REASON_STARTUP};
    const struct tha_model *model = tha_core_table(sim->core)->model;

    set_time(sim, sim->now_ms);
    tha_text_print(ready.detail, sizeof(ready.detail), "probing %u trunks in %u groups", model->n_trunks, model->n_groups);
    tell(sim, &ready);
    tha_core_start(sim->core, sim->now_ms);
    tha_sim_pump(sim);
}
