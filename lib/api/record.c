#include "record.h"

#include <string.h>

#include "engine.h"
#include "sim/recording.h"

/** Room for the longest answer of the DNS that a server could send; what is beyond is left out. */
#define LINE_SIZE ((size_t)64 * 1024)

/** Three texts of a NAPTR record, every byte of them escaped, and its numbers. */
#define DNS_RECORD_MAX ((size_t)3 * THA_DNS_NAME_SIZE * 6 + 128)

int tha_record_init(struct tha_record *record, const struct tha_mem *mem, const trunkha_options *options, uint64_t seed)
{
    if (!options->record_cb)
        return 0;

    record->line = (struct tha_json_line){.text = tha_mem_zalloc(mem, 1, LINE_SIZE), .size = LINE_SIZE};
    if (!record->line.text)
        return TRUNKHA_ERR_NOMEM;

    record->record_cb = options->record_cb;
    record->user_data = options->record_user_data;
    record->seed = seed;

    return 0;
}

void tha_record_done(struct tha_record *record, const struct tha_mem *mem)
{
    record->line.text = tha_mem_free(mem, record->line.text);
}

/* ---- Lines ---- */

static void hand_over(struct tha_record *record)
{
    tha_json_line_end(&record->line);
    if (!record->line.is_cut)
        record->record_cb(record->line.text, record->line.len, record->user_data);
}

static void write_header(struct tha_record *record)
{
    struct tha_json_line *line = &record->line;

    tha_json_line_begin(line);
    tha_json_line_word(line, "trunkha", TRUNKHA_VERSION);
    tha_json_line_number(line, "format", THA_RECORDING_FORMAT);
    tha_json_line_number(line, "started", (uint64_t)(tha_clock_unix_ms() - (int64_t)(tha_clock_ms() - record->begun_ms)));
    tha_json_line_hex(line, "seed", record->seed);
    hand_over(record);
}

/** The beginning of every line but the first; NULL = nobody records. */
static struct tha_json_line *begin(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms)
{
    struct tha_record *record = &engine->record;

    if (!record->record_cb)
        return NULL;

    if (!record->begun_ms) {
        record->begun_ms = record->last_ms = now_ms;
        write_header(record);
    }
    if (now_ms > record->last_ms)
        record->last_ms = now_ms;
    tha_json_line_begin(&record->line);
    tha_json_line_number(&record->line, "at", record->last_ms - record->begun_ms);
    tha_json_line_word(&record->line, "in", tha_recording_input_word(kind));

    return &record->line;
}

/** Something was to be done since @p due_ms, and nobody has looked yet. */
static void add_due(trunkha_engine *engine, uint64_t due_ms, uint64_t now_ms)
{
    struct tha_record *record = &engine->record;

    if (due_ms <= now_ms)
        tha_json_line_number(&record->line, "due", due_ms > record->begun_ms ? due_ms - record->begun_ms : 0);
}

/** The same for an input: the core will be asked what it makes of it. */
static struct tha_json_line *begin_input(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms)
{
    struct tha_json_line *line = begin(engine, kind, now_ms);

    if (!line)
        return NULL;

    if (engine->record.has_inputs)
        tha_json_line_true(line, "joined");
    else
        add_due(engine, tha_core_next_change(engine->core), now_ms);
    engine->record.has_inputs = true;

    return line;
}

static void end(trunkha_engine *engine)
{
    hand_over(&engine->record);
}

static void add_target(trunkha_engine *engine, uint32_t slot)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t target = tha_table_target_of_slot(table, slot);

    if (target == THA_NONE)
        return;

    tha_json_line_text(&engine->record.line, "trunk", tha_table_trunk_model(table, table->targets[target].trunk)->id);
    tha_json_line_addr(&engine->record.line, "target", &table->targets[target].addr);
}

/** Zero goes without saying. */
static void add_number(struct tha_json_line *line, const char *key, uint64_t number)
{
    if (number)
        tha_json_line_number(line, key, number);
}

/* ---- The engine ---- */

void tha_record_load(trunkha_engine *engine, const struct tha_model *model, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_LOAD, now_ms);

    if (!line)
        return;

    tha_json_line_number(line, "trunks", model->n_trunks);
    end(engine);
    for (uint32_t i = 0; i < model->n_trunks; i++) {
        line = begin_input(engine, THA_INPUT_TRUNK, now_ms);
        tha_json_line_text(line, "trunk", model->trunks[i].id);
        tha_json_line_hex(line, "schedule", tha_recording_schedule(&model->trunks[i]));
        end(engine);
    }
}

void tha_record_start(trunkha_engine *engine, uint64_t now_ms)
{
    if (begin_input(engine, THA_INPUT_START, now_ms))
        end(engine);
}

void tha_record_stop(trunkha_engine *engine)
{
    if (begin_input(engine, THA_INPUT_STOP, tha_clock_ms()))
        end(engine);
}

void tha_record_turn(trunkha_engine *engine, uint64_t now_ms)
{
    struct tha_record *record = &engine->record;
    uint64_t due_ms;

    if (!record->record_cb)
        return;

    due_ms = tha_core_next_change(engine->core);
    if (record->has_inputs ? now_ms > record->last_ms : due_ms <= now_ms) {
        begin(engine, THA_INPUT_TURN, now_ms);
        if (record->has_inputs)
            tha_json_line_true(&record->line, "joined");
        add_due(engine, due_ms, now_ms);
        end(engine);
    }
    record->has_inputs = false;
    record->turn_ms = now_ms;
}

static bool is_compared(uint32_t event_type)
{
    return event_type == TRUNKHA_EVENT_TRUNK_STATE || event_type == TRUNKHA_EVENT_TARGET_STATE ||
           event_type == TRUNKHA_EVENT_ACTIVE_CHANGE || event_type == TRUNKHA_EVENT_LOCAL_FAULT;
}

void tha_record_event(trunkha_engine *engine, const trunkha_event *event)
{
    struct tha_json_line *line = is_compared(event->type) ? begin(engine, THA_INPUT_TOLD, engine->record.turn_ms) : NULL;

    if (!line)
        return;

    tha_json_line_word(line, "event", trunkha_event_type_name(event->type));
    tha_json_line_text(line, "entity", event->entity_id);
    tha_json_line_word(line, "state", trunkha_health_name(event->health));
    tha_json_line_word(line, "previous", trunkha_health_name(event->previous_health));
    tha_json_line_word(line, "reason", trunkha_reason_name(event->reason));
    if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE)
        tha_json_line_text(line, "trunk", event->trunk_id);
    end(engine);
}

/* ---- Targets ---- */

/** It moves no state: nobody need be asked what it means. */
void tha_record_probe(trunkha_engine *engine, uint32_t slot, uint64_t now_ms)
{
    if (!begin(engine, THA_INPUT_PROBE, now_ms))
        return;

    add_target(engine, slot);
    end(engine);
}

static void add_evidence(struct tha_json_line *line, const struct tha_evidence *evidence)
{
    tha_json_line_word(line, "kind", tha_recording_evidence_word(evidence->kind));
    add_number(line, "code", evidence->code);
    add_number(line, "rtt", evidence->rtt_us);
    if (evidence->system_error)
        tha_json_line_word(line, "error", tha_recording_error_word(evidence->system_error));
    if (evidence->detail)
        tha_json_line_text(line, "detail", evidence->detail);
}

void tha_record_evidence(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_EVIDENCE, now_ms);

    if (!line)
        return;

    add_target(engine, slot);
    add_evidence(line, evidence);
    end(engine);
}

void tha_record_closed(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_CLOSED, now_ms);

    if (!line)
        return;

    add_target(engine, slot);
    if (evidence)
        add_evidence(line, evidence);
    end(engine);
}

void tha_record_abilities(trunkha_engine *engine, uint32_t slot, const struct tha_abilities *abilities, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_ABILITIES, now_ms);

    if (!line)
        return;

    add_target(engine, slot);
    add_number(line, "methods", abilities->methods);
    add_number(line, "options", abilities->options);
    add_number(line, "codecs", abilities->codecs);
    end(engine);
}

void tha_record_finding(trunkha_engine *engine, uint32_t slot, uint32_t event_type, const char *detail, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_FINDING, now_ms);

    if (!line)
        return;

    add_target(engine, slot);
    tha_json_line_word(line, "event", trunkha_event_type_name(event_type));
    tha_json_line_text(line, "detail", detail);
    end(engine);
}

void tha_record_request(trunkha_engine *engine, const struct tha_addr *from, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_REQUEST, now_ms);

    if (!line)
        return;

    tha_json_line_addr(line, "from", from);
    end(engine);
}

/* ---- Calls ---- */

static void add_place(trunkha_engine *engine, const struct tha_news *news)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t trunk = tha_table_trunk_of_slot(table, news->trunk_slot);

    if (tha_table_target_of_slot(table, news->target_slot) != THA_NONE)
        add_target(engine, news->target_slot);
    else if (trunk != THA_NONE)
        tha_json_line_text(&engine->record.line, "trunk", tha_table_trunk_model(table, trunk)->id);
}

void tha_record_call(trunkha_engine *engine, const struct tha_news *news, uint32_t active_calls, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_CALL, now_ms);

    if (!line)
        return;

    add_place(engine, news);
    tha_json_line_word(line, "kind", tha_recording_news_word(news->kind));
    if (tha_news_has_texts(news->kind))
        tha_json_line_text(line, "profile", news->profile_id);
    if (news->result)
        tha_json_line_word(line, "result", trunkha_call_result_name(news->result));
    add_number(line, "flags", news->flags);
    add_number(line, "weight", news->weight);
    add_number(line, "why", news->why);
    add_number(line, "attempt", news->attempt);
    add_number(line, "code", news->code);
    add_number(line, "cause", news->q850_cause);
    add_number(line, "cool", news->cool_ms);
    add_number(line, "age", now_ms > news->started_ms ? now_ms - news->started_ms : 0);
    add_number(line, "duration", news->duration_ms);
    add_number(line, "postDial", news->post_dial_ms);
    add_number(line, "calls", active_calls);
    end(engine);
}

/* ---- The DNS ---- */

static void add_record(struct tha_json_line *line, uint32_t type, const struct tha_dns_record *record)
{
    tha_json_line_open_object(line);
    tha_json_line_number(line, "ttl", record->ttl_s);
    if (type == THA_DNS_SRV) {
        tha_json_line_number(line, "priority", record->srv.priority);
        tha_json_line_number(line, "weight", record->srv.weight);
        tha_json_line_number(line, "port", record->srv.port);
        tha_json_line_text(line, "target", record->srv.target);
    } else if (type == THA_DNS_NAPTR) {
        tha_json_line_number(line, "order", record->naptr.order);
        tha_json_line_number(line, "preference", record->naptr.preference);
        tha_json_line_text(line, "flags", record->naptr.flags);
        tha_json_line_text(line, "service", record->naptr.service);
        tha_json_line_text(line, "replacement", record->naptr.replacement);
    } else {
        tha_json_line_addr(line, "address", &record->addr);
    }
    tha_json_line_close_object(line);
}

static void add_records(struct tha_json_line *line, uint32_t type, const struct tha_dns_answer *answer)
{
    tha_json_line_open_list(line, "records");
    for (uint32_t i = 0; i < answer->n_records && tha_json_line_room(line) > DNS_RECORD_MAX; i++)
        add_record(line, type, &answer->records[i]);
    tha_json_line_close_list(line);
}

/** What the core does not wait for any more is nothing to it. */
void tha_record_answer(trunkha_engine *engine, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms)
{
    struct tha_dns_question question;
    struct tha_json_line *line;

    if (!engine->record.record_cb || !tha_core_get_question(engine->core, id, &question))
        return;

    line = begin_input(engine, THA_INPUT_ANSWER, now_ms);
    tha_json_line_word(line, "type", tha_recording_type_word(question.type));
    tha_json_line_text(line, "name", question.name);
    tha_json_line_word(line, "outcome", tha_recording_outcome_word(answer->outcome));
    add_number(line, "rcode", answer->rcode);
    add_number(line, "negativeTtl", answer->negative_ttl_s);
    if (answer->n_records)
        add_records(line, question.type, answer);
    end(engine);
}

void tha_record_refresh(trunkha_engine *engine, uint64_t now_ms)
{
    if (begin_input(engine, THA_INPUT_REFRESH, now_ms))
        end(engine);
}

/* ---- The operator ---- */

void tha_record_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason, uint32_t for_ms,
                      uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_ADMIN, now_ms);

    if (!line)
        return;

    tha_json_line_text(line, "trunk", trunk_id);
    tha_json_line_word(line, "admin", trunkha_admin_name(admin));
    if (reason)
        tha_json_line_word(line, "reason", trunkha_reason_name(reason));
    add_number(line, "for", for_ms);
    end(engine);
}

void tha_record_failback(trunkha_engine *engine, const char *profile_id, uint64_t now_ms)
{
    struct tha_json_line *line = begin_input(engine, THA_INPUT_FAILBACK, now_ms);

    if (!line)
        return;

    tha_json_line_text(line, "profile", profile_id);
    end(engine);
}
