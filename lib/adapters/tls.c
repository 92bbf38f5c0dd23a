#include <openssl/err.h>
#include <string.h>

#include "adapters/tls_room.h"

#define RECORD_MAX      16384U
#define RECORD_OVERHEAD 64U /* header, explicit IV, tag, of any cipher of TLS 1.2 and 1.3, and more */

static bool is_ended(const struct tha_tls_session *session)
{
    return session->step == THA_TLS_FAILED || session->step == THA_TLS_CLOSED;
}

static void fail(struct tha_tls_session *session)
{
    tha_tls_explain_failure(session);
    tha_tls_cache_drop(&session->context->cache, session);
    session->step = THA_TLS_FAILED;
}

/** What an operation of OpenSSL that did not succeed means for the session. */
static void note_result(struct tha_tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return;
    case SSL_ERROR_ZERO_RETURN:
        session->step = THA_TLS_CLOSED;
        return;
    default:
        fail(session);
    }
}

/** Whose certificate it must be, and SNI, which is for host names only (RFC 6066 section 3). */
static bool set_name(struct tha_tls_session *session)
{
    const char *name = session->server_name;
    struct tha_addr ip;

    if (tha_addr_parse_ip(&ip, name, strlen(name)))
        return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(session->ssl), ip.ip, ip.family == 6 ? 16 : 4) == 1;
    SSL_set_hostflags(session->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return SSL_set_tlsext_host_name(session->ssl, name) == 1 && SSL_set1_host(session->ssl, name) == 1;
}

static int set_up(struct tha_tls_session *session)
{
    SSL_SESSION *saved;

    session->ssl = SSL_new(session->context->ctx);
    if (!session->ssl || tha_tls_bio_attach(session))
        return TRUNKHA_ERR_NOMEM;

    SSL_set_app_data(session->ssl, session);
    SSL_set_msg_callback_arg(session->ssl, session);
    SSL_set_connect_state(session->ssl);
    if (!session->server_name[0]) { /* to OpenSSL, no name means any */
        tha_tls_say(session, "no name that a certificate could have");
        session->step = THA_TLS_FAILED;
        return 0;
    }
    if (!set_name(session))
        return TRUNKHA_ERR_NOMEM;

    saved = tha_tls_cache_find(&session->context->cache, session);
    if (saved)
        SSL_set_session(session->ssl, saved);

    return 0;
}

/** Without the brackets of an IPv6 address, and the dot at the end of a host name, which no certificate has. */
static const char *trim_name(const char *name, size_t *ret_len)
{
    size_t len = strlen(name);

    *ret_len = len && name[len - 1] == '.' ? len - 1 : len;
    if (len < 2 || name[0] != '[' || name[len - 1] != ']')
        return name;
    *ret_len = len - 2;

    return name + 1;
}

int tha_tls_session_new(struct tha_tls_context *context, const char *server_name, const struct tha_addr *peer,
                        struct tha_tls_session **ret_session)
{
    struct tha_tls_session *session;
    size_t len;
    int err;

    server_name = trim_name(server_name, &len);
    session = tha_mem_zalloc(&context->mem, 1, sizeof(*session) + len + 1);
    if (!session)
        return TRUNKHA_ERR_NOMEM;

    session->context = tha_tls_context_ref(context);
    memcpy(session->server_name, server_name, len);
    if (peer)
        session->peer = *peer;
    ERR_clear_error();
    err = set_up(session);
    ERR_clear_error();
    if (err)
        tha_tls_session_free(session);
    else
        *ret_session = session;

    return err;
}

struct tha_tls_session *tha_tls_session_free(struct tha_tls_session *session)
{
    struct tha_tls_context *context;

    if (!session)
        return NULL;

    context = session->context;
    if (session->ssl && session->step != THA_TLS_FAILED) /* else OpenSSL makes what was cut off unfit to be resumed */
        SSL_set_shutdown(session->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(session->ssl);
    tha_bytes_done(&session->in, &context->mem);
    tha_bytes_done(&session->out, &context->mem);
    tha_mem_free(&context->mem, session);
    tha_tls_context_unref(context);

    return NULL;
}

static void shake_hands(struct tha_tls_session *session)
{
    int result = SSL_do_handshake(session->ssl);

    if (result != 1) {
        note_result(session, result);
        return;
    }
    session->step = THA_TLS_OPEN;
    SSL_set_msg_callback(session->ssl, NULL);
}

enum tha_tls_step tha_tls_session_feed(struct tha_tls_session *session, const void *data, size_t len)
{
    if (is_ended(session))
        return session->step;

    ERR_clear_error();
    if (tha_bytes_put(&session->in, &session->context->mem, data, len))
        fail(session);
    else if (session->step == THA_TLS_MORE)
        shake_hands(session);

    return session->step;
}

size_t tha_tls_session_pull(struct tha_tls_session *session, void *buf, size_t size)
{
    return tha_bytes_take(&session->out, &session->context->mem, buf, size);
}

size_t tha_tls_session_waiting(const struct tha_tls_session *session)
{
    return tha_bytes_len(&session->out);
}

size_t tha_tls_session_read(struct tha_tls_session *session, void *buf, size_t size)
{
    size_t len = 0;

    if (session->step != THA_TLS_OPEN)
        return 0;

    ERR_clear_error();
    if (SSL_read_ex(session->ssl, buf, size, &len) != 1) {
        note_result(session, 0);
        SSL_free_buffers(session->ssl); /* taking a ticket leaves it one for writing: 16 KB until the next probe */
    }

    return len;
}

int tha_tls_session_write(struct tha_tls_session *session, const void *data, size_t len)
{
    size_t records = len / RECORD_MAX + 1, written;

    if (session->step != THA_TLS_OPEN)
        return TRUNKHA_ERR_SYSTEM;
    if (!len)
        return 0;
    if (tha_bytes_reserve(&session->out, &session->context->mem, len + records * RECORD_OVERHEAD))
        return TRUNKHA_ERR_NOMEM;

    ERR_clear_error();
    if (SSL_write_ex(session->ssl, data, len, &written) == 1)
        return 0;
    fail(session);

    return TRUNKHA_ERR_SYSTEM;
}

void tha_tls_session_end(struct tha_tls_session *session)
{
    if (session->step == THA_TLS_FAILED || !SSL_is_init_finished(session->ssl))
        return;

    ERR_clear_error();
    SSL_shutdown(session->ssl);
    ERR_clear_error();
}

const char *tha_tls_session_detail(const struct tha_tls_session *session)
{
    return session->detail;
}

void tha_tls_session_get_facts(const struct tha_tls_session *session, struct tha_tls_facts *ret_facts)
{
    X509 *certificate = SSL_get_peer_certificate(session->ssl);

    memset(ret_facts, 0, sizeof(*ret_facts));
    tha_text_copy(ret_facts->version, sizeof(ret_facts->version), SSL_get_version(session->ssl));
    tha_text_copy(ret_facts->cipher, sizeof(ret_facts->cipher), SSL_get_cipher_name(session->ssl));
    ret_facts->is_resumed = SSL_session_reused(session->ssl);
    if (!certificate)
        return;

    ret_facts->is_verified = SSL_get_verify_result(session->ssl) == X509_V_OK;
    ret_facts->not_after = tha_tls_certificate_time(X509_get0_notAfter(certificate));
    tha_tls_certificate_name(X509_get_subject_name(certificate), ret_facts->subject, sizeof(ret_facts->subject));
    tha_tls_certificate_name(X509_get_issuer_name(certificate), ret_facts->issuer, sizeof(ret_facts->issuer));
    tha_tls_certificate_names(certificate, ret_facts->names, sizeof(ret_facts->names));
    X509_free(certificate);
}
