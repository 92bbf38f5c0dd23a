/** @file text.h  Foreign words on a terminal and in JSON, and spans of time for people */
#ifndef TRUNKHA_TEXT_H
#define TRUNKHA_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/** Replaces what may not reach a terminal, control characters and bytes that are not UTF-8, by "?"; in place. */
void text_clean(char *text);

/** The width of @p text in columns, one for each character. */
size_t text_width(const char *text);

/** Prints @p text cleaned. */
void text_print(FILE *out, const char *text);

/** A JSON string, cleaned only if it is not UTF-8; NULL when out of memory. New. */
json_t *text_json(const char *text);

/** Prints one JSON object on a line of its own and gives its reference back; false when it is NULL or cannot be rendered. */
int text_print_json(json_t *object);

/** "850 ms", "12 s", "3 min", "2 h 5 min", "4 d"; returns @p buf. */
char *text_span(char *buf, size_t size, uint64_t ms);

/** "0.85 s", "3.2 s", "42 s": what is compared stays in one unit; returns @p buf. */
char *text_seconds(char *buf, size_t size, uint64_t ms);

#endif
