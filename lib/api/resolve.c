/* Where a SIP URI leads, without an engine. */
#include <string.h>

#include "adapters/resolve_once.h"
#include "base/abi.h"
#include "config/address.h"
#include "config/config.h"
#include "refuse.h"

#define TIMEOUT_MS     3000U
#define TIMEOUT_MAX_MS 30000U
#define DNS_PORT       53U
#define SERVERS_MAX    8U

/** Reads a list with commas or blanks between. Returns NULL, or what is wrong with it. */
static const char *read_servers(const char *text, struct tha_addr *servers, uint32_t *ret_count)
{
    const char *fault = NULL;

    *ret_count = 0;
    while (text && *(text += strspn(text, ", ")) && !fault) {
        size_t len = strcspn(text, ", ");
        char one[THA_ADDR_TEXT_SIZE];

        if (len >= sizeof(one) || *ret_count == SERVERS_MAX)
            return "are no name servers: write up to eight such as 192.0.2.53 or [2001:db8::53]:5353";
        tha_text_print(one, sizeof(one), "%.*s", (int)len, text);
        fault = tha_config_read_ip_address(one, DNS_PORT, &servers[(*ret_count)++]);
        text += len;
    }

    return fault;
}

static void write_address(const struct tha_location *location, trunkha_address *ret_address)
{
    trunkha_address address = TRUNKHA_ADDRESS_INIT;

    address.priority = location->priority;
    address.weight = location->weight;
    address.ttl_s = location->ttl_s;
    tha_addr_text(&location->addr, address.target, sizeof(address.target));
    tha_abi_write(ret_address, &address, sizeof(address));
}

static int look_up(const struct tha_config_sip_address *where, const struct tha_dns_settings *settings,
                   struct tha_location *locations, struct tha_lookup_result *ret_result)
{
    if (where->is_name)
        return tha_resolve_once(&where->name, settings, locations, NULL, ret_result);

    locations[0] = (struct tha_location){.addr = where->addr};
    *ret_result = (struct tha_lookup_result){.locations = locations, .n_locations = 1};

    return 0;
}

int trunkha_resolve_uri(const char *uri, const trunkha_resolve_options *options, trunkha_address *ret_addresses,
                        size_t *inout_count, uint32_t *ret_dns, trunkha_diag *reterr_diag)
{
    trunkha_resolve_options mine = TRUNKHA_RESOLVE_OPTIONS_INIT;
    struct tha_location locations[THA_DNS_LOCATIONS_MAX];
    struct tha_config_sip_address where;
    struct tha_addr servers[SERVERS_MAX];
    struct tha_dns_settings settings = {.timeout_ms = TIMEOUT_MS, .servers = servers};
    struct tha_lookup_result result;
    const char *fault;
    int err;

    if (!uri || !ret_addresses || !inout_count || !ret_dns || (options && tha_abi_read(&mine, sizeof(mine), options)) ||
        (*inout_count && ret_addresses->size < sizeof(size_t)))
        return tha_refuse(TRUNKHA_ERR_INVALID, "a pointer is NULL, or a struct's size is wrong", reterr_diag);
    if (mine.timeout_ms > TIMEOUT_MAX_MS)
        return tha_refuse(TRUNKHA_ERR_INVALID, "the time-out is too long: write 1 to 30000 milliseconds", reterr_diag);
    fault = tha_config_read_sip_address(uri, &where);
    if (fault)
        return tha_refuse_address(uri, fault, reterr_diag);
    fault = read_servers(mine.servers, servers, &settings.n_servers);
    if (fault)
        return tha_refuse_address(mine.servers, fault, reterr_diag);

    if (mine.timeout_ms)
        settings.timeout_ms = mine.timeout_ms;
    err = look_up(&where, &settings, locations, &result);
    if (err)
        return tha_refuse(err, trunkha_strerror(err), reterr_diag);

    for (uint32_t i = 0; i < result.n_locations && i < *inout_count; i++)
        write_address(&result.locations[i], (trunkha_address *)((char *)ret_addresses + i * ret_addresses->size));
    *inout_count = result.n_locations;
    *ret_dns = result.trouble;

    return 0;
}
