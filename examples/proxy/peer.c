/* Addresses, and sending to them. */
#include "proxy.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static uint16_t port_or_default(uint32_t port)
{
    return (uint16_t)(port && port <= UINT16_MAX ? port : SIP_PORT);
}

bool is_reliable(enum sip_transp transport)
{
    return transport == SIP_TRANSP_TCP || transport == SIP_TRANSP_TLS;
}

bool peer_read(const char *target, const char *trunk_id, struct peer *ret_peer)
{
    static const enum sip_transp transports[] = {SIP_TRANSP_UDP, SIP_TRANSP_TCP, SIP_TRANSP_TLS};
    struct peer peer = {.transport = SIP_TRANSP_NONE};

    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
        if (!strncasecmp(target, sip_transp_name(transports[i]), 3) && target[3] == ':')
            peer.transport = transports[i];
    if (peer.transport == SIP_TRANSP_NONE || sa_decode(&peer.address, target + 4, strlen(target + 4)))
        return false;
    str_ncpy(peer.trunk_id, trunk_id, sizeof(peer.trunk_id));
    *ret_peer = peer;

    return true;
}

/** As the library names it. */
static void peer_target(const struct peer *peer, char target[TRUNKHA_ID_SIZE])
{
    const char *name = peer->transport == SIP_TRANSP_TLS ? "tls" : peer->transport == SIP_TRANSP_TCP ? "tcp" : "udp";

    re_snprintf(target, TRUNKHA_ID_SIZE, "%s:%J", name, &peer->address);
}

struct peer peer_of(const struct sa *address)
{
    return (struct peer){.address = *address, .transport = SIP_TRANSP_UDP};
}

struct sa request_source(const struct sip_msg *msg)
{
    struct sa source = msg->src;

    if (!is_reliable(msg->tp) && msg_param_exists(&msg->via.params, "rport", NULL))
        sa_set_port(&source, port_or_default(sa_port(&msg->via.addr)));

    return source;
}

struct id request_id(struct proxy *proxy, const struct sip_msg *msg)
{
    struct sa source = request_source(msg);

    return transaction_id(proxy, msg, &msg->via, &source);
}

struct sa via_source(const struct sip_via *via)
{
    struct sa source = via->addr;
    uint32_t port = sa_port(&via->addr);
    struct pl received, rport;

    if (!msg_param_decode(&via->params, "received", &received))
        sa_set(&source, &received, 0);
    if (!msg_param_decode(&via->params, "rport", &rport))
        port = pl_u32(&rport);
    sa_set_port(&source, port_or_default(port));

    return source;
}

/** The address in a URI, if it is a numeric one that we can send to. */
static bool uri_address(const struct uri *uri, struct sa *ret_address)
{
    struct pl transport;
    struct sa address;

    if (pl_strcasecmp(&uri->scheme, "sip") || sa_set(&address, &uri->host, port_or_default(uri->port)))
        return false;
    if (!msg_param_decode(&uri->params, "transport", &transport) && pl_strcasecmp(&transport, "udp"))
        return false;
    *ret_address = address;

    return true;
}

static bool uri_is_ours(const struct proxy *proxy, const struct uri *uri)
{
    struct sa address;
    struct pl mark;

    if (!msg_param_decode(&uri->params, "mark", &mark) && !pl_strcmp(&mark, proxy->mark))
        return true;

    return uri_address(uri, &address) && sa_cmp(&address, &proxy->local, SA_ALL);
}

bool header_is_ours(const struct proxy *proxy, const struct sip_hdr *header)
{
    struct sip_addr address;

    return !sip_addr_decode(&address, &header->val) && uri_is_ours(proxy, &address.uri);
}

int send_by_socket(const struct proxy *proxy, const struct sa *to, const struct mbuf *mb)
{
    if (sendto(proxy->fd, mb->buf, mb->end, 0, &to->u.sa, to->len) >= 0)
        return 0;

    return errno == EAGAIN || errno == ENOBUFS ? 0 : errno;
}

static int library_error(int err)
{
    switch (err) {
    case 0:
        return 0;
    case TRUNKHA_ERR_UNAVAILABLE:
        return ENOTCONN;
    case TRUNKHA_ERR_NOTFOUND:
        return ENOENT;
    case TRUNKHA_ERR_NOMEM:
        return ENOMEM;
    default:
        return EIO;
    }
}

int send_to(const struct proxy *proxy, const struct peer *to, const struct mbuf *mb)
{
    char target[TRUNKHA_ID_SIZE];
    int err;

    if (!*to->trunk_id)
        return send_by_socket(proxy, &to->address, mb);
    peer_target(to, target);
    err = library_error(trunkha_message_send(proxy->engine, to->trunk_id, target, mb->buf, mb->end));
    if (err == ENOENT && to->transport == SIP_TRANSP_UDP) /* from another port than we send to, or gone by a reload */
        return send_by_socket(proxy, &to->address, mb);

    return err;
}

int find_local(const struct proxy *proxy, const struct peer *to, char local[TRUNKHA_ID_SIZE])
{
    char target[TRUNKHA_ID_SIZE];

    if (!*to->trunk_id)
        return re_snprintf(local, TRUNKHA_ID_SIZE, "%J", &proxy->local) < 0 ? EIO : 0;
    peer_target(to, target);

    return library_error(trunkha_message_local(proxy->engine, to->trunk_id, target, local, TRUNKHA_ID_SIZE));
}

struct peer next_hop(const struct proxy *proxy, const struct uri *uri, const struct peer *peer)
{
    char ignored[TRUNKHA_ID_SIZE];
    struct peer next = *peer;

    if (is_reliable(peer->transport) || !uri_address(uri, &next.address) || uri_is_ours(proxy, uri) ||
        sa_cmp(&next.address, &peer->address, SA_ALL))
        return *peer;
    if (*next.trunk_id && find_local(proxy, &next, ignored) == ENOENT)
        next.trunk_id[0] = '\0';

    return next;
}
