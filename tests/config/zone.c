#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512

static const struct {
    const char *word;
    uint32_t trouble;
} troubles[] = {
    {"SILENT", THA_DNS_TROUBLE_SILENT},           {"FAILED", THA_DNS_TROUBLE_FAILED},
    {"NO_NAME", THA_DNS_TROUBLE_NO_NAME},         {"NO_ADDRESS", THA_DNS_TROUBLE_NO_ADDRESS},
    {"NOT_OFFERED", THA_DNS_TROUBLE_NOT_OFFERED},
};

static bool find_line(const char *lines, const char *host, char line[LINE_SIZE])
{
    size_t len = strlen(host);

    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strncmp(at, host, len) != 0 || at[len] != ' ')
            continue;
        snprintf(line, LINE_SIZE, "%.*s", (int)(strcspn(at, "\n") - len - 1), at + len + 1);
        return true;
    }

    return false;
}

static bool read_trouble(const char *line, uint32_t *ret_trouble)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (strcmp(line, troubles[i].word) != 0)
            continue;
        *ret_trouble = troubles[i].trouble;
        return true;
    }

    return false;
}

static uint32_t read_addresses(char *list, uint32_t ttl_s, const struct tha_name *name, struct tha_location *locations)
{
    char *rest = NULL;
    uint32_t n = 0;

    for (char *ip = strtok_r(list, ",", &rest); ip; ip = strtok_r(NULL, ",", &rest)) {
        locations[n] = (struct tha_location){.ttl_s = ttl_s};
        if (!tha_addr_parse_ip(&locations[n].addr, ip, strlen(ip)))
            abort();
        locations[n].addr.port = 5060;
        locations[n++].addr.transport = name->transport;
    }

    return n;
}

static bool is_dead(const struct tha_dns_settings *settings)
{
    char host[THA_ADDR_TEXT_SIZE];

    return settings->n_servers && !strcmp(tha_addr_host_text(&settings->servers[0], host, sizeof(host)), ZONE_DEAD_SERVER);
}

static int resolve(const struct tha_name *name, const struct tha_dns_settings *settings, struct tha_location *ret_locations,
                   struct tha_srv_targets *ret_targets, struct tha_lookup_result *ret_result, void *user_data)
{
    struct zone *zone = user_data;
    struct tha_lookup_result result = {.trouble = THA_DNS_TROUBLE_SILENT, .locations = ret_locations};
    char line[LINE_SIZE], *rest = NULL, *addresses, *word;

    zone->n_asked++;
    ret_targets->count = 0;
    if (!is_dead(settings) && find_line(zone->lines, name->host, line) && !read_trouble(line, &result.trouble)) {
        addresses = strtok_r(line, " ", &rest);
        word = strtok_r(NULL, " ", &rest);
        result.trouble = THA_DNS_FINE;
        result.n_locations = read_addresses(addresses, (uint32_t)strtoul(word, NULL, 10), name, ret_locations);
        while ((word = strtok_r(NULL, " ", &rest)))
            snprintf(ret_targets->names[ret_targets->count++], THA_DNS_NAME_SIZE, "%s", word);
    }
    *ret_result = result;

    return 0;
}

struct tha_config_resolver zone_resolver(struct zone *zone)
{
    return (struct tha_config_resolver){resolve, zone};
}
