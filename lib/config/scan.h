/** @file scan.h  Line and column of a value, and the value at an offset: what jansson does not remember
 *
 *  Walks over the text for every question, so that reading a file without findings pays nothing. What comes later in a
 *  long object or list is found from a bookmark, so that many questions about a large file do not cost as many walks. */
#ifndef THA_CONFIG_SCAN_H
#define THA_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path.h"

struct tha_config_position {
    size_t offset;   /**< in bytes, from 0 */
    uint32_t line;   /**< from 1 */
    uint32_t column; /**< from 1, in bytes */
};

/** An element that was found far into a list, or a member far into an object. */
struct tha_config_bookmark {
    const char *outer; /**< where the first one begins; NULL = no bookmark yet */
    size_t index;      /**< of an element */
    const char *at;
};

struct tha_config_text {
    const char *json;
    size_t len;
    struct tha_config_bookmark member, element;
    struct tha_config_position last; /**< that was told last; the next one is counted from there */
};

/** Where the value at @p path begins, or its key when @p of_key. False when there is no such value. */
bool tha_config_find_position(struct tha_config_text *text, const struct tha_config_path *path, bool of_key,
                              struct tha_config_position *ret_position);

struct tha_config_position tha_config_get_position(struct tha_config_text *text, size_t offset);

/** The last token that begins before @p end, in a text that may be broken behind it. @p pointer_buf: the JSON pointer of the
 *  value it belongs to. Returns the token's offset; @p end if there is none. */
size_t tha_config_find_token(const struct tha_config_text *text, size_t end, char *pointer_buf, size_t pointer_size);

#endif
