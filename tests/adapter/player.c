#include "player.h"

#include <arpa/inet.h>
#include <check.h>
#include <ftw.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 8
#define PATIENCE_S      30

struct connection {
    int fd; /* 0 = none */
    SSL *ssl;
    bool is_secured;
    size_t len;
    char text[PLAYER_MESSAGE_MAX];
};

struct player {
    pthread_t thread;
    pthread_mutex_t mutex; /* whatever follows */
    bool is_ended, is_silent;
    unsigned n_requests, n_connections;
    int fd; /* the UDP socket, or the one that listens */
    int doorbell[2];
    bool is_udp;
    SSL_CTX *context;
    struct connection connections[CONNECTIONS_MAX];
    struct connection *last; /* that a request has come on */
    struct sockaddr_storage peer;
    char request[PLAYER_MESSAGE_MAX];
    player_reply_cb reply;
    void *user_data;
    uint16_t port;
    char uri[96], target[96];
};

/* ---- Certificates ---- */

static char certificates_dir[64];
static pid_t certificates_owner;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;

    return remove(path);
}

static void remove_certificates(void)
{
    if (getpid() == certificates_owner)
        nftw(certificates_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *player_certificate(const char *file)
{
    static char paths[16][128];
    static unsigned next;
    char *path = paths[next++ % 16];
    char command[256];

    if (!certificates_dir[0]) {
        strcpy(certificates_dir, "/tmp/trunkha-player-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(certificates_dir));
        certificates_owner = getpid();
        atexit(remove_certificates);
        snprintf(command, sizeof(command), "%s %s", CERTIFICATES, certificates_dir);
        ck_assert_int_eq(system(command), 0);
    }
    snprintf(path, sizeof(paths[0]), "%s/%s", certificates_dir, file);

    return path;
}

static SSL_CTX *new_context(const struct player_options *options)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *name = options->certificate ? options->certificate : "server";
    char file[64];

    snprintf(file, sizeof(file), "%s.pem", name);
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, player_certificate(file)), 1);
    snprintf(file, sizeof(file), "%s.key", name);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, player_certificate(file), SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"player", 6);
    if (options->max_version && options->max_version < TLS1_2_VERSION) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, options->max_version);
    }
    SSL_CTX_set_max_proto_version(context, options->max_version);
    if (options->wants_client) {
        ck_assert_int_eq(SSL_CTX_load_verify_locations(context, player_certificate("ca.pem"), NULL), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }

    return context;
}

/* ---- What it says ---- */

static const char *find_header(const char *message, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = strchr(message, '\n'); line && line[1] != '\r'; line = strchr(line + 1, '\n')) {
        if (!strncasecmp(line + 1, name, len) && line[1 + len] == ':')
            return line + 1;
    }

    return NULL;
}

const char *player_header(const char *request, const char *name)
{
    static _Thread_local char value[2048];
    const char *line = find_header(request, name);

    value[0] = '\0';
    if (line) {
        line += strlen(name) + 1;
        line += strspn(line, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
    }

    return value;
}

size_t player_answer(const char *request, const char *status_line, const char *more, char *buf, size_t size)
{
    static const char *const repeated[] = {"Via", "From", "To", "Call-ID", "CSeq"};
    size_t len = (size_t)snprintf(buf, size, "SIP/2.0 %s\r\n", status_line);

    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
        len += (size_t)snprintf(buf + len, size - len, "%s: %s%s\r\n", repeated[i], player_header(request, repeated[i]),
                                i == 2 ? ";tag=player" : "");

    return len + (size_t)snprintf(buf + len, size - len, "%s%s\r\n", more,
                                  strstr(more, "Content-Length:") ? "" : "Content-Length: 0\r\n");
}

size_t player_replace(char *message, size_t len, size_t size, const char *old, const char *new)
{
    char *at = memmem(message, len, old, strlen(old));
    size_t old_len = strlen(old), new_len = strlen(new);

    if (!at || len - old_len + new_len > size)
        return len;
    memmove(at + new_len, at + old_len, (size_t)(message + len - at) - old_len);
    memcpy(at, new, new_len);

    return len - old_len + new_len;
}

static size_t reply_ok(const char *request, char *buf, size_t size, void *user_data)
{
    (void)user_data;

    return player_answer(request, "200 OK", "", buf, size);
}

/* ---- Sending and receiving, with the mutex held ---- */

static void send_to(struct player *player, struct connection *connection, const char *data, size_t len)
{
    const struct sockaddr *peer = (struct sockaddr *)&player->peer;
    socklen_t size = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (player->is_udp)
        sendto(player->fd, data, len, 0, peer, size);
    else if (connection && connection->fd && connection->ssl)
        SSL_write(connection->ssl, data, (int)len);
    else if (connection && connection->fd)
        send(connection->fd, data, len, MSG_NOSIGNAL);
}

static void take_message(struct player *player, struct connection *connection, const char *message)
{
    char buf[PLAYER_MESSAGE_MAX];
    size_t len;

    if (!strncmp(message, "SIP/", 4))
        return;
    snprintf(player->request, sizeof(player->request), "%s", message);
    player->n_requests++;
    player->last = connection;
    len = player->reply(message, buf, sizeof(buf), player->user_data);
    if (len)
        send_to(player, connection, buf, len);
}

static void close_connection(struct connection *connection, bool is_reset)
{
    const struct linger now = {is_reset, 0};

    if (!connection->fd)
        return;
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    if (connection->ssl && connection->is_secured && !is_reset)
        SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
    *connection = (struct connection){.fd = 0};
    ERR_clear_error();
}

/** Requests without a body. */
static void cut_messages(struct player *player, struct connection *connection)
{
    char *end;

    connection->text[connection->len] = '\0';
    while (connection->fd && (end = strstr(connection->text, "\r\n\r\n"))) {
        char message[PLAYER_MESSAGE_MAX];
        size_t len = (size_t)(end + 4 - connection->text);

        memcpy(message, connection->text, len);
        message[len] = '\0';
        memmove(connection->text, end + 4, connection->len - len + 1);
        connection->len -= len;
        if (len > 4)
            take_message(player, connection, message);
    }
}

static void read_connection(struct player *player, struct connection *connection)
{
    char *room = connection->text + connection->len;
    size_t size = sizeof(connection->text) - connection->len - 1;
    ssize_t n;

    if (connection->ssl && !connection->is_secured) {
        connection->is_secured = SSL_accept(connection->ssl) == 1;
        if (!connection->is_secured)
            close_connection(connection, false);
        return;
    }
    do {
        n = connection->ssl ? SSL_read(connection->ssl, room, (int)size) : recv(connection->fd, room, size, 0);
        if (n <= 0) {
            close_connection(connection, false);
            return;
        }
        connection->len += (size_t)n;
        cut_messages(player, connection);
    } while (connection->ssl && connection->fd && SSL_pending(connection->ssl));
}

static void accept_one(struct player *player)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = accept4(player->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;

    if (fd < 0)
        return;
    player->n_connections++;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &player->connections[i];

        if (connection->fd)
            continue;
        *connection = (struct connection){.fd = fd};
        if (player->context) {
            connection->ssl = SSL_new(player->context);
            SSL_set_fd(connection->ssl, fd);
        }
        return;
    }
    close(fd);
}

static void read_datagram(struct player *player)
{
    socklen_t size = sizeof(player->peer);
    char buf[PLAYER_MESSAGE_MAX];
    ssize_t n = recvfrom(player->fd, buf, sizeof(buf) - 1, MSG_DONTWAIT, (struct sockaddr *)&player->peer, &size);

    if (n <= 0)
        return;
    buf[n] = '\0';
    take_message(player, NULL, buf);
}

/* ---- Its thread ---- */

static void serve(struct player *player, const struct pollfd *ready, unsigned n)
{
    if (player->is_silent)
        return;
    if (ready[1].revents && player->is_udp)
        read_datagram(player);
    else if (ready[1].revents)
        accept_one(player);
    for (unsigned i = 2; i < n; i++) {
        for (unsigned j = 0; ready[i].revents && j < CONNECTIONS_MAX; j++) {
            if (player->connections[j].fd == ready[i].fd)
                read_connection(player, &player->connections[j]);
        }
    }
}

static unsigned list(const struct player *player, struct pollfd *ready)
{
    unsigned n = 0;

    ready[n++] = (struct pollfd){.fd = player->doorbell[0], .events = POLLIN};
    ready[n++] = (struct pollfd){.fd = player->is_silent ? -1 : player->fd, .events = POLLIN};
    for (unsigned i = 0; i < CONNECTIONS_MAX && !player->is_silent; i++) {
        if (player->connections[i].fd)
            ready[n++] = (struct pollfd){.fd = player->connections[i].fd, .events = POLLIN};
    }

    return n;
}

static void *play(void *arg)
{
    struct player *player = arg;

    pthread_mutex_lock(&player->mutex);
    while (!player->is_ended) {
        struct pollfd ready[CONNECTIONS_MAX + 2];
        unsigned n = list(player, ready);
        char byte;

        pthread_mutex_unlock(&player->mutex);
        poll(ready, n, -1);
        pthread_mutex_lock(&player->mutex);
        if (ready[0].revents && read(player->doorbell[0], &byte, 1) != 1)
            break;
        serve(player, ready, n);
    }
    pthread_mutex_unlock(&player->mutex);

    return NULL;
}

static void ring(struct player *player)
{
    ck_assert_int_eq(write(player->doorbell[1], "", 1), 1);
}

/* ---- Making one ---- */

static void open_socket(struct player *player, const char *ip, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    bool is_v6 = strchr(ip, ':') != NULL;
    struct sockaddr *name = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = is_v6 ? sizeof(v6) : sizeof(v4);
    int on = 1;

    ck_assert_int_eq(inet_pton(name->sa_family, ip, is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr), 1);
    player->fd = socket(name->sa_family, (player->is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(player->fd, 0);
    setsockopt(player->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ck_assert_int_eq(bind(player->fd, name, len), 0);
    ck_assert(player->is_udp || !listen(player->fd, 16));
    ck_assert_int_eq(getsockname(player->fd, name, &len), 0);
    player->port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
}

struct player *player_start(const struct player_options *options)
{
    static const struct player_options defaults;
    const struct player_options *wanted = options ? options : &defaults;
    const char *transport = wanted->transport ? wanted->transport : "udp";
    const char *ip = wanted->ip ? wanted->ip : "127.0.0.1";
    struct player *player = calloc(1, sizeof(*player));
    char host[64];

    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that our side has closed */
    player->is_udp = !strcmp(transport, "udp");
    player->reply = wanted->reply ? wanted->reply : reply_ok;
    player->user_data = wanted->user_data;
    if (!strcmp(transport, "tls"))
        player->context = new_context(wanted);
    open_socket(player, ip, wanted->port);
    snprintf(host, sizeof(host), strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, player->port);
    snprintf(player->uri, sizeof(player->uri), "sip:%s;transport=%s", host, transport);
    snprintf(player->target, sizeof(player->target), "%s:%s", transport, host);
    ck_assert_int_eq(pipe(player->doorbell), 0);
    pthread_mutex_init(&player->mutex, NULL);
    ck_assert_int_eq(pthread_create(&player->thread, NULL, play, player), 0);

    return player;
}

struct player *player_stop(struct player *player)
{
    if (!player)
        return NULL;

    pthread_mutex_lock(&player->mutex);
    player->is_ended = true;
    pthread_mutex_unlock(&player->mutex);
    ring(player);
    pthread_join(player->thread, NULL);
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
        close_connection(&player->connections[i], false);
    close(player->fd);
    close(player->doorbell[0]);
    close(player->doorbell[1]);
    SSL_CTX_free(player->context);
    pthread_mutex_destroy(&player->mutex);
    free(player);

    return NULL;
}

uint16_t player_port(const struct player *player)
{
    return player->port;
}

const char *player_uri(const struct player *player)
{
    return player->uri;
}

const char *player_target(const struct player *player)
{
    return player->target;
}

/* ---- Driving it ---- */

void player_hush(struct player *player, bool is_silent)
{
    pthread_mutex_lock(&player->mutex);
    player->is_silent = is_silent;
    pthread_mutex_unlock(&player->mutex);
    ring(player);
}

void player_hang_up(struct player *player, bool is_reset)
{
    pthread_mutex_lock(&player->mutex);
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
        close_connection(&player->connections[i], is_reset);
    pthread_mutex_unlock(&player->mutex);
    ring(player);
}

void player_say(struct player *player, const char *text)
{
    pthread_mutex_lock(&player->mutex);
    send_to(player, player->last, text, strlen(text));
    pthread_mutex_unlock(&player->mutex);
}

void player_source(struct player *player, char buf[64])
{
    struct sockaddr_storage peer;
    const struct sockaddr_in *v4 = (struct sockaddr_in *)&peer;
    const struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&peer;
    socklen_t len = sizeof(peer);
    bool is_v6;
    char ip[INET6_ADDRSTRLEN] = "";

    pthread_mutex_lock(&player->mutex);
    peer = player->peer;
    if (player->last && player->last->fd)
        getpeername(player->last->fd, (struct sockaddr *)&peer, &len);
    pthread_mutex_unlock(&player->mutex);
    is_v6 = peer.ss_family == AF_INET6;
    inet_ntop(peer.ss_family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, ip, sizeof(ip));
    snprintf(buf, 64, is_v6 ? "[%s]:%u" : "%s:%u", ip, ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
}

unsigned player_requests(struct player *player)
{
    unsigned n;

    pthread_mutex_lock(&player->mutex);
    n = player->n_requests;
    pthread_mutex_unlock(&player->mutex);

    return n;
}

unsigned player_connections(struct player *player)
{
    unsigned n;

    pthread_mutex_lock(&player->mutex);
    n = player->n_connections;
    pthread_mutex_unlock(&player->mutex);

    return n;
}

void player_await(struct player *player, unsigned nth, char buf[PLAYER_MESSAGE_MAX])
{
    const struct timespec nap = {0, 5000000};

    for (unsigned i = 0; player_requests(player) < nth; i++) {
        ck_assert_msg(i < PATIENCE_S * 200, "request %u has not come", nth);
        nanosleep(&nap, NULL);
    }
    pthread_mutex_lock(&player->mutex);
    memcpy(buf, player->request, sizeof(player->request));
    pthread_mutex_unlock(&player->mutex);
}
