#include "demo_carrier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo_sip.h"

#define PACKET_MAX 4096

/** Receives one packet and answers it, unless silent. */
static void serve_packet(int sock, bool is_silent, const char *tag)
{
    char request[PACKET_MAX], answer[PACKET_MAX];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t n = recvfrom(sock, request, sizeof(request), 0, (struct sockaddr *)&from, &from_len);
    size_t len = n > 0 && !is_silent ? demo_sip_answer(request, (size_t)n, &from, tag, answer, sizeof(answer)) : 0;

    if (len && sendto(sock, answer, len, 0, (struct sockaddr *)&from, from_len) < 0)
        perror("trunkha demo: a carrier cannot send");
}

/** The life of the process: until nobody holds the other end of @p control. */
static void serve(int sock, int control)
{
    struct pollfd fds[] = {{control, POLLIN, 0}, {sock, POLLIN, 0}};
    bool is_silent = false;
    char tag[16];

    snprintf(tag, sizeof(tag), "demo%d", (int)getpid());
    for (;;) {
        char order;

        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents) {
            if (read(control, &order, 1) != 1)
                return;
            is_silent = order == 's';
        }
        if (fds[1].revents)
            serve_packet(sock, is_silent, tag);
    }
}

static int open_socket(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (sock < 0)
        return -1;
    if (bind(sock, (struct sockaddr *)&address, len) || getsockname(sock, (struct sockaddr *)&address, &len)) {
        close(sock);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);

    return sock;
}

static bool start_process(struct demo_carrier *carrier, int sock, const int ends[2])
{
    pid_t pid = fork();

    if (pid < 0)
        return false;
    if (pid) {
        carrier->pid = pid;
        carrier->control = ends[0];
        close(ends[1]);
        return true;
    }

    close(ends[0]);
    serve(sock, ends[1]);
    _exit(0);
}

bool demo_carrier_start(struct demo_carrier *carrier)
{
    int sock = open_socket(&carrier->port);
    int ends[2], error;
    bool is_started;

    if (sock < 0)
        return false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        close(sock);
        return false;
    }
    is_started = start_process(carrier, sock, ends);
    error = errno;
    if (!is_started) {
        close(ends[0]);
        close(ends[1]);
    }
    close(sock);
    errno = error;

    return is_started;
}

bool demo_carrier_set_silent(const struct demo_carrier *carrier, bool is_silent)
{
    return send(carrier->control, is_silent ? "s" : "a", 1, MSG_NOSIGNAL) == 1;
}

void demo_carrier_end(struct demo_carrier *carrier)
{
    if (!carrier->pid)
        return;
    close(carrier->control);
    kill(carrier->pid, SIGKILL); /* it holds nothing that wants an orderly end */
    while (waitpid(carrier->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    carrier->pid = 0;
}
