#include "draft.h"

#include <string.h>

#define REGION_MAX 255

#define AT(member) THA_AT(struct tha_config_trunk, member)

static void read_sip_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                             void *target)
{
    static const struct tha_config_field text_field = {NULL, THA_KIND_TEXT, .max = TRUNKHA_URI_SIZE - 1};
    struct tha_config_trunk *trunk = target;
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &text_field, value, buf);
    const char *problem = text ? tha_config_read_sip_address(text, &trunk->reach.address) : NULL;

    if (problem)
        tha_config_add_finding(&reader->report, THA_CODE_BAD_VALUE, path, NULL, "\"%s\" %s", path->key, problem);
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
    tha_config_read_codecs(reader, path, list, &((struct tha_config_trunk *)target)->model);
}

static void read_method(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    static const struct tha_config_field method = {NULL, THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX,
                                                   .check = tha_config_check_token};
    char buf[THA_CONFIG_TEXT_SIZE];
    const char *text = tha_config_get_text(reader, path, &method, value, buf);

    if (text)
        ((struct tha_config_trunk *)target)->model.abilities.methods |= tha_method_bit(text, strlen(text));
}

/* ---- Tables */

static const struct tha_config_word directions[] = {
    {"both", THA_DIRECTION_BOTH},
    {"inbound", THA_DIRECTION_INBOUND},
    {"outbound", THA_DIRECTION_OUTBOUND},
    {NULL},
};

static const struct tha_config_word auth_methods[] = {
    {"NONE", THA_CONFIG_AUTH_NONE}, {"DIGEST", THA_CONFIG_AUTH_DIGEST}, {NULL}};
static const struct tha_config_word inbound_auth_methods[] = {
    {"NONE", 0}, {"DIGEST", 1, .later = "our answers to OPTIONS ask nobody for a password"}, {NULL}};

static const struct tha_config_word encryptions[] = {
    {"NONE", 0}, {"SRTP", 1}, {"TLS_SRTP", 2}, {"TLS_SRP", 2, .spelling = "TLS_SRTP", .code = THA_CODE_TLS_SRP_SPELLING},
    {NULL},
};

static const struct tha_config_word admin_states[] = {
    {"enabled", TRUNKHA_ADMIN_ENABLED},
    {"disabled", TRUNKHA_ADMIN_DISABLED},
    {"draining", TRUNKHA_ADMIN_DRAINING},
    {NULL},
};

static const struct tha_config_field method_item = {NULL, THA_KIND_TEXT, .read = read_method};

static const struct tha_config_field trunk_fields[] = {
    {"id", THA_KIND_TEXT, .at = AT(model.id), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"name", THA_KIND_TEXT, .at = AT(model.name), .max = THA_CONFIG_ID_MAX, .check = tha_config_check_id},
    {"trunkType", THA_KIND_TEXT, .max = THA_CONFIG_ID_MAX, .check = tha_config_check_label},
    {"sipAddress", THA_KIND_TEXT, .read = read_sip_address},
    {"direction", THA_KIND_WORD, .at = AT(model.direction), .words = directions},
    {"pairedTrunkId", THA_KIND_TEXT, .at = AT(paired_id), .max = THA_CONFIG_ID_MAX},
    {"outboundRoute", THA_KIND_TEXT, .at = AT(model.outbound_route), .max = THA_CONFIG_ID_MAX,
     .check = tha_config_check_label},
    {"priority", THA_KIND_COUNT, .at = AT(model.priority), .max = THA_CONFIG_PRIORITY_MAX},
    {"weight", THA_KIND_COUNT, .at = AT(model.weight), .max = THA_CONFIG_PRIORITY_MAX, .initial = 100},
    {"region", THA_KIND_TEXT, .max = REGION_MAX, .check = tha_config_check_label},
    {"maxCalls", THA_KIND_COUNT, .at = AT(model.max_calls), .max = 1000000},
    {"callsPerSecond", THA_KIND_COUNT, .at = AT(model.calls_per_second), .max = 1000000},
    {"outboundAuthMethod", THA_KIND_WORD, .at = AT(reach.auth_method), .words = auth_methods},
    {"outboundAuth", THA_KIND_OBJECT, .schema = &tha_config_auth_schema, .read = tha_config_read_auth},
    {"inboundAuthMethod", THA_KIND_WORD, .words = inbound_auth_methods},
    {"mediaEncryption", THA_KIND_WORD, .words = encryptions},
    {"tls", THA_KIND_OBJECT, .schema = &tha_config_tls_schema, .read = tha_config_read_tls},
    {"localAddress", THA_KIND_TEXT, .read = tha_config_read_local_address},
    {"nat", THA_KIND_OBJECT, .schema = &tha_config_nat_schema},
    {"codecs", THA_KIND_LIST, .read = read_codecs},
    {"allow", THA_KIND_LIST, .item = &method_item},
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

void tha_config_add_trunk(struct tha_config_draft *draft, const struct tha_config_trunk *trunk, uint32_t group,
                          uint32_t place)
{
    uint32_t index = draft->model->n_trunks++;
    struct tha_trunk_model *kept = &draft->model->trunks[index];

    *kept = trunk->model;
    kept->group = group;
    kept->outbound_route = or_empty(kept->outbound_route);
    kept->paired = THA_NONE;
    draft->pairs[index] = (struct tha_config_pair){trunk->paired_id, place};
    tha_config_keep_reach(draft, &trunk->reach, kept);
}

void tha_config_done_trunk(struct tha_config_trunk *trunk)
{
    explicit_bzero(trunk->reach.password, sizeof(trunk->reach.password));
}
