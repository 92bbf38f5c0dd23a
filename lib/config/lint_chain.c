#include <string.h>

#include "lint.h"

#define PLACES_MAX (500 * 1000) /* of trunks in all chains; no chain is looked at beyond them */
#define KEY_SIZE   384          /* of a chain: 32 groups, each with a number of ten digits at most and a comma */

bool tha_lint_stands_in(const struct tha_model *model, uint32_t trunk, uint32_t other)
{
    uint32_t group = model->trunks[trunk].group;

    return group != model->trunks[other].group || model->groups[group].strategy == THA_STRATEGY_ACTIVE_STANDBY;
}

/* ---- Chains */

static char *print_key(const struct tha_profile_model *profile, char buf[KEY_SIZE])
{
    size_t len = 0;

    for (uint32_t i = 0; i < profile->n_groups; i++) {
        tha_text_print(buf + len, KEY_SIZE - len, "%u,", profile->groups[i]);
        len += strlen(buf + len);
    }

    return buf;
}

static uint32_t list_trunks(const struct tha_lint *lint, const struct tha_profile_model *profile, uint32_t *trunks)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < profile->n_groups; i++) {
        const struct tha_group_model *group = &lint->model->groups[profile->groups[i]];

        for (uint32_t t = group->first_trunk; t < group->first_trunk + group->n_trunks; t++) {
            if (!tha_trunk_takes_calls(&lint->model->trunks[t]))
                continue;
            if (trunks)
                trunks[n] = t;
            n++;
        }
    }

    return n;
}

/** Returns how many trunks it has. */
static uint32_t add_chain(struct tha_lint *lint, const struct tha_profile_model *profile, struct tha_lint_chain *chain)
{
    uint32_t n = list_trunks(lint, profile, NULL);
    uint32_t *trunks = tha_lint_alloc(lint, n, sizeof(*trunks));

    if (!trunks)
        return 0;

    list_trunks(lint, profile, trunks);
    *chain = (struct tha_lint_chain){trunks, n};
    lint->n_chains++;

    return n;
}

static bool is_new(struct tha_lint *lint, struct tha_map *seen, const struct tha_profile_model *profile)
{
    char key[KEY_SIZE], *kept;

    if (tha_map_find(seen, print_key(profile, key)))
        return false;

    kept = tha_lint_alloc(lint, 1, strlen(key) + 1);
    if (!kept)
        return false;
    memcpy(kept, key, strlen(key) + 1);
    if (tha_map_put(seen, kept, kept))
        lint->report->is_out_of_memory = true;

    return true;
}

void tha_lint_find_chains(struct tha_lint *lint)
{
    struct tha_lint_chain *chains = tha_lint_alloc(lint, lint->model->n_profiles, sizeof(*chains));
    uint32_t n_places = 0;
    struct tha_map seen;

    tha_map_init(&seen, &lint->scratch->mem);
    for (uint32_t i = 0; i < lint->model->n_profiles && n_places < PLACES_MAX && !lint->report->is_out_of_memory; i++) {
        if (is_new(lint, &seen, &lint->model->profiles[i]))
            n_places += add_chain(lint, &lint->model->profiles[i], &chains[lint->n_chains]);
    }
    tha_map_done(&seen);
    lint->chains = chains;
}

/* ---- Pairs */

void tha_lint_init_pairs(struct tha_lint *lint, struct tha_lint_pairs *ret_pairs)
{
    ret_pairs->others = tha_lint_alloc(lint, lint->model->n_trunks, sizeof(*ret_pairs->others));
    if (ret_pairs->others)
        memset(ret_pairs->others, 0xff, lint->model->n_trunks * sizeof(*ret_pairs->others)); /* THA_NONE */
}

bool tha_lint_has_pair(const struct tha_lint_pairs *pairs, uint32_t trunk, uint32_t other)
{
    return pairs->others[trunk] == other || pairs->others[other] == trunk;
}

bool tha_lint_add_pair(struct tha_lint_pairs *pairs, uint32_t trunk, uint32_t other)
{
    if (pairs->others[trunk] != THA_NONE || pairs->others[other] == trunk)
        return false;
    pairs->others[trunk] = other;

    return true;
}
