/* From the core's wishes to deeds: states to the view, events to the ring, probes to the wire. */
#include "engine.h"
#include "view/calls.h"

#define ROUNDS_MAX 4U /* what is left then waits for the next turn of the loop */

int64_t tha_engine_unix_ms(uint64_t core_ms)
{
    return core_ms ? tha_clock_unix_ms() - (int64_t)(tha_clock_ms() - core_ms) : 0;
}

/** The states that go with a new catalogue are complete: from here on they are read. */
static void publish(trunkha_engine *engine)
{
    if (engine->is_prepared)
        tha_view_publish(engine->view);
    engine->is_prepared = false;
}

/** A disabled trunk is not asked again, not even by a retransmission. */
static void cancel_probes(trunkha_engine *engine, uint32_t index)
{
    const struct tha_table *table = tha_core_table(engine->core);
    const struct tha_trunk *trunk = &table->trunks[index];

    for (uint32_t i = 0; engine->prober && i < trunk->n_targets; i++)
        tha_prober_cancel(engine->prober, table->targets[trunk->first_target + i].slot);
}

static void carry_out(trunkha_engine *engine, const struct tha_action *action)
{
    trunkha_view *view = engine->view;

    switch (action->kind) {
    case THA_ACTION_SHOW_TARGET:
        tha_view_set_target(view, action->index, &action->target.state);
        if (action->target.trial != THA_TRIAL_AS_IT_WAS)
            tha_view_arm_trial(view, action->target.slot, action->target.trial == THA_TRIAL_ARMED);
        break;

    case THA_ACTION_SHOW_TRUNK:
        tha_view_set_trunk(view, action->index, &action->trunk.state);
        if (action->trunk.state.admin == TRUNKHA_ADMIN_DISABLED)
            cancel_probes(engine, action->index);
        tha_view_set_group(view, action->trunk.group, action->trunk.group_health);
        break;

    case THA_ACTION_SHOW_ROUTE:
        tha_view_set_route(view, action->index, action->route.entries, action->route.n_entries, action->route.active_trunk);
        break;

    case THA_ACTION_TELL:
        publish(engine);
        tha_engine_tell(engine, action->event);
        break;

    default:
        break;
    }
}

static void beat(trunkha_engine *engine, uint64_t now_ms)
{
    if (now_ms < engine->next_beat_ms)
        return;

    tha_view_beat(engine->view, now_ms, tha_clock_unix_ms());
    engine->next_beat_ms = now_ms + THA_VIEW_BEAT_MS;
}

static uint64_t next_expiry(const trunkha_engine *engine)
{
    uint64_t when = engine->next_beat_ms;
    uint64_t core = tha_core_next_expiry(engine->core);
    uint64_t prober = tha_prober_next_expiry(engine->prober);

    if (core < when)
        when = core;
    if (engine->next_news_ms < when)
        when = engine->next_news_ms;

    return prober < when ? prober : when;
}

static void carry_out_all(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms();
    struct tha_action action;

    while (tha_core_next_action(engine->core, now_ms, &action))
        carry_out(engine, &action);
    publish(engine);
}

/** Returns whether there was anything to do. */
static bool probe_all(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms(); /* states of a large load take their time to show */
    uint32_t slot;
    bool was_busy = false;

    while (tha_core_next_probe(engine->core, now_ms, &slot)) {
        tha_prober_send(engine->prober, slot, now_ms);
        was_busy = true;
    }
    tha_prober_flush(engine->prober);
    if (was_busy)
        tha_core_note_sent(engine->core, tha_clock_ms());

    return was_busy;
}

static void hear_of_calls(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms();

    tha_engine_take_news(engine);
    if (now_ms >= engine->next_beat_ms)
        tha_engine_end_forgotten_calls(engine, now_ms);
}

static void say_what_was_lost(trunkha_engine *engine)
{
    uint32_t lost = tha_core_take_lost(engine->core);

    atomic_fetch_add(&engine->last_sequence, lost); /* a gap that every reader sees */
    if (lost)
        tha_log_print(&engine->log, TRUNKHA_LOG_ERROR, "out of memory: %u events could not be told", lost);
}

void tha_engine_pump(trunkha_engine *engine)
{
    if (engine->prober)
        hear_of_calls(engine);
    carry_out_all(engine);
    /* A probe that cannot be sent is evidence at once, and may be news. */
    for (unsigned round = 0; round < ROUNDS_MAX && engine->prober && probe_all(engine); round++)
        carry_out_all(engine);
    say_what_was_lost(engine);

    if (!engine->prober)
        return;
    beat(engine, tha_clock_ms());
    tha_loop_wake_at(engine->loop, next_expiry(engine));
}

void tha_engine_turn(trunkha_engine *engine)
{
    tha_engine_pump(engine);
    if (!engine->events_on_engine_thread)
        return;

    if (tha_engine_deliver(engine) && engine->delivered.sequence < atomic_load(&engine->last_sequence))
        tha_loop_ring(engine->loop); /* the callback has caused more: let the sockets have their turn first */
}

/* ---- What the prober says ---- */

static void on_result(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    trunkha_engine *engine = user_data;

    tha_core_report(engine->core, slot, evidence, tha_clock_ms());
}

static bool on_is_draining(void *user_data)
{
    const trunkha_engine *engine = user_data;

    return tha_core_is_draining(engine->core);
}

static void on_request(const struct tha_addr *from, void *user_data)
{
    trunkha_engine *engine = user_data;

    tha_core_note_request(engine->core, from, tha_clock_ms());
}

static void on_batch_end(void *user_data)
{
    tha_engine_turn(user_data);
}

struct tha_prober_handlers tha_engine_prober_handlers(trunkha_engine *engine)
{
    return (struct tha_prober_handlers){
        .result = on_result,
        .is_draining = on_is_draining,
        .request = on_request,
        .batch_end = on_batch_end,
        .user_data = engine,
    };
}
