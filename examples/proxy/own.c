/* Requests of our own: ACK to a refusal, CANCEL, and ACK and BYE to an answer that nobody wants any more. */
#include "proxy.h"

#include <errno.h>
#include <string.h>

/** The dialog of an answer that nobody wants any more, and the way into it. */
struct late {
    const struct proxy *proxy;
    const struct sip_msg *answer;
    const struct peer *trunk;
    struct pl uri;
    struct peer next;
    char local[TRUNKHA_ID_SIZE];
    struct mbuf *routes;
    uint32_t n_ours, n_routes; /* Record-Routes so far: our own, and those beyond */
};

/** The Route set is what was recorded between us and the callee, the nearest first: from the last Record-Route to the first,
 *  what stands behind our own. */
static bool write_route(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    struct late *late = arg;
    struct sip_addr address;

    (void)msg;
    if (header_is_ours(late->proxy, header)) {
        late->n_ours++;
        return false;
    }
    if (!late->n_ours)
        return false;
    if (!late->n_routes++) {
        bool is_address = !sip_addr_decode(&address, &header->val);

        late->next = is_address ? next_hop(late->proxy, &address.uri, late->trunk) : *late->trunk;
    }

    return mbuf_printf(late->routes, "Route: %r\r\n", &header->val) != 0;
}

/** Where its requests go: along the Route set, or else to its Contact; to the trunk if that is a name. */
static int late_init(struct late *late, const struct attempt *attempt, const struct sip_msg *answer)
{
    const struct proxy *proxy = attempt->call->proxy;
    const struct sip_hdr *contact = sip_msg_hdr(answer, SIP_HDR_CONTACT);
    struct sip_addr address;

    *late = (struct late){.proxy = proxy, .answer = answer, .trunk = &attempt->to, .next = attempt->to};
    late->routes = mbuf_alloc(256);
    pl_set_str(&late->uri, attempt->uri);
    if (contact && !sip_addr_decode(&address, &contact->val)) {
        late->uri = address.auri;
        late->next = next_hop(proxy, &address.uri, &attempt->to);
    }
    if (!late->routes || sip_msg_hdr_apply(answer, false, SIP_HDR_RECORD_ROUTE, write_route, late))
        return ENOMEM;

    return find_local(proxy, &late->next, late->local);
}

/** A request of our own: ACK to a refusal and CANCEL, which belong to the INVITE's transaction (sections 17.1.1.3 and 9.1:
 *  same Via, same Request-URI), and with @p late ACK and BYE in the dialog of a late answer, each a transaction of its
 *  own. */
static struct mbuf *write_own(const struct attempt *attempt, const char *method, const struct pl *to,
                              const struct late *late)
{
    const struct sip_msg *invite = attempt->call->invite;
    enum sip_transp transport = late ? late->next.transport : attempt->to.transport;
    struct mbuf *mb = mbuf_alloc(1024);
    /* beyond what the caller has used if it sent PRACK or UPDATE: gaps are allowed (section 12.2.2) */
    uint32_t cseq = invite->cseq.num + attempt->cseq_shift + (strcmp(method, "BYE") ? 0 : 100);
    struct pl uri;
    int err;

    if (!mb)
        return NULL;
    pl_set_str(&uri, attempt->uri);
    err = mbuf_printf(mb, "%s %r SIP/2.0\r\n", method, late ? &late->uri : &uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/%s %s;branch=%s", sip_transp_name(transport), late ? late->local : attempt->local,
                       attempt->branch);
    if (late) /* several may answer, behind a forking proxy: one transaction for each */
        err |= mbuf_printf(mb, "-%c%08x", *method, hash_joaat_pl(&late->answer->to.tag));
    err |= mbuf_printf(mb, ";rport\r\nMax-Forwards: 70\r\nFrom: %r\r\nTo: %r\r\nCall-ID: %r\r\nCSeq: %u %s\r\n",
                       &invite->from.val, to, &invite->callid, cseq, method);
    if (late)
        err |= mbuf_write_mem(mb, late->routes->buf, late->routes->end);

    return finished(mb, err | mbuf_write_str(mb, "Content-Length: 0\r\n\r\n"));
}

void attempt_acknowledge(const struct attempt *attempt, const struct sip_msg *refusal)
{
    struct mbuf *ack = write_own(attempt, "ACK", &refusal->to.val, NULL);

    if (ack)
        send_to(attempt->call->proxy, &attempt->to, ack);
    mem_deref(ack);
}

void attempt_cancel(void *arg)
{
    struct attempt *attempt = arg;
    struct proxy *proxy = attempt->call->proxy;
    struct mbuf *mb = write_own(attempt, "CANCEL", &attempt->call->invite->to.val, NULL);

    attempt->is_cancelled = true;
    if (mb)
        attempt_send(attempt, &attempt->to, mb);
    else
        timer_start(proxy, &attempt->again, T1_MS, attempt_cancel, attempt);
    timer_start(proxy, &attempt->end, END_MS, attempt_over, attempt);
}

void attempt_give_up(struct attempt *attempt)
{
    if (!attempt || attempt->is_given_up)
        return;
    attempt->is_given_up = true;
    if (attempt->state == ATTEMPT_CALLING)
        timer_stop(&attempt->again);
    else if (attempt->state == ATTEMPT_PROCEEDING)
        attempt_cancel(attempt);
}

void attempt_end_late(struct attempt *attempt, const struct sip_msg *answer)
{
    struct mbuf *ack = NULL, *bye = NULL;
    struct late late;

    if (!late_init(&late, attempt, answer)) {
        ack = write_own(attempt, "ACK", &answer->to.val, &late);
        bye = write_own(attempt, "BYE", &answer->to.val, &late);
    }
    if (ack && bye) { /* else the answer comes again */
        send_to(attempt->call->proxy, &late.next, ack);
        attempt_send(attempt, &late.next, mem_ref(bye));
    }
    mem_deref(ack);
    mem_deref(bye);
    mem_deref(late.routes);
}
