/* The lines of a recording, one function for each kind: what api/record.c has written. */
#include <string.h>

#include "recording_draft.h"

#define DETAIL_SIZE 1024U
#define KEY_SIZE    (TRUNKHA_ID_SIZE + THA_DNS_NAME_SIZE)

typedef const char *(*word_of)(uint32_t number);

/** The number whose word stands under @p key, below @p count. */
static uint32_t get_word(struct tha_recording_draft *draft, const json_t *object, const char *key, word_of word,
                         uint32_t count)
{
    const char *text = json_string_value(json_object_get(object, key));
    uint32_t number = 0;

    while (text && number < count && (!word(number) || strcmp(word(number), text) != 0))
        number++;
    if (text && number < count)
        return number;

    tha_recording_complain(draft, THA_CODE_BAD_VALUE, "%s is none that is known", key);

    return 0;
}

static uint32_t get_u32(struct tha_recording_draft *draft, const json_t *object, const char *key)
{
    return (uint32_t)tha_recording_get_number(draft, object, key, UINT32_MAX);
}

static uint16_t get_u16(struct tha_recording_draft *draft, const json_t *object, const char *key)
{
    return (uint16_t)tha_recording_get_number(draft, object, key, UINT16_MAX);
}

static uint8_t get_u8(struct tha_recording_draft *draft, const json_t *object, const char *key)
{
    return (uint8_t)tha_recording_get_number(draft, object, key, UINT8_MAX);
}

static void *alloc(struct tha_recording_draft *draft, size_t count, size_t size)
{
    void *memory = tha_arena_alloc(&draft->recording->arena, count, size);

    draft->is_out_of_memory |= !memory;

    return memory;
}

static bool get_addr(struct tha_recording_draft *draft, const json_t *object, const char *key, struct tha_addr *ret_addr)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text && tha_addr_parse_text(ret_addr, text))
        return true;

    tha_recording_complain(draft, THA_CODE_BAD_VALUE, "%s is no address such as udp:192.0.2.1:5060", key);

    return false;
}

/* ---- Things that are kept once ---- */

/** The place of @p key in @p map, from 0; THA_NONE = it has none. */
static uint32_t find_place(const struct tha_map *map, const char *key)
{
    return (uint32_t)(uintptr_t)tha_map_find(map, key) - 1;
}

/** Gives @p key the place @p place. */
static bool keep_place(struct tha_recording_draft *draft, struct tha_map *map, const char *key, uint32_t place)
{
    char *kept = tha_arena_strdup(&draft->recording->arena, key);

    draft->is_out_of_memory |= !kept || tha_map_put(map, kept, (void *)((uintptr_t)place + 1));

    return !draft->is_out_of_memory;
}

/** Room for one more element of @p size bytes behind the @p count that are there. */
static void *grow(struct tha_recording_draft *draft, void *array, uint32_t count, uint32_t *inout_capacity, size_t size)
{
    uint32_t capacity = *inout_capacity ? *inout_capacity * 2 : 64;
    void *bigger;

    if (count < *inout_capacity)
        return array;

    bigger = tha_mem_resize(draft->mem, array, capacity, size);
    draft->is_out_of_memory |= !bigger;
    if (bigger)
        *inout_capacity = capacity;

    return bigger;
}

static uint32_t add_target(struct tha_recording_draft *draft, const char *key, const struct tha_recorded_target *target)
{
    struct tha_recorded_target *targets =
        grow(draft, draft->targets, draft->n_targets, &draft->targets_capacity, sizeof(*targets));

    if (!targets)
        return THA_NONE;
    draft->targets = targets;
    if (!keep_place(draft, &draft->target_ids, key, draft->n_targets))
        return THA_NONE;
    targets[draft->n_targets] = *target;

    return draft->n_targets++;
}

/** "trunk" and "target", or "trunk" alone, or neither. */
static uint32_t get_target(struct tha_recording_draft *draft, const json_t *object)
{
    struct tha_recorded_target target = {.addr = {.family = 0}};
    char key[KEY_SIZE], addr[THA_ADDR_TEXT_SIZE] = "";
    uint32_t place;

    if (!json_object_get(object, "trunk"))
        return THA_NONE;
    target.trunk_id = tha_recording_get_text(draft, object, "trunk", TRUNKHA_ID_SIZE);
    if (json_object_get(object, "target") && !get_addr(draft, object, "target", &target.addr))
        return THA_NONE;
    if (target.addr.family)
        tha_addr_text(&target.addr, addr, sizeof(addr));

    tha_text_print(key, sizeof(key), "%s %s", addr, target.trunk_id); /* an id may have blanks, an address has none */
    place = find_place(&draft->target_ids, key);

    return place != THA_NONE ? place : add_target(draft, key, &target);
}

static uint32_t get_needed_target(struct tha_recording_draft *draft, const json_t *object)
{
    if (!json_object_get(object, "trunk"))
        tha_recording_complain(draft, THA_CODE_MISSING_KEY, "the line does not say which trunk");

    return get_target(draft, object);
}

static uint32_t add_question(struct tha_recording_draft *draft, const char *key, uint32_t type, const char *name)
{
    const struct tha_dns_question **questions =
        grow(draft, draft->questions, draft->n_questions, &draft->questions_capacity, sizeof(*questions));
    struct tha_dns_question *question = alloc(draft, 1, sizeof(*question));

    if (questions)
        draft->questions = questions;
    if (!questions || !question || !keep_place(draft, &draft->question_ids, key, draft->n_questions))
        return THA_NONE;

    question->type = type;
    tha_text_copy(question->name, sizeof(question->name), name);
    questions[draft->n_questions] = question;

    return draft->n_questions++;
}

static uint32_t get_question(struct tha_recording_draft *draft, const json_t *object, uint32_t type)
{
    const char *name = tha_recording_get_text(draft, object, "name", THA_DNS_NAME_SIZE);
    char key[KEY_SIZE];
    uint32_t place;

    tha_text_print(key, sizeof(key), "%u %s", type, name);
    place = find_place(&draft->question_ids, key);

    return place != THA_NONE ? place : add_question(draft, key, type, name);
}

/* ---- The engine ---- */

static void read_load(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    (void)object, (void)input;
    draft->recording->n_loads++;
}

static void read_trunk(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    uint32_t n_targets = draft->n_targets;

    input->target = get_needed_target(draft, object);
    if (draft->n_targets > n_targets)
        tha_recording_meet_trunk(draft, draft->targets[n_targets].trunk_id);
    input->trunk.schedule = tha_recording_get_hex(draft, object, "schedule");
    if (json_object_get(object, "judging")) /* without it, it is another */
        input->trunk.judging = tha_recording_get_hex(draft, object, "judging");
}

static void read_nothing(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    (void)draft, (void)object, (void)input;
}

static void read_told(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    struct tha_recorded_event *event = alloc(draft, 1, sizeof(*event));

    if (!event)
        return;

    event->type = get_word(draft, object, "event", trunkha_event_type_name, TRUNKHA_EVENT_CERTIFICATE_EXPIRY + 1);
    event->health = get_word(draft, object, "state", trunkha_health_name, TRUNKHA_HEALTH_DOWN + 1);
    event->previous_health = get_word(draft, object, "previous", trunkha_health_name, TRUNKHA_HEALTH_DOWN + 1);
    event->reason = get_word(draft, object, "reason", trunkha_reason_name, TRUNKHA_REASON_CONFIG_CHANGE + 1);
    event->entity_id = tha_recording_get_text(draft, object, "entity", TRUNKHA_ID_SIZE);
    event->trunk_id = tha_recording_get_text(draft, object, "trunk", TRUNKHA_ID_SIZE);
    input->told = event;
}

/* ---- Targets ---- */

static void read_probe(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->target = get_needed_target(draft, object);
}

static void read_evidence(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    struct tha_evidence *evidence = &input->evidence;

    input->target = get_needed_target(draft, object);
    evidence->kind = get_word(draft, object, "kind", tha_recording_evidence_word, THA_EVIDENCE_HEARD + 1);
    evidence->code = (uint32_t)tha_recording_get_number(draft, object, "code", 699);
    evidence->rtt_us = get_u32(draft, object, "rtt");
    if (json_object_get(object, "error"))
        evidence->system_error = tha_recording_error(tha_recording_get_text(draft, object, "error", TRUNKHA_ID_SIZE));
    if (json_object_get(object, "detail"))
        evidence->detail = tha_recording_get_text(draft, object, "detail", DETAIL_SIZE);
}

static void read_closed(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->has_evidence = json_object_get(object, "kind") != NULL;
    if (input->has_evidence)
        read_evidence(draft, object, input);
    else
        input->target = get_needed_target(draft, object);
}

static void read_abilities(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->target = get_needed_target(draft, object);
    input->abilities.methods = get_u16(draft, object, "methods");
    input->abilities.options = get_u16(draft, object, "options");
    input->abilities.codecs = get_u32(draft, object, "codecs");
}

static void read_finding(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->target = get_needed_target(draft, object);
    input->finding.event_type =
        get_word(draft, object, "event", trunkha_event_type_name, TRUNKHA_EVENT_CERTIFICATE_EXPIRY + 1);
    input->finding.detail = tha_recording_get_text(draft, object, "detail", DETAIL_SIZE);
}

static void read_request(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    struct tha_addr *from = alloc(draft, 1, sizeof(*from));

    if (from && get_addr(draft, object, "from", from))
        input->from = from;
}

/* ---- Calls ---- */

static void read_call(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    struct tha_recorded_call *call = alloc(draft, 1, sizeof(*call));

    if (!call)
        return;

    input->target = get_target(draft, object);
    call->news.kind = (uint8_t)get_word(draft, object, "kind", tha_recording_news_word, THA_NEWS_HEARD + 1);
    if (json_object_get(object, "result"))
        call->news.result = (uint8_t)get_word(draft, object, "result", trunkha_call_result_name, TRUNKHA_CALL_FORGOTTEN + 1);
    call->news.flags = get_u8(draft, object, "flags");
    call->news.weight = get_u8(draft, object, "weight");
    call->news.why = get_u8(draft, object, "why");
    call->news.attempt = get_u8(draft, object, "attempt");
    call->news.code = (uint16_t)tha_recording_get_number(draft, object, "code", 699);
    call->news.q850_cause = get_u16(draft, object, "cause");
    call->news.cool_ms = get_u32(draft, object, "cool");
    call->news.duration_ms = get_u32(draft, object, "duration");
    call->news.post_dial_ms = get_u32(draft, object, "postDial");
    call->age_ms = get_u32(draft, object, "age");
    call->active_calls = get_u32(draft, object, "calls");
    call->profile_id = tha_recording_get_text(draft, object, "profile", TRUNKHA_ID_SIZE);
    input->call = call;
}

/* ---- The DNS ---- */

static uint32_t get_type(struct tha_recording_draft *draft, const json_t *object)
{
    return get_word(draft, object, "type", tha_recording_type_word, THA_DNS_NAPTR + 1);
}

static void read_record(struct tha_recording_draft *draft, const json_t *object, uint32_t type,
                        struct tha_dns_record *record)
{
    record->ttl_s = get_u32(draft, object, "ttl");
    if (type == THA_DNS_SRV) {
        record->srv.priority = get_u16(draft, object, "priority");
        record->srv.weight = get_u16(draft, object, "weight");
        record->srv.port = get_u16(draft, object, "port");
        record->srv.target = tha_recording_get_text(draft, object, "target", THA_DNS_NAME_SIZE);
    } else if (type == THA_DNS_NAPTR) {
        record->naptr.order = get_u16(draft, object, "order");
        record->naptr.preference = get_u16(draft, object, "preference");
        record->naptr.flags = tha_recording_get_text(draft, object, "flags", THA_DNS_NAME_SIZE);
        record->naptr.service = tha_recording_get_text(draft, object, "service", THA_DNS_NAME_SIZE);
        record->naptr.replacement = tha_recording_get_text(draft, object, "replacement", THA_DNS_NAME_SIZE);
    } else {
        get_addr(draft, object, "address", &record->addr);
    }
}

static void read_answer(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    struct tha_dns_answer *answer = alloc(draft, 1, sizeof(*answer));
    const json_t *list = json_object_get(object, "records");
    uint32_t type = get_type(draft, object);
    size_t n = json_array_size(list);
    struct tha_dns_record *records;

    if (n > THA_DNS_RECORDS_MAX)
        n = THA_DNS_RECORDS_MAX;
    records = alloc(draft, n, sizeof(*records));
    if (!answer || !records)
        return;

    for (size_t i = 0; i < n; i++)
        read_record(draft, json_array_get(list, i), type, &records[i]);
    answer->outcome = get_word(draft, object, "outcome", tha_recording_outcome_word, THA_DNS_SILENT + 1);
    answer->rcode = get_u32(draft, object, "rcode");
    answer->negative_ttl_s = get_u32(draft, object, "negativeTtl");
    answer->records = records;
    answer->n_records = (uint32_t)n;
    input->dns.answer = answer;
    input->dns.question = get_question(draft, object, type);
}

/* ---- The operator ---- */

static void read_admin(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->target = get_needed_target(draft, object);
    input->admin.admin = get_word(draft, object, "admin", trunkha_admin_name, TRUNKHA_ADMIN_DRAINING + 1);
    if (json_object_get(object, "reason"))
        input->admin.reason = get_word(draft, object, "reason", trunkha_reason_name, TRUNKHA_REASON_CONFIG_CHANGE + 1);
    input->admin.for_ms = get_u32(draft, object, "for");
}

static void read_failback(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    input->profile_id = tha_recording_get_text(draft, object, "profile", TRUNKHA_ID_SIZE);
}

void tha_recording_read_input(struct tha_recording_draft *draft, const json_t *object, struct tha_recorded_input *input)
{
    static void (*const readers[THA_INPUT_KINDS])(struct tha_recording_draft * draft, const json_t *object,
                                                  struct tha_recorded_input *input) = {
        [THA_INPUT_LOAD] = read_load,         [THA_INPUT_TRUNK] = read_trunk,         [THA_INPUT_START] = read_nothing,
        [THA_INPUT_STOP] = read_nothing,      [THA_INPUT_TURN] = read_nothing,        [THA_INPUT_PROBE] = read_probe,
        [THA_INPUT_EVIDENCE] = read_evidence, [THA_INPUT_CLOSED] = read_closed,       [THA_INPUT_CALL] = read_call,
        [THA_INPUT_REQUEST] = read_request,   [THA_INPUT_ABILITIES] = read_abilities, [THA_INPUT_FINDING] = read_finding,
        [THA_INPUT_ANSWER] = read_answer,     [THA_INPUT_REFRESH] = read_nothing,     [THA_INPUT_ADMIN] = read_admin,
        [THA_INPUT_FAILBACK] = read_failback, [THA_INPUT_TOLD] = read_told,
    };
    uint32_t kind = get_word(draft, object, "in", tha_recording_input_word, THA_INPUT_KINDS);

    input->kind = (uint8_t)kind;
    input->is_joined = json_is_true(json_object_get(object, "joined"));
    if (json_object_get(object, "due"))
        input->due_ms = tha_recording_get_number(draft, object, "due", input->at_ms);
    if (!draft->has_complaint)
        readers[kind](draft, object, input);
}
