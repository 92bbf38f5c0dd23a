#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

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

/* ---- Strings of the configuration ---- */

#define VALUE_SIZE 256

/** With every ${NAME} replaced, as the library has done when it accepted the configuration; "" = it is no string. */
static const char *read_string(const json_t *string, char buf[VALUE_SIZE])
{
    const char *raw = json_is_string(string) ? json_string_value(string) : "";
    size_t len = 0;

    while (*raw && len + 1 < VALUE_SIZE) {
        const char *end = strncmp(raw, "${", 2) ? NULL : strchr(raw, '}');
        char name[VALUE_SIZE];

        if (!end) {
            buf[len++] = *raw++;
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)(end - raw - 2), raw + 2);
        for (const char *value = getenv(name); value && *value && len + 1 < VALUE_SIZE; value++)
            buf[len++] = *value;
        raw = end + 1;
    }
    buf[len] = '\0';

    return buf;
}

/* ---- Our own ports ---- */

/** The port at the end of "udp:0.0.0.0:5060" or "[2001:db8::1]:5060"; 0 = none, or left to the system. */
static uint16_t port_of(const char *address)
{
    const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');
    bool is_bare = !colon || (bracket && bracket > colon);
    unsigned long port = is_bare ? 0 : strtoul(colon + 1, NULL, 10);

    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

struct reading {
    struct allowlist_ports *ports;
    bool has_any; /* one of them may be any */
};

static void add_port(struct reading *reading, uint16_t port)
{
    struct allowlist_ports *ports = reading->ports;

    for (size_t i = 0; i < ports->count; i++)
        if (ports->ports[i] == port)
            return;
    if (!port || ports->count == ALLOWLIST_PORTS_MAX)
        reading->has_any = true;
    else
        ports->ports[ports->count++] = port;
}

/** A trunk, or a group that is a trunk itself. */
static void read_trunk(struct reading *reading, const json_t *trunk)
{
    char local[VALUE_SIZE];

    if (*read_string(json_object_get(trunk, "localAddress"), local))
        add_port(reading, port_of(local));
}

static void read_groups(struct reading *reading, const json_t *root)
{
    const json_t *group, *trunk;
    size_t i, j;

    json_array_foreach(json_object_get(root, "trunkGroups"), i, group)
    {
        read_trunk(reading, group);
        json_array_foreach(json_object_get(group, "trunks"), j, trunk)
        {
            read_trunk(reading, trunk);
        }
    }
}

void allowlist_read_ports(const char *json, size_t len, struct allowlist_ports *ret_ports)
{
    json_t *root = json_loadb(json, len, 0, NULL);
    const json_t *listen = json_object_get(json_object_get(root, "sip"), "listen"), *address;
    struct reading reading = {.ports = ret_ports, .has_any = !json_array_size(listen)};
    char text[VALUE_SIZE];
    size_t i;

    ret_ports->count = 0;
    json_array_foreach(listen, i, address)
    {
        add_port(&reading, port_of(read_string(address, text)));
    }
    read_groups(&reading, root);
    if (reading.has_any)
        ret_ports->count = 0;
    json_decref(root);
}

void allowlist_read_servers(const char *json, size_t len, char servers[ALLOWLIST_SERVERS_SIZE])
{
    json_t *root = json_loadb(json, len, 0, NULL);
    const json_t *server;
    char text[VALUE_SIZE];
    size_t i;

    servers[0] = '\0';
    json_array_foreach(json_object_get(json_object_get(root, "dns"), "servers"), i, server)
    {
        size_t used = strlen(servers);

        snprintf(servers + used, ALLOWLIST_SERVERS_SIZE - used, "%s%s", i ? ", " : "", read_string(server, text));
    }
    json_decref(root);
}
