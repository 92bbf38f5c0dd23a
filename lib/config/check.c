#include "check.h"

#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }

    return false;
}

static bool is_token(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~";

    return *text && !text[strspn(text, letters)];
}

const char *tha_config_check_label(const char *text, enum tha_config_code *ret_code)
{
    *ret_code = THA_CODE_BAD_VALUE;

    return has_control(text) ? "must have no control characters" : NULL;
}

const char *tha_config_check_id(const char *text, enum tha_config_code *ret_code)
{
    const char *problem = tha_config_check_label(text, ret_code);

    return *text ? problem : "must not be empty";
}

const char *tha_config_check_token(const char *text, enum tha_config_code *ret_code)
{
    *ret_code = THA_CODE_BAD_VALUE;

    return is_token(text) ? NULL : "must be one word of letters, digits and - . ! % * _ + ` ' ~";
}

static bool is_uri_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("<>\"", *text))
            return false;
    }

    return true;
}

const char *tha_config_check_uri(const char *text, enum tha_config_code *ret_code)
{
    size_t scheme = !strncasecmp(text, "sip:", 4) ? 4 : !strncasecmp(text, "sips:", 5) ? 5 : 0;

    *ret_code = THA_CODE_BAD_VALUE;
    if (!*text)
        return NULL; /* the same as left out */

    if (has_control(text)) {
        *ret_code = THA_CODE_HEADER_INJECTION;
        return "must have no control characters: it is written into a SIP header";
    }
    if (!scheme || !text[scheme])
        return "must be a SIP URI that begins with sip: or sips:";
    if (!is_uri_text(text))
        return "must be a bare SIP URI: no spaces, quotes, < or >, and nothing beyond ASCII";

    return NULL;
}

/** Headers that the prober writes itself, and their compact forms (RFC 3261 section 7.3.3). */
static bool is_own_header(const char *name)
{
    static const char *const own[] = {
        "Via",     "v", "From",           "f", "To",         "t",     "Call-ID", "i", "CSeq", "Max-Forwards",
        "Contact", "m", "Content-Length", "l", "User-Agent", "Accept"};

    for (size_t i = 0; i < COUNT(own); i++) {
        if (!strcasecmp(name, own[i]))
            return true;
    }

    return false;
}

const char *tha_config_check_header_name(const char *text, enum tha_config_code *ret_code)
{
    *ret_code = has_control(text) ? THA_CODE_HEADER_INJECTION : THA_CODE_BAD_VALUE;
    if (!is_token(text))
        return "is not the name of a SIP header: letters, digits and - . ! % * _ + ` ' ~ only";
    if (is_own_header(text))
        return "cannot be set here: the probe writes this header itself";

    return NULL;
}

const char *tha_config_check_header_value(const char *text, enum tha_config_code *ret_code)
{
    *ret_code = THA_CODE_HEADER_INJECTION;

    return has_control(text) ? "must have no control characters: it is written into a SIP header" : NULL;
}

/** How many bytes the character has, by RFC 3629 section 4; 0 = it is none. */
static size_t utf8_length(const unsigned char *c)
{
    size_t len = c[0] < 0x80 ? 1 : c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    bool is_overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool is_outside = (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf4 && c[1] > 0x8f);

    if (len > 1 && (c[0] < 0xc2 || c[0] > 0xf4 || is_overlong || is_outside))
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }

    return len;
}

bool tha_config_is_utf8(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c) {
        size_t len = utf8_length(c);

        if (!len)
            return false;
        c += len;
    }

    return true;
}
