/** @file frame.h  Cuts a stream of bytes into SIP messages (RFC 3261 section 18.3), in time linear in the bytes */
#ifndef THA_ADAPTERS_FRAME_H
#define THA_ADAPTERS_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum tha_frame_kind {
    THA_FRAME_MORE,      /**< not whole yet */
    THA_FRAME_MESSAGE,   /**< the first `len` bytes are a message */
    THA_FRAME_PING,      /**< the first `len` bytes are CR LF CR LF */
    THA_FRAME_PONG,      /**< the first `len` bytes are a lone CR LF: more than these two may turn it into a ping */
    THA_FRAME_MALFORMED, /**< no end of the headers within the bound, no or a bad Content-Length, too long */
};

/** How far a message in the making was looked at: so that none of its bytes is looked at again. Zero it for the next. */
struct tha_frame {
    size_t seen;        /**< bytes */
    size_t header_len;  /**< 0 = the end of the headers was not seen yet */
    size_t content_len;
};

#define THA_FRAME_HEADER_MAX 16384U

/** Looks at @p len bytes from the start of a message. @p max: its longest length. A message without Content-Length ends
 *  with its headers. */
enum tha_frame_kind tha_frame_look(struct tha_frame *frame, const char *data, size_t len, size_t max, size_t *ret_len);

#endif
