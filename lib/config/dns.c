/* The `dns` block. */
#include <string.h>

#include "address.h"
#include "draft.h"

#define DNS_PORT    53
#define LONG_TTL    300 /* seconds: carriers that move addresses keep their TTLs at or below this */
#define MIN_TTL     5
#define MAX_TTL_MAX 86400

#define AT(member) THA_AT(struct tha_config_dns, model.member)

static bool is_known(const struct tha_config_dns *dns, const struct tha_addr *server)
{
    for (uint32_t i = 0; i < dns->model.n_servers; i++) {
        if (tha_addr_is_equal(&dns->servers[i], server))
            return true;
    }

    return false;
}

static void read_server(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field text_field = {NULL, THA_KIND_TEXT};
    struct tha_config_dns *dns = target;
    struct tha_addr *server = &dns->servers[dns->model.n_servers];
    char buf[THA_CONFIG_TEXT_SIZE], label[THA_CONFIG_LABEL_SIZE];
    const char *text = tha_config_get_text(reader, path, &text_field, value, buf);
    const char *problem;

    if (!text)
        return;

    problem = tha_config_read_ip_address(text, DNS_PORT, server);
    if (!problem && is_known(dns, server))
        problem = "is there already: write each server once";
    if (problem)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL, "%s %s",
                               tha_config_print_label(path, label, sizeof(label)), problem);
    else
        dns->model.n_servers++;
}

static const struct tha_config_field server = {NULL, THA_KIND_TEXT, .read = read_server};

static const struct tha_config_field dns_fields[] = {
    {"maxTtl", THA_KIND_COUNT, .at = AT(max_ttl_s), .min = 1, .max = MAX_TTL_MAX, .initial = LONG_TTL},
    {"minTtl", THA_KIND_COUNT, .at = AT(min_ttl_s), .max = LONG_TTL, .initial = MIN_TTL},
    {"timeout", THA_KIND_SECONDS, .at = AT(timeout_ms), .min = 0.1, .max = 30, .initial = 3},
    {"servers", THA_KIND_LIST, .max = THA_CONFIG_SERVERS_MAX, .item = &server},
    {"keepLastGood", THA_KIND_BOOL, .at = AT(keep_last_good), .initial = true},
};
static const struct tha_config_schema dns_schema = THA_SCHEMA(dns_fields);

void tha_config_init_dns(struct tha_config_dns *dns)
{
    *dns = (struct tha_config_dns){.model = {.n_servers = 0}};
    tha_config_set_defaults(&dns_schema, dns);
}

static void check_ttls(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *block,
                       struct tha_dns_settings *dns)
{
    struct tha_config_path min_ttl = {path, "minTtl", 0}, max_ttl = {path, "maxTtl", 0};

    if (dns->max_ttl_s > LONG_TTL)
        tha_config_add_finding(&reader->report, THA_CODE_LONG_TTL, &max_ttl, NULL,
                               "an address that has changed may stay in use for %u seconds", dns->max_ttl_s);
    if (dns->min_ttl_s <= dns->max_ttl_s)
        return;

    if (json_object_get(block, "minTtl"))
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, &min_ttl, NULL,
                               "\"minTtl\" (%u seconds) is above \"maxTtl\" (%u seconds): "
                               "write a \"minTtl\" that is at most \"maxTtl\"",
                               dns->min_ttl_s, dns->max_ttl_s);
    else
        dns->min_ttl_s = dns->max_ttl_s;
}

void tha_config_read_dns(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block,
                         struct tha_config_dns *dns)
{
    struct tha_config_part part = {&dns_schema, dns, NULL};
    uint32_t n_errors = reader->report.n_errors;

    tha_config_read_object(reader, path, block, &part, 1);
    if (reader->report.n_errors == n_errors)
        check_ttls(reader, path, block, &dns->model);
}

void tha_config_keep_dns(struct tha_config_draft *draft)
{
    struct tha_dns_settings *kept = &draft->model->dns;
    struct tha_addr *servers;

    *kept = draft->dns.model;
    if (!kept->n_servers)
        return;

    servers = tha_arena_alloc(&draft->model->arena, kept->n_servers, sizeof(*servers));
    if (servers)
        memcpy(servers, draft->dns.servers, kept->n_servers * sizeof(*servers));
    else
        draft->reader.report.is_out_of_memory = true;
    kept->servers = servers;
}
