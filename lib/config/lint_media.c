/* What trunks of a chain can do, and who can listen. */
#include <string.h>

#include "environment.h"
#include "lint.h"

/* ---- Lists that differ inside of a chain */

/** What @p a has and @p b has not, and the other way round, of those that have names here. */
static void say_difference(struct tha_lint *lint, enum tha_config_code code, const char *key, uint32_t trunk, uint32_t other)
{
    const struct tha_abilities *a = &lint->model->trunks[trunk].abilities, *b = &lint->model->trunks[other].abilities;
    bool is_codecs = code == THA_CODE_CODECS_DIFFER;
    struct tha_abilities lacking = {.methods = is_codecs ? 0 : (uint16_t)(b->methods & ~a->methods),
                                    .codecs = is_codecs ? b->codecs & ~a->codecs : 0};
    struct tha_abilities more = {.methods = is_codecs ? 0 : (uint16_t)(a->methods & ~b->methods),
                                 .codecs = is_codecs ? a->codecs & ~b->codecs : 0};
    char name[THA_LINT_LABEL_SIZE], other_name[THA_LINT_LABEL_SIZE], less_text[96], more_text[96];
    struct tha_lint_place place;

    tha_abilities_text(&lacking, less_text, sizeof(less_text));
    tha_abilities_text(&more, more_text, sizeof(more_text));
    tha_config_add_finding(lint->report, code, tha_lint_trunk(lint, trunk, key, &place), NULL,
                           "\"%s\" of %s differs from that of %s%s%s%s%s", key, tha_lint_name_trunk(lint, trunk, name),
                           tha_lint_name_other(lint, other, other_name), *less_text ? "; missing here: " : "", less_text,
                           *more_text ? "; only here: " : "", more_text);
}

static uint32_t codecs_of(const struct tha_trunk_model *trunk)
{
    return trunk->codecs;
}

static uint32_t methods_of(const struct tha_trunk_model *trunk)
{
    return trunk->abilities.methods;
}

/** Everybody of a chain is compared with the first who has said anything. */
static void check_chain(struct tha_lint *lint, const struct tha_lint_chain *chain, enum tha_config_code code,
                        struct tha_lint_pairs *told)
{
    uint32_t (*get)(const struct tha_trunk_model *) = code == THA_CODE_CODECS_DIFFER ? codecs_of : methods_of;
    const struct tha_trunk_model *trunks = lint->model->trunks;
    uint32_t first = 0;

    while (first < chain->n_trunks && !get(&trunks[chain->trunks[first]]))
        first++;
    for (uint32_t i = first + 1; i < chain->n_trunks; i++) {
        uint32_t trunk = chain->trunks[i], other = chain->trunks[first], said = get(&trunks[trunk]);

        if (said && said != get(&trunks[other]) && tha_lint_add_pair(told, trunk, other))
            say_difference(lint, code, code == THA_CODE_CODECS_DIFFER ? "codecs" : "allow", trunk, other);
    }
}

/* ---- Single trunks */

static void check_g711(struct tha_lint *lint, uint32_t trunk)
{
    const struct tha_trunk_model *model = &lint->model->trunks[trunk];
    uint32_t g711 = tha_codec_bit("PCMA", 4) | tha_codec_bit("PCMU", 4);
    char name[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    if (model->codecs && !(model->abilities.codecs & g711))
        tha_config_add_finding(lint->report, THA_CODE_NO_G711, tha_lint_trunk(lint, trunk, "codecs", &place), NULL,
                               "%s has no G.711 among its codecs", tha_lint_name_trunk(lint, trunk, name));
}

/** How the signalling of a trunk goes; NULL = over TLS. */
static const char *plain_transport(const struct tha_lint *lint, uint32_t trunk)
{
    const struct tha_trunk_model *model = &lint->model->trunks[trunk];
    const struct tha_lint_answer *answer = lint->answers ? lint->answers[trunk] : NULL;
    uint8_t transport;

    if (!model->dns_name)
        transport = model->addr.transport;
    else if (model->dns_name->has_transport)
        transport = model->dns_name->transport;
    else if (answer && answer->n_locations)
        transport = answer->locations[0].addr.transport;
    else
        return "whatever the DNS says";

    return transport == THA_TRANSPORT_TLS ? NULL : transport == THA_TRANSPORT_TCP ? "TCP" : "UDP";
}

static bool is_encrypted(const struct tha_lint *lint, uint32_t trunk)
{
    const char *raw = json_string_value(json_object_get(tha_lint_trunk_json(lint, trunk), "mediaEncryption")), *name;
    char encryption[THA_CONFIG_TEXT_SIZE];
    size_t len;

    return raw && !tha_config_expand(raw, encryption, sizeof(encryption), &name, &len) && strcmp(encryption, "NONE") != 0;
}

static void check_encryption(struct tha_lint *lint, uint32_t trunk)
{
    const char *transport = is_encrypted(lint, trunk) ? plain_transport(lint, trunk) : NULL;
    char name[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    if (transport)
        tha_config_add_finding(
            lint->report, THA_CODE_SRTP_WITHOUT_TLS, tha_lint_trunk(lint, trunk, "mediaEncryption", &place), NULL,
            "%s encrypts its media, but sends the keys over %s", tha_lint_name_trunk(lint, trunk, name), transport);
}

void tha_lint_media(struct tha_lint *lint)
{
    struct tha_lint_pairs codecs, methods;

    tha_lint_init_pairs(lint, &codecs);
    tha_lint_init_pairs(lint, &methods);
    if (lint->report->is_out_of_memory)
        return;

    for (uint32_t i = 0; i < lint->n_chains; i++) {
        check_chain(lint, &lint->chains[i], THA_CODE_CODECS_DIFFER, &codecs);
        check_chain(lint, &lint->chains[i], THA_CODE_METHODS_DIFFER, &methods);
    }
    for (uint32_t t = 0; t < lint->model->n_trunks; t++) {
        check_g711(lint, t);
        check_encryption(lint, t);
    }
}
