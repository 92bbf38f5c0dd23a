#include <openssl/err.h>
#include <string.h>

#include "adapters/printable.h"
#include "adapters/tls_room.h"

#define NAME_SIZE 48

void tha_tls_say(struct tha_tls_session *session, const char *format, ...)
{
    va_list ap;

    if (session->detail[0])
        return;

    va_start(ap, format);
    tha_text_vprint(session->detail, sizeof(session->detail), format, ap);
    va_end(ap);
    tha_printable(session->detail);
}

static const char *wanted_version(const struct tha_tls_session *session)
{
    return session->context->min_version == THA_TLS_1_3 ? "1.3" : "1.2";
}

/* ---- Certificates ---- */

/** "certificate", or "certificate of "Some CA"" for one further up the chain. */
static void print_which(X509_STORE_CTX *store, char *buf, size_t size)
{
    char name[NAME_SIZE];

    if (X509_STORE_CTX_get_error_depth(store) == 0) {
        tha_text_copy(buf, size, "certificate");
        return;
    }
    tha_tls_certificate_name(X509_get_subject_name(X509_STORE_CTX_get_current_cert(store)), name, sizeof(name));
    tha_text_print(buf, size, "certificate of \"%s\"", name);
}

static void explain_dates(struct tha_tls_session *session, X509_STORE_CTX *store, bool is_expired)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    char which[NAME_SIZE + 20], date[16];

    print_which(store, which, sizeof(which));
    tha_tls_certificate_date(is_expired ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate), date,
                             sizeof(date));
    tha_tls_say(session, is_expired ? "%s has expired (%s)" : "%s is not valid yet (from %s)", which, date);
}

/** Both names stand in it, cut when they must be. */
static void explain_names(struct tha_tls_session *session, X509_STORE_CTX *store)
{
    static const char format[] = "certificate is for %.*s, not for %.*s";
    const int room = THA_TLS_DETAIL_SIZE - (int)sizeof(format) + 8;
    char names[THA_TLS_DETAIL_SIZE];
    int wanted = (int)strlen(session->server_name), named;

    tha_tls_certificate_names(X509_STORE_CTX_get_current_cert(store), names, sizeof(names));
    named = (int)strlen(names);
    if (named + wanted > room && wanted > room / 2)
        wanted = named > room / 2 ? room / 2 : room - named;
    if (named + wanted > room)
        named = room - wanted;
    tha_tls_say(session, format, named, names, wanted, session->server_name);
}

static void explain_issuer(struct tha_tls_session *session, X509_STORE_CTX *store)
{
    char name[NAME_SIZE];

    tha_tls_certificate_name(X509_get_issuer_name(X509_STORE_CTX_get_current_cert(store)), name, sizeof(name));
    tha_tls_say(session, "unknown issuer \"%s\"", name);
}

void tha_tls_explain_certificate(struct tha_tls_session *session, X509_STORE_CTX *store)
{
    int err = X509_STORE_CTX_get_error(store);
    char name[NAME_SIZE];

    switch (err) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        explain_dates(session, store, err == X509_V_ERR_CERT_HAS_EXPIRED);
        return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        explain_names(session, store);
        return;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        explain_issuer(session, store);
        return;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        tha_tls_certificate_name(X509_get_subject_name(X509_STORE_CTX_get_current_cert(store)), name, sizeof(name));
        tha_tls_say(session, "self-signed certificate \"%s\"", name);
        return;
    default:
        tha_tls_say(session, "certificate: %s", X509_verify_cert_error_string(err));
    }
}

/* ---- Everything else ---- */

/** Alerts by which a peer may mean our certificate (RFC 8446 section 6.2). */
static bool is_about_certificate(int alert)
{
    return alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_DECRYPT_ERROR || alert == SSL_AD_CERTIFICATE_REQUIRED ||
           (alert >= SSL_AD_NO_CERTIFICATE && alert <= SSL_AD_ACCESS_DENIED);
}

static void explain_alert(struct tha_tls_session *session, int alert)
{
    const char *name = SSL_alert_desc_string_long(alert);

    if (alert == SSL_AD_PROTOCOL_VERSION)
        tha_tls_say(session, "peer refuses TLS %s and newer (alert: %s)", wanted_version(session), name);
    else if (!session->is_certificate_wanted || !is_about_certificate(alert))
        tha_tls_say(session, "peer refuses the handshake (alert: %s)", name);
    else if (session->context->has_certificate)
        tha_tls_say(session, "peer rejects our client certificate (alert: %s)", name);
    else
        tha_tls_say(session, "peer wants a client certificate, certFile names none (alert: %s)", name);
}

static const char *version_name(int version)
{
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

    return version >= SSL3_VERSION && version <= TLS1_3_VERSION ? names[version - SSL3_VERSION] : "an unknown version";
}

static void explain_reason(struct tha_tls_session *session, unsigned long error)
{
    const char *text = ERR_reason_error_string(error);
    int reason = ERR_GET_REASON(error);

    if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + UINT8_MAX)
        explain_alert(session, reason - SSL_AD_REASON_OFFSET);
    else if (reason == SSL_R_UNSUPPORTED_PROTOCOL && session->hello_version)
        tha_tls_say(session, "peer speaks %s, at least %s is wanted", version_name(session->hello_version),
                    wanted_version(session));
    else if (!session->hello_version)
        tha_tls_say(session, "peer does not speak TLS (%s)", text ? text : "nonsense");
    else
        tha_tls_say(session, "TLS: %s", text ? text : "failed without a reason");
}

void tha_tls_explain_failure(struct tha_tls_session *session)
{
    unsigned long error = ERR_peek_error();

    if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) != ERR_R_MALLOC_FAILURE)
        explain_reason(session, error);
    else if (!error || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
        tha_tls_say(session, "out of memory");
    else
        tha_tls_say(session, "TLS: %s", ERR_reason_error_string(error) ? ERR_reason_error_string(error) : "failed");
    ERR_clear_error();
}
