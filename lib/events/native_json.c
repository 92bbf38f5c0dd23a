/* The native format: the first fields are the ones that integrations already parse; new ones come behind them. */
#include <stdbool.h>
#include <stdio.h>

#include "dump.h"
#include "events.h"

/** An object in the making: one failure gives it up as a whole. */
struct maker {
    json_t *object;
    bool has_failed;
};

static void set(struct maker *maker, const char *key, json_t *value)
{
    if (json_object_set_new(maker->object, key, value))
        maker->has_failed = true;
}

static void set_text(struct maker *maker, const char *key, const char *text)
{
    set(maker, key, json_string(text));
}

static void set_number(struct maker *maker, const char *key, int64_t number)
{
    set(maker, key, json_integer(number));
}

static json_t *finish(struct maker *maker)
{
    if (!maker->has_failed)
        return maker->object;

    json_decref(maker->object);

    return NULL;
}

static bool has_states(const trunkha_event *event)
{
    return event->type == TRUNKHA_EVENT_TRUNK_STATE || event->type == TRUNKHA_EVENT_TARGET_STATE ||
           event->type == TRUNKHA_EVENT_PROBE_REJECTED || event->type == TRUNKHA_EVENT_LOCAL_FAULT;
}

static bool is_call(const trunkha_event *event)
{
    return event->type == TRUNKHA_EVENT_CALL_ATTEMPT || event->type == TRUNKHA_EVENT_CALL_END;
}

static void set_state_metadata(struct maker *metadata, const trunkha_event *event)
{
    set_number(metadata, "failedAttempts", event->failed_attempts);
    set_number(metadata, "lastSuccessfulKeepalive", event->last_successful_keepalive);
    set_text(metadata, "trunkGroupId", event->trunk_group_id);
    set_number(metadata, "lastResponse", event->last_response);
    set_text(metadata, "target", event->target);
    set_text(metadata, "detail", event->detail);
    set_number(metadata, "activeCalls", event->active_calls);
    if (event->type == TRUNKHA_EVENT_TARGET_STATE)
        set_text(metadata, "trunkId", event->trunk_id);
}

static void set_active_metadata(struct maker *metadata, const trunkha_event *event)
{
    set_text(metadata, "trunkId", event->trunk_id);
    set_text(metadata, "previousTrunkId", event->previous_trunk_id);
    set_text(metadata, "trunkGroupId", event->trunk_group_id);
    set_text(metadata, "detail", event->detail);
}

static bool is_of_trunk(const trunkha_event *event)
{
    return event->type >= TRUNKHA_EVENT_ADDRESS_CHANGE && event->type <= TRUNKHA_EVENT_CERTIFICATE_EXPIRY;
}

static void set_trunk_metadata(struct maker *metadata, const trunkha_event *event)
{
    set_text(metadata, "trunkGroupId", event->trunk_group_id);
    set_text(metadata, "target", event->target);
    set_text(metadata, "detail", event->detail);
    if (event->type == TRUNKHA_EVENT_ADDRESS_CHANGE) {
        set(metadata, "added", tha_events_words(event->added, " "));
        set(metadata, "removed", tha_events_words(event->removed, " "));
    }
}

static void set_call_metadata(struct maker *metadata, const trunkha_event *event)
{
    bool is_end = event->type == TRUNKHA_EVENT_CALL_END;

    set_text(metadata, "callId", event->call_id);
    set_number(metadata, "attempt", event->attempt);
    set_text(metadata, "result", trunkha_call_result_name(event->result));
    set_number(metadata, "lastResponse", event->last_response);
    if (event->q850_cause)
        set_number(metadata, "q850Cause", event->q850_cause);
    set_text(metadata, "routingProfileId", event->profile_id);
    set_text(metadata, "trunkGroupId", event->trunk_group_id);
    set_text(metadata, "target", event->target);
    set_text(metadata, "outboundRoute", event->outbound_route);
    set_number(metadata, "start", event->call_started);
    set_number(metadata, "durationMs", event->duration_ms);
    if (is_end)
        set_number(metadata, "postDialMs", event->post_dial_ms);
    else
        set_text(metadata, "why", trunkha_why_text(event->why));
    set_text(metadata, "detail", event->detail);
    set_number(metadata, "activeCalls", event->active_calls);
}

static json_t *metadata_of(const trunkha_event *event)
{
    struct maker metadata = {.object = json_object()};

    if (is_call(event))
        set_call_metadata(&metadata, event);
    else if (has_states(event) && event->type != TRUNKHA_EVENT_LOCAL_FAULT)
        set_state_metadata(&metadata, event);
    else if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE)
        set_active_metadata(&metadata, event);
    else if (is_of_trunk(event))
        set_trunk_metadata(&metadata, event);
    else
        set_text(&metadata, "detail", event->detail);
    if (event->lost)
        set_number(&metadata, "lostEvents", event->lost);

    return finish(&metadata);
}

char *tha_events_native_json(const trunkha_event *event)
{
    struct maker maker = {.object = json_object()};
    char id[TRUNKHA_ID_SIZE + 48];

    snprintf(id, sizeof(id), "%s:%lld:%llu", event->instance_id, (long long)event->started,
             (unsigned long long)event->sequence);

    set_text(&maker, "eventType", trunkha_event_type_name(event->type));
    set_number(&maker, "timestamp", event->timestamp);
    set_text(&maker, "entityId", event->entity_id);
    set_text(&maker, "entityName", event->entity_name);
    if (has_states(event)) {
        set_text(&maker, "state", trunkha_health_name(event->health));
        set_text(&maker, "previousState", trunkha_health_name(event->previous_health));
    }
    set_text(&maker, "reasonCode", trunkha_reason_name(event->reason));
    set(&maker, "metadata", metadata_of(event));
    set_text(&maker, "id", id);
    set_number(&maker, "sequence", (int64_t)event->sequence);
    set_text(&maker, "instanceId", event->instance_id);

    return tha_events_dump(finish(&maker));
}
