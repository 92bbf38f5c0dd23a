#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allowlist.h"
#include "text.h"

#define SET_V4 "trunkha4"
#define SET_V6 "trunkha6"
#define CHAIN  "trunkha"

#define COMMENT_MAX 120 /* bytes of an element's comment in nftables */
#define PORTS_TEXT  256

/** One address with every trunk that is there. */
struct entry {
    struct allowlist_address address;
    char comment[COMMENT_MAX];
    bool has_udp;
    bool has_stream; /* TCP or TLS */
};

struct entries {
    struct entry *entries;
    size_t count;
};

/* ---- Gathering ---- */

/** Ids go into quotes of a shell and of nftables: only what means nothing there stays. */
static void print_id(char *buf, size_t size, const char *id)
{
    size_t len = 0;

    for (; id[len] && len + 1 < size; len++)
        buf[len] = (char)(isalnum((unsigned char)id[len]) || strchr("-_.", id[len]) ? id[len] : '?');
    buf[len] = '\0';
}

static void add_trunk(struct entry *entry, const char *trunk_id, const struct allowlist_address *address)
{
    size_t len = strlen(entry->comment);
    char id[TRUNKHA_ID_SIZE], more[TRUNKHA_ID_SIZE + 32];
    int n;

    entry->has_udp |= address->is_udp;
    entry->has_stream |= !address->is_udp;
    print_id(id, sizeof(id), trunk_id);
    n = snprintf(more, sizeof(more), "%s%s %s/%u", len ? ", " : "", id, address->transport, address->port);
    if (n > 0 && len + (size_t)n < sizeof(entry->comment))
        strcpy(entry->comment + len, more);
}

static void add_address(struct entries *all, const char *trunk_id, const struct allowlist_address *address)
{
    struct entry *entry = NULL;

    for (size_t i = 0; i < all->count && !entry; i++)
        if (!strcmp(all->entries[i].address.ip, address->ip))
            entry = &all->entries[i];
    if (!entry) {
        entry = &all->entries[all->count++];
        *entry = (struct entry){.address = *address};
    }
    add_trunk(entry, trunk_id, address);
}

/** Each IP address once, those of one family only. New; NULL = out of memory. */
static struct entry *gather(const struct allowlist *list, bool is_v6, size_t *ret_count)
{
    struct entries all = {NULL, 0};
    struct allowlist_address address;
    size_t room = 1;

    for (size_t i = 0; i < list->count; i++)
        room += list->trunks[i].count;
    all.entries = calloc(room, sizeof(*all.entries));
    for (size_t i = 0; all.entries && i < list->count; i++)
        for (size_t j = 0; j < list->trunks[i].count; j++)
            if (allowlist_split(list->trunks[i].addresses[j].target, &address) && address.is_v6 == is_v6)
                add_address(&all, list->trunks[i].status.id, &address);
    *ret_count = all.entries ? all.count : 0;

    return all.entries;
}

/** The ports that the peers of TCP and TLS trunks have; "" = there are none. */
static const char *stream_ports(const struct allowlist *list, char buf[PORTS_TEXT])
{
    bool is_in[UINT16_MAX + 1] = {false};
    struct allowlist_address address;
    size_t len = 0;

    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->trunks[i].count; j++)
            if (allowlist_split(list->trunks[i].addresses[j].target, &address) && !address.is_udp)
                is_in[address.port] = true;
    buf[0] = '\0';
    for (uint32_t port = 1; port <= UINT16_MAX && len + 8 < PORTS_TEXT; port++)
        if (is_in[port])
            len += (size_t)snprintf(buf + len, PORTS_TEXT - len, "%s%u", len ? ", " : "", port);

    return buf;
}

static const char *own_ports(const struct allowlist *list, const char *between, char buf[PORTS_TEXT])
{
    size_t len = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < list->own.count; i++)
        len += (size_t)snprintf(buf + len, PORTS_TEXT - len, "%s%u", i ? between : "", list->own.ports[i]);

    return buf;
}

/* ---- What stands above the rules ---- */

static void print_head(const struct allowlist *list, const char *how)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    uint32_t ttl_s = allowlist_ttl(list);

    if (gmtime_r(&now, &utc))
        strftime(when, sizeof(when), "%FT%TZ", &utc);
    fputs("# Addresses of the trunks in ", stdout);
    text_print(stdout, list->file);
    printf(", %s. Load with: %s\n", when, how);
    if (ttl_s)
        printf("# They come from names, and are good for %u s: make and load it again that often.\n", ttl_s);
    printf(
        "# Media: UDP ports %u-%u of ours (--rtp). Carriers may send it from other addresses than their signalling: then\n"
        "# open these ports to those as well.\n",
        list->rtp_from, list->rtp_to);
}

/* ---- nftables ---- */

static void print_nft_rules(const struct allowlist *list, const char *family, const char *set)
{
    char own[PORTS_TEXT], theirs[PORTS_TEXT];

    if (list->own.count)
        printf("#   %s saddr @%s udp dport { %s } accept\n", family, set, own_ports(list, ", ", own));
    else
        printf("#   %s saddr @%s meta l4proto udp accept\n", family, set);
    if (*stream_ports(list, theirs))
        printf("#   %s saddr @%s tcp sport { %s } ct state established accept\n", family, set, theirs);
    printf("#   %s saddr @%s udp dport %u-%u accept\n", family, set, list->rtp_from, list->rtp_to);
}

static void print_nft_elements(const struct allowlist *list, bool is_v6)
{
    const char *set = is_v6 ? SET_V6 : SET_V4;
    size_t count;
    struct entry *entries = gather(list, is_v6, &count);

    printf("flush set inet filter %s\n", set);
    if (count)
        printf("add element inet filter %s {\n", set);
    for (size_t i = 0; i < count; i++)
        printf("    %s comment \"%s\"%s\n", entries[i].address.ip, entries[i].comment, i + 1 < count ? "," : "");
    if (count)
        printf("}\n");
    free(entries);
}

void allowlist_print_nft(const struct allowlist *list)
{
    print_head(list, "nft -f FILE");
    printf("# Rules for your input chain; a second loading changes the sets at once and leaves the rules alone:\n");
    print_nft_rules(list, "ip", SET_V4);
    print_nft_rules(list, "ip6", SET_V6);
    printf("table inet filter {\n"
           "    set " SET_V4 " {\n        type ipv4_addr\n    }\n"
           "    set " SET_V6 " {\n        type ipv6_addr\n    }\n"
           "}\n");
    print_nft_elements(list, false);
    print_nft_elements(list, true);
}

/* ---- iptables ---- */

static void print_iptables_rule(const char *program, const struct entry *entry, const char *match)
{
    printf("%s -A " CHAIN " -s %s %s -m comment --comment '%s' -j ACCEPT\n", program, entry->address.ip, match,
           entry->comment);
}

static void print_iptables_address(const struct allowlist *list, const char *program, const struct entry *entry)
{
    char own[PORTS_TEXT], match[PORTS_TEXT + 32] = "-p udp";

    if (list->own.count)
        snprintf(match, sizeof(match), "-p udp -m multiport --dports %s", own_ports(list, ",", own));
    if (entry->has_udp)
        print_iptables_rule(program, entry, match);
    if (entry->has_stream)
        print_iptables_rule(program, entry, "-p tcp -m conntrack --ctstate ESTABLISHED");
    if (entry->has_udp && !list->own.count)
        return; /* every port is open to it, those for media too */
    snprintf(match, sizeof(match), "-p udp --dport %u:%u", list->rtp_from, list->rtp_to);
    print_iptables_rule(program, entry, match);
}

static void print_iptables_family(const struct allowlist *list, bool is_v6)
{
    const char *program = is_v6 ? "ip6tables" : "iptables";
    size_t count;
    struct entry *entries = gather(list, is_v6, &count);

    printf("%s -N " CHAIN " 2>/dev/null || %s -F " CHAIN "\n", program, program);
    for (size_t i = 0; i < count; i++)
        print_iptables_address(list, program, &entries[i]);
    free(entries);
}

void allowlist_print_iptables(const struct allowlist *list)
{
    print_head(list, "sh FILE");
    printf("# Once: iptables -I INPUT -j " CHAIN "; ip6tables -I INPUT -j " CHAIN "\n");
    print_iptables_family(list, false);
    print_iptables_family(list, true);
}

/* ---- JSON ---- */

static json_t *addresses_json(const struct allowlist_trunk *trunk)
{
    json_t *array = json_array();
    struct allowlist_address address;

    for (size_t i = 0; i < trunk->count; i++) {
        if (!allowlist_split(trunk->addresses[i].target, &address))
            continue;
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:i, s:I}", "target", trunk->addresses[i].target,
                                               "address", address.ip, "transport", address.transport, "protocol",
                                               address.is_udp ? "udp" : "tcp", "port", (int)address.port, "ttl",
                                               (json_int_t)trunk->addresses[i].ttl_s));
    }

    return array;
}

static json_t *ports_json(const struct allowlist_ports *ports)
{
    json_t *array = json_array();

    for (size_t i = 0; i < ports->count; i++)
        json_array_append_new(array, json_integer(ports->ports[i]));

    return array;
}

static json_t *trunk_json(const struct allowlist *list, const struct allowlist_trunk *trunk)
{
    json_t *object = json_object();

    json_object_set_new(object, "trunkId", text_json(trunk->status.id));
    json_object_set_new(object, "trunkGroupId", text_json(trunk->status.trunk_group_id));
    json_object_set_new(object, "uri", text_json(trunk->status.uri));
    json_object_set_new(object, "direction", text_json(trunkha_direction_name(trunk->status.direction)));
    json_object_set_new(object, "dns", trunk->dns ? text_json(trunkha_dns_text(trunk->dns)) : json_null());
    json_object_set_new(object, "addresses", addresses_json(trunk));
    json_object_set_new(object, "ownUdpPorts", ports_json(&list->own));
    json_object_set_new(object, "rtp", json_pack("{s:i, s:i}", "from", (int)list->rtp_from, "to", (int)list->rtp_to));

    return object;
}

void allowlist_print_json(const struct allowlist *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, trunk_json(list, &list->trunks[i]));
    text_print_json(array);
}
