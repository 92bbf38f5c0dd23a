#include "draft.h"

#include <string.h>

#include "address.h"

#define AT(member) THA_AT(struct tha_config_draft, member)

/* ---- Blocks that need others first, wherever they stand in the file */

static void remember_groups(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                            void *target)
{
    (void)reader, (void)path;
    ((struct tha_config_draft *)target)->groups_json = value;
}

static void remember_profiles(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                              void *target)
{
    (void)reader, (void)path;
    ((struct tha_config_draft *)target)->profiles_json = value;
}

/* ---- Blocks that are read at once */

static void read_keepalive(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    struct tha_config_draft *draft = target;

    draft->model->keepalive = tha_config_read_keepalive(reader, path, value, &draft->keepalive);
}

static void read_dns(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    tha_config_read_dns(reader, path, value, &((struct tha_config_draft *)target)->dns);
}

static bool listens_already(const struct tha_config_draft *draft, const struct tha_addr *addr)
{
    for (uint32_t i = 0; i < draft->n_listen; i++) {
        if (addr->port && tha_addr_is_equal(&draft->listen[i], addr))
            return true;
    }

    return false;
}

static void read_listen(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field text_field = {NULL, THA_KIND_TEXT};
    struct tha_config_draft *draft = target;
    struct tha_addr *addr = &draft->listen[draft->n_listen];
    char buf[THA_CONFIG_TEXT_SIZE], label[THA_CONFIG_LABEL_SIZE];
    const char *text = tha_config_get_text(reader, path, &text_field, value, buf);
    const char *problem;
    bool is_unsupported;

    if (!text)
        return;

    problem = tha_config_read_listen_address(text, addr, &is_unsupported);
    if (!problem && listens_already(draft, addr))
        problem = "is there already";

    if (problem)
        tha_config_add_finding(&reader->report, is_unsupported ? THA_CODE_NOT_SUPPORTED_YET : THA_CODE_BAD_VALUE, path,
                               "write udp:ADDRESS:PORT", "%s %s", tha_config_print_label(path, label, sizeof(label)),
                               problem);
    else
        draft->n_listen++;
}

/* ---- Tables */

static const struct tha_config_field text_item = {NULL, THA_KIND_TEXT, .check = tha_config_check_label};
static const struct tha_config_field listen_item = {NULL, THA_KIND_TEXT, .read = read_listen};

static const struct tha_config_field sip_fields[] = {
    {"listen", THA_KIND_LIST, .max = THA_CONFIG_LISTEN_MAX, .item = &listen_item},
};
static const struct tha_config_schema sip_schema = THA_SCHEMA(sip_fields);

static const struct tha_config_field filter_fields[] = {
    {"trunkIds", THA_KIND_LIST, .item = &text_item},
    {"trunkGroupIds", THA_KIND_LIST, .item = &text_item},
    {"states", THA_KIND_LIST, .item = &text_item},
    {"reasonCodes", THA_KIND_LIST, .item = &text_item},
};
static const struct tha_config_schema filter_schema = THA_SCHEMA(filter_fields);

static const struct tha_config_word formats[] = {
    {"native", 0}, {"cloudevents", 1}, {"pagerduty", 2}, {"servicenow", 3}, {NULL}};
static const struct tha_config_word destination_types[] = {{"webhook", 0}, {NULL}};

static const struct tha_config_field destination_fields[] = {
    {"type", THA_KIND_WORD, .words = destination_types},
    {"url", THA_KIND_TEXT, .check = tha_config_check_label},
    {"secret", THA_KIND_TEXT, .check = tha_config_check_label},
};
static const struct tha_config_schema destination_schema = THA_SCHEMA(destination_fields);

static const struct tha_config_field stream_fields[] = {
    {"name", THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"eventTypes", THA_KIND_LIST, .item = &text_item},
    {"filter", THA_KIND_OBJECT, .schema = &filter_schema},
    {"format", THA_KIND_WORD, .words = formats},
    {"destination", THA_KIND_OBJECT, .schema = &destination_schema},
};
static const struct tha_config_schema stream_schema = THA_SCHEMA(stream_fields);
static const struct tha_config_field stream_item = {NULL, THA_KIND_OBJECT, .schema = &stream_schema};

static const struct tha_config_field token_fields[] = {
    {"name", THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"token", THA_KIND_TEXT, .check = tha_config_check_label},
    {"scopes", THA_KIND_LIST, .item = &text_item},
};
static const struct tha_config_schema token_schema = THA_SCHEMA(token_fields);
static const struct tha_config_field token_item = {NULL, THA_KIND_OBJECT, .schema = &token_schema};

static const struct tha_config_field http_fields[] = {
    {"listen", THA_KIND_TEXT, .check = tha_config_check_label},
    {"tokens", THA_KIND_LIST, .item = &token_item},
};
static const struct tha_config_schema http_schema = THA_SCHEMA(http_fields);

static const struct tha_config_field instance_fields[] = {
    {"id", THA_KIND_TEXT, .at = AT(instance_id), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_label},
    {"region", THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX, .check = tha_config_check_label},
    {"stateDir", THA_KIND_TEXT, .is_later = true},
};
static const struct tha_config_schema instance_schema = THA_SCHEMA(instance_fields);

static const struct tha_config_field root_fields[] = {
    {"trunkGroups", THA_KIND_LIST, .is_required = true, .min = 1, .read = remember_groups},
    {"routingProfiles", THA_KIND_LIST, .read = remember_profiles},
    {"keepalive", THA_KIND_OBJECT, .read = read_keepalive},
    {"sip", THA_KIND_OBJECT, .schema = &sip_schema},
    {"dns", THA_KIND_OBJECT, .read = read_dns},
    {"eventStreams", THA_KIND_LIST, .is_later = true, .item = &stream_item},
    {"http", THA_KIND_OBJECT, .is_later = true, .schema = &http_schema},
    {"instance", THA_KIND_OBJECT, .schema = &instance_schema},
};
static const struct tha_config_schema root_schema = THA_SCHEMA(root_fields);

static const struct tha_config_field root_field = {NULL, THA_KIND_OBJECT, .schema = &root_schema};

/* ---- The whole document */

static void keep_settings(struct tha_config_draft *draft)
{
    struct tha_model *model = draft->model;
    struct tha_addr *listen;

    if (!draft->n_listen)
        draft->listen[draft->n_listen++].family = 4; /* udp:0.0.0.0:0 */

    listen = tha_arena_alloc(&model->arena, draft->n_listen, sizeof(*listen));
    if (!listen) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    memcpy(listen, draft->listen, draft->n_listen * sizeof(*listen));
    model->listen = listen;
    model->n_listen = draft->n_listen;
    model->instance_id = draft->instance_id;
    tha_config_keep_dns(draft);
}

static void read_groups_and_profiles(struct tha_config_draft *draft)
{
    struct tha_config_path groups = {NULL, "trunkGroups", 0}, profiles = {NULL, "routingProfiles", 0};

    tha_config_read_groups(draft, &groups, draft->groups_json);
    if (!draft->reader.report.is_out_of_memory)
        tha_config_read_profiles(draft, &profiles, draft->profiles_json);
    if (!draft->reader.report.is_out_of_memory)
        tha_config_resolve_references(draft);
    if (!draft->reader.report.is_out_of_memory)
        tha_config_resolve_pairs(draft);
    if (tha_config_is_sound(&draft->reader.report))
        tha_config_make_profiles(draft);
}

void tha_config_read_document(struct tha_config_draft *draft, json_t *root)
{
    draft->reader.root = root;
    draft->reader.report.root = root;
    tha_config_init_dns(&draft->dns);
    tha_config_init_keepalive(&draft->keepalive);
    draft->model->keepalive = tha_config_read_keepalive(&draft->reader, NULL, NULL, &draft->keepalive);

    tha_config_read_value(&draft->reader, NULL, &root_field, root, draft);
    keep_settings(draft);
    if (!draft->reader.report.is_out_of_memory)
        read_groups_and_profiles(draft);
}
