/** @file stream_room.h  What the parts of a stream share; nobody else looks in here
 *
 *  | phase      | ends with                        | next                |
 *  |------------|----------------------------------|---------------------|
 *  | CONNECTING | connected                        | SECURING, or OPEN   |
 *  | SECURING   | TLS handshake done               | OPEN                |
 *  | OPEN       | the peer's will, an error        | DOOMED              |
 *  | DOOMED     | `closed` told                    | ENDED               |
 *  CONNECTING and SECURING become DOOMED as well, at their deadline too. A doomed stream has no socket any more; it is told
 * of at the end of the event that doomed it, or else by its timer. */
#ifndef THA_ADAPTERS_STREAM_ROOM_H
#define THA_ADAPTERS_STREAM_ROOM_H

#include "adapters/bytes.h"
#include "adapters/frame.h"
#include "adapters/stream.h"
#include "base/heap.h"

#define THA_STREAM_CHUNK 16384U /* bytes received or sent by one system call */

enum tha_stream_phase {
    THA_STREAM_CONNECTING,
    THA_STREAM_SECURING,
    THA_STREAM_OPEN,
    THA_STREAM_DOOMED,
    THA_STREAM_ENDED,
};

struct tha_streams {
    struct tha_loop *loop;
    struct tha_mem mem;
    struct tha_log log;
    struct tha_heap deadlines;
    uint32_t count;
    char received[THA_STREAM_CHUNK]; /**< as it comes from the network */
    char clear[THA_STREAM_CHUNK];    /**< decrypted */
    char sealed[THA_STREAM_CHUNK];   /**< encrypted, on its way out */
};

struct tha_stream {
    struct tha_timer timer;
    struct tha_streams *streams;
    struct tha_stream_handlers handlers;
    struct tha_watch *watch;
    struct tha_tls_session *session; /**< NULL = TCP */
    struct tha_addr addr;
    int fd; /**< -1 = none */
    enum tha_stream_phase phase;
    uint32_t connect_timeout_ms;
    uint64_t sent_ms;       /**< when something was sent last */
    struct tha_bytes in;    /**< in clear: the beginning of a message */
    struct tha_bytes out;   /**< as it goes to the network */
    struct tha_frame frame; /**< of what is in `in` */
    bool is_held;           /**< handlers are running: its memory stays */
    bool is_freed;
    bool awaits_pong;
    bool has_ponged;
    uint32_t end_kind; /**< of a DOOMED one */
    int end_error;
    char end_detail[THA_TLS_DETAIL_SIZE];
};

static inline bool tha_stream_is_up(const struct tha_stream *stream)
{
    return stream->phase <= THA_STREAM_OPEN;
}

/** Ends it, to be told of later; the first reason stays. */
void tha_stream_doom(struct tha_stream *stream, uint32_t kind, int system_error, const char *detail);

/** Connected, and secured. */
void tha_stream_note_open(struct tha_stream *stream);

/* ---- stream_socket.c ---- */

/** Returns 0 or an errno. */
int tha_stream_connect(struct tha_stream *stream, const struct tha_addr *local);

/** Why it could not be connected: an errno, 0 = it is. */
int tha_stream_connect_error(const struct tha_stream *stream);

/** Sends what waits, as far as the socket takes it. */
void tha_stream_flush(struct tha_stream *stream);

/** Sends @p data or lets it wait. Returns 0 or ENOMEM; then nothing has changed, or the stream is doomed. */
int tha_stream_put(struct tha_stream *stream, const char *data, size_t len);

/** Closes the socket, with goodbyes if @p in_order, and lets go of all that an ended stream does not need. */
void tha_stream_hang_up(struct tha_stream *stream, bool in_order);

/* ---- stream_in.c ---- */

/** Begins the handshake. */
void tha_stream_secure(struct tha_stream *stream);

/** Takes what has come. */
void tha_stream_receive(struct tha_stream *stream);

#endif
