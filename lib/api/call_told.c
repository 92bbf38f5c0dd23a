/* What others know of a call: its entry in the list of running calls, and the news that the engine's thread gets. */
#include <string.h>

#include "call.h"

/** A call in the making is forgotten when its host does not ask for as long after its deadline. */
#define FORGOTTEN_AFTER_MS 60000U
/** An answered one when nobody ends it for as long. */
#define LONGEST_CALL_MS (12U * 3600U * 1000U)

/* ---- The list of running calls ---- */

static uint64_t expiry_of(const trunkha_call *call, uint64_t now_ms)
{
    switch (call->machine.phase) {
    case THA_CALL_ANSWERED:
        return call->entry.answered_ms + LONGEST_CALL_MS;
    case THA_CALL_TRYING: /* a 100 moves the deadline, and is no news */
    case THA_CALL_PROCEEDING:
        return call->machine.begun_ms + call->settings.total_ms + FORGOTTEN_AFTER_MS;
    case THA_CALL_RINGING:
        return tha_call_deadline(&call->machine) + FORGOTTEN_AFTER_MS;
    default:
        return now_ms + FORGOTTEN_AFTER_MS;
    }
}

bool tha_call_update_entry(trunkha_call *call, uint64_t now_ms)
{
    call->entry.attempts = call->machine.n_attempts;
    call->entry.expires_ms = expiry_of(call, now_ms);

    return !call->token || tha_view_update_call(call->view, call->token, &call->entry);
}

static void leave_trunk(trunkha_call *call, uint64_t now_ms)
{
    uint32_t trunk_slot = call->entry.trunk_slot;

    call->entry.trunk_slot = THA_NONE;
    if (tha_call_update_entry(call, now_ms) && trunk_slot != THA_NONE)
        tha_view_leave(call->view, trunk_slot);
}

void tha_call_enter(trunkha_call *call, uint64_t now_ms)
{
    call->entry.attempts = call->machine.n_attempts;
    call->entry.expires_ms = expiry_of(call, now_ms);
    call->token = tha_view_enter_call(call->view, &call->entry);
    tha_view_count_call(call->view, call->profile, now_ms);
}

/* ---- News ---- */

static void start_news(struct tha_news *news, const struct tha_view_call *entry, uint32_t kind)
{
    memset(news, 0, THA_NEWS_HEAD);
    news->kind = (uint8_t)kind;
    news->attempt = (uint8_t)entry->attempts;
    news->trunk_slot = entry->trunk_slot;
    news->target_slot = entry->target_slot;
    if (!tha_news_has_texts(kind))
        return;

    memcpy(news->call_id, entry->call_id, sizeof(news->call_id));
    memcpy(news->profile_id, entry->profile_id, sizeof(news->profile_id));
    memcpy(news->trunk_id, entry->trunk_id, sizeof(news->trunk_id));
    memset(news->detail, 0, sizeof(news->detail));
}

void tha_call_post_attempt(trunkha_call *call, uint32_t kind, const struct tha_call_verdict *verdict)
{
    const struct tha_attempt_record *attempt = tha_call_current_attempt(call);
    struct tha_news news;

    start_news(&news, &call->entry, kind);
    news.trunk_slot = call->tried[call->machine.n_attempts - 1]; /* which it may have left already */
    news.why = (uint8_t)attempt->why;
    news.result = (uint8_t)attempt->result;
    news.code = (uint16_t)attempt->code;
    news.q850_cause = (uint16_t)attempt->q850_cause;
    news.started_ms = attempt->started_ms;
    news.duration_ms = attempt->duration_ms;
    if (verdict) {
        news.flags = verdict->flags;
        news.weight = verdict->weight;
        news.cool_ms = verdict->cool_ms;
    }
    if (attempt->why == TRUNKHA_WHY_TRIAL)
        news.flags |= THA_NEWS_TRIAL;
    if (tha_news_has_texts(kind))
        tha_call_describe_attempt(call, news.detail, sizeof(news.detail));

    tha_view_post_news(call->view, &news, news.weight > 0);
}

void tha_call_post_end(trunkha_view *view, const struct tha_view_call *entry, uint32_t result, uint64_t now_ms)
{
    struct tha_news news;

    tha_view_make_end_news(entry, result, now_ms, &news);
    tha_view_post_news(view, &news, false);
}

void tha_call_note_post_dial(trunkha_call *call, uint64_t now_ms)
{
    if (!call->has_post_dial)
        call->entry.post_dial_ms = now_ms > call->entry.begun_ms ? (uint32_t)(now_ms - call->entry.begun_ms) : 0;
    call->has_post_dial = true;
}

static void close_attempt(trunkha_call *call, const struct tha_call_heard *heard, const struct tha_call_verdict *verdict,
                          uint64_t now_ms)
{
    struct tha_attempt_record *attempt = tha_call_current_attempt(call);

    attempt->result = call->result = verdict->result;
    attempt->duration_ms = (uint32_t)(now_ms - attempt->started_ms);
    attempt->code = heard->kind == TRUNKHA_REPORT_RESPONSE && heard->code >= 200 ? heard->code : 0;
    attempt->q850_cause = heard->q850_cause;
    tha_call_describe(call, call->entry.detail, sizeof(call->entry.detail));
}

void tha_call_tell(trunkha_call *call, const struct tha_call_heard *heard, const struct tha_call_verdict *verdict,
                   uint64_t now_ms)
{
    if (verdict->result == TRUNKHA_CALL_UNDER_WAY) {
        tha_call_note_post_dial(call, now_ms);
        tha_call_update_entry(call, now_ms);
        tha_call_post_attempt(call, THA_NEWS_RINGING, verdict);
        return;
    }

    close_attempt(call, heard, verdict, now_ms);
    if (verdict->result == TRUNKHA_CALL_ANSWERED) {
        tha_call_note_post_dial(call, now_ms);
        call->entry.answered_ms = now_ms;
        call->entry.last_code = heard->code;
        tha_call_update_entry(call, now_ms);
        tha_call_post_attempt(call, THA_NEWS_ANSWERED, verdict);
    } else {
        leave_trunk(call, now_ms);
        tha_call_post_attempt(call, THA_NEWS_FAILED, verdict);
    }
}
