#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sock_name.h"
#include "adapters/stream_room.h"

/** Binding without a port lets many connections to different peers share one. */
static int bind_local(int fd, const struct tha_addr *local)
{
    union tha_sock_name name;
    socklen_t len = tha_sock_name_set(&name, local);
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return errno;
    if (!local->port && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)))
        return errno;

    return bind(fd, &name.any, len) ? errno : 0;
}

int tha_stream_connect(struct tha_stream *stream, const struct tha_addr *local)
{
    union tha_sock_name name;
    socklen_t len = tha_sock_name_set(&name, &stream->addr);
    int err, on = 1;

    stream->fd = socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (stream->fd < 0)
        return errno;
    if (setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
        return errno;
    err = local->family ? bind_local(stream->fd, local) : 0;
    if (err)
        return err;

    return connect(stream->fd, &name.any, len) && errno != EINPROGRESS ? errno : 0;
}

/** On our own machine a connection meets itself when the system gives it the very port that nobody listens on. */
int tha_stream_connect_error(const struct tha_stream *stream)
{
    struct tha_addr local;
    int err = 0;
    socklen_t len = sizeof(err);

    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &err, &len))
        return errno;
    tha_stream_get_local(stream, &local);

    return !err && tha_addr_is_equal(&local, &stream->addr) ? ECONNREFUSED : err;
}

/** Returns how many bytes the socket took; an error of the connection dooms the stream. */
static size_t send_some(struct tha_stream *stream, const char *data, size_t len)
{
    ssize_t n = send(stream->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        tha_stream_doom(stream, THA_STREAM_BROKEN, errno, strerror(errno));

    return n > 0 ? (size_t)n : 0;
}

int tha_stream_put(struct tha_stream *stream, const char *data, size_t len)
{
    size_t sent = tha_bytes_len(&stream->out) ? 0 : send_some(stream, data, len);

    if (!tha_stream_is_up(stream) || !tha_bytes_put(&stream->out, &stream->streams->mem, data + sent, len - sent))
        return 0;
    if (sent || stream->session) /* the peer has got half of it, or could not decrypt what comes after it */
        tha_stream_doom(stream, THA_STREAM_BROKEN, ENOMEM, strerror(ENOMEM));

    return ENOMEM;
}

static void send_waiting(struct tha_stream *stream)
{
    size_t sent = 1;

    while (sent && tha_stream_is_up(stream) && tha_bytes_len(&stream->out)) {
        sent = send_some(stream, stream->out.data + stream->out.from, tha_bytes_len(&stream->out));
        if (tha_stream_is_up(stream))
            tha_bytes_skip(&stream->out, &stream->streams->mem, sent);
    }
}

/** What cannot be sent yet stays in the session. */
static void pull(struct tha_stream *stream)
{
    struct tha_streams *streams = stream->streams;
    size_t len = 1;

    while (len && tha_stream_is_up(stream) && !tha_bytes_len(&stream->out)) {
        len = tha_tls_session_pull(stream->session, streams->sealed, sizeof(streams->sealed));
        if (len)
            tha_stream_put(stream, streams->sealed, len);
    }
}

/** Of a TLS session more waits than we have ever sent: what it says by itself, to questions of a peer that reads nothing. */
static bool is_stuck(const struct tha_stream *stream)
{
    return stream->session && tha_tls_session_waiting(stream->session) > 2 * THA_STREAM_QUEUE_MAX;
}

void tha_stream_flush(struct tha_stream *stream)
{
    send_waiting(stream);
    if (stream->session && tha_stream_is_up(stream))
        pull(stream);
    if (tha_stream_is_up(stream) && is_stuck(stream))
        tha_stream_doom(stream, THA_STREAM_BROKEN, ENOBUFS, "the peer reads nothing");
    if (!tha_stream_is_up(stream))
        return;
    if (tha_watch_set(stream->watch, tha_bytes_len(&stream->out) ? THA_LOOP_READ | THA_LOOP_WRITE : THA_LOOP_READ))
        tha_stream_doom(stream, THA_STREAM_BROKEN, ENOMEM, strerror(ENOMEM));
}

/** An alert or a goodbye, if nothing is in its way; nobody asks whether it arrives. */
static void send_last_words(struct tha_stream *stream)
{
    char *buf = stream->streams->sealed;
    size_t len = 1;

    while (len && !tha_bytes_len(&stream->out)) {
        len = tha_tls_session_pull(stream->session, buf, THA_STREAM_CHUNK);
        if (len && send(stream->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
            return;
    }
}

/** Bytes that were never read would make the system send a reset, which may overtake our last ones. */
static void discard_received(int fd)
{
    recv(fd, NULL, THA_STREAM_QUEUE_MAX, MSG_TRUNC | MSG_DONTWAIT);
}

void tha_stream_hang_up(struct tha_stream *stream, bool in_order)
{
    const struct tha_mem *mem = &stream->streams->mem;

    if (in_order && stream->session) {
        if (stream->phase == THA_STREAM_OPEN)
            tha_tls_session_end(stream->session);
        send_last_words(stream);
    }
    stream->watch = tha_watch_free(stream->watch);
    if (stream->fd >= 0) {
        if (in_order && !shutdown(stream->fd, SHUT_WR))
            discard_received(stream->fd);
        close(stream->fd);
    }
    stream->fd = -1;
    stream->session = tha_tls_session_free(stream->session);
    tha_bytes_done(&stream->in, mem);
    tha_bytes_done(&stream->out, mem);
}
