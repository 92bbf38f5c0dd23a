#include "adapters/digest.h"

#include <string.h>

#include "adapters/digest_challenge.h"
#include "adapters/digest_response.h"
#include "adapters/printable.h"
#include "adapters/writer.h"
#include "base/text.h"

#define VALUE_MAX 1024 /* bytes of a realm, nonce or opaque that we take */

struct algorithm {
    const char *name;
    enum tha_digest_hash hash;
    bool is_session;
};

/** The weakest first. -sess adds nothing for who answers once, and is less often done right. */
static const struct algorithm algorithms[] = {
    {"MD5-sess", THA_DIGEST_MD5, true},
    {"MD5", THA_DIGEST_MD5, false},
    {"SHA-256-sess", THA_DIGEST_SHA256, true},
    {"SHA-256", THA_DIGEST_SHA256, false},
    {"SHA-512-256-sess", THA_DIGEST_SHA512_256, true},
    {"SHA-512-256", THA_DIGEST_SHA512_256, false},
};

struct tha_digest {
    struct tha_mem mem;
    const struct algorithm *algorithm;
    uint64_t session_cnonce; /**< -sess: that of the first request with the nonce (RFC 7616 section 3.4.2) */
    uint32_t nonce_count;    /**< answers given with the nonce */
    bool has_algorithm;      /**< it was named */
    bool has_qop;
    bool is_proxy;
    struct tha_span realm, nonce, opaque; /**< as they came, in `text` */
    size_t size;
    char text[];
};

/* ---- Which challenge */

static bool is_same(struct tha_span a, struct tha_span b)
{
    return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

/** NULL = one that we do not know, or cannot do here. */
static const struct algorithm *find_algorithm(const struct tha_challenge *challenge)
{
    struct tha_span name = challenge->algorithm.p ? challenge->algorithm : (struct tha_span){"MD5", 3};

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (tha_challenge_is_word(name, algorithms[i].name))
            return tha_digest_has_hash(algorithms[i].hash) ? &algorithms[i] : NULL;
    }

    return NULL;
}

static bool is_realm(struct tha_span realm, const char *wanted)
{
    for (size_t i = 0; i < realm.len; wanted++) {
        if (tha_digest_unescape(realm, &i) != *wanted)
            return false;
    }

    return !*wanted;
}

static bool is_usable(const struct tha_challenge *challenge, const struct tha_credentials *credentials)
{
    bool has_room =
        challenge->realm.len <= VALUE_MAX && challenge->nonce.len <= VALUE_MAX && challenge->opaque.len <= VALUE_MAX;

    return challenge->is_digest && !challenge->is_malformed && challenge->realm.p && challenge->nonce.len && has_room &&
           (!challenge->qop.len || tha_challenge_lists(challenge->qop, "auth")) &&
           (!credentials->realm || is_realm(challenge->realm, credentials->realm));
}

/** The strongest that we can do, of equal ones the first; NULL when there is none. */
static const struct algorithm *find_best(const struct tha_credentials *credentials, const struct tha_span *values,
                                         uint32_t n_values, struct tha_challenge *ret_challenge)
{
    const struct algorithm *best = NULL;

    for (uint32_t i = 0; i < n_values && i < THA_DIGEST_CHALLENGES_MAX; i++) {
        struct tha_span rest = values[i];
        struct tha_challenge challenge;

        for (uint32_t n = 0; n < THA_DIGEST_CHALLENGES_MAX && tha_challenge_next(&rest, &challenge); n++) {
            const struct algorithm *algorithm = is_usable(&challenge, credentials) ? find_algorithm(&challenge) : NULL;

            if (algorithm && (!best || algorithm > best)) {
                best = algorithm;
                *ret_challenge = challenge;
            }
        }
    }

    return best;
}

/* ---- Taking it */

static struct tha_span keep(char **inout_at, struct tha_span value)
{
    struct tha_span kept = {*inout_at, value.len};

    if (value.len)
        memcpy(*inout_at, value.p, value.len);
    *inout_at += value.len;

    return value.p ? kept : value;
}

static struct tha_digest *new_digest(const struct tha_mem *mem, const struct tha_challenge *challenge)
{
    size_t size = sizeof(struct tha_digest) + challenge->realm.len + challenge->nonce.len + challenge->opaque.len;
    struct tha_digest *digest = tha_mem_zalloc(mem, 1, size);
    char *at = digest ? digest->text : NULL;

    if (!digest)
        return NULL;

    digest->mem = *mem;
    digest->size = size;
    digest->has_algorithm = challenge->algorithm.p;
    digest->has_qop = challenge->qop.len;
    digest->realm = keep(&at, challenge->realm);
    digest->nonce = keep(&at, challenge->nonce);
    digest->opaque = keep(&at, challenge->opaque);

    return digest;
}

/** Some servers take a nonce back after a while without saying that it is stale. */
static bool is_worn(const struct tha_digest *digest, const struct tha_challenge *challenge)
{
    return digest && digest->nonce_count > 1 && !is_same(digest->nonce, challenge->nonce);
}

enum tha_digest_verdict tha_digest_take(const struct tha_mem *mem, struct tha_digest **inout_digest,
                                        const struct tha_credentials *credentials, const struct tha_span *values,
                                        uint32_t n_values, bool is_proxy, bool was_answered)
{
    struct tha_challenge challenge = {.is_digest = false};
    const struct algorithm *algorithm = find_best(credentials, values, n_values, &challenge);
    struct tha_digest *digest;

    if (!algorithm)
        return THA_DIGEST_UNUSABLE;
    if (was_answered && !tha_challenge_is_word(challenge.stale, "true") && !is_worn(*inout_digest, &challenge))
        return THA_DIGEST_REFUSED;

    digest = new_digest(mem, &challenge);
    if (!digest)
        return THA_DIGEST_NO_MEMORY;
    digest->algorithm = algorithm;
    digest->is_proxy = is_proxy;
    tha_digest_free(*inout_digest);
    *inout_digest = digest;

    return THA_DIGEST_TAKEN;
}

struct tha_digest *tha_digest_free(struct tha_digest *digest)
{
    if (digest) {
        struct tha_mem mem = digest->mem;

        explicit_bzero(digest, digest->size);
        tha_mem_free(&mem, digest);
    }

    return NULL;
}

/* ---- Answering it */

#define CNONCE_SIZE 17 /* 16 hex digits and a zero */

static void print_cnonce(uint64_t cnonce, char buf[CNONCE_SIZE])
{
    struct tha_writer writer = {buf, buf + CNONCE_SIZE - 1, false};

    tha_put_hex64(&writer, cnonce);
    buf[CNONCE_SIZE - 1] = '\0';
}

/** RFC 3261 section 25.1, quoted-string. */
static void put_escaped(struct tha_writer *writer, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            THA_PUT_LITERAL(writer, "\\");
        tha_put(writer, text, 1);
    }
}

static void put_challenge(struct tha_writer *writer, const struct tha_digest *digest)
{
    THA_PUT_LITERAL(writer, "\", realm=\"");
    tha_put(writer, digest->realm.p, digest->realm.len);
    THA_PUT_LITERAL(writer, "\", nonce=\"");
    tha_put(writer, digest->nonce.p, digest->nonce.len);
    if (digest->opaque.p) {
        THA_PUT_LITERAL(writer, "\", opaque=\"");
        tha_put(writer, digest->opaque.p, digest->opaque.len);
    }
    THA_PUT_LITERAL(writer, "\"");
    if (digest->has_algorithm) {
        THA_PUT_LITERAL(writer, ", algorithm=");
        tha_put_text(writer, digest->algorithm->name);
    }
}

static void put_response(struct tha_writer *writer, const struct tha_digest_terms *terms, const char *hex)
{
    THA_PUT_LITERAL(writer, ", uri=\"");
    put_escaped(writer, terms->uri);
    THA_PUT_LITERAL(writer, "\", response=\"");
    tha_put_text(writer, hex);
    THA_PUT_LITERAL(writer, "\"");
    if (terms->has_qop || terms->is_session) {
        THA_PUT_LITERAL(writer, ", cnonce=\"");
        tha_put_text(writer, terms->cnonce);
        THA_PUT_LITERAL(writer, "\"");
    }
    if (terms->has_qop) {
        THA_PUT_LITERAL(writer, ", qop=auth, nc=");
        tha_put_hex32(writer, terms->nonce_count);
    }
    THA_PUT_LITERAL(writer, "\r\n");
}

size_t tha_digest_write(struct tha_digest *digest, const struct tha_credentials *credentials, const char *method,
                        const char *uri, uint64_t cnonce, char *buf, size_t size)
{
    struct tha_writer writer = {buf, buf + size, false};
    char hex[THA_DIGEST_HEX_SIZE], cnonce_text[CNONCE_SIZE];
    struct tha_digest_terms terms = {
        .hash = digest->algorithm->hash,
        .is_session = digest->algorithm->is_session,
        .has_qop = digest->has_qop,
        .nonce_count = digest->nonce_count + 1,
        .realm = digest->realm,
        .nonce = digest->nonce,
        .cnonce = cnonce_text,
        .username = credentials->username,
        .password = credentials->password,
        .method = method,
        .uri = uri,
    };

    if (digest->algorithm->is_session && digest->nonce_count)
        cnonce = digest->session_cnonce;
    print_cnonce(cnonce, cnonce_text);
    if (!tha_digest_respond(&terms, hex))
        return 0;

    tha_put_text(&writer, digest->is_proxy ? "Proxy-Authorization" : "Authorization");
    THA_PUT_LITERAL(&writer, ": Digest username=\"");
    put_escaped(&writer, terms.username);
    put_challenge(&writer, digest);
    put_response(&writer, &terms, hex);
    if (writer.is_full)
        return 0;

    digest->session_cnonce = cnonce;
    digest->nonce_count++;

    return (size_t)(writer.p - buf);
}

void tha_digest_describe(const struct tha_digest *digest, char *buf, size_t size)
{
    tha_text_print(buf, size, "%s, realm \"%.*s\"", digest->algorithm->name, (int)digest->realm.len, digest->realm.p);
    tha_printable(buf);
}
