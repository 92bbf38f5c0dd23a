/* Responses of trunks to INVITE, CANCEL and BYE of ours. */
#include "proxy.h"

#include <string.h>

/** A trunk wants credentials, and we have them: the INVITE goes there once more (section 22.3), as another transaction, with
 *  the CSeq that follows, as from a caller who answers by himself. To the library it is the same attempt. */
static bool attempt_authorize(struct attempt *attempt, const struct sip_msg *refusal)
{
    enum sip_hdrid id = refusal->scode == 401 ? SIP_HDR_WWW_AUTHENTICATE : SIP_HDR_PROXY_AUTHENTICATE;
    struct attempt *again;
    char challenge[VALUES_MAX] = "";
    char *credentials = NULL;

    if (attempt->credentials || (refusal->scode != 401 && refusal->scode != 407))
        return false;
    sip_msg_hdr_apply(refusal, true, id, append_value, challenge);
    if (trunkha_trunk_authorize(attempt->call->proxy->engine, attempt->to.trunk_id, refusal->scode, challenge, "INVITE",
                                attempt->uri, &credentials))
        return false;
    again = attempt_new(attempt->call, attempt->number, &attempt->to, mem_ref(attempt->uri));
    if (again && str_dup(&again->credentials, credentials))
        again = mem_deref(again);
    trunkha_free(credentials);
    if (!again)
        return false;
    again->cseq_shift = attempt->cseq_shift + 1;
    attempt_launch(again);

    return true;
}

/** 100 says that the trunk is at it, and is for us; the others are for the caller. */
static void attempt_provisional(struct attempt *attempt, const struct sip_msg *msg)
{
    struct call *call = attempt->call;

    if (attempt->state == ATTEMPT_CALLING) {
        attempt->state = ATTEMPT_PROCEEDING;
        timer_stop(&attempt->again);
        timer_stop(&attempt->end); /* from here on the library's deadlines stand for timer C of section 16.6 */
    }
    if (attempt->state != ATTEMPT_PROCEEDING)
        return;
    if (!attempt->is_given_up)
        call_report(call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
    else if (!attempt->is_cancelled)
        attempt_cancel(attempt);
    if (attempt->is_given_up || msg->scode == 100)
        return;
    dialog_has_callee(call->dialog, attempt);
    call_respond(call, write_response(msg));
}

static void attempt_refused(struct attempt *attempt, struct sip_msg *msg)
{
    bool is_first = attempt->state < ATTEMPT_COMPLETED;

    attempt_acknowledge(attempt, msg);
    if (!is_first)
        return;
    attempt_settle(attempt, ATTEMPT_COMPLETED);
    if (attempt->is_given_up)
        return;
    attempt->is_given_up = true;
    if (attempt_authorize(attempt, msg))
        return;
    attempt->final = mem_ref(msg);
    call_report(attempt->call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
}

static void attempt_answered(struct attempt *attempt, const struct sip_msg *msg)
{
    struct call *call = attempt->call;
    struct mbuf *mb;

    if (attempt->state != ATTEMPT_ACCEPTED)
        attempt_settle(attempt, ATTEMPT_ACCEPTED);
    if (!attempt->is_answer && !attempt->is_given_up)
        call_report(call, TRUNKHA_REPORT_RESPONSE, attempt->number, msg);
    if (attempt->is_given_up) {
        attempt_end_late(attempt, msg);
        return;
    }
    if (!attempt->is_answer)
        call_answer(call, attempt);
    dialog_has_callee(call->dialog, attempt);
    mb = write_response(msg); /* each time: a retransmission says that the ACK is missing */
    if (mb)
        send_by_socket(call->proxy, &call->caller, mb);
    mem_deref(mb);
}

void attempt_handle(struct attempt *attempt, struct sip_msg *msg)
{
    const struct pl *method = &msg->cseq.met;
    bool is_bye = !pl_strcmp(method, "BYE");

    if (!sa_cmp(&msg->src, is_bye ? &attempt->request_to.address : &attempt->to.address, SA_ALL))
        return;
    msg->cseq.num -= attempt->cseq_shift;
    if (!pl_strcmp(method, "INVITE") && msg->scode < 200)
        attempt_provisional(attempt, msg);
    else if (!pl_strcmp(method, "INVITE") && msg->scode < 300)
        attempt_answered(attempt, msg);
    else if (!pl_strcmp(method, "INVITE"))
        attempt_refused(attempt, msg);
    else if (msg->scode >= 200 && attempt->state == (is_bye ? ATTEMPT_ACCEPTED : ATTEMPT_PROCEEDING))
        timer_stop(&attempt->again); /* our BYE or CANCEL has arrived */
}

void attempt_bounced(struct proxy *proxy, const uint8_t *text, size_t len)
{
    static const char magic[] = BRANCH_ATTEMPT;
    const char *branch = memmem(text, len, magic, sizeof(magic) - 1);
    struct attempt *attempt = NULL;

    if (branch && len - (size_t)(branch - (const char *)text) >= BRANCH_LEN)
        attempt = table_find(proxy->attempts, branch_id(proxy, branch));
    if (attempt && attempt->state == ATTEMPT_CALLING)
        attempt_failed(attempt);
}

static bool is_unanswered(struct le *le, void *arg)
{
    const struct attempt *attempt = le->data;
    const struct peer *peer = arg;

    return attempt->state == ATTEMPT_CALLING && attempt->request && attempt->to.transport == peer->transport &&
           sa_cmp(&attempt->to.address, &peer->address, SA_ALL) && !strcmp(attempt->to.trunk_id, peer->trunk_id);
}

void attempts_lost(struct proxy *proxy, struct peer *peer)
{
    struct le *le;

    while ((le = hash_apply(proxy->attempts, is_unanswered, peer)))
        attempt_failed(le->data);
}
