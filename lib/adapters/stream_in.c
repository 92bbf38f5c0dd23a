#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/printable.h"
#include "adapters/stream_room.h"

#define READS_MAX     16 /* before other connections have their turn */
#define READS_MAX_TLS 1  /* the same: each may bring 700 new keys or tickets, which take their time */
#define MESSAGES_MAX  64 /* for the same end: after the read that brings this many */
#define QUOTE_SIZE    48

static void doom_as_nonsense(struct tha_stream *stream, const char *data, size_t len)
{
    char quote[QUOTE_SIZE], detail[THA_TLS_DETAIL_SIZE];
    const char *feed = memchr(data, '\n', len);

    if (stream->frame.seen || stream->frame.header_len) {
        tha_stream_doom(stream, THA_STREAM_NONSENSE, 0, "a message too long, or without a good Content-Length");
        return;
    }
    tha_printable_copy(quote, sizeof(quote), data, feed ? (size_t)(feed - data) : len);
    tha_text_print(detail, sizeof(detail), "peer does not speak SIP: \"%s\"", quote);
    tha_stream_doom(stream, THA_STREAM_NONSENSE, 0, detail);
}

/** Requests end their first line with it, responses begin theirs. */
static bool is_sip(const char *message, size_t len)
{
    const char *feed = memchr(message, '\n', len);

    return memmem(message, (size_t)(feed - message), "SIP/", 4);
}

static void tell(struct tha_stream *stream, const char *message, size_t len)
{
    stream->frame = (struct tha_frame){.seen = 0};
    if (is_sip(message, len))
        stream->handlers.message(stream, message, len, stream->handlers.user_data);
    else
        doom_as_nonsense(stream, message, len);
}

/** A line end of its own may be the first half of a ping, unless we wait for it. */
static bool is_half_a_ping(const struct tha_stream *stream, size_t len)
{
    return len == 2 && !stream->awaits_pong;
}

/** Tells all whole messages; returns how many bytes are dealt with. */
static size_t cut(struct tha_stream *stream, const char *data, size_t len, unsigned *n_messages)
{
    static const char pong[] = "\r\n";
    size_t used = 0, n = 0;
    bool is_pinged = false, is_cut = false;

    while (!is_cut && stream->phase == THA_STREAM_OPEN && used < len) {
        switch (tha_frame_look(&stream->frame, data + used, len - used, THA_STREAM_MESSAGE_MAX, &n)) {
        case THA_FRAME_MESSAGE:
            ++*n_messages;
            tell(stream, data + used, n);
            break;
        case THA_FRAME_PING:
            is_pinged = true;
            break;
        case THA_FRAME_PONG:
            is_cut = is_half_a_ping(stream, len - used);
            stream->has_ponged = stream->has_ponged || stream->awaits_pong;
            break;
        case THA_FRAME_MORE:
            is_cut = true;
            break;
        case THA_FRAME_MALFORMED:
            is_cut = true;
            doom_as_nonsense(stream, data + used, len - used);
            break;
        }
        used += is_cut ? 0 : n;
    }
    if (is_pinged && stream->phase == THA_STREAM_OPEN) /* one for all of them */
        tha_stream_send(stream, pong, sizeof(pong) - 1);

    return used;
}

/** Takes what the peer says, in clear. What it said before is held here meanwhile: handlers may free the stream. */
static void take(struct tha_stream *stream, const char *data, size_t len, unsigned *n_messages)
{
    const struct tha_mem mem = stream->streams->mem;
    struct tha_bytes held = stream->in;
    size_t used;
    int err = 0;

    stream->in = (struct tha_bytes){.data = NULL};
    if (tha_bytes_len(&held))
        err = tha_bytes_put(&held, &mem, data, len);
    if (!err && tha_bytes_len(&held)) {
        used = cut(stream, held.data + held.from, tha_bytes_len(&held), n_messages);
        tha_bytes_skip(&held, &mem, used);
    } else if (!err) {
        used = cut(stream, data, len, n_messages);
        err = tha_bytes_put(&held, &mem, data + used, len - used);
    }

    stream->awaits_pong = false; /* whoever sends anything is there */
    if (stream->phase == THA_STREAM_OPEN && !err) {
        stream->in = held;
        return;
    }
    tha_bytes_done(&held, &mem);
    if (err)
        tha_stream_doom(stream, THA_STREAM_BROKEN, ENOMEM, strerror(ENOMEM));
}

/** Deals with the state that the session is in. */
static void follow(struct tha_stream *stream, enum tha_tls_step step)
{
    if (!tha_stream_is_up(stream))
        return;
    if (step == THA_TLS_FAILED)
        tha_stream_doom(stream, THA_STREAM_TLS, 0, tha_tls_session_detail(stream->session));
    else if (step == THA_TLS_CLOSED)
        tha_stream_doom(stream, THA_STREAM_CLOSED, 0, "closed by the peer");
    else
        tha_stream_flush(stream);
    if (step == THA_TLS_OPEN && stream->phase == THA_STREAM_SECURING)
        tha_stream_note_open(stream);
}

void tha_stream_secure(struct tha_stream *stream)
{
    follow(stream, tha_tls_session_feed(stream->session, NULL, 0));
}

static void take_sealed(struct tha_stream *stream, size_t received, unsigned *n_messages)
{
    struct tha_streams *streams = stream->streams;
    size_t len = 1;

    follow(stream, tha_tls_session_feed(stream->session, streams->received, received));
    while (len && stream->phase == THA_STREAM_OPEN) {
        len = tha_tls_session_read(stream->session, streams->clear, sizeof(streams->clear));
        if (len)
            take(stream, streams->clear, len, n_messages);
    }
    if (stream->phase == THA_STREAM_OPEN)
        follow(stream, tha_tls_session_feed(stream->session, NULL, 0));
}

static void note_end(struct tha_stream *stream)
{
    if (stream->phase == THA_STREAM_SECURING)
        tha_stream_doom(stream, THA_STREAM_TLS, 0, "closed by the peer during the TLS handshake");
    else
        tha_stream_doom(stream, THA_STREAM_CLOSED, 0,
                        tha_bytes_len(&stream->in) ? "closed by the peer in the middle of a message" : "closed by the peer");
}

void tha_stream_receive(struct tha_stream *stream)
{
    struct tha_streams *streams = stream->streams;
    unsigned n_messages = 0, reads_max = stream->session ? READS_MAX_TLS : READS_MAX;
    ssize_t n = THA_STREAM_CHUNK;

    for (unsigned i = 0; i < reads_max && n == THA_STREAM_CHUNK && n_messages < MESSAGES_MAX; i++) {
        n = recv(stream->fd, streams->received, THA_STREAM_CHUNK, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            tha_stream_doom(stream, THA_STREAM_BROKEN, errno, strerror(errno));
        if (n == 0)
            note_end(stream);
        if (n > 0 && stream->session)
            take_sealed(stream, (size_t)n, &n_messages);
        else if (n > 0)
            take(stream, streams->received, (size_t)n, &n_messages);
        if (!tha_stream_is_up(stream))
            return;
    }
}
