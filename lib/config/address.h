/** @file address.h  Where we listen; where trunks are is in config.h, as one-shot probes read it too */
#ifndef THA_CONFIG_ADDRESS_H
#define THA_CONFIG_ADDRESS_H

#include "config.h"

/** Reads "udp:ADDR:PORT", an IPv6 ADDR in brackets. Returns NULL or what is wrong, as tha_config_read_sip_address() does. */
const char *tha_config_read_listen_address(const char *text, struct tha_addr *ret_addr, bool *ret_is_unsupported);

#endif
