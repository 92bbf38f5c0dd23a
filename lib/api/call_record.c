/* The record of a call: where it was sent and why, and what came of it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "call.h"
#include "events/dump.h"

void tha_call_record_passed(trunkha_call *call, const struct tha_view_pick *pick, uint32_t attempt)
{
    for (uint32_t i = 0; i < pick->n_passed && call->n_passed < THA_RECORD_PASSED_MAX; i++) {
        call->passed[call->n_passed++] = (struct tha_passed_record){
            .passed = pick->passed[i],
            .attempt = attempt,
        };
    }
}

void tha_call_record_attempt(trunkha_call *call, const struct tha_view_pick *pick, uint64_t now_ms)
{
    struct tha_attempt_record *attempt = &call->attempts[call->machine.n_attempts - 1];

    memcpy(attempt->trunk_id, pick->candidate.trunk_id, sizeof(attempt->trunk_id));
    memcpy(attempt->target, pick->candidate.target, sizeof(attempt->target));
    memcpy(attempt->outbound_route, pick->candidate.outbound_route, sizeof(attempt->outbound_route));
    attempt->started_ms = now_ms;
    attempt->duration_ms = attempt->code = attempt->q850_cause = 0;
    attempt->result = TRUNKHA_CALL_UNDER_WAY;
    attempt->why = pick->candidate.why;
    tha_call_record_passed(call, pick, call->machine.n_attempts);
}

struct tha_attempt_record *tha_call_current_attempt(trunkha_call *call)
{
    return &call->attempts[call->machine.n_attempts - 1];
}

/* ---- In a line ---- */

static size_t add(char *buf, size_t size, size_t len, const char *text)
{
    return len < size && tha_text_copy(buf + len, size - len, text) ? len + strlen(text) : size;
}

void tha_call_describe_attempt(const trunkha_call *call, char *buf, size_t size)
{
    uint32_t current = call->machine.n_attempts;
    size_t len = add(buf, size, 0, trunkha_why_text(call->attempts[current - 1].why));
    const char *before = "; passed over: ";

    for (uint32_t i = 0; i < call->n_passed; i++) {
        if (call->passed[i].attempt != current)
            continue;
        len = add(buf, size, len, before);
        len = add(buf, size, len, call->passed[i].passed.trunk_id);
        before = ", ";
    }
}

/** "a1 503", "b1 noResponse". */
static size_t add_attempt(char *buf, size_t size, size_t len, const struct tha_attempt_record *attempt)
{
    const char code[] = {(char)('0' + attempt->code / 100 % 10), (char)('0' + attempt->code / 10 % 10),
                         (char)('0' + attempt->code % 10), '\0'};

    len = add(buf, size, len, attempt->trunk_id);
    len = add(buf, size, len, " ");

    return add(buf, size, len, attempt->code ? code : trunkha_call_result_name(attempt->result));
}

void tha_call_describe(const trunkha_call *call, char *buf, size_t size)
{
    size_t len = 0;

    for (uint32_t i = 0; i < call->machine.n_attempts; i++) {
        len = add(buf, size, len, i ? ", " : "");
        len = add_attempt(buf, size, len, &call->attempts[i]);
    }
}

/* ---- As JSON ---- */

static tha_json_number unix_ms(const trunkha_call *call, uint64_t core_ms)
{
    return tha_view_unix_ms(call->view) - (int64_t)(tha_view_now_ms(call->view) - core_ms);
}

static json_t *attempt_json(const trunkha_call *call, const struct tha_attempt_record *attempt)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:s}", "trunkId", attempt->trunk_id, "target",
                     attempt->target, "outboundRoute", attempt->outbound_route, "start", unix_ms(call, attempt->started_ms),
                     "durationMs", (tha_json_number)attempt->duration_ms, "result",
                     trunkha_call_result_name(attempt->result), "code", (tha_json_number)attempt->code, "q850Cause",
                     (tha_json_number)attempt->q850_cause, "why", trunkha_why_text(attempt->why));
}

static json_t *attempts_json(const trunkha_call *call)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < call->machine.n_attempts; i++)
        array = tha_events_append(array, attempt_json(call, &call->attempts[i]));

    return array;
}

static json_t *passed_json(const trunkha_call *call)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < call->n_passed; i++) {
        const struct tha_passed_record *record = &call->passed[i];

        array = tha_events_append(array, json_pack("{s:s, s:s, s:I}", "trunkId", record->passed.trunk_id, "why",
                                                   trunkha_why_text(record->passed.why), "attempt",
                                                   (tha_json_number)record->attempt));
    }

    return array;
}

int trunkha_call_json(const trunkha_call *call, char **ret_json)
{
    char *text;

    if (!call || !ret_json)
        return TRUNKHA_ERR_INVALID;

    text = tha_events_dump(json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:o, s:o}", "callId", call->entry.call_id, "profile",
                                     call->entry.profile_id, "begun", unix_ms(call, call->entry.begun_ms), "result",
                                     trunkha_call_result_name(call->result), "code", (tha_json_number)call->entry.last_code,
                                     "postDialMs", (tha_json_number)call->entry.post_dial_ms, "attempts",
                                     attempts_json(call), "passedOver", passed_json(call)));
    if (!text)
        return TRUNKHA_ERR_NOMEM;
    *ret_json = text;

    return 0;
}
