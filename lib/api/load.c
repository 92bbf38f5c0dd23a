/* Loading: text -> model -> what runs, all or nothing. */
#include "engine.h"

#include <string.h>

#include "base/abi.h"
#include "config/config.h"
#include "view/calls.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_TEXT ((size_t)256 * 1024)

/* ---- The catalogue that the view publishes ---- */

static uint32_t count_configured(const struct tha_table *table)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < table->model->n_profiles; i++)
        n += table->profiles[i].n_targets;

    return n;
}

static uint32_t *list_group(const struct tha_table *table, uint32_t group, uint32_t *next)
{
    for (uint32_t i = 0; i < table->model->groups[group].n_trunks; i++) {
        const struct tha_trunk *trunk = &table->trunks[table->groups[group].by_priority[i]];

        for (uint32_t j = 0; j < trunk->n_targets; j++)
            *next++ = trunk->first_target + j;
    }

    return next;
}

static void list_profiles(const struct tha_table *table, struct tha_view_profile *profiles, uint32_t *next)
{
    for (uint32_t i = 0; i < table->model->n_profiles; i++) {
        const struct tha_profile_model *model = &table->model->profiles[i];

        profiles[i] = (struct tha_view_profile){
            .id = model->id,
            .configured = next,
            .n_targets = table->profiles[i].n_targets,
            .call = model->call,
            .is_group = model->is_group,
        };
        for (uint32_t j = 0; j < model->n_groups; j++)
            next = list_group(table, model->groups[j], next);
    }
}

/** The id that goes with @p model: it stays the same from start to end. */
static const char *instance_of(const trunkha_engine *engine, const struct tha_model *model)
{
    bool is_fixed = engine->has_own_instance_id || engine->was_started || !model->instance_id;

    return is_fixed ? engine->instance_id : model->instance_id;
}

static int prepare_view(trunkha_engine *engine, const struct tha_table *table)
{
    struct tha_arena arena;
    struct tha_view_catalogue catalogue = {
        .model = table->model,
        .n_targets = table->n_targets,
        .n_profiles = table->model->n_profiles,
        .instance_id = instance_of(engine, table->model),
    };
    struct tha_view_target *targets;
    struct tha_view_profile *profiles;
    uint32_t *configured, *trunk_slots;
    int err = TRUNKHA_ERR_NOMEM;

    tha_arena_init(&arena, &engine->mem);
    targets = tha_arena_alloc(&arena, table->n_targets, sizeof(*targets));
    profiles = tha_arena_alloc(&arena, table->model->n_profiles, sizeof(*profiles));
    configured = tha_arena_alloc(&arena, count_configured(table), sizeof(*configured));
    trunk_slots = tha_arena_alloc(&arena, table->model->n_trunks, sizeof(*trunk_slots));
    if (!targets || !profiles || !configured || !trunk_slots)
        goto out;

    for (uint32_t i = 0; i < table->n_targets; i++)
        targets[i] = (struct tha_view_target){table->targets[i].addr, table->targets[i].trunk, table->targets[i].slot};
    for (uint32_t i = 0; i < table->model->n_trunks; i++)
        trunk_slots[i] = table->trunks[i].slot;
    list_profiles(table, profiles, configured);
    catalogue.trunk_slots = trunk_slots;
    catalogue.targets = targets;
    catalogue.profiles = profiles;
    err = tha_view_reserve_gauges(engine->view, table->n_trunk_slots, table->n_slots, table->model->n_profiles);
    if (!err)
        err = tha_view_prepare(engine->view, &catalogue);

out:
    tha_arena_done(&arena);

    return err;
}

/* ---- Taking over ---- */

/** Not over TCP and TLS only, as far as that is known before a name was looked up. */
static bool may_use_udp(const struct tha_trunk_model *trunk)
{
    const struct tha_name *name = trunk->dns_name;

    return name ? !name->has_transport || name->transport == THA_TRANSPORT_UDP : trunk->addr.transport == THA_TRANSPORT_UDP;
}

static int prepare_reach(trunkha_engine *engine, const struct tha_model *model, char *error_buf, size_t error_size)
{
    char error[256] = "";
    int err = 0;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++) {
        const struct tha_trunk_model *trunk = &model->trunks[i];

        if (trunk->reach)
            err = tha_prober_prepare_reach(engine->prober, trunk->reach, may_use_udp(trunk), error, sizeof(error));
        if (err)
            tha_text_print(error_buf, error_size, "trunk %s: %s", trunk->id, error[0] ? error : trunkha_strerror(err));
    }

    return err;
}

int tha_engine_prepare_prober(trunkha_engine *engine, const struct tha_table *table, char *error_buf, size_t error_size)
{
    int err = tha_prober_reserve(engine->prober, table->n_slots);

    if (!err)
        err = tha_prober_prepare_listen(engine->prober, table->model->listen, table->model->n_listen, error_buf, error_size);

    return err ? err : prepare_reach(engine, table->model, error_buf, error_size);
}

static void set_targets(trunkha_engine *engine)
{
    const struct tha_table *table = tha_core_table(engine->core);

    for (uint32_t slot = 0; slot < table->n_slots; slot++) {
        uint32_t index = table->target_of_slot[slot];
        const struct tha_target *target = index == THA_NONE ? NULL : &table->targets[index];
        const struct tha_trunk_model *trunk = target ? tha_table_trunk_model(table, target->trunk) : NULL;
        struct tha_prober_target set = {.addr = {.family = 0}};

        if (target)
            set = (struct tha_prober_target){target->addr, trunk->uri, &trunk->keepalive->text, trunk->reach,
                                             trunk->keepalive->timeout_ms};
        tha_prober_set_target(engine->prober, slot, target ? &set : NULL);
    }
}

void tha_engine_commit_prober(trunkha_engine *engine)
{
    tha_prober_commit_listen(engine->prober);
    set_targets(engine);
    tha_engine_set_name_servers(engine);
}

/** Closes the sockets that only a load that has failed wanted. */
static void undo_prober(trunkha_engine *engine)
{
    char ignored[256];

    if (engine->prober && tha_core_table(engine->core))
        tha_engine_prepare_prober(engine, tha_core_table(engine->core), ignored, sizeof(ignored));
}

static void set_limits(trunkha_engine *engine, const struct tha_table *table)
{
    for (uint32_t i = 0; i < table->model->n_trunks; i++) {
        const struct tha_trunk_model *trunk = &table->model->trunks[i];

        if (trunk->max_calls || trunk->calls_per_second)
            tha_view_set_limits(engine->view, table->trunks[i].slot, trunk->max_calls, trunk->calls_per_second);
    }
}

int tha_engine_apply(trunkha_engine *engine, struct tha_model *model, char *error_buf, size_t error_size)
{
    uint64_t now_ms = tha_clock_ms();
    struct tha_table *table;
    int err;

    err = tha_core_prepare(engine->core, model, now_ms, &table);
    if (err)
        return err;
    if (engine->prober)
        err = model ? tha_engine_prepare_prober(engine, table, error_buf, error_size)
                    : tha_prober_reserve(engine->prober, table->n_slots);
    if (!err)
        err = prepare_view(engine, table);
    if (err) {
        undo_prober(engine);
        tha_table_free(table);
        return err;
    }

    if (instance_of(engine, table->model) != engine->instance_id)
        tha_text_copy(engine->instance_id, sizeof(engine->instance_id), table->model->instance_id);
    set_limits(engine, table);
    tha_core_commit(engine->core, table, now_ms);
    engine->is_prepared = true;
    if (engine->prober && model)
        tha_engine_commit_prober(engine);
    else if (engine->prober)
        set_targets(engine);

    return 0;
}

struct load {
    struct tha_model *model;
    char error[256];
};

static int apply_load(trunkha_engine *engine, void *arg)
{
    struct load *load = arg;
    int err = tha_engine_apply(engine, load->model, load->error, sizeof(load->error));

    if (!err)
        tha_engine_pump(engine);

    return err;
}

/* ---- Findings ---- */

struct report {
    const struct tha_log *log;
    const char *file;
    trunkha_diag diag;
    bool has_error;
};

static void on_finding(const trunkha_finding *finding, void *user_data)
{
    struct report *report = user_data;

    if (finding->severity != TRUNKHA_SEVERITY_ERROR) {
        tha_log_print(report->log, TRUNKHA_LOG_WARNING, "%s:%u:%u: %s [%s]", report->file, finding->line, finding->column,
                      finding->message, finding->code);
    } else if (!report->has_error) {
        report->has_error = true;
        report->diag.line = finding->line;
        report->diag.column = finding->column;
        tha_text_copy(report->diag.pointer, sizeof(report->diag.pointer), finding->pointer);
        tha_text_print(report->diag.message, sizeof(report->diag.message), "%s; %s", finding->message, finding->fix);
    }
}

/** The parsed text of a large configuration was some ten times what is kept of it, in small pieces between what is kept. */
static void give_memory_back(size_t len)
{
#ifdef __GLIBC__
    if (len >= LARGE_TEXT)
        malloc_trim(0);
#else
    (void)len;
#endif
}

static int load(trunkha_engine *engine, const char *json, size_t len, struct report *report)
{
    struct load load = {.model = NULL};
    int err = tha_config_read(&engine->mem, json, len, on_finding, report, &load.model);

    if (err)
        return err;

    give_memory_back(len);
    err = tha_engine_call(engine, apply_load, &load);
    if (err) {
        tha_model_free(load.model);
        tha_text_copy(report->diag.message, sizeof(report->diag.message),
                      load.error[0] ? load.error : trunkha_strerror(err));
    }

    return err;
}

int tha_engine_load_named(trunkha_engine *engine, const char *file, const char *json, size_t len, trunkha_diag *reterr_diag)
{
    struct report report = {.log = &engine->log, .file = file, .diag = TRUNKHA_DIAG_INIT};
    int err;

    if (tha_engine_is_forked(engine))
        return TRUNKHA_ERR_FORKED;

    tha_text_copy(report.diag.file, sizeof(report.diag.file), file);
    err = load(engine, json, len, &report);
    if (err && !report.diag.message[0])
        tha_text_copy(report.diag.message, sizeof(report.diag.message), trunkha_strerror(err));
    if (err && reterr_diag)
        tha_abi_write(reterr_diag, &report.diag, sizeof(report.diag));

    return err;
}

int trunkha_engine_load(trunkha_engine *engine, const char *json, size_t len, trunkha_diag *reterr_diag)
{
    if (!engine || !json || (reterr_diag && reterr_diag->size < sizeof(size_t)))
        return TRUNKHA_ERR_INVALID;

    return tha_engine_load_named(engine, "", json, len, reterr_diag);
}

int trunkha_config_check(const char *json, size_t len, trunkha_finding_cb finding_cb, void *user_data)
{
    return json ? tha_config_read(&tha_mem_default, json, len, finding_cb, user_data, NULL) : TRUNKHA_ERR_INVALID;
}
