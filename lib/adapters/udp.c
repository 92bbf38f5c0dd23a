#include "adapters/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <unistd.h>

#include "adapters/loop.h"
#include "core/model.h"

#define RECEIVE_BUFFER (8 * 1024 * 1024) /* bytes: the answers of some 10,000 peers may come at once */
#define ERRORS_MAX     512               /* taken from the error queue in one go */

static int find_name(int fd, struct tha_addr *ret_addr)
{
    union tha_sock_name name;
    socklen_t len = sizeof(name);

    if (getsockname(fd, &name.any, &len))
        return errno;
    tha_sock_name_get(&name, ret_addr);

    return 0;
}

static void set_receive_buffer(int fd, const struct tha_log *log)
{
    int size = RECEIVE_BUFFER, got = 0;
    socklen_t len = sizeof(got);

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size))) /* needs CAP_NET_ADMIN */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len);
    if (got < RECEIVE_BUFFER)
        tha_log_print(log, TRUNKHA_LOG_INFO, "receive buffer of %d bytes instead of %d: raise net.core.rmem_max", got, size);
}

static int set_options(int fd, const struct tha_addr *addr, const struct tha_log *log)
{
    bool is_v6 = addr->family == 6, is_any = tha_addr_is_any(addr);
    int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int on = 1;

    set_receive_buffer(fd, log);
    if (is_v6 && setsockopt(fd, level, IPV6_V6ONLY, &on, sizeof(on)))
        return errno;
    if (setsockopt(fd, level, is_v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on)))
        return errno;
    if (is_any && setsockopt(fd, level, is_v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof(on)))
        return errno;

    return 0;
}

static int open_sockets(struct tha_udp *udp, const struct tha_addr *addr)
{
    int family = addr->family == 6 ? AF_INET6 : AF_INET;

    udp->route_fd = -1;
    udp->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (udp->fd >= 0 && tha_addr_is_any(addr))
        udp->route_fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return udp->fd < 0 || (tha_addr_is_any(addr) && udp->route_fd < 0) ? errno : 0;
}

int tha_udp_open(struct tha_udp *udp, const struct tha_addr *addr, const struct tha_udp_handlers *handlers,
                 const struct tha_log *log)
{
    union tha_sock_name name;
    socklen_t len = tha_sock_name_set(&name, addr);
    int err;

    udp->handlers = *handlers;
    udp->n_out = 0;
    udp->out_used = 0;
    err = open_sockets(udp, addr);
    if (!err)
        err = set_options(udp->fd, addr, log);
    if (!err && bind(udp->fd, &name.any, len))
        err = errno;
    if (!err)
        err = find_name(udp->fd, &udp->bound);
    if (err)
        tha_udp_close(udp);

    return err;
}

void tha_udp_close(struct tha_udp *udp)
{
    if (udp->fd >= 0)
        close(udp->fd);
    if (udp->route_fd >= 0)
        close(udp->route_fd);
    udp->fd = udp->route_fd = -1;
}

static void clear_place(struct tha_udp_inbox *inbox, unsigned i)
{
    struct msghdr *header = &inbox->messages[i].msg_hdr;

    header->msg_namelen = sizeof(inbox->peers[i]);
    header->msg_controllen = sizeof(inbox->controls[i]);
}

void tha_udp_inbox_init(struct tha_udp_inbox *inbox)
{
    for (unsigned i = 0; i < THA_UDP_INBOX_MAX; i++) {
        inbox->pieces[i] = (struct iovec){inbox->data[i], THA_UDP_RECEIVE_MAX};
        inbox->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &inbox->peers[i], .msg_iov = &inbox->pieces[i], .msg_iovlen = 1, .msg_control = &inbox->controls[i]};
        clear_place(inbox, i);
    }
}

unsigned tha_udp_receive(struct tha_udp *udp, struct tha_udp_inbox *inbox)
{
    int n = recvmmsg(udp->fd, inbox->messages, THA_UDP_INBOX_MAX, MSG_DONTWAIT, NULL);

    return n > 0 ? (unsigned)n : 0;
}

static void read_destination(struct msghdr *header, struct tha_addr *ret_local)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            ret_local->family = 4;
            memcpy(ret_local->ip, CMSG_DATA(c) + offsetof(struct in_pktinfo, ipi_addr), 4);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            ret_local->family = 6;
            memcpy(ret_local->ip, CMSG_DATA(c) + offsetof(struct in6_pktinfo, ipi6_addr), 16);
        }
    }
}

void tha_udp_inbox_take(struct tha_udp_inbox *inbox, unsigned i, struct tha_udp_packet *ret_packet)
{
    struct msghdr *header = &inbox->messages[i].msg_hdr;

    ret_packet->data = inbox->data[i];
    ret_packet->len = inbox->messages[i].msg_len;
    ret_packet->is_cut = header->msg_flags & MSG_TRUNC;
    tha_sock_name_get(&inbox->peers[i], &ret_packet->peer);
    ret_packet->local = (struct tha_addr){.family = 0};
    read_destination(header, &ret_packet->local);
    clear_place(inbox, i);
}

/** RFC 3261 section 18.4: unreachable hosts, networks, ports and protocols and bad parameters are failures; time exceeded is
 *  none. Nor is "fragmentation needed", after which the system sends smaller pieces. */
static bool is_refusal(const struct sock_extended_err *error)
{
    if (error->ee_origin == SO_EE_ORIGIN_ICMP)
        return (error->ee_type == ICMP_DEST_UNREACH && error->ee_code != ICMP_FRAG_NEEDED) ||
               error->ee_type == ICMP_PARAMETERPROB;
    if (error->ee_origin == SO_EE_ORIGIN_ICMP6)
        return error->ee_type == ICMP6_DST_UNREACH || error->ee_type == ICMP6_PARAM_PROB;

    return false;
}

static const struct sock_extended_err *find_error(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
            return (const struct sock_extended_err *)(const void *)CMSG_DATA(c);
    }

    return NULL;
}

void tha_udp_read_errors(struct tha_udp *udp)
{
    union {
        struct cmsghdr align;
        char bytes[256];
    } control;
    char data[1024];

    for (unsigned i = 0; i < ERRORS_MAX; i++) {
        union tha_sock_name name;
        struct tha_addr to = {.family = 0};
        struct iovec piece = {data, sizeof(data)};
        struct msghdr header = {.msg_name = &name,
                                .msg_namelen = sizeof(name),
                                .msg_iov = &piece,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = sizeof(control)};
        ssize_t len = recvmsg(udp->fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT);
        const struct sock_extended_err *error = len >= 0 ? find_error(&header) : NULL;

        if (len < 0)
            return;
        if (!error || !is_refusal(error))
            continue;
        tha_sock_name_get(&name, &to);
        udp->handlers.refused(&to, data, (size_t)len, (int)error->ee_errno, udp->handlers.user_data);
    }
}

char *tha_udp_room(struct tha_udp *udp)
{
    if (udp->n_out == THA_UDP_OUTBOX_MAX || udp->out_used > sizeof(udp->out) - THA_UDP_SEND_MAX)
        tha_udp_flush(udp);

    return udp->out + udp->out_used;
}

static void set_source(struct msghdr *header, union tha_udp_control *control, const struct tha_addr *from)
{
    size_t size = from->family == 6 ? sizeof(struct in6_pktinfo) : sizeof(struct in_pktinfo);
    size_t offset = from->family == 6 ? offsetof(struct in6_pktinfo, ipi6_addr) : offsetof(struct in_pktinfo, ipi_spec_dst);

    memset(control, 0, sizeof(*control));
    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(size);
    control->align.cmsg_level = from->family == 6 ? IPPROTO_IPV6 : IPPROTO_IP;
    control->align.cmsg_type = from->family == 6 ? IPV6_PKTINFO : IP_PKTINFO;
    control->align.cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(&control->align) + offset, from->ip, from->family == 6 ? 16 : 4);
}

void tha_udp_post(struct tha_udp *udp, size_t len, const struct tha_addr *to, const struct tha_addr *from,
                  const struct tha_udp_ticket *ticket)
{
    static const struct tha_udp_ticket nobody = {THA_NONE, 0};
    unsigned i = udp->n_out++;
    struct msghdr *header = &udp->messages[i].msg_hdr;

    udp->pieces[i] = (struct iovec){udp->out + udp->out_used, len};
    udp->out_used += len;
    udp->tickets[i] = ticket ? *ticket : nobody;
    *header = (struct msghdr){.msg_name = &udp->peers[i], .msg_iov = &udp->pieces[i], .msg_iovlen = 1};
    header->msg_namelen = tha_sock_name_set(&udp->peers[i], to);
    if (from && from->family)
        set_source(header, &udp->controls[i], from);
}

int tha_udp_send(struct tha_udp *udp, const void *data, size_t len, const struct tha_addr *to, const struct tha_addr *from)
{
    union tha_sock_name peer;
    union tha_udp_control control;
    union {
        const void *data;
        void *base; /* sendmsg() only reads, but has no const */
    } bytes = {.data = data};
    struct iovec piece = {bytes.base, len};
    struct msghdr header = {.msg_name = &peer, .msg_iov = &piece, .msg_iovlen = 1};

    header.msg_namelen = tha_sock_name_set(&peer, to);
    if (from && from->family)
        set_source(&header, &control, from);

    if (sendmsg(udp->fd, &header, 0) >= 0)
        return 0;
    if (errno == EAGAIN || errno == EMSGSIZE)
        return errno;
    tha_udp_read_errors(udp); /* it may have been some other peer's */

    return sendmsg(udp->fd, &header, 0) >= 0 ? 0 : errno;
}

static unsigned tell(struct tha_udp *udp, unsigned from, unsigned to, int error, uint64_t now_us)
{
    for (unsigned i = from; i < to; i++) {
        if (udp->tickets[i].slot != THA_NONE)
            udp->handlers.sent(&udp->tickets[i], error, now_us, udp->handlers.user_data);
    }

    return to;
}

/** Sends from datagram @p from on and returns the first one not dealt with. An errno that comes at the first attempt may be
 *  some other peer's, kept by the socket: it counts only when it comes again after the error queue was read. */
static unsigned send_some(struct tha_udp *udp, unsigned from)
{
    uint64_t now_us = tha_clock_us();
    int n = sendmmsg(udp->fd, udp->messages + from, udp->n_out - from, 0);

    if (n < 0 && errno != EAGAIN) {
        tha_udp_read_errors(udp);
        n = sendmmsg(udp->fd, udp->messages + from, udp->n_out - from, 0);
    }

    if (n >= 0)
        return tell(udp, from, from + (unsigned)n, 0, now_us);

    return tell(udp, from, errno == EAGAIN ? udp->n_out : from + 1, errno, now_us);
}

void tha_udp_flush(struct tha_udp *udp)
{
    unsigned done = 0;

    while (done < udp->n_out)
        done = send_some(udp, done);

    udp->n_out = 0;
    udp->out_used = 0;
}

int tha_udp_find_local(const struct tha_udp *udp, const struct tha_addr *peer, struct tha_addr *ret_local)
{
    static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC}; /* lets go of the address that it was given before */
    union tha_sock_name name;
    socklen_t len = tha_sock_name_set(&name, peer);
    int err;

    if (udp->route_fd < 0) {
        *ret_local = udp->bound;
        return 0;
    }

    if (connect(udp->route_fd, &nowhere, sizeof(nowhere)) || connect(udp->route_fd, &name.any, len))
        return errno;
    err = find_name(udp->route_fd, ret_local);
    ret_local->port = udp->bound.port;

    return err;
}
