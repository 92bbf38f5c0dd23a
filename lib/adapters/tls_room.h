/** @file tls_room.h  What the parts of TLS share; nobody else looks in here */
#ifndef THA_ADAPTERS_TLS_ROOM_H
#define THA_ADAPTERS_TLS_ROOM_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "adapters/bytes.h"
#include "adapters/tls.h"
#include "base/text.h"

#define THA_TLS_CHAINS 64

/** What can be resumed: the last session of each name at each address. */
struct tha_tls_saved;
struct tha_tls_cache {
    struct tha_tls_saved *chains[THA_TLS_CHAINS];
};

struct tha_tls_context {
    struct tha_mem mem;
    SSL_CTX *ctx;
    BIO_METHOD *bio_method;
    int (*allow_by_default)(const SSL *ssl, const SSL_CTX *ctx, int operation, int bits, int nid, void *object, void *data);
    struct tha_tls_cache cache;
    uint32_t n_refs;
    uint32_t min_version; /**< enum tha_tls_version */
    bool verify;
    bool has_certificate;
};

struct tha_tls_session {
    struct tha_tls_context *context;
    SSL *ssl;
    struct tha_bytes in;  /**< from the network, not yet looked at; empty between two calls, but for half a record */
    struct tha_bytes out; /**< for the network */
    enum tha_tls_step step;
    int hello_version;          /**< of the peer's ServerHello; 0 = none has come */
    bool is_certificate_wanted; /**< by the peer, of us */
    struct tha_addr peer;       /**< family 0 = nothing is resumed */
    char detail[THA_TLS_DETAIL_SIZE];
    char server_name[]; /**< as certificates have it */
};

/* ---- tls_bio.c: what OpenSSL reads from and writes to ---- */

BIO_METHOD *tha_tls_bio_method_new(void);

/** Makes @p session 's in and out those of its `ssl`. Returns 0 or NOMEM. */
int tha_tls_bio_attach(struct tha_tls_session *session);

/* ---- tls_cache.c ---- */

/** Keeps @p saved, whose reference it takes if it returns true. */
bool tha_tls_cache_put(struct tha_tls_cache *cache, const struct tha_tls_session *session, SSL_SESSION *saved);

/** Borrowed; NULL = nothing, or nothing that is still good. */
SSL_SESSION *tha_tls_cache_find(struct tha_tls_cache *cache, const struct tha_tls_session *session);
void tha_tls_cache_drop(struct tha_tls_cache *cache, const struct tha_tls_session *session);
void tha_tls_cache_done(struct tha_tls_cache *cache, const struct tha_mem *mem);

/* ---- tls_certificate.c: what stands in one, printable ---- */

/** The common name, or the whole name. */
void tha_tls_certificate_name(const X509_NAME *name, char *buf, size_t size);

/** Names of the subjectAltName, or else the common name; as many as fit. */
void tha_tls_certificate_names(const X509 *certificate, char *buf, size_t size);

/** Is it that of the SIP domain @p name by a URI in its subjectAltName (RFC 5922 section 7.1)? */
bool tha_tls_certificate_is_for_domain(const X509 *certificate, const char *name);

/** "2026-01-02", and Unix seconds. */
void tha_tls_certificate_date(const ASN1_TIME *time, char *buf, size_t size);
int64_t tha_tls_certificate_time(const ASN1_TIME *time);

/* ---- tls_why.c: what is wrong, for people ---- */

/** The first reason that is given stays. */
void tha_tls_say(struct tha_tls_session *session, const char *format, ...) THA_PRINTF(2, 3);

/** Why a certificate was not accepted. */
void tha_tls_explain_certificate(struct tha_tls_session *session, X509_STORE_CTX *store);

/** Why OpenSSL gave up: takes its queue of errors. */
void tha_tls_explain_failure(struct tha_tls_session *session);

#endif
