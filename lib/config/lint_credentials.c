/* Accounts that two trunks of a chain share. Neither user names nor passwords are ever told. */
#include <stdlib.h>
#include <string.h>

#include "lint.h"

/** A trunk that logs in, by its place in a chain. */
struct login {
    const struct tha_credentials *auth;
    uint32_t place, trunk;
};

static int compare_accounts(const struct login *a, const struct login *b)
{
    int order = strcmp(a->auth->username, b->auth->username);

    return order ? order : strcmp(a->auth->password, b->auth->password);
}

static int compare(const void *a, const void *b)
{
    const struct login *x = a, *y = b;
    int order = compare_accounts(x, y);

    return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

/** By account, and those of one account in the order of the chain. */
static uint32_t sort_by_account(const struct tha_lint *lint, const struct tha_lint_chain *chain, struct login *logins)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < chain->n_trunks; i++) {
        const struct tha_reach *reach = lint->model->trunks[chain->trunks[i]].reach;

        if (reach && reach->auth)
            logins[n++] = (struct login){reach->auth, i, chain->trunks[i]};
    }
    qsort(logins, n, sizeof(*logins), compare);

    return n;
}

/** Two doors of one host, or two trunks that share the calls anyway, are one account's by right. */
static bool need_two(const struct tha_model *model, uint32_t a, uint32_t b)
{
    return tha_lint_stands_in(model, a, b) && strcmp(model->trunks[a].reach->host, model->trunks[b].reach->host) != 0;
}

static void say(struct tha_lint *lint, uint32_t trunk, uint32_t other)
{
    struct tha_lint_place place;
    char name[THA_LINT_LABEL_SIZE], other_name[THA_LINT_LABEL_SIZE];

    tha_config_add_finding(lint->report, THA_CODE_SAME_CREDENTIALS, tha_lint_trunk(lint, trunk, "outboundAuth", &place),
                           NULL, "%s logs in with the same user name and password as %s",
                           tha_lint_name_trunk(lint, trunk, name), tha_lint_name_other(lint, other, other_name));
}

static void check_chain(struct tha_lint *lint, const struct tha_lint_chain *chain, struct login *logins,
                        struct tha_lint_pairs *told)
{
    uint32_t n = sort_by_account(lint, chain, logins), first = 0;

    for (uint32_t i = 1; i < n; i++) {
        uint32_t trunk = logins[i].trunk, other = logins[first].trunk;

        if (compare_accounts(&logins[first], &logins[i]) != 0)
            first = i;
        else if (need_two(lint->model, trunk, other) && tha_lint_add_pair(told, trunk, other))
            say(lint, trunk, other);
    }
}

void tha_lint_credentials(struct tha_lint *lint)
{
    struct login *logins = tha_lint_alloc(lint, lint->model->n_trunks, sizeof(*logins));
    struct tha_lint_pairs told;

    tha_lint_init_pairs(lint, &told);
    for (uint32_t i = 0; i < lint->n_chains && !lint->report->is_out_of_memory; i++)
        check_chain(lint, &lint->chains[i], logins, &told);
}
