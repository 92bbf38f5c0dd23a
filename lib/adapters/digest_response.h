/** @file digest_response.h  The number that proves a password: `response` of RFC 7616 section 3.4.1 */
#ifndef THA_ADAPTERS_DIGEST_RESPONSE_H
#define THA_ADAPTERS_DIGEST_RESPONSE_H

#include "adapters/sip_scan.h"

/** The weakest first. */
enum tha_digest_hash { THA_DIGEST_MD5, THA_DIGEST_SHA256, THA_DIGEST_SHA512_256 };

/** The longest response in hex digits, and its zero. */
#define THA_DIGEST_HEX_SIZE 65

struct tha_digest_terms {
    enum tha_digest_hash hash;
    bool is_session;       /**< an algorithm that ends in -sess */
    bool has_qop;          /**< "auth" */
    uint32_t nonce_count;  /**< from 1; with qop only */
    struct tha_span realm; /**< between its quotes, with its backslashes */
    struct tha_span nonce; /**< likewise */
    const char *cnonce;    /**< with qop or -sess only */
    const char *username;
    const char *password;
    const char *method;
    const char *uri;
};

/** MD5 only in a build without OpenSSL; not even that where the system forbids it. */
bool tha_digest_has_hash(enum tha_digest_hash hash);

/** False when the texts are longer than there is room for, or the hash fails. */
bool tha_digest_respond(const struct tha_digest_terms *terms, char ret_hex[THA_DIGEST_HEX_SIZE]);

/** The character of a quoted string at @p i, past a backslash that escapes it; moves @p i on to the next one. */
static inline char tha_digest_unescape(struct tha_span quoted, size_t *i)
{
    if (quoted.p[*i] == '\\' && *i + 1 < quoted.len)
        (*i)++;

    return quoted.p[(*i)++];
}

#endif
