#include "addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "text.h"

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

bool tha_addr_is_loopback(const struct tha_addr *addr)
{
    static const uint8_t ip6[16] = {[15] = 1};

    return addr->family == 4 ? addr->ip[0] == 127 : !memcmp(addr->ip, ip6, sizeof(ip6));
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
    tha_text_print(buf, size, addr->family == 6 ? "[%s]" : "%s", ip);

    return buf;
}

char *tha_addr_port_text(const struct tha_addr *addr, char *buf, size_t size)
{
    char host[THA_ADDR_TEXT_SIZE];

    tha_text_print(buf, size, "%s:%u", tha_addr_host_text(addr, host, sizeof(host)), addr->port);

    return buf;
}

char *tha_addr_text(const struct tha_addr *addr, char *buf, size_t size)
{
    char rest[THA_ADDR_TEXT_SIZE];

    tha_text_print(buf, size, "%s:%s", tha_transport_name(addr->transport), tha_addr_port_text(addr, rest, sizeof(rest)));

    return buf;
}

static bool parse_transport(const char **inout_text, uint8_t *ret_transport)
{
    for (uint8_t i = THA_TRANSPORT_UDP; i <= THA_TRANSPORT_TLS; i++) {
        const char *name = tha_transport_name(i);
        size_t len = strlen(name);

        if (strncmp(*inout_text, name, len) || (*inout_text)[len] != ':')
            continue;
        *inout_text += len + 1;
        *ret_transport = i;
        return true;
    }

    return false;
}

bool tha_addr_parse_text(struct tha_addr *addr, const char *text)
{
    uint8_t transport;
    bool has_transport = parse_transport(&text, &transport);
    const char *colon = has_transport ? strrchr(text, ':') : NULL;
    bool has_bracket = colon && text[0] == '[' && colon > text && colon[-1] == ']';
    unsigned port = 0;

    if (!colon || !colon[1] || strlen(colon + 1) > 5)
        return false;
    for (const char *digit = colon + 1; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        port = port * 10 + (unsigned)(*digit - '0');
    }
    if (port > UINT16_MAX || !tha_addr_parse_ip(addr, text + has_bracket, (size_t)(colon - text) - 2U * has_bracket) ||
        has_bracket != (addr->family == 6))
        return false;

    addr->port = (uint16_t)port;
    addr->transport = transport;

    return true;
}
