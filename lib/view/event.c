#include "event.h"

static bool is_of_call(uint32_t type)
{
    return type == TRUNKHA_EVENT_CALL_ATTEMPT || type == TRUNKHA_EVENT_CALL_END;
}

/** A zero ends it always, whatever was in the table. */
static void copy_text(char *to, const char *from, size_t size)
{
    memcpy(to, from, size);
    to[size - 1] = '\0';
}

static void copy_id(char *to, const char *from)
{
    copy_text(to, from, TRUNKHA_ID_SIZE);
}

static void pack_state(struct tha_stored_event *stored, const trunkha_event *event)
{
    stored->state.last_successful_keepalive = event->last_successful_keepalive;
    stored->state.health = event->health;
    stored->state.previous_health = event->previous_health;
    stored->state.failed_attempts = event->failed_attempts;
    copy_id(stored->state.trunk_id, event->trunk_id);
    copy_id(stored->state.previous_trunk_id, event->previous_trunk_id);
}

static void unpack_state(const struct tha_stored_event *stored, trunkha_event *event)
{
    event->last_successful_keepalive = stored->state.last_successful_keepalive;
    event->health = stored->state.health;
    event->previous_health = stored->state.previous_health;
    event->failed_attempts = stored->state.failed_attempts;
    copy_id(event->trunk_id, stored->state.trunk_id);
    copy_id(event->previous_trunk_id, stored->state.previous_trunk_id);
}

static void pack_call(struct tha_stored_event *stored, const trunkha_event *event)
{
    stored->call.started = event->call_started;
    stored->call.duration_ms = event->duration_ms;
    stored->call.post_dial_ms = event->post_dial_ms;
    stored->call.attempt = event->attempt;
    stored->call.result = event->result;
    stored->call.q850_cause = event->q850_cause;
    stored->call.why = event->why;
    copy_id(stored->call.call_id, event->call_id);
    copy_id(stored->call.profile_id, event->profile_id);
    copy_id(stored->call.outbound_route, event->outbound_route);
}

static void unpack_call(const struct tha_stored_event *stored, trunkha_event *event)
{
    event->call_started = stored->call.started;
    event->duration_ms = stored->call.duration_ms;
    event->post_dial_ms = stored->call.post_dial_ms;
    event->attempt = stored->call.attempt;
    event->result = stored->call.result;
    event->q850_cause = stored->call.q850_cause;
    event->why = stored->call.why;
    copy_id(event->call_id, stored->call.call_id);
    copy_id(event->profile_id, stored->call.profile_id);
    copy_id(event->outbound_route, stored->call.outbound_route);
    copy_id(event->trunk_id, stored->entity_id); /* it is the trunk */
}

/** Two texts, one behind the other, as much of them as there is room for with their zeros. */
static void pack_lists(struct tha_stored_event *stored, const trunkha_event *event)
{
    size_t size = sizeof(stored->lists);
    size_t added = strnlen(event->added, size - 2);
    size_t removed = strnlen(event->removed, size - 2 - added);

    memcpy(stored->lists, event->added, added);
    memcpy(stored->lists + added + 1, event->removed, removed);
}

static void unpack_lists(const struct tha_stored_event *stored, trunkha_event *event)
{
    size_t size = sizeof(stored->lists);
    size_t added = strnlen(stored->lists, size - 2);
    size_t removed = strnlen(stored->lists + added + 1, size - 2 - added);

    memcpy(event->added, stored->lists, added);
    memcpy(event->removed, stored->lists + added + 1, removed);
}

static void pack(struct tha_stored_event *stored, const trunkha_event *event)
{
    stored->timestamp = event->timestamp;
    stored->started = event->started;
    stored->type = event->type;
    stored->reason = event->reason;
    stored->last_response = event->last_response;
    stored->active_calls = event->active_calls;
    copy_id(stored->entity_id, event->entity_id);
    copy_id(stored->entity_name, event->entity_name);
    copy_id(stored->trunk_group_id, event->trunk_group_id);
    copy_id(stored->target, event->target);
    copy_text(stored->detail, event->detail, sizeof(stored->detail));
    if (is_of_call(event->type))
        pack_call(stored, event);
    else if (event->type == TRUNKHA_EVENT_ADDRESS_CHANGE)
        pack_lists(stored, event);
    else
        pack_state(stored, event);
}

static void unpack(const struct tha_stored_event *stored, trunkha_event *event)
{
    event->timestamp = stored->timestamp;
    event->started = stored->started;
    event->type = stored->type;
    event->reason = stored->reason;
    event->last_response = stored->last_response;
    event->active_calls = stored->active_calls;
    copy_id(event->entity_id, stored->entity_id);
    copy_id(event->entity_name, stored->entity_name);
    copy_id(event->trunk_group_id, stored->trunk_group_id);
    copy_id(event->target, stored->target);
    copy_text(event->detail, stored->detail, sizeof(event->detail));
    if (is_of_call(stored->type))
        unpack_call(stored, event);
    else if (stored->type == TRUNKHA_EVENT_ADDRESS_CHANGE)
        unpack_lists(stored, event);
    else
        unpack_state(stored, event);
}

/** False when another instance tells events now. */
static bool load_teller(const struct tha_table *table, uint64_t teller, char *instance_id)
{
    uint64_t words[THA_ID_WORDS];

    tha_get_words(table->instance_id[teller & 1], words, THA_ID_WORDS);
    copy_id(instance_id, (const char *)words);

    return tha_get64(&table->teller) == teller;
}

bool tha_event_is_of_teller(const struct tha_table *table, const trunkha_event *event)
{
    char instance_id[TRUNKHA_ID_SIZE];

    return load_teller(table, tha_get64(&table->teller), instance_id) &&
           !strncmp(instance_id, event->instance_id, sizeof(instance_id) - 1);
}

void tha_event_set_teller(struct tha_table *table, const trunkha_event *event)
{
    uint64_t teller = tha_get64(&table->teller) + 1;
    uint64_t words[THA_ID_WORDS] = {0};

    memcpy(words, event->instance_id, strnlen(event->instance_id, TRUNKHA_ID_SIZE - 1));
    tha_put_words(table->instance_id[teller & 1], words, THA_ID_WORDS);
    tha_put64(&table->teller, teller);
}

void tha_event_store(struct tha_table *table, uint32_t index, const trunkha_event *event)
{
    struct tha_event_record *record = tha_table_event(table, index);
    struct tha_stored_event stored = {.teller = tha_get64(&table->teller)};
    uint64_t words[THA_EVENT_WORDS];

    pack(&stored, event);
    memcpy(words, &stored, sizeof(words));
    tha_put64(&record->sequence, 0);
    tha_put_words(record->words, words, THA_EVENT_WORDS);
    tha_put64(&record->sequence, event->sequence);
}

bool tha_event_load(const struct tha_table *table, uint32_t index, uint64_t sequence, trunkha_event *event)
{
    const struct tha_event_record *record = tha_table_event(table, index);
    struct tha_stored_event stored;
    uint64_t words[THA_EVENT_WORDS];

    if (tha_get64(&record->sequence) != sequence)
        return false;

    tha_get_words(record->words, words, THA_EVENT_WORDS);
    if (tha_get64(&record->sequence) != sequence)
        return false;

    memcpy(&stored, words, sizeof(stored));
    *event = (trunkha_event){.sequence = sequence};
    unpack(&stored, event);

    return load_teller(table, stored.teller, event->instance_id);
}
