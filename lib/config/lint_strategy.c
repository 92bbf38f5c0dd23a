/* Who of a group carries the calls, and whether that is what was meant. */
#include <stdlib.h>

#include "lint.h"

/* ---- The trunks of a group that take calls, by priority */

struct standing {
    uint32_t priority, trunk;
};

static int compare(const void *a, const void *b)
{
    const struct standing *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;

    return x->trunk < y->trunk ? -1 : x->trunk > y->trunk;
}

static uint32_t sort_by_priority(const struct tha_model *model, const struct tha_group_model *group,
                                 struct standing *standings)
{
    uint32_t n = 0;

    for (uint32_t t = group->first_trunk; t < group->first_trunk + group->n_trunks; t++) {
        if (tha_trunk_takes_calls(&model->trunks[t]))
            standings[n++] = (struct standing){model->trunks[t].priority, t};
    }
    qsort(standings, n, sizeof(*standings), compare);

    return n;
}

/** Number of the first that has the priority of the one before it; 0 = all differ. */
static uint32_t find_equal(const struct standing *standings, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (standings[i].priority == standings[i - 1].priority)
            return i;
    }

    return 0;
}

/* ---- Equal priorities */

static void say_equal(struct tha_lint *lint, uint32_t trunk, uint32_t other)
{
    struct tha_lint_place place;
    char name[THA_LINT_LABEL_SIZE], other_name[THA_LINT_LABEL_SIZE];

    tha_config_add_finding(lint->report, THA_CODE_EQUAL_PRIORITY, tha_lint_trunk(lint, trunk, "priority", &place), NULL,
                           "%s has the same priority (%u) as %s, in a group where one is active and the others stand by",
                           tha_lint_name_trunk(lint, trunk, name), lint->model->trunks[trunk].priority,
                           tha_lint_name_other(lint, other, other_name));
}

/** Once for each group: who mends it will look at the others, too. */
static void check_priorities(struct tha_lint *lint, const struct standing *standings, uint32_t n)
{
    uint32_t i = find_equal(standings, n);

    if (i)
        say_equal(lint, standings[i].trunk, standings[i - 1].trunk);
}

/* ---- Balancing */

static bool is_standby_word(const char *text, size_t len)
{
    static const char *const words[] = {"backup", "standby", "secondary", "failover"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tha_text_is_word(words[i], text, len))
            return true;
    }

    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool says_standby(const char *text)
{
    while (*text) {
        size_t len = 0;

        while (is_letter(text[len]))
            len++;
        if (is_standby_word(text, len))
            return true;
        text += len ? len : 1;
    }

    return false;
}

static bool is_called_standby(const struct tha_trunk_model *trunk)
{
    return says_standby(trunk->id) || says_standby(trunk->name);
}

/** A trunk that is called a standby, but has its turns with one that is not. */
static uint32_t find_standby(const struct tha_model *model, const struct standing *standings, uint32_t n)
{
    uint32_t standby = THA_NONE;
    bool has_active = false;

    for (uint32_t i = 0; i < n && standings[i].priority == standings[0].priority; i++) {
        if (!is_called_standby(&model->trunks[standings[i].trunk]))
            has_active = true;
        else if (standby == THA_NONE)
            standby = standings[i].trunk;
    }

    return has_active ? standby : THA_NONE;
}

/** Trunks that stand by may share the calls, too, when it comes to that. */
static void check_balance(struct tha_lint *lint, uint32_t index, const struct standing *standings, uint32_t n)
{
    uint32_t standby = find_standby(lint->model, standings, n);
    char name[THA_LINT_LABEL_SIZE], other[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    if (standby != THA_NONE)
        tha_config_add_finding(lint->report, THA_CODE_BALANCED_STANDBY, tha_lint_group(lint, index, "strategy", &place),
                               NULL, "%s is called a standby, and gets its share of all calls",
                               tha_lint_name_other(lint, standby, name));
    else if (n > 1 && !find_equal(standings, n))
        tha_config_add_finding(lint->report, THA_CODE_BALANCED_STANDBY, tha_lint_group(lint, index, "strategy", &place),
                               NULL, "nothing is balanced: %s goes first by its priority, and %s stands by",
                               tha_lint_name_trunk(lint, standings[0].trunk, name),
                               tha_lint_name_other(lint, standings[1].trunk, other));
}

/* ---- All groups */

void tha_lint_strategies(struct tha_lint *lint)
{
    struct standing *standings = tha_lint_alloc(lint, lint->model->n_trunks, sizeof(*standings));

    for (uint32_t g = 0; standings && g < lint->model->n_groups; g++) {
        uint32_t n = sort_by_priority(lint->model, &lint->model->groups[g], standings);

        if (lint->model->groups[g].strategy == THA_STRATEGY_ACTIVE_STANDBY)
            check_priorities(lint, standings, n);
        else
            check_balance(lint, g, standings, n);
    }
}
