#include "adapters/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"

static const struct tha_log silent;

struct told {
    unsigned n_sent, n_refused;
    int last_error;
    struct tha_udp_ticket last_ticket;
    char refused[64];
};

static void on_sent(const struct tha_udp_ticket *ticket, int error, uint64_t now_us, void *user_data)
{
    struct told *told = user_data;

    ck_assert_uint_gt(now_us, 0);
    told->n_sent++;
    told->last_error = error;
    told->last_ticket = *ticket;
}

static void on_refused(const struct tha_addr *to, const char *data, size_t len, int error, void *user_data)
{
    struct told *told = user_data;

    ck_assert_uint_ne(to->port, 0);
    ck_assert_uint_lt(len, sizeof(told->refused));
    memcpy(told->refused, data, len);
    told->refused[len] = '\0';
    told->n_refused++;
    told->last_error = error;
}

static struct tha_udp *open_udp(const char *ip, struct told *told)
{
    struct tha_udp *udp = calloc(1, sizeof(*udp));
    const struct tha_udp_handlers handlers = {on_sent, on_refused, told};
    struct tha_addr addr;

    memset(told, 0, sizeof(*told));
    ck_assert(tha_addr_parse_ip(&addr, ip, strlen(ip)));
    ck_assert_int_eq(tha_udp_open(udp, &addr, &handlers, &silent), 0);
    ck_assert_uint_ne(udp->bound.port, 0);

    return udp;
}

static void close_udp(struct tha_udp *udp)
{
    tha_udp_close(udp);
    tha_udp_close(udp); /* closing twice is fine */
    free(udp);
}

static struct tha_udp_inbox *new_inbox(void)
{
    struct tha_udp_inbox *inbox = malloc(sizeof(*inbox));

    tha_udp_inbox_init(inbox);

    return inbox;
}

static struct tha_addr loopback(uint16_t port)
{
    return (struct tha_addr){.ip = {127, 0, 0, 1}, .family = 4, .port = port};
}

static void post(struct tha_udp *udp, const char *text, const struct tha_addr *to, const struct tha_udp_ticket *ticket)
{
    strcpy(tha_udp_room(udp), text);
    tha_udp_post(udp, strlen(text), to, NULL, ticket);
}

START_TEST(socket_is_close_on_exec_and_does_not_block)
{
    struct told told;
    struct tha_udp *udp = open_udp("127.0.0.1", &told);

    ck_assert_int_eq(fcntl(udp->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(udp->fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close_udp(udp);
}
END_TEST

START_TEST(more_datagrams_than_one_call_carries_all_arrive_in_order)
{
    enum { N = 3 * THA_UDP_OUTBOX_MAX + 5 };
    struct told told_a, told_b;
    struct tha_udp *a = open_udp("127.0.0.1", &told_a), *b = open_udp("0.0.0.0", &told_b);
    struct tha_udp_inbox *inbox = new_inbox();
    const struct tha_addr to = loopback(b->bound.port);
    struct tha_udp_packet packet;
    unsigned received = 0, n;
    char expected[16];

    for (uint32_t i = 0; i < N; i++) {
        const struct tha_udp_ticket ticket = {i, i + 1000};

        snprintf(expected, sizeof(expected), "packet %u", i);
        post(a, expected, &to, &ticket);
    }
    tha_udp_flush(a);
    ck_assert_uint_eq(told_a.n_sent, N);
    ck_assert_int_eq(told_a.last_error, 0);
    ck_assert_uint_eq(told_a.last_ticket.slot, N - 1);
    ck_assert_uint_eq(told_a.last_ticket.branch, N - 1 + 1000);

    while ((n = tha_udp_receive(b, inbox)) > 0) {
        ck_assert_uint_le(n, THA_UDP_INBOX_MAX);
        for (unsigned i = 0; i < n; i++, received++) {
            tha_udp_inbox_take(inbox, i, &packet);
            snprintf(expected, sizeof(expected), "packet %u", received);
            ck_assert_uint_eq(packet.len, strlen(expected));
            ck_assert_int_eq(memcmp(packet.data, expected, packet.len), 0);
            ck_assert(!packet.is_cut);
            ck_assert_uint_eq(packet.peer.port, a->bound.port);
            ck_assert_uint_eq(packet.local.family, 4); /* asked for on any address */
            ck_assert_uint_eq(packet.local.ip[0], 127);
        }
    }
    ck_assert_uint_eq(received, N);
    free(inbox);
    close_udp(a);
    close_udp(b);
}
END_TEST

START_TEST(datagram_that_is_too_long_comes_marked_as_cut)
{
    struct told told;
    struct tha_udp *udp = open_udp("127.0.0.1", &told);
    struct tha_udp_inbox *inbox = new_inbox();
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(udp->bound.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char big[THA_UDP_RECEIVE_MAX + 1];
    struct tha_udp_packet packet;

    for (size_t size = sizeof(big) - 1; size <= sizeof(big); size++) {
        ck_assert_int_eq(sendto(udp->fd, big, size, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)size);
        ck_assert_uint_eq(tha_udp_receive(udp, inbox), 1);
        tha_udp_inbox_take(inbox, 0, &packet);
        ck_assert_int_eq(packet.is_cut, size > THA_UDP_RECEIVE_MAX);
        ck_assert_uint_eq(packet.len, THA_UDP_RECEIVE_MAX);
    }
    free(inbox);
    close_udp(udp);
}
END_TEST

START_TEST(refusal_brings_the_datagram_back_and_the_next_peer_still_gets_its_own)
{
    struct told told, told_gone, told_peer;
    struct tha_udp *udp = open_udp("127.0.0.1", &told), *gone = open_udp("127.0.0.1", &told_gone);
    struct tha_udp *peer = open_udp("127.0.0.1", &told_peer);
    const struct tha_addr to_gone = loopback(gone->bound.port), to_peer = loopback(peer->bound.port);
    struct tha_udp_inbox *inbox = new_inbox();

    close_udp(gone);
    post(udp, "to nobody", &to_gone, NULL);
    tha_udp_flush(udp);
    ck_assert_uint_eq(told.n_sent, 0); /* it has no ticket */

    post(udp, "to somebody", &to_peer, &(struct tha_udp_ticket){1, 1}); /* while the refusal is pending */
    tha_udp_flush(udp);
    ck_assert_uint_eq(told.n_refused, 1);
    ck_assert_str_eq(told.refused, "to nobody");
    ck_assert_uint_eq(told.n_sent, 1);
    ck_assert_int_eq(told.last_error, 0);
    ck_assert_uint_eq(tha_udp_receive(peer, inbox), 1);
    ck_assert_uint_eq(tha_udp_receive(udp, inbox), 0);
    free(inbox);
    close_udp(udp);
    close_udp(peer);
}
END_TEST

START_TEST(datagram_that_cannot_leave_fails_alone)
{
    static const struct tha_addr broadcast = {.ip = {255, 255, 255, 255}, .family = 4, .port = 9};
    struct told told, told_peer;
    struct tha_udp *udp = open_udp("127.0.0.1", &told), *peer = open_udp("127.0.0.1", &told_peer);
    const struct tha_addr to_peer = loopback(peer->bound.port);
    struct tha_udp_inbox *inbox = new_inbox();

    post(udp, "one", &to_peer, NULL);
    post(udp, "two", &broadcast, &(struct tha_udp_ticket){2, 2});
    post(udp, "three", &to_peer, NULL);
    tha_udp_flush(udp);
    ck_assert_uint_eq(told.n_sent, 1);
    ck_assert_uint_eq(told.last_ticket.slot, 2);
    ck_assert_int_ne(told.last_error, 0);
    ck_assert_uint_eq(tha_udp_receive(peer, inbox), 2);
    free(inbox);
    close_udp(udp);
    close_udp(peer);
}
END_TEST

START_TEST(local_address_is_that_of_the_route)
{
    static const struct tha_addr nobody = {.ip = {255, 255, 255, 255}, .family = 4, .port = 5060};
    const struct tha_addr peer = loopback(5060);
    struct told told;
    struct tha_udp *any = open_udp("0.0.0.0", &told), *one = open_udp("127.0.0.3", &told);
    struct tha_addr local;

    for (unsigned i = 0; i < 2; i++) { /* and is asked for again after a failure */
        ck_assert_int_eq(tha_udp_find_local(any, &peer, &local), 0);
        ck_assert(tha_addr_is_same_ip(&local, &peer));
        ck_assert_uint_eq(local.port, any->bound.port);
        ck_assert_int_ne(tha_udp_find_local(any, &nobody, &local), 0);
    }
    ck_assert_int_eq(tha_udp_find_local(one, &peer, &local), 0);
    ck_assert_uint_eq(local.ip[3], 3);
    close_udp(any);
    close_udp(one);
}
END_TEST

START_TEST(address_in_use_is_an_errno)
{
    struct told told;
    struct tha_udp *udp = open_udp("127.0.0.1", &told), second;

    ck_assert_int_eq(tha_udp_open(&second, &udp->bound, &udp->handlers, &silent), EADDRINUSE);
    ck_assert_int_eq(second.fd, -1);
    close_udp(udp);
}
END_TEST

SUITE("udp", socket_is_close_on_exec_and_does_not_block, more_datagrams_than_one_call_carries_all_arrive_in_order,
      datagram_that_is_too_long_comes_marked_as_cut, refusal_brings_the_datagram_back_and_the_next_peer_still_gets_its_own,
      datagram_that_cannot_leave_fails_alone, local_address_is_that_of_the_route, address_in_use_is_an_errno)
