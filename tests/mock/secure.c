#include "secure.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_S (24 * 3600L)

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

struct secure {
    struct identity authority, server;
};

static EVP_PKEY *make_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;

    if (ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) == 1)
        EVP_PKEY_keygen(ctx, &key);
    EVP_PKEY_CTX_free(ctx);

    return key;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool is_added = extension && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);

    return is_added;
}

static bool name_it(X509_NAME *name, const char *common_name)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) == 1;
}

/* Signed by @p issuer, or by itself when that is NULL. */
static bool make_identity(struct identity *identity, const struct identity *issuer, const char *name, int nid,
                          const char *extension)
{
    const struct identity *signer = issuer ? issuer : identity;
    X509 *certificate = X509_new();

    identity->certificate = certificate;
    identity->key = make_key();
    if (!certificate || !identity->key)
        return false;

    X509_set_version(certificate, 2); /* v3 */
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * DAY_S);

    return name_it(X509_get_subject_name(certificate), name) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate)) == 1 &&
           X509_set_pubkey(certificate, identity->key) == 1 && add_extension(certificate, nid, extension) &&
           X509_sign(certificate, signer->key, EVP_sha256()) > 0;
}

struct secure *secure_new(void)
{
    struct secure *secure = calloc(1, sizeof(*secure));

    if (secure && make_identity(&secure->authority, NULL, "mock authority", NID_basic_constraints, "critical,CA:TRUE") &&
        make_identity(&secure->server, &secure->authority, "mock carrier", NID_subject_alt_name, "DNS:" SECURE_NAME))
        return secure;

    return secure_free(secure);
}

static void let_go(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

struct secure *secure_free(struct secure *secure)
{
    if (!secure)
        return NULL;

    let_go(&secure->authority);
    let_go(&secure->server);
    free(secure);

    return NULL;
}

SSL_CTX *secure_context(const struct secure *secure)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context && SSL_CTX_use_certificate(context, secure->server.certificate) == 1 &&
        SSL_CTX_use_PrivateKey(context, secure->server.key) == 1) {
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        return context;
    }
    SSL_CTX_free(context);

    return NULL;
}

int secure_write_authority(const struct secure *secure, const char *path)
{
    FILE *out = fopen(path, "w");
    int err;

    if (!out)
        return -1;

    err = PEM_write_X509(out, secure->authority.certificate) == 1 ? 0 : -1;

    return fclose(out) ? -1 : err;
}
