/* What primary and secondary have in common: a host, a network, an SRV target, a domain. */
#include <string.h>

#include "domain.h"
#include "lint.h"

/** One kind of thing that two trunks should not share, over all chains. */
struct search {
    struct tha_lint *lint;
    enum tha_config_code code;
    const char *what;   /**< between the names of the two trunks */
    bool of_neighbours; /**< what only a group and the next one that takes calls should not share */
    struct tha_lint_pairs told;
    const struct tha_lint_pairs *told_before; /**< NULL = none: pairs that something worse was told of */
};

/** Calls @p visit with every thing of a trunk, as a text. */
typedef void (*visit_cb)(const char *key, void *user_data);
typedef void (*list_cb)(const struct tha_lint *lint, uint32_t trunk, visit_cb visit, void *user_data);

/* ---- What trunks have */

static const struct tha_lint_answer *answer_of(const struct tha_lint *lint, uint32_t trunk)
{
    static const struct tha_lint_answer unknown;
    const struct tha_lint_answer *answer = lint->answers ? lint->answers[trunk] : NULL;

    return answer ? answer : &unknown;
}

/** The host, and the addresses that it has in the DNS. */
static void list_hosts(const struct tha_lint *lint, uint32_t trunk, visit_cb visit, void *user_data)
{
    const struct tha_trunk_model *model = &lint->model->trunks[trunk];
    const struct tha_lint_answer *answer = answer_of(lint, trunk);
    char key[THA_ADDR_TEXT_SIZE];

    if (model->dns_name)
        visit(model->dns_name->host, user_data);
    else
        visit(tha_addr_host_text(&model->addr, key, sizeof(key)), user_data);
    for (uint32_t i = 0; i < answer->n_locations; i++)
        visit(tha_addr_host_text(&answer->locations[i].addr, key, sizeof(key)), user_data);
}

static void visit_network(const struct tha_addr *addr, visit_cb visit, void *user_data)
{
    struct tha_addr network = {.family = addr->family};
    char host[THA_ADDR_TEXT_SIZE], key[THA_ADDR_TEXT_SIZE];

    memcpy(network.ip, addr->ip, addr->family == 4 ? 3 : 6); /* /24, /48 */
    tha_addr_host_text(&network, host, sizeof(host));
    tha_text_print(key, sizeof(key), "%s/%s", host, addr->family == 4 ? "24" : "48");
    visit(key, user_data);
}

static void list_networks(const struct tha_lint *lint, uint32_t trunk, visit_cb visit, void *user_data)
{
    const struct tha_trunk_model *model = &lint->model->trunks[trunk];
    const struct tha_lint_answer *answer = answer_of(lint, trunk);

    if (!model->dns_name)
        visit_network(&model->addr, visit, user_data);
    for (uint32_t i = 0; i < answer->n_locations; i++)
        visit_network(&answer->locations[i].addr, visit, user_data);
}

static void list_srv_targets(const struct tha_lint *lint, uint32_t trunk, visit_cb visit, void *user_data)
{
    const struct tha_lint_answer *answer = answer_of(lint, trunk);

    for (uint32_t i = 0; i < answer->n_srv_targets; i++)
        visit(answer->srv_targets[i], user_data);
}

static void list_domains(const struct tha_lint *lint, uint32_t trunk, visit_cb visit, void *user_data)
{
    const struct tha_name *name = lint->model->trunks[trunk].dns_name;
    const char *domain = name ? tha_config_get_registered_domain(name->host) : NULL;

    if (domain)
        visit(domain, user_data);
}

/* ---- Who has it first */

struct visit {
    struct search *search;
    struct tha_map *owners; /**< things to tha_config_from_index(): the first trunk that has it */
    uint32_t trunk;
};

static void own(const char *key, void *user_data)
{
    struct visit *visit = user_data;
    struct tha_lint *lint = visit->search->lint;
    char *kept;

    if (tha_map_find(visit->owners, key))
        return;

    kept = tha_arena_strdup(lint->scratch, key);
    if (!kept || tha_map_put(visit->owners, kept, tha_config_from_index(visit->trunk)))
        lint->report->is_out_of_memory = true;
}

/** What came out of ${NAME} is not shown. */
static bool stands_in_file(const struct tha_lint *lint, uint32_t trunk)
{
    const char *raw = json_string_value(json_object_get(tha_lint_trunk_json(lint, trunk), "sipAddress"));

    return raw && !strstr(raw, "${");
}

static void say(struct search *search, uint32_t trunk, uint32_t other, const char *key)
{
    struct tha_lint *lint = search->lint;
    bool is_shown = stands_in_file(lint, trunk) && stands_in_file(lint, other);
    struct tha_lint_place place;
    char name[THA_LINT_LABEL_SIZE], other_name[THA_LINT_LABEL_SIZE];

    tha_config_add_finding(lint->report, search->code, tha_lint_trunk(lint, trunk, "sipAddress", &place), NULL,
                           "%s %s %s%s%s", tha_lint_name_trunk(lint, trunk, name), search->what,
                           tha_lint_name_other(lint, other, other_name), is_shown ? ": " : "", is_shown ? key : "");
}

/** Trunks that share the calls of a group may share a host, too. */
static void compare(const char *key, void *user_data)
{
    const struct visit *visit = user_data;
    struct search *search = visit->search;
    uint32_t other = tha_config_to_index(tha_map_find(visit->owners, key));

    if (other == THA_NONE || other == visit->trunk || !tha_lint_stands_in(search->lint->model, visit->trunk, other))
        return;
    if (search->told_before && tha_lint_has_pair(search->told_before, visit->trunk, other))
        return;
    if (tha_lint_add_pair(&search->told, visit->trunk, other))
        say(search, visit->trunk, other, key);
}

/* ---- Chains */

static uint32_t group_of(const struct tha_lint *lint, const struct tha_lint_chain *chain, uint32_t place)
{
    return lint->model->trunks[chain->trunks[place]].group;
}

static bool is_one_group(const struct tha_lint *lint, const struct tha_lint_chain *chain)
{
    return !chain->n_trunks || group_of(lint, chain, 0) == group_of(lint, chain, chain->n_trunks - 1);
}

/** Any two trunks of the chain; or each of the first group that takes calls with those of the next one, which is to take its
 *  calls over. */
static void search_chain(struct search *search, const struct tha_lint_chain *chain, list_cb list)
{
    struct visit visit = {.search = search};
    uint32_t n_groups = 0;
    struct tha_map owners;

    if (search->of_neighbours && is_one_group(search->lint, chain))
        return;

    tha_map_init(&owners, &search->lint->scratch->mem);
    visit.owners = &owners;
    for (uint32_t i = 0; i < chain->n_trunks && !search->lint->report->is_out_of_memory; i++) {
        visit.trunk = chain->trunks[i];
        n_groups += !i || group_of(search->lint, chain, i) != group_of(search->lint, chain, i - 1);
        if (!search->of_neighbours || n_groups == 2)
            list(search->lint, visit.trunk, compare, &visit);
        if (!search->of_neighbours || n_groups == 1)
            list(search->lint, visit.trunk, own, &visit);
    }
    tha_map_done(&owners);
}

static void begin(struct search *search, struct tha_lint *lint, enum tha_config_code code, const char *what)
{
    *search = (struct search){.lint = lint, .code = code, .what = what};
    tha_lint_init_pairs(lint, &search->told);
}

void tha_lint_paths(struct tha_lint *lint)
{
    struct search hosts, networks, targets, domains;

    begin(&hosts, lint, THA_CODE_SAME_ADDRESS, "is on the same host as");
    begin(&networks, lint, THA_CODE_SAME_NETWORK, "is in the same network as");
    begin(&targets, lint, THA_CODE_SAME_SRV_TARGET, "leads to the same SRV target as");
    begin(&domains, lint, THA_CODE_SAME_DOMAIN, "is in the same registered domain as");
    networks.of_neighbours = targets.of_neighbours = domains.of_neighbours = true;
    networks.told_before = domains.told_before = &hosts.told;

    for (uint32_t i = 0; i < lint->n_chains && !lint->report->is_out_of_memory; i++)
        search_chain(&hosts, &lint->chains[i], list_hosts);
    for (uint32_t i = 0; i < lint->n_chains && !lint->report->is_out_of_memory; i++) {
        search_chain(&networks, &lint->chains[i], list_networks);
        search_chain(&targets, &lint->chains[i], list_srv_targets);
        search_chain(&domains, &lint->chains[i], list_domains);
    }
}
