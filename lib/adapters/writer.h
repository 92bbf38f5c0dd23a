/** @file writer.h  Puts pieces of text one behind the other, bounded: what does not fit is noticed once, at the end */
#ifndef THA_ADAPTERS_WRITER_H
#define THA_ADAPTERS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adapters/hex.h"

struct tha_writer {
    char *p;
    char *end;
    bool is_full; /**< something did not fit */
};

static inline void tha_put(struct tha_writer *writer, const char *text, size_t len)
{
    if ((size_t)(writer->end - writer->p) < len) {
        writer->is_full = true;
        return;
    }
    memcpy(writer->p, text, len);
    writer->p += len;
}

#define THA_PUT_LITERAL(writer, text) tha_put(writer, "" text, sizeof(text) - 1)

static inline void tha_put_text(struct tha_writer *writer, const char *text)
{
    tha_put(writer, text, strlen(text));
}

static inline void tha_put_hex32(struct tha_writer *writer, uint32_t number)
{
    uint64_t digits = tha_hex_digits(number);

    tha_put(writer, (const char *)&digits, sizeof(digits));
}

static inline void tha_put_hex64(struct tha_writer *writer, uint64_t number)
{
    tha_put_hex32(writer, (uint32_t)(number >> 32));
    tha_put_hex32(writer, (uint32_t)number);
}

static inline void tha_put_number(struct tha_writer *writer, uint32_t number)
{
    char text[10];
    size_t at = sizeof(text);

    do
        text[--at] = (char)('0' + number % 10);
    while (number /= 10);
    tha_put(writer, text + at, sizeof(text) - at);
}

#endif
