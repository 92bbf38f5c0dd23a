/* What only live look-ups can show. Each name is looked up once, and none any more when nobody answers. */
#include <string.h>

#include "lint.h"

#define SILENT_MAX 3   /* names in a row without any answer: the next ones would have none either */
#define LONG_TTL_S 300 /* carriers that move addresses keep their TTLs at or below this */
#define KEY_SIZE   (TRUNKHA_URI_SIZE + 16)

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
    ask(search, lint->model->trunks[trunk].dns_name, answer);

    return answer;
}

static const struct tha_lint_answer *answer_for(struct search *search, uint32_t trunk)
{
    const struct tha_name *name = search->lint->model->trunks[trunk].dns_name;
    const struct tha_lint_answer *known;
    char key[KEY_SIZE];

    if (!name)
        return NULL;

    tha_text_print(key, sizeof(key), "%s %u %s", name->host, name->port,
                   name->has_transport ? tha_transport_name(name->transport) : "");
    known = tha_map_find(&search->known, key);
    if (known || has_given_up(search))
        return known;

    return look_up(search, key, trunk);
}

static void say_given_up(struct tha_lint *lint)
{
    struct tha_config_path dns = {NULL, "dns", 0};

    tha_config_add_finding(lint->report, THA_CODE_NOTHING_BEHIND_NAME, json_object_get(lint->root, "dns") ? &dns : NULL,
                           "check the name servers and the way to them",
                           "no name server has answered for %d names in a row: no more were looked up", SILENT_MAX);
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
    if (has_given_up(search))
        say_given_up(lint);
    tha_map_done(&search->known);
    lint->answers = answers;
}

/* ---- What was found */

static void check_trouble(struct tha_lint *lint, uint32_t trunk, const struct tha_lint_answer *answer)
{
    char name[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    if (answer->trouble)
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
    for (uint32_t t = 0; lint->answers && t < lint->model->n_trunks; t++) {
        const struct tha_lint_answer *answer = lint->answers[t];

        if (!answer || answer->trunk != t)
            continue;
        check_trouble(lint, t, answer);
        check_ttl(lint, t, answer);
    }
}
