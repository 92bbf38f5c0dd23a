/** @file line.h  One line of JSON in the making, in room that is there already: no allocation, no printf */
#ifndef THA_API_LINE_H
#define THA_API_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

struct tha_json_line {
    char *text;
    size_t size;
    size_t len;
    bool is_cut; /**< there was no room for all of it: it is no JSON any more */
};

/** Empties the line and opens its object. */
void tha_json_line_begin(struct tha_json_line *line);

/** Closes the object and ends the line. */
void tha_json_line_end(struct tha_json_line *line);

/** Members. @p key is a word that needs no escapes; texts are escaped, and of those that are not UTF-8 every byte beyond
 * ASCII is taken for a letter of Latin-1. */
void tha_json_line_number(struct tha_json_line *line, const char *key, uint64_t number);
void tha_json_line_text(struct tha_json_line *line, const char *key, const char *text);
/** A text that needs no escapes either. */
void tha_json_line_word(struct tha_json_line *line, const char *key, const char *word);
void tha_json_line_hex(struct tha_json_line *line, const char *key, uint64_t number);
void tha_json_line_true(struct tha_json_line *line, const char *key);
/** As tha_addr_text() writes it. */
void tha_json_line_addr(struct tha_json_line *line, const char *key, const struct tha_addr *addr);

/** A list of objects. */
void tha_json_line_open_list(struct tha_json_line *line, const char *key);
void tha_json_line_open_object(struct tha_json_line *line);
void tha_json_line_close_object(struct tha_json_line *line);
void tha_json_line_close_list(struct tha_json_line *line);

/** Bytes that are left. */
static inline size_t tha_json_line_room(const struct tha_json_line *line)
{
    return line->size - line->len;
}

#endif
