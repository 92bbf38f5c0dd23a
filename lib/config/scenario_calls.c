/* `calls` of a scenario: who calls, how often, and what becomes of it at the other end. */
#include "scenario_draft.h"

#define ALL_MILLIPERCENT 100000U

#define AT(member) THA_AT(struct tha_scenario_load_draft, member)

static void read_profile(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX,
                                                  .check = tha_config_check_id};
    struct tha_scenario_load_draft *load = target;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &field, value, buf);

    if (text)
        load->load.profile = tha_scenario_find_profile(load->draft, path, text);
}

static const struct tha_config_field load_fields[] = {
    {"profile", THA_KIND_TEXT, .read = read_profile},
    {"perSecond", THA_KIND_FRACTION, .is_required = true, .at = AT(calls_per_kilosecond), .min = 0.001, .max = 1000},
    {"from", THA_KIND_TIME, .at = AT(from_ms), .max = THA_SCENARIO_DURATION_MAX},
    {"until", THA_KIND_TIME, .at = AT(until_ms), .min = 0.001, .max = THA_SCENARIO_DURATION_MAX},
    {"ringAfter", THA_KIND_TIME, .at = AT(load.ring_after_ms), .max = 600, .initial = 1},
    {"answerAfter", THA_KIND_TIME, .at = AT(load.answer_after_ms), .max = 600, .initial = 8},
    {"duration", THA_KIND_TIME, .at = AT(load.duration_ms), .min = 1, .max = 86400, .initial = 180},
    {"patience", THA_KIND_TIME, .at = AT(load.patience_ms), .min = 1, .max = 3600, .initial = 60},
    {"busyPercent", THA_KIND_FRACTION, .at = AT(busy_millipercent), .max = 100, .initial = 10},
    {"noAnswerPercent", THA_KIND_FRACTION, .at = AT(no_answer_millipercent), .max = 100, .initial = 10},
};
static const struct tha_config_schema load_schema = THA_SCHEMA(load_fields);

/** Calls last until the end at most, and not for no time. */
static void settle_times(struct tha_config_reader *reader, const struct tha_config_path *path,
                         struct tha_scenario_load_draft *load)
{
    const struct tha_config_path from = {path, "from", 0}, until = {path, "until", 0};
    uint32_t end_ms = load->draft->duration_ms;

    if (load->until_ms > end_ms)
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &until, NULL,
                               "\"until\" is after the end of the scenario, which ends the calls");
    if (!load->until_ms || load->until_ms > end_ms)
        load->until_ms = end_ms;
    if (load->from_ms >= load->until_ms)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, &from, "write a \"from\" that is before it",
                               "\"from\" is not before \"until\" or the end of the scenario");
}

void tha_scenario_check_share(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                              const char *key)
{
    const struct tha_config_path at = {path, key, 0};
    double percent = json_number_value(json_object_get(object, key));

    if (percent > 0 && percent < 0.1)
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &at, "write 0.1 or more",
                               "\"%s\" is rounded down to whole tenths, and less than one is none", key);
}

static void check_shares(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *value,
                         const struct tha_scenario_load_draft *load)
{
    tha_scenario_check_share(reader, path, value, "busyPercent");
    tha_scenario_check_share(reader, path, value, "noAnswerPercent");
    if (load->busy_millipercent + load->no_answer_millipercent > ALL_MILLIPERCENT)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, "write two that come to 100 at most",
                               "\"busyPercent\" and \"noAnswerPercent\" come to more than 100 together");
}

static void read_load(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    struct tha_scenario_load_draft *load = target;
    struct tha_config_part part = {&load_schema, load, NULL};
    uint32_t n_errors = reader->report.n_errors;

    load->load.profile = tha_scenario_first_profile(load->draft);
    tha_config_set_defaults(&load_schema, load);
    tha_config_read_object(reader, path, value, &part, 1);
    if (reader->report.n_errors != n_errors)
        return;

    settle_times(reader, path, load);
    check_shares(reader, path, value, load);
}

static struct tha_call_load settle(const struct tha_scenario_load_draft *draft)
{
    struct tha_call_load load = draft->load;

    load.per_second = draft->calls_per_kilosecond / 1000.0;
    load.from_ms = draft->from_ms;
    load.until_ms = draft->until_ms;
    load.busy_permille = draft->busy_millipercent / 100;
    load.no_answer_permille = draft->no_answer_millipercent / 100;

    return load;
}

void tha_scenario_read_calls(struct tha_scenario_draft *draft, const struct tha_config_path *path, json_t *calls)
{
    static const struct tha_config_field item_field = {NULL, THA_KIND_OBJECT, .read = read_load};
    size_t count = json_array_size(calls);
    struct tha_call_load *loads = count ? tha_arena_alloc(draft->reader.arena, count, sizeof(*loads)) : NULL;

    if (count && !loads) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    for (size_t i = 0; i < count; i++) {
        struct tha_config_path item = {path, NULL, i};
        struct tha_scenario_load_draft load = {.draft = draft};

        tha_config_read_value(&draft->reader, &item, &item_field, json_array_get(calls, i), &load);
        loads[i] = settle(&load);
    }
    draft->scenario->loads = loads;
    draft->scenario->n_loads = (uint32_t)count;
}
