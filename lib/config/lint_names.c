/* What only live look-ups can show. Each name of a trunk that is in use is looked up once, and none any more when nobody
 * answers: that says nothing about the names, and is told once for all of them. */
#include <string.h>

#include "lint.h"

#define SILENT_MAX 3   /* names in a row without any answer: the next ones would have none either */
#define LONG_TTL_S 300 /* carriers that move addresses keep their TTLs at or below this */
#define KEY_SIZE   (TRUNKHA_URI_SIZE + 16)
#define LIST_SIZE  256 /* of name servers in a message */

/* ---- Looking up */

struct search {
    struct tha_lint *lint;
    const struct tha_config_resolver *resolver;
    struct tha_map known; /**< names to answers */
    uint32_t n_silent;    /**< in a row */
    struct tha_location locations[THA_DNS_LOCATIONS_MAX];
    struct tha_srv_targets targets;
};

static bool has_given_up(const struct search *search)
{
    return search->n_silent >= SILENT_MAX;
}

static void copy_locations(struct tha_lint *lint, const struct tha_lookup_result *result, struct tha_lint_answer *answer)
{
    struct tha_location *kept = tha_lint_alloc(lint, result->n_locations, sizeof(*kept));

    if (!kept)
        return;
    for (uint32_t i = 0; i < result->n_locations; i++)
        kept[i] = result->locations[i];
    answer->locations = kept;
    answer->n_locations = result->n_locations;
}

static void copy_targets(struct tha_lint *lint, const struct tha_srv_targets *targets, struct tha_lint_answer *answer)
{
    const char **kept = tha_lint_alloc(lint, targets->count, sizeof(*kept));

    for (uint32_t i = 0; kept && i < targets->count; i++) {
        kept[i] = tha_arena_strdup(lint->scratch, targets->names[i]);
        lint->report->is_out_of_memory |= !kept[i];
    }
    answer->srv_targets = kept;
    answer->n_srv_targets = kept ? targets->count : 0;
}

/** Asks the resolver; what failed here is as good as no answer. */
static void ask(struct search *search, const struct tha_name *name, struct tha_lint_answer *answer)
{
    const struct tha_config_resolver *resolver = search->resolver;
    struct tha_lookup_result result = {.trouble = THA_DNS_TROUBLE_SILENT};
    int err;

    search->targets.count = 0;
    err = resolver->resolve(name, &search->lint->model->dns, search->locations, &search->targets, &result,
                            resolver->user_data);
    if (err == TRUNKHA_ERR_NOMEM)
        search->lint->report->is_out_of_memory = true;
    if (err)
        result = (struct tha_lookup_result){.trouble = THA_DNS_TROUBLE_SILENT};

    search->n_silent = result.trouble == THA_DNS_TROUBLE_SILENT ? search->n_silent + 1 : 0;
    answer->trouble = result.trouble;
    copy_locations(search->lint, &result, answer);
    copy_targets(search->lint, &search->targets, answer);
}

static const struct tha_lint_answer *look_up(struct search *search, const char *key, uint32_t trunk)
{
    struct tha_lint *lint = search->lint;
    struct tha_lint_answer *answer = tha_lint_alloc(lint, 1, sizeof(*answer));
    char *kept = tha_arena_strdup(lint->scratch, key);

    if (!answer || !kept || tha_map_put(&search->known, kept, answer)) {
        lint->report->is_out_of_memory = true;
        return NULL;
    }
    answer->trunk = trunk;
    answer->trouble = THA_DNS_TROUBLE_SILENT;
    if (!has_given_up(search))
        ask(search, lint->model->trunks[trunk].dns_name, answer);

    return answer;
}

static const struct tha_lint_answer *answer_for(struct search *search, uint32_t trunk)
{
    const struct tha_trunk_model *model = &search->lint->model->trunks[trunk];
    const struct tha_name *name = model->dns_name;
    const struct tha_lint_answer *known;
    char key[KEY_SIZE];

    if (!name || model->admin == TRUNKHA_ADMIN_DISABLED)
        return NULL;

    tha_text_print(key, sizeof(key), "%s %u %s", name->host, name->port,
                   name->has_transport ? tha_transport_name(name->transport) : "");
    known = tha_map_find(&search->known, key);

    return known ? known : look_up(search, key, trunk);
}

void tha_lint_look_up(struct tha_lint *lint, const struct tha_config_resolver *resolver)
{
    const struct tha_lint_answer **answers = tha_lint_alloc(lint, lint->model->n_trunks, sizeof(*answers));
    struct search *search = tha_lint_alloc(lint, 1, sizeof(*search));

    if (!answers || !search)
        return;

    search->lint = lint;
    search->resolver = resolver;
    tha_map_init(&search->known, &lint->scratch->mem);
    for (uint32_t t = 0; t < lint->model->n_trunks && !lint->report->is_out_of_memory; t++)
        answers[t] = answer_for(search, t);
    tha_map_done(&search->known);
    lint->answers = answers;
}

/* ---- What was not found out */

static bool is_unknown(const struct tha_lint_answer *answer)
{
    return answer->trouble == THA_DNS_TROUBLE_SILENT || answer->trouble == THA_DNS_TROUBLE_FAILED;
}

/** As they stand in the file: what ${NAME} stands for is not shown. */
static const char *list_servers(const json_t *servers, char buf[LIST_SIZE])
{
    char name[THA_LINT_LABEL_SIZE / 4];
    size_t len = 0;

    if (!json_array_size(servers))
        return "those of /etc/resolv.conf";

    for (size_t i = 0; i < json_array_size(servers) && len < LIST_SIZE - 1; i++) {
        tha_config_quote(json_string_value(json_array_get(servers, i)), name, sizeof(name));
        tha_text_print(buf + len, LIST_SIZE - len, "%s%s", i ? ", " : "", name);
        len += strlen(buf + len);
    }

    return buf;
}

static void say_unknown(struct tha_lint *lint, const struct tha_lint_answer *first, uint32_t n_unknown, uint32_t n_names)
{
    const json_t *dns_json = json_object_get(lint->root, "dns"), *servers_json = json_object_get(dns_json, "servers");
    const struct tha_config_path dns = {NULL, "dns", 0}, servers = {&dns, "servers", 0};
    const struct tha_config_path *path = servers_json ? &servers : dns_json ? &dns : NULL;
    char name[THA_LINT_LABEL_SIZE], list[LIST_SIZE];

    tha_config_add_finding(lint->report, THA_CODE_NOT_LOOKED_UP, path, NULL,
                           "%u of %u names could not be looked up, that of %s first: %s (asked: %s)", n_unknown, n_names,
                           tha_lint_name_trunk(lint, first->trunk, name), tha_dns_trouble_text(first->trouble),
                           list_servers(servers_json, list));
}

static void check_servers(struct tha_lint *lint)
{
    const struct tha_lint_answer *first = NULL;
    uint32_t n_names = 0, n_unknown = 0;

    for (uint32_t t = 0; t < lint->model->n_trunks; t++) {
        const struct tha_lint_answer *answer = lint->answers[t];

        if (!answer || answer->trunk != t)
            continue;
        n_names++;
        if (!is_unknown(answer))
            continue;
        n_unknown++;
        first = first ? first : answer;
    }
    if (first)
        say_unknown(lint, first, n_unknown, n_names);
}

/* ---- What was found */

static void check_trouble(struct tha_lint *lint, uint32_t trunk, const struct tha_lint_answer *answer)
{
    char name[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    if (answer->trouble && !is_unknown(answer))
        tha_config_add_finding(lint->report, THA_CODE_NOTHING_BEHIND_NAME, tha_lint_trunk(lint, trunk, "sipAddress", &place),
                               NULL, "the name of %s comes to no address: %s", tha_lint_name_trunk(lint, trunk, name),
                               tha_dns_trouble_text(answer->trouble));
}

static void check_ttl(struct tha_lint *lint, uint32_t trunk, const struct tha_lint_answer *answer)
{
    char name[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;
    uint32_t ttl_s = 0;

    for (uint32_t i = 0; i < answer->n_locations; i++)
        ttl_s = answer->locations[i].ttl_s > ttl_s ? answer->locations[i].ttl_s : ttl_s;
    if (ttl_s > LONG_TTL_S)
        tha_config_add_finding(lint->report, THA_CODE_LONG_TTL, tha_lint_trunk(lint, trunk, "sipAddress", &place),
                               "ask the carrier for a TTL of 300 or less; here \"dns.maxTtl\" cuts it short",
                               "the DNS lets an address of %s be remembered for %u seconds",
                               tha_lint_name_trunk(lint, trunk, name), ttl_s);
}

/** At the first trunk of each name. */
void tha_lint_names(struct tha_lint *lint)
{
    if (!lint->answers)
        return;

    check_servers(lint);
    for (uint32_t t = 0; t < lint->model->n_trunks; t++) {
        const struct tha_lint_answer *answer = lint->answers[t];

        if (!answer || answer->trunk != t)
            continue;
        check_trouble(lint, t, answer);
        check_ttl(lint, t, answer);
    }
}
