#include "address.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define DEFAULT_PORT 5060 /* RFC 3261 section 19.1.2, for UDP and TCP */
#define PARAMS_MAX   32   /* of one URI */

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

/** A name whose last label is a number was meant as an address and is none. */
static bool is_host_name(struct piece host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t last = host.len;

    for (size_t i = 0; i < host.len; i++) {
        if (!memchr(letters, host.at[i], sizeof(letters) - 1))
            return false;
    }
    while (last && host.at[last - 1] >= '0' && host.at[last - 1] <= '9')
        last--;

    return host.len && host.at[0] != '.' && last && (last == host.len || host.at[last - 1] != '.');
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

static const char *read_host(struct piece host, bool has_bracket, struct tha_addr *ret_addr, bool *ret_is_unsupported)
{
    if (tha_addr_parse_ip(ret_addr, host.at, host.len) && (ret_addr->family == 6 || !has_bracket))
        return check_peer_ip(ret_addr);
    if (has_bracket)
        return "must have an IPv6 address between its brackets";
    if (!is_host_name(host))
        return "is neither an IP address nor a host name: write an IP address, such as 192.0.2.1 or [2001:db8::1]";

    *ret_is_unsupported = true;

    return "is a host name, which is not supported yet: write an IP address";
}

static const char *read_host_port(struct piece text, struct tha_addr *ret_addr, bool *ret_has_port, bool *ret_is_unsupported)
{
    struct piece host, port;
    uint16_t number = DEFAULT_PORT;
    const char *problem;

    if (!split_host_port(text, &host, &port))
        return "has no host: write an IP address, such as 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060";

    problem = read_host(host, text.at[0] == '[', ret_addr, ret_is_unsupported);
    if (problem && !*ret_is_unsupported)
        return problem;
    if (port.at && !read_port(port, 1, &number)) {
        *ret_is_unsupported = false;
        return "has a port that is none: write a number from 1 to 65535";
    }

    *ret_has_port = port.at != NULL;
    ret_addr->port = number;

    return problem;
}

/* ---- SIP addresses */

static const char *read_transport(struct piece name, bool *ret_is_unsupported)
{
    if (is_word(name, "udp"))
        return NULL;
    if (!is_word(name, "tcp") && !is_word(name, "tls"))
        return "has a transport that is none: write transport=udp";

    *ret_is_unsupported = true;

    return "asks for TCP or TLS, which are not supported yet: write transport=udp";
}

static const char *read_params(struct piece params, bool *ret_has_transport, bool *ret_is_unsupported)
{
    for (int i = 0; params.len && i < PARAMS_MAX; i++) {
        struct piece value = cut(&params, ';');
        struct piece name = cut(&value, '=');
        const char *problem = NULL;

        if (is_word(name, "transport")) {
            *ret_has_transport = true;
            problem = read_transport(value, ret_is_unsupported);
        } else if (is_word(name, "maddr")) {
            *ret_is_unsupported = true;
            problem = "has a maddr parameter, which is not supported: write that address as the host";
        }
        if (problem)
            return problem;
    }

    return params.len ? "has too many parameters" : NULL;
}

/** Steps over "sip:" and "user@". */
static const char *read_scheme(struct piece *rest, bool *ret_is_unsupported)
{
    struct piece behind = *rest;
    struct piece scheme = cut(&behind, ':');

    if (is_word(scheme, "sips")) {
        *ret_is_unsupported = true;
        return "asks for TLS (sips:), which is not supported yet: write sip: and an address that answers over UDP";
    }

    if (is_word(scheme, "sip")) {
        const char *user_end = memchr(behind.at, '@', behind.len);
        size_t used = user_end ? (size_t)(user_end - behind.at) + 1 : 0;

        *rest = (struct piece){behind.at + used, behind.len - used};
    }

    return NULL;
}

static bool has_foreign_letter(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("<>\"?", *text))
            return true;
    }

    return false;
}

const char *tha_config_read_sip_address(const char *text, struct tha_addr *ret_addr, char *uri_buf, size_t uri_size,
                                        bool *ret_is_unsupported)
{
    struct piece rest = {text, strlen(text)}, host_port;
    struct tha_addr addr = {.family = 0};
    bool has_port = false, has_transport = false;
    char host[THA_ADDR_TEXT_SIZE], port[8] = "";
    const char *problem;

    *ret_is_unsupported = false;
    if (has_foreign_letter(text))
        return "is no SIP address: no spaces, quotes, < > or ?, and nothing beyond ASCII";

    problem = read_scheme(&rest, ret_is_unsupported);
    host_port = cut(&rest, ';');
    if (!problem)
        problem = read_host_port(host_port, &addr, &has_port, ret_is_unsupported);
    if (!problem)
        problem = read_params(rest, &has_transport, ret_is_unsupported);
    if (problem)
        return problem;

    if (has_port)
        tha_text_print(port, sizeof(port), ":%u", addr.port);
    tha_text_print(uri_buf, uri_size, "sip:%s%s%s", tha_addr_host_text(&addr, host, sizeof(host)), port,
                   has_transport ? ";transport=udp" : "");
    *ret_addr = addr;

    return NULL;
}

/* ---- Listening addresses */

const char *tha_config_read_listen_address(const char *text, struct tha_addr *ret_addr, bool *ret_is_unsupported)
{
    struct piece rest = {text, strlen(text)}, host, port;
    struct piece transport = cut(&rest, ':');
    struct tha_addr addr;

    *ret_is_unsupported = is_word(transport, "tcp") || is_word(transport, "tls");
    if (*ret_is_unsupported)
        return "asks for TCP or TLS, which are not supported yet: write udp:ADDRESS:PORT";
    if (!is_word(transport, "udp") || !rest.len || !split_host_port(rest, &host, &port) || !port.at)
        return "must be udp:ADDRESS:PORT, such as udp:0.0.0.0:5060 or udp:[::]:0";
    if (!tha_addr_parse_ip(&addr, host.at, host.len) || (addr.family == 6) != (rest.at[0] == '['))
        return "must name an IP address of this machine, IPv6 in brackets, such as udp:0.0.0.0:5060 or udp:[::]:0";
    if (!tha_addr_is_any(&addr) && check_peer_ip(&addr))
        return "must name one address of this machine: no multicast, broadcast or IPv4-mapped address";
    if (!read_port(port, 0, &addr.port))
        return "has a port that is none: write a number from 0 (any) to 65535";

    *ret_addr = addr;

    return NULL;
}
