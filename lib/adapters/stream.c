#include "adapters/stream.h"

#include <errno.h>
#include <string.h>

#include "adapters/sock_name.h"
#include "adapters/stream_room.h"

#define PING_AFTER_MS 25000U /* below the 30 s after which a NAT may forget an idle connection of ours */
#define PONG_IN_MS    10000U /* RFC 5626 section 4.4.1 */

int tha_streams_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                    struct tha_streams **ret_streams)
{
    struct tha_streams *streams = tha_mem_zalloc(mem, 1, sizeof(*streams));

    if (!streams)
        return TRUNKHA_ERR_NOMEM;

    streams->loop = loop;
    streams->mem = *mem;
    streams->log = *log;
    tha_heap_init(&streams->deadlines, mem);
    *ret_streams = streams;

    return 0;
}

struct tha_streams *tha_streams_free(struct tha_streams *streams)
{
    struct tha_mem mem;

    if (!streams)
        return NULL;

    mem = streams->mem;
    tha_heap_done(&streams->deadlines);

    return tha_mem_free(&mem, streams);
}

uint64_t tha_streams_next_expiry(const struct tha_streams *streams)
{
    return tha_heap_next(&streams->deadlines);
}

/* ---- Its life ---- */

static void release(struct tha_stream *stream)
{
    struct tha_streams *streams = stream->streams;

    tha_heap_remove(&streams->deadlines, &stream->timer);
    streams->count--;
    tha_mem_free(&streams->mem, stream);
}

void tha_stream_doom(struct tha_stream *stream, uint32_t kind, int system_error, const char *detail)
{
    bool in_order = kind == THA_STREAM_CLOSED || kind == THA_STREAM_TLS || kind == THA_STREAM_NONSENSE;

    if (!tha_stream_is_up(stream))
        return;

    stream->end_kind = kind;
    stream->end_error = system_error;
    tha_text_copy(stream->end_detail, sizeof(stream->end_detail), detail);
    tha_stream_hang_up(stream, in_order);
    stream->phase = THA_STREAM_DOOMED;
    tha_heap_set(&stream->streams->deadlines, &stream->timer, 0);
}

static void tell_end(struct tha_stream *stream)
{
    const struct tha_stream_end end = {stream->end_kind, stream->end_error, stream->end_detail};
    char addr[THA_ADDR_TEXT_SIZE];

    stream->phase = THA_STREAM_ENDED;
    tha_heap_remove(&stream->streams->deadlines, &stream->timer);
    tha_log_print(&stream->streams->log, TRUNKHA_LOG_DEBUG, "%s: %s", tha_addr_text(&stream->addr, addr, sizeof(addr)),
                  end.detail);
    stream->handlers.closed(stream, &end, stream->handlers.user_data);
}

static void hold(struct tha_stream *stream)
{
    stream->is_held = true;
}

/** What happened in an event is dealt with: its end is told, its memory released. */
static void let_go(struct tha_stream *stream)
{
    if (stream->phase == THA_STREAM_DOOMED)
        tell_end(stream);
    stream->is_held = false;
    if (stream->is_freed)
        release(stream);
}

void tha_stream_note_open(struct tha_stream *stream)
{
    stream->phase = THA_STREAM_OPEN;
    stream->sent_ms = tha_clock_ms();
    tha_heap_set(&stream->streams->deadlines, &stream->timer, stream->sent_ms + PING_AFTER_MS);
    stream->handlers.opened(stream, stream->handlers.user_data);
}

static void finish_connection(struct tha_stream *stream)
{
    int err = tha_stream_connect_error(stream);

    if (!err && tha_watch_set(stream->watch, THA_LOOP_READ))
        err = ENOMEM;
    if (err) {
        tha_stream_doom(stream, err == ETIMEDOUT ? THA_STREAM_TIMED_OUT : THA_STREAM_BROKEN, err, strerror(err));
    } else if (stream->session) {
        stream->phase = THA_STREAM_SECURING;
        tha_stream_secure(stream);
    } else {
        tha_stream_note_open(stream);
    }
}

static void handle_ready(unsigned what, void *user_data)
{
    struct tha_stream *stream = user_data;

    hold(stream);
    if (stream->phase == THA_STREAM_CONNECTING) {
        finish_connection(stream);
    } else {
        if (what & THA_LOOP_READ) /* first: it may hold the reason why nothing can be sent any more */
            tha_stream_receive(stream);
        if (what & THA_LOOP_WRITE && tha_stream_is_up(stream))
            tha_stream_flush(stream);
    }
    let_go(stream);
}

/** What fails here is told later. */
static void begin(struct tha_stream *stream, const struct tha_stream_options *options)
{
    struct tha_streams *streams = stream->streams;
    int err = tha_stream_connect(stream, &options->local);

    if (!err && tha_watch_new(streams->loop, stream->fd, THA_LOOP_WRITE, handle_ready, stream, &stream->watch))
        err = ENOMEM;
    if (err)
        tha_stream_doom(stream, THA_STREAM_BROKEN, err, strerror(err));
    else
        tha_heap_set(&streams->deadlines, &stream->timer, tha_clock_ms() + options->connect_timeout_ms);
}

static int reserve_deadline(struct tha_streams *streams)
{
    uint32_t room = streams->deadlines.capacity;

    return streams->count < room ? 0 : tha_heap_reserve(&streams->deadlines, room ? room * 2 : 16);
}

int tha_stream_open(struct tha_streams *streams, const struct tha_stream_options *options,
                    const struct tha_stream_handlers *handlers, struct tha_stream **ret_stream)
{
    struct tha_stream *stream;
    int err = reserve_deadline(streams);

    if (err)
        return err;
    stream = tha_mem_zalloc(&streams->mem, 1, sizeof(*stream));
    if (!stream)
        return TRUNKHA_ERR_NOMEM;

    stream->streams = streams;
    stream->handlers = *handlers;
    stream->addr = options->addr;
    stream->connect_timeout_ms = options->connect_timeout_ms;
    stream->fd = -1;
    if (options->addr.transport == THA_TRANSPORT_TLS)
        err = tha_tls_session_new(options->context, options->server_name, &options->addr, &stream->session);
    if (err) {
        tha_mem_free(&streams->mem, stream);
        return err;
    }

    streams->count++;
    begin(stream, options);
    *ret_stream = stream;

    return 0;
}

struct tha_stream *tha_stream_free(struct tha_stream *stream)
{
    if (!stream)
        return NULL;

    if (tha_stream_is_up(stream))
        tha_stream_hang_up(stream, true);
    stream->phase = THA_STREAM_ENDED;
    stream->is_freed = true;
    if (!stream->is_held)
        release(stream);

    return NULL;
}

/* ---- What it does while it is open ---- */

bool tha_stream_is_open(const struct tha_stream *stream)
{
    return stream->phase == THA_STREAM_OPEN;
}

static size_t waiting(const struct tha_stream *stream)
{
    return tha_bytes_len(&stream->out) + (stream->session ? tha_tls_session_waiting(stream->session) : 0);
}

static int seal(struct tha_stream *stream, const void *data, size_t len)
{
    switch (tha_tls_session_write(stream->session, data, len)) {
    case 0:
        return 0;
    case TRUNKHA_ERR_NOMEM:
        return ENOMEM;
    default:
        tha_stream_doom(stream, THA_STREAM_TLS, 0, tha_tls_session_detail(stream->session));
        return 0;
    }
}

int tha_stream_send(struct tha_stream *stream, const void *data, size_t len)
{
    int err;

    if (!tha_stream_is_open(stream))
        return ENOTCONN;
    if (len > THA_STREAM_QUEUE_MAX || waiting(stream) > THA_STREAM_QUEUE_MAX - len)
        return ENOBUFS;

    err = stream->session ? seal(stream, data, len) : tha_stream_put(stream, data, len);
    if (err)
        return err;
    stream->sent_ms = tha_clock_ms();
    if (tha_stream_is_open(stream))
        tha_stream_flush(stream);

    return 0;
}

void tha_stream_look(struct tha_stream *stream)
{
    hold(stream);
    if (stream->phase == THA_STREAM_OPEN)
        tha_stream_receive(stream);
    let_go(stream);
}

void tha_stream_get_local(const struct tha_stream *stream, struct tha_addr *ret_local)
{
    union tha_sock_name name;
    socklen_t len = sizeof(name);

    *ret_local = (struct tha_addr){.family = 0};
    if (!getsockname(stream->fd, &name.any, &len))
        tha_sock_name_get(&name, ret_local);
    ret_local->transport = stream->addr.transport;
}

bool tha_stream_get_tls_facts(const struct tha_stream *stream, struct tha_tls_facts *ret_facts)
{
    if (!stream->session)
        return false;
    tha_tls_session_get_facts(stream->session, ret_facts);

    return true;
}

/* ---- Deadlines ---- */

static void time_out(struct tha_stream *stream)
{
    bool is_connected = stream->phase == THA_STREAM_SECURING; /* somebody is there, but does not speak TLS */
    char detail[THA_TLS_DETAIL_SIZE];

    tha_text_print(detail, sizeof(detail), "no %s in %.1f s", is_connected ? "TLS handshake" : "connection",
                   stream->connect_timeout_ms / 1000.0);
    tha_stream_doom(stream, is_connected ? THA_STREAM_TLS : THA_STREAM_TIMED_OUT, ETIMEDOUT, detail);
}

static void keep_alive(struct tha_stream *stream, uint64_t now_ms)
{
    static const char ping[] = "\r\n\r\n";
    struct tha_heap *deadlines = &stream->streams->deadlines;

    if (stream->awaits_pong && stream->has_ponged)
        tha_stream_receive(stream); /* it may be there: the machine may have stood still */
    if (stream->phase != THA_STREAM_OPEN)
        return;
    if (stream->awaits_pong && stream->has_ponged) {
        tha_stream_doom(stream, THA_STREAM_BROKEN, ETIMEDOUT, "no answer to a keep-alive");
        return;
    }

    stream->awaits_pong = false;
    if (now_ms < stream->sent_ms + PING_AFTER_MS) {
        tha_heap_set(deadlines, &stream->timer, stream->sent_ms + PING_AFTER_MS);
        return;
    }
    stream->awaits_pong = !tha_stream_send(stream, ping, sizeof(ping) - 1);
    stream->sent_ms = now_ms;
    if (tha_stream_is_open(stream))
        tha_heap_set(deadlines, &stream->timer, now_ms + PONG_IN_MS);
}

static void expire(struct tha_stream *stream, uint64_t now_ms)
{
    hold(stream);
    if (stream->phase < THA_STREAM_OPEN)
        time_out(stream);
    else if (stream->phase == THA_STREAM_OPEN)
        keep_alive(stream, now_ms);
    let_go(stream);
}

/** Those that a handler opens, and that fail at once, are for the next time. */
void tha_streams_handle_expiry(struct tha_streams *streams, uint64_t now_ms)
{
    for (uint32_t n = streams->deadlines.count; n && tha_heap_next(&streams->deadlines) <= now_ms; n--)
        expire((struct tha_stream *)tha_heap_first(&streams->deadlines), now_ms);
}
