/* A single probe of anything, without an engine. */
#include <string.h>

#include "adapters/probe_once.h"
#include "base/abi.h"
#include "base/text.h"
#include "config/address.h"
#include "config/config.h"
#include "refuse.h"

#define TIMEOUT_MS     3000U
#define TIMEOUT_MAX_MS 60000U

static bool is_header_text(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || strchr("<>\"", text[i]))
            return false;
    }

    return len < 256;
}

/** NULL, or what is wrong with the options. */
static const char *find_fault(const trunkha_probe_options *options)
{
    if (options->timeout_ms > TIMEOUT_MAX_MS)
        return "the time-out is too long: write 1 to 60000 milliseconds";
    if (options->max_forwards > 255 && options->max_forwards != UINT32_MAX)
        return "Max-Forwards is too large: write 0 to 255";
    if (!is_header_text(options->from_uri))
        return "the From URI has characters that would break the header: write such as sip:ping@192.0.2.1";
    if (!is_header_text(options->user_agent))
        return "the User-Agent has characters that would break the header: write plain words, 255 bytes at most";
    if (options->min_tls && options->min_tls != 12 && options->min_tls != 13)
        return "there is no such version of TLS: write 12 or 13";

    return NULL;
}

/** Where the probe goes: what the options say, or else the first of the URI's addresses. Returns 0, or an error after
 *  tha_refuse(); *ret_dns is not FINE when there is no address. */
static int find_address(const char *uri, const struct tha_config_sip_address *where, const trunkha_probe_options *options,
                        struct tha_addr *ret_addr, uint32_t *ret_dns, trunkha_diag *reterr_diag)
{
    trunkha_address first = TRUNKHA_ADDRESS_INIT;
    size_t n = 1;
    int err;

    *ret_dns = TRUNKHA_DNS_FINE;
    *ret_addr = where->addr;
    if (options->target)
        return tha_addr_parse_text(ret_addr, options->target)
                   ? 0
                   : tha_refuse_address(options->target, "is no target: write such as udp:192.0.2.1:5060", reterr_diag);
    if (!where->is_name)
        return 0;

    err = trunkha_resolve_uri(uri, NULL, &first, &n, ret_dns, reterr_diag);
    if (!err && !*ret_dns)
        tha_addr_parse_text(ret_addr, first.target);

    return err;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int probe(const struct tha_config_sip_address *where, const struct tha_addr *addr,
                 const trunkha_probe_options *options, trunkha_probe_result *result, trunkha_diag *reterr_diag)
{
    const struct tha_probe_text text = {
        .from_uri = options->from_uri,
        .user_agent = options->user_agent,
        .max_forwards = options->max_forwards == UINT32_MAX ? 70 : options->max_forwards,
    };
    const struct tha_tls_settings tls = {
        .min_version = options->min_tls == 13 ? THA_TLS_1_3 : THA_TLS_1_2,
        .ca_file = or_empty(options->ca_file),
        .cert_file = or_empty(options->cert_file),
        .key_file = or_empty(options->key_file),
        .server_name = or_empty(options->server_name),
        .verify = !options->no_verify,
    };
    const struct tha_credentials auth = {(char *)options->username, (char *)or_empty(options->password), NULL};
    struct tha_reach reach = {.tls = &tls, .auth = options->username ? &auth : NULL, .host = where->host};
    const struct tha_prober_target target = {*addr, where->uri, &text, &reach,
                                             options->timeout_ms ? options->timeout_ms : TIMEOUT_MS};
    char error[256] = "";
    struct tha_codes failing;
    const char *fault = NULL;
    int err;

    if (options->local_address)
        fault = tha_config_read_ip_address(options->local_address, 0, &reach.local);
    if (fault)
        return tha_refuse_address(options->local_address, fault, reterr_diag);

    tha_config_get_default_failing(&failing);
    tha_addr_text(addr, result->target, sizeof(result->target));
    err = tha_probe_once(&target, &failing, result, error, sizeof(error));

    return err ? tha_refuse(err, error[0] ? error : trunkha_strerror(err), reterr_diag) : 0;
}

int trunkha_probe_uri(const char *uri, const trunkha_probe_options *options, trunkha_probe_result *ret_result,
                      trunkha_diag *reterr_diag)
{
    trunkha_probe_options mine = TRUNKHA_PROBE_OPTIONS_INIT;
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct tha_config_sip_address where;
    struct tha_addr addr;
    const char *fault;
    uint32_t dns;
    int err;

    if (!uri || !ret_result || (options && tha_abi_read(&mine, sizeof(mine), options)))
        return tha_refuse(TRUNKHA_ERR_INVALID, "a pointer is NULL, or a struct's size is wrong", reterr_diag);
    fault = find_fault(&mine);
    if (fault)
        return tha_refuse(TRUNKHA_ERR_INVALID, fault, reterr_diag);
    fault = tha_config_read_sip_address(uri, &where);
    if (fault)
        return tha_refuse_address(uri, fault, reterr_diag);

    err = find_address(uri, &where, &mine, &addr, &dns, reterr_diag);
    if (!err && !dns)
        err = probe(&where, &addr, &mine, &result, reterr_diag);
    if (err)
        return err;
    if (dns) {
        result.outcome = TRUNKHA_PROBE_DEAD;
        result.reason = TRUNKHA_REASON_DNS_FAILURE;
        tha_text_copy(result.detail, sizeof(result.detail), trunkha_dns_text(dns));
    }
    tha_text_copy(result.uri, sizeof(result.uri), where.uri);

    return tha_abi_write(ret_result, &result, sizeof(result));
}
