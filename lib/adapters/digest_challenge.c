#include "adapters/digest_challenge.h"

#include <string.h>
#include <strings.h>

static struct tha_span trim(struct tha_span span)
{
    while (span.len && tha_sip_is_blank(*span.p))
        span.p++, span.len--;
    while (span.len && tha_sip_is_blank(span.p[span.len - 1]))
        span.len--;

    return span;
}

static struct tha_span skip(struct tha_span span, size_t len)
{
    return trim((struct tha_span){span.p + len, span.len - len});
}

/** Where the closing quote is of @p text, which begins with a quote; its length when there is none. */
static size_t find_closing_quote(struct tha_span text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.p[i] == '"')
            return i;
        if (text.p[i] == '\\')
            i++;
    }

    return text.len;
}

/** What stands before the next comma outside quotes; leaves what is behind it. */
static struct tha_span take_element(struct tha_span *rest)
{
    struct tha_span text = *rest;
    size_t i = 0;

    for (; i < text.len && text.p[i] != ','; i++) {
        if (text.p[i] == '"')
            i += find_closing_quote((struct tha_span){text.p + i, text.len - i});
    }
    if (i < text.len)
        *rest = (struct tha_span){text.p + i + 1, text.len - i - 1};
    else
        *rest = (struct tha_span){text.p + text.len, 0};

    return trim((struct tha_span){text.p, text.len - rest->len - (i < text.len)});
}

bool tha_challenge_is_word(struct tha_span span, const char *word)
{
    return span.len == strlen(word) && !strncasecmp(span.p, word, span.len);
}

bool tha_challenge_lists(struct tha_span list, const char *word)
{
    while (list.len) {
        if (tha_challenge_is_word(take_element(&list), word))
            return true;
    }

    return false;
}

/* ---- Elements: "name=value", or "Digest name=value", which begins a challenge */

static struct tha_span name_of(struct tha_span element)
{
    size_t len = 0;

    while (len < element.len && !tha_sip_is_blank(element.p[len]) && element.p[len] != '=' && element.p[len] != '"')
        len++;

    return (struct tha_span){element.p, len};
}

/** Cuts the scheme off; false when there is none. */
static bool take_scheme(struct tha_span *element, struct tha_span *ret_scheme)
{
    struct tha_span name = name_of(*element), behind = skip(*element, name.len);

    if (!name.len || (behind.len && *behind.p == '='))
        return false;
    *ret_scheme = name;
    *element = behind;

    return true;
}

static struct tha_span *find_place(struct tha_challenge *challenge, struct tha_span name)
{
    struct {
        const char *name;
        struct tha_span *place;
    } known[] = {
        {"realm", &challenge->realm},         {"nonce", &challenge->nonce}, {"opaque", &challenge->opaque},
        {"algorithm", &challenge->algorithm}, {"qop", &challenge->qop},     {"stale", &challenge->stale},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (tha_challenge_is_word(name, known[i].name))
            return known[i].place;
    }

    return NULL;
}

/** Could not be written into a header again as it is. */
static bool is_foreign(char c, bool is_quoted)
{
    return (unsigned char)c < ' ' || c == 0x7f || (!is_quoted && (c == '"' || c == '\\' || c == ' '));
}

static bool read_value(struct tha_span text, struct tha_span *ret_value)
{
    bool is_quoted = text.len && text.p[0] == '"';
    struct tha_span value = text;

    if (is_quoted) {
        if (find_closing_quote(text) != text.len - 1)
            return false;
        value = (struct tha_span){text.p + 1, text.len - 2};
    }
    for (size_t i = 0; i < value.len; i++) {
        if (is_foreign(value.p[i], is_quoted))
            return false;
    }
    *ret_value = value;

    return is_quoted || value.len;
}

static void read_param(struct tha_challenge *challenge, struct tha_span element)
{
    struct tha_span name = name_of(element), behind = skip(element, name.len);
    struct tha_span *place = find_place(challenge, name);

    if (place && (!behind.len || *behind.p != '=' || !read_value(skip(behind, 1), place)))
        challenge->is_malformed = true;
}

bool tha_challenge_next(struct tha_span *inout_rest, struct tha_challenge *ret_challenge)
{
    struct tha_span element, next = *inout_rest, scheme = {NULL, 0};

    if (!next.len)
        return false;

    *ret_challenge = (struct tha_challenge){.is_digest = false};
    element = take_element(&next);
    if (take_scheme(&element, &scheme))
        ret_challenge->is_digest = tha_challenge_is_word(scheme, "Digest");

    do {
        read_param(ret_challenge, element);
        *inout_rest = next;
        element = take_element(&next);
    } while (inout_rest->len && !take_scheme(&element, &scheme));

    return true;
}
