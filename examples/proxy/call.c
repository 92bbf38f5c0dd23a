/* The caller's side: an INVITE server transaction (section 17.2.1), and what the library says of it. */
#include "proxy.h"

#include <string.h>

#define T4_MS 5000 /* section 17.2.1: for how long a message may wander through the network */

void call_respond(struct call *call, struct mbuf *mb)
{
    if (!mb)
        return;
    mem_deref(call->reply);
    call->reply = mb;
    send_by_socket(call->proxy, &call->caller, mb);
}

void call_free(void *arg)
{
    struct call *call = arg;

    trunkha_call_end(call->call);
    timer_stop(&call->deadline);
    timer_stop(&call->again);
    timer_stop(&call->end);
    hash_unlink(&call->entry.le);
    mem_deref(call->invite);
    mem_deref(call->dialog);
    mem_deref(call->reply);
    mem_deref(call->chosen);
    call->proxy->n_calls--;
}

/** Timers H, I and L. Attempts may still need the call for a while. */
static void call_over(void *arg)
{
    struct call *call = arg;

    timer_stop(&call->again);
    hash_unlink(&call->entry.le);
    mem_deref(call);
}

/** The final refusal, again and again until its ACK has come. */
static void call_refuse(void *arg)
{
    struct call *call = arg;

    if (call->reply)
        send_by_socket(call->proxy, &call->caller, call->reply);
    else
        call_respond(call, call->chosen ? write_response(call->chosen)
                                        : write_reply(call->proxy, call->invite, status_text(call->code), ""));
    timer_start(call->proxy, &call->again, call->pause_ms, call_refuse, call);
    call->pause_ms = call->pause_ms < T2_MS / 2 ? 2 * call->pause_ms : T2_MS;
}

void call_acknowledged(struct call *call)
{
    call->state = CALL_CONFIRMED;
    timer_stop(&call->again);
    timer_start(call->proxy, &call->end, T4_MS, call_over, call);
}

void call_finish(struct call *call, uint32_t code)
{
    struct le *le;

    call->call = trunkha_call_end(call->call);
    timer_stop(&call->deadline);
    LIST_FOREACH(&call->attempts, le)
    {
        struct attempt *attempt = le->data;

        if (attempt->final && attempt->final->scode == code) {
            mem_deref(call->chosen);
            call->chosen = mem_ref(attempt->final);
        }
        attempt_give_up(attempt);
    }
    call->state = CALL_COMPLETED;
    call->code = code;
    call->reply = mem_deref(call->reply);
    call->pause_ms = T1_MS;
    call_refuse(call);
    timer_start(call->proxy, &call->end, END_MS, call_over, call);
}

void call_answer(struct call *call, struct attempt *attempt)
{
    attempt->is_answer = true;
    timer_stop(&call->deadline);
    if (trunkha_call_detach(call->call, &call->dialog->token))
        trunkha_call_end(call->call);
    call->call = NULL;
    call->state = CALL_ACCEPTED;
    dialog_answered(call->dialog);
    timer_start(call->proxy, &call->end, END_MS, call_over, call);
}

static void call_deadline(void *arg)
{
    call_report(arg, TRUNKHA_REPORT_TIME, 0, NULL);
}

/** The last one of that number: it was sent again with credentials. */
static struct attempt *attempt_find(const struct call *call, uint32_t number)
{
    for (struct le *le = call->attempts.tail; le; le = le->prev) {
        struct attempt *attempt = le->data;

        if (attempt->number == number)
            return attempt;
    }

    return NULL;
}

void call_follow(struct call *call, const trunkha_step *step)
{
    if (step->cancel)
        attempt_give_up(attempt_find(call, step->cancel));
    if (step->wait_ms == UINT32_MAX)
        timer_stop(&call->deadline);
    else
        timer_start(call->proxy, &call->deadline, step->wait_ms, call_deadline, call);

    if (step->action == TRUNKHA_STEP_STOP)
        call_finish(call, step->code);
    else if (step->action == TRUNKHA_STEP_TRY)
        attempt_start(call, step);
}

bool append_value(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    char *text = arg;
    size_t len = strlen(text);

    (void)msg;
    re_snprintf(text + len, VALUES_MAX - len, "%s%r", len ? ", " : "", &header->val);

    return false;
}

void call_report(struct call *call, uint32_t kind, uint32_t attempt, const struct sip_msg *response)
{
    trunkha_report report = TRUNKHA_REPORT_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    char retry_after[VALUES_MAX] = "", reason[VALUES_MAX] = "";

    if (!call->call)
        return;
    report.kind = kind;
    report.attempt = attempt;
    if (response) {
        report.code = response->scode;
        sip_msg_hdr_apply(response, true, SIP_HDR_RETRY_AFTER, append_value, retry_after);
        sip_msg_hdr_apply(response, true, SIP_HDR_REASON, append_value, reason);
        report.retry_after = *retry_after ? retry_after : NULL;
        report.reason = *reason ? reason : NULL;
    }
    if (trunkha_call_report(call->call, &report, &step))
        call_finish(call, 500);
    else
        call_follow(call, &step);
}
