/* From the core's wishes to deeds: states to the view, events to the ring, probes and questions to the wire. */
#include "engine.h"
#include "view/show.h"

#define ROUNDS_MAX 4U /* what is left then waits for the next turn of the loop */

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

/** The core asks again when this has failed. */
static void readdress(trunkha_engine *engine)
{
    char error[256] = "";
    int err = tha_engine_apply(engine, NULL, error, sizeof(error));

    if (err)
        tha_log_print(&engine->log, TRUNKHA_LOG_ERROR, "new addresses cannot be used yet: %s",
                      error[0] ? error : trunkha_strerror(err));
}

static void carry_out(trunkha_engine *engine, const struct tha_action *action)
{
    tha_view_show(engine->view, action);

    switch (action->kind) {
    case THA_ACTION_SHOW_TRUNK:
        if (action->trunk.state.admin == TRUNKHA_ADMIN_DISABLED)
            cancel_probes(engine, action->index);
        break;

    case THA_ACTION_READDRESS:
        readdress(engine);
        break;

    case THA_ACTION_WARN:
        tha_log_print(&engine->log, TRUNKHA_LOG_WARNING, "%s", action->warning);
        break;

    case THA_ACTION_TELL:
        publish(engine);
        tha_record_event(engine, action->event);
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
    uint64_t dns = tha_dns_next_expiry(engine->dns);

    if (dns < when)
        when = dns;
    if (core < when)
        when = core;
    if (engine->next_news_ms < when)
        when = engine->next_news_ms;

    return prober < when ? prober : when;
}

/** Returns when it was. */
static uint64_t carry_out_all(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms();
    struct tha_action action;

    tha_record_turn(engine, now_ms);
    while (tha_core_next_action(engine->core, now_ms, &action))
        carry_out(engine, &action);
    publish(engine);

    return now_ms;
}

/** Returns whether there was anything to do. */
static bool probe_all(trunkha_engine *engine)
{
    uint64_t now_ms = tha_clock_ms(); /* states of a large load take their time to show */
    uint32_t slot;
    bool was_busy = false;

    while (tha_core_next_probe(engine->core, now_ms, &slot)) {
        tha_record_probe(engine, slot, now_ms);
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
    uint64_t now_ms;

    if (engine->prober)
        hear_of_calls(engine);
    now_ms = carry_out_all(engine);
    /* A probe that cannot be sent is evidence at once, and may be news. */
    for (unsigned round = 0; round < ROUNDS_MAX && engine->prober && probe_all(engine); round++)
        carry_out_all(engine);
    say_what_was_lost(engine);

    if (!engine->prober)
        return;
    tha_engine_ask(engine, now_ms);
    carry_out_all(engine); /* what cannot be asked is news as well */
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
