#include "floor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench.h"

#define BUFFER_BYTES (4 * 1024 * 1024)

struct plain {
    int epoll, timer, socket;
    uint16_t port;
    uint32_t targets, next, per_slot;
    const char *request;
    size_t len;
    uint64_t answers;
};

static bool is_watched(const struct plain *plain, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return !epoll_ctl(plain->epoll, EPOLL_CTL_ADD, fd, &event);
}

static bool open_all(struct plain *plain)
{
    struct itimerspec slot = {.it_interval.tv_nsec = FLOOR_SLOT_MS * 1000000L, .it_value.tv_nsec = FLOOR_SLOT_MS * 1000000L};
    struct sockaddr_in any = {.sin_family = AF_INET};
    int bytes = BUFFER_BYTES;

    plain->epoll = epoll_create1(EPOLL_CLOEXEC);
    plain->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    plain->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(plain->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));

    return !bind(plain->socket, (const struct sockaddr *)&any, sizeof(any)) &&
           !timerfd_settime(plain->timer, 0, &slot, NULL) && is_watched(plain, plain->timer) &&
           is_watched(plain, plain->socket);
}

static void send_slot(struct plain *plain)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(plain->port)};
    uint64_t slots;

    if (read(plain->timer, &slots, sizeof(slots)) != sizeof(slots))
        return;

    for (uint64_t i = 0; i < slots * plain->per_slot; i++) {
        to.sin_addr.s_addr = htonl(0x7f010001U + plain->next);
        sendto(plain->socket, plain->request, plain->len, 0, (const struct sockaddr *)&to, sizeof(to));
        plain->next = (plain->next + 1) % plain->targets;
    }
}

static void receive(struct plain *plain)
{
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    char buf[2048];

    while (recvfrom(plain->socket, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len) > 0)
        plain->answers++;
}

static void turn(struct plain *plain, uint64_t until_us)
{
    struct epoll_event events[4];

    while (bench_now_us() < until_us) {
        int n = epoll_wait(plain->epoll, events, 4, 1000);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == plain->timer)
                send_slot(plain);
            else
                receive(plain);
        }
    }
}

double floor_run(const struct mock *mock, uint32_t targets, uint32_t interval_ms, uint32_t seconds, const char *request,
                 size_t len)
{
    struct plain plain = {.port = mock_port(mock), .targets = targets, .request = request, .len = len};
    uint64_t cpu_us = 0;

    plain.per_slot = targets * FLOOR_SLOT_MS / interval_ms;
    if (open_all(&plain)) {
        turn(&plain, bench_now_us() + 500000);
        plain.answers = 0;
        cpu_us = bench_cpu_us();
        turn(&plain, bench_now_us() + seconds * (uint64_t)1000000);
        cpu_us = bench_cpu_us() - cpu_us;
    }
    close(plain.socket);
    close(plain.timer);
    close(plain.epoll);

    return plain.answers ? (double)cpu_us / (double)plain.answers : -1;
}
