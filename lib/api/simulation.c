/* A simulation as its host sees it. */
#include "simulation.h"

#include <string.h>

#include "base/abi.h"
#include "base/text.h"
#include "config/config.h"
#include "refuse.h"

#define SAMPLES_DEFAULT 240U
#define SAMPLES_MAX     10000U

/* ---- What is noted ---- */

void tha_simulation_note_shown(const struct tha_action *action, uint64_t now_ms, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    if (action->kind == THA_ACTION_SHOW_TRUNK)
        tha_tally_note_health(simulation->tally, action->index, action->trunk.state.health,
                              action->trunk.state.admin == TRUNKHA_ADMIN_DISABLED, now_ms - THA_SIM_START_MS);
}

void tha_simulation_note_told(const trunkha_event *event, void *user_data)
{
    trunkha_simulation *simulation = user_data;
    trunkha_simulation_summary *summary = tha_tally_summary(simulation->tally);

    summary->state_changes += event->type == TRUNKHA_EVENT_TRUNK_STATE && event->health != event->previous_health;
    summary->active_changes +=
        event->type == TRUNKHA_EVENT_ACTIVE_CHANGE && tha_map_find(&simulation->watched, event->entity_id);
    if (simulation->event_cb && !simulation->is_given_up)
        simulation->event_cb(event, simulation->event_user_data);
}

/* ---- Making ---- */

void tha_simulation_release(trunkha_simulation *simulation)
{
    struct tha_mem mem = simulation->mem;

    tha_simulation_end_calls(simulation);
    tha_sim_done(&simulation->machine);
    tha_simulation_free_world(simulation);
    tha_replay_free(simulation->replay);
    tha_recording_free(simulation->recording);
    tha_tally_free(simulation->tally);
    tha_scenario_free(simulation->scenario);
    tha_map_done(&simulation->watched);
    tha_mem_free(&mem, simulation);
}

static void set_patience(trunkha_simulation *simulation)
{
    const struct tha_model *model = tha_core_table(simulation->machine.core)->model;

    for (uint32_t i = 0; i < model->n_trunks; i++)
        tha_tally_set_patience(simulation->tally, i, model->trunks[i].keepalive->timeout_ms);
}

int tha_simulation_set_up(trunkha_simulation *simulation, struct tha_model *model, uint64_t seed, uint64_t duration_ms)
{
    int err = tha_tally_new(&simulation->mem, model->n_trunks, duration_ms, simulation->n_samples, &simulation->tally);

    simulation->duration_ms = duration_ms;
    if (!err)
        err = tha_simulation_watch(simulation, model);
    if (!err)
        err = tha_sim_init(&simulation->machine, &simulation->mem, seed, &simulation->source);
    if (!err)
        err = tha_sim_load(&simulation->machine, model);
    if (err)
        return err;

    set_patience(simulation);
    tha_core_spare_calls(simulation->machine.core);
    tha_sim_pump(&simulation->machine);

    return 0;
}

trunkha_simulation *tha_simulation_alloc(const struct tha_mem *mem, const trunkha_simulation_options *options)
{
    trunkha_simulation *simulation = tha_mem_zalloc(mem, 1, sizeof(*simulation));
    uint32_t n_samples = options->n_samples ? options->n_samples : SAMPLES_DEFAULT;

    if (!simulation)
        return NULL;

    simulation->mem = *mem;
    tha_map_init(&simulation->watched, mem);
    simulation->n_samples = n_samples < SAMPLES_MAX ? n_samples : SAMPLES_MAX;
    simulation->event_cb = options->event_cb;
    simulation->event_user_data = options->event_user_data;

    return simulation;
}

int tha_simulation_make(const struct tha_mem *mem, struct tha_model *model, struct tha_scenario *scenario,
                        const trunkha_simulation_options *options, trunkha_simulation **ret_simulation)
{
    uint64_t seed = options->seed ? options->seed : scenario->seed;
    trunkha_simulation *simulation = tha_simulation_alloc(mem, options);
    int err;

    if (!simulation)
        return TRUNKHA_ERR_NOMEM;

    simulation->scenario = scenario;
    err = tha_simulation_make_world(simulation, model, seed);
    if (!err)
        err = tha_simulation_set_up(simulation, model, seed, scenario->duration_ms);
    if (err) {
        simulation->scenario = NULL; /* it stays the caller's */
        tha_simulation_release(simulation);
    } else {
        *ret_simulation = simulation;
    }

    return err;
}

static void refuse_cb(const trunkha_finding *finding, void *user_data)
{
    tha_refuse_for(finding, user_data);
}

/** Who wants to hear what is wrong with a scenario or a recording. */
struct audience {
    trunkha_diag *diag;
    const trunkha_simulation_options *options;
};

static void tell_cb(const trunkha_finding *finding, void *user_data)
{
    const struct audience *audience = user_data;

    tha_refuse_for(finding, audience->diag);
    if (audience->options->finding_cb)
        audience->options->finding_cb(finding, audience->options->finding_user_data);
}

static void name_file(trunkha_diag *diag, const char *name, const char *usual)
{
    tha_text_copy(diag->file, sizeof(diag->file), name ? name : usual);
}

struct texts {
    const char *config, *scenario;
    size_t config_len, scenario_len;
};

/** What was read: the model, and one of the others. */
struct reading {
    struct tha_model *model;
    struct tha_scenario *scenario;
    struct tha_recording *recording;
};

static int read_second(const struct tha_mem *mem, const struct texts *texts, const trunkha_simulation_options *options,
                       struct reading *reading, trunkha_diag *diag)
{
    struct audience audience = {diag, options};

    if (options->replay)
        return tha_config_read_recording(mem, texts->scenario, texts->scenario_len, reading->model, tell_cb, &audience,
                                         &reading->recording);

    return tha_config_read_scenario(mem, texts->scenario, texts->scenario_len, reading->model, tell_cb, &audience,
                                    &reading->scenario);
}

/** Reads both. On success they are new. */
static int read_texts(const struct tha_mem *mem, const struct texts *texts, const trunkha_simulation_options *options,
                      struct reading *ret_reading, trunkha_diag *diag)
{
    const struct tha_config_wish wish = {.settings = options->settings, .n_settings = options->n_settings};
    struct reading reading = {.model = NULL};
    int err;

    name_file(diag, options->config_name, "configuration");
    err = tha_config_read_as(mem, texts->config, texts->config_len, &wish, refuse_cb, diag, &reading.model);
    if (err)
        return err;

    name_file(diag, options->scenario_name, options->replay ? "recording" : "scenario");
    err = read_second(mem, texts, options, &reading, diag);
    if (err)
        tha_model_free(reading.model);
    else
        *ret_reading = reading;

    return err;
}

static int make_from(const struct texts *texts, const trunkha_simulation_options *options,
                     trunkha_simulation **ret_simulation, trunkha_diag *diag)
{
    struct tha_mem mem = tha_mem_default;
    struct reading reading;
    int err;

    if (options->realloc_cb)
        mem = (struct tha_mem){options->realloc_cb, options->realloc_user_data};
    err = read_texts(&mem, texts, options, &reading, diag);
    if (err)
        return err;

    diag->file[0] = '\0'; /* from here on it is no text's fault */
    if (options->replay)
        err = tha_simulation_make_replay(&mem, reading.model, reading.recording, options, ret_simulation);
    else
        err = tha_simulation_make(&mem, reading.model, reading.scenario, options, ret_simulation);
    if (err) {
        tha_model_free(reading.model);
        tha_scenario_free(reading.scenario);
        tha_recording_free(reading.recording);
    }

    return err;
}

int trunkha_simulation_new(const char *config, size_t config_len, const char *scenario, size_t scenario_len,
                           const trunkha_simulation_options *options, trunkha_simulation **ret_simulation,
                           trunkha_diag *reterr_diag)
{
    const struct texts texts = {config, scenario, config_len, scenario_len};
    trunkha_simulation_options mine = TRUNKHA_SIMULATION_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;
    int err;

    if (!config || !scenario || !ret_simulation || (options && tha_abi_read(&mine, sizeof(mine), options)) ||
        (reterr_diag && reterr_diag->size < sizeof(size_t)) || (mine.n_settings && !mine.settings))
        return TRUNKHA_ERR_INVALID;

    err = make_from(&texts, &mine, ret_simulation, &diag);
    if (err && !diag.message[0])
        tha_text_copy(diag.message, sizeof(diag.message), trunkha_strerror(err));
    if (err && reterr_diag)
        tha_abi_write(reterr_diag, &diag, sizeof(diag));

    return err;
}

trunkha_simulation *trunkha_simulation_free(trunkha_simulation *simulation)
{
    if (simulation && simulation->is_running)
        simulation->is_given_up = true; /* in its own callback: the run releases it */
    else if (simulation)
        tha_simulation_release(simulation);

    return NULL;
}

/* ---- Running ---- */

static int begin(trunkha_simulation *simulation)
{
    int err = simulation->scenario ? tha_simulation_begin_world(simulation) : 0;

    if (err || simulation->is_started)
        return err;

    simulation->is_started = true;
    if (!simulation->replay) /* that says itself when */
        tha_sim_start(&simulation->machine);

    return 0;
}

static int run(trunkha_simulation *simulation, uint64_t for_ms)
{
    uint64_t left_ms = simulation->duration_ms - tha_simulation_elapsed_ms(simulation);
    int err = simulation->is_started ? 0 : begin(simulation);

    if (!err)
        err = tha_sim_run(&simulation->machine, simulation->machine.now_ms + (for_ms < left_ms ? for_ms : left_ms));

    return err ? err : tha_simulation_elapsed_ms(simulation) < simulation->duration_ms;
}

int trunkha_simulation_run(trunkha_simulation *simulation, uint64_t for_ms)
{
    int result;

    if (!simulation)
        return TRUNKHA_ERR_INVALID;
    if (simulation->is_running)
        return TRUNKHA_ERR_STATE;

    simulation->is_running = true;
    result = run(simulation, for_ms);
    simulation->is_running = false;
    if (simulation->is_given_up)
        tha_simulation_release(simulation);

    return result;
}

/* ---- What there is to see ---- */

trunkha_view *trunkha_simulation_view(const trunkha_simulation *simulation)
{
    return simulation ? trunkha_view_ref(simulation->machine.view) : NULL;
}

/** A recording may tell of the end of calls that began before it, and lack reports that the engine could not take. */
static uint64_t count_under_way(const trunkha_simulation_summary *summary)
{
    uint64_t n_over = summary->calls_answered + summary->calls_delayed + summary->calls_lost + summary->calls_unanswered;

    return n_over < summary->calls ? summary->calls - n_over : 0;
}

int trunkha_simulation_get_summary(const trunkha_simulation *simulation, trunkha_simulation_summary *ret_summary)
{
    trunkha_simulation_summary summary;

    if (!simulation || !ret_summary)
        return TRUNKHA_ERR_INVALID;

    summary = *tha_tally_summary(simulation->tally);
    summary.elapsed_ms = tha_simulation_elapsed_ms(simulation);
    summary.duration_ms = simulation->duration_ms;
    summary.probes = simulation->machine.probes;
    summary.calls_under_way = count_under_way(&summary);

    return tha_abi_write(ret_summary, &summary, sizeof(summary));
}

static const struct tha_trunk_model *trunk_at(const trunkha_simulation *simulation, uint32_t index)
{
    const struct tha_model *model = tha_core_table(simulation->machine.core)->model;

    return index < model->n_trunks ? &model->trunks[index] : NULL;
}

int trunkha_simulation_get_trunk(const trunkha_simulation *simulation, uint32_t index, trunkha_simulation_trunk *ret_trunk)
{
    trunkha_simulation_trunk trunk;
    const struct tha_trunk_model *model;

    if (!simulation || !ret_trunk)
        return TRUNKHA_ERR_INVALID;
    model = trunk_at(simulation, index);
    if (!model)
        return TRUNKHA_ERR_END;

    tha_tally_get_trunk(simulation->tally, index, tha_simulation_elapsed_ms(simulation), &trunk);
    trunk.size = sizeof(trunk);
    if (simulation->replay)
        trunk.false_alarms = 0; /* nobody knows what was true */
    tha_text_copy(trunk.trunk_id, sizeof(trunk.trunk_id), model->id);

    return tha_abi_write(ret_trunk, &trunk, sizeof(trunk));
}

int trunkha_simulation_get_sample(const trunkha_simulation *simulation, uint32_t index, uint32_t sample,
                                  trunkha_simulation_sample *ret_sample)
{
    trunkha_simulation_sample mine;

    if (!simulation || !ret_sample)
        return TRUNKHA_ERR_INVALID;
    if (!trunk_at(simulation, index) ||
        !tha_tally_get_sample(simulation->tally, index, sample, tha_simulation_elapsed_ms(simulation), &mine))
        return TRUNKHA_ERR_END;

    return tha_abi_write(ret_sample, &mine, sizeof(mine));
}
