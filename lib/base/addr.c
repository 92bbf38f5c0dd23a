#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool tha_addr_parse_ip(struct tha_addr *addr, const char *ip, size_t len)
{
    struct tha_addr parsed = {.family = 0};
    char text[INET6_ADDRSTRLEN];

    if (!len || len >= sizeof(text))
        return false;
    memcpy(text, ip, len);
    text[len] = '\0';

    if (inet_pton(AF_INET, text, parsed.ip) == 1)
        parsed.family = 4;
    else if (inet_pton(AF_INET6, text, parsed.ip) == 1)
        parsed.family = 6;
    else
        return false;

    *addr = parsed;

    return true;
}

bool tha_addr_is_same_ip(const struct tha_addr *a, const struct tha_addr *b)
{
    return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

bool tha_addr_is_equal(const struct tha_addr *a, const struct tha_addr *b)
{
    return tha_addr_is_same_ip(a, b) && a->port == b->port && a->transport == b->transport;
}

bool tha_addr_is_any(const struct tha_addr *addr)
{
    static const uint8_t zero[16];

    return !memcmp(addr->ip, zero, sizeof(zero));
}

const char *tha_transport_name(uint8_t transport)
{
    static const char *const names[] = {"udp", "tcp", "tls"};

    return transport < sizeof(names) / sizeof(names[0]) ? names[transport] : "unknown";
}

char *tha_addr_host_text(const struct tha_addr *addr, char *buf, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "";

    inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->ip, ip, sizeof(ip));
    snprintf(buf, size, addr->family == 6 ? "[%s]" : "%s", ip);

    return buf;
}

char *tha_addr_text(const struct tha_addr *addr, char *buf, size_t size)
{
    char host[THA_ADDR_TEXT_SIZE];

    tha_addr_host_text(addr, host, sizeof(host));
    snprintf(buf, size, "%s:%s:%u", tha_transport_name(addr->transport), host, addr->port);

    return buf;
}
