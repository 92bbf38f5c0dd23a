/** @file test_tcp_peer.h  A peer over TCP or TLS on loopback, one connection at a time; include test_prober.h and, for TLS,
 *  test_tls.h before it */
#ifndef TEST_TCP_PEER_H
#define TEST_TCP_PEER_H

#include <openssl/ssl.h>
#include <signal.h>

struct tcp_peer {
    int listener;
    int fd;          /**< of the connection; -1 = none */
    SSL_CTX *server; /**< NULL = TCP */
    SSL *ssl;
    struct tha_addr addr;
    struct sockaddr_in from;
    char request[8192]; /**< the last message received */
};

static inline void tcp_peer_limit(int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/** @p server: NULL = TCP; taken. */
static inline struct tcp_peer tcp_peer_open(SSL_CTX *server)
{
    struct tcp_peer peer = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .fd = -1, .server = server};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);

    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that our side has closed */
    ck_assert_int_eq(bind(peer.listener, (struct sockaddr *)&name, len), 0);
    ck_assert_int_eq(getsockname(peer.listener, (struct sockaddr *)&name, &len), 0);
    ck_assert_int_eq(listen(peer.listener, 8), 0);
    tcp_peer_limit(peer.listener);
    peer.addr = addr_of("127.0.0.1", ntohs(name.sin_port));
    peer.addr.transport = server ? THA_TRANSPORT_TLS : THA_TRANSPORT_TCP;

    return peer;
}

static inline void tcp_peer_hang_up(struct tcp_peer *peer)
{
    if (peer->ssl) {
        SSL_shutdown(peer->ssl);
        SSL_free(peer->ssl);
        peer->ssl = NULL;
    }
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

/** Takes the next connection, without a handshake; one that was there is closed. */
static inline void tcp_peer_take(struct tcp_peer *peer)
{
    socklen_t len = sizeof(peer->from);

    tcp_peer_hang_up(peer);
    peer->fd = accept4(peer->listener, (struct sockaddr *)&peer->from, &len, SOCK_CLOEXEC);
    ck_assert_msg(peer->fd >= 0, "nobody has connected");
    tcp_peer_limit(peer->fd);
}

/** Takes the next connection; false = the handshake has failed. */
static inline bool tcp_peer_accept(struct tcp_peer *peer)
{
    tcp_peer_take(peer);
    if (!peer->server)
        return true;
    peer->ssl = SSL_new(peer->server);
    SSL_set_fd(peer->ssl, peer->fd);

    return SSL_accept(peer->ssl) == 1;
}

static inline bool tcp_peer_has_connection(const struct tcp_peer *peer)
{
    struct pollfd ready = {.fd = peer->listener, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static inline ssize_t tcp_peer_read(struct tcp_peer *peer, char *buf, size_t size)
{
    return peer->ssl ? SSL_read(peer->ssl, buf, (int)size) : recv(peer->fd, buf, size, 0);
}

/** Receives one request without a body. */
static inline void tcp_peer_receive(struct tcp_peer *peer)
{
    size_t len = 0;

    while (len < 4 || memcmp(peer->request + len - 4, "\r\n\r\n", 4)) {
        ck_assert_uint_lt(len, sizeof(peer->request) - 1);
        ck_assert_msg(tcp_peer_read(peer, peer->request + len, 1) == 1, "nothing was received");
        len++;
    }
    peer->request[len] = '\0';
}

/** Has our side closed the connection? Waits for it. */
static inline bool tcp_peer_is_hung_up(struct tcp_peer *peer)
{
    char byte;

    return tcp_peer_read(peer, &byte, 1) <= 0;
}

/** False = our side has hung up. */
static inline bool tcp_peer_try_to_send(struct tcp_peer *peer, const char *data, size_t len)
{
    ssize_t n = peer->ssl ? SSL_write(peer->ssl, data, (int)len) : send(peer->fd, data, len, MSG_NOSIGNAL);

    return n == (ssize_t)len;
}

static inline void tcp_peer_send(struct tcp_peer *peer, const char *data, size_t len)
{
    ck_assert_msg(tcp_peer_try_to_send(peer, data, len), "our side has hung up");
}

/** Answers the last request; false = our side has hung up. */
static inline bool tcp_peer_try_to_answer(struct tcp_peer *peer, const char *status_line)
{
    char packet[8192 + 256];
    int len = snprintf(packet, sizeof(packet), "%s\r\n%s", status_line, strchr(peer->request, '\n') + 1);

    return tcp_peer_try_to_send(peer, packet, (size_t)len);
}

static inline void tcp_peer_answer(struct tcp_peer *peer, const char *status_line)
{
    ck_assert_msg(tcp_peer_try_to_answer(peer, status_line), "our side has hung up");
}

static inline void tcp_peer_close(struct tcp_peer *peer)
{
    tcp_peer_hang_up(peer);
    close(peer->listener);
    SSL_CTX_free(peer->server);
}

#endif
