#include "dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns_reply.h"

#define PORTS_TRIED 50
#define KEPT_MAX    64 /* connections that are left without an answer */

union name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct dns_server {
    pthread_t thread;
    pthread_mutex_t lock; /* of the script */
    struct dns_script script;
    union name name;
    socklen_t name_len;
    int udp;
    int tcp;
    int other; /* a UDP socket of another port */
    int stop;
    int kept[KEPT_MAX];
    unsigned n_kept;
    struct dns_message message;
};

/* -- over UDP -- */

static void send_datagram(int fd, const struct dns_message *message, const union name *to, socklen_t len)
{
    ssize_t n = sendto(fd, message->bytes, message->len, 0, &to->any, len);

    (void)n; /* whoever has asked may be gone */
}

static void answer_datagram(struct dns_server *server, const struct dns_request *request, const struct dns_habit *habit,
                            const union name *to, socklen_t len)
{
    enum dns_manner manner = habit->manner;

    if (manner == MANNER_SILENT)
        return;
    if (manner == MANNER_DELAY)
        usleep(habit->ms * 1000);
    if (manner >= MANNER_WRONG_ID && manner <= MANNER_NO_RESPONSE) {
        dns_reply_forge(request, manner, &server->message);
        send_datagram(manner == MANNER_OTHER_PORT ? server->other : server->udp, &server->message, to, len);
    }
    dns_reply_write(&server->script, request, manner, &server->message);
    send_datagram(server->udp, &server->message, to, len);
}

static void serve_udp(struct dns_server *server)
{
    struct dns_request request;
    uint8_t bytes[4096];
    union name from;
    socklen_t len = sizeof(from);
    ssize_t n = recvfrom(server->udp, bytes, sizeof(bytes), MSG_DONTWAIT, &from.any, &len);

    if (n < 0 || !dns_request_read(&request, bytes, (size_t)n, false))
        return;
    dns_script_note(&server->script, request.name, request.type, false);
    answer_datagram(server, &request, dns_script_habit(&server->script, request.name), &from, len);
}

/* -- over TCP: one question a connection -- */

static void send_stream(int fd, const struct dns_message *message, bool is_drip)
{
    uint8_t length[2] = {(uint8_t)(message->len >> 8), (uint8_t)message->len};
    ssize_t n = send(fd, length, sizeof(length), MSG_NOSIGNAL);

    for (size_t at = 0, step = is_drip ? 1 : message->len; n > 0 && at < message->len; at += (size_t)n) {
        n = send(fd, message->bytes + at, step < message->len - at ? step : message->len - at, MSG_NOSIGNAL);
        if (is_drip)
            usleep(200);
    }
}

/* True when the connection is to be closed. */
static bool answer_stream(struct dns_server *server, int fd, const struct dns_request *request)
{
    const struct dns_habit *habit = dns_script_habit(&server->script, request->name);

    if (habit->manner == MANNER_SILENT || habit->manner == MANNER_CUT_SILENT)
        return false;
    if (habit->manner == MANNER_DELAY)
        usleep(habit->ms * 1000);
    if (habit->manner != MANNER_CUT_CLOSE) {
        dns_reply_write(&server->script, request, habit->manner, &server->message);
        send_stream(fd, &server->message, habit->manner == MANNER_CUT_DRIP);
    }

    return true;
}

static void serve_tcp(struct dns_server *server)
{
    const struct timeval patience = {.tv_sec = 10};
    struct dns_request request;
    uint8_t bytes[2 + 4096];
    int fd = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);
    bool is_done = true;

    if (fd < 0)
        return;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (recv(fd, bytes, 2, MSG_WAITALL) == 2) {
        size_t len = (size_t)(bytes[0] << 8 | bytes[1]);

        if (len <= 4096 && recv(fd, bytes + 2, len, MSG_WAITALL) == (ssize_t)len &&
            dns_request_read(&request, bytes + 2, len, true)) {
            dns_script_note(&server->script, request.name, request.type, true);
            is_done = answer_stream(server, fd, &request);
        }
    }
    if (is_done || server->n_kept == KEPT_MAX)
        close(fd);
    else
        server->kept[server->n_kept++] = fd;
}

static void *serve(void *arg)
{
    struct dns_server *server = arg;
    struct pollfd fds[] = {{server->udp, POLLIN, 0}, {server->tcp, POLLIN, 0}, {server->stop, POLLIN, 0}};

    while (poll(fds, 3, -1) >= 0 && !fds[2].revents) {
        pthread_mutex_lock(&server->lock);
        if (fds[0].revents)
            serve_udp(server);
        if (fds[1].revents)
            serve_tcp(server);
        pthread_mutex_unlock(&server->lock);
    }

    return NULL;
}

/* -- life -- */

static bool set_name(struct dns_server *server, const char *ip, uint16_t port)
{
    bool is_v6 = strchr(ip, ':');

    if (is_v6)
        server->name.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    else
        server->name.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    server->name_len = is_v6 ? sizeof(server->name.v6) : sizeof(server->name.v4);

    return inet_pton(is_v6 ? AF_INET6 : AF_INET, ip,
                     is_v6 ? (void *)&server->name.v6.sin6_addr : (void *)&server->name.v4.sin_addr) == 1;
}

static int open_socket(const struct dns_server *server, int type, const union name *name)
{
    int fd = socket(name->any.sa_family, type | SOCK_CLOEXEC, 0);
    int on = 1;

    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd >= 0 && (bind(fd, &name->any, server->name_len) || (type == SOCK_STREAM && listen(fd, 64)))) {
        close(fd);
        return -1;
    }

    return fd;
}

/* One port for both: that which UDP gets may be somebody else's over TCP. */
static bool open_pair(struct dns_server *server)
{
    union name name = server->name;
    socklen_t len = server->name_len;

    server->udp = open_socket(server, SOCK_DGRAM, &name);
    if (server->udp < 0 || getsockname(server->udp, &name.any, &len))
        return false;
    server->tcp = open_socket(server, SOCK_STREAM, &name);
    if (server->tcp < 0) {
        close(server->udp);
        return false;
    }
    server->name = name;

    return true;
}

static bool open_sockets(struct dns_server *server)
{
    union name any = server->name;

    any.v4.sin_port = 0; /* at the same place in both families */
    server->other = open_socket(server, SOCK_DGRAM, &any);
    server->stop = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < PORTS_TRIED; i++) {
        if (open_pair(server))
            return server->other >= 0 && server->stop >= 0;
    }

    return false;
}

struct dns_server *dns_server_start(const char *ip, uint16_t port)
{
    struct dns_server *server = calloc(1, sizeof(*server));

    if (!server || !set_name(server, ip, port) || !open_sockets(server)) {
        free(server);
        return NULL;
    }
    pthread_mutex_init(&server->lock, NULL);
    if (pthread_create(&server->thread, NULL, serve, server))
        abort();

    return server;
}

struct dns_server *dns_server_stop(struct dns_server *server)
{
    if (!server)
        return NULL;

    eventfd_write(server->stop, 1);
    pthread_join(server->thread, NULL);
    while (server->n_kept)
        close(server->kept[--server->n_kept]);
    close(server->udp);
    close(server->tcp);
    close(server->other);
    close(server->stop);
    pthread_mutex_destroy(&server->lock);
    dns_script_done(&server->script);
    free(server);

    return NULL;
}

uint16_t dns_server_port(const struct dns_server *server)
{
    return ntohs(server->name.v4.sin_port); /* at the same place in both families */
}

void dns_server_run(struct dns_server *server, const char *line, char *answer, size_t size)
{
    pthread_mutex_lock(&server->lock);
    dns_script_run(&server->script, line, answer, size);
    pthread_mutex_unlock(&server->lock);
}

int dns_server_tell(struct dns_server *server, const char *fmt, ...)
{
    char line[2048];
    char answer[64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    dns_server_run(server, line, answer, sizeof(answer));

    return strcmp(answer, "ok") ? -1 : 0;
}

unsigned dns_server_count(struct dns_server *server, const char *what)
{
    char line[DNS_NAME_SIZE + 64];
    char answer[64];
    unsigned n = 0;

    snprintf(line, sizeof(line), "count %s", what);
    dns_server_run(server, line, answer, sizeof(answer));
    sscanf(answer, "count %u", &n);

    return n;
}
