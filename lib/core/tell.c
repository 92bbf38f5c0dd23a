/* Events: what happened, in the words of the public record. Sequence, times and instance are added by who sends them. */
#include "machine.h"

#include <string.h>

static trunkha_event *add(struct tha_core *core, uint32_t type)
{
    trunkha_event *event;

    if (!core->is_started) /* tha_core_start() tells what is worth telling */
        return NULL;
    if (core->n_events == core->events_capacity) {
        uint32_t capacity = core->events_capacity ? core->events_capacity * 2 : 16;
        trunkha_event *events = tha_mem_resize(&core->mem, core->events, capacity, sizeof(*events));

        if (!events) {
            core->lost++;
            return NULL;
        }
        core->events = events;
        core->events_capacity = capacity;
    }

    event = &core->events[core->n_events++];
    *event = (trunkha_event){.size = sizeof(*event), .type = type};

    return event;
}

#define SET(field, text) tha_text_copy((field), sizeof(field), (text))

static void add_health(trunkha_event *event, const struct tha_target *target)
{
    const struct tha_health *health = &target->health;
    char text[THA_ADDR_TEXT_SIZE];

    event->failed_attempts = health->failed;
    event->last_response = health->last_response;
    event->last_successful_keepalive = (int64_t)health->last_success_ms;
    SET(event->target, tha_addr_text(&target->addr, text, sizeof(text)));
}

static void add_group(const struct tha_core *core, trunkha_event *event, uint32_t trunk)
{
    const struct tha_model *model = core->table->model;

    SET(event->trunk_group_id, model->groups[model->trunks[trunk].group].id);
}

void tha_tell_target(struct tha_core *core, const struct tha_target *target, uint32_t previous, const char *detail)
{
    const struct tha_trunk_model *trunk = tha_table_trunk_model(core->table, target->trunk);
    trunkha_event *event = add(core, TRUNKHA_EVENT_TARGET_STATE);

    if (!event)
        return;

    add_health(event, target);
    add_group(core, event, target->trunk);
    SET(event->entity_id, event->target);
    SET(event->entity_name, trunk->name);
    SET(event->trunk_id, trunk->id);
    SET(event->detail, detail);
    event->health = target->health.state;
    event->previous_health = previous;
    event->reason = target->health.reason;
}

void tha_tell_trunk(struct tha_core *core, uint32_t index, uint32_t previous, const struct tha_target *cause,
                    const char *detail)
{
    const struct tha_trunk_model *model = tha_table_trunk_model(core->table, index);
    const struct tha_trunk *trunk = &core->table->trunks[index];
    trunkha_event *event = add(core, TRUNKHA_EVENT_TRUNK_STATE);

    if (!event)
        return;

    if (cause || trunk->n_targets)
        add_health(event, cause ? cause : &core->table->targets[trunk->first_target]);
    if (!cause)
        event->target[0] = '\0';
    add_group(core, event, index);
    SET(event->entity_id, model->id);
    SET(event->entity_name, model->name);
    SET(event->detail, detail);
    event->health = trunk->health;
    event->previous_health = previous;
    event->reason = trunk->reason;
    event->active_calls = trunk->calls;
}

trunkha_event *tha_tell_of_trunk(struct tha_core *core, uint32_t type, uint32_t index, const struct tha_target *target,
                                 uint32_t reason, const char *detail)
{
    const struct tha_trunk_model *model = tha_table_trunk_model(core->table, index);
    const struct tha_trunk *trunk = &core->table->trunks[index];
    trunkha_event *event = add(core, type);

    if (!event)
        return NULL;

    if (target)
        add_health(event, target);
    add_group(core, event, index);
    SET(event->entity_id, model->id);
    SET(event->entity_name, model->name);
    SET(event->detail, detail);
    event->health = event->previous_health = trunk->health;
    event->reason = reason;
    event->active_calls = trunk->calls;

    return event;
}

void tha_core_note_finding(struct tha_core *core, uint32_t slot, uint32_t event_type, uint32_t reason, const char *detail)
{
    uint32_t target = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;

    if (target != THA_NONE)
        tha_tell_of_trunk(core, event_type, core->table->targets[target].trunk, &core->table->targets[target], reason,
                          detail);
}

void tha_tell_drained(struct tha_core *core, uint32_t index)
{
    const struct tha_trunk *trunk = &core->table->trunks[index];

    tha_tell_trunk(core, index, trunk->health, NULL, "drained: the last call has gone");
}

void tha_tell_probe_rejected(struct tha_core *core, const struct tha_target *target)
{
    uint32_t code = target->health.last_response;
    char detail[96];

    tha_text_print(detail, sizeof(detail), "%u to OPTIONS, but calls are answered: add %u to keepalive.acceptedResponseCodes",
                   code, code);
    tha_tell_of_trunk(core, TRUNKHA_EVENT_PROBE_REJECTED, target->trunk, target, TRUNKHA_REASON_CALL_RECOVERED, detail);
}

/** The trunk that the call was on, if that is still known; its slot may be another's by now. */
static uint32_t find_trunk(const struct tha_core *core, const struct tha_news *news)
{
    const struct tha_table *table = core->table;
    uint32_t index = tha_table_trunk_of_slot(table, news->trunk_slot);

    return index != THA_NONE && !strcmp(table->model->trunks[index].id, news->trunk_id) ? index : THA_NONE;
}

static void add_trunk(const struct tha_core *core, trunkha_event *event, const struct tha_news *news)
{
    const struct tha_table *table = core->table;
    uint32_t index = find_trunk(core, news);
    uint32_t target = tha_table_target_of_slot(table, news->target_slot);
    char text[THA_ADDR_TEXT_SIZE];

    if (index == THA_NONE)
        return;

    add_group(core, event, index);
    SET(event->entity_name, table->model->trunks[index].name);
    SET(event->outbound_route, table->model->trunks[index].outbound_route);
    event->active_calls = table->trunks[index].calls;
    if (target != THA_NONE && table->targets[target].trunk == index)
        SET(event->target, tha_addr_text(&table->targets[target].addr, text, sizeof(text)));
}

void tha_tell_call(struct tha_core *core, const struct tha_news *news)
{
    bool is_end = news->kind == THA_NEWS_ENDED;
    trunkha_event *event = add(core, is_end ? TRUNKHA_EVENT_CALL_END : TRUNKHA_EVENT_CALL_ATTEMPT);

    if (!event)
        return;

    SET(event->entity_id, news->trunk_id);
    SET(event->trunk_id, news->trunk_id);
    add_trunk(core, event, news);
    SET(event->call_id, news->call_id);
    SET(event->profile_id, news->profile_id);
    SET(event->detail, news->detail);
    event->call_started = (int64_t)news->started_ms;
    event->duration_ms = news->duration_ms;
    event->post_dial_ms = news->post_dial_ms;
    event->attempt = news->attempt;
    event->result = news->result;
    event->last_response = news->code;
    event->q850_cause = news->q850_cause;
    event->why = news->why;
}

void tha_tell_active(struct tha_core *core, uint32_t index, const char *previous_id, uint32_t reason)
{
    const struct tha_model *model = core->table->model;
    const struct tha_profile *profile = &core->table->profiles[index];
    trunkha_event *event = add(core, TRUNKHA_EVENT_ACTIVE_CHANGE);

    if (!event)
        return;

    SET(event->entity_id, model->profiles[index].id);
    SET(event->entity_name, model->profiles[index].name);
    SET(event->previous_trunk_id, previous_id);
    SET(event->detail, "nothing usable: the least bad trunk is still tried");
    if (profile->active != THA_NONE) {
        SET(event->trunk_id, model->trunks[profile->active].id);
        add_group(core, event, profile->active);
        tha_text_print(event->detail, sizeof(event->detail), "new calls go to %s", event->trunk_id);
    }
    event->reason = reason;
}

void tha_tell_local_fault(struct tha_core *core, bool has_begun)
{
    trunkha_event *event = add(core, TRUNKHA_EVENT_LOCAL_FAULT);

    if (!event)
        return;

    event->health = has_begun ? TRUNKHA_HEALTH_DOWN : TRUNKHA_HEALTH_AVAILABLE;
    event->previous_health = has_begun ? TRUNKHA_HEALTH_AVAILABLE : TRUNKHA_HEALTH_DOWN;
    event->reason = TRUNKHA_REASON_LOCAL_FAULT;
    if (has_begun)
        tha_text_print(event->detail, sizeof(event->detail),
                       "all %u trunks fell silent at once: most likely a fault at home", core->n_voters);
    else
        SET(event->detail, "a trunk answers again: all are probed at once");
}
