/** @file abilities.h  What a peer says it can do: methods, option tags and codecs, as sets of those that matter to a trunk
 *
 *  What is not known here is left out of a set: a difference in something that nobody knows is none. */
#ifndef THA_CORE_ABILITIES_H
#define THA_CORE_ABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** 0 = not said. */
struct tha_abilities {
    uint16_t methods; /**< Allow (RFC 3261 section 20.5) */
    uint16_t options; /**< Supported (section 20.37); THA_OPTIONS_SAID with it, for it may be empty */
    uint32_t codecs;  /**< of an SDP body, or `codecs` */
};

#define THA_OPTIONS_SAID 0x8000U

/** The bit of a method ("INVITE"), of an option tag ("100rel", any case), of a codec by its name in SDP or in a
 *  configuration ("PCMA" and "G711A" are one; any case); 0 = none that we know. */
uint16_t tha_method_bit(const char *name, size_t len);
uint16_t tha_option_bit(const char *name, size_t len);
uint32_t tha_codec_bit(const char *name, size_t len);

/** The bit of a static RTP payload type (RFC 3551 section 6); 0 = none that we know. */
uint32_t tha_codec_bit_of_payload(unsigned payload_type);

/** The name of the member @p index of a set, from 0, in a fixed order; NULL = it has no more. Codecs by their SDP names. */
const char *tha_method_name(uint16_t set, unsigned index);
const char *tha_option_name(uint16_t set, unsigned index);
const char *tha_codec_name(uint32_t set, unsigned index);

/** What @p a has and @p b has not, of the sets that both have said. */
struct tha_abilities tha_abilities_less(const struct tha_abilities *a, const struct tha_abilities *b);

/** Nothing at all? */
static inline bool tha_abilities_is_empty(const struct tha_abilities *abilities)
{
    return !abilities->methods && !abilities->options && !abilities->codecs;
}

/** Puts all of it into @p buf, as "PRACK, 100rel, PCMA"; what does not fit is left out. Returns @p buf. */
char *tha_abilities_text(const struct tha_abilities *abilities, char *buf, size_t size);

#endif
