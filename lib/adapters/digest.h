/** @file digest.h  Digest authentication of a client (RFC 7616, RFC 8760, RFC 3261 section 22)
 *
 *  MD5, SHA-256 and SHA-512-256, and -sess of each; qop auth or none. Of several challenges the strongest that we can do is
 *  taken. In a build without OpenSSL there is MD5 only. */
#ifndef THA_ADAPTERS_DIGEST_H
#define THA_ADAPTERS_DIGEST_H

#include "adapters/sip_scan.h"
#include "base/mem.h"
#include "core/model.h"

/** A challenge that is being answered, and how often it was: one for each peer. Holds no password. */
struct tha_digest;

enum tha_digest_verdict {
    THA_DIGEST_TAKEN,    /**< answer it with tha_digest_write() */
    THA_DIGEST_REFUSED,  /**< answered already, not stale, and no nonce of old that has worn out: wrong credentials */
    THA_DIGEST_UNUSABLE, /**< no challenge with a realm, algorithm and qop that we can do */
    THA_DIGEST_NO_MEMORY,
};

/** Takes the challenges of a 401 or 407: @p values are those of its WWW-Authenticate (@p is_proxy: Proxy-Authenticate)
 *  headers, at most THA_DIGEST_CHALLENGES_MAX of them are looked at; each may hold as many, with commas between.
 *  @p was_answered: the request that was challenged carried our answer. @p inout_digest: NULL at first; keep it for the
 *  next requests to the same peer, whose nonce counts it. */
enum tha_digest_verdict tha_digest_take(const struct tha_mem *mem, struct tha_digest **inout_digest,
                                        const struct tha_credentials *credentials, const struct tha_span *values,
                                        uint32_t n_values, bool is_proxy, bool was_answered);

#define THA_DIGEST_CHALLENGES_MAX 8U

/** Writes "Authorization: Digest ...\r\n" (or Proxy-Authorization) for the next request with the nonce, which has no body as
 *  far as digest goes: qop auth-int is not done. @p cnonce: random. Returns the bytes written, 0 = no room. */
size_t tha_digest_write(struct tha_digest *digest, const struct tha_credentials *credentials, const char *method,
                        const char *uri, uint64_t cnonce, char *buf, size_t size);

/** "SHA-256, realm \"carrier.example\"": for people. */
void tha_digest_describe(const struct tha_digest *digest, char *buf, size_t size);

/** Wiped. NULL is fine; returns NULL. */
struct tha_digest *tha_digest_free(struct tha_digest *digest);

#endif
