/** @file events.h  Event record -> JSON body */
#ifndef THA_EVENTS_EVENTS_H
#define THA_EVENTS_EVENTS_H

#include "base/mem.h"

/** Renders the native format: one object, no line feed. New, freed with free(); NULL when out of memory. */
char *tha_events_native_json(const trunkha_event *event);

#endif
