/** @file domain.h  Whose is a host name: the domain that somebody has registered, carrier.example of sip.carrier.example */
#ifndef THA_CONFIG_DOMAIN_H
#define THA_CONFIG_DOMAIN_H

/** The end of @p host, which is in lower case; NULL = it is nobody's: a public suffix, or without a dot. */
const char *tha_config_get_registered_domain(const char *host);

#endif
