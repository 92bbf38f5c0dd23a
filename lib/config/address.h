/** @file address.h  Addresses but those of trunks, which are in config.h, as one-shot probes read them too */
#ifndef THA_CONFIG_ADDRESS_H
#define THA_CONFIG_ADDRESS_H

#include "check.h"

/** Reads "udp:ADDR:PORT", an IPv6 ADDR in brackets. Returns NULL or what is wrong, as tha_config_read_sip_address() does. */
const char *tha_config_read_listen_address(const char *text, struct tha_addr *ret_addr, bool *ret_is_unsupported);

/** Reads an IP address: "192.0.2.1", "192.0.2.1:5060", "2001:db8::1" or "[2001:db8::1]:5060". @p port: if there is none in
 *  it. Returns NULL or what is wrong. */
const char *tha_config_read_ip_address(const char *text, uint16_t port, struct tha_addr *ret_addr);

/** A host name or IP address, as a certificate may name it. "" is the same as left out. */
const char *tha_config_check_host(const char *text, enum tha_config_code *ret_code);

#endif
