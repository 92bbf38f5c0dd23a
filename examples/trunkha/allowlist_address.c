#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowlist.h"

bool allowlist_split(const char *target, struct allowlist_address *ret_address)
{
    const char *ip = strchr(target, ':'), *port = strrchr(target, ':');
    struct allowlist_address address = {.is_udp = false};
    size_t len;

    if (!ip || port <= ip || (size_t)(ip - target) >= sizeof(address.transport))
        return false;
    memcpy(address.transport, target, (size_t)(ip - target));
    ip++;
    len = (size_t)(port - ip);
    address.is_v6 = *ip == '[';
    if (address.is_v6) {
        ip++;
        len -= 2;
    }
    if (len >= sizeof(address.ip))
        return false;
    memcpy(address.ip, ip, len);
    address.port = (uint16_t)strtoul(port + 1, NULL, 10);
    address.is_udp = !strcmp(address.transport, "udp");
    *ret_address = address;

    return true;
}

uint32_t allowlist_ttl(const struct allowlist *list)
{
    uint32_t least = 0;

    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->trunks[i].count; j++) {
            uint32_t ttl_s = list->trunks[i].addresses[j].ttl_s;

            least = ttl_s && (!least || ttl_s < least) ? ttl_s : least;
        }

    return least;
}

/* ---- What the configuration says of ourselves ---- */

struct reading {
    struct allowlist *list;
    bool has_any; /* one of our ports may be any */
};

static void add_port(struct reading *reading, uint32_t port)
{
    struct allowlist_ports *ports = &reading->list->own;

    for (size_t i = 0; i < ports->count; i++)
        if (ports->ports[i] == port)
            return;
    if (!port || ports->count == ALLOWLIST_PORTS_MAX)
        reading->has_any = true;
    else
        ports->ports[ports->count++] = (uint16_t)port;
}

static void add_server(char servers[ALLOWLIST_SERVERS_SIZE], const char *server)
{
    size_t used = strlen(servers);

    snprintf(servers + used, ALLOWLIST_SERVERS_SIZE - used, "%s%s", used ? ", " : "", server);
}

static void read_cb(const trunkha_config_address *address, void *user_data)
{
    struct reading *reading = user_data;

    if (address->use == TRUNKHA_USE_NAME_SERVER)
        add_server(reading->list->servers, address->address);
    else
        add_port(reading, address->port);
}

int allowlist_read(struct allowlist *list, const char *json, size_t len)
{
    struct reading reading = {list, false};
    int err = trunkha_config_addresses(json, len, read_cb, &reading);

    if (reading.has_any)
        list->own.count = 0;

    return err;
}
