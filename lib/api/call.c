/* Calls: from the host's reports through the machine of one call to the next step, and to the evidence for everybody. */
#include "call.h"
#include "call_target.h"

#include <stddef.h>
#include <string.h>

#include "base/abi.h"
#include "base/mem.h"
#include "base/text.h"

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

/** False when the call has been taken for forgotten meanwhile: then it has no trunk any more, and gets none. */
static bool update_entry(trunkha_call *call, uint64_t now_ms)
{
    call->entry.attempts = call->machine.n_attempts;
    call->entry.expires_ms = expiry_of(call, now_ms);

    return !call->token || tha_view_update_call(call->view, call->token, &call->entry);
}

static void leave_trunk(trunkha_call *call, uint64_t now_ms)
{
    uint32_t trunk_slot = call->entry.trunk_slot;

    call->entry.trunk_slot = THA_NONE;
    if (update_entry(call, now_ms) && trunk_slot != THA_NONE)
        tha_view_leave(call->view, trunk_slot);
}

uint32_t tha_call_target_slot(const trunkha_call *call)
{
    return call->entry.target_slot;
}

/* ---- News ---- */

static struct tha_attempt_record *current_attempt(trunkha_call *call)
{
    return &call->attempts[call->machine.n_attempts - 1];
}

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

static void post_attempt(trunkha_call *call, uint32_t kind, const struct tha_call_verdict *verdict)
{
    const struct tha_attempt_record *attempt = current_attempt(call);
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
        tha_record_describe_attempt(call, news.detail, sizeof(news.detail));

    tha_view_post_news(call->view, &news, news.weight > 0);
}

static void post_end(trunkha_view *view, const struct tha_view_call *entry, uint32_t result, uint64_t now_ms)
{
    struct tha_news news;

    tha_view_make_end_news(entry, result, now_ms, &news);
    tha_view_post_news(view, &news, false);
}

/* ---- Steps ---- */

static uint32_t wait_of(const trunkha_call *call, uint64_t now_ms)
{
    uint64_t deadline_ms = tha_call_deadline(&call->machine);

    if (deadline_ms == UINT64_MAX)
        return UINT32_MAX;

    return deadline_ms > now_ms ? (uint32_t)(deadline_ms - now_ms) : 0;
}

static void stop(trunkha_call *call, uint32_t code, trunkha_step *step)
{
    step->action = TRUNKHA_STEP_STOP;
    step->code = code;
    call->entry.last_code = code;
}

/** The call is on what was picked from now on. */
static void aim(trunkha_call *call, const struct tha_view_pick *pick, uint64_t now_ms)
{
    tha_call_start_attempt(&call->machine, now_ms);
    tha_record_attempt(call, pick, now_ms);
    call->tried[call->machine.n_attempts - 1] = pick->trunk_slot;
    call->codecs = pick->codecs;
    call->entry.trunk_slot = pick->trunk_slot;
    call->entry.target_slot = pick->target_slot;
    memcpy(call->entry.trunk_id, pick->candidate.trunk_id, sizeof(call->entry.trunk_id));
    memcpy(call->entry.target, pick->candidate.target, sizeof(call->entry.target));
}

static void start_attempt(trunkha_call *call, uint32_t kind, const trunkha_candidate *to, trunkha_step *step)
{
    post_attempt(call, kind, NULL);
    step->action = TRUNKHA_STEP_TRY;
    step->to = *to;
}

/** A retry after a response is what gives a sick downstream double load; one after silence, or after a call on trial, is
 *  not. */
static bool may_retry(trunkha_call *call, uint64_t now_ms)
{
    const struct tha_attempt_record *last = current_attempt(call);

    return last->result != TRUNKHA_CALL_FAILED || last->why == TRUNKHA_WHY_TRIAL ||
           tha_view_may_retry(call->view, call->profile, call->settings.retry_budget_percent, now_ms);
}

static void try_next(trunkha_call *call, bool other_codecs, uint64_t now_ms, trunkha_step *step)
{
    const struct tha_view_wish wish = {
        .tried = call->tried,
        .n_tried = call->machine.n_attempts,
        .codecs = other_codecs ? call->codecs : 0,
        .now_ms = now_ms,
    };
    struct tha_view_pick pick;
    int err;

    if (other_codecs && !call->codecs) { /* of which nothing is known */
        stop(call, tha_call_stop(&call->machine), step);
        return;
    }

    err = tha_view_pick(call->view, call->entry.profile_id, &wish, &pick);
    if (!err && !may_retry(call, now_ms)) {
        tha_view_give_back(call->view, &pick);
        err = TRUNKHA_ERR_UNAVAILABLE;
    }
    if (err) {
        tha_record_passed(call, &pick, call->machine.n_attempts + 1);
        stop(call, tha_call_stop(&call->machine), step);
        return;
    }

    aim(call, &pick, now_ms);
    if (update_entry(call, now_ms)) {
        start_attempt(call, THA_NEWS_MOVED, &pick.candidate, step);
    } else { /* it was taken for forgotten just now */
        tha_view_give_back(call->view, &pick);
        stop(call, tha_call_stop(&call->machine), step);
    }
}

/* ---- Beginning ---- */

/** Cut where it is longer; it may have come from a peer, and ends up in JSON: what is not ASCII is made so. */
static void copy_call_id(char *buf, const char *id)
{
    size_t len = 0;

    for (; id && id[len] && len < TRUNKHA_ID_SIZE - 1; len++)
        buf[len] = id[len] >= ' ' && id[len] < 0x7f ? id[len] : '?';
    buf[len] = '\0';
}

static trunkha_call *new_call(trunkha_view *view, const struct tha_view_pick *pick)
{
    size_t size = offsetof(trunkha_call, attempts) + pick->settings.max_attempts * sizeof(struct tha_attempt_record);
    trunkha_call *call = tha_mem_resize(&view->mem, NULL, 1, size);

    if (!call)
        return NULL;

    call->view = trunkha_view_ref(view);
    call->settings = pick->settings;
    call->profile = pick->profile;
    call->token = 0;
    call->codecs = 0;
    call->result = TRUNKHA_CALL_UNDER_WAY;
    call->n_passed = 0;
    call->has_post_dial = false;
    tha_call_init(&call->machine, &call->settings);

    return call;
}

static void set_entry(trunkha_call *call, const char *profile, const char *call_id, uint64_t now_ms)
{
    struct tha_view_call *entry = &call->entry;

    *entry = (struct tha_view_call){.begun_ms = now_ms, .trunk_slot = THA_NONE, .target_slot = THA_NONE};
    entry->pid = tha_view_own_pid(call->view);
    copy_call_id(entry->call_id, call_id);
    tha_text_copy(entry->profile_id, sizeof(entry->profile_id), profile);
}

static void enter(trunkha_call *call, uint64_t now_ms)
{
    call->entry.attempts = call->machine.n_attempts;
    call->entry.expires_ms = expiry_of(call, now_ms);
    call->token = tha_view_enter_call(call->view, &call->entry);
    tha_view_count_call(call->view, call->profile, now_ms);
}

static int begin(trunkha_view *view, const char *profile, const char *call_id, trunkha_call **ret_call, trunkha_step *step)
{
    uint64_t now_ms = tha_view_now_ms(view);
    const struct tha_view_wish wish = {.now_ms = now_ms};
    struct tha_view_pick pick;
    int err = tha_view_pick(view, profile, &wish, &pick);
    trunkha_call *call;

    if (err && err != TRUNKHA_ERR_UNAVAILABLE)
        return err;

    call = new_call(view, &pick);
    if (!call) {
        if (!err)
            tha_view_give_back(view, &pick);
        return TRUNKHA_ERR_NOMEM;
    }

    set_entry(call, profile, call_id, now_ms);
    if (err) {
        call->result = TRUNKHA_CALL_REFUSED;
        tha_record_passed(call, &pick, 1);
        enter(call, now_ms);
        stop(call, tha_call_stop(&call->machine), step);
    } else {
        aim(call, &pick, now_ms);
        enter(call, now_ms);
        start_attempt(call, THA_NEWS_BEGUN, &pick.candidate, step);
    }
    step->attempt = call->machine.n_attempts;
    step->wait_ms = wait_of(call, now_ms);
    *ret_call = call;

    return 0;
}

int trunkha_call_begin(trunkha_view *view, const char *profile, const trunkha_call_options *options, trunkha_call **ret_call,
                       trunkha_step *ret_step)
{
    trunkha_call_options mine = TRUNKHA_CALL_OPTIONS_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    int err;

    if (!view || !profile || !ret_call || !ret_step || ret_step->size < sizeof(size_t) ||
        (options && tha_abi_read(&mine, sizeof(mine), options)))
        return TRUNKHA_ERR_INVALID;
    if (!tha_view_has_calls(view))
        return TRUNKHA_ERR_ACCESS;

    err = begin(view, profile, mine.call_id, ret_call, &step);

    return err ? err : tha_abi_write(ret_step, &step, sizeof(step));
}

/* ---- Reporting ---- */

static bool is_valid(const trunkha_call *call, const trunkha_report *report)
{
    bool has_code = report->kind == TRUNKHA_REPORT_RESPONSE;

    return report->kind <= TRUNKHA_REPORT_CANCELLED && report->attempt <= call->machine.n_attempts &&
           (!has_code || (report->code >= 100 && report->code <= 699));
}

/** Is it about an attempt that was given up, or is over? */
static bool is_late(const trunkha_call *call, const trunkha_report *report)
{
    bool is_old = report->attempt && report->attempt < call->machine.n_attempts;

    return is_old || call->machine.phase == THA_CALL_OVER || call->machine.phase == THA_CALL_IDLE;
}

/** An answer that nobody waits for any more has to be ended. */
static void take_late(const trunkha_call *call, const trunkha_report *report, trunkha_step *step)
{
    if (report->kind == TRUNKHA_REPORT_RESPONSE && report->code / 100 == 2)
        step->cancel = report->attempt ? report->attempt : call->machine.n_attempts;
    if (call->machine.phase == THA_CALL_OVER) {
        step->action = TRUNKHA_STEP_STOP;
        step->code = call->entry.last_code;
    }
}

static void note_post_dial(trunkha_call *call, uint64_t now_ms)
{
    if (!call->has_post_dial)
        call->entry.post_dial_ms = now_ms > call->entry.begun_ms ? (uint32_t)(now_ms - call->entry.begun_ms) : 0;
    call->has_post_dial = true;
}

static void close_attempt(trunkha_call *call, const struct tha_call_heard *heard, const struct tha_call_verdict *verdict,
                          uint64_t now_ms)
{
    struct tha_attempt_record *attempt = current_attempt(call);

    attempt->result = call->result = verdict->result;
    attempt->duration_ms = (uint32_t)(now_ms - attempt->started_ms);
    attempt->code = heard->kind == TRUNKHA_REPORT_RESPONSE && heard->code >= 200 ? heard->code : 0;
    attempt->q850_cause = heard->q850_cause;
    tha_record_describe_call(call, call->entry.detail, sizeof(call->entry.detail));
}

static void tell(trunkha_call *call, const struct tha_call_heard *heard, const struct tha_call_verdict *verdict,
                 uint64_t now_ms)
{
    if (verdict->result == TRUNKHA_CALL_UNDER_WAY) {
        note_post_dial(call, now_ms);
        update_entry(call, now_ms);
        post_attempt(call, THA_NEWS_RINGING, verdict);
        return;
    }

    close_attempt(call, heard, verdict, now_ms);
    if (verdict->result == TRUNKHA_CALL_ANSWERED) {
        note_post_dial(call, now_ms);
        call->entry.answered_ms = now_ms;
        call->entry.last_code = heard->code;
        update_entry(call, now_ms);
        post_attempt(call, THA_NEWS_ANSWERED, verdict);
    } else {
        leave_trunk(call, now_ms);
        post_attempt(call, THA_NEWS_FAILED, verdict);
    }
}

static void take(trunkha_call *call, const trunkha_report *report, uint64_t now_ms, trunkha_step *step)
{
    const struct tha_call_heard heard = {
        .kind = report->kind,
        .code = report->code,
        .q850_cause = tha_call_read_q850(report->reason),
        .retry_after_ms = tha_call_read_retry_after(report->retry_after),
    };
    struct tha_call_verdict verdict;

    tha_call_hear(&call->machine, &heard, now_ms, &verdict);
    if (verdict.gives_up)
        step->cancel = call->machine.n_attempts;
    if (verdict.is_news)
        tell(call, &heard, &verdict, now_ms);

    if (verdict.next == THA_CALL_NEXT) {
        try_next(call, verdict.other_codecs, now_ms, step);
    } else if (verdict.next == THA_CALL_STOP) {
        note_post_dial(call, now_ms);
        stop(call, verdict.code, step);
    }
}

int trunkha_call_report(trunkha_call *call, const trunkha_report *report, trunkha_step *ret_step)
{
    trunkha_report mine = TRUNKHA_REPORT_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    uint64_t now_ms;

    if (!call || !report || !ret_step || ret_step->size < sizeof(size_t) || tha_abi_read(&mine, sizeof(mine), report) ||
        !is_valid(call, &mine))
        return TRUNKHA_ERR_INVALID;

    now_ms = tha_view_now_ms(call->view);
    if (is_late(call, &mine))
        take_late(call, &mine, &step);
    else
        take(call, &mine, now_ms, &step);
    step.attempt = call->machine.n_attempts;
    step.wait_ms = wait_of(call, now_ms);

    return tha_abi_write(ret_step, &step, sizeof(step));
}

/* ---- Ending ---- */

static trunkha_call *release(trunkha_call *call)
{
    trunkha_view *view = call->view;

    tha_mem_free(&view->mem, call);
    trunkha_view_unref(view);

    return NULL;
}

static void abandon(trunkha_call *call, uint64_t now_ms)
{
    const struct tha_call_heard cancelled = {.kind = TRUNKHA_REPORT_CANCELLED};
    struct tha_call_verdict verdict;

    tha_call_hear(&call->machine, &cancelled, now_ms, &verdict);
    if (verdict.is_news)
        tell(call, &cancelled, &verdict, now_ms);
}

/** The event is about the trunk that had the call last. */
static void finish(trunkha_call *call, uint64_t now_ms)
{
    if (call->entry.trunk_slot != THA_NONE)
        tha_view_leave(call->view, call->entry.trunk_slot);
    else if (call->machine.n_attempts)
        call->entry.trunk_slot = call->tried[call->machine.n_attempts - 1];
    post_end(call->view, &call->entry, call->result, now_ms);
}

trunkha_call *trunkha_call_end(trunkha_call *call)
{
    uint64_t now_ms;

    if (!call)
        return NULL;

    now_ms = tha_view_now_ms(call->view);
    abandon(call, now_ms);
    if (!call->token || tha_view_remove_call(call->view, call->token, NULL))
        finish(call, now_ms);

    return release(call);
}

int trunkha_call_detach(trunkha_call *call, uint64_t *ret_token)
{
    if (!call || !ret_token)
        return TRUNKHA_ERR_INVALID;
    if (call->machine.phase != THA_CALL_ANSWERED || !call->token)
        return TRUNKHA_ERR_STATE;

    *ret_token = call->token;
    tha_view_disown_call(call->view, call->token);
    release(call);

    return 0;
}

int trunkha_view_end_call(trunkha_view *view, uint64_t token)
{
    struct tha_view_call entry;

    if (!view || !token)
        return TRUNKHA_ERR_INVALID;
    if (!tha_view_has_calls(view))
        return TRUNKHA_ERR_ACCESS;
    if (!tha_view_remove_call(view, token, &entry))
        return TRUNKHA_ERR_NOTFOUND;

    if (entry.trunk_slot != THA_NONE)
        tha_view_leave(view, entry.trunk_slot);
    post_end(view, &entry, entry.answered_ms ? TRUNKHA_CALL_ANSWERED : TRUNKHA_CALL_CANCELLED, tha_view_now_ms(view));

    return 0;
}
