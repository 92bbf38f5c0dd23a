/** @file text.h  Bounded text: nothing here writes past the room it was given, and a zero always ends it */
#ifndef THA_BASE_TEXT_H
#define THA_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define THA_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define THA_PRINTF(text, first)
#endif

/** Copies what fits, never half a UTF-8 character. Returns false when it was cut. @p text may be NULL (""). */
bool tha_text_copy(char *buf, size_t size, const char *text);

/** snprintf() that cuts as tha_text_copy() does. */
bool tha_text_print(char *buf, size_t size, const char *format, ...) THA_PRINTF(3, 4);
bool tha_text_vprint(char *buf, size_t size, const char *format, va_list ap) THA_PRINTF(3, 0);

/** Are the @p len bytes at @p text the word @p word? ASCII letters of either case are the same. */
bool tha_text_is_word(const char *word, const char *text, size_t len);

/** Is it well-formed UTF-8 (RFC 3629)? */
bool tha_text_is_utf8(const char *text);

/** The one of @p count @p words that is nearest to @p word by edit distance, or NULL when none is near enough to have
 *  been meant. */
const char *tha_text_nearest(const char *word, const char *const *words, size_t count);

#endif
