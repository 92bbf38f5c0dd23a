#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "answer.h"
#include "carrier.h"

#define BATCH   64
#define BATCHES 16 /* read from one socket before the others have their turn */

/* A datagram and its control data: the address it came to or leaves from, when it came, how many were dropped. */
struct datagram {
    char bytes[DATAGRAM_MAX];
    struct iovec iov;
    struct path path;
    int64_t stamp_ns;
    uint32_t target;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct timespec)) +
                   CMSG_SPACE(sizeof(uint32_t))];
    } control;
};

/* What one system call takes; the headers side by side as the kernel wants them. */
struct batch {
    struct mmsghdr headers[BATCH];
    struct datagram datagrams[BATCH];
    unsigned count;
};

struct traffic {
    struct carrier *carrier;
    struct batch in, out;
};

struct traffic *traffic_new(struct carrier *carrier)
{
    struct traffic *traffic = calloc(1, sizeof(*traffic));

    if (traffic)
        traffic->carrier = carrier;

    return traffic;
}

struct traffic *traffic_free(struct traffic *traffic)
{
    free(traffic);

    return NULL;
}

static void prepare(struct batch *batch, unsigned i, size_t len, size_t control_len)
{
    struct datagram *datagram = &batch->datagrams[i];

    datagram->iov = (struct iovec){.iov_base = datagram->bytes, .iov_len = len};
    batch->headers[i] = (struct mmsghdr){.msg_hdr = {
                                             .msg_name = &datagram->path.peer,
                                             .msg_namelen = sizeof(datagram->path.peer),
                                             .msg_iov = &datagram->iov,
                                             .msg_iovlen = 1,
                                             .msg_control = &datagram->control,
                                             .msg_controllen = control_len,
                                         }};
}

static void write_control(struct msghdr *header, struct in_addr from)
{
    struct in_pktinfo info = {.ipi_spec_dst = from};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(header);

    cmsg->cmsg_level = IPPROTO_IP;
    cmsg->cmsg_type = IP_PKTINFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
}

static void put_answer(struct batch *out, const struct path *path, uint32_t target, const char *bytes, size_t len)
{
    struct datagram *datagram = &out->datagrams[out->count];

    datagram->path = *path;
    datagram->target = target;
    memcpy(datagram->bytes, bytes, len);
    prepare(out, out->count, len, CMSG_SPACE(sizeof(struct in_pktinfo)));
    write_control(&out->headers[out->count].msg_hdr, path->asked);
    out->count++;
}

/* All answers of a batch leave by the same socket. */
static void flush(struct traffic *traffic)
{
    struct batch *out = &traffic->out;
    unsigned sent = 0;

    while (sent < out->count) {
        int n = sendmmsg(out->datagrams[sent].path.socket, out->headers + sent, out->count - sent, 0);

        if (n < 0 && errno == EINTR)
            continue;
        for (int i = 0; i < n; i++)
            traffic->carrier->targets[out->datagrams[sent + (unsigned)i].target].answered++;
        sent += n > 0 ? (unsigned)n : 1; /* one that cannot be sent is skipped: its asker has gone */
    }
    out->count = 0;
}

static void send_now(const struct path *path, uint32_t target, const char *bytes, size_t len, void *user_data)
{
    struct traffic *traffic = user_data;

    flush(traffic);
    put_answer(&traffic->out, path, target, bytes, len);
    flush(traffic);
}

void traffic_send_due(struct traffic *traffic, uint64_t now_ms)
{
    delay_run(&traffic->carrier->delay, now_ms, send_now, traffic);
}

static void read_control(struct carrier *carrier, struct msghdr *header, struct datagram *datagram)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR(header, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
            datagram->path.asked = info.ipi_addr;
        } else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;

            memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
            datagram->stamp_ns = stamp.tv_sec * 1000000000 + stamp.tv_nsec;
        } else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&carrier->kernel_drops, CMSG_DATA(cmsg), sizeof(carrier->kernel_drops));
        }
    }
}

static struct target *find_target(struct carrier *carrier, uint32_t socket_index, struct datagram *datagram)
{
    uint32_t address = ntohl(datagram->path.asked.s_addr);

    datagram->target = carrier->is_by_address ? address - target_address(0) : socket_index;

    return datagram->target < carrier->n_targets ? &carrier->targets[datagram->target] : NULL;
}

static void note_request(struct carrier *carrier, struct target *target, const struct datagram *datagram, size_t len)
{
    uint32_t branch = answer_branch(datagram->bytes, len);

    target->received++;
    if (branch != target->branch) {
        target->branch = branch;
        target->probes++;
        stamps_add(&carrier->stamps, datagram->stamp_ns);
        if (target->probed_ns && datagram->stamp_ns - target->probed_ns > target->longest_gap_ns)
            target->longest_gap_ns = datagram->stamp_ns - target->probed_ns;
        target->probed_ns = datagram->stamp_ns;
    }
    if (target->dies_after_ms && !target->dies_at_ns)
        target->dies_at_ns = datagram->stamp_ns + (int64_t)target->dies_after_ms * 1000000;

    carrier->request_len = (uint32_t)len;
    memcpy(carrier->request, datagram->bytes, len);
}

static bool should_answer(const struct target *target, int64_t now_ns)
{
    if (target->mode == MODE_SILENT || (target->dies_at_ns && now_ns >= target->dies_at_ns))
        return false;

    return random() % 1000 >= target->loss_permille;
}

static void answer(struct traffic *traffic, const struct target *target, const struct datagram *datagram, size_t len)
{
    struct carrier *carrier = traffic->carrier;
    unsigned code = target->mode == MODE_PROVISIONAL ? 100 : target->code;
    struct path path = datagram->path;
    char buf[DATAGRAM_MAX];
    size_t n = answer_write(datagram->bytes, len, code, target->retry_after, buf, sizeof(buf));

    if (!n)
        return;

    if (target->mode == MODE_WRONG_PORT)
        path.socket = carrier->wrong_socket;

    if (target->delay_ms)
        delay_put(&carrier->delay, carrier_now_ms(), target->delay_ms, &path, datagram->target, buf, n);
    else if (target->mode == MODE_WRONG_PORT)
        send_now(&path, datagram->target, buf, n, traffic);
    else
        put_answer(&traffic->out, &path, datagram->target, buf, n);
}

static void take(struct traffic *traffic, uint32_t socket_index, unsigned i)
{
    struct carrier *carrier = traffic->carrier;
    struct datagram *datagram = &traffic->in.datagrams[i];
    struct mmsghdr *header = &traffic->in.headers[i];
    struct target *target;

    datagram->path.socket = carrier->sockets[socket_index];
    read_control(carrier, &header->msg_hdr, datagram);
    target = find_target(carrier, socket_index, datagram);
    if (!target || !answer_is_wanted(datagram->bytes, header->msg_len))
        return;

    note_request(carrier, target, datagram, header->msg_len);
    if (should_answer(target, datagram->stamp_ns))
        answer(traffic, target, datagram, header->msg_len);
}

void traffic_serve(struct traffic *traffic, uint32_t socket_index)
{
    struct batch *in = &traffic->in;
    int n = BATCH;

    for (int round = 0; round < BATCHES && n == BATCH; round++) {
        for (unsigned i = 0; i < BATCH; i++)
            prepare(in, i, DATAGRAM_MAX, sizeof(in->datagrams[i].control));

        n = recvmmsg(traffic->carrier->sockets[socket_index], in->headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++)
            take(traffic, socket_index, (unsigned)i);
        flush(traffic);
    }
}
