/** @file demo_sip.h  SIP over UDP on loopback: what the carriers and the caller of the demo have in common */
#ifndef TRUNKHA_DEMO_SIP_H
#define TRUNKHA_DEMO_SIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMO_PACKET_MAX  4096
#define DEMO_HEADERS_MAX 64  /* of a message; what comes behind is not read */
#define DEMO_PACKETS_MAX 256 /* of a socket, taken at once */

/** Text in memory, without a zero at its end. */
struct span {
    const char *text;
    size_t len;
};

/** A message in the making. */
struct demo_message {
    char text[DEMO_PACKET_MAX];
    size_t len;
    bool is_full; /* not all of it had room: not to be sent */
};

/** Opens a UDP socket on 127.0.0.1, which does not block. Returns -1 with errno set. */
int demo_sip_open(uint16_t *ret_port);

__attribute__((format(printf, 2, 3))) void demo_sip_print(struct demo_message *message, const char *format, ...);

/** Ends the headers and adds the body: an offer or answer of silence, or none. */
void demo_sip_finish(struct demo_message *message, bool has_sdp);

/** Cuts the first line off @p rest, with the lines that continue it (RFC 3261 section 7.3.1); false when there is none. */
bool demo_sip_next_line(struct span *rest, struct span *ret_line);

/** True when @p line is the header @p name or, in short, @p compact. */
bool demo_sip_is_header(const struct span *line, const char *name, const char *compact);

/** What stands behind the colon. */
struct span demo_sip_value(const struct span *line);

/** Copies it as a string, unless it is empty or too long. */
bool demo_sip_copy(const struct span *span, char *text, size_t size);

#endif
