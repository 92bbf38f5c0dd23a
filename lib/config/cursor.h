/** @file cursor.h  Steps over JSON text token by token; never past its end, whatever the text is */
#ifndef THA_CONFIG_CURSOR_H
#define THA_CONFIG_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

struct tha_config_cursor {
    const char *at;
    const char *end;
};

static inline bool tha_config_is_at(const struct tha_config_cursor *c, char symbol)
{
    return c->at < c->end && *c->at == symbol;
}

void tha_config_skip_space(struct tha_config_cursor *c);

/** Steps over @p symbol and the white space behind it, if it is there. */
bool tha_config_skip_symbol(struct tha_config_cursor *c, char symbol);

/** A string, a number or a word, or one of { } [ ] , : and always at least one byte unless at the end. */
void tha_config_skip_token(struct tha_config_cursor *c);

/** A whole value, however deep, and the white space behind it. */
void tha_config_skip_value(struct tha_config_cursor *c);

/** Decodes the string under the cursor, cut to what fits, and steps over it. */
void tha_config_read_string(struct tha_config_cursor *c, char *buf, size_t size);

#endif
