#include "config.h"

#include "lint.h"
#include "parse.h"
#include "settings.h"
#include "wipe.h"

static struct tha_model *new_model(const struct tha_mem *mem)
{
    struct tha_arena arena;
    struct tha_model *model;

    tha_arena_init(&arena, mem);
    model = tha_arena_alloc(&arena, 1, sizeof(*model));
    if (model)
        model->arena = arena; /* it lives in its own arena */

    return model;
}

static void init_draft(struct tha_config_draft *draft, const struct tha_mem *mem, struct tha_model *model)
{
    draft->model = model;
    draft->reader.arena = &model->arena;
    tha_arena_init(&draft->scratch, mem);
    tha_map_init(&draft->reader.strings, mem);
    tha_map_init(&draft->tls, mem);
    tha_map_init(&draft->group_ids, mem);
    tha_map_init(&draft->group_names, mem);
    tha_map_init(&draft->trunk_ids, mem);
    tha_map_init(&draft->profile_ids, mem);
}

static void done_draft(struct tha_config_draft *draft)
{
    tha_map_done(&draft->profile_ids);
    tha_map_done(&draft->trunk_ids);
    tha_map_done(&draft->group_names);
    tha_map_done(&draft->group_ids);
    tha_map_done(&draft->tls);
    tha_map_done(&draft->reader.strings);
    tha_arena_done(&draft->scratch);
}

/** From the text to a model that is complete but for what is not supported yet, and to what the rules say of it. */
static void read(struct tha_config_draft *draft, const struct tha_config_wish *wish)
{
    struct tha_config_report *report = &draft->reader.report;
    json_t *root = tha_config_parse(report);

    if (root)
        tha_config_apply_settings(report, root, wish->settings, wish->n_settings);
    if (root && tha_config_is_sound(report))
        tha_config_read_document(draft, root);
    if (root && wish->lints && tha_config_is_sound(report))
        tha_lint(draft, wish->resolver);

    tha_config_wipe(root);
}

int tha_config_read_as(const struct tha_mem *mem, const char *json, size_t len, const struct tha_config_wish *wish,
                       trunkha_finding_cb finding_cb, void *user_data, struct tha_model **ret_model)
{
    struct tha_config_draft draft = {.n_profiles = 0};
    struct tha_config_report *report = &draft.reader.report;
    struct tha_model *model = new_model(mem);
    int err;

    if (!model)
        return TRUNKHA_ERR_NOMEM;

    tha_config_init_report(report, mem, json ? json : "", json ? len : 0);
    init_draft(&draft, mem, model);
    read(&draft, wish);
    done_draft(&draft);

    err = tha_config_get_result(report);
    if (err != TRUNKHA_ERR_NOMEM)
        tha_config_tell_findings(report, finding_cb, user_data);
    tha_config_done_report(report);

    if (err || !ret_model)
        tha_model_free(model);
    else
        *ret_model = model;

    return err;
}

int tha_config_read(const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb, void *user_data,
                    struct tha_model **ret_model)
{
    static const struct tha_config_wish nothing;

    return tha_config_read_as(mem, json, len, &nothing, finding_cb, user_data, ret_model);
}
