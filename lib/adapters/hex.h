/** @file hex.h  Eight hex digits at a time: one nibble in each byte of a 64-bit word */
#ifndef THA_ADAPTERS_HEX_H
#define THA_ADAPTERS_HEX_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** The eight lower-case digits of @p number, as they stand in memory. */
static inline uint64_t tha_hex_digits(uint32_t number)
{
    uint64_t x = number, is_letter;

    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
    is_letter = (x + 0x0606060606060606) >> 4 & 0x0101010101010101; /* 1 in each byte above 9 */

    return htobe64(x + 0x3030303030303030 + is_letter * ('a' - '0' - 10));
}

/** Reads what tha_hex_digits() made, and nothing else: the digits must come out again. */
static inline bool tha_hex_read(const char *text, uint32_t *ret_number)
{
    uint64_t digits, x;

    memcpy(&digits, text, sizeof(digits));
    x = be64toh(digits);
    x = (x & 0x0f0f0f0f0f0f0f0f) + (x >> 6 & 0x0101010101010101) * 9; /* letters have bit 6 */
    x = (x | x >> 4) & 0x00ff00ff00ff00ff;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    *ret_number = (uint32_t)(x | x >> 16);

    return tha_hex_digits(*ret_number) == digits;
}

#endif
