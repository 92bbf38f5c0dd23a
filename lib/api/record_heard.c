/* What is heard: from targets, from calls, from the DNS. */
#include "engine.h"
#include "record_room.h"

/** Three texts of a NAPTR record, every byte of them escaped, and its numbers. */
#define DNS_RECORD_MAX ((size_t)3 * THA_DNS_NAME_SIZE * 6 + 128)

/* ---- Targets ---- */

static void add_target(struct tha_json_line *line, const struct tha_table *table, uint32_t target)
{
    tha_json_line_text(line, "trunk", tha_table_trunk_model(table, table->targets[target].trunk)->id);
    tha_json_line_addr(line, "target", &table->targets[target].addr);
}

/** About who is in @p slot. NULL = nobody records; or nobody is there, for whom the core does not care either. */
static struct tha_json_line *begin_target(trunkha_engine *engine, enum tha_input_kind kind, uint32_t slot, uint64_t now_ms)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t target = engine->record.record_cb ? tha_table_target_of_slot(table, slot) : THA_NONE;
    struct tha_json_line *line;

    if (target == THA_NONE)
        return NULL;

    if (kind == THA_INPUT_PROBE) /* moves no state: nobody need be asked what it means */
        line = tha_record_begin(engine, kind, now_ms);
    else
        line = tha_record_begin_input(engine, kind, now_ms);
    add_target(line, table, target);

    return line;
}

void tha_record_probe(trunkha_engine *engine, uint32_t slot, uint64_t now_ms)
{
    if (begin_target(engine, THA_INPUT_PROBE, slot, now_ms))
        tha_record_end(engine);
}

static void add_evidence(struct tha_json_line *line, const struct tha_evidence *evidence)
{
    tha_json_line_word(line, "kind", tha_recording_evidence_word(evidence->kind));
    tha_record_add_number(line, "code", evidence->code);
    tha_record_add_number(line, "rtt", evidence->rtt_us);
    if (evidence->system_error)
        tha_json_line_word(line, "error", tha_recording_error_word(evidence->system_error));
    if (evidence->detail)
        tha_json_line_text(line, "detail", evidence->detail);
}

void tha_record_evidence(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    struct tha_json_line *line = begin_target(engine, THA_INPUT_EVIDENCE, slot, now_ms);

    if (!line)
        return;

    add_evidence(line, evidence);
    tha_record_end(engine);
}

void tha_record_closed(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    struct tha_json_line *line = begin_target(engine, THA_INPUT_CLOSED, slot, now_ms);

    if (!line)
        return;

    if (evidence)
        add_evidence(line, evidence);
    tha_record_end(engine);
}

void tha_record_abilities(trunkha_engine *engine, uint32_t slot, const struct tha_abilities *abilities, uint64_t now_ms)
{
    struct tha_json_line *line = begin_target(engine, THA_INPUT_ABILITIES, slot, now_ms);

    if (!line)
        return;

    tha_record_add_number(line, "methods", abilities->methods);
    tha_record_add_number(line, "options", abilities->options);
    tha_record_add_number(line, "codecs", abilities->codecs);
    tha_record_end(engine);
}

void tha_record_finding(trunkha_engine *engine, uint32_t slot, uint32_t event_type, const char *detail, uint64_t now_ms)
{
    struct tha_json_line *line = begin_target(engine, THA_INPUT_FINDING, slot, now_ms);

    if (!line)
        return;

    tha_json_line_word(line, "event", trunkha_event_type_name(event_type));
    tha_json_line_text(line, "detail", detail);
    tha_record_end(engine);
}

void tha_record_request(trunkha_engine *engine, const struct tha_addr *from, uint64_t now_ms)
{
    struct tha_json_line *line = tha_record_begin_input(engine, THA_INPUT_REQUEST, now_ms);

    if (!line)
        return;

    tha_json_line_addr(line, "from", from);
    tha_record_end(engine);
}

/* ---- Calls ---- */

static void add_place(trunkha_engine *engine, const struct tha_news *news)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t trunk = tha_table_trunk_of_slot(table, news->trunk_slot);
    uint32_t target = tha_table_target_of_slot(table, news->target_slot);

    if (target != THA_NONE)
        add_target(&engine->record.line, table, target);
    else if (trunk != THA_NONE)
        tha_json_line_text(&engine->record.line, "trunk", tha_table_trunk_model(table, trunk)->id);
}

void tha_record_call(trunkha_engine *engine, const struct tha_news *news, uint32_t active_calls, uint64_t now_ms)
{
    struct tha_json_line *line = tha_record_begin_input(engine, THA_INPUT_CALL, now_ms);

    if (!line)
        return;

    add_place(engine, news);
    tha_json_line_word(line, "kind", tha_recording_news_word(news->kind));
    if (tha_news_has_texts(news->kind))
        tha_json_line_text(line, "profile", news->profile_id);
    if (news->result)
        tha_json_line_word(line, "result", trunkha_call_result_name(news->result));
    tha_record_add_number(line, "flags", news->flags);
    tha_record_add_number(line, "weight", news->weight);
    tha_record_add_number(line, "why", news->why);
    tha_record_add_number(line, "attempt", news->attempt);
    tha_record_add_number(line, "code", news->code);
    tha_record_add_number(line, "cause", news->q850_cause);
    tha_record_add_number(line, "cool", news->cool_ms);
    tha_record_add_number(line, "age", now_ms > news->started_ms ? now_ms - news->started_ms : 0);
    tha_record_add_number(line, "duration", news->duration_ms);
    tha_record_add_number(line, "postDial", news->post_dial_ms);
    tha_record_add_number(line, "calls", active_calls);
    tha_record_end(engine);
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

    line = tha_record_begin_input(engine, THA_INPUT_ANSWER, now_ms);
    tha_json_line_word(line, "type", tha_recording_type_word(question.type));
    tha_json_line_text(line, "name", question.name);
    tha_json_line_word(line, "outcome", tha_recording_outcome_word(answer->outcome));
    tha_record_add_number(line, "rcode", answer->rcode);
    tha_record_add_number(line, "negativeTtl", answer->negative_ttl_s);
    if (answer->n_records)
        add_records(line, question.type, answer);
    tha_record_end(engine);
}

void tha_record_refresh(trunkha_engine *engine, uint64_t now_ms)
{
    if (tha_record_begin_input(engine, THA_INPUT_REFRESH, now_ms))
        tha_record_end(engine);
}
