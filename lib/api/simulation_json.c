/* A simulation as JSON; what a recording cannot say is left out. */
#include "simulation.h"

#include <stdbool.h>

#include "events/dump.h"
#include "trunkha.h"

static tha_json_number number(uint64_t value)
{
    return (tha_json_number)value;
}

/** One failure gives up all of @p object. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (!json_object_set_new(object, key, value))
        return object;

    json_decref(object);

    return NULL;
}

static json_t *with_number(json_t *object, const char *key, uint64_t value)
{
    return with(object, key, json_integer(number(value)));
}

static json_t *calls_json(const trunkha_simulation_summary *summary)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "calls", number(summary->calls), "answered",
                     number(summary->calls_answered), "delayed", number(summary->calls_delayed), "lost",
                     number(summary->calls_lost), "unanswered", number(summary->calls_unanswered), "underWay",
                     number(summary->calls_under_way));
}

static json_t *with_waits(json_t *calls, const trunkha_simulation_summary *summary)
{
    calls = with_number(calls, "cut", summary->calls_cut);
    calls = with_number(calls, "delayTotalMs", summary->delay_total_ms);

    return with_number(calls, "delayMaxMs", summary->delay_max_ms);
}

static json_t *summary_json(const trunkha_simulation_summary *summary, bool is_replay)
{
    json_t *calls = calls_json(summary);

    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "elapsedMs", number(summary->elapsed_ms), "durationMs",
                     number(summary->duration_ms), "calls", is_replay ? calls : with_waits(calls, summary), "attempts",
                     number(summary->attempts), "probes", number(summary->probes), "stateChanges",
                     number(summary->state_changes), "activeChanges", number(summary->active_changes));
}

static json_t *sample_json(const trunkha_simulation_sample *sample, bool is_replay)
{
    json_t *json =
        json_pack("{s:I, s:I, s:s, s:I, s:I, s:I}", "beginMs", number(sample->begin_ms), "endMs", number(sample->end_ms),
                  "state", trunkha_health_name(sample->health), "attempts", number(sample->attempts), "answered",
                  number(sample->answered), "failed", number(sample->failed));

    if (is_replay)
        return json;
    json = with(json, "isFaulty", json_boolean(sample->is_faulty));

    return with_number(json, "delayMaxMs", sample->delay_max_ms);
}

static json_t *samples_json(const trunkha_simulation *simulation, uint32_t index)
{
    trunkha_simulation_sample sample = TRUNKHA_SIMULATION_SAMPLE_INIT;
    json_t *array = json_array();

    for (uint32_t i = 0; !trunkha_simulation_get_sample(simulation, index, i, &sample); i++)
        array = tha_events_append(array, sample_json(&sample, simulation->replay != NULL));

    return array;
}

static json_t *trunk_json(const trunkha_simulation_trunk *trunk)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id", trunk->trunk_id, "attempts", number(trunk->attempts),
                     "answered", number(trunk->answered), "failed", number(trunk->failed), "lost", number(trunk->calls_lost),
                     "probes", number(trunk->probes), "downMs", number(trunk->down_ms), "falls", number(trunk->falls));
}

/** What the scenario had it do, and what that did to callers. */
static json_t *with_faults(json_t *json, const trunkha_simulation_trunk *trunk)
{
    json = with_number(json, "delayed", trunk->calls_delayed);
    json = with_number(json, "delayTotalMs", trunk->delay_total_ms);
    json = with_number(json, "delayMaxMs", trunk->delay_max_ms);
    json = with_number(json, "cut", trunk->calls_cut);
    json = with_number(json, "faultyMs", trunk->faulty_ms);
    json = with_number(json, "falseAlarms", trunk->false_alarms);
    json = with_number(json, "worstDetectionMs", trunk->worst_detection_ms);

    return with_number(json, "missed", trunk->missed);
}

static json_t *trunks_json(const trunkha_simulation *simulation)
{
    trunkha_simulation_trunk trunk = TRUNKHA_SIMULATION_TRUNK_INIT;
    json_t *array = json_array();

    for (uint32_t i = 0; !trunkha_simulation_get_trunk(simulation, i, &trunk); i++) {
        json_t *json = trunk_json(&trunk);

        if (!simulation->replay)
            json = with_faults(json, &trunk);
        array = tha_events_append(array, with(json, "samples", samples_json(simulation, i)));
    }

    return array;
}

static json_t *with_name(json_t *json, const struct tha_scenario *scenario)
{
    json = with(json, "name", json_string(scenario->name));

    return with(json, "about", json_string(scenario->about));
}

/** How true the replay is: see sim/replay.h. */
static json_t *replay_json(const struct tha_replay *replay)
{
    static const char *const ways[] = {"exact", "rejudged", "resampled"};
    struct tha_replay_summary summary;

    tha_replay_get_summary(replay, &summary);

    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "way", ways[summary.way], "isCut", (int)summary.is_cut,
                     "reloads", number(summary.n_reloads), "unknownTrunks", number(summary.n_trunks_unknown),
                     "recordedTransitions", number(summary.n_recorded), "transitions", number(summary.n_told),
                     "sameTransitions", number(summary.n_same));
}

int trunkha_simulation_json(const trunkha_simulation *simulation, char **ret_json)
{
    trunkha_simulation_summary summary = TRUNKHA_SIMULATION_SUMMARY_INIT;
    json_t *json;
    char *text;

    if (!simulation || !ret_json)
        return TRUNKHA_ERR_INVALID;

    trunkha_simulation_get_summary(simulation, &summary);
    json = with(summary_json(&summary, simulation->replay != NULL), "trunks", trunks_json(simulation));
    if (simulation->replay)
        json = with(json, "replay", replay_json(simulation->replay));
    else
        json = with_name(json, simulation->scenario);
    text = tha_events_dump(json);
    if (!text)
        return TRUNKHA_ERR_NOMEM;
    *ret_json = text;

    return 0;
}
