/** @file udp.h  UDP sockets that receive and send many datagrams with one system call, and tell which one was refused */
#ifndef THA_ADAPTERS_UDP_H
#define THA_ADAPTERS_UDP_H

#include "adapters/sock_name.h"
#include "base/log.h"
#include "base/mem.h"

#define THA_UDP_INBOX_MAX   32   /* datagrams received by one system call */
#define THA_UDP_OUTBOX_MAX  64   /* datagrams sent by one system call */
#define THA_UDP_RECEIVE_MAX 8192 /* bytes of a datagram; longer ones come cut, and marked so */
#define THA_UDP_SEND_MAX    4096

/** Room for one IP_PKTINFO or IPV6_PKTINFO. */
union tha_udp_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct tha_udp_packet {
    const char *data; /**< borrowed until the next receive */
    size_t len;
    struct tha_addr peer;
    struct tha_addr local; /**< where it was sent to; family 0 = where the socket is bound */
    bool is_cut;
};

/** Received datagrams; about 270 KiB, of which the system backs what was ever used. */
struct tha_udp_inbox {
    struct mmsghdr messages[THA_UDP_INBOX_MAX];
    struct iovec pieces[THA_UDP_INBOX_MAX];
    union tha_sock_name peers[THA_UDP_INBOX_MAX];
    union tha_udp_control controls[THA_UDP_INBOX_MAX];
    char data[THA_UDP_INBOX_MAX][THA_UDP_RECEIVE_MAX];
};

/** What a datagram in the outbox belongs to, given back when its fate is known. */
struct tha_udp_ticket {
    uint32_t slot;
    uint64_t branch;
};

struct tha_udp_handlers {
    /** A datagram has left at @p now_us (@p error 0) or could not (errno; EAGAIN: our own buffer is full). */
    void (*sent)(const struct tha_udp_ticket *ticket, int error, uint64_t now_us, void *user_data);
    /** ICMP says that a datagram was refused at @p to; @p data is as much of it as came back. */
    void (*refused)(const struct tha_addr *to, const char *data, size_t len, int error, void *user_data);
    void *user_data;
};

struct tha_udp {
    int fd;
    int route_fd;          /**< asks the system for routes; -1 = bound to one address, nothing to ask */
    struct tha_addr bound; /**< with the port that the system chose */
    struct tha_udp_handlers handlers;
    unsigned n_out;
    size_t out_used;
    struct mmsghdr messages[THA_UDP_OUTBOX_MAX];
    struct iovec pieces[THA_UDP_OUTBOX_MAX];
    union tha_sock_name peers[THA_UDP_OUTBOX_MAX];
    union tha_udp_control controls[THA_UDP_OUTBOX_MAX];
    struct tha_udp_ticket tickets[THA_UDP_OUTBOX_MAX];
    char out[THA_UDP_OUTBOX_MAX * 512];
};

/** Opens a socket on @p addr, port 0 = any. Returns 0 or an errno. */
int tha_udp_open(struct tha_udp *udp, const struct tha_addr *addr, const struct tha_udp_handlers *handlers,
                 const struct tha_log *log);
void tha_udp_close(struct tha_udp *udp);

void tha_udp_inbox_init(struct tha_udp_inbox *inbox);

/** Returns how many datagrams were received; 0 = none waits, or an error does (tha_udp_read_errors()). */
unsigned tha_udp_receive(struct tha_udp *udp, struct tha_udp_inbox *inbox);

/** The datagram @p i of the last receive; makes its place free for the next. */
void tha_udp_inbox_take(struct tha_udp_inbox *inbox, unsigned i, struct tha_udp_packet *ret_packet);

/** Takes what the error queue holds and tells `refused` of it. */
void tha_udp_read_errors(struct tha_udp *udp);

/** Room for THA_UDP_SEND_MAX bytes in the outbox, which is sent first when it has no more. */
char *tha_udp_room(struct tha_udp *udp);

/** Puts the @p len bytes that were written to the room into the outbox; @p from: the address of ours it leaves from, NULL or
 *  family 0 = the system chooses; @p ticket: NULL = nobody wants to know. */
void tha_udp_post(struct tha_udp *udp, size_t len, const struct tha_addr *to, const struct tha_addr *from,
                  const struct tha_udp_ticket *ticket);

/** Sends one datagram now, of any length, past the outbox; @p from: as above. Returns 0 or an errno. */
int tha_udp_send(struct tha_udp *udp, const void *data, size_t len, const struct tha_addr *to, const struct tha_addr *from);

/** Sends the outbox. What is pending of one peer's errors never costs another peer its datagram. */
void tha_udp_flush(struct tha_udp *udp);

/** The address and port that @p peer sees us at, by the routes of this moment. Returns 0 or an errno. */
int tha_udp_find_local(const struct tha_udp *udp, const struct tha_addr *peer, struct tha_addr *ret_local);

#endif
