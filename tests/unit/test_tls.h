/** @file test_tls.h  Certificates made for the occasion, settings that use them, and a TLS server as a test wants it */
#ifndef TEST_TLS_H
#define TEST_TLS_H

#include <check.h>
#include <ftw.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/tls.h"

static char certificates_dir[64];

static inline int certificates_remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;

    return remove(path);
}

static inline void certificates_remove(void)
{
    nftw(certificates_dir, certificates_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void certificates_make(void)
{
    char command[256];

    strcpy(certificates_dir, "/tmp/trunkha-certificates-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(certificates_dir));
    atexit(certificates_remove);
    snprintf(command, sizeof(command), "%s %s", CERTIFICATES, certificates_dir);
    ck_assert_int_eq(system(command), 0);
}

/** The path of a file that certificates.sh writes (it is called once), or of another beside them. */
static inline const char *certificate(const char *name)
{
    static char paths[64][128];
    char path[128];
    unsigned i;

    if (!certificates_dir[0])
        certificates_make();
    snprintf(path, sizeof(path), "%s/%s", certificates_dir, name);
    for (i = 0; paths[i][0] && strcmp(paths[i], path); i++)
        ck_assert_uint_lt(i, 63);

    return memcpy(paths[i], path, sizeof(path));
}

/** Trusts the CA of the certificates, verifies, TLS 1.2 at least. */
static inline struct tha_tls_settings settings_of_test(void)
{
    return (struct tha_tls_settings){
        .ca_file = certificate("ca.pem"), .cert_file = "", .key_file = "", .server_name = "", .verify = true};
}

static inline struct tha_tls_context *context_of(const struct tha_tls_settings *settings)
{
    struct tha_tls_context *context = NULL;
    char error[256] = "";

    ck_assert_msg(!tha_tls_context_new(&tha_mem_default, settings, &context, error, sizeof(error)), "%s", error);

    return context;
}

/** A server that shows @p name and speaks no version above @p max_version (0 = any). */
static inline SSL_CTX *server_new(const char *name, int max_version)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    char file[64];

    snprintf(file, sizeof(file), "%s.pem", name);
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(server, certificate(file)), 1);
    snprintf(file, sizeof(file), "%s.key", name);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(server, certificate(file), SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_session_id_context(server, (const unsigned char *)"test", 4);
    if (max_version && max_version < TLS1_2_VERSION) {
        SSL_CTX_set_security_level(server, 0);
        SSL_CTX_set_min_proto_version(server, max_version);
    }
    if (max_version)
        SSL_CTX_set_max_proto_version(server, max_version);

    return server;
}

/** Wants a certificate of those that the CA has signed. */
static inline void server_want_client(SSL_CTX *server)
{
    ck_assert_int_eq(SSL_CTX_load_verify_locations(server, certificate("ca.pem"), NULL), 1);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

#endif
