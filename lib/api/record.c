#include "record.h"

#include <string.h>

#include "engine.h"
#include "record_room.h"

/** Room for the longest answer of the DNS that a server could send; what is beyond is left out. */
#define LINE_SIZE ((size_t)64 * 1024)

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

struct tha_json_line *tha_record_begin(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms)
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

struct tha_json_line *tha_record_begin_input(trunkha_engine *engine, enum tha_input_kind kind, uint64_t now_ms)
{
    struct tha_json_line *line = tha_record_begin(engine, kind, now_ms);

    if (!line)
        return NULL;

    if (engine->record.has_inputs)
        tha_json_line_true(line, "joined");
    else
        add_due(engine, tha_core_next_change(engine->core), now_ms);
    engine->record.has_inputs = true;

    return line;
}

void tha_record_end(trunkha_engine *engine)
{
    hand_over(&engine->record);
}

void tha_record_add_number(struct tha_json_line *line, const char *key, uint64_t number)
{
    if (number)
        tha_json_line_number(line, key, number);
}

/* ---- The engine ---- */

void tha_record_load(trunkha_engine *engine, const struct tha_model *model, uint64_t now_ms)
{
    struct tha_json_line *line = tha_record_begin_input(engine, THA_INPUT_LOAD, now_ms);

    if (!line)
        return;

    tha_json_line_number(line, "trunks", model->n_trunks);
    tha_record_end(engine);
    for (uint32_t i = 0; i < model->n_trunks; i++) {
        line = tha_record_begin_input(engine, THA_INPUT_TRUNK, now_ms);
        tha_json_line_text(line, "trunk", model->trunks[i].id);
        tha_json_line_hex(line, "schedule", tha_recording_schedule(&model->trunks[i]));
        tha_json_line_hex(line, "judging", tha_recording_judging(model, i));
        tha_record_end(engine);
    }
}

void tha_record_start(trunkha_engine *engine, uint64_t now_ms)
{
    if (tha_record_begin_input(engine, THA_INPUT_START, now_ms))
        tha_record_end(engine);
}

void tha_record_stop(trunkha_engine *engine)
{
    if (tha_record_begin_input(engine, THA_INPUT_STOP, tha_clock_ms()))
        tha_record_end(engine);
}

void tha_record_turn(trunkha_engine *engine, uint64_t now_ms)
{
    struct tha_record *record = &engine->record;
    uint64_t due_ms;

    if (!record->record_cb)
        return;

    due_ms = tha_core_next_change(engine->core);
    if (record->has_inputs ? now_ms > record->last_ms : due_ms <= now_ms) {
        tha_record_begin(engine, THA_INPUT_TURN, now_ms);
        if (record->has_inputs)
            tha_json_line_true(&record->line, "joined");
        add_due(engine, due_ms, now_ms);
        tha_record_end(engine);
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
    struct tha_json_line *line =
        is_compared(event->type) ? tha_record_begin(engine, THA_INPUT_TOLD, engine->record.turn_ms) : NULL;

    if (!line)
        return;

    tha_json_line_word(line, "event", trunkha_event_type_name(event->type));
    tha_json_line_text(line, "entity", event->entity_id);
    tha_json_line_word(line, "state", trunkha_health_name(event->health));
    tha_json_line_word(line, "previous", trunkha_health_name(event->previous_health));
    tha_json_line_word(line, "reason", trunkha_reason_name(event->reason));
    if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE)
        tha_json_line_text(line, "trunk", event->trunk_id);
    tha_record_end(engine);
}

/* ---- The operator ---- */

/** What the core is going to refuse may be anything, and no reader would take it. */
static bool will_obey(const trunkha_engine *engine, const char *trunk_id, uint32_t admin)
{
    return engine->record.record_cb && admin <= TRUNKHA_ADMIN_DRAINING &&
           tha_table_find_trunk(tha_core_table(engine->core), trunk_id) != THA_NONE;
}

void tha_record_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason, uint32_t for_ms,
                      uint64_t now_ms)
{
    struct tha_json_line *line = NULL;

    if (will_obey(engine, trunk_id, admin))
        line = tha_record_begin_input(engine, THA_INPUT_ADMIN, now_ms);
    if (!line)
        return;

    tha_json_line_text(line, "trunk", trunk_id);
    tha_json_line_word(line, "admin", trunkha_admin_name(admin));
    if (reason)
        tha_json_line_word(line, "reason", trunkha_reason_name(reason));
    tha_record_add_number(line, "for", for_ms);
    tha_record_end(engine);
}

void tha_record_failback(trunkha_engine *engine, const char *profile_id, uint64_t now_ms)
{
    struct tha_json_line *line = NULL;

    if (strlen(profile_id) < TRUNKHA_ID_SIZE)
        line = tha_record_begin_input(engine, THA_INPUT_FAILBACK, now_ms);
    if (!line)
        return;

    tha_json_line_text(line, "profile", profile_id);
    tha_record_end(engine);
}
