/* A scenario: JSON text -> a world for the simulation, which speaks of the trunks of one configuration. */
#include "parse.h"
#include "scenario_draft.h"
#include "wipe.h"

#define ABOUT_MAX 1000 /* bytes */

/* ---- The document */

static void remember_calls(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    (void)reader, (void)path;
    ((struct tha_scenario_draft *)target)->calls_json = value;
}

static void remember_steps(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    (void)reader, (void)path;
    ((struct tha_scenario_draft *)target)->steps_json = value;
}

static void read_name(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .at = THA_AT(struct tha_scenario, name),
                                                  .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id};

    tha_config_read_text(reader, path, &field, value, ((struct tha_scenario_draft *)target)->scenario);
}

static void read_about(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .at = THA_AT(struct tha_scenario, about),
                                                  .max = ABOUT_MAX, .check = tha_config_check_label};

    tha_config_read_text(reader, path, &field, value, ((struct tha_scenario_draft *)target)->scenario);
}

#define AT(member) THA_AT(struct tha_scenario_draft, member)

static const struct tha_config_field root_fields[] = {
    {"name", THA_KIND_TEXT, .read = read_name},
    {"about", THA_KIND_TEXT, .read = read_about},
    {"duration", THA_KIND_TIME, .at = AT(duration_ms), .min = 1, .max = THA_SCENARIO_DURATION_MAX,
     .initial = THA_SCENARIO_DURATION},
    {"seed", THA_KIND_COUNT, .at = AT(seed), .min = 1, .max = UINT32_MAX, .initial = 1},
    {"rtt", THA_KIND_TIME, .at = AT(rtt_ms), .max = THA_SCENARIO_RTT_MAX, .initial = THA_SCENARIO_RTT},
    {"calls", THA_KIND_LIST, .max = THA_SCENARIO_CALLS_MAX, .read = remember_calls},
    {"steps", THA_KIND_LIST, .max = THA_SCENARIO_STEPS_MAX, .read = remember_steps},
};
static const struct tha_config_schema root_schema = THA_SCHEMA(root_fields);

/** Calls and steps depend on the rest, wherever they stand in the file. */
static void read_document(struct tha_scenario_draft *draft, json_t *root)
{
    static const struct tha_config_field root_field = {NULL, THA_KIND_OBJECT, .schema = &root_schema};
    const struct tha_config_path calls = {NULL, "calls", 0}, steps = {NULL, "steps", 0};
    struct tha_scenario *scenario = draft->scenario;

    draft->reader.root = root;
    tha_config_set_defaults(&root_schema, draft);
    tha_config_read_value(&draft->reader, NULL, &root_field, root, draft);
    if (!scenario->name)
        scenario->name = "scenario";
    if (!scenario->about)
        scenario->about = "";
    scenario->duration_ms = draft->duration_ms;
    scenario->seed = draft->seed;
    scenario->rtt_ms = draft->rtt_ms;

    tha_scenario_enter_names(draft);
    if (!draft->reader.report.is_out_of_memory)
        tha_scenario_read_calls(draft, &calls, draft->calls_json);
    if (!draft->reader.report.is_out_of_memory)
        tha_scenario_read_steps(draft, &steps, draft->steps_json);
}

/* ---- The way from text to scenario */

static void read_text(struct tha_scenario_draft *draft, const struct tha_mem *mem)
{
    json_t *root;

    tha_arena_init(&draft->scratch, mem);
    tha_map_init(&draft->reader.strings, mem);
    tha_scenario_init_names(draft, mem);

    root = tha_config_parse(&draft->reader.report);
    if (root)
        read_document(draft, root);
    tha_config_wipe(root);

    tha_scenario_done_names(draft);
    tha_map_done(&draft->reader.strings);
    tha_arena_done(&draft->scratch);
}

int tha_config_read_scenario(const struct tha_mem *mem, const char *json, size_t len, const struct tha_model *model,
                             trunkha_finding_cb finding_cb, void *user_data, struct tha_scenario **ret_scenario)
{
    struct tha_scenario_draft draft = {.model = model};
    struct tha_config_report *report = &draft.reader.report;
    struct tha_arena arena;
    int err;

    tha_arena_init(&arena, mem);
    draft.reader.arena = &arena;
    draft.scenario = tha_arena_alloc(&arena, 1, sizeof(*draft.scenario));
    if (!draft.scenario)
        return TRUNKHA_ERR_NOMEM;

    tha_config_init_report(report, mem, json ? json : "", json ? len : 0);
    read_text(&draft, mem);
    err = tha_config_get_result(report);
    if (err != TRUNKHA_ERR_NOMEM)
        tha_config_tell_findings(report, finding_cb, user_data);
    tha_config_done_report(report);

    if (err || !ret_scenario) {
        tha_arena_done(&arena);
    } else {
        draft.scenario->arena = arena; /* it lives in its own arena */
        *ret_scenario = draft.scenario;
    }

    return err;
}
