/** @file secure.h  TLS for the mock of carriers: an authority and a server certificate, made for the occasion */
#ifndef MOCK_SECURE_H
#define MOCK_SECURE_H

#include <openssl/ssl.h>

#define SECURE_NAME "sip.carrier.example" /* what the certificate is for */

struct secure;

/** NULL = OpenSSL cannot. */
struct secure *secure_new(void);
struct secure *secure_free(struct secure *secure);

/** Settings with tickets of their own: what was agreed under those before is not resumed, as after a restart. New. */
SSL_CTX *secure_context(const struct secure *secure);

/** Writes the authority's certificate as PEM, for whoever is to trust it. Returns 0 or -1. */
int secure_write_authority(const struct secure *secure, const char *path);

#endif
