/** @file dump.h  JSON out of jansson, or nothing
 *
 *  Out of memory, json_dumps() of jansson 2.14 may leave out letters and say that all is well; json_dumpb() needs no memory
 *  of its own for its text. The same goes for the optional values ("s*") of json_pack(): they are not used. */
#ifndef THA_EVENTS_DUMP_H
#define THA_EVENTS_DUMP_H

#include <jansson.h>

/** Takes @p object, which may be NULL, and renders it compactly. New, freed with free(); NULL when out of memory. */
char *tha_events_dump(json_t *object);

#endif
