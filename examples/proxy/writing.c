/* Messages, as they go on and of our own. */
#include "proxy.h"

#include <string.h>

const char *status_text(uint32_t code)
{
    switch (code) {
    case 408:
        return "408 Request Timeout";
    case 487:
        return "487 Request Terminated";
    case 503:
        return "503 Service Unavailable";
    default:
        return "500 Server Internal Error";
    }
}

/** The topmost Via, marked with where the request really came from: what via_source() reads again. */
static int write_top_via(struct mbuf *mb, const struct sip_msg *request)
{
    const struct sip_via *via = &request->via;
    struct pl rport;
    bool has_rport = !msg_param_exists(&via->params, "rport", &rport);
    bool wants_port = has_rport || is_reliable(request->tp); /* there it is for us: which connection it came on */
    int err = mbuf_write_str(mb, "Via: ");

    err |= has_rport ? mbuf_write_pl_skip(mb, &via->val, &rport) : mbuf_write_pl(mb, &via->val);
    if (wants_port)
        err |= mbuf_printf(mb, ";rport=%u", sa_port(&request->src));
    if (wants_port || !sa_cmp(&request->src, &via->addr, SA_ADDR))
        err |= mbuf_printf(mb, ";received=%j", &request->src);

    return err | mbuf_write_str(mb, "\r\n");
}

static int write_header(struct mbuf *mb, const struct sip_hdr *header)
{
    return mbuf_printf(mb, "%r: %r\r\n", &header->name, &header->val);
}

/** PRACK names the CSeq of the INVITE (RFC 3262 section 7.2). */
static int write_rack(struct mbuf *mb, const struct sip_hdr *header, uint32_t cseq_shift)
{
    struct pl rseq, cseq, method;

    if (re_regex(header->val.p, header->val.l, "[0-9]+[ \t]+[0-9]+[ \t]+[^ \t]+", &rseq, NULL, &cseq, NULL, &method))
        return write_header(mb, header);

    return mbuf_printf(mb, "RAck: %r %u %r\r\n", &rseq, pl_u32(&cseq) + cseq_shift, &method);
}

/** All but what changes at every hop: topmost Via, Max-Forwards, the first Routes; and anew CSeq and Content-Length. */
static int write_rest(struct mbuf *mb, const struct sip_msg *msg, uint32_t n_routes, uint32_t cseq_shift)
{
    uint32_t n_vias = 1;
    struct le *le;
    int err = 0;

    LIST_FOREACH(&msg->hdrl, le)
    {
        const struct sip_hdr *header = le->data;

        if (header->id == SIP_HDR_VIA && n_vias)
            n_vias--;
        else if (header->id == SIP_HDR_ROUTE && n_routes)
            n_routes--;
        else if (header->id == SIP_HDR_RACK && cseq_shift)
            err |= write_rack(mb, header, cseq_shift);
        else if (header->id != SIP_HDR_MAX_FORWARDS && header->id != SIP_HDR_CSEQ && header->id != SIP_HDR_CONTENT_LENGTH)
            err |= write_header(mb, header);
    }
    err |= mbuf_printf(mb, "CSeq: %u %r\r\n", msg->cseq.num + cseq_shift, &msg->cseq.met);
    err |= mbuf_printf(mb, "Content-Length: %zu\r\n\r\n", mbuf_get_left(msg->mb));

    return err | mbuf_write_mem(mb, mbuf_buf(msg->mb), mbuf_get_left(msg->mb));
}

struct mbuf *finished(struct mbuf *mb, int err)
{
    return err ? mem_deref(mb) : mb;
}

uint32_t max_forwards(const struct sip_msg *msg)
{
    uint32_t hops = pl_isset(&msg->maxfwd) ? pl_u32(&msg->maxfwd) : 71;

    return hops > 255 ? 255 : hops;
}

/** What belongs to the dialog shall come through us: from the trunk to the engine's socket or connection, and from the
 *  caller to our own (RFC 5658: one Record-Route for each side). */
static int write_record_routes(struct mbuf *mb, const struct proxy *proxy, const struct passage *passage)
{
    const char *transport = is_reliable(passage->to->transport) ? sip_transp_param(passage->to->transport) : "";
    int err = mbuf_printf(mb, "Record-Route: <sip:%s%s;lr;mark=%s>\r\n", passage->local, transport, proxy->mark);

    return err | mbuf_printf(mb, "Record-Route: <sip:%J;lr>\r\n", &proxy->local);
}

struct mbuf *write_request(const struct proxy *proxy, const struct sip_msg *msg, const struct passage *passage)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 1024);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "%r %r SIP/2.0\r\n", &msg->met, passage->uri);
    err |= mbuf_printf(mb, "Via: SIP/2.0/%s %s;branch=%s;rport\r\n", sip_transp_name(passage->to->transport), passage->local,
                       passage->branch);
    err |= write_top_via(mb, msg);
    if (!pl_isset(&msg->to.tag))
        err |= write_record_routes(mb, proxy, passage);
    err |= mbuf_printf(mb, "Max-Forwards: %u\r\n", max_forwards(msg) - 1);
    if (passage->more)
        err |= mbuf_printf(mb, "%s\r\n", passage->more);

    return finished(mb, err | write_rest(mb, msg, passage->n_routes, passage->cseq_shift));
}

struct mbuf *write_response(const struct sip_msg *msg)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 64);
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "SIP/2.0 %u %r\r\n", msg->scode, &msg->reason);

    return finished(mb, err | write_rest(mb, msg, 0, 0));
}

static bool is_copied(const struct sip_hdr *header, uint32_t *n_vias)
{
    switch (header->id) {
    case SIP_HDR_VIA:
        return (*n_vias)++ > 0; /* the first one stands there already */
    case SIP_HDR_FROM:
    case SIP_HDR_CALL_ID:
    case SIP_HDR_CSEQ:
    case SIP_HDR_TIMESTAMP:
        return true;
    default:
        return false;
    }
}

struct mbuf *write_reply(struct proxy *proxy, const struct sip_msg *msg, const char *status, const char *more)
{
    struct mbuf *mb = mbuf_alloc(msg->mb->end + 256);
    bool is_trying = !strncmp(status, "100", 3);
    struct id id = request_id(proxy, msg);
    uint32_t n_vias = 0;
    struct le *le;
    int err;

    if (!mb)
        return NULL;
    err = mbuf_printf(mb, "SIP/2.0 %s\r\n", status);
    err |= write_top_via(mb, msg);
    LIST_FOREACH(&msg->hdrl, le)
    {
        if (is_copied(le->data, &n_vias))
            err |= write_header(mb, le->data);
    }
    err |= mbuf_printf(mb, "To: %r", &msg->to.val);
    if (!is_trying && !pl_isset(&msg->to.tag))
        err |= mbuf_printf(mb, ";tag=%w", id.bytes, (size_t)8);

    return finished(mb, err | mbuf_printf(mb, "\r\n%sContent-Length: 0\r\n\r\n", more));
}

void reply(struct proxy *proxy, const struct sip_msg *msg, const struct peer *from, const char *status, const char *more)
{
    struct mbuf *mb = pl_strcmp(&msg->met, "ACK") ? write_reply(proxy, msg, status, more) : NULL;
    struct peer to = *from;

    to.address = request_source(msg);
    if (mb)
        send_to(proxy, &to, mb);
    mem_deref(mb);
}
