/* One step of a scenario. Its word says which blocks of keys belong to it; the others are told whose they are. */
#include <string.h>

#include "address.h"
#include "scenario_draft.h"

#define CODE_MIN 300
#define CODE_MAX 699
#define TTL      60 /* seconds, when nothing is said */

#define AT(member) THA_AT(struct tha_scenario_step_draft, member)

/* ---- Values that need more than a table */

static void read_one_whom(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX,
                                                  .check = tha_config_check_id};
    struct tha_scenario_step_draft *step = target;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &field, value, buf);
    const char *whom = text ? tha_scenario_find_whom(step, path, text) : NULL;

    if (whom)
        step->whom[step->step.n_whom++] = whom;
}

/** A list, or a single one without brackets. */
static void read_whom(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field one = {NULL, THA_KIND_TEXT, .read = read_one_whom};
    static const struct tha_config_field list = {NULL, THA_KIND_LIST, .min = 1, .max = THA_SCENARIO_WHO_MAX, .item = &one};
    struct tha_scenario_step_draft *step = target;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    step->whom = tha_arena_alloc(reader->arena, count, sizeof(*step->whom));
    if (step->whom)
        tha_config_read_value(reader, path, json_is_string(value) ? &one : &list, value, step);
    else
        reader->report.is_out_of_memory = true;
}

static void read_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT};
    struct tha_scenario_step_draft *step = target;
    char buf[THA_CONFIG_TEXT_SIZE], label[THA_CONFIG_LABEL_SIZE];
    const char *text = tha_config_get_text(reader, path, &field, value, buf);
    const char *problem = text ? tha_config_read_ip_address(text, 0, &step->addresses[step->n_addresses]) : NULL;

    if (problem)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL, "%s %s",
                               tha_config_print_label(path, label, sizeof(label)), problem);
    else if (text)
        step->n_addresses++;
}

static void read_addresses(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field item = {NULL, THA_KIND_TEXT, .read = read_address};
    static const struct tha_config_field list = {NULL, THA_KIND_LIST, .item = &item};
    struct tha_scenario_step_draft *step = target;

    step->addresses = tha_arena_alloc(reader->arena, json_array_size(value), sizeof(*step->addresses));
    if (step->addresses)
        tha_config_read_value(reader, path, &list, value, step);
    else
        reader->report.is_out_of_memory = true;
}

static void read_host(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .max = TRUNKHA_URI_SIZE - 1};
    struct tha_scenario_step_draft *step = target;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &field, value, buf);

    if (text)
        step->step.name = tha_scenario_find_host(step->draft, path, text);
}

static void read_profile(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field field = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX};
    struct tha_scenario_step_draft *step = target;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &field, value, buf);

    if (text)
        step->step.name = tha_scenario_find_profile(step->draft, path, text);
}

/* ---- Blocks of keys */

enum block { WHEN, WHO, OF, LINE, SLOW, LOSS, CODE, FLAPPING, DNS, ADMIN, FAILBACK, N_BLOCKS };

#define BIT(block) (1U << (block))
#define CARRIER    (BIT(WHEN) | BIT(WHO) | BIT(OF))
#define OPERATOR   (BIT(WHEN) | BIT(WHO))

enum verb {
    DO_WELL,
    DO_SILENT,
    DO_REFUSED,
    DO_CODE,
    DO_MUTE,
    DO_SLOW,
    DO_LOSS,
    DO_FLAPPING,
    DO_DNS,
    DO_DNS_SILENT,
    DO_DNS_FAILS,
    DO_DNS_WELL,
    DO_HOME_CUT,
    DO_HOME_MENDED,
    DO_DISABLE,
    DO_DRAIN,
    DO_ENABLE,
    DO_FAILBACK,
    DO_NOTHING,
};

static const struct tha_config_word verb_words[] = {
    {"well", DO_WELL},
    {"silent", DO_SILENT},
    {"refused", DO_REFUSED},
    {"code", DO_CODE},
    {"mute", DO_MUTE},
    {"slow", DO_SLOW},
    {"loss", DO_LOSS},
    {"flapping", DO_FLAPPING},
    {"dns", DO_DNS},
    {"dnsSilent", DO_DNS_SILENT},
    {"dnsFails", DO_DNS_FAILS},
    {"dnsWell", DO_DNS_WELL},
    {"homeCut", DO_HOME_CUT},
    {"homeMended", DO_HOME_MENDED},
    {"disable", DO_DISABLE},
    {"drain", DO_DRAIN},
    {"enable", DO_ENABLE},
    {"failback", DO_FAILBACK},
    {NULL},
};

struct deed {
    uint32_t blocks; /**< bits of enum block */
    uint32_t kind;   /**< enum tha_scenario_step_kind */
    uint32_t value;  /**< enum tha_conduct, tha_dns_outcome or trunkha_admin; HOME: is it cut? */
};

static const struct deed deeds[] = {
    [DO_WELL] = {CARRIER | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_WELL},
    [DO_SILENT] = {CARRIER, THA_STEP_MANNER, THA_CONDUCT_SILENT},
    [DO_REFUSED] = {CARRIER | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_REFUSED},
    [DO_CODE] = {CARRIER | BIT(LINE) | BIT(CODE), THA_STEP_MANNER, THA_CONDUCT_CODE},
    [DO_MUTE] = {CARRIER | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_MUTE},
    [DO_SLOW] = {CARRIER | BIT(SLOW) | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_WELL},
    [DO_LOSS] = {CARRIER | BIT(LOSS) | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_WELL},
    [DO_FLAPPING] = {CARRIER | BIT(FLAPPING) | BIT(LINE), THA_STEP_MANNER, THA_CONDUCT_SILENT},
    [DO_DNS] = {BIT(WHEN) | BIT(DNS), THA_STEP_ADDRESS, 0},
    [DO_DNS_SILENT] = {BIT(WHEN), THA_STEP_DNS, THA_DNS_SILENT},
    [DO_DNS_FAILS] = {BIT(WHEN), THA_STEP_DNS, THA_DNS_FAILED},
    [DO_DNS_WELL] = {BIT(WHEN), THA_STEP_DNS, THA_DNS_ANSWERED},
    [DO_HOME_CUT] = {BIT(WHEN), THA_STEP_HOME, true},
    [DO_HOME_MENDED] = {BIT(WHEN), THA_STEP_HOME, false},
    [DO_DISABLE] = {OPERATOR | BIT(ADMIN), THA_STEP_ADMIN, TRUNKHA_ADMIN_DISABLED},
    [DO_DRAIN] = {OPERATOR | BIT(ADMIN), THA_STEP_ADMIN, TRUNKHA_ADMIN_DRAINING},
    [DO_ENABLE] = {OPERATOR, THA_STEP_ADMIN, TRUNKHA_ADMIN_ENABLED},
    [DO_FAILBACK] = {BIT(WHEN) | BIT(FAILBACK), THA_STEP_FAILBACK, 0},
};

static const struct tha_config_word as_words[] = {
    {"silent", THA_CONDUCT_SILENT},
    {"refused", THA_CONDUCT_REFUSED},
    {"code", THA_CONDUCT_CODE},
    {"mute", THA_CONDUCT_MUTE},
    {NULL},
};

static const struct tha_config_word of_words[] = {
    {"both", THA_CONDUCT_OF_BOTH}, {"probes", THA_CONDUCT_OF_PROBES}, {"calls", THA_CONDUCT_OF_CALLS}, {NULL}};

#define RTT_FIELD  "rtt", THA_KIND_TIME, .at = AT(step.manner.rtt_ms), .max = THA_SCENARIO_RTT_MAX
#define LOSS_FIELD "lossPercent", THA_KIND_FRACTION, .at = AT(loss_millipercent), .max = 100
#define SPAN_FIELD THA_KIND_TIME, .is_required = true, .min = 0.1, .max = 86400

static const struct tha_config_field when_fields[] = {
    {"at", THA_KIND_TIME, .at = AT(at_ms), .max = THA_SCENARIO_DURATION_MAX},
    {"do", THA_KIND_TEXT},
};
static const struct tha_config_field who_fields[] = {{"who", THA_KIND_ANY, .is_required = true, .read = read_whom}};
static const struct tha_config_field of_fields[] = {{"of", THA_KIND_WORD, .at = AT(step.of), .words = of_words}};
static const struct tha_config_field line_fields[] = {{RTT_FIELD}, {LOSS_FIELD}};
static const struct tha_config_field slow_fields[] = {{RTT_FIELD, .is_required = true}};
static const struct tha_config_field loss_fields[] = {{LOSS_FIELD, .is_required = true}};
static const struct tha_config_field code_fields[] = {
    {"code", THA_KIND_COUNT, .is_required = true, .at = AT(step.manner.code), .min = CODE_MIN, .max = CODE_MAX},
    {"retryAfter", THA_KIND_TIME, .at = AT(retry_after_ms), .max = 86400},
};
static const struct tha_config_field flapping_fields[] = {
    {"as", THA_KIND_WORD, .at = AT(as), .words = as_words},
    {"up", SPAN_FIELD, .at = AT(step.manner.up_ms)},
    {"down", SPAN_FIELD, .at = AT(step.manner.down_ms)},
};
static const struct tha_config_field dns_fields[] = {
    {"name", THA_KIND_TEXT, .is_required = true, .read = read_host},
    {"addresses", THA_KIND_LIST, .is_required = true, .max = THA_DNS_LOCATIONS_MAX, .read = read_addresses},
    {"ttl", THA_KIND_TIME, .at = AT(ttl_ms), .max = 86400, .initial = TTL},
};
static const struct tha_config_field admin_fields[] = {
    {"for", THA_KIND_TIME, .at = AT(step.for_ms), .max = THA_SCENARIO_DURATION_MAX},
};
static const struct tha_config_field failback_fields[] = {{"profile", THA_KIND_TEXT, .read = read_profile}};

static const struct tha_config_schema schemas[N_BLOCKS] = {
    [WHEN] = THA_SCHEMA(when_fields),   [WHO] = THA_SCHEMA(who_fields),           [OF] = THA_SCHEMA(of_fields),
    [LINE] = THA_SCHEMA(line_fields),   [SLOW] = THA_SCHEMA(slow_fields),         [LOSS] = THA_SCHEMA(loss_fields),
    [CODE] = THA_SCHEMA(code_fields),   [FLAPPING] = THA_SCHEMA(flapping_fields), [DNS] = THA_SCHEMA(dns_fields),
    [ADMIN] = THA_SCHEMA(admin_fields), [FAILBACK] = THA_SCHEMA(failback_fields),
};

/** Where the keys of a block belong, for those who have written them elsewhere. */
static const char *const owners[N_BLOCKS] = {
    [WHEN] = "a step",
    [WHO] = "a step that does something to trunks",
    [OF] = "a step that says how a carrier does",
    [LINE] = "a step that does \"slow\" or \"loss\"",
    [SLOW] = "a step that does \"slow\"",
    [LOSS] = "a step that does \"loss\"",
    [CODE] = "a step that does \"code\"",
    [FLAPPING] = "a step that does \"flapping\"",
    [DNS] = "a step that does \"dns\"",
    [ADMIN] = "a step that does \"disable\" or \"drain\"",
    [FAILBACK] = "a step that does \"failback\"",
};

/* ---- The step */

/** DO_NOTHING after a finding. */
static uint32_t read_verb(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                          struct tha_scenario_step_draft *step)
{
    static const struct tha_config_field field = {NULL, THA_KIND_WORD, .at = AT(verb), .words = verb_words};
    const struct tha_config_path at = {path, "do", 0};
    json_t *word = json_object_get(value, "do");

    step->verb = DO_NOTHING;
    if (word)
        tha_config_read_value(reader, &at, &field, word, step);
    else
        tha_config_add_finding(&reader->report, THA_CODE_MISSING_KEY, path, NULL, "\"do\" is missing");

    return step->verb;
}

static void set_defaults(struct tha_scenario_step_draft *step)
{
    for (uint32_t i = 0; i < N_BLOCKS; i++)
        tha_config_set_defaults(&schemas[i], step);
    step->step.of = THA_CONDUCT_OF_BOTH;
    step->step.manner.rtt_ms = step->draft->rtt_ms;
    step->as = THA_CONDUCT_SILENT;
    step->takes_addresses = deeds[step->verb].kind == THA_STEP_MANNER;
}

static void read_keys(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, uint32_t blocks,
                      struct tha_scenario_step_draft *step)
{
    struct tha_config_part parts[N_BLOCKS];
    size_t n = 0;

    for (uint32_t i = 0; i < N_BLOCKS; i++) {
        if (blocks & BIT(i))
            parts[n++] = (struct tha_config_part){&schemas[i], step, NULL};
    }
    for (uint32_t i = 0; i < N_BLOCKS; i++) {
        if (!(blocks & BIT(i)))
            parts[n++] = (struct tha_config_part){&schemas[i], NULL, owners[i]};
    }
    tha_config_read_object(reader, path, value, parts, n);
}

static void settle_manner(struct tha_scenario_step_draft *draft, uint32_t conduct)
{
    struct tha_manner *manner = &draft->step.manner;

    manner->conduct = conduct;
    manner->loss_permille = draft->loss_millipercent / 100;
    manner->retry_after_s = (draft->retry_after_ms + 999) / 1000;
}

static void settle(struct tha_scenario_step_draft *draft, const struct deed *deed)
{
    struct tha_scenario_step *step = &draft->step;

    step->kind = deed->kind;
    step->at_ms = draft->at_ms;
    step->whom = draft->whom;
    if (draft->is_for_all)
        step->n_whom = 0;

    if (deed->kind == THA_STEP_MANNER)
        settle_manner(draft, draft->verb == DO_FLAPPING ? draft->as : deed->value);
    else if (deed->kind == THA_STEP_ADMIN)
        step->admin = deed->value;
    else if (deed->kind == THA_STEP_DNS)
        step->dns = deed->value;
    else if (deed->kind == THA_STEP_HOME)
        step->is_cut = deed->value;
    else if (deed->kind == THA_STEP_FAILBACK && !step->name)
        step->name = tha_scenario_first_profile(draft->draft);

    step->addresses = draft->addresses;
    step->n_addresses = draft->n_addresses;
    step->ttl_s = (draft->ttl_ms + 999) / 1000;
}

static void check_time(struct tha_config_reader *reader, const struct tha_config_path *path,
                       const struct tha_scenario_step_draft *step)
{
    const struct tha_config_path at = {path, "at", 0};

    if (step->at_ms >= step->draft->duration_ms)
        tha_config_add_finding(&reader->report, THA_CODE_WITHOUT_EFFECT, &at, NULL,
                               "the scenario ends before this step: its \"duration\" is %u seconds",
                               step->draft->duration_ms / 1000);
}

void tha_scenario_read_step(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                            struct tha_scenario_step_draft *step)
{
    uint32_t verb = read_verb(reader, path, value, step), blocks;
    const char *as = json_string_value(json_object_get(value, "as"));
    struct tha_config_position position;

    if (verb == DO_NOTHING)
        return;

    blocks = deeds[verb].blocks;
    if (verb == DO_FLAPPING && as && !strcmp(as, "code"))
        blocks |= BIT(CODE);
    set_defaults(step);
    read_keys(reader, path, value, blocks, step);
    settle(step, &deeds[verb]);
    tha_scenario_check_share(reader, path, value, "lossPercent");
    check_time(reader, path, step);
    if (tha_config_find_position(&reader->report.text, path, false, &position))
        step->step.line = position.line;
}
