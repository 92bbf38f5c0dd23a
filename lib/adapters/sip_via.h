/** @file sip_via.h  A Via header (RFC 3261 section 20.42): by which transport, and from where */
#ifndef THA_ADAPTERS_SIP_VIA_H
#define THA_ADAPTERS_SIP_VIA_H

#include "adapters/sip_scan.h"
#include "base/addr.h"

struct tha_sip_via {
    struct tha_span transport; /**< "UDP" */
    struct tha_span host;      /**< as it is written, an IPv6 address in brackets */
    uint16_t port;             /**< 5060 or, over TLS, 5061 where none is given (RFC 3261 section 18.2.2) */
};

/** Reads "SIP/2.0/UDP host:port;...", blanks and all. */
bool tha_sip_read_via(struct tha_span value, struct tha_sip_via *ret_via);

/** "UDP", "TCP" or "TLS": three letters each. */
const char *tha_sip_transport_name(uint8_t transport);

#endif
