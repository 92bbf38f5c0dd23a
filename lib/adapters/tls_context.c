#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "adapters/tls_room.h"

/** Where a file is wrong. */
struct complaint {
    char *buf;
    size_t size;
};

/** OpenSSL's own want of memory, or the C library's when it opens a file. */
static bool is_out_of_memory(unsigned long error)
{
    return ERR_GET_REASON(error) == (ERR_GET_LIB(error) == ERR_LIB_SYS ? ENOMEM : ERR_R_MALLOC_FAILURE);
}

/** Says why @p path cannot be used as @p key; the text is the system's if the file cannot even be read, else OpenSSL's. */
static int complain(const struct complaint *complaint, const char *key, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    FILE *file;

    if (is_out_of_memory(ERR_peek_error())) {
        ERR_clear_error();
        return TRUNKHA_ERR_NOMEM;
    }
    file = fopen(path, "re");
    if (!file)
        reason = strerror(errno);
    else
        fclose(file);
    tha_text_print(complaint->buf, complaint->size, "%s %s: %s", key, path, reason ? reason : "cannot be used");
    ERR_clear_error();

    return TRUNKHA_ERR_CONFIG;
}

/** OpenSSL would ask on the terminal. */
static int know_no_passphrase(char *buf, int size, int is_writing, void *user_data)
{
    (void)buf;
    (void)size;
    (void)is_writing;
    (void)user_data;

    return -1;
}

static int load_authorities(SSL_CTX *ctx, const char *path, const struct complaint *complaint)
{
    if (!path[0]) {
        SSL_CTX_set_default_verify_paths(ctx); /* what the system lacks is missed by the first certificate */
        return 0;
    }

    return SSL_CTX_load_verify_locations(ctx, path, NULL) == 1 ? 0 : complain(complaint, "caFile", path);
}

static int load_certificate(SSL_CTX *ctx, const struct tha_tls_settings *settings, const struct complaint *complaint)
{
    const char *key_file = settings->key_file[0] ? settings->key_file : settings->cert_file;
    const char *key_name = settings->key_file[0] ? "keyFile" : "certFile";

    if (!settings->cert_file[0])
        return 0;
    if (SSL_CTX_use_certificate_chain_file(ctx, settings->cert_file) != 1)
        return complain(complaint, "certFile", settings->cert_file);

    return SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1 ? 0 : complain(complaint, key_name, key_file);
}

static int keep_session(SSL *ssl, SSL_SESSION *saved)
{
    struct tha_tls_session *session = SSL_get_app_data(ssl);

    return tha_tls_cache_put(&session->context->cache, session, saved);
}

/** Called for each certificate of a chain, and for each fault. */
static int verify(int is_good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tha_tls_session *session = SSL_get_app_data(ssl);

    if (is_good)
        return 1;
    if (X509_STORE_CTX_get_error(store) == X509_V_ERR_HOSTNAME_MISMATCH &&
        tha_tls_certificate_is_for_domain(X509_STORE_CTX_get_current_cert(store), session->server_name)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (session->context->verify)
        tha_tls_explain_certificate(session, store);

    return 0;
}

/** Looks on for what is missing in OpenSSL's own account of a failure. */
static void watch_messages(int is_sent, int version, int type, const void *data, size_t len, SSL *ssl, void *user_data)
{
    struct tha_tls_session *session = user_data;
    const unsigned char *message = data;

    (void)version;
    (void)ssl;

    if (is_sent || type != SSL3_RT_HANDSHAKE || !len)
        return;
    if (message[0] == SSL3_MT_SERVER_HELLO && len > 6)
        session->hello_version = message[4] << 8 | message[5];
    else if (message[0] == SSL3_MT_CERTIFICATE_REQUEST)
        session->is_certificate_wanted = true;
}

/** A cipher suite of TLS 1.2, or a group of TLS 1.3. */
static bool is_finite_field(int operation, int nid, const void *object)
{
    switch ((unsigned)operation & SSL_SECOP_OTHER_TYPE) {
    case SSL_SECOP_OTHER_CIPHER:
        return SSL_CIPHER_get_kx_nid(object) == NID_kx_dhe;
    case SSL_SECOP_OTHER_CURVE:
        return nid >= NID_ffdhe2048 && nid <= NID_ffdhe8192;
    default:
        return false;
    }
}

/** OpenSSL's own judgement, but no DHE: the group is the server's choice, and one of 10,000 bits takes half a second. */
static int allow(const SSL *ssl, const SSL_CTX *ctx, int operation, int bits, int nid, void *object, void *user_data)
{
    const struct tha_tls_context *context = user_data;

    return !is_finite_field(operation, nid, object) &&
           context->allow_by_default(ssl, ctx, operation, bits, nid, object, NULL);
}

/** Without verification the chain is looked at all the same, so that the facts can tell how it is. */
static void set_up(struct tha_tls_context *context)
{
    SSL_CTX *ctx = context->ctx;

    SSL_CTX_set_min_proto_version(ctx, context->min_version == THA_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    context->allow_by_default = SSL_CTX_get_security_callback(ctx);
    SSL_CTX_set_security_callback(ctx, allow);
    SSL_CTX_set0_security_ex_data(ctx, context);
    SSL_CTX_set_verify(ctx, context->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, verify);
    SSL_CTX_set_default_passwd_cb(ctx, know_no_passphrase);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    SSL_CTX_set_msg_callback(ctx, watch_messages);
}

static int load(struct tha_tls_context *context, const struct tha_tls_settings *settings, const struct complaint *complaint)
{
    int err;

    context->ctx = SSL_CTX_new(TLS_client_method());
    context->bio_method = tha_tls_bio_method_new();
    if (!context->ctx || !context->bio_method)
        return TRUNKHA_ERR_NOMEM;

    set_up(context);
    err = load_authorities(context->ctx, settings->ca_file, complaint);

    return err ? err : load_certificate(context->ctx, settings, complaint);
}

static struct tha_tls_context *context_free(struct tha_tls_context *context)
{
    struct tha_mem mem = context->mem;

    tha_tls_cache_done(&context->cache, &mem);
    SSL_CTX_free(context->ctx);
    BIO_meth_free(context->bio_method);

    return tha_mem_free(&mem, context);
}

int tha_tls_context_new(const struct tha_mem *mem, const struct tha_tls_settings *settings,
                        struct tha_tls_context **ret_context, char *error_buf, size_t error_size)
{
    const struct complaint complaint = {error_buf, error_size};
    struct tha_tls_context *context = tha_mem_zalloc(mem, 1, sizeof(*context));
    int err;

    if (!context)
        return TRUNKHA_ERR_NOMEM;

    context->mem = *mem;
    context->n_refs = 1;
    context->min_version = settings->min_version;
    context->verify = settings->verify;
    context->has_certificate = settings->cert_file[0] != '\0';

    ERR_clear_error();
    err = load(context, settings, &complaint);
    ERR_clear_error();
    if (err)
        context_free(context);
    else
        *ret_context = context;

    return err;
}

struct tha_tls_context *tha_tls_context_ref(struct tha_tls_context *context)
{
    context->n_refs++;

    return context;
}

struct tha_tls_context *tha_tls_context_unref(struct tha_tls_context *context)
{
    if (context && !--context->n_refs)
        context_free(context);

    return NULL;
}
