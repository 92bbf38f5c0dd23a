/** @file dump.h  JSON into and out of jansson, or nothing
 *
 *  Out of memory, json_dumps() of jansson 2.14 may leave out letters and say that all is well; json_dumpb() needs no memory
 *  of its own for its text. The same goes for the optional values ("s*") of json_pack(): they are not used. */
#ifndef THA_EVENTS_DUMP_H
#define THA_EVENTS_DUMP_H

#include <jansson.h>

/** What "I" in a format of json_pack() takes. */
typedef json_int_t tha_json_number;

/** Takes @p row and adds it to @p array. Either may be NULL for want of memory; then, or when it cannot be added, all of the
 *  array is given up. Returns the array, or NULL. */
json_t *tha_events_append(json_t *array, json_t *row);

/** The words of @p text, between which @p separators stand, as an array of strings. New; NULL when out of memory. */
json_t *tha_events_words(const char *text, const char *separators);

/** Takes @p object, which may be NULL, and renders it compactly. New, freed with free(); NULL when out of memory. */
char *tha_events_dump(json_t *object);

#endif
