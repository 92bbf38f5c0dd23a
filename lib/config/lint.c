#include "lint.h"

static const tha_lint_rule rules[] = {
    tha_lint_keepalive, tha_lint_half_pairs, tha_lint_strategies, tha_lint_credentials, tha_lint_paths,
    tha_lint_media,     tha_lint_addresses,  tha_lint_stray,      tha_lint_profiles,    tha_lint_times,
    tha_lint_events,    tha_lint_names,      tha_lint_ignores,
};

void *tha_lint_alloc(struct tha_lint *lint, size_t count, size_t size)
{
    void *room = tha_arena_alloc(lint->scratch, count, size);

    lint->report->is_out_of_memory |= !room;

    return room;
}

void tha_lint(struct tha_config_draft *draft, const struct tha_config_resolver *resolver)
{
    struct tha_lint lint = {
        .report = &draft->reader.report,
        .draft = draft,
        .model = draft->model,
        .root = draft->reader.root,
        .scratch = &draft->scratch,
    };

    tha_lint_find_chains(&lint);
    if (resolver && !lint.report->is_out_of_memory)
        tha_lint_look_up(&lint, resolver);

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !lint.report->is_out_of_memory; i++)
        rules[i](&lint);
}
