/* Requests of callers and of trunks. */
#include "proxy.h"

#include <string.h>

#define CALLS_MAX   16384 /* being set up, or over for less than 32 s; each of them takes about 10 kB */
#define DIALOGS_MAX 262144
#define ALLOW       "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE\r\n"

static bool is_foreign(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    (void)msg;

    return !header_is_ours(arg, header);
}

/** Our own Via, of an INVITE that was the same. */
static bool shows_loop(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    const char *mark = arg;
    struct sip_via via;

    (void)msg;

    return !sip_via_decode(&via, &header->val) && via.branch.l == BRANCH_LEN &&
           !memcmp(via.branch.p + BRANCH_LEN - LOOP_LEN, mark, LOOP_LEN);
}

/** The response with which an INVITE is refused before anything is kept of it (section 16.3), NULL = none. */
static const char *find_fault(struct proxy *proxy, const struct sip_msg *msg, char more[256])
{
    const struct sip_hdr *extension = sip_msg_hdr(msg, SIP_HDR_PROXY_REQUIRE);
    char mark[LOOP_LEN + 1];

    loop_mark(proxy, msg, mark);
    if (pl_strcasecmp(&msg->uri.scheme, "sip"))
        return "416 Unsupported URI Scheme";
    if (!max_forwards(msg))
        return "483 Too Many Hops";
    if (sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, shows_loop, mark))
        return "482 Loop Detected";
    if (sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, is_foreign, proxy))
        return "403 This Proxy Chooses The Route";
    if (extension && re_snprintf(more, 256, "Unsupported: %r\r\n", &extension->val) > 0)
        return "420 Bad Extension";
    if (!proxy->is_ending && proxy->n_calls < CALLS_MAX && proxy->n_dialogs < DIALOGS_MAX)
        return NULL;
    strcpy(more, "Retry-After: 5\r\n");

    return "503 Service Unavailable";
}

static int call_begin(struct call *call, trunkha_step *step)
{
    trunkha_call_options options = TRUNKHA_CALL_OPTIONS_INIT;
    char call_id[TRUNKHA_ID_SIZE];

    pl_strcpy(&call->invite->callid, call_id, sizeof(call_id));
    options.call_id = call_id;

    return trunkha_call_begin(call->proxy->view, call->proxy->profile, &options, &call->call, step);
}

static void call_new(struct proxy *proxy, struct sip_msg *invite, struct id id)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    struct call *call = mem_zalloc(sizeof(*call), call_free);

    if (!call)
        return; /* the caller sends it again */
    proxy->n_calls++;
    call->proxy = proxy;
    call->invite = mem_ref(invite);
    call->caller = request_source(invite);
    call->dialog = dialog_new(proxy, invite);
    if (!call->dialog || call_begin(call, &step)) {
        struct peer caller = peer_of(&call->caller);

        mem_deref(call);
        reply(proxy, invite, &caller, status_text(500), "");
        return;
    }
    table_enter(proxy->calls, &call->entry, id);
    call_respond(call, write_reply(proxy, invite, "100 Trying", ""));
    call_follow(call, &step);
}

static void handle_invite(struct proxy *proxy, struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = table_find(proxy->calls, id);
    char more[256] = "";
    const char *fault;

    if (call) { /* once more: section 17.2.1 */
        if (call->reply && call->state <= CALL_COMPLETED)
            send_by_socket(proxy, &call->caller, call->reply);
        return;
    }
    fault = find_fault(proxy, msg, more);
    if (fault)
        reply(proxy, msg, from, fault, more);
    else
        call_new(proxy, msg, id);
}

/** ACK to a refusal ends here; ACK to an answer goes through. */
static void handle_ack(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = table_find(proxy->calls, id);

    if (call && call->state == CALL_COMPLETED)
        call_acknowledged(call);
    else if (!call || call->state == CALL_ACCEPTED)
        handle_in_dialog(proxy, msg, id, from);
}

/** Section 16.10: answered at once; the INVITE gets its 487 from us, and the trunk a CANCEL. */
static void handle_cancel(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    struct call *call = table_find(proxy->calls, id);

    if (!call) {
        handle_in_dialog(proxy, msg, id, from); /* of a re-INVITE, say */
        return;
    }
    reply(proxy, msg, from, "200 OK", "");
    if (call->state == CALL_PROCEEDING)
        call_report(call, TRUNKHA_REPORT_CANCELLED, 0, NULL);
}

/** Are we fit for calls? */
static void handle_options(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from)
{
    trunkha_candidate candidate;
    size_t n = 1;
    bool is_usable = !trunkha_view_select(proxy->view, proxy->profile, &candidate, &n) && n &&
                     candidate.why != TRUNKHA_WHY_LAST_RESORT && !proxy->is_ending;

    if (is_usable)
        reply(proxy, msg, from, "200 OK", ALLOW "Accept: application/sdp\r\n");
    else
        reply(proxy, msg, from, status_text(503), "Retry-After: 5\r\n");
}

void handle_caller(struct proxy *proxy, struct sip_msg *msg, const struct peer *from)
{
    struct id id = request_id(proxy, msg);

    if (!pl_strcmp(&msg->met, "ACK"))
        handle_ack(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "CANCEL"))
        handle_cancel(proxy, msg, id, from);
    else if (pl_isset(&msg->to.tag))
        handle_in_dialog(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "INVITE"))
        handle_invite(proxy, msg, id, from);
    else if (!pl_strcmp(&msg->met, "OPTIONS"))
        handle_options(proxy, msg, from);
    else
        reply(proxy, msg, from, "405 Method Not Allowed", ALLOW);
}

void handle_trunk(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from)
{
    if (pl_isset(&msg->to.tag) || !pl_strcmp(&msg->met, "CANCEL"))
        handle_in_dialog(proxy, msg, request_id(proxy, msg), from);
    else if (!pl_strcmp(&msg->met, "INVITE"))
        reply(proxy, msg, from, "403 No Calls From Trunks Here", "");
    else
        reply(proxy, msg, from, "405 Method Not Allowed", ALLOW);
}
