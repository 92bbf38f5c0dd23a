/** @file words.h  Numbers and texts in shared words, one behind the other: of each text only the words that it takes
 *
 *  Most texts are far shorter than their fields, and whoever copies a whole call waits for memory and not for instructions.
 *  What is read is bounded by the fields it is read into, whatever the words are. */
#ifndef THA_VIEW_WORDS_H
#define THA_VIEW_WORDS_H

#include "half.h"

/** Where it goes on, and a check of all that has passed. */
struct tha_words {
    _Atomic uint64_t *next;
    uint64_t check;
};

static inline void tha_words_pass(struct tha_words *words, uint64_t word)
{
    words->check = (words->check << 7 | words->check >> 57) + word;
    words->next++;
}

static inline void tha_words_put(struct tha_words *words, uint64_t word)
{
    tha_put64(words->next, word);
    tha_words_pass(words, word);
}

static inline uint64_t tha_words_get(struct tha_words *words)
{
    uint64_t word = tha_get64(words->next);

    tha_words_pass(words, word);

    return word;
}

/** @p size of what has no texts, and of the field of a text: a multiple of 8. */
static inline void tha_words_put_numbers(struct tha_words *words, const void *from, size_t size)
{
    uint64_t word;

    for (size_t i = 0; i < size; i += sizeof(word)) {
        memcpy(&word, (const char *)from + i, sizeof(word));
        tha_words_put(words, word);
    }
}

static inline void tha_words_get_numbers(struct tha_words *words, void *to, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = tha_words_get(words);

        memcpy((char *)to + i, &word, sizeof(word));
    }
}

static inline bool tha_has_zero(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

static inline void tha_words_put_text(struct tha_words *words, const char *text, size_t size)
{
    uint64_t word = 1;

    for (size_t i = 0; i < size && (!i || !tha_has_zero(word)); i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        tha_words_put(words, word);
    }
}

/** A zero ends the text within its field; what is behind it there is left as it was. */
static inline void tha_words_get_text(struct tha_words *words, char *text, size_t size)
{
    uint64_t word = 1;

    for (size_t i = 0; i < size && (!i || !tha_has_zero(word)); i += sizeof(word)) {
        word = tha_words_get(words);
        memcpy(text + i, &word, sizeof(word));
    }
    text[size - 1] = '\0';
}

#endif
