/* Events on their way out: into the view's ring, from there to the callback. */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>

#include "base/abi.h"
#include "events/events.h"
#include "view/show.h"

void tha_engine_tell(trunkha_engine *engine, const trunkha_event *event)
{
    static const uint64_t one = 1;
    const int64_t now_unix_ms = tha_clock_unix_ms();
    const struct tha_view_teller teller = {
        .instance_id = engine->instance_id,
        .sequence = atomic_load(&engine->last_sequence) + 1,
        .now_unix_ms = now_unix_ms,
        .started_unix_ms = engine->started_unix_ms,
        .unix_offset_ms = now_unix_ms - (int64_t)tha_clock_ms(),
    };
    trunkha_event complete = *event;

    tha_view_tell(engine->view, &teller, &complete);
    atomic_store(&engine->last_sequence, complete.sequence);
    if (!engine->events_on_engine_thread && write(engine->event_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: it is readable, which is all that matters */
}

void tha_engine_tell_ready(trunkha_engine *engine)
{
    trunkha_event event = {.size = sizeof(event), .type = TRUNKHA_EVENT_READY, .reason = TRUNKHA_REASON_STARTUP};
    const struct tha_model *model = tha_core_table(engine->core)->model;

    tha_text_print(event.detail, sizeof(event.detail), "probing %u trunks in %u groups", model->n_trunks, model->n_groups);
    tha_engine_tell(engine, &event);
}

int tha_engine_deliver(trunkha_engine *engine)
{
    uint64_t last = atomic_load(&engine->last_sequence); /* what the callback itself causes waits for the next time */
    trunkha_event event = TRUNKHA_EVENT_INIT;
    int n = 0;

    while (engine->event_cb && engine->delivered.sequence < last) {
        uint64_t before = engine->delivered.sequence;

        if (trunkha_view_next_event(engine->view, &engine->delivered, &event))
            break;
        event.lost = (uint32_t)(event.sequence - before - 1);
        engine->event_cb(&event, engine->event_user_data);
        n++;
        if (tha_engine_is_given_up(engine))
            break;
    }

    return n;
}

int trunkha_engine_fd(const trunkha_engine *engine)
{
    return engine ? engine->event_fd : -1;
}

int trunkha_engine_dispatch(trunkha_engine *engine)
{
    uint64_t waiting;
    int n;

    if (!engine)
        return TRUNKHA_ERR_INVALID;
    if (tha_engine_is_forked(engine))
        return TRUNKHA_ERR_FORKED;
    if (engine->events_on_engine_thread)
        return TRUNKHA_ERR_STATE;
    if (read(engine->event_fd, &waiting, sizeof(waiting)) < 0 && errno != EAGAIN)
        return TRUNKHA_ERR_SYSTEM;

    tha_engine_guard(engine);
    n = tha_engine_deliver(engine);
    tha_engine_unguard(engine);

    return n;
}

int trunkha_event_json(const trunkha_event *event, char **ret_json)
{
    trunkha_event mine = TRUNKHA_EVENT_INIT;
    char *json;

    if (!event || !ret_json || tha_abi_read(&mine, sizeof(mine), event))
        return TRUNKHA_ERR_INVALID;

    json = tha_events_native_json(&mine);
    if (!json)
        return TRUNKHA_ERR_NOMEM;
    *ret_json = json;

    return 0;
}

void trunkha_free(void *ptr)
{
    free(ptr);
}
