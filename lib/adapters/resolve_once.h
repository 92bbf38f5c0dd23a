/** @file resolve_once.h  One resolution on a thread and a loop of its own, for trunkha_resolve_uri() and probes of names */
#ifndef THA_ADAPTERS_RESOLVE_ONCE_H
#define THA_ADAPTERS_RESOLVE_ONCE_H

#include "core/lookup.h"

/** Fills @p ret_locations, room for THA_DNS_LOCATIONS_MAX, and @p ret_result, whose locations point there. @p settings: servers
 *  and time of each question. @p ret_targets: NULL = not wanted. Returns 0 (also with trouble), NOMEM or SYSTEM. */
int tha_resolve_once(const struct tha_name *name, const struct tha_dns_settings *settings,
                     struct tha_location *ret_locations, struct tha_srv_targets *ret_targets,
                     struct tha_lookup_result *ret_result);

#endif
