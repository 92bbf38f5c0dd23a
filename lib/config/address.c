#include "address.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define DEFAULT_PORT 5060 /* RFC 3261 section 19.1.2, for UDP and TCP */
#define TLS_PORT     5061 /* likewise, for TLS */
#define PARAMS_MAX   32   /* of one URI */
#define LABEL_MAX    63   /* bytes between two dots of a host name: RFC 1035 section 2.3.4 */

/** A piece of somebody else's text. */
struct piece {
    const char *at;
    size_t len;
};

static bool is_word(struct piece piece, const char *word)
{
    return piece.len == strlen(word) && !strncasecmp(piece.at, word, piece.len);
}

/** Cuts @p rest at the first @p separator: returns what stands before it, leaves what stands behind it. */
static struct piece cut(struct piece *rest, char separator)
{
    const char *found = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
    struct piece head = {rest->at, found ? (size_t)(found - rest->at) : rest->len};
    size_t used = found ? head.len + 1 : head.len;

    *rest = (struct piece){rest->at + used, rest->len - used};

    return head;
}

/* ---- Host and port */

static bool is_ip(const struct tha_addr *addr, const uint8_t *prefix, size_t len)
{
    return !memcmp(addr->ip, prefix, len);
}

/** Addresses that no single peer has. */
static const char *check_peer_ip(const struct tha_addr *addr)
{
    static const uint8_t broadcast[] = {255, 255, 255, 255};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 section 2.5.5.2 */
    bool is_multicast = addr->family == 4 ? addr->ip[0] >> 4 == 14 : addr->ip[0] == 0xff;

    if (tha_addr_is_any(addr))
        return "is no address of a peer: 0.0.0.0 and [::] mean this machine's own; write the peer's";
    if (is_multicast)
        return "is a multicast address: write the address of one peer";
    if (addr->family == 4 && is_ip(addr, broadcast, sizeof(broadcast)))
        return "is a broadcast address: write the address of one peer";
    if (addr->family == 6 && is_ip(addr, mapped, sizeof(mapped)))
        return "is an IPv4 address in IPv6 clothes: write it as IPv4, such as 192.0.2.1";

    return NULL;
}

static bool read_port(struct piece text, unsigned least, uint16_t *ret_port)
{
    unsigned port = 0;

    if (!text.len || text.len > 5)
        return false;

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text.at[i] - '0');
    }

    *ret_port = (uint16_t)port;

    return port >= least && port <= UINT16_MAX;
}

/** RFC 1123 section 2.1, and the underscore that is often found. A name whose last label is a number was meant as an address
 *  and is none. */
static bool is_host_name(struct piece host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    struct piece label;
    bool is_number;

    if (host.len && host.at[host.len - 1] == '.')
        return false;

    do {
        label = cut(&host, '.');
        is_number = true;
        if (!label.len || label.len > LABEL_MAX)
            return false;
        for (size_t i = 0; i < label.len; i++) {
            if (!memchr(letters, label.at[i], sizeof(letters) - 1))
                return false;
            is_number &= label.at[i] >= '0' && label.at[i] <= '9';
        }
    } while (host.len);

    return !is_number;
}

/** Splits "host", "host:port", "v6", "[v6]" and "[v6]:port"; without a port, the start of @p ret_port is NULL. */
static bool split_host_port(struct piece text, struct piece *ret_host, struct piece *ret_port)
{
    bool has_bracket = text.len && text.at[0] == '[';
    struct piece rest = {text.at + has_bracket, text.len - has_bracket};
    struct piece host = cut(&rest, has_bracket ? ']' : ':');
    bool is_cut = rest.at > host.at + host.len;

    *ret_host = host;
    *ret_port = (struct piece){NULL, 0};

    if (has_bracket && (!is_cut || (rest.len && rest.at[0] != ':')))
        return false;
    if (has_bracket && rest.len)
        *ret_port = (struct piece){rest.at + 1, rest.len - 1};
    else if (!has_bracket && rest.len && memchr(rest.at, ':', rest.len))
        *ret_host = text; /* more than one colon: an IPv6 address, or nothing */
    else if (!has_bracket && is_cut)
        *ret_port = rest;

    return ret_host->len > 0;
}

/* ---- SIP addresses */

static void copy_lower(struct piece text, char *buf)
{
    for (size_t i = 0; i < text.len; i++)
        buf[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] - 'A' + 'a' : text.at[i]);
    buf[text.len] = '\0';
}

/** Views and events have TRUNKHA_URI_SIZE bytes for it. */
static const char too_long[] = "has more than 127 bytes as a URI with port and transport: write a shorter name";

static const char *read_host(struct piece host, bool has_bracket, struct tha_config_sip_address *address)
{
    if (tha_addr_parse_ip(&address->addr, host.at, host.len) && (address->addr.family == 6 || !has_bracket)) {
        copy_lower(host, address->host);
        return check_peer_ip(&address->addr);
    }
    if (has_bracket)
        return "must have an IPv6 address between its brackets";
    if (host.at[host.len - 1] == '.')
        host.len--; /* of the root: SIP and certificates know names without it only */
    if (!is_host_name(host))
        return "is neither an IP address nor a host name: write one of them, "
               "such as sip.carrier.example, 192.0.2.1 or [2001:db8::1]";

    copy_lower(host, address->host);
    address->is_name = true;

    return NULL;
}

static const char *read_host_port(struct piece text, struct tha_config_sip_address *address)
{
    struct piece host, port;
    const char *problem;

    if (!split_host_port(text, &host, &port))
        return "has no host: write a name or an IP address, such as sip.carrier.example, 192.0.2.1:5060 or "
               "[2001:db8::1]:5060";

    if (host.len >= sizeof(address->host))
        return too_long;
    problem = read_host(host, text.at[0] == '[', address);
    if (!problem && port.at && !read_port(port, 1, &address->name.port))
        problem = "has a port that is none: write a number from 1 to 65535";

    return problem;
}

static bool read_transport(struct piece word, uint8_t *ret_transport)
{
    for (uint8_t transport = THA_TRANSPORT_UDP; transport <= THA_TRANSPORT_TLS; transport++) {
        if (is_word(word, tha_transport_name(transport))) {
            *ret_transport = transport;
            return true;
        }
    }

    return false;
}

static const char *read_params(struct piece params, struct tha_name *name)
{
    for (int i = 0; params.len && i < PARAMS_MAX; i++) {
        struct piece value = cut(&params, ';');
        struct piece key = cut(&value, '=');

        if (is_word(key, "maddr"))
            return "has a maddr parameter, which is not supported: write that address as the host";
        if (!is_word(key, "transport"))
            continue;
        if (!read_transport(value, &name->transport))
            return "has a transport that is none: write transport=udp, transport=tcp or transport=tls";
        name->has_transport = true;
    }

    return params.len ? "has too many parameters" : NULL;
}

/** Steps over "sip:" and "user@"; true for "sips:". */
static bool skip_scheme(struct piece *rest)
{
    struct piece behind = *rest;
    struct piece scheme = cut(&behind, ':');
    bool is_sips = is_word(scheme, "sips");

    if (is_sips || is_word(scheme, "sip")) {
        const char *user_end = memchr(behind.at, '@', behind.len);
        size_t used = user_end ? (size_t)(user_end - behind.at) + 1 : 0;

        *rest = (struct piece){behind.at + used, behind.len - used};
    }

    return is_sips;
}

static bool has_foreign_letter(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("<>\"?", *text))
            return true;
    }

    return false;
}

static const char *print_uri(struct tha_config_sip_address *address, bool is_sips)
{
    const struct tha_name *name = &address->name;
    char ip[THA_ADDR_TEXT_SIZE], port[8] = "";

    if (name->port)
        tha_text_print(port, sizeof(port), ":%u", name->port);
    if (!tha_text_print(address->uri, sizeof(address->uri), "%s:%s%s%s%s", is_sips ? "sips" : "sip",
                        address->is_name ? address->host : tha_addr_host_text(&address->addr, ip, sizeof(ip)), port,
                        name->has_transport ? ";transport=" : "",
                        name->has_transport ? tha_transport_name(name->transport) : ""))
        return too_long;

    return NULL;
}

/** What sips: and a missing port stand for: RFC 3261 sections 19.1.2 and 26.2.2. */
static const char *settle(struct tha_config_sip_address *address, bool is_sips)
{
    struct tha_name *name = &address->name;

    if (is_sips && name->has_transport && name->transport == THA_TRANSPORT_UDP)
        return "asks for TLS (sips:) and for UDP: write sip: for UDP, or transport=tls";
    if (is_sips) {
        name->transport = THA_TRANSPORT_TLS;
        name->has_transport = true;
    }

    if (!address->is_name) {
        address->addr.transport = name->transport;
        address->addr.port = name->port ? name->port : name->transport == THA_TRANSPORT_TLS ? TLS_PORT : DEFAULT_PORT;
    }

    return NULL;
}

const char *tha_config_read_sip_address(const char *text, struct tha_config_sip_address *ret_address)
{
    struct piece rest = {text, strlen(text)}, host_port;
    struct tha_config_sip_address address = {.is_name = false};
    const char *problem;
    bool is_sips;

    if (has_foreign_letter(text))
        return "is no SIP address: no spaces, quotes, < > or ?, and nothing beyond ASCII";

    is_sips = skip_scheme(&rest);
    host_port = cut(&rest, ';');
    problem = read_host_port(host_port, &address);
    if (!problem)
        problem = read_params(rest, &address.name);
    if (!problem)
        problem = print_uri(&address, is_sips);
    if (!problem)
        problem = settle(&address, is_sips);
    if (problem)
        return problem;

    *ret_address = address;
    ret_address->name.host = ret_address->host;

    return NULL;
}

/* ---- Our own addresses, and those of servers */

static bool is_one_host(const struct tha_addr *addr)
{
    return !tha_addr_is_any(addr) && !check_peer_ip(addr);
}

const char *tha_config_read_ip_address(const char *text, uint16_t port, struct tha_addr *ret_addr)
{
    struct piece host, port_text;
    struct tha_addr addr;

    if (!split_host_port((struct piece){text, strlen(text)}, &host, &port_text) ||
        !tha_addr_parse_ip(&addr, host.at, host.len) || (addr.family == 4 && text[0] == '['))
        return "is no IP address: write one, such as 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060";
    if (!is_one_host(&addr))
        return "is not the address of one host: write one, and not 0.0.0.0, [::], multicast, broadcast or IPv4-mapped";
    if (port_text.at && !read_port(port_text, 1, &port))
        return "has a port that is none: write a number from 1 to 65535, or no port";

    *ret_addr = addr;
    ret_addr->port = port;

    return NULL;
}

const char *tha_config_check_host(const char *text, enum tha_config_code *ret_code)
{
    struct piece host = {text, strlen(text)};
    struct tha_addr addr;

    *ret_code = THA_CODE_BAD_VALUE;
    if (!host.len || tha_addr_parse_ip(&addr, host.at, host.len) || is_host_name(host))
        return NULL;

    return "must be a host name or an IP address, without brackets: write it as it stands in the certificate";
}

/* ---- Listening addresses */

const char *tha_config_read_listen_address(const char *text, struct tha_addr *ret_addr, bool *ret_is_unsupported)
{
    struct piece rest = {text, strlen(text)}, host, port;
    struct piece transport = cut(&rest, ':');
    struct tha_addr addr;

    *ret_is_unsupported = is_word(transport, "tcp") || is_word(transport, "tls");
    if (*ret_is_unsupported)
        return "asks for TCP or TLS, which is not supported yet (we make connections and take none): write udp:ADDRESS:PORT";
    if (!is_word(transport, "udp") || !rest.len || !split_host_port(rest, &host, &port) || !port.at)
        return "must be udp:ADDRESS:PORT, such as udp:0.0.0.0:5060 or udp:[::]:0";
    if (!tha_addr_parse_ip(&addr, host.at, host.len) || (addr.family == 6) != (rest.at[0] == '['))
        return "must name an IP address of this machine, IPv6 in brackets, such as udp:0.0.0.0:5060 or udp:[::]:0";
    if (!tha_addr_is_any(&addr) && !is_one_host(&addr))
        return "must name one address of this machine: no multicast, broadcast or IPv4-mapped address";
    if (!read_port(port, 0, &addr.port))
        return "has a port that is none: write a number from 0 (any) to 65535";

    *ret_addr = addr;

    return NULL;
}
