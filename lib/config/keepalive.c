#include "keepalive.h"

#include <string.h>

#define HEADERS_MAX 32
#define HEADER_MAX  255 /* bytes of a name or a value */
#define URI_MAX     (TRUNKHA_URI_SIZE - 1)

#define AT(member) THA_AT(struct tha_config_keepalive, model.member)

/* ---- Lists of response codes */

static const char *check_answer_code(const struct tha_config_codes *entry)
{
    if (tha_config_has_codes(entry))
        return NULL;

    return "a response code is a number from 100 to 699, or a class from \"1xx\" to \"6xx\": "
           "write a number from 100 to 699, or a class: \"5xx\"";
}

static void read_failure_codes(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                               void *target)
{
    tha_config_read_codes(reader, path, value, check_answer_code, &((struct tha_config_keepalive *)target)->failure);
}

static void read_accepted_codes(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                                void *target)
{
    tha_config_read_codes(reader, path, value, check_answer_code, &((struct tha_config_keepalive *)target)->accepted);
}

/* ---- Headers of one's own */

static bool check_header_name(struct tha_config_reader *reader, const struct tha_config_path *path)
{
    enum tha_config_code code;
    const char *problem = tha_config_check_header_name(path->key, &code);
    char label[THA_CONFIG_LABEL_SIZE];

    if (!problem && strlen(path->key) > HEADER_MAX) {
        code = THA_CODE_TOO_LONG;
        problem = "is too long for the name of a header: at most 255 bytes are allowed";
    }
    if (problem)
        tha_config_add_finding(&reader->report, code, path, "use another header, or leave it out", "%s %s",
                               tha_config_print_label(path, label, sizeof(label)), problem);

    return !problem;
}

static void read_headers(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *map, void *target)
{
    static const struct tha_config_field header_value = {NULL, THA_KIND_TEXT, .at = THA_AT(struct tha_header, value),
                                                         .max = HEADER_MAX, .check = tha_config_check_header_value};
    struct tha_probe_text *text = &((struct tha_config_keepalive *)target)->model.text;
    struct tha_header *headers = tha_arena_alloc(reader->arena, json_object_size(map), sizeof(*headers));
    const char *name;
    json_t *value;
    uint32_t n = 0;

    if (!headers) {
        reader->report.is_out_of_memory = true;
        return;
    }

    json_object_foreach(map, name, value)
    {
        struct tha_config_path path_of_one = {path, name, 0};

        if (!check_header_name(reader, &path_of_one))
            continue;
        headers[n].name = tha_config_keep_text(reader, name);
        tha_config_read_value(reader, &path_of_one, &header_value, value, &headers[n]);
        if (!headers[n].value)
            headers[n].value = "";
        n++;
    }

    text->headers = headers;
    text->n_headers = n;
}

/* ---- Flap damping */

static const struct tha_config_field damping_fields[] = {
    {"maxTransitions", THA_KIND_COUNT, .at = AT(damping.max_transitions), .min = 1, .max = 1000, .initial = 4},
    {"window", THA_KIND_SECONDS, .at = AT(damping.window_ms), .min = 1, .max = 86400, .initial = 600},
    {"holdDown", THA_KIND_SECONDS, .at = AT(damping.hold_down_ms), .max = 86400, .initial = 60},
    {"maxHoldDown", THA_KIND_SECONDS, .at = AT(damping.max_hold_down_ms), .max = 86400, .initial = 900},
};
static const struct tha_config_schema damping_schema = THA_SCHEMA(damping_fields);

/** A block that says nothing of either is not blamed for what it inherits. */
static void check_hold_downs(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *block,
                             const struct tha_damping *damping)
{
    const char *key = json_object_get(block, "maxHoldDown") ? "maxHoldDown" : "holdDown";
    struct tha_config_path place = {path, key, 0};
    char least[32], most[32];

    if (damping->max_hold_down_ms >= damping->hold_down_ms || !json_object_get(block, key))
        return;

    tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, &place, NULL,
                           "\"maxHoldDown\" (%s seconds) is below \"holdDown\" (%s seconds): "
                           "write a \"maxHoldDown\" that is at least \"holdDown\"",
                           tha_config_print_number(damping->max_hold_down_ms / 1000.0, most, sizeof(most)),
                           tha_config_print_number(damping->hold_down_ms / 1000.0, least, sizeof(least)));
}

static void read_damping(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target)
{
    struct tha_config_part part = {&damping_schema, target, NULL};
    uint32_t n_errors = reader->report.n_errors;

    tha_config_read_object(reader, path, block, &part, 1);
    if (reader->report.n_errors == n_errors)
        check_hold_downs(reader, path, block, &((struct tha_config_keepalive *)target)->model.damping);
}

/* ---- The block */

static const struct tha_config_word methods[] = {{"OPTIONS", 0}, {NULL}};

static const struct tha_config_field degraded_fields[] = {
    {"lossPercent", THA_KIND_COUNT, .at = AT(degraded_loss_percent), .max = 100, .initial = 20},
    {"rtt", THA_KIND_SECONDS, .at = AT(degraded_rtt_ms), .max = 60, .initial = 0.8},
    {"window", THA_KIND_COUNT, .at = AT(degraded_window), .min = 1, .max = 64, .initial = 20},
};
static const struct tha_config_schema degraded_schema = THA_SCHEMA(degraded_fields);

static const struct tha_config_field keepalive_fields[] = {
    {"enabled", THA_KIND_BOOL, .at = AT(enabled), .initial = true},
    {"method", THA_KIND_WORD, .words = methods},
    {"interval", THA_KIND_SECONDS, .at = AT(interval_ms), .min = 1, .max = 3600, .initial = 30},
    {"suspectInterval", THA_KIND_SECONDS, .at = AT(suspect_interval_ms), .min = 0.5, .max = 3600, .initial = 3},
    {"downInterval", THA_KIND_SECONDS, .at = AT(down_interval_ms), .min = 0.5, .max = 3600, .initial = 15},
    {"jitter", THA_KIND_FRACTION, .at = AT(jitter_permille), .max = 0.5, .initial = 0.1},
    {"timeout", THA_KIND_SECONDS, .at = AT(timeout_ms), .min = 0.1, .max = 60, .initial = 3},
    {"maxFailedAttempts", THA_KIND_COUNT, .at = AT(max_failed_attempts), .min = 1, .max = 100, .initial = 3},
    {"recoveryAttempts", THA_KIND_COUNT, .at = AT(recovery_attempts), .min = 1, .max = 100, .initial = 2},
    {"onlyWhenIdle", THA_KIND_BOOL, .at = AT(only_when_idle), .initial = true},
    {"failureResponseCodes", THA_KIND_LIST, .read = read_failure_codes},
    {"acceptedResponseCodes", THA_KIND_LIST, .read = read_accepted_codes},
    {"maxProbesPerMinute", THA_KIND_COUNT, .at = AT(max_probes_per_minute), .max = 60000},
    {"fromUri", THA_KIND_TEXT, .at = AT(text.from_uri), .max = URI_MAX, .check = tha_config_check_uri},
    {"contactUri", THA_KIND_TEXT, .at = AT(text.contact_uri), .max = URI_MAX, .check = tha_config_check_uri},
    {"requestUri", THA_KIND_TEXT, .at = AT(text.request_uri), .max = URI_MAX, .check = tha_config_check_uri},
    {"userAgent", THA_KIND_TEXT, .at = AT(text.user_agent), .max = HEADER_MAX, .check = tha_config_check_header_value},
    {"maxForwards", THA_KIND_COUNT, .at = AT(text.max_forwards), .max = 255, .initial = 70},
    {"headers", THA_KIND_OBJECT, .max = HEADERS_MAX, .read = read_headers},
    {"degraded", THA_KIND_OBJECT, .schema = &degraded_schema},
    {"flapDamping", THA_KIND_OBJECT, .schema = &damping_schema, .read = read_damping},
};
static const struct tha_config_schema keepalive_schema = THA_SCHEMA(keepalive_fields);

void tha_config_init_keepalive(struct tha_config_keepalive *keepalive)
{
    *keepalive = (struct tha_config_keepalive){.failure = {.classes = 0}};
    tha_config_set_defaults(&keepalive_schema, keepalive);

    tha_config_add_code(&keepalive->failure, 403);
    tha_config_add_code(&keepalive->failure, 408);
    tha_config_add_code_text(&keepalive->failure, "5xx");
    tha_config_add_code(&keepalive->accepted, 501);
}

void tha_config_get_default_failing(struct tha_codes *ret_failing)
{
    struct tha_config_keepalive usual;

    tha_config_init_keepalive(&usual);
    tha_config_combine_codes(&usual.failure, &usual.accepted, ret_failing);
}

const struct tha_keepalive *tha_config_read_keepalive(struct tha_config_reader *reader, const struct tha_config_path *path,
                                                      json_t *block, struct tha_config_keepalive *inout_keepalive)
{
    struct tha_config_part part = {&keepalive_schema, inout_keepalive, NULL};
    struct tha_keepalive *kept = tha_arena_alloc(reader->arena, 1, sizeof(*kept));

    if (!kept) {
        reader->report.is_out_of_memory = true;
        return NULL;
    }

    tha_config_read_object(reader, path, block, &part, 1);
    tha_config_combine_codes(&inout_keepalive->failure, &inout_keepalive->accepted, &inout_keepalive->model.failing);
    *kept = inout_keepalive->model;

    return kept;
}
