/* Calls: from the host's reports through the machine of one call to the next step, and to the evidence for everybody. */
#include "call.h"
#include "call_target.h"

#include <stddef.h>
#include <string.h>

#include "base/abi.h"
#include "base/mem.h"
#include "base/text.h"

uint32_t tha_call_target_slot(const trunkha_call *call)
{
    return call->entry.target_slot;
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
    tha_call_record_attempt(call, pick, now_ms);
    call->tried[call->machine.n_attempts - 1] = pick->trunk_slot;
    call->codecs = pick->codecs;
    call->entry.trunk_slot = pick->trunk_slot;
    call->entry.target_slot = pick->target_slot;
    memcpy(call->entry.trunk_id, pick->candidate.trunk_id, sizeof(call->entry.trunk_id));
    memcpy(call->entry.target, pick->candidate.target, sizeof(call->entry.target));
}

static void start_attempt(trunkha_call *call, uint32_t kind, const trunkha_candidate *to, trunkha_step *step)
{
    tha_call_post_attempt(call, kind, NULL);
    step->action = TRUNKHA_STEP_TRY;
    step->to = *to;
}

/** A retry after a response is what gives a sick downstream double load; one after silence, or after a call on trial, is
 *  not. */
static bool may_retry(trunkha_call *call, uint64_t now_ms)
{
    const struct tha_attempt_record *last = tha_call_current_attempt(call);

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
        tha_call_record_passed(call, &pick, call->machine.n_attempts + 1);
        stop(call, tha_call_stop(&call->machine), step);
        return;
    }

    aim(call, &pick, now_ms);
    if (tha_call_update_entry(call, now_ms)) {
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
        tha_call_record_passed(call, &pick, 1);
        tha_call_enter(call, now_ms);
        stop(call, tha_call_stop(&call->machine), step);
    } else {
        aim(call, &pick, now_ms);
        tha_call_enter(call, now_ms);
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
        tha_call_tell(call, &heard, &verdict, now_ms);

    if (verdict.next == THA_CALL_NEXT) {
        try_next(call, verdict.other_codecs, now_ms, step);
    } else if (verdict.next == THA_CALL_STOP) {
        tha_call_note_post_dial(call, now_ms);
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
        tha_call_tell(call, &cancelled, &verdict, now_ms);
}

/** The event is about the trunk that had the call last. */
static void finish(trunkha_call *call, uint64_t now_ms)
{
    if (call->entry.trunk_slot != THA_NONE)
        tha_view_leave(call->view, call->entry.trunk_slot);
    else if (call->machine.n_attempts)
        call->entry.trunk_slot = call->tried[call->machine.n_attempts - 1];
    tha_call_post_end(call->view, &call->entry, call->result, now_ms);
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
    tha_call_post_end(view, &entry, entry.answered_ms ? TRUNKHA_CALL_ANSWERED : TRUNKHA_CALL_CANCELLED,
                      tha_view_now_ms(view));

    return 0;
}
