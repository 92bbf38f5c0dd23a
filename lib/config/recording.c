/* Recordings: a header and then a line of JSON for each thing that an engine has heard. */
#include <string.h>

#include "config.h"
#include "recording_draft.h"

#define TEXT_MAX      ((size_t)1024 * 1024 * 1024)
#define LINE_MAX_SIZE ((size_t)256 * 1024) /* an answer of the DNS may be long */
#define LINE_MIN_SIZE strlen("{\"at\":0,\"in\":\"stop\"}")
#define AT_MAX        (UINT64_C(100) * 366 * 86400 * 1000) /* nobody records for a century */
#define GIVE_ANOTHER  "give what \"trunkha run --record\" or your record_cb has written"

struct line {
    const char *text;
    size_t len;
    bool is_first;
    bool is_whole; /**< its line feed is there */
};

/* ---- Findings ---- */

static void add_finding(struct tha_recording_draft *draft, enum tha_config_code code, const char *fix, const char *format,
                        va_list ap)
{
    char message[THA_CONFIG_LABEL_SIZE];

    if (draft->has_complaint)
        return;

    draft->has_complaint = true;
    tha_text_vprint(message, sizeof(message), format, ap);
    tha_config_add_finding_at(&draft->reader.report, code, draft->line_at, "", fix, message);
}

void tha_recording_complain(struct tha_recording_draft *draft, enum tha_config_code code, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add_finding(draft, code, "take the line away, or record anew", format, ap);
    va_end(ap);
}

/** What is wrong with all of it. */
static void THA_PRINTF(4, 5)
    refuse(struct tha_recording_draft *draft, enum tha_config_code code, const char *fix, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add_finding(draft, code, fix, format, ap);
    va_end(ap);
}

/* ---- Members ---- */

uint64_t tha_recording_get_number(struct tha_recording_draft *draft, const json_t *object, const char *key, uint64_t max)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);

    if (!value)
        return 0;
    if (!json_is_integer(value)) {
        tha_recording_complain(draft, THA_CODE_WRONG_TYPE, "%s is no whole number", key);
        return 0;
    }
    if (number < 0 || (uint64_t)number > max) {
        tha_recording_complain(draft, THA_CODE_OUT_OF_RANGE, "%s is out of range", key);
        return 0;
    }

    return (uint64_t)number;
}

uint64_t tha_recording_get_hex(struct tha_recording_draft *draft, const json_t *object, const char *key)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = json_string_value(json_object_get(object, key));
    uint64_t number = 0;

    if (!text || strlen(text) != 16 || strspn(text, digits) != 16) {
        tha_recording_complain(draft, THA_CODE_BAD_VALUE, "%s is not 16 hexadecimal digits", key);
        return 0;
    }
    for (; *text; text++)
        number = number << 4 | (uint64_t)(strchr(digits, *text) - digits);

    return number;
}

const char *tha_recording_get_text(struct tha_recording_draft *draft, const json_t *object, const char *key, size_t size)
{
    const json_t *value = json_object_get(object, key);
    const char *text = value ? json_string_value(value) : "";
    const char *kept = NULL;

    if (!text)
        tha_recording_complain(draft, THA_CODE_WRONG_TYPE, "%s is no text", key);
    else if (strlen(text) >= size)
        tha_recording_complain(draft, THA_CODE_TOO_LONG, "%s is too long", key);
    else if (!(kept = tha_config_keep_text(&draft->reader, text)))
        draft->is_out_of_memory = true;

    return kept ? kept : "";
}

/* ---- Lines ---- */

/** Any object but one that has a key twice; NULL for everything else. */
static json_t *parse(struct tha_recording_draft *draft, const char *line, size_t len)
{
    json_error_t error;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

    draft->is_out_of_memory |= !object && json_error_code(&error) == json_error_out_of_memory;
    if (json_is_object(object))
        return object;
    json_decref(object);

    return NULL;
}

static void read_header(struct tha_recording_draft *draft, const json_t *object)
{
    struct tha_recording *recording = draft->recording;
    uint64_t format;

    if (!json_object_get(object, "trunkha") || !json_object_get(object, "format")) {
        refuse(draft, THA_CODE_MISSING_KEY, GIVE_ANOTHER,
               "this is no recording: its first line has no \"trunkha\" and \"format\"");
        return;
    }
    format = tha_recording_get_number(draft, object, "format", UINT32_MAX);
    recording->version = tha_recording_get_text(draft, object, "trunkha", TRUNKHA_ID_SIZE);
    if (format != THA_RECORDING_FORMAT)
        refuse(draft, THA_CODE_BAD_VALUE, "play it with the release that wrote it, or record anew",
               "the recording is of format %u, written by release %s; this one, " TRUNKHA_VERSION ", reads format %u",
               (unsigned)format, recording->version, THA_RECORDING_FORMAT);
    recording->started_unix_ms = (int64_t)tha_recording_get_number(draft, object, "started", INT64_MAX / 2);
    recording->seed = tha_recording_get_hex(draft, object, "seed");
}

static void read_line(struct tha_recording_draft *draft, const json_t *object)
{
    struct tha_recorded_input *input = &draft->inputs[draft->n_inputs];
    uint64_t before_ms = draft->n_inputs ? input[-1].at_ms : 0;

    *input = (struct tha_recorded_input){.target = THA_NONE, .due_ms = UINT64_MAX};
    if (!json_object_get(object, "at"))
        tha_recording_complain(draft, THA_CODE_MISSING_KEY, "the line has no time \"at\"");
    input->at_ms = tha_recording_get_number(draft, object, "at", AT_MAX);
    if (input->at_ms < before_ms)
        tha_recording_complain(draft, THA_CODE_OUT_OF_RANGE, "the line is older than the one before it");
    tha_recording_read_input(draft, object, input);
    if (!draft->has_complaint)
        draft->n_inputs++;
}

/** Half a line at the end: the engine has died, or its disk was full. */
static void end_cut(struct tha_recording_draft *draft)
{
    draft->recording->is_cut = true;
    refuse(draft, THA_CODE_RECORDING_CUT, NULL, "the recording breaks off in its last line, which is left out");
}

void tha_recording_meet_trunk(struct tha_recording_draft *draft, const char *trunk_id)
{
    char message[THA_CONFIG_LABEL_SIZE];

    if (tha_map_find(&draft->configured, trunk_id)) {
        draft->n_configured++;
        return;
    }

    draft->n_not_configured++;
    tha_text_print(message, sizeof(message), "the configuration has no trunk \"%s\"", trunk_id);
    tha_config_add_finding_at(&draft->reader.report, THA_CODE_NOT_CONFIGURED, draft->line_at, "", NULL, message);
}

static void read_one(struct tha_recording_draft *draft, const struct line *line)
{
    json_t *object = line->len <= LINE_MAX_SIZE ? parse(draft, line->text, line->len) : NULL;

    if (object && line->is_first)
        read_header(draft, object);
    else if (object)
        read_line(draft, object);
    else if (draft->is_out_of_memory)
        return;
    else if (line->is_first)
        refuse(draft, THA_CODE_JSON_SYNTAX, GIVE_ANOTHER, "this is no recording: its first line is no JSON object");
    else if (line->len > LINE_MAX_SIZE)
        tha_recording_complain(draft, THA_CODE_TOO_LONG, "the line is longer than any that an engine writes");
    else if (!line->is_whole)
        end_cut(draft);
    else
        tha_recording_complain(draft, THA_CODE_JSON_SYNTAX, "the line is no JSON object");
    json_decref(object);
}

static void read_text(struct tha_recording_draft *draft, const char *text, size_t len)
{
    const char *end = text + len;
    struct line line = {.text = text, .is_first = true};

    while (line.text < end && !draft->is_out_of_memory) {
        const char *stop = memchr(line.text, '\n', (size_t)(end - line.text));

        line.is_whole = stop != NULL;
        line.len = (size_t)((stop ? stop : end) - line.text);
        draft->line_at = (size_t)(line.text - text);
        draft->has_complaint = false;
        read_one(draft, &line);
        if (tha_config_is_full(&draft->reader.report) || (line.is_first && draft->has_complaint))
            return;
        line = (struct line){.text = stop ? stop + 1 : end};
    }
}

/** Lines that may hold an input. */
static uint32_t count_lines(const char *text, size_t len)
{
    uint32_t n = 0;

    for (const char *end = text + len, *stop; text < end; text = stop + 1) {
        stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        n += (size_t)(stop - text) >= LINE_MIN_SIZE;
    }

    return n;
}

/* ---- The whole ---- */

static struct tha_recording *new_recording(const struct tha_mem *mem)
{
    struct tha_recording *recording;
    struct tha_arena arena;

    tha_arena_init(&arena, mem);
    recording = tha_arena_alloc(&arena, 1, sizeof(*recording));
    if (recording)
        recording->arena = arena;

    return recording;
}

/** What was collected in arrays that grow moves to the recording. */
static void settle(struct tha_recording_draft *draft)
{
    struct tha_recording *recording = draft->recording;
    struct tha_recorded_target *targets = tha_arena_alloc(&recording->arena, draft->n_targets, sizeof(*targets));
    const struct tha_dns_question **questions = tha_arena_alloc(&recording->arena, draft->n_questions, sizeof(*questions));

    if (!targets || !questions) {
        draft->is_out_of_memory = true;
        return;
    }

    if (draft->n_targets)
        memcpy(targets, draft->targets, draft->n_targets * sizeof(*targets));
    if (draft->n_questions)
        memcpy(questions, draft->questions, draft->n_questions * sizeof(*questions));
    recording->targets = targets;
    recording->n_targets = draft->n_targets;
    recording->questions = questions;
    recording->n_questions = draft->n_questions;
    recording->inputs = draft->inputs;
    recording->n_inputs = draft->n_inputs;
}

/** Is there anything to play? */
static void check_whole(struct tha_recording_draft *draft)
{
    if (!draft->recording->n_loads) {
        refuse(draft, THA_CODE_NOTHING_TO_REPLAY, "record anew", "the recording ends before a configuration was loaded");
    } else if (draft->n_not_configured && !draft->n_configured) {
        draft->has_complaint = false;
        draft->line_at = 0;
        refuse(draft, THA_CODE_NOTHING_TO_REPLAY, NULL, "the configuration has none of the trunks of this recording");
    }
}

static int enter_trunks(struct tha_recording_draft *draft, const struct tha_model *model)
{
    int err = 0;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++)
        err = tha_map_put(&draft->configured, model->trunks[i].id, &model->trunks[i]);

    return err;
}

static void read(struct tha_recording_draft *draft, const char *text, size_t len)
{
    if (!len)
        refuse(draft, THA_CODE_NOTHING_TO_REPLAY, GIVE_ANOTHER, "the recording is empty");
    else if (len > TEXT_MAX)
        refuse(draft, THA_CODE_TOO_LONG, "take lines away from its end", "the recording is longer than 1 GiB");
    if (draft->has_complaint)
        return;

    draft->inputs = tha_arena_alloc(&draft->recording->arena, count_lines(text, len), sizeof(*draft->inputs));
    if (!draft->inputs) {
        draft->is_out_of_memory = true;
        return;
    }
    read_text(draft, text, len);
    if (!draft->is_out_of_memory && !draft->reader.report.n_errors)
        check_whole(draft);
    if (!draft->is_out_of_memory)
        settle(draft);
}

static void done(struct tha_recording_draft *draft)
{
    tha_map_done(&draft->configured);
    tha_map_done(&draft->question_ids);
    tha_map_done(&draft->target_ids);
    tha_map_done(&draft->reader.strings);
    tha_mem_free(draft->mem, draft->questions);
    tha_mem_free(draft->mem, draft->targets);
    tha_config_done_report(&draft->reader.report);
}

int tha_config_read_recording(const struct tha_mem *mem, const char *text, size_t len, const struct tha_model *model,
                              trunkha_finding_cb finding_cb, void *user_data, struct tha_recording **ret_recording)
{
    struct tha_recording_draft draft = {.mem = mem, .recording = new_recording(mem)};
    struct tha_config_report *report = &draft.reader.report;
    int err;

    if (!draft.recording)
        return TRUNKHA_ERR_NOMEM;

    tha_config_init_report(report, mem, text, len);
    tha_map_init(&draft.reader.strings, mem);
    tha_map_init(&draft.target_ids, mem);
    tha_map_init(&draft.question_ids, mem);
    tha_map_init(&draft.configured, mem);
    draft.reader.arena = &draft.recording->arena;
    if (enter_trunks(&draft, model))
        draft.is_out_of_memory = true;
    else
        read(&draft, text, len);

    err = report->n_errors ? TRUNKHA_ERR_CONFIG : 0;
    if (draft.is_out_of_memory || report->is_out_of_memory)
        err = TRUNKHA_ERR_NOMEM;
    if (err != TRUNKHA_ERR_NOMEM)
        tha_config_tell_findings(report, finding_cb, user_data);
    done(&draft);

    if (err)
        tha_recording_free(draft.recording);
    else
        *ret_recording = draft.recording;

    return err;
}
