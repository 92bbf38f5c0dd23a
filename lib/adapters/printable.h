/** @file printable.h  Text of a peer, fit to be shown */
#ifndef THA_ADAPTERS_PRINTABLE_H
#define THA_ADAPTERS_PRINTABLE_H

#include <stddef.h>

/** Control characters of @p text become question marks; if it is not UTF-8, all that is not ASCII does. Returns @p text. */
char *tha_printable(char *text);

/** Copies as much of @p data as fits, zeros in it too, and makes it printable. Returns @p buf. */
char *tha_printable_copy(char *buf, size_t size, const void *data, size_t len);

#endif
