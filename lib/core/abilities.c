#include "abilities.h"

#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The place of a name is its bit: new ones go to the end. */

static const char *const methods[] = {
    "INVITE", "ACK",   "CANCEL", "BYE",       "OPTIONS", "UPDATE",  "PRACK",
    "INFO",   "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH", "REGISTER",
};

static const char *const options[] = {
    "100rel",     "timer",         "replaces", "precondition", "histinfo", "from-change",       "path", "outbound", "gruu",
    "norefersub", "early-session", "privacy",  "sec-agree",    "tdialog",  "resource-priority",
};

static const char *const codecs[] = {
    "PCMA", "PCMU", "G722", "G729", "opus", "telephone-event", "AMR",   "AMR-WB", "EVS",
    "iLBC", "GSM",  "G723", "G728", "L16",  "G726-32",         "speex", "SILK",   "H264",
};

_Static_assert(COUNT(methods) <= 16, "a set of methods has 16 bits");
_Static_assert(COUNT(options) <= 15, "THA_OPTIONS_SAID is the sixteenth");
_Static_assert(COUNT(codecs) <= 32, "a set of codecs has 32 bits");

/** What people write in configurations. */
static const struct {
    const char *name;
    const char *in_sdp;
} aliases[] = {
    {"G711A", "PCMA"},    {"G711U", "PCMU"},  {"ALAW", "PCMA"},  {"ULAW", "PCMU"},   {"G711ALAW", "PCMA"},
    {"G711ULAW", "PCMU"}, {"G711MU", "PCMU"}, {"G729A", "G729"}, {"G723.1", "G723"}, {"AMRWB", "AMR-WB"},
};

static uint32_t find_bit(const char *const *words, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (tha_text_is_word(words[i], name, len))
            return UINT32_C(1) << i;
    }

    return 0;
}

uint16_t tha_method_bit(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (strlen(methods[i]) == len && !memcmp(methods[i], name, len)) /* case matters: RFC 3261 section 7.1 */
            return (uint16_t)(1U << i);
    }

    return 0;
}

uint16_t tha_option_bit(const char *name, size_t len)
{
    return (uint16_t)find_bit(options, COUNT(options), name, len);
}

uint32_t tha_codec_bit(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(aliases); i++) {
        if (tha_text_is_word(aliases[i].name, name, len))
            return tha_codec_bit(aliases[i].in_sdp, strlen(aliases[i].in_sdp));
    }

    return find_bit(codecs, COUNT(codecs), name, len);
}

uint32_t tha_codec_bit_of_payload(unsigned payload_type)
{
    static const char *const names[] = {
        [0] = "PCMU", [3] = "GSM",  [4] = "G723",  [8] = "PCMA",  [9] = "G722",
        [10] = "L16", [11] = "L16", [15] = "G728", [18] = "G729",
    };
    const char *name = payload_type < COUNT(names) ? names[payload_type] : NULL;

    return name ? tha_codec_bit(name, strlen(name)) : 0;
}

/** The word of the bit number @p index among those that are set. */
static const char *word_at(const char *const *words, size_t count, uint32_t set, unsigned index)
{
    for (size_t i = 0; i < count; i++) {
        if (set >> i & 1 && !index--)
            return words[i];
    }

    return NULL;
}

const char *tha_method_name(uint16_t set, unsigned index)
{
    return word_at(methods, COUNT(methods), set, index);
}

const char *tha_option_name(uint16_t set, unsigned index)
{
    return word_at(options, COUNT(options), set, index);
}

const char *tha_codec_name(uint32_t set, unsigned index)
{
    return word_at(codecs, COUNT(codecs), set, index);
}

/** A list that is being written; what does not fit any more is left out. */
struct list {
    char *buf;
    size_t size;
    size_t len;
};

static void add_words(struct list *list, const char *const *words, size_t count, uint32_t set)
{
    for (size_t i = 0; i < count; i++) {
        size_t need = strlen(words[i]) + (list->len ? 2 : 0);

        if (!(set >> i & 1) || need >= list->size - list->len)
            continue;
        tha_text_print(list->buf + list->len, list->size - list->len, "%s%s", list->len ? ", " : "", words[i]);
        list->len += need;
    }
}

struct tha_abilities tha_abilities_less(const struct tha_abilities *a, const struct tha_abilities *b)
{
    struct tha_abilities less = {.methods = 0};

    if (a->methods && b->methods)
        less.methods = (uint16_t)(a->methods & ~b->methods);
    if (a->options & b->options & THA_OPTIONS_SAID)
        less.options = (uint16_t)(a->options & ~b->options);
    if (a->codecs && b->codecs)
        less.codecs = a->codecs & ~b->codecs;

    return less;
}

char *tha_abilities_text(const struct tha_abilities *abilities, char *buf, size_t size)
{
    struct list list = {buf, size, 0};

    if (!size)
        return buf;
    buf[0] = '\0';
    add_words(&list, methods, COUNT(methods), abilities->methods);
    add_words(&list, options, COUNT(options), abilities->options);
    add_words(&list, codecs, COUNT(codecs), abilities->codecs);

    return buf;
}
