#include <string.h>
#include <strings.h>
#include <time.h>

#include "adapters/printable.h"
#include "adapters/tls_room.h"

#define NAMES_MAX 100 /* of a subjectAltName that are looked at */

void tha_tls_certificate_name(const X509_NAME *name, char *buf, size_t size)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *text = NULL;
    int len = -1;

    if (at >= 0)
        len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0) {
        tha_printable_copy(buf, size, text, (size_t)len);
    } else {
        buf[0] = '\0';
        X509_NAME_oneline(name, buf, (int)size);
        tha_printable(buf);
    }
    OPENSSL_free(text);
}

/** "sip.carrier.example", "sip:carrier.example", "192.0.2.1"; false = of a kind that says nothing here. */
static bool print_general_name(const GENERAL_NAME *name, char *buf, size_t size)
{
    struct tha_addr addr = {.family = 0};
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    size_t len;

    if (kind != GEN_DNS && kind != GEN_URI && kind != GEN_IPADD)
        return false;
    len = (size_t)ASN1_STRING_length(value);
    if (kind != GEN_IPADD) {
        tha_printable_copy(buf, size, ASN1_STRING_get0_data(value), len);
        return true;
    }

    addr.family = len == 4 ? 4 : 6;
    memcpy(addr.ip, ASN1_STRING_get0_data(value), len < sizeof(addr.ip) ? len : sizeof(addr.ip));
    tha_addr_host_text(&addr, buf, size);

    return true;
}

static void print_names(const GENERAL_NAMES *names, char *buf, size_t size)
{
    size_t used = 0;
    char name[256];

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX; i++) {
        size_t len;

        if (!print_general_name(sk_GENERAL_NAME_value(names, i), name, sizeof(name)))
            continue;
        len = strlen(name) + (used ? 2 : 0);
        if (len >= size - used)
            break;
        tha_text_print(buf + used, size - used, "%s%s", used ? ", " : "", name);
        used += len;
    }
}

void tha_tls_certificate_names(const X509 *certificate, char *buf, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    buf[0] = '\0';
    if (names)
        print_names(names, buf, size);
    if (!buf[0])
        tha_tls_certificate_name(X509_get_subject_name(certificate), buf, size);
    GENERAL_NAMES_free(names);
}

static bool is_domain(const GENERAL_NAME *name, const char *domain)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    size_t len = 4 + strlen(domain);
    const char *uri;

    if (kind != GEN_URI || (size_t)ASN1_STRING_length(value) != len)
        return false;
    uri = (const char *)ASN1_STRING_get0_data(value);

    return !strncasecmp(uri, "sip:", 4) && !strncasecmp(uri + 4, domain, len - 4);
}

bool tha_tls_certificate_is_for_domain(const X509 *certificate, const char *name)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX; i++)
        found = is_domain(sk_GENERAL_NAME_value(names, i), name);
    GENERAL_NAMES_free(names);

    return found;
}

int64_t tha_tls_certificate_time(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : 0;
}

void tha_tls_certificate_date(const ASN1_TIME *time, char *buf, size_t size)
{
    struct tm parts;

    buf[0] = '\0';
    if (ASN1_TIME_to_tm(time, &parts))
        strftime(buf, size, "%Y-%m-%d", &parts);
}
