/** @file scan_abilities.h  What a peer says it can do: Allow, Supported, and the codecs of an SDP body */
#ifndef THA_ADAPTERS_SCAN_ABILITIES_H
#define THA_ADAPTERS_SCAN_ABILITIES_H

#include <stddef.h>

#include "core/abilities.h"

/** Reads them from a response; what cannot be read says nothing. */
void tha_scan_abilities(const char *packet, size_t len, struct tha_abilities *ret_abilities);

#endif
