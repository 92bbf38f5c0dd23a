/** @file addr.h  A transport address: where a target is, or where we listen */
#ifndef THA_BASE_ADDR_H
#define THA_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tha_transport { THA_TRANSPORT_UDP, THA_TRANSPORT_TCP, THA_TRANSPORT_TLS };

/** "udp:[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535" and its zero fit. */
#define THA_ADDR_TEXT_SIZE 64

struct tha_addr {
    uint8_t ip[16];    /**< IPv4 uses the first four bytes, the others are zero */
    uint16_t port;     /**< host byte order */
    uint8_t family;    /**< 4 or 6; 0 = no address */
    uint8_t transport; /**< enum tha_transport */
};

/** Reads an IPv4 or IPv6 address without brackets; port and transport become 0 and UDP. False if it is none. */
bool tha_addr_parse_ip(struct tha_addr *addr, const char *ip, size_t len);

bool tha_addr_is_equal(const struct tha_addr *a, const struct tha_addr *b);

/** The same host: address alone, whatever port and transport. */
bool tha_addr_is_same_ip(const struct tha_addr *a, const struct tha_addr *b);

/** 0.0.0.0 or [::]. */
bool tha_addr_is_any(const struct tha_addr *addr);

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1. */
bool tha_addr_is_loopback(const struct tha_addr *addr);

const char *tha_transport_name(uint8_t transport);

/** "udp:192.0.2.1:5060", "udp:[2001:db8::1]:5060"; @p size at least THA_ADDR_TEXT_SIZE. Returns @p buf. */
char *tha_addr_text(const struct tha_addr *addr, char *buf, size_t size);

/** The same without the transport: "192.0.2.1:5060". Returns @p buf. */
char *tha_addr_port_text(const struct tha_addr *addr, char *buf, size_t size);

/** Reads what tha_addr_text() writes. False if it is none. */
bool tha_addr_parse_text(struct tha_addr *addr, const char *text);

/** "192.0.2.1" or "[2001:db8::1]", as it stands in a URI. Returns @p buf. */
char *tha_addr_host_text(const struct tha_addr *addr, char *buf, size_t size);

#endif
