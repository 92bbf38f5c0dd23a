/* What a scenario may speak of: trunks, groups, profiles and names of the configuration, addresses of both. */
#include <string.h>

#include "address.h"
#include "scenario_draft.h"

#define NEAREST_MAX 512 /* names that a wrong one is compared with */
#define SIP_PORT    5060
#define SIPS_PORT   5061

struct known {
    const char *words[NEAREST_MAX];
    size_t count;
};

static void add_known(struct known *known, const char *word)
{
    if (known->count < NEAREST_MAX)
        known->words[known->count++] = word;
}

/* ---- What is there */

void tha_scenario_init_names(struct tha_scenario_draft *draft, const struct tha_mem *mem)
{
    tha_map_init(&draft->whom, mem);
    tha_map_init(&draft->addresses, mem);
    tha_map_init(&draft->moved, mem);
    tha_map_init(&draft->ports, mem);
    tha_map_init(&draft->hosts, mem);
    tha_map_init(&draft->profiles, mem);
}

void tha_scenario_done_names(struct tha_scenario_draft *draft)
{
    tha_map_done(&draft->profiles);
    tha_map_done(&draft->hosts);
    tha_map_done(&draft->ports);
    tha_map_done(&draft->moved);
    tha_map_done(&draft->addresses);
    tha_map_done(&draft->whom);
}

static void enter(struct tha_scenario_draft *draft, struct tha_map *names, const char *name, const char *meaning)
{
    if (!name || !meaning || tha_map_put(names, name, (void *)(uintptr_t)meaning))
        draft->reader.report.is_out_of_memory = true;
}

/** The first meaning of @p name stays. */
static void enter_copy(struct tha_scenario_draft *draft, struct tha_map *names, const char *name, const char *meaning)
{
    if (!tha_map_find(names, name))
        enter(draft, names, tha_arena_strdup(&draft->scratch, name), tha_arena_strdup(&draft->scratch, meaning));
}

static void enter_address(struct tha_scenario_draft *draft, const struct tha_addr *addr)
{
    char host[THA_ADDR_TEXT_SIZE], text[THA_ADDR_TEXT_SIZE];

    tha_addr_host_text(addr, host, sizeof(host));
    tha_addr_port_text(addr, text, sizeof(text));
    enter_copy(draft, &draft->addresses, host, text);
    enter_copy(draft, &draft->addresses, text, text);
}

static void print_port(uint16_t port, char buf[8])
{
    tha_text_print(buf, 8, "%u", port);
}

static void enter_name(struct tha_scenario_draft *draft, const struct tha_name *name)
{
    bool is_tls = name->has_transport && name->transport == THA_TRANSPORT_TLS;
    char port[8];

    print_port(name->port ? name->port : is_tls ? SIPS_PORT : SIP_PORT, port);
    enter_copy(draft, &draft->ports, port, port);
    enter(draft, &draft->hosts, name->host, name->host);
}

static void enter_model(struct tha_scenario_draft *draft)
{
    const struct tha_model *model = draft->model;

    for (uint32_t i = 0; i < model->n_groups; i++)
        enter(draft, &draft->whom, model->groups[i].id, model->groups[i].id);
    for (uint32_t i = 0; i < model->n_profiles; i++)
        enter(draft, &draft->profiles, model->profiles[i].id, model->profiles[i].id);
    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_trunk_model *trunk = &model->trunks[i];

        enter(draft, &draft->whom, trunk->id, trunk->id);
        if (trunk->dns_name)
            enter_name(draft, trunk->dns_name);
        else
            enter_address(draft, &trunk->addr);
    }
}

/** A name comes to @p addr: over which port, it may say itself, or a trunk of that name. */
static void enter_moved(struct tha_scenario_draft *draft, const struct tha_addr *addr)
{
    char host[THA_ADDR_TEXT_SIZE];

    tha_addr_host_text(addr, host, sizeof(host));
    enter_copy(draft, &draft->moved, host, host);
    if (addr->port)
        enter_address(draft, addr);
}

/** What is wrong with the addresses of a step is told when it is read. */
static void enter_step(struct tha_scenario_draft *draft, const json_t *step)
{
    const json_t *addresses = json_object_get(step, "addresses");
    struct tha_addr addr;

    for (size_t i = 0; i < json_array_size(addresses) && i < THA_DNS_LOCATIONS_MAX; i++) {
        const char *text = json_string_value(json_array_get(addresses, i));

        if (text && !tha_config_read_ip_address(text, 0, &addr))
            enter_moved(draft, &addr);
    }
}

void tha_scenario_enter_names(struct tha_scenario_draft *draft)
{
    enter_model(draft);
    for (size_t i = 0; i < json_array_size(draft->steps_json); i++)
        enter_step(draft, json_array_get(draft->steps_json, i));
}

/* ---- What is meant */

/** @p advice: when nothing is near; NULL = that of the catalogue. */
static void say_unknown(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *what,
                        const char *advice, const char *text, const struct known *known)
{
    const char *nearest =
        tha_config_is_full(&draft->reader.report) ? NULL : tha_text_nearest(text, known->words, known->count);
    char quoted[THA_CONFIG_ID_MAX + 1], near_quoted[THA_CONFIG_ID_MAX + 1], fix[THA_CONFIG_LABEL_SIZE];

    tha_config_quote(text, quoted, sizeof(quoted));
    tha_config_quote(nearest, near_quoted, sizeof(near_quoted));
    tha_text_print(fix, sizeof(fix), "write \"%s\"", near_quoted);
    if (nearest)
        tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path, fix,
                               "the configuration has no %s \"%s\": did you mean \"%s\"?", what, quoted, near_quoted);
    else
        tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path, advice,
                               "the configuration has no %s \"%s\"", what, quoted);
}

static void say_unknown_whom(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *text)
{
    struct known known = {{"all", "primary", "secondary"}, 3};

    for (uint32_t i = 0; i < draft->model->n_groups; i++)
        add_known(&known, draft->model->groups[i].id);
    for (uint32_t i = 0; i < draft->model->n_trunks; i++)
        add_known(&known, draft->model->trunks[i].id);
    say_unknown(draft, path, "trunk or trunk group", NULL, text, &known);
}

/** Group number @p place of the first profile's chain. */
static const char *find_group(struct tha_scenario_draft *draft, const struct tha_config_path *path, uint32_t place)
{
    const struct tha_profile_model *profile = &draft->model->profiles[0];

    if (place < profile->n_groups)
        return draft->model->groups[profile->groups[place]].id;

    tha_config_add_finding(&draft->reader.report, THA_CODE_UNKNOWN_REFERENCE, path,
                           "give the first routing profile a \"secondaryTrunkGroup\", or write the id of another",
                           "the first routing profile has no second trunk group");

    return NULL;
}

/** May a target be there? @p text: @p addr with its port; @p host: without. */
static bool is_known(const struct tha_scenario_draft *draft, const struct tha_addr *addr, const char *text, const char *host)
{
    char port[8];

    if (!addr->port)
        return tha_map_find(&draft->addresses, host) || tha_map_find(&draft->moved, host);

    print_port(addr->port, port);

    return tha_map_find(&draft->addresses, text) || (tha_map_find(&draft->moved, host) && tha_map_find(&draft->ports, port));
}

static void say_unknown_address(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *text,
                                const char *host)
{
    struct tha_config_report *report = &draft->reader.report;
    const char *near = tha_map_find(&draft->addresses, host);
    char fix[THA_CONFIG_LABEL_SIZE];

    tha_text_print(fix, sizeof(fix), "write \"%s\", which means all ports there", host);
    if (near)
        tha_config_add_finding(report, THA_CODE_UNKNOWN_REFERENCE, path, fix, "no trunk is at %s: did you mean \"%s\"?",
                               text, near);
    else if (tha_map_find(&draft->moved, host))
        tha_config_add_finding(report, THA_CODE_UNKNOWN_REFERENCE, path, fix,
                               "no name comes to %s, but to another port there", text);
    else
        tha_config_add_finding(report, THA_CODE_UNKNOWN_REFERENCE, path, "write the address or the id of a trunk",
                               "no trunk is at %s, and no step lets a name come to it", host);
}

/** "ADDRESS:PORT" in @p text, of THA_ADDR_TEXT_SIZE; NULL after a finding. */
static const char *find_address(struct tha_scenario_draft *draft, const struct tha_config_path *path,
                                const struct tha_addr *addr, char *text)
{
    char host[THA_ADDR_TEXT_SIZE];

    tha_addr_host_text(addr, host, sizeof(host));
    tha_addr_port_text(addr, text, THA_ADDR_TEXT_SIZE);
    if (is_known(draft, addr, text, host))
        return text;
    say_unknown_address(draft, path, text, host);

    return NULL;
}

const char *tha_scenario_find_whom(struct tha_scenario_step_draft *step, const struct tha_config_path *path,
                                   const char *text)
{
    struct tha_scenario_draft *draft = step->draft;
    const char *found = tha_map_find(&draft->whom, text);
    char buf[THA_ADDR_TEXT_SIZE];
    struct tha_addr addr;

    if (!found && !strcmp(text, "all")) {
        step->is_for_all = true;
        return NULL;
    }

    if (!found && !strcmp(text, "primary"))
        found = find_group(draft, path, 0);
    else if (!found && !strcmp(text, "secondary"))
        found = find_group(draft, path, 1);
    else if (!found && step->takes_addresses && !tha_config_read_ip_address(text, 0, &addr))
        found = find_address(draft, path, &addr, buf);
    else if (!found)
        say_unknown_whom(draft, path, text);

    return found ? tha_config_keep_text(&draft->reader, found) : NULL;
}

const char *tha_scenario_find_profile(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *text)
{
    struct known known = {{NULL}, 0};

    if (tha_map_find(&draft->profiles, text))
        return tha_config_keep_text(&draft->reader, text);

    for (uint32_t i = 0; i < draft->model->n_profiles; i++)
        add_known(&known, draft->model->profiles[i].id);
    say_unknown(draft, path, "routing profile", NULL, text, &known);

    return NULL;
}

const char *tha_scenario_find_host(struct tha_scenario_draft *draft, const struct tha_config_path *path, const char *text)
{
    struct known known = {{NULL}, 0};

    if (tha_map_find(&draft->hosts, text))
        return tha_config_keep_text(&draft->reader, text);

    for (uint32_t i = 0; i < draft->model->n_trunks; i++) {
        if (draft->model->trunks[i].dns_name)
            add_known(&known, draft->model->trunks[i].dns_name->host);
    }
    say_unknown(draft, path, "trunk at the name", "write the name that stands in a \"sipAddress\"", text, &known);

    return NULL;
}

const char *tha_scenario_first_profile(struct tha_scenario_draft *draft)
{
    return tha_config_keep_text(&draft->reader, draft->model->profiles[0].id);
}
