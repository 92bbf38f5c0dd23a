/** @file allowlist.h  What a firewall has to know: the addresses of the trunks, and our own ports */
#ifndef TRUNKHA_ALLOWLIST_H
#define TRUNKHA_ALLOWLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <trunkha.h>

#define ALLOWLIST_ADDRESSES_MAX 64 /* of one trunk: as many as the library names */
#define ALLOWLIST_PORTS_MAX     32
#define ALLOWLIST_SERVERS_SIZE  1024 /* bytes of the list of name servers, with its zero */

/** Where a trunk is, as the DNS has it now. */
struct allowlist_trunk {
    trunkha_trunk_status status;
    uint32_t dns; /**< enum trunkha_dns */
    trunkha_address addresses[ALLOWLIST_ADDRESSES_MAX];
    size_t count;
};

/** Ports of ours that signalling over UDP comes to. (Over TCP and TLS it is we who connect.) */
struct allowlist_ports {
    uint16_t ports[ALLOWLIST_PORTS_MAX];
    size_t count; /**< 0 = the configuration leaves them to the system */
};

struct allowlist {
    const char *file;
    struct allowlist_trunk *trunks;
    size_t count;
    struct allowlist_ports own;
    char servers[ALLOWLIST_SERVERS_SIZE]; /**< of the configuration; "" = none */
    uint16_t rtp_from, rtp_to;
};

/** The parts of "tls:192.0.2.1:5061", "udp:[2001:db8::1]:5060". */
struct allowlist_address {
    char transport[8];
    char ip[TRUNKHA_ID_SIZE]; /**< without brackets */
    uint16_t port;
    bool is_v6;
    bool is_udp;
};

/** False when @p target is no such text. */
bool allowlist_split(const char *target, struct allowlist_address *ret_address);

/** Reads our ports and the name servers out of a configuration into the empty @p list. Returns 0 or TRUNKHA_ERR_*. */
int allowlist_read(struct allowlist *list, const char *json, size_t len);

/** The smallest TTL of all addresses; 0 = none is from a name. */
uint32_t allowlist_ttl(const struct allowlist *list);

void allowlist_print_nft(const struct allowlist *list);
void allowlist_print_iptables(const struct allowlist *list);
void allowlist_print_json(const struct allowlist *list);

#endif
