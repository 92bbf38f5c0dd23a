/** @file stream.h  A TCP or TLS connection that we make to a peer: whole SIP messages out and in
 *
 *  TCP_NODELAY is set; a message is framed by its Content-Length (RFC 3261 section 18.3) whatever pieces it comes in, up to
 *  THA_STREAM_MESSAGE_MAX bytes. CRLF CRLF of the peer is answered with CRLF (RFC 5626 section 4.4.1), and sent when nothing
 *  else was for 25 s; a peer that once answered one and then leaves one unanswered for 10 s is gone. All calls on the
 *  loop's thread. */
#ifndef THA_ADAPTERS_STREAM_H
#define THA_ADAPTERS_STREAM_H

#include "adapters/loop.h"
#include "adapters/tls.h"

#define THA_STREAM_MESSAGE_MAX 65536U  /* bytes of a message, headers and body; more ends the connection */
#define THA_STREAM_QUEUE_MAX   262144U /* bytes that wait to be sent */

struct tha_streams; /**< what all connections of a loop share: deadlines, buffers */
struct tha_stream;

enum tha_stream_end_kind {
    THA_STREAM_CLOSED,    /**< by the peer, in order */
    THA_STREAM_BROKEN,    /**< refused, reset, unreachable, no pong, or no socket or memory of our own: `system_error` */
    THA_STREAM_TIMED_OUT, /**< no connection in time */
    THA_STREAM_TLS,       /**< handshake or certificate: `detail` */
    THA_STREAM_NONSENSE,  /**< the peer does not speak SIP, or too long messages */
};

struct tha_stream_end {
    uint32_t kind;
    int system_error;   /**< errno; 0 = none */
    const char *detail; /**< for people; never NULL, no control characters; borrowed for the call */
};

struct tha_stream_handlers {
    /** Connected, and secured. */
    void (*opened)(struct tha_stream *stream, void *user_data);
    /** A whole message; borrowed for the call. May close or free the stream. */
    void (*message)(struct tha_stream *stream, const char *message, size_t len, void *user_data);
    /** It has ended, told once; may free the stream. */
    void (*closed)(struct tha_stream *stream, const struct tha_stream_end *end, void *user_data);
    void *user_data;
};

struct tha_stream_options {
    struct tha_addr addr;            /**< TCP or TLS */
    struct tha_addr local;           /**< family 0 = any; a port of ours is shared by SO_REUSEADDR */
    struct tha_tls_context *context; /**< TLS only; referenced */
    const char *server_name;         /**< TLS only; copied */
    uint32_t connect_timeout_ms;     /**< connection and handshake together */
};

int tha_streams_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                    struct tha_streams **ret_streams);
/** All streams must have been freed. NULL is fine; returns NULL. */
struct tha_streams *tha_streams_free(struct tha_streams *streams);

/** To be asked again after tha_stream_open() and tha_stream_send(): it may be earlier then; THA_NEVER = none. */
uint64_t tha_streams_next_expiry(const struct tha_streams *streams);
void tha_streams_handle_expiry(struct tha_streams *streams, uint64_t now_ms);

/** Begins to connect. Never calls a handler from within: what goes wrong at once is told by `closed` from the loop, or from
 *  tha_streams_handle_expiry(). Returns 0 or NOMEM. */
int tha_stream_open(struct tha_streams *streams, const struct tha_stream_options *options,
                    const struct tha_stream_handlers *handlers, struct tha_stream **ret_stream);

/** Closes it if it is not closed yet, in order where possible, without telling. NULL is fine; returns NULL. */
struct tha_stream *tha_stream_free(struct tha_stream *stream);

bool tha_stream_is_open(const struct tha_stream *stream);

/** Sends, or queues, whole messages. Returns 0 or an errno: ENOTCONN (not open), ENOBUFS (too much waits), ENOMEM; then
 *  nothing of it is sent. An error of the connection itself is told by `closed`, as in tha_stream_open(). */
int tha_stream_send(struct tha_stream *stream, const void *data, size_t len);

/** Takes what has come and the loop has not told of yet; may call any of the handlers. Not from within one. Once open. */
void tha_stream_look(struct tha_stream *stream);

/** Our end, once open. */
void tha_stream_get_local(const struct tha_stream *stream, struct tha_addr *ret_local);

/** False over TCP. Once open. */
bool tha_stream_get_tls_facts(const struct tha_stream *stream, struct tha_tls_facts *ret_facts);

#endif
