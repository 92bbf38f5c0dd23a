/* Connections: accepted from whoever comes, to any address of the port; which one it was tells the target. */
#include "streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "carrier.h"

#define BACKLOG 4096

static int watch(const struct streams *streams, int fd, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    return epoll_ctl(streams->epoll, EPOLL_CTL_ADD, fd, &event);
}

int streams_listen(struct streams *streams)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(streams->port)};
    socklen_t len = sizeof(name);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&name, len) || listen(fd, BACKLOG) || getsockname(fd, (struct sockaddr *)&name, &len) ||
        watch(streams, fd, NULL)) {
        close(fd);
        return -1;
    }
    streams->port = ntohs(name.sin_port);
    streams->listener = fd;

    return 0;
}

void streams_refuse(struct streams *streams)
{
    if (streams->listener >= 0)
        close(streams->listener);
    streams->listener = -1;
}

int64_t streams_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint32_t target_of(int fd)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof(name);

    getsockname(fd, (struct sockaddr *)&name, &len);

    return ntohl(name.sin_addr.s_addr) - target_address(0);
}

static SSL *secure(const struct streams *streams, int fd)
{
    SSL *ssl = SSL_new(streams->context);

    if (ssl && SSL_set_fd(ssl, fd) == 1)
        SSL_set_accept_state(ssl);

    return ssl;
}

static void take_in(struct streams *streams, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    int on = 1;

    if (!connection || watch(streams, fd, connection)) {
        free(connection);
        close(fd);
        return;
    }

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connection->fd = fd;
    connection->target = target_of(fd);
    connection->ssl = streams->context ? secure(streams, fd) : NULL;
    connection->next = streams->connections;
    connection->link = &streams->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    streams->connections = connection;
    streams->n_connections++;
    streams->accepted++;
}

void streams_accept(struct streams *streams)
{
    int fd;

    while (streams->listener >= 0 && (fd = accept4(streams->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        stamps_add(&streams->stamps, streams_now_ns());
        take_in(streams, fd);
    }
}

void streams_end(struct streams *streams, struct connection *connection, bool is_reset)
{
    struct linger at_once = {.l_onoff = 1};

    if (is_reset)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    else if (connection->ssl && SSL_is_init_finished(connection->ssl))
        SSL_shutdown(connection->ssl);
    close(connection->fd);
    SSL_free(connection->ssl);

    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    streams->n_connections--;
    free(connection);
}

/* ---- Requests ---- */

/* Returns what read() does, with -1 and EAGAIN also for a handshake that is not done yet. */
static ssize_t receive(struct connection *connection)
{
    char *room = connection->request + connection->len;
    size_t size = sizeof(connection->request) - connection->len;
    int n;

    if (!connection->ssl)
        return recv(connection->fd, room, size, 0);

    n = SSL_read(connection->ssl, room, (int)size);
    if (n > 0)
        return n;
    errno = EAGAIN;

    return SSL_get_error(connection->ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

/* What a socket of loopback does not take is lost: answers are short. */
static void reply(const struct connection *connection, const char *data, size_t len)
{
    ssize_t n = connection->ssl ? SSL_write(connection->ssl, data, (int)len)
                                : send(connection->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)n;
}

/* RFC 5626 section 4.4.1: CRLF CRLF is answered with CRLF. Returns how many bytes are dealt with. */
static size_t answer_ping(const struct connection *connection)
{
    if (connection->len < 4 || memcmp(connection->request, "\r\n\r\n", 4))
        return 0;

    reply(connection, "\r\n", 2);

    return 4;
}

/* Requests without a body. Returns how many bytes are dealt with. */
static size_t answer_request(struct streams *streams, const struct connection *connection)
{
    const char *end = memmem(connection->request, connection->len, "\r\n\r\n", 4);
    char buf[STREAMS_REQUEST_MAX];
    size_t len = end ? (size_t)(end - connection->request) + 4 : 0;

    if (end && answer_is_wanted(connection->request, len)) {
        reply(connection, buf, answer_write(connection->request, len, 200, 0, buf, sizeof(buf)));
        streams->answered++;
    }

    return len;
}

static void answer_all(struct streams *streams, struct connection *connection)
{
    size_t used = 1;

    while (used) {
        used = answer_ping(connection);
        if (!used)
            used = answer_request(streams, connection);
        connection->len -= used;
        memmove(connection->request, connection->request + used, connection->len);
    }
}

void streams_serve(struct streams *streams, struct connection *connection)
{
    ssize_t n;

    while ((n = receive(connection)) > 0) {
        connection->len += (size_t)n;
        answer_all(streams, connection);
        if (connection->len == sizeof(connection->request))
            break;
    }
    if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        streams_end(streams, connection, false);
}
