/** @file path.h  Where in the document we are: one frame a level, on the stack of whoever walks down */
#ifndef THA_CONFIG_PATH_H
#define THA_CONFIG_PATH_H

#include <stddef.h>

struct tha_config_path {
    const struct tha_config_path *parent; /**< NULL = the document */
    const char *key;                      /**< NULL = an element of a list */
    size_t index;
};

/** The JSON pointer (RFC 6901); NULL is the whole document, "". Cut when it does not fit. Returns @p buf. */
char *tha_config_print_path(const struct tha_config_path *path, char *buf, size_t size);

/** How a message names the place: "interval" with its quotes, an entry of "listen", the document. Returns @p buf. */
char *tha_config_print_label(const struct tha_config_path *path, char *buf, size_t size);

/** Foreign text for a message: cut to what fits, control characters made visible as "?". Returns @p buf. */
char *tha_config_quote(const char *text, char *buf, size_t size);

/** Appends one step of a JSON pointer. Returns the new length, or @p len when it does not fit. */
size_t tha_config_append_step(char *buf, size_t size, size_t len, const char *key, size_t index);

#endif
