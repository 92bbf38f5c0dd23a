/* How a trunk is reached, beyond its address: credentials, TLS, the local side. */
#include <string.h>

#include "address.h"
#include "draft.h"

#define SERVER_NAME_MAX 253 /* bytes: RFC 1035 section 2.3.4, without the last dot */

#define AT(member) THA_AT(struct tha_config_trunk, reach.member)

/* ---- Credentials */

static void read_password(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field password = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_PASSWORD_MAX,
                                                     .check = tha_config_check_label};
    struct tha_config_reach *reach = &((struct tha_config_trunk *)target)->reach;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &password, value, buf);

    tha_text_copy(reach->password, sizeof(reach->password), text);
    explicit_bzero(buf, sizeof(buf));
}

static const struct tha_config_field auth_fields[] = {
    {"username", THA_KIND_TEXT, .at = AT(username), .max = THA_CONFIG_PASSWORD_MAX, .check = tha_config_check_label},
    {"password", THA_KIND_TEXT, .read = read_password},
    {"realm", THA_KIND_TEXT, .at = AT(realm), .max = THA_CONFIG_PASSWORD_MAX, .check = tha_config_check_label},
};
const struct tha_config_schema tha_config_auth_schema = THA_SCHEMA(auth_fields);

void tha_config_read_auth(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target)
{
    struct tha_config_part part = {&tha_config_auth_schema, target, NULL};
    uint32_t n_errors = reader->report.n_errors;

    tha_config_read_object(reader, path, block, &part, 1);
    ((struct tha_config_trunk *)target)->reach.is_auth_bad = reader->report.n_errors > n_errors;
}

static void check_auth(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *trunk,
                       const struct tha_config_reach *reach)
{
    struct tha_config_path auth = {path, "outboundAuth", 0}, method = {path, "outboundAuthMethod", 0};
    bool is_given = reach->username || *reach->password || reach->realm;

    if (reach->is_auth_bad)
        return;

    if (reach->auth_method == THA_CONFIG_AUTH_NONE && is_given)
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &auth,
                               "write \"outboundAuthMethod\": \"DIGEST\" beside it, or take it away",
                               "\"outboundAuth\" has no effect while \"outboundAuthMethod\" is \"NONE\"");
    if (reach->auth_method == THA_CONFIG_AUTH_DIGEST && !(reach->username && *reach->password))
        tha_config_add_finding(
            &reader->report, THA_CODE_MISSING_KEY, json_object_get(trunk, "outboundAuth") ? &auth : &method,
            "write \"outboundAuth\": {\"username\": \"...\", \"password\": \"${NAME}\"}",
            "\"DIGEST\" needs an \"outboundAuth\" with a \"%s\"", reach->username ? "password" : "username");
}

/* ---- TLS */

static const struct tha_config_word tls_versions[] = {
    {"1.2", THA_TLS_1_2},
    {"1.3", THA_TLS_1_3},
    {"1.1", THA_TLS_1_2, .spelling = "1.2", .code = THA_CODE_TLS_TOO_OLD},
    {"1.0", THA_TLS_1_2, .spelling = "1.2", .code = THA_CODE_TLS_TOO_OLD},
    {NULL},
};

static const struct tha_config_field tls_fields[] = {
    {"minVersion", THA_KIND_WORD, .at = AT(tls.min_version), .words = tls_versions},
    {"caFile", THA_KIND_TEXT, .at = AT(tls.ca_file), .check = tha_config_check_label},
    {"certFile", THA_KIND_TEXT, .at = AT(tls.cert_file), .check = tha_config_check_label},
    {"keyFile", THA_KIND_TEXT, .at = AT(tls.key_file), .check = tha_config_check_label},
    {"serverName", THA_KIND_TEXT, .at = AT(tls.server_name), .max = SERVER_NAME_MAX, .check = tha_config_check_host},
    {"verify", THA_KIND_BOOL, .at = AT(tls.verify), .initial = true},
};
const struct tha_config_schema tha_config_tls_schema = THA_SCHEMA(tls_fields);

void tha_config_read_tls(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target)
{
    const struct tha_tls_settings *tls = &((struct tha_config_trunk *)target)->reach.tls;
    struct tha_config_path key_file = {path, "keyFile", 0}, verify = {path, "verify", 0};
    struct tha_config_part part = {&tha_config_tls_schema, target, NULL};

    tha_config_read_object(reader, path, block, &part, 1);
    if (tls->key_file && !json_object_get(block, "certFile"))
        tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, &key_file,
                               "add \"certFile\", or take \"keyFile\" away",
                               "\"certFile\" is missing: a key is of no use without its certificate");
    if (!tls->verify)
        tha_config_add_finding(&reader->report, THA_CODE_TLS_NOT_VERIFIED, &verify, NULL,
                               "any certificate is taken for that of the peer");
}

static bool may_be_tls(const struct tha_config_sip_address *address)
{
    return address->name.transport == THA_TRANSPORT_TLS || (address->is_name && !address->name.has_transport);
}

static void check_tls(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *trunk,
                      const struct tha_config_sip_address *address)
{
    struct tha_config_path tls = {path, "tls", 0};

    if (json_object_size(json_object_get(trunk, "tls")) && !may_be_tls(address))
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &tls,
                               "write ;transport=tls behind the \"sipAddress\", or take \"tls\" away",
                               "\"tls\" has no effect: the trunk is reached over %s",
                               address->name.transport == THA_TRANSPORT_TCP ? "TCP" : "UDP");
}

/* ---- The local side */

static void read_ip_address(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *value,
                            struct tha_addr *ret_addr)
{
    static const struct tha_config_field text_field = {NULL, THA_KIND_TEXT};
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &text_field, value, buf);
    const char *problem = text && *text ? tha_config_read_ip_address(text, 0, ret_addr) : NULL;

    if (problem)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL, "\"%s\" %s", path->key, problem);
}

void tha_config_read_local_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                                   void *target)
{
    read_ip_address(reader, path, value, &((struct tha_config_trunk *)target)->reach.local);
}

static void read_public_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                                void *target)
{
    read_ip_address(reader, path, value, &((struct tha_config_trunk *)target)->reach.public_addr);
}

static const struct tha_config_field nat_fields[] = {
    {"enabled", THA_KIND_BOOL, .at = AT(has_nat)},
    {"publicAddress", THA_KIND_TEXT, .read = read_public_address},
};
const struct tha_config_schema tha_config_nat_schema = THA_SCHEMA(nat_fields);

static void check_family(struct tha_config_reader *reader, const struct tha_config_path *path, const struct tha_addr *ours,
                         const struct tha_addr *peer)
{
    if (ours->family && peer->family && ours->family != peer->family)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL,
                               "\"%s\" is an IPv%u address, and \"sipAddress\" is IPv%u: write both of the same kind",
                               path->key, ours->family, peer->family);
}

static void check_local_side(struct tha_config_reader *reader, const struct tha_config_path *path,
                             const struct tha_config_reach *reach)
{
    struct tha_config_path local = {path, "localAddress", 0}, nat = {path, "nat", 0};
    struct tha_config_path public_addr = {&nat, "publicAddress", 0};

    check_family(reader, &local, &reach->local, &reach->address.addr);
    check_family(reader, &public_addr, &reach->public_addr, &reach->address.addr);
    if (reach->public_addr.family && !reach->has_nat)
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &public_addr, "write \"enabled\": true beside it",
                               "\"publicAddress\" has no effect while \"enabled\" is false");
}

void tha_config_check_reach(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                            const struct tha_config_reach *reach)
{
    check_auth(reader, path, object, reach);
    check_local_side(reader, path, reach);
    if (*reach->address.uri)
        check_tls(reader, path, object, &reach->address);
}
