#include "adapters/digest_response.h"

#include <string.h>

#ifdef THA_HAS_OPENSSL
#include <openssl/evp.h>
#else
#include <re.h>
#endif

#include "adapters/writer.h"

#define TEXT_SIZE 4096 /* what is hashed at a time: user name, realm, nonce, URI */
#define HASH_MAX  32   /* bytes */

/* ---- Hashes */

#ifdef THA_HAS_OPENSSL

static bool hash_bytes(enum tha_digest_hash hash, const char *text, size_t len, uint8_t ret_bytes[HASH_MAX], size_t *ret_len)
{
    const EVP_MD *methods[] = {
        [THA_DIGEST_MD5] = EVP_md5(), [THA_DIGEST_SHA256] = EVP_sha256(), [THA_DIGEST_SHA512_256] = EVP_sha512_256()};
    unsigned n = 0;
    bool is_done = EVP_Digest(text, len, ret_bytes, &n, methods[hash], NULL) == 1;

    *ret_len = n;

    return is_done;
}

#else

static bool hash_bytes(enum tha_digest_hash hash, const char *text, size_t len, uint8_t ret_bytes[HASH_MAX], size_t *ret_len)
{
    if (hash != THA_DIGEST_MD5)
        return false;
    md5((const uint8_t *)text, len, ret_bytes);
    *ret_len = MD5_SIZE;

    return true;
}

#endif

static bool hash_text(enum tha_digest_hash hash, const char *text, size_t len, char ret_hex[THA_DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[HASH_MAX];
    size_t n;

    if (!hash_bytes(hash, text, len, bytes, &n))
        return false;

    for (size_t i = 0; i < n; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * n] = '\0';
    explicit_bzero(bytes, sizeof(bytes));

    return true;
}

bool tha_digest_has_hash(enum tha_digest_hash hash)
{
    char hex[THA_DIGEST_HEX_SIZE];

    return hash_text(hash, "", 0, hex);
}

/* ---- What is hashed */

/** Texts with colons between them. */
struct paper {
    struct tha_writer writer;
    enum tha_digest_hash hash;
    char text[TEXT_SIZE];
};

static void clear(struct paper *paper)
{
    paper->writer = (struct tha_writer){paper->text, paper->text + sizeof(paper->text), false};
}

static void put_colon(struct paper *paper)
{
    if (paper->writer.p > paper->text)
        THA_PUT_LITERAL(&paper->writer, ":");
}

static void put(struct paper *paper, const char *text)
{
    put_colon(paper);
    tha_put_text(&paper->writer, text);
}

/** unq() of RFC 7616 section 3.4.1, as RFC 7230 section 3.2.6 understands it. */
static void put_quoted(struct paper *paper, struct tha_span quoted)
{
    put_colon(paper);
    for (size_t i = 0; i < quoted.len;) {
        char c = tha_digest_unescape(quoted, &i);

        tha_put(&paper->writer, &c, 1);
    }
}

static bool finish(struct paper *paper, char ret_hex[THA_DIGEST_HEX_SIZE])
{
    return !paper->writer.is_full && hash_text(paper->hash, paper->text, (size_t)(paper->writer.p - paper->text), ret_hex);
}

/** A1, RFC 7616 section 3.4.2. */
static bool hash_who(struct paper *paper, const struct tha_digest_terms *terms, char ret_hex[THA_DIGEST_HEX_SIZE])
{
    clear(paper);
    put(paper, terms->username);
    put_quoted(paper, terms->realm);
    put(paper, terms->password);
    if (!terms->is_session)
        return finish(paper, ret_hex);
    if (!finish(paper, ret_hex))
        return false;

    clear(paper);
    put(paper, ret_hex);
    put_quoted(paper, terms->nonce);
    put(paper, terms->cnonce);

    return finish(paper, ret_hex);
}

/** A2, RFC 7616 section 3.4.3. */
static bool hash_what(struct paper *paper, const struct tha_digest_terms *terms, char ret_hex[THA_DIGEST_HEX_SIZE])
{
    clear(paper);
    put(paper, terms->method);
    put(paper, terms->uri);

    return finish(paper, ret_hex);
}

static bool hash_both(struct paper *paper, const struct tha_digest_terms *terms, const char *who, const char *what,
                      char ret_hex[THA_DIGEST_HEX_SIZE])
{
    clear(paper);
    put(paper, who);
    put_quoted(paper, terms->nonce);
    if (terms->has_qop) {
        put_colon(paper);
        tha_put_hex32(&paper->writer, terms->nonce_count);
        put(paper, terms->cnonce);
        put(paper, "auth");
    }
    put(paper, what);

    return finish(paper, ret_hex);
}

bool tha_digest_respond(const struct tha_digest_terms *terms, char ret_hex[THA_DIGEST_HEX_SIZE])
{
    struct paper paper = {.hash = terms->hash};
    char who[THA_DIGEST_HEX_SIZE], what[THA_DIGEST_HEX_SIZE];
    bool is_done =
        hash_who(&paper, terms, who) && hash_what(&paper, terms, what) && hash_both(&paper, terms, who, what, ret_hex);

    explicit_bzero(&paper, sizeof(paper));
    explicit_bzero(who, sizeof(who));

    return is_done;
}
