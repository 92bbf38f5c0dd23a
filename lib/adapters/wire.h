/** @file wire.h  Writes the OPTIONS request of a probe (RFC 3261 sections 8.1.1 and 11) */
#ifndef THA_ADAPTERS_WIRE_H
#define THA_ADAPTERS_WIRE_H

#include <stddef.h>

#include "adapters/sip_scan.h"
#include "adapters/token.h"
#include "core/model.h"

/** Of the From URI, where none is configured: our host follows. */
#define THA_WIRE_USER "sip:ping@"

/** Our own address as it stands in a request: "192.0.2.1:5060", "[2001:db8::1]:5060". */
struct tha_wire_local {
    struct tha_addr addr;
    uint8_t host_len; /**< of the part before the port */
    uint8_t len;
    char text[THA_ADDR_TEXT_SIZE];
};

void tha_wire_set_local(struct tha_wire_local *local, const struct tha_addr *addr);

/** Everything that a request is made of; the same parts make the same bytes, so no copy is kept for a retransmission. */
struct tha_wire_request {
    const struct tha_probe_text *text;
    const char *uri; /**< used where the text has no Request-URI */
    const struct tha_wire_local *local;
    struct tha_token token;
    uint32_t slot;
    uint8_t transport;             /**< enum tha_transport */
    struct tha_span authorization; /**< whole header lines; length 0 = none */
};

/** Returns how many bytes were written to @p buf; 0 when @p size is too small. */
size_t tha_wire_write(const struct tha_wire_request *request, char *buf, size_t size);

#endif
