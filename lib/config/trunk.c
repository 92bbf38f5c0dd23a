#include "draft.h"

#include <string.h>

#define REGION_MAX 255

#define AT(member) THA_AT(struct tha_config_trunk, member)

static void read_sip_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                             void *target)
{
    static const struct tha_config_field text_field = {NULL, THA_KIND_TEXT, .max = TRUNKHA_URI_SIZE - 1};
    struct tha_config_trunk *trunk = target;
    char buf[THA_CONFIG_TEXT_SIZE], uri[TRUNKHA_URI_SIZE];
    const char *text = tha_config_get_text(reader, path, &text_field, value, buf);
    const char *problem;
    bool is_unsupported;

    if (!text)
        return;

    problem = tha_config_read_sip_address(text, &trunk->addr, uri, sizeof(uri), &is_unsupported);
    if (problem)
        tha_config_add_finding(&reader->report, is_unsupported ? THA_CODE_NOT_SUPPORTED_YET : THA_CODE_BAD_VALUE, path,
                               is_unsupported ? "write an IP address that answers over UDP" : NULL, "\"%s\" %s", path->key,
                               problem);
    else
        trunk->model.uri = tha_config_keep_text(reader, uri);
}

static void read_own_keepalive(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block,
                               void *target)
{
    struct tha_config_trunk *trunk = target;
    struct tha_config_keepalive keepalive = *trunk->base;

    if (json_object_size(block))
        trunk->model.keepalive = tha_config_read_keepalive(reader, path, block, &keepalive);
}

static void read_codecs(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *list, void *target)
{
    ((struct tha_config_trunk *)target)->model.codecs = tha_config_read_codecs(reader, path, list);
}

/* ---- Tables */

static const struct tha_config_word directions[] = {
    {"both", THA_DIRECTION_BOTH},
    {"outbound", THA_DIRECTION_OUTBOUND},
    {"inbound", THA_DIRECTION_INBOUND, .is_later = true},
    {NULL},
};

static const struct tha_config_word auth_methods[] = {{"NONE", 0}, {"DIGEST", 1, .is_later = true}, {NULL}};

static const struct tha_config_word encryptions[] = {
    {"NONE", 0}, {"SRTP", 1}, {"TLS_SRTP", 2}, {"TLS_SRP", 2, .spelling = "TLS_SRTP"}, {NULL},
};

static const struct tha_config_word tls_versions[] = {{"1.2", 0}, {"1.3", 1}, {"1.1", 2}, {"1.0", 3}, {NULL}};

static const struct tha_config_word admin_states[] = {
    {"enabled", TRUNKHA_ADMIN_ENABLED},
    {"disabled", TRUNKHA_ADMIN_DISABLED},
    {"draining", TRUNKHA_ADMIN_DRAINING},
    {NULL},
};

static const struct tha_config_field auth_fields[] = {
    {"username", THA_KIND_TEXT, .max = 255, .check = tha_config_check_label},
    {"password", THA_KIND_TEXT, .max = 255, .check = tha_config_check_label},
    {"realm", THA_KIND_TEXT, .max = 255, .check = tha_config_check_label},
};
static const struct tha_config_schema auth_schema = THA_SCHEMA(auth_fields);

static const struct tha_config_field tls_fields[] = {
    {"minVersion", THA_KIND_WORD, .words = tls_versions},
    {"caFile", THA_KIND_TEXT},
    {"certFile", THA_KIND_TEXT},
    {"keyFile", THA_KIND_TEXT},
    {"serverName", THA_KIND_TEXT},
    {"verify", THA_KIND_BOOL},
};
static const struct tha_config_schema tls_schema = THA_SCHEMA(tls_fields);

static const struct tha_config_field nat_fields[] = {
    {"enabled", THA_KIND_BOOL, .is_later = true},
    {"publicAddress", THA_KIND_TEXT},
};
static const struct tha_config_schema nat_schema = THA_SCHEMA(nat_fields);

static const struct tha_config_field method = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX,
                                               .check = tha_config_check_token};

static const struct tha_config_field trunk_fields[] = {
    {"id", THA_KIND_TEXT, .at = AT(model.id), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"name", THA_KIND_TEXT, .at = AT(model.name), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"trunkType", THA_KIND_TEXT, .at = AT(model.trunk_type), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_label},
    {"sipAddress", THA_KIND_TEXT, .read = read_sip_address},
    {"direction", THA_KIND_WORD, .at = AT(model.direction), .words = directions},
    {"pairedTrunkId", THA_KIND_TEXT, .is_later = true, .at = AT(paired_id), .max = THA_CONFIG_ID_MAX},
    {"outboundRoute", THA_KIND_TEXT, .at = AT(model.outbound_route), .max = THA_CONFIG_ID_MAX,
     .check = tha_config_check_label},
    {"priority", THA_KIND_COUNT, .at = AT(model.priority), .max = THA_CONFIG_PRIORITY_MAX},
    {"weight", THA_KIND_COUNT, .at = AT(model.weight), .max = THA_CONFIG_PRIORITY_MAX, .initial = 100},
    {"region", THA_KIND_TEXT, .at = AT(model.region), .max = REGION_MAX, .check = tha_config_check_label},
    {"maxCalls", THA_KIND_COUNT, .at = AT(model.max_calls), .max = 1000000},
    {"callsPerSecond", THA_KIND_COUNT, .at = AT(model.calls_per_second), .max = 1000000},
    {"outboundAuthMethod", THA_KIND_WORD, .words = auth_methods},
    {"outboundAuth", THA_KIND_OBJECT, .is_later = true, .schema = &auth_schema},
    {"inboundAuthMethod", THA_KIND_WORD, .words = auth_methods},
    {"mediaEncryption", THA_KIND_WORD, .words = encryptions},
    {"tls", THA_KIND_OBJECT, .is_later = true, .schema = &tls_schema},
    {"localAddress", THA_KIND_TEXT, .is_later = true},
    {"nat", THA_KIND_OBJECT, .schema = &nat_schema},
    {"codecs", THA_KIND_LIST, .read = read_codecs},
    {"allow", THA_KIND_LIST, .item = &method},
    {"adminState", THA_KIND_WORD, .at = AT(model.admin), .words = admin_states},
    {"keepalive", THA_KIND_OBJECT, .read = read_own_keepalive},
};
const struct tha_config_schema tha_config_trunk_schema = THA_SCHEMA(trunk_fields);

/* ---- Into the model */

void tha_config_init_trunk(struct tha_config_trunk *trunk, const struct tha_config_draft *draft)
{
    *trunk = (struct tha_config_trunk){.base = &draft->keepalive};
    tha_config_set_defaults(&tha_config_trunk_schema, trunk);
    trunk->model.keepalive = draft->model->keepalive;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void remember_pair(struct tha_config_draft *draft, const char *paired_id, uint32_t group, uint32_t place)
{
    struct tha_config_pair *pair = tha_arena_alloc(&draft->scratch, 1, sizeof(*pair));

    if (!pair) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    *pair = (struct tha_config_pair){draft->pairs, paired_id, group, place};
    draft->pairs = pair;
}

void tha_config_add_trunk(struct tha_config_draft *draft, const struct tha_config_trunk *trunk, uint32_t group,
                          uint32_t place)
{
    uint32_t index = draft->model->n_trunks++;
    struct tha_trunk_model *kept = &draft->model->trunks[index];

    *kept = trunk->model;
    kept->group = group;
    kept->trunk_type = or_empty(kept->trunk_type);
    kept->outbound_route = or_empty(kept->outbound_route);
    kept->region = or_empty(kept->region);
    kept->addrs = &draft->addrs[index];
    kept->n_addrs = 1;
    draft->addrs[index] = trunk->addr;

    if (trunk->paired_id)
        remember_pair(draft, trunk->paired_id, group, place);
}
