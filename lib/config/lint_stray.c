/* Addresses in use that belong to no trunk: a probe may ask its trunk for another host than the trunk's own. */
#include <string.h>

#include "domain.h"
#include "lint.h"

/** Hosts and registered domains of all trunks. */
struct hosts {
    struct tha_lint *lint;
    struct tha_map map;
    bool is_top_told;
};

static void add(struct hosts *hosts, const char *host)
{
    char *kept = tha_arena_strdup(hosts->lint->scratch, host);

    if (!kept || tha_map_put(&hosts->map, kept, kept))
        hosts->lint->report->is_out_of_memory = true;
}

static const char *domain_of(const char *host)
{
    const char *domain = tha_config_get_registered_domain(host);

    return domain ? domain : host;
}

/** A carrier's Request-URI often names its domain and no machine. */
static void add_trunk(struct hosts *hosts, uint32_t trunk)
{
    const struct tha_trunk_model *model = &hosts->lint->model->trunks[trunk];
    const struct tha_lint_answer *answer = hosts->lint->answers ? hosts->lint->answers[trunk] : NULL;
    char ip[THA_ADDR_TEXT_SIZE];

    if (model->dns_name)
        add(hosts, domain_of(model->dns_name->host));
    else
        add(hosts, tha_addr_host_text(&model->addr, ip, sizeof(ip)));
    for (uint32_t i = 0; answer && i < answer->n_locations; i++)
        add(hosts, tha_addr_host_text(&answer->locations[i].addr, ip, sizeof(ip)));
}

/** A trunk with an IP address is often a proxy that wants to be asked for the carrier's name: nothing to compare. */
static bool is_known(const struct hosts *hosts, const struct tha_trunk_model *trunk)
{
    struct tha_config_sip_address address;
    char ip[THA_ADDR_TEXT_SIZE];

    if (tha_config_read_sip_address(trunk->keepalive->text.request_uri, &address))
        return true; /* more than an address */
    if (address.is_name && !trunk->dns_name)
        return true;

    return tha_map_find(&hosts->map,
                        address.is_name ? domain_of(address.host) : tha_addr_host_text(&address.addr, ip, sizeof(ip)));
}

static void check_trunk(struct hosts *hosts, uint32_t index)
{
    struct tha_lint *lint = hosts->lint;
    const struct tha_trunk_model *trunk = &lint->model->trunks[index];
    const json_t *own = json_object_get(tha_lint_trunk_json(lint, index), "keepalive");
    bool is_own = json_object_get(own, "requestUri");
    struct tha_config_path top = {NULL, "keepalive", 0};
    struct tha_lint_place place;
    struct tha_config_path path = {is_own ? tha_lint_trunk(lint, index, "keepalive", &place) : &top, "requestUri", 0};
    char name[THA_LINT_LABEL_SIZE];

    if ((!is_own && hosts->is_top_told) || is_known(hosts, trunk))
        return;

    tha_config_add_finding(lint->report, THA_CODE_STRAY_ADDRESS, &path, NULL,
                           "no trunk has the host of this address: %s is asked for it",
                           tha_lint_name_trunk(lint, index, name));
    hosts->is_top_told = hosts->is_top_told || !is_own;
}

void tha_lint_stray(struct tha_lint *lint)
{
    const struct tha_trunk_model *trunks = lint->model->trunks;
    struct hosts hosts = {.lint = lint};

    tha_map_init(&hosts.map, &lint->scratch->mem);
    for (uint32_t t = 0; t < lint->model->n_trunks && !lint->report->is_out_of_memory; t++)
        add_trunk(&hosts, t);
    for (uint32_t t = 0; t < lint->model->n_trunks && !lint->report->is_out_of_memory; t++) {
        if (trunks[t].keepalive->enabled && trunks[t].keepalive->text.request_uri)
            check_trunk(&hosts, t);
    }
    tha_map_done(&hosts.map);
}
