/* Loading: text -> model -> what runs, all or nothing. */
#include "engine.h"

#include <string.h>

#include "base/abi.h"
#include "config/config.h"
#include "refuse.h"
#include "view/show.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_TEXT ((size_t)256 * 1024)

/** The id that goes with @p model: it stays the same from start to end. */
static const char *instance_of(const trunkha_engine *engine, const struct tha_model *model)
{
    bool is_fixed = engine->has_own_instance_id || engine->was_started || !model->instance_id;

    return is_fixed ? engine->instance_id : model->instance_id;
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
        err = tha_view_prepare_table(engine->view, &engine->mem, table, instance_of(engine, table->model));
    if (err) {
        undo_prober(engine);
        tha_table_free(table);
        return err;
    }

    if (instance_of(engine, table->model) != engine->instance_id)
        tha_text_copy(engine->instance_id, sizeof(engine->instance_id), table->model->instance_id);
    tha_view_set_table_limits(engine->view, table);
    if (model)
        tha_record_load(engine, model, now_ms);
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
};

static void on_finding(const trunkha_finding *finding, void *user_data)
{
    struct report *report = user_data;

    if (finding->severity != TRUNKHA_SEVERITY_ERROR)
        tha_log_print(report->log, TRUNKHA_LOG_WARNING, "%s:%u:%u: %s [%s]", report->file, finding->line, finding->column,
                      finding->message, finding->code);
    else
        tha_refuse_for(finding, &report->diag);
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
